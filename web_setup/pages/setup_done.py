"""The end of the wizard: the invitations, to be shared with the people they are for."""

from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from web_setup import visitor, wizard
from web_setup.page import Access, Page

page = Page(__name__, Access.SETUP, "/setup/done")


@page.get("")
def show() -> Response | str:
    """One card a person; it stays here until the owner has shared them."""
    _, job = wizard.state()
    if job and job["state"] == "done":
        return render_template("setup/done.html", result=job["result"])
    if visitor.box().claimed:
        return _leave()
    return redirect(url_for("setup_progress.show"), 303)


@page.post("")
def finish() -> Response:
    """The wizard is over: log in as the new admin."""
    return _leave()


def _leave() -> Response:
    visitor.end_session()
    return redirect(url_for("login.show"), 303)
