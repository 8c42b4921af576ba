"""The page of a room as it is delivered: what it promises to tests, what its policy allows, how large it is."""

import gzip
import re

from image.cache import REPOSITORY

PAGES = REPOSITORY / "web_client"
ROOM = (PAGES / "page" / "room.html").read_text()
COMMENT, MARKUP = ROOM.split("-->", 1)
SCRIPTS = {path: path.read_text() for path in PAGES.rglob("*.js")}
LARGEST = 90_000  # bytes, compressed file by file, of what a visitor loads: the page, the engine, one language
MADE_BY_SCRIPTS = {"admit-all", "quality-sign"}


def test_the_ids_that_are_promised_are_there() -> None:
    promised = set(re.findall(r"#([a-z][a-z-]*)", COMMENT))
    there = set(re.findall(r'\bid="([\w-]+)"', MARKUP))
    assert {"join", "door", "over", "chat-text"} <= promised
    assert promised - there == MADE_BY_SCRIPTS
    scripts = "".join(SCRIPTS.values())
    for name in MADE_BY_SCRIPTS:
        assert f'"{name}"' in scripts


def test_ids_are_unique_and_those_that_scripts_name_exist() -> None:
    there = re.findall(r'\bid="([\w-]+)"', MARKUP)
    assert len(there) == len(set(there))
    for path, source in SCRIPTS.items():
        for name in re.findall(r'\b(?:byId|dialog|press)\("([\w-]+)"', source):
            assert name in there, f"{path.name}: #{name}"


def test_every_icon_is_drawn_and_every_drawing_used() -> None:
    drawn = set(re.findall(r'<symbol id="i-([\w-]+)"', MARKUP))
    used = set(re.findall(r'href="#i-([\w-]+)"', MARKUP))
    for source in SCRIPTS.values():
        used |= {name for name in drawn if f'"{name}"' in source}
        assert set(re.findall(r'\bicon\("([\w-]+)"\)', source)) <= drawn
    assert drawn == used


def test_nothing_is_inline_that_the_policy_forbids() -> None:
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", MARKUP)
    assert all(re.search(r"\ssrc=", tag) for tag in re.findall(r"<script[^>]*>", MARKUP))


def test_what_people_wrote_never_becomes_markup() -> None:
    for path, source in SCRIPTS.items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", source), (
            path
        )


def test_nothing_comes_from_elsewhere() -> None:
    style = (PAGES / "page" / "room.css").read_text()
    assert "@import" not in style
    assert re.findall(r"url\((?!\"data:)", style) == []
    assert re.findall(r'(?:src|href)="(?!/|#)', MARKUP) == []


def test_the_page_is_small() -> None:
    files = [path for kind in ("html", "css", "js", "svg") for path in PAGES.rglob(f"*.{kind}")]
    loaded = [path for path in files if path.name not in {"embed.js", "words-es.js"}]
    size = sum(len(gzip.compress(path.read_bytes(), 6)) for path in loaded)
    assert 10_000 < size < LARGEST
