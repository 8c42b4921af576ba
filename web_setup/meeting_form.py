"""The form of a meeting, for a new one and for changes."""

from dataclasses import dataclass, field
from typing import Any

from flask import request
from flask_babel import gettext

from web_setup import clock, forms

KEYLESS = "keyless"  # in the session: the encrypted meeting whose key this browser has yet to make


@dataclass(frozen=True)
class Typed:
    """What was typed; `wrong` names the fields that hold no time, with what to do about it."""

    title: str = ""
    starts: str = ""
    ends: str = ""
    waiting: bool = False
    encrypted: bool = False
    wrong: dict[str, str] = field(default_factory=dict)
    wish: dict[str, Any] = field(default_factory=dict)


def read() -> Typed:
    """The form that was sent."""
    wish: dict[str, Any] = {"title": forms.text("title")}
    wrong: dict[str, str] = {}
    for key in ("starts", "ends"):
        try:
            wish[key] = clock.parse(forms.text(key))
        except ValueError:
            wrong[key] = gettext("Write a date of this century with a time, like 2026-01-31T18:30.")
    for key in ("waiting", "encrypted"):
        wish[key] = key in request.form
    return Typed(
        wish["title"], forms.text("starts"), forms.text("ends"), wish["waiting"], wish["encrypted"], wrong, wish
    )


def of(meeting: dict[str, Any]) -> Typed:
    """The form with a meeting's own values."""
    return Typed(
        meeting["title"],
        clock.typed(meeting["starts"]),
        clock.typed(meeting["ends"]),
        meeting["waiting"],
        meeting["encrypted"],
    )
