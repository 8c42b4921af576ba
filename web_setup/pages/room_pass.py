"""Tells the page of a room who is looking at it, if the box knows."""

from typing import Any

from flask import request, session
from flask_babel import get_locale

from appliance.model import Denied, LoggedOut
from web_setup import visitor
from web_setup.page import Access, Page

page = Page(__name__, Access.ANYONE, "/rooms/pass")


@page.get("")
def show() -> dict[str, Any]:
    """`{"token", "name", "language"}` for somebody who is logged in, else only the language."""
    language: dict[str, Any] = {"language": str(get_locale())}
    if session.get("kind") != visitor.PERSON:
        return language
    try:
        given: dict[str, Any] = visitor.core().call(
            "GET", visitor.path_of("room-pass", request.args.get("room", "") or "-")
        )
    except (LoggedOut, Denied):
        return language
    return language | given
