"""What the box has to tell its admin: kept on `/data` until somebody has seen it."""

import json
import logging
import secrets
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from appliance.model import DATA, ParlorError, Unavailable
from appliance.system import files

FOLDER = DATA / "core"
_NAME = "notices.json"
_KEPT = 20  # the newest

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Notice:
    """One message: a gettext template with its values, and when it was written (seconds since 1970)."""

    template: str
    code: str = ""  # for programs
    params: dict[str, Any] = field(default_factory=dict)
    id: str = ""
    at: int = 0

    @property
    def message(self) -> str:
        """The sentence, in English."""
        return self.template % self.params if self.params else self.template


def load(folder: Path = FOLDER) -> tuple[Notice, ...]:
    """What nobody has dismissed yet, oldest first; nothing when the file is damaged."""
    try:
        return tuple(Notice(**document) for document in json.loads((folder / _NAME).read_text()))
    except FileNotFoundError:
        return ()
    except (ValueError, TypeError):
        log.exception("the notices are damaged")
        return ()


def add(template: str, *, code: str = "", folder: Path = FOLDER, **params: object) -> None:
    """Tell the admin something, once: what is said already is not said again."""
    _add(Notice(template, code, dict(params), secrets.token_hex(6), int(time.time())), folder)


def add_error(error: ParlorError, folder: Path = FOLDER) -> None:
    """Tell the admin of an error."""
    _add(Notice(error.template, error.code, dict(error.params), secrets.token_hex(6), int(time.time())), folder)


def _add(notice: Notice, folder: Path) -> None:
    said = load(folder)
    if any((each.template, each.params) == (notice.template, notice.params) for each in said):
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    log.warning("%s", notice.message)
    try:
        _save((*said, notice)[-_KEPT:], folder)
    except Unavailable:  # the disk is full: the journal has it, and the box has to start
        log.warning("There is no room to keep this message.")


def dismiss(identity: str, folder: Path = FOLDER) -> bool:
    """Forget a notice; returns whether there was one."""
    said = load(folder)
    left = tuple(notice for notice in said if notice.id != identity)
    if left != said:
        _save(left, folder)
    return left != said


def _save(notices: tuple[Notice, ...], folder: Path) -> None:
    files.write(folder / _NAME, json.dumps([asdict(notice) for notice in notices]).encode())
