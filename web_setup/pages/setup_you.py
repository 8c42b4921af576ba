"""The name of the first admin. The password comes last, because no draft may hold one."""

from flask import render_template
from werkzeug.wrappers import Response

from web_setup import forms, wizard
from web_setup.feedback import Feedback
from web_setup.page import Access, Page
from web_setup.wizard import Draft

page = Page(__name__, Access.SETUP, "/setup/you")
STEP = wizard.step(__name__)


@page.get("")
def show() -> str:
    """Ask for the admin's name."""
    draft = wizard.open_draft()
    return _render(draft, draft.admin_name, Feedback())


@page.post("")
def save() -> Response | tuple[str, int]:
    """Keep the name."""
    draft, name = wizard.open_draft(), forms.text("admin.name")
    found = wizard.save(STEP, {"admin": {"name": name}})
    return (_render(draft, name, found), 422) if found else wizard.next_of(STEP)


def _render(draft: Draft, name: str, found: Feedback) -> str:
    return render_template("setup/you.html", step=STEP, feedback=found, name=name, domain=draft.domain)
