"""How the box is: every service, the disk, what needs a person's eye."""

from flask import render_template

from web_setup import visitor
from web_setup.page import Access, Page

page = Page(__name__, Access.ADMIN)


@page.get("/")
def show() -> str:
    """The whole page."""
    return _render("dashboard.html")


@page.get("/status")
def fragment() -> str:
    """What changes on it, for the polling module."""
    return _render("_status.html")


def _render(template: str) -> str:
    status = visitor.core().call("GET", "/v1/status")
    disk = status["disk"]
    used = 0 if not disk["total_bytes"] else 100 * (1 - disk["free_bytes"] / disk["total_bytes"])
    return render_template(template, status=status, used_percent=round(used, 1))
