"""What stands behind the @: a domain of one's own, or a name that only this house knows."""

from flask import render_template
from werkzeug.wrappers import Response

from web_setup import forms, wizard
from web_setup.feedback import Feedback
from web_setup.page import Access, Page
from web_setup.wizard import Draft

page = Page(__name__, Access.SETUP, "/setup/domain")
STEP = wizard.step(__name__)


@page.get("")
def show() -> str:
    """Explain both ways and ask for one."""
    draft = wizard.open_draft()
    return _render(draft, draft.domain_kind, draft.domain_name, Feedback())


@page.post("")
def save() -> Response | tuple[str, int]:
    """Keep the domain. Domains are the same in capitals (RFC 1035), and the root's dot may be left out."""
    draft, kind = wizard.open_draft(), forms.text("domain.kind")
    name = forms.text("domain.name").lower().removesuffix(".")
    found = wizard.save(STEP, {"domain": {"kind": kind, "name": name}})
    return (_render(draft, kind, name, found), 422) if found else wizard.next_of(STEP)


def _render(draft: Draft, kind: str, name: str, found: Feedback) -> str:
    values = {"kind": kind, "name": name, "local_name": f"{draft.box_name or 'parlor'}.local"}
    return render_template("setup/domain.html", step=STEP, feedback=found, **values)
