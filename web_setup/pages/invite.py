"""Where an invitation's link leads: how its receiver gets in, with a phone or with this browser.

The token stands in the address, so the page sends no Referer, is kept by nobody, and logs no path.
"""

from flask import redirect, render_template, session, url_for
from werkzeug.wrappers import Response

from appliance.model import Conflict, Expired, Invalid, Missing
from web_setup import feedback, forms, visitor
from web_setup.feedback import Feedback
from web_setup.page import Access, Page

page = Page(__name__, Access.ANYONE)

JOINED = "joined"  # in the session: the address of the account this browser has just made

Answer = Response | str | tuple[str, int]


@page.get("/invite/<token>")
def show(token: str) -> Answer:
    """Explain the way in."""
    return _render(token, Feedback(), 200)


@page.post("/invite/<token>")
def choose_password(token: str) -> Answer:
    """Make the account (or set the new password) right here."""
    document = {"password": forms.secret("password")}
    try:
        made = visitor.core().call("POST", visitor.path_of("invitations", token, "password"), document)
    except Invalid as error:
        return _render(token, feedback.of_error(error), error.status)
    except (Missing, Expired, Conflict):
        return _over()
    session[JOINED] = made["jid"]
    return redirect(url_for("invite.joined"), 303)


@page.get("/joined")
def joined() -> Answer:
    """The account is there: the address to log in with."""
    if JOINED not in session:
        return redirect(url_for("login.show"), 303)
    return render_template("joined.html", jid=session[JOINED])


def _render(token: str, found: Feedback, status: int) -> Answer:
    try:
        invitation = visitor.core().call("GET", visitor.path_of("invitations", token))
    except (Missing, Expired):
        return _over()
    return render_template("invite.html", invitation=invitation, feedback=found), status


def _over() -> Answer:
    return render_template("invite_over.html"), 410
