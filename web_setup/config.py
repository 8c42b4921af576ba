"""What the core rendered for the portal."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from flask import current_app

from appliance.model import RUN
from appliance.settings import Language

PATH = RUN / "portal" / "portal.json"


@dataclass(frozen=True)
class Config:
    """The portal's own configuration; everything else it asks the core."""

    secret_key: str = field(repr=False)  # hex; signs the session cookies
    language: Language
    core_socket: Path


def load(path: Path) -> Config:
    """Read the rendered file. Raises `OSError`, `ValueError` or `KeyError`: the unit then fails, loudly."""
    document = json.loads(path.read_text("utf-8"))
    if not document["secret_key"]:
        raise ValueError(f"{path} holds no secret key")
    return Config(document["secret_key"], Language(document["language"]), Path(document["core_socket"]))


def current() -> Config:
    """The configuration of the running application."""
    loaded: Config = current_app.config["PARLOR"]
    return loaded
