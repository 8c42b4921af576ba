"""One's own account: the address, the password, and every place one is logged in."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from appliance.model import Denied, Invalid, TooMany
from web_setup import feedback, forms, visitor
from web_setup.feedback import Feedback
from web_setup.page import Access, Page

page = Page(__name__, Access.PERSON, "/account")


@page.get("")
def show() -> str:
    """The account."""
    return _render(Feedback())


@page.post("/password")
def change_password() -> Response | tuple[str, int]:
    """Choose a new password; every other place is logged out."""
    document = {"old": forms.secret("old"), "new": forms.secret("new")}
    try:
        visitor.core().call("POST", "/v1/session/password", document)
    except Denied as error:
        return _render(Feedback(fields={"old": gettext("This is not your password so far.")})), error.status
    except (Invalid, TooMany) as error:
        return _render(feedback.of_error(error)), error.status
    flash(gettext("Your new password is in force. Apps that used the old one ask for the new one."), "ok")
    return redirect(url_for("account.show"), 303)


@page.post("/logout-everywhere")
def log_out_everywhere() -> Response:
    """End every session of this person, this one too."""
    visitor.core().call("POST", visitor.path_of("people", visitor.person().name, "logout"))
    visitor.end_session()
    flash(gettext("You are logged out everywhere."), "ok")
    return redirect(url_for("login.show"), 303)


def _render(found: Feedback) -> str:
    return render_template("account.html", feedback=found, me=visitor.person())
