"""The last good state: copies of what cannot be made again, on a partition of their own (`keep_disk`).

Each copy is a generation: a folder whose number is one more than that of the one before, since clocks may be wrong.
It appears by rename, when all in it was written, read back and made durable; two are kept.
"""

import contextlib
import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from appliance.model import DATA, ParlorError, Unavailable
from appliance.settings import N_
from appliance.system import database, files, zstd
from appliance.system.process import ProgramFailed

log = logging.getLogger(__name__)

SCRATCH = DATA / "core"
SHARE = 0.45  # of the partition that one generation may take: two have to fit
_MANIFEST = "manifest.json"
_NEW = ".new"

Copies = list[tuple[Path, Path]]  # where a file belongs, and where it is read from


class DamagedDatabase(ParlorError):
    """A database has damage that SQLite finds; `path` is the file."""

    def __init__(self, path: Path) -> None:
        super().__init__(N_("A database is damaged: %(path)s"), path=str(path))
        self.path = path


@dataclass(frozen=True)
class Source:
    """What a generation holds: files as they are, databases by their own backup.

    `archives` are tables that stay out of a generation that would not fit otherwise.
    """

    files: tuple[Path, ...]
    databases: tuple[Path, ...]
    archives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One file: where it belongs, where its compressed copy is, and what it must be."""

    path: str
    stored: str
    sha256: str
    mode: int
    uid: int
    gid: int


@dataclass(frozen=True)
class Generation:
    """One copy. `made` is in seconds since 1970; one without the archives is not `whole`."""

    folder: Path
    made: int
    version: str
    whole: bool
    entries: tuple[Entry, ...]


def save(source: Source, folder: Path, made: int, version: str, scratch: Path = SCRATCH) -> Generation:
    """Write a new generation to `folder`; databases are copied to `scratch` first, and checked there.

    Raises `DamagedDatabase`, or `Unavailable` when there is no room; what was kept before is still there then.
    """
    number = _tidy(folder) + 1
    room = shutil.disk_usage(folder).total * SHARE
    with tempfile.TemporaryDirectory(prefix=".keep-", dir=scratch) as place:
        copies = [(path, path) for path in source.files if path.is_file()]
        made_here = [(path, _checked_copy(path, Path(place))) for path in source.databases if path.exists()]
        for whole in (True, False):
            if not whole:
                for _, copy in made_here:
                    database.leave_out(copy, source.archives)
            entries = _fill(folder / _NEW, [*copies, *made_here], room)
            if entries is not None:
                return _publish(Generation(folder / f"{number:06}", made, version, whole, entries))
    raise Unavailable(N_("The copy of the last good state does not fit, even without the archive of messages."))


def newest(folder: Path) -> Generation | None:
    """The newest generation whose files can all be read."""
    for generation in _generations(folder):
        try:
            for entry in generation.entries:
                zstd.verify(generation.folder / entry.stored)
        except ProgramFailed as error:
            log.warning("%s cannot be used: %s", generation.folder, error)
        else:
            return generation
    return None


def restore(generation: Generation, entries: Iterable[Entry]) -> None:
    """Put files back in their place, each atomically and durably. Raises `OSError`."""
    for entry in entries:
        path = Path(entry.path)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.new")
        zstd.expand(generation.folder / entry.stored, temporary)
        if _digest(temporary) != entry.sha256:
            raise OSError(f"the copy of {path} is not what it was")
        os.chown(temporary, entry.uid, entry.gid)
        temporary.chmod(entry.mode)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        files.sync_folder(path.parent)


def _generations(folder: Path) -> list[Generation]:
    """Those whose manifest can be read, the newest first."""
    found = []
    for place in sorted(folder.glob("[0-9]*"), reverse=True):
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            document = json.loads((place / _MANIFEST).read_text())
            entries = tuple(Entry(**entry) for entry in document.pop("entries"))
            found.append(Generation(place, entries=entries, **document))
    return found


def _tidy(folder: Path) -> int:
    """Make room: only the newest readable generation stays. Returns the highest number there was."""
    numbers = [int(place.name) for place in folder.glob("[0-9]*") if place.name.isdigit()]
    good = [generation.folder for generation in _generations(folder)[:1]]
    for place in [*folder.glob("[0-9]*"), folder / _NEW]:
        if place not in good:
            shutil.rmtree(place, ignore_errors=True)
    return max(numbers, default=0)


def _checked_copy(path: Path, place: Path) -> Path:
    if shutil.disk_usage(place).free < 1.2 * path.stat().st_size:
        raise Unavailable(N_("There is no room on the disk to copy the last good state."))
    target = place / path.name
    try:
        database.copy(path, target)
    except OSError:
        if database.is_sound(path):
            raise
        raise DamagedDatabase(path) from None
    if not database.is_sound(target):
        raise DamagedDatabase(path)
    return target


def _fill(new: Path, copies: Copies, room: float) -> tuple[Entry, ...] | None:
    """Compress everything into the folder `new`; nothing when that takes more than `room` bytes."""
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    entries = []
    for number, (path, copy) in enumerate(copies):
        stored = f"{number}.zst"
        try:
            zstd.compress(copy, new / stored)
        except ProgramFailed as error:
            if "No space left" in error.stderr:
                return None
            raise
        room -= (new / stored).stat().st_size
        if room < 0:
            return None
        owner = path.stat()
        entries.append(Entry(str(path), stored, _digest(copy), owner.st_mode & 0o7777, owner.st_uid, owner.st_gid))
    return tuple(entries)


def _publish(generation: Generation) -> Generation:
    """Let a filled folder appear under its number, with its manifest."""
    new = generation.folder.with_name(_NEW)
    document = {name: value for name, value in asdict(generation).items() if name != "folder"}
    files.write(new / _MANIFEST, json.dumps(document, indent=1).encode())
    new.rename(generation.folder)
    files.sync_folder(generation.folder.parent)
    return generation


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
