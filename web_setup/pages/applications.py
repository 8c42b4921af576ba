"""Applications: programs of others that may make meetings here, each with a key."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from appliance.model import Invalid
from web_setup import feedback, forms, visitor
from web_setup.feedback import Feedback
from web_setup.page import Access, Page

page = Page(__name__, Access.ADMIN, "/applications")


@page.get("")
def show() -> str:
    """The list and the form."""
    return _render(Feedback())


@page.post("")
def add() -> str | tuple[str, int]:
    """A new application; this page shows its key, and none will again."""
    name = forms.text("name")
    try:
        made = visitor.core().call("POST", "/v1/applications", {"name": name})
    except Invalid as error:
        return _render(feedback.of_error(error), name), error.status
    return _render(Feedback(), made=made)


@page.post("/<identity>/delete")
def delete(identity: str) -> Response:
    """End an application's key."""
    visitor.core().call("DELETE", visitor.path_of("applications", identity))
    flash(gettext("The application is deleted; its key no longer works."), "ok")
    return redirect(url_for("applications.show"), 303)


def _render(found: Feedback, typed: str = "", made: dict[str, Any] | None = None) -> str:
    applications = visitor.core().call("GET", "/v1/applications")["applications"]
    return render_template("applications.html", feedback=found, typed=typed, made=made, applications=applications)
