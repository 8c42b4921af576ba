"""Everybody on the box, and how somebody new comes in."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from appliance.model import Conflict, Invalid
from web_setup import feedback, forms, visitor
from web_setup.feedback import Feedback
from web_setup.page import Access, Page

page = Page(__name__, Access.ADMIN, "/people")


@page.get("")
def show() -> str:
    """The list, and the form for somebody new."""
    return _render(Feedback())


@page.post("")
def add() -> Response | tuple[str, int]:
    """An invitation, or an account at once when a password was given."""
    name = forms.text("name")
    document = {"name": name, "role": "admin" if request.form.get("admin") else "member"}
    if forms.text("way") == "password":
        document["password"] = forms.secret("password")
    try:
        person = visitor.core().call("POST", "/v1/people", document)
    except Invalid as error:
        return _render(feedback.of_error(error)), error.status
    except Conflict as error:
        return _render(Feedback(fields={"name": feedback.of_error(error).message})), error.status
    if person["invitation"]:
        flash(gettext("The invitation for %(name)s is ready. Share it below.", name=person["name"]), "ok")
    else:
        flash(gettext("%(name)s can log in now.", name=person["name"]), "ok")
    return redirect(url_for("person.show", name=person["name"]), 303)


def _render(found: Feedback) -> str:
    everyone = visitor.core().call("GET", "/v1/people")["people"]
    return render_template("people.html", feedback=found, everyone=everyone, typed=request.form)
