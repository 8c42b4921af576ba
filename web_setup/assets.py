"""Addresses of static files that change with their content, so that browsers may keep them for good."""

import hashlib
from pathlib import Path

from flask import Flask, url_for

SCRIPTS = ("copy.js", "meeting-key.js", "password.js", "poll.js", "preview.js", "print.js", "rows.js", "submit.js")


def install(app: Flask) -> None:
    """Give the templates `asset(NAME)` and the list of `scripts`."""
    folder = Path(str(app.static_folder))
    versions = {path.name: _digest(path) for path in folder.iterdir() if path.is_file()}

    def asset(name: str) -> str:
        return url_for("static", filename=name, v=versions[name])

    app.jinja_env.globals.update(asset=asset, scripts=SCRIPTS)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
