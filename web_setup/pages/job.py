"""Watches a change of the settings being applied."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from web_setup import visitor
from web_setup.fragment import go
from web_setup.page import Access, Page

page = Page(__name__, Access.ADMIN, "/jobs/<identity>")


@page.get("")
def show(identity: str) -> Response | str:
    """The steps; back to the settings once all is well."""
    job = _job(identity)
    if job["state"] == "done":
        flash(gettext("Saved. The new settings are in force."), "ok")
        return redirect(url_for("settings.show"), 303)
    return render_template("job.html", job=job, back=url_for("settings.show"))


@page.get("/fragment")
def fragment(identity: str) -> Response | str:
    """The steps alone, for the polling module; once nothing moves any more, where to go."""
    job = _job(identity)
    if job["state"] != "running":
        return go(url_for("job.show", identity=identity))
    return render_template("_job.html", job=job, back=url_for("settings.show"))


def _job(identity: str) -> Any:
    return visitor.core().call("GET", visitor.path_of("jobs", identity))
