"""Meetings: the rooms that are always there, the meetings of this person, and a form for a new one."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from appliance.model import Conflict, Invalid
from web_setup import feedback, forms, visitor
from web_setup.feedback import Feedback
from web_setup.page import Access, Page

page = Page(__name__, Access.PERSON, "/meetings")


@page.get("")
def show() -> str:
    """The list and the form."""
    return _render(Feedback())


@page.post("")
def add() -> Response | tuple[str, int]:
    """A new meeting."""
    wish = {
        "title": forms.text("title"),
        "waiting": "waiting" in request.form,
        "encrypted": "encrypted" in request.form,
    }
    try:
        made = visitor.core().call("POST", "/v1/meetings", wish)
    except (Invalid, Conflict) as error:
        return _render(feedback.of_error(error)), error.status
    flash(gettext("The meeting is ready. Share its link."), "ok")
    return redirect(url_for("meeting.show", name=made["name"]), 303)


def _render(found: Feedback) -> str:
    answer: dict[str, Any] = visitor.core().call("GET", "/v1/meetings")
    me = visitor.person()
    return render_template("meetings.html", feedback=found, typed=request.form, me=me, **answer)
