"""The factory reset: says what goes and what stays, and asks twice, by the box's name and the password."""

from flask import render_template
from flask_babel import gettext

from appliance.model import Denied, Invalid, TooMany
from web_setup import feedback, forms, visitor
from web_setup.feedback import Feedback
from web_setup.page import Access, Page

page = Page(__name__, Access.ADMIN, "/reset")


@page.get("")
def show() -> str:
    """Say what would be lost, and ask."""
    return _render(Feedback())


@page.post("")
def erase() -> str | tuple[str, int]:
    """Have the box erase itself; who asked is logged out, since the account will be gone."""
    document = {"name": forms.text("name"), "password": forms.secret("password")}
    try:
        visitor.core().call("POST", "/v1/reset", document)
    except Denied as error:
        return _render(Feedback(fields={"password": gettext("This is not your password.")})), error.status
    except (Invalid, TooMany) as error:
        return _render(feedback.of_error(error)), error.status
    visitor.end_session()
    return render_template("reset_begun.html")


def _render(found: Feedback) -> str:
    return render_template("reset.html", feedback=found)
