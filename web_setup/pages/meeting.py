"""One meeting: its link to share, and what can be done with it."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from web_setup import visitor
from web_setup.page import Access, Page

page = Page(__name__, Access.PERSON, "/meetings/<name>")


@page.get("")
def show(name: str) -> str:
    """The meeting."""
    meeting: dict[str, Any] = visitor.core().call("GET", visitor.path_of("meetings", name))
    return render_template("meeting.html", meeting=meeting, me=visitor.person())


@page.post("/end")
def end(name: str) -> Response:
    """Send everybody home."""
    visitor.core().call("POST", visitor.path_of("meetings", name, "end"))
    flash(gettext("Everybody was sent home. The meeting stays, and so does its link."), "ok")
    return redirect(url_for("meeting.show", name=name), 303)


@page.post("/delete")
def delete(name: str) -> Response:
    """Away with it."""
    visitor.core().call("DELETE", visitor.path_of("meetings", name))
    flash(gettext("The meeting is deleted; its link leads nowhere now."), "ok")
    return redirect(url_for("meetings.show"), 303)
