"""Every text in every language, with the same placeholders; and which language a visitor gets."""

import re
from pathlib import Path

import pytest
from babel.messages import Catalog, extract, pofile
from babel.messages.frontend import parse_mapping_cfg

from tests.unit.web_setup.conftest import TRANSLATIONS, Browser
from tests.unit.web_setup.fake_core import FakeCore
from web_setup import languages

ROOT = Path(__file__).parents[3]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")
OTHERS = ["es", "de"]


def extracted() -> set[str]:
    """Every text that the sources mark, as `pybabel extract -F web_setup/babel.cfg -k N_ .` finds them."""
    with (ROOT / "web_setup" / "babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    found = set()
    for folder in ("appliance", "ota", "web_setup"):
        for _, _, message, _, _ in extract.extract_from_dir(
            ROOT / folder,
            [(pattern.removeprefix(f"{folder}/"), method) for pattern, method in methods if pattern.startswith(folder)],
            {pattern.removeprefix(f"{folder}/"): option for pattern, option in options.items()},
            keywords=extract.DEFAULT_KEYWORDS | {"N_": None},
        ):
            found |= {message} if isinstance(message, str) else set(message)
    return found


def catalogue(language: str) -> Catalog:
    with (TRANSLATIONS / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return pofile.read_po(file)


def test_the_extraction_sees_pages_templates_and_the_core() -> None:
    found = extracted()
    assert "Your box is ready" in found  # a template
    assert "%(name)s is deleted." in found  # a page
    assert "Name of the box" in found  # a setting
    assert "Open the doors" in found  # a step of the core


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated_with_the_same_placeholders(language: str) -> None:
    known = catalogue(language)
    assert sorted(text for text in extracted() if text not in known or not known[text].string) == []
    for message in known:
        if message.id:
            assert not message.fuzzy, message.id
            there, here = PLACEHOLDER.findall(str(message.id)), PLACEHOLDER.findall(str(message.string))
            assert sorted(there) == sorted(here), message.id


@pytest.mark.parametrize("language", OTHERS)
def test_no_catalogue_keeps_what_nobody_says_any_more(language: str) -> None:
    assert sorted({str(message.id) for message in catalogue(language) if message.id} - extracted()) == []


def test_no_sentence_is_the_same_in_two_languages() -> None:
    spanish, german = ({str(m.id): str(m.string) for m in catalogue(language)} for language in OTHERS)
    assert [text for text, said in spanish.items() if text and " " in said and german.get(text) == said] == []


def test_there_is_a_catalogue_for_every_language() -> None:
    assert set(languages.NAMES) == {*OTHERS, "en"}
    assert {path.name for path in TRANSLATIONS.iterdir()} == {*OTHERS}


def test_a_stranger_is_met_in_the_language_of_the_browser(core: FakeCore, browser: Browser) -> None:
    core.box.claim()
    token = next(iter(core.box.invitations))
    assert "Hallo cleo, komm herein!" in browser.get(f"/invite/{token}", language="de-AT, en;q=0.5").text
    assert "¡Hola, cleo, adelante!" in browser.get(f"/invite/{token}", language="es").text
    assert "Hello cleo" in browser.get(f"/invite/{token}", language="fr").text
    assert "Hello cleo" in browser.get(f"/invite/{token}", language="fr, de;q=0").text


def test_the_box_speaks_its_own_language_to_its_people(core: FakeCore, admin: Browser) -> None:
    core.box.settings = core.box.settings.model_copy(
        update={"box": core.box.settings.box.model_copy(update={"language": "de"})}
    )
    assert 'lang="de"' in admin.get("/", language="es").text


def test_ones_own_choice_comes_first(core: FakeCore, admin: Browser) -> None:
    admin.get("/people")
    page = admin.post("/language", language="es", next="/people")
    assert page.request.path == "/people"
    assert "Alguien nuevo" in page.text
    admin.post("/language", language="xx", next="/people")
    assert "Alguien nuevo" in admin.get("/people").text


def test_the_wizard_speaks_the_chosen_language_at_once(browser: Browser) -> None:
    browser.claim()
    assert "Wie heißt die Box?" in browser.post("/setup/language", box__language="de").text


def test_errors_of_the_core_are_translated_with_their_values(core: FakeCore, browser: Browser) -> None:
    core.box.claim()
    core.box.retry_s = 9
    browser.get("/login", language="de")
    browser.post("/language", language="de", next="/login")
    answer = browser.log_in("ann", "x")
    assert "Warte 9 Sekunden." in answer.text


def test_every_page_in_every_language_can_be_made(core: FakeCore, admin: Browser) -> None:
    for language in languages.NAMES:
        admin.get("/people")
        admin.post("/language", language=language, next="/people")
        for path in (
            "/",
            "/people",
            "/people/bob",
            "/people/cleo",
            "/people/bob/delete",
            "/settings",
            "/reset",
            "/updates",
            "/meetings",
            "/applications",
            "/account",
        ):
            answer = admin.get(path)
            assert answer.status_code == 200
            assert f'<html lang="{language}">' in answer.text


def test_a_catalogue_that_lost_a_placeholder_does_not_break_a_page(
    core: FakeCore, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    core.box.claim()
    core.box.retry_s = 9
    monkeypatch.setattr(languages, "gettext", lambda _: "Warte %(seconds)s")
    assert "Wait 9 seconds." in browser.log_in("ann", "x").text
