"""What was tried, kept over restarts on /data: the last attempt, why it failed, and what is not tried again.

The core and the confirmation both write it, each under a lock. Beside it stands a file `trial` with the name of the
slot whose new version still has to prove itself, for the deadline that works without any of our code.
"""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from appliance.model import DATA, RUN, ParlorError
from appliance.settings import N_
from appliance.system import files, notices

FOLDER = DATA / "ota"
BOOT_MARK = RUN / "boot-mark"  # random, made once in each run of the machine

_KEPT = 20  # versions that are not tried again

INTERRUPTED = N_("The box was switched off while the update was being written. It is tried again.")
FAILED_NOTICE = N_("The update to version %(version)s did not work, so version %(old)s runs. See “Updates”.")
DID_NOT_START = N_("The new version did not start, so the old one came back.")


class Outcome(StrEnum):
    """How far an attempt is; the last three are its end."""

    INSTALLING = "installing"
    INSTALLED = "installed"  # and waits for the restart, or for its proof
    GOOD = "good"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Attempt:
    """One try to update. Times are seconds since 1970; the reason is a gettext template with its values."""

    version: str
    old_version: str
    slot: str  # bootname of the slot it goes into
    started: int
    boot: str  # the mark of the run in which it was begun
    outcome: Outcome = Outcome.INSTALLING
    automatic: bool = False
    ended: int = 0
    reason: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        return self.outcome in (Outcome.INSTALLING, Outcome.INSTALLED)


@dataclass(frozen=True)
class State:
    """Everything that is kept. `serials` are the highest seen of each index, against replays."""

    attempt: Attempt | None = None
    not_again: tuple[str, ...] = ()
    serials: Mapping[str, int] = field(default_factory=dict)
    available: Mapping[str, Any] | None = None  # the newest release found, as the API shows it, with its URL
    checked: int = 0
    check_problem: Mapping[str, Any] | None = None  # why the last check did not work: template and params


def ended(state: State, outcome: Outcome, reason: str = "", again: bool = True, **params: object) -> State:
    """The state with its attempt ended now. `again` false keeps its version from being tried again by itself."""
    if state.attempt is None:
        return state
    attempt = replace(state.attempt, outcome=outcome, ended=int(time.time()), reason=reason, params=params)
    not_again = state.not_again
    if not again and attempt.version not in not_again:
        not_again = (*not_again, attempt.version)[-_KEPT:]
    return replace(state, attempt=attempt, not_again=not_again)


def failed(state: State, error: ParlorError, again: bool) -> State:
    """The state with its attempt ended by an error."""
    return ended(state, Outcome.FAILED, error.template, again, **error.params)


def settled(state: State, booted: str, boot: str) -> State:
    """The state as a start finds it: an attempt whose slot does not run any more has failed; pure but for the clock.

    `booted` is the bootname of the slot that runs, `boot` the mark of this run of the machine.
    """
    attempt = state.attempt
    if attempt is None or not attempt.open or attempt.boot == boot or attempt.slot == booted:
        return state
    if attempt.outcome is Outcome.INSTALLING:
        return ended(state, Outcome.FAILED, INTERRUPTED)
    return ended(state, Outcome.FAILED, DID_NOT_START, again=False)


def on_trial(state: State, booted: str) -> bool:
    """Whether what runs is a new version that has not proved itself."""
    attempt = state.attempt
    return attempt is not None and attempt.open and attempt.slot == booted


def load(folder: Path = FOLDER) -> State:
    """What was kept; nothing where the file is missing or torn."""
    try:
        return _parse(json.loads((folder / "state.json").read_bytes()))
    except (OSError, ValueError, TypeError, KeyError):
        return State()


def change(make: Callable[[State], State], folder: Path = FOLDER) -> State:
    """Change what is kept, one writer at a time. Raises `Unavailable` when the disk is full."""
    with _locked(folder):
        before = load(folder)
        after = make(before)
        if after != before:
            _save(after, folder)
    return after


def change_and_tell(make: Callable[[State], State], folder: Path = FOLDER) -> State:
    """The same, with a notice for the admin when it ends an attempt without success."""
    before = load(folder).attempt
    after = change(make, folder)
    if before and before.open and after.attempt and after.attempt.outcome is Outcome.FAILED:
        notices.add(
            FAILED_NOTICE, folder=notice_folder(folder), version=after.attempt.version, old=after.attempt.old_version
        )
    return after


def notice_folder(folder: Path) -> Path:
    """Where notices are kept, beside this state."""
    return folder.parent / notices.FOLDER.name


def boot_mark(path: Path = BOOT_MARK) -> str:
    """A word that is the same for as long as the machine runs, and another after each start."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(descriptor, "w") as file:
        file.write(mark := secrets.token_hex(8))
    return mark


def _parse(document: dict[str, Any]) -> State:
    attempt = document.pop("attempt", None)
    if attempt is not None:
        attempt = Attempt(**{**attempt, "outcome": Outcome(attempt["outcome"])})
    return State(**{**document, "attempt": attempt, "not_again": tuple(document["not_again"])})


def _save(state: State, folder: Path) -> None:
    """The trial's file first when it is set, last when it goes: a power cut between leaves one that is set."""
    waiting = state.attempt is not None and state.attempt.open
    if waiting and state.attempt:
        files.write(folder / "trial", state.attempt.slot.encode())
    files.write(folder / "state.json", json.dumps(asdict(state), indent=1).encode())
    if not waiting:
        files.remove([folder / "trial"])


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
