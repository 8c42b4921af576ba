"""The settings a person can change, made from the core's own list of fields."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from appliance.model import Conflict, Invalid
from appliance.settings import N_
from web_setup import feedback, forms, visitor
from web_setup.feedback import Feedback
from web_setup.page import Access, Page

page = Page(__name__, Access.ADMIN, "/settings")

_PARTS = {
    "box": N_("The box"),
    "domain": N_("Domain"),
    "people": N_("People"),
    "files": N_("Files"),
    "history": N_("Messages"),
    "network": N_("Network"),
    "rooms": N_("Conference rooms"),
    "updates": N_("Updates"),
    "hardware": N_("Hardware"),
}
_CHOICES = {
    "en": "English",
    "es": "Español",
    "de": "Deutsch",
    "own": N_("My own domain"),
    "house": N_("Only in this house"),
    "admins": N_("Only admins"),
    "everyone": N_("Everyone on this box"),
    "wait": N_("Wait until they are let in"),
    "walk-in": N_("Walk in"),
    "stay-out": N_("Stay out"),
    "stable": N_("Tested ones"),
    "beta": N_("Early ones, to try out"),
}


@dataclass(frozen=True)
class Group:
    """The fields of one part of the settings under their heading."""

    title: str
    fields: tuple[dict[str, Any], ...]


@page.get("")
def show() -> str:
    """The form with the values in force."""
    return _render(_fields(), Feedback())


@page.post("")
def save() -> Response | tuple[str, int]:
    """Change what was changed, all or nothing, and watch the job."""
    fields = [{**field, "typed": _typed(field)} for field in _fields()]
    changed = {f["key"]: f["typed"] for f in fields if f["typed"] != f["value"]}
    if not changed:
        flash(gettext("Nothing was different, so nothing was changed."), "info")
        return redirect(url_for("settings.show"), 303)
    try:
        job = visitor.core().call("PATCH", "/v1/settings", changed)
    except (Invalid, Conflict) as error:
        kept = [{**field, "value": field["typed"]} for field in fields]
        return _render(kept, feedback.of_error(error)), error.status
    return redirect(url_for("job.show", identity=job["id"]), 303)


def _fields() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = visitor.core().call("GET", "/v1/settings")["fields"]
    return found


def _typed(field: dict[str, Any]) -> Any:
    """The value of a field in the form; what is no number goes to the core as it is, which says so."""
    if field["fixed"]:
        return field["value"]
    if field["type"] == "switch":
        return field["key"] in request.form
    typed = forms.text(field["key"])
    if field["type"] == "integer" and typed.isascii() and typed.removeprefix("-").isdigit() and len(typed) < 18:
        return int(typed)
    return typed


def _render(fields: list[dict[str, Any]], found: Feedback) -> str:
    parts = groupby(fields, lambda field: str(field["key"]).partition(".")[0])
    groups = [Group(_PARTS.get(part, part), tuple(inside)) for part, inside in parts]
    return render_template("settings.html", groups=groups, choices=_CHOICES, feedback=found)
