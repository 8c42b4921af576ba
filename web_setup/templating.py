"""What the templates may use beside Flask's own: the box, the person, QR codes, times and sizes in words."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, current_app, request, url_for
from flask_babel import format_date, format_timedelta, gettext
from jinja2 import StrictUndefined

from web_setup import clock, languages, qr, visitor, wizard

_SECONDS = 60


def install(app: Flask) -> None:
    """Register filters and globals; a name that a template does not know is an error."""
    app.jinja_env.undefined = StrictUndefined
    parts = app.jinja_env.get_template("_parts.html").module
    macros = {name: getattr(parts, name) for name in ("alert", "badge", "copyable", "icon")}
    app.jinja_env.globals.update(qr=qr.svg, here=here, steps=wizard.STEPS, **macros)
    app.jinja_env.filters.update(
        ago=ago,
        day=day,
        moment=moment,
        size=size,
        said=languages.of_document,
        here_at=clock.words,
        typed_at=clock.typed,
    )
    app.context_processor(_context)


def _context() -> dict[str, Any]:
    return {"box": visitor.box_or_none(), "person": visitor.known_person()}


def here() -> str:
    """The path to come back to after the language was switched: this page, or the one its form stands on."""
    if request.method == "GET" or f"{request.blueprint}.show" not in current_app.view_functions:
        return request.path
    return url_for(f"{request.blueprint}.show", **(request.view_args or {}))


def ago(seconds: int | None) -> str:
    """A moment of the past (seconds since 1970) in words: “3 hours ago”; nothing means never."""
    if seconds is None:
        return str(gettext("never"))
    passed = datetime.now(UTC) - datetime.fromtimestamp(seconds, UTC)
    if passed < timedelta(seconds=_SECONDS):
        return str(gettext("just now"))
    return str(format_timedelta(-passed, add_direction=True))


def day(seconds: int) -> str:
    """The day of a moment (seconds since 1970) in words. No hour: the box does not know its reader's clock."""
    return str(format_date(datetime.fromtimestamp(seconds, UTC), "long"))


def moment(seconds: int) -> str:
    """A moment for machines (ISO 8601, UTC)."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def size(count: int) -> str:
    """A number of bytes in the unit a person would use (powers of 1000, as disks are sold)."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
