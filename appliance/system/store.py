"""The settings document on `/data`: written atomically, kept when corrupt, with a last good copy beside.

Each version of the model has its own file, so that after a rollback the old code finds its own. A field that is only
added needs no new version: a document that only has more than is known here was written by a newer version.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from appliance.model import DATA
from appliance.settings import N_, VERSION, Settings
from appliance.system import files

FOLDER = DATA / "core"


@dataclass(frozen=True)
class Loaded:
    """The document in force; `problem` says in words what was wrong with the one on the disk."""

    settings: Settings
    problem: str = ""


def _plain(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    raise TypeError(type(value).__name__)


def dump(settings: Settings) -> bytes:
    """The document as JSON, secrets included: for the disk only."""
    return json.dumps(settings.model_dump(), default=_plain, indent=1).encode()


def parse(document: bytes) -> Settings:
    """The model of a document. Raises `ValueError` when it is not one."""
    return Settings.model_validate_json(document)


def save(settings: Settings, folder: Path = FOLDER) -> None:
    """Write the document down, then its copy: at every moment one of the two is whole."""
    document = dump(settings)
    files.write(_current(folder), document)
    files.write(_copy(folder), document)


def load(folder: Path = FOLDER) -> Loaded:
    """The document; the last good copy when it is corrupt; a fresh one on a new box.

    A corrupt file is kept beside as `….corrupt` for whoever wants to look.
    """
    current, copy = _current(folder), _copy(folder)
    settings, broken = _read(current)
    if settings is not None:
        return Loaded(settings)
    good, copy_broken = _read(copy)
    newer = _of_a_newer_version(copy) if good is None else None
    if newer is not None:
        return Loaded(newer)
    if broken:
        files.write(current.with_suffix(".corrupt"), current.read_bytes())
    if good is not None:
        files.write(current, dump(good))
        return Loaded(good, N_("The settings were damaged; the last good ones are in use.") if broken else "")
    if broken or copy_broken:
        return Loaded(
            Settings(),
            N_("The settings were damaged beyond repair. Claim the box again; accounts and messages are kept."),
        )
    return Loaded(Settings())


def documents(folder: Path = FOLDER) -> tuple[Path, ...]:
    """Every settings document there is, of each version of the model, and their copies."""
    return tuple(sorted(folder.glob("settings-v*.json")))


def is_lost(folder: Path = FOLDER) -> bool:
    """Whether there are settings and neither the document nor its copy can be understood."""
    read = [_read(_current(folder)), _read(_copy(folder))]
    found = any(settings for settings, _ in read) or _of_a_newer_version(_copy(folder))
    return any(broken for _, broken in read) and not found


def _current(folder: Path) -> Path:
    return folder / f"settings-v{VERSION}.json"


def _copy(folder: Path) -> Path:
    return folder / f"settings-v{VERSION}.good.json"


def _of_a_newer_version(copy: Path) -> Settings | None:
    """What the copy, which is written last, says of the fields that are known here; None where it is not whole."""
    try:
        return parse(json.dumps(_known(json.loads(copy.read_bytes()), Settings)).encode())
    except (OSError, ValueError):
        return None


def _known(document: Any, model: type[BaseModel]) -> Any:
    """The document without the fields that the model has not."""
    if not isinstance(document, dict):
        return document
    return {
        name: _known(value, kind) if isinstance(kind, type) and issubclass(kind, BaseModel) else value
        for name, value in document.items()
        if name in model.model_fields
        for kind in [model.model_fields[name].annotation]
    }


def _read(path: Path) -> tuple[Settings | None, bool]:
    """The document in `path`, and whether there is one that cannot be understood."""
    try:
        return parse(path.read_bytes()), False
    except FileNotFoundError:
        return None, False
    except (ValidationError, ValueError):
        return None, True
