"""Updates: what runs, what is new, how far it is, and why the last one failed if it did."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from appliance.model import Conflict, Unavailable
from web_setup import feedback, visitor
from web_setup.feedback import Feedback
from web_setup.fragment import go
from web_setup.page import Access, Page

page = Page(__name__, Access.ADMIN, "/updates")


@page.get("")
def show() -> str:
    """The whole page."""
    return _render("updates.html", _update())


@page.get("/fragment")
def fragment() -> Response | str:
    """How far it is, for the polling module; once there is more to show or to press, the page again."""
    update = _update()
    if _seen(update) != request.args.get("seen", ""):
        return go(url_for("updates.show"))
    return _render("_update.html", update)


@page.post("/check")
def check() -> Response | tuple[str, int]:
    """Look for a new version."""
    return _ask("check")


@page.post("/install")
def install() -> Response | tuple[str, int]:
    """Install what was found."""
    return _ask("install")


@page.post("/cancel")
def cancel() -> Response | tuple[str, int]:
    """Do not start what waits."""
    return _ask("cancel", gettext("The new version is not started. The one that runs stays."))


@page.post("/restart")
def restart() -> Response | tuple[str, int]:
    """Start the new version now."""
    said = gettext("The box restarts into its new version. This takes a few minutes.")
    return _ask("restart", said, {"even_in_call": bool(request.form.get("even_in_call"))})


def _ask(what: str, said: str = "", document: dict[str, Any] | None = None) -> Response | tuple[str, int]:
    try:
        visitor.core().call("POST", f"/v1/update/{what}", document or {})
    except (Conflict, Unavailable) as error:
        return _render("updates.html", _update(), feedback.of_error(error)), error.status
    if said:
        flash(said, "ok")
    return redirect(url_for("updates.show"), 303)


def _update() -> dict[str, Any]:
    update: dict[str, Any] = visitor.core().call("GET", "/v1/update")
    return update


def _seen(update: dict[str, Any]) -> str:
    """What the page's buttons and messages hang on: another value means another page."""
    last, available = update["last"] or {}, update["available"] or {}
    parts = (update["state"], available.get("version", ""), last.get("outcome", ""), update["in_call"])
    return "-".join(str(part) for part in parts)


def _render(template: str, update: dict[str, Any], found: Feedback | None = None) -> str:
    return render_template(template, update=update, seen=_seen(update), feedback=found or Feedback())
