"""The first people, each of whom will get an invitation."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web_setup import wizard
from web_setup.feedback import Feedback
from web_setup.page import Access, Page
from web_setup.wizard import Draft

page = Page(__name__, Access.SETUP, "/setup/people")
STEP = wizard.step(__name__)
EMPTY_ROWS = 3


@page.get("")
def show() -> str:
    """Rows for names, with some empty ones to go on with."""
    draft = wizard.open_draft()
    return _render(draft, draft.people, Feedback())


@page.post("")
def save() -> Response | tuple[str, int]:
    """Keep the names; an empty row is nobody. “Another row” comes back here."""
    draft = wizard.open_draft()
    people = tuple(name.strip() for name in request.form.getlist("people") if name.strip())
    found = wizard.save(STEP, {"people": list(people)})
    if found:
        return _render(draft, people, found), 422
    if request.form.get("action") == "add":
        return redirect(url_for("setup_people.show", _anchor="add"), 303)
    return wizard.next_of(STEP)


def _render(draft: Draft, people: tuple[str, ...], found: Feedback) -> str:
    rows = (*people, *("",) * EMPTY_ROWS)
    return render_template("setup/people.html", step=STEP, feedback=found, rows=rows, domain=draft.domain)
