"""Recordings: where they lie, who may see them, and how a room begins and ends one.

Janus writes a file for each stream below `WORK/ID`; when a recording ends, the mark `ENDED/ID` lets systemd start
`parlor-recorder.service`, which makes one film of them (`recorder/`) and puts it into `FOLDER/ID`. What a power cut
leaves is taken up at the next start.
"""

import json
import os
import secrets
import shutil
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from appliance.model import DATA, Missing, Unavailable
from appliance.settings import N_
from appliance.system import files

FOLDER = DATA / "recordings"
WORK = FOLDER / "work"
ENDED = FOLDER / "ended"
ABOUT, FILM = "about.json", "recording.webm"
TO_BEGIN_BYTES = 1_000_000_000
TO_GO_ON_BYTES = 500_000_000
_ID_LENGTH = 16


class State(StrEnum):
    """How far a recording is."""

    RECORDING = "recording"
    PREPARING = "preparing"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class Recording:
    """What is known of a recording. Times are seconds since 1970; `people` may see it beside admins."""

    id: str
    room: str
    title: str
    started: int
    people: tuple[str, ...] = ()
    ended: int | None = None
    state: State = State.RECORDING
    why: str = ""

    def document(self, folder: Path) -> dict[str, Any]:
        """RECORDING of `docs/api.md`."""
        film = folder / self.id / FILM
        size = film.stat().st_size if self.state is State.READY and film.exists() else 0
        return asdict(self) | {"bytes": size}


class RecordingStore:
    """Every recording."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self.work = folder / WORK.name
        self.ended = folder / ENDED.name

    def begin(self, room: str, title: str) -> Recording:
        """A new recording. Raises `Unavailable` where there is no room for one."""
        if shutil.disk_usage(self.folder).free < TO_BEGIN_BYTES:
            raise Unavailable(N_("There is too little room on the disk for a recording. Delete something first."))
        recording = Recording(secrets.token_hex(_ID_LENGTH // 2), room, title, int(time.time()))
        (self.folder / recording.id).mkdir(mode=0o700)
        raw = self.raw(recording.id)
        raw.mkdir(mode=0o700)
        os.chown(raw, -1, self.work.stat().st_gid)  # Janus's own group
        raw.chmod(0o770)
        self.save(recording)
        return recording

    def raw(self, identity: str) -> Path:
        """Where Janus writes."""
        return self.work / identity

    def has_room(self) -> bool:
        """Whether a recording can go on."""
        return shutil.disk_usage(self.folder).free > TO_GO_ON_BYTES

    def end(self, recording: Recording, people: Iterable[str], why: str = "") -> Recording:
        """No more is written: a film is made of it now."""
        ended = replace(
            recording, ended=int(time.time()), people=tuple(sorted(set(people))), state=State.PREPARING, why=why
        )
        self.save(ended)
        if self.raw(recording.id).is_dir():
            (self.ended / recording.id).touch()
        return ended

    def save(self, recording: Recording) -> None:
        """Write what is known. Raises `Unavailable` when the disk is full."""
        content = json.dumps(asdict(recording), ensure_ascii=False).encode()
        target = self.folder / recording.id / ABOUT
        owner = target.parent.stat()
        files.write(target, content, owner=owner.st_uid, group=owner.st_gid)

    def all(self) -> list[Recording]:
        """Every recording, newest first."""
        found = [_read(path) for path in self.folder.glob(f"*/{ABOUT}")]
        return sorted((each for each in found if each), key=lambda each: each.started, reverse=True)

    def find(self, identity: str) -> Recording:
        """One. Raises `Missing`."""
        clean = identity if identity.isalnum() and len(identity) == _ID_LENGTH else "-"
        if (found := _read(self.folder / clean / ABOUT)) is None:
            raise Missing(N_("There is no such recording."))
        return found

    def film(self, recording: Recording) -> Path:
        """The file that plays. Raises `Missing` while there is none."""
        path = self.folder / recording.id / FILM
        if recording.state is not State.READY or not path.exists():
            raise Missing(N_("This recording cannot be played yet."))
        return path

    def delete(self, recording: Recording) -> None:
        """Away with it."""
        (self.folder / recording.id / ABOUT).unlink(missing_ok=True)  # first: half a recording is none
        shutil.rmtree(self.folder / recording.id, ignore_errors=True)
        shutil.rmtree(self.raw(recording.id), ignore_errors=True)
        self._try_again()

    def _try_again(self) -> None:
        """There may be room now for films that had none."""
        for recording in self.all():
            if recording.state is State.PREPARING and self.raw(recording.id).is_dir():
                (self.ended / recording.id).touch()

    def take_up(self) -> None:
        """After a restart: what was being recorded has ended, and becomes a film."""
        for recording in self.all():
            if recording.state is State.RECORDING:
                self.end(recording, recording.people)
        self._try_again()


def _read(path: Path) -> Recording | None:
    try:
        document = json.loads(path.read_bytes())
        known = {**document, "people": tuple(document["people"]), "state": State(document["state"])}
        return Recording(**known)
    except (OSError, ValueError, TypeError, KeyError):
        return None
