"""Which language a page speaks, and how the core's messages come to speak it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from babel import negotiate_locale
from flask import Flask, request, session
from flask_babel import Babel, get_locale, gettext
from werkzeug.wrappers import Response

from appliance.model import ParlorError
from appliance.settings import Language, Problem
from web_setup import config, visitor

COOKIE = "__Host-parlor-language"
NAMES = {Language.ENGLISH: "English", Language.SPANISH: "Español", Language.GERMAN: "Deutsch"}


def install(app: Flask, translations: Path | None) -> None:
    """Translate the application with the catalogues in `translations`."""
    folder = translations or Path(__file__).parent / "translations"
    Babel(
        app,
        default_translation_directories=str(folder),
        locale_selector=choose,
    )
    app.context_processor(lambda: {"language": str(get_locale() or Language.ENGLISH), "languages": NAMES})


def choose() -> str:
    """The visitor's own choice; then the browser's for a stranger; then the box's."""
    own = request.cookies.get(COOKIE, "")
    if own in NAMES:
        return own
    if session.get("kind") != visitor.PERSON and (accepted := _of_browser()):
        return accepted
    box = visitor.box_or_none()
    return box.language if box and box.language in NAMES else config.current().language


def _of_browser() -> str | None:
    """The first language of the browser's list that the box speaks too; Austria's German is German (RFC 4647)."""
    wanted = [language for language, quality in request.accept_languages if quality > 0]
    return negotiate_locale(wanted, [*NAMES], sep="-")


def remember(response: Response, language: str) -> None:
    """Keep a visitor's choice in a cookie for a year; anything that is no language of the box is ignored."""
    if language in NAMES:
        response.set_cookie(COOKIE, language, 365 * 86400, secure=True, httponly=True, samesite="Lax")


def sentence(template: str, params: Mapping[str, Any]) -> str:
    """A message of the core in the page's language: plain text, which the templates escape.

    `template` is gettext's `%(name)s` form; a catalogue that lost a placeholder falls back to English.
    """
    if not template:
        return ""
    translated: str = gettext(template)
    if not params:
        return translated
    try:
        return translated % params
    except (KeyError, ValueError, TypeError):
        return template % params


def of_error(error: ParlorError) -> str:
    """What an error of the core says."""
    return sentence(error.template, error.params)


def of_problem(problem: Problem) -> str:
    """What is wrong with one value."""
    return sentence(problem.template, problem.params)


def of_document(document: Any) -> str:
    """What an error inside an answer says: `{template, params, message}`, or plain text."""
    if isinstance(document, dict):
        return sentence(document.get("template") or document.get("message", ""), document.get("params") or {})
    return sentence(str(document), {}) if document else ""
