"""A light answer for the health check: this program runs and answers."""

from web_setup.page import Access, Page

page = Page(__name__, Access.OPEN, "/health")


@page.get("")
def show() -> tuple[str, dict[str, str]]:
    """One word of plain text."""
    return "ok\n", {"Content-Type": "text/plain; charset=utf-8"}
