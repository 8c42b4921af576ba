"""One person: the invitation to share, and all an admin can do."""

from typing import Any

from flask import flash, redirect, render_template, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from appliance.model import Expired, Missing
from appliance.settings import N_
from web_setup import forms, visitor
from web_setup.feedback import Feedback
from web_setup.page import Access, Page

page = Page(__name__, Access.ADMIN, "/people/<name>")

RESET = "reset"  # in the session: whose reset link this admin has just made, and its token


@page.get("")
def show(name: str) -> str:
    """The person."""
    return render_template("person.html", who=_find(name), reset=_reset_of(name), me=visitor.person())


@page.post("/disable")
def disable(name: str) -> Response:
    """Shut the person out; everything is kept."""
    visitor.core().call("PATCH", visitor.path_of("people", name), {"disabled": True})
    return _back(name, gettext("%(name)s is disabled and logged out everywhere.", name=name))


@page.post("/enable")
def enable(name: str) -> Response:
    """Let the person in again."""
    visitor.core().call("PATCH", visitor.path_of("people", name), {"disabled": False})
    return _back(name, gettext("%(name)s can log in again.", name=name))


@page.post("/role")
def change_role(name: str) -> Response:
    """Make the person an admin, or a member."""
    role = "admin" if forms.text("role") == "admin" else "member"
    visitor.core().call("PATCH", visitor.path_of("people", name), {"role": role})
    if role == "admin":
        return _back(name, gettext("%(name)s is an admin now.", name=name))
    return _back(name, gettext("%(name)s is a member now.", name=name))


@page.post("/invitation")
def invite(name: str) -> Response:
    """A new invitation in place of the older one."""
    visitor.core().call("POST", visitor.path_of("people", name, "invitation"))
    return _back(name, gettext("A new invitation is ready; the older one no longer works."))


@page.post("/reset")
def reset(name: str) -> Response:
    """A link with which the person chooses a new password."""
    invitation = visitor.core().call("POST", visitor.path_of("people", name, "reset"))
    session[RESET] = {"name": name, "token": invitation["token"]}
    return _back(name, gettext("The old password no longer works. Share the link below."))


@page.post("/logout")
def log_out(name: str) -> Response:
    """End every session of the person."""
    visitor.core().call("POST", visitor.path_of("people", name, "logout"))
    return _back(name, gettext("%(name)s is logged out everywhere.", name=name))


@page.get("/delete")
def ask_delete(name: str) -> str:
    """Say what would be lost, and ask."""
    return render_template("delete.html", who=_find(name), feedback=Feedback())


@page.post("/delete")
def delete(name: str) -> Response | tuple[str, int]:
    """Delete the person, once the name was typed."""
    if forms.text("confirm") != name:
        wrong = Feedback(fields={"confirm": gettext("Type “%(name)s” to delete it.", name=name)})
        return render_template("delete.html", who=_find(name), feedback=wrong), 422
    visitor.core().call("DELETE", visitor.path_of("people", name))
    flash(gettext("%(name)s is deleted.", name=name), "ok")
    return redirect(url_for("people.show"), 303)


def _find(name: str) -> Any:
    everyone = visitor.core().call("GET", "/v1/people")["people"]
    found = next((person for person in everyone if person["name"] == name), None)
    if found is None:
        raise Missing(N_("There is nobody called “%(name)s” here."), name=name)
    return found


def _reset_of(name: str) -> Any:
    """The reset link made for this person a moment ago, as long as nobody has used it."""
    made = session.get(RESET)
    if not made or made["name"] != name:
        return None
    try:
        return visitor.core().call("GET", visitor.path_of("invitations", made["token"]))
    except (Missing, Expired):
        return None


def _back(name: str, message: str) -> Response:
    flash(message, "ok")
    return redirect(url_for("person.show", name=name), 303)
