"""The language of the wizard from here on, and of the box."""

from flask import make_response, render_template
from flask_babel import get_locale
from werkzeug.wrappers import Response

from web_setup import forms, languages, wizard
from web_setup.feedback import Feedback
from web_setup.page import Access, Page

page = Page(__name__, Access.SETUP, "/setup/language")
STEP = wizard.step(__name__)


@page.get("")
def show() -> str:
    """Offer the languages, with the one in use chosen."""
    return _render(wizard.open_draft().language, Feedback())


@page.post("")
def save() -> Response | tuple[str, int]:
    """Keep the language; every page speaks it at once."""
    draft, chosen = wizard.open_draft(), forms.text("box.language")
    found = wizard.save(STEP, {"box": {"language": chosen, "name": draft.box_name}})
    if found:
        return _render("", found), 422
    answer = make_response(wizard.next_of(STEP))
    languages.remember(answer, chosen)
    return answer


def _render(chosen: str, found: Feedback) -> str:
    return render_template("setup/language.html", step=STEP, feedback=found, chosen=chosen or str(get_locale()))
