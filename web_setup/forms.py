"""What comes in from a form, before the core judges it."""

import re

from flask import request, url_for


def text(name: str) -> str:
    """One line that a person typed, without the spaces that phones add around it."""
    return request.form.get(name, "").strip()


def secret(name: str) -> str:
    """A password, exactly as it was typed."""
    return request.form.get(name, "")


def person_name(typed: str, domain: str) -> str:
    """The name to log in with; who types the whole address or a capital means the same person."""
    return typed.strip().lower().removesuffix(f"@{domain}")


def path_on_this_site(wanted: str) -> str:
    """Where to go next, if that is a path of this very site; else the start page.

    Browsers read two slashes, a backslash and control characters as ways out, so anything unusual is refused.
    """
    if re.fullmatch(r"/(?![/\\])[A-Za-z0-9/_.?=&%~-]*", wanted):
        return wanted
    return url_for("dashboard.show")
