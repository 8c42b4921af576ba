"""Logging in and out."""

from contextlib import suppress

from flask import redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from appliance.model import Denied, Invalid, LoggedOut, TooMany
from web_setup import feedback, forms, visitor
from web_setup.feedback import Feedback
from web_setup.page import Access, Page

page = Page(__name__, Access.ANYONE)


@page.get("/login")
def show() -> Response | str:
    """Ask for name and password; who is logged in already goes on."""
    if session.get("kind") == visitor.PERSON:
        return redirect(forms.path_on_this_site(request.args.get("next", "")), 303)
    return _render(Feedback())


@page.post("/login")
def log_in() -> Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Open a session with the core and a new one with the browser."""
    typed = forms.text("name")
    name = forms.person_name(typed, visitor.box().domain)
    try:
        answer = visitor.core().call("POST", "/v1/sessions", {"name": name, "password": forms.secret("password")})
    except TooMany as error:
        return _render(feedback.of_error(error), typed), error.status, {"Retry-After": str(error.params["retry_s"])}
    except (Denied, Invalid) as error:
        return _render(Feedback(feedback.of_error(error).message), typed), error.status
    visitor.begin_session(visitor.PERSON, answer["token"])
    return redirect(forms.path_on_this_site(request.form.get("next", "")), 303)


@page.post("/logout")
def log_out() -> Response:
    """End this session, here and in the core."""
    with suppress(LoggedOut, Denied):  # it had ended already
        visitor.core().call("DELETE", "/v1/session")
    visitor.end_session()
    return redirect(url_for("login.show"), 303)


def _render(found: Feedback, typed: str = "") -> str:
    wanted = request.values.get("next", "")
    return render_template("login.html", feedback=found, typed=typed, wanted=wanted)
