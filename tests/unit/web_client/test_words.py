"""Every text of the rooms' pages is in every language, with its placeholders, and no text is kept that is not shown."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from image.cache import REPOSITORY

PAGES = REPOSITORY / "web_client"
CATALOGUES = sorted((PAGES / "page").glob("words-*.js"))
CALL = re.compile(r"""(?<![\w.$])t\(\s*("(?:[^"\\]|\\.)*")""")
# The definition of t() is the only other place where its name and a bracket meet.
ANY_CALL = re.compile(r"(?<![\w.$])(?<!function )t\(")
ENTRY = re.compile(r'^ {2}("(?:[^"\\]|\\.)*"): ("(?:[^"\\]|\\.)*"),$', re.MULTILINE)
PLACEHOLDER = re.compile(r"\{\w+\}")


class MarkedTexts(HTMLParser):
    """The texts of elements with data-t, and of the attributes that data-t-attributes names."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: set[str] = set()
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.inside = "data-t" in values
        self.texts |= {values[name] or "" for name in (values.get("data-t-attributes") or "").split()}

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.texts.add(data.strip())


def sources() -> dict[str, str]:
    """The scripts that may speak, by their paths."""
    scripts = (path for path in PAGES.rglob("*.js") if path not in CATALOGUES)
    return {str(path.relative_to(PAGES)): path.read_text() for path in scripts}


def texts() -> set[str]:
    """Every text that is shown, in English."""
    page = MarkedTexts()
    page.feed((PAGES / "page" / "room.html").read_text())
    return page.texts | {json.loads(text) for source in sources().values() for text in CALL.findall(source)}


def test_texts_are_found() -> None:
    assert {"Join", "{name} is at the door", "Message to everybody"} <= texts()


def test_every_text_is_a_literal() -> None:
    """Else it could not be found here, and nobody would translate it."""
    for name, source in sources().items():
        assert len(ANY_CALL.findall(source)) == len(CALL.findall(source)), name


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.stem)
def test_catalogue_is_complete(catalogue: Path) -> None:
    entries = ENTRY.findall(catalogue.read_text())
    words = {json.loads(text): json.loads(word) for text, word in entries}
    assert len(words) == len(entries) == catalogue.read_text().count("\n") - 5, "each entry is on a line of its own"
    assert texts() - set(words) == set(), "not translated"
    assert set(words) - texts() == set(), "not shown any more"
    for text, word in words.items():
        assert word.strip(), text
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(word)), text


def test_there_are_all_languages() -> None:
    declared = re.search(r"LANGUAGES = (\[.*?\])", (PAGES / "page" / "words.js").read_text())
    assert declared
    assert {path.stem.removeprefix("words-") for path in CATALOGUES} == set(json.loads(declared[1])) - {"en"}
