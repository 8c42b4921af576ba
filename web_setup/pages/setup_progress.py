"""Watches the box set itself up."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web_setup import visitor, wizard
from web_setup.fragment import go
from web_setup.page import Access, Page

page = Page(__name__, Access.SETUP, "/setup/progress")


@page.get("")
def show() -> Response | str:
    """The steps as they are; without scripts the page loads itself again."""
    return _answer("setup/progress.html") or redirect(_elsewhere(), 303)


@page.get("/fragment")
def fragment() -> Response | str:
    """The steps alone, for the polling module; once nothing moves any more, where to go."""
    return _answer("_job.html", still=("running",)) or go(_elsewhere())


def _answer(template: str, still: tuple[str, ...] = ("running", "failed")) -> str | None:
    draft, job = wizard.state()
    if job is None or job["state"] not in still:
        return None
    here, there = request.host.partition(":")[0], f"{draft.box_name}.local"
    renamed = here.endswith(".local") and here != there
    return render_template(template, job=job, back=url_for("setup_review.show"), renamed=renamed, new_host=there)


def _elsewhere() -> str:
    _, job = wizard.state()
    if job:
        return url_for("setup_done.show" if job["state"] == "done" else "setup_progress.show")
    return url_for("login.show" if visitor.box().claimed else "setup_review.show")
