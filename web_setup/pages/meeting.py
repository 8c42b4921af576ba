"""One meeting: its link to share, and what can be done with it."""

from typing import Any

from flask import flash, redirect, render_template, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from appliance.model import Invalid
from web_setup import clock, feedback, meeting_form, visitor
from web_setup.feedback import Feedback
from web_setup.meeting_form import Typed
from web_setup.page import Access, Page

page = Page(__name__, Access.PERSON, "/meetings/<name>")


@page.get("")
def show(name: str) -> str:
    """The meeting."""
    meeting = _find(name)
    return _render(meeting, Feedback(), meeting_form.of(meeting))


@page.post("/change")
def change(name: str) -> Response | tuple[str, int]:
    """Other values."""
    meeting, typed = _find(name), meeting_form.read()
    if typed.wrong:
        return _render(meeting, Feedback(fields=typed.wrong), typed), 422
    try:
        changed = visitor.core().call("PATCH", visitor.path_of("meetings", name), typed.wish)
    except Invalid as error:
        return _render(meeting, feedback.of_error(error), typed), error.status
    if changed["encrypted"] and not meeting["encrypted"]:
        session[meeting_form.KEYLESS] = name
    flash(gettext("The meeting is changed."), "ok")
    return redirect(url_for("meeting.show", name=name), 303)


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


def _find(name: str) -> dict[str, Any]:
    meeting: dict[str, Any] = visitor.core().call("GET", visitor.path_of("meetings", name))
    return meeting


def _render(meeting: dict[str, Any], found: Feedback, typed: Typed) -> str:
    people = visitor.core().call("GET", visitor.path_of("meetings", meeting["name"], "people"))["people"]
    makes_key = meeting["encrypted"] and session.get(meeting_form.KEYLESS) == meeting["name"]
    if makes_key:
        session.pop(meeting_form.KEYLESS)
    more = {"me": visitor.person(), "zone": clock.zone_words(), "makes_key": makes_key}
    return render_template("meeting.html", meeting=meeting, people=people, feedback=found, typed=typed, **more)
