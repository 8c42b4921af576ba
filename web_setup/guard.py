"""Lets each visitor through to the pages that are theirs, before any page's own code runs."""

from flask import Flask, abort, current_app, redirect, request, session, url_for
from werkzeug.wrappers import Response

from web_setup import visitor
from web_setup.page import Access, Page


def install(app: Flask) -> None:
    """Guard every request of the application."""
    app.before_request(_guard)


def _guard() -> Response | None:
    if request.endpoint == "static":
        return None
    access = _access()
    if access is Access.OPEN:
        return None
    if not visitor.box().claimed:
        return _unclaimed(access)
    return _claimed(access)


def _access() -> Access:
    """A route that does not exist is guarded like a page for anyone: the answer is a 404, or the wizard."""
    page = current_app.blueprints.get(request.blueprint or "")
    return page.access if isinstance(page, Page) else Access.ANYONE


def _unclaimed(access: Access) -> Response | None:
    """While nobody owns the box, every way leads to the wizard."""
    if access is Access.CLAIM:
        return None
    if access is Access.SETUP and session.get("kind") == visitor.SETUP:
        return None
    return redirect(url_for("setup_claim.show"), 303)


def _claimed(access: Access) -> Response | None:
    if access in (Access.CLAIM, Access.SETUP):
        return _set_up_already(access)
    if access in (Access.PERSON, Access.ADMIN):
        person = visitor.person()
        if access is Access.ADMIN and not person.is_admin:
            if request.path == url_for("dashboard.show"):
                return redirect(url_for("account.show"), 303)
            abort(403)
    return None


def _set_up_already(access: Access) -> Response | None:
    """The wizard of a box with an owner: who made it so still reads the result, others log in."""
    if session.get("kind") == visitor.SETUP:
        return None if access is Access.SETUP else redirect(url_for("setup_done.show"), 303)
    if request.method == "POST" and access is Access.CLAIM:
        return None  # a second browser that came too late: the core says so, and the page shows it
    return redirect(url_for("login.show"), 303)
