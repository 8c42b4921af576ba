"""Plan and apply: bring the running units to what the settings say, by digest.

`plan` is pure. `apply` remembers for every service the digests of what its unit last loaded and
writes them down only after the unit took them, so a crash in between is retried at the next apply.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from appliance.model import RUN, Host, RenderedFile, Service
from appliance.settings import Settings
from appliance.system import database, files, units

LOADED = RUN / "loaded.json"  # for this boot only, as the rendered files are

NOT_TAKEN = ""  # instead of a digest: the file is being written, and no unit has taken it yet

Digests = Mapping[str, str]  # path → SHA-256 of the content
Loaded = Mapping[str, Digests]  # service → what its unit last loaded


class Action(StrEnum):
    """What a unit needs."""

    START = "start"
    RELOAD = "reload"
    RESTART = "restart"
    STOP = "stop"


# A unit whose files were not taken may still run on older ones: starting it means restarting it.
_VERBS = {Action.START: "restart", Action.RELOAD: "reload", Action.RESTART: "restart", Action.STOP: "stop"}


@dataclass(frozen=True)
class Change:
    """One service's way to its new state; `action` None only when nothing must happen."""

    service: Service
    action: Action
    write: tuple[RenderedFile, ...]
    remove: tuple[Path, ...]
    digests: Digests


def digest(rendered: Iterable[RenderedFile]) -> Digests:
    """Digest of each file, its permissions included."""
    return {str(f.path): hashlib.sha256(f"{f.group}{f.mode}\n".encode() + f.content).hexdigest() for f in rendered}


def plan(services: Iterable[Service], settings: Settings, host: Host, loaded: Loaded) -> tuple[Change, ...]:
    """The changes that lead from what is loaded to what the settings say; pure."""
    changes = (_change(service, settings, host, loaded.get(service.name)) for service in services)
    return tuple(change for change in changes if change)


def _change(service: Service, settings: Settings, host: Host, before: Digests | None) -> Change | None:
    if not service.enabled(settings):
        old = tuple(Path(path) for path in before or ())
        return Change(service, Action.STOP, (), old, {}) if before is not None else None
    rendered = service.render(settings, host)
    after = digest(rendered)
    if before == after:
        return None
    gone = tuple(Path(path) for path in before or () if path not in after)
    return Change(service, _action(service, before, after), rendered, gone, after)


def _action(service: Service, before: Digests | None, after: Digests) -> Action:
    if before is None or NOT_TAKEN in before.values():
        return Action.START
    changed = {Path(path).name for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    if service.can_reload and not changed & set(service.restart_on):
        return Action.RELOAD
    return Action.RESTART


def load_record() -> dict[str, Digests]:
    """What this boot's units have loaded so far; nothing when the record is missing or torn."""
    try:
        record: dict[str, Digests] = json.loads(LOADED.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return record


def save_record(loaded: Loaded) -> None:
    """Write the record down."""
    files.write(LOADED, json.dumps(loaded).encode())


def prepare(service: Service) -> None:
    """Make the folders and databases that a service finds when it starts."""
    for directory in service.directories:
        files.make_directory(directory)
    for path in service.databases:
        database.prepare_database(path)


def write(change: Change) -> None:
    """Put one service's files in place, and take away those it no longer has."""
    if change.action is not Action.STOP:
        prepare(change.service)
    files.write_rendered(change.write)
    files.remove(change.remove)


async def apply(changes: Iterable[Change], progress: Callable[[Change], None] = lambda _: None) -> None:
    """Write and load each change in turn. Raises `ProgramFailed` for a unit that does not take it."""
    loaded = load_record()
    for change in changes:
        progress(change)
        if change.action is not Action.STOP:
            known = loaded.get(change.service.name, {}).keys() | change.digests.keys()
            loaded[change.service.name] = dict.fromkeys(known, NOT_TAKEN)
            save_record(loaded)
        write(change)
        await units.act(_VERBS[change.action], change.service.unit)
        if change.action is Action.STOP:
            del loaded[change.service.name]
        else:
            loaded[change.service.name] = change.digests
        save_record(loaded)
