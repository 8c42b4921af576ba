"""The wizard's front door: the claim code proves that whoever sits here has the box before them."""

from flask import redirect, render_template, session, url_for
from werkzeug.wrappers import Response

from appliance.model import Conflict, Denied, Expired, Invalid, TooMany
from web_setup import feedback, forms, visitor, wizard
from web_setup.feedback import Feedback
from web_setup.page import Access, Page

page = Page(__name__, Access.CLAIM, "/setup")


@page.get("/")
def show() -> Response | str:
    """Ask for the code, or go on where this browser left off."""
    if session.get("kind") == visitor.SETUP:
        return wizard.resume(wizard.open_draft())
    return _render(Feedback())


@page.post("/")
def claim() -> Response | tuple[str, int]:
    """Exchange the code for a session of the wizard."""
    typed = forms.text("code")
    try:
        token = visitor.core().call("POST", "/v1/claim", {"code": typed})["token"]
    except (Denied, Expired, Invalid) as error:
        return _render(Feedback(fields={"code": feedback.of_error(error).message}), typed), error.status
    except (Conflict, TooMany) as error:
        return _render(feedback.of_error(error), typed), error.status
    visitor.begin_session(visitor.SETUP, token)
    return redirect(url_for("setup_claim.show"), 303)


def _render(found: Feedback, typed: str = "") -> str:
    return render_template("setup/claim.html", feedback=found, typed=typed)
