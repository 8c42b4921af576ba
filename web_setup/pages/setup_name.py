"""The name of the box in the house."""

from flask import render_template
from werkzeug.wrappers import Response

from web_setup import forms, visitor, wizard
from web_setup.feedback import Feedback
from web_setup.page import Access, Page

page = Page(__name__, Access.SETUP, "/setup/name")
STEP = wizard.step(__name__)


@page.get("")
def show() -> str:
    """Ask for the name."""
    return _render(wizard.open_draft().box_name or visitor.box().name, Feedback())


@page.post("")
def save() -> Response | tuple[str, int]:
    """Keep the name."""
    draft, name = wizard.open_draft(), forms.text("box.name")
    found = wizard.save(STEP, {"box": {"language": draft.language, "name": name}})
    return (_render(name, found), 422) if found else wizard.next_of(STEP)


def _render(name: str, found: Feedback) -> str:
    return render_template("setup/name.html", step=STEP, feedback=found, name=name)
