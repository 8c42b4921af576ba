"""Everything once more before it happens, and the admin's password."""

from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from appliance.model import Invalid
from web_setup import feedback, forms, visitor, wizard
from web_setup.feedback import Feedback
from web_setup.page import Access, Page
from web_setup.wizard import Draft

page = Page(__name__, Access.SETUP, "/setup/review")
STEP = wizard.step(__name__)


@page.get("")
def show() -> str:
    """Show all answers."""
    return _render(wizard.open_draft(), Feedback())


@page.post("")
def start() -> Response | tuple[str, int]:
    """Set the box up. A second click meets the same job; wrong answers change nothing."""
    draft = wizard.open_draft()
    try:
        visitor.core().call("POST", "/v1/setup", draft.document(forms.secret("admin.password")))
    except Invalid as error:
        return _render(draft, feedback.of_error(error)), 422
    return redirect(url_for("setup_progress.show"), 303)


def _render(draft: Draft, found: Feedback) -> str:
    return render_template("setup/review.html", step=STEP, feedback=found, draft=draft, step_of=wizard.step_of)
