"""Meetings: the rooms that are always there, the meetings of this person, and a form for a new one."""

import time
from typing import Any

from flask import flash, redirect, render_template, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from appliance.model import Conflict, Invalid
from web_setup import clock, feedback, meeting_form, visitor
from web_setup.feedback import Feedback
from web_setup.meeting_form import Typed
from web_setup.page import Access, Page

page = Page(__name__, Access.PERSON, "/meetings")


@page.get("")
def show() -> str:
    """The list and the form."""
    return _render(Feedback(), Typed())


@page.post("")
def add() -> Response | tuple[str, int]:
    """A new meeting."""
    typed = meeting_form.read()
    if typed.wrong:
        return _render(Feedback(fields=typed.wrong), typed), 422
    try:
        made = visitor.core().call("POST", "/v1/meetings", typed.wish)
    except (Invalid, Conflict) as error:
        return _render(feedback.of_error(error), typed), error.status
    if made["encrypted"]:
        session[meeting_form.KEYLESS] = made["name"]
    flash(gettext("The meeting is ready. Share its link."), "ok")
    return redirect(url_for("meeting.show", name=made["name"]), 303)


def _render(found: Feedback, typed: Typed) -> str:
    answer: dict[str, Any] = visitor.core().call("GET", "/v1/meetings")
    more = {"me": visitor.person(), "now": time.time(), "zone": clock.zone_words()}
    return render_template("meetings.html", feedback=found, typed=typed, **more, **answer)
