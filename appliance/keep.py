"""The last good state: written every day and before each update, put back at the start of a box that was damaged.

`python3 -m appliance.keep` writes it; with `--restore` it puts back what is missing or damaged.
"""

import json
import logging
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance import services
from appliance.model import DATA, ParlorError
from appliance.settings import N_
from appliance.system import certificate_store, database, files, keep, keep_disk, notices, store
from appliance.system.keep import Generation

log = logging.getLogger("keep")

CONTAINER = Path("/run/systemd/container")  # its host looks after its disks
VERSION = Path("/usr/lib/parlor/version")
# Says, across power cuts, that something has to be put back; the initramfs writes it to a file system it has made anew.
MARK = DATA / ".mend"
REPLACED = "replaced"
# Says how the last copy went, for the status.
RESULT = store.FOLDER / "last-good.json"

LOST = N_(
    "The disk was damaged beyond repair and there was no copy: everything that was on it is lost. "
    "Replace the disk (or the card), then set the box up."
)
RESTORED = N_(
    "The disk was damaged beyond repair. The box is back in its state of %(day)s: what people wrote after that, and "
    "all files they sent, are lost. Replace the disk (or the card) soon."
)
PUT_BACK = N_(
    "Files of the box were damaged or lost. Their copies of %(day)s are in use. Replace the disk if it happens again."
)
SET_ASIDE = N_("The database %(path)s was damaged. It was set aside as %(aside)s, and its copy of %(day)s is in use.")
NO_COPY = N_("The database %(path)s is damaged and there is no copy of it. Some of what people wrote may be lost.")
DAMAGED = N_("The database %(path)s is damaged. Restart the box: it puts its last good copy in place.")
NOT_KEPT = N_("The copy of the last good state could not be renewed: %(why)s")


NO_PLACE = N_("The partition for the last good state cannot be used. Replace the disk (or the card).")
SMALL = N_("The disk is small: it has only %(size)s MB for what people make. Use a larger one.")
SMALL_DISK = 1_000_000_000  # bytes


def source() -> keep.Source:
    """What cannot be made again: the settings, the certificate, and what the services declare."""
    every = services.load()
    return keep.Source(
        files=(*store.documents(), certificate_store.PATH, *(path for each in every for path in each.keeps)),
        databases=tuple(path for each in every for path in each.databases),
        archives=tuple(table for each in every for table in each.archives),
    )


def save(folder: Path = keep_disk.FOLDER) -> None:
    """Renew the last good state, unless this one is not good. What went wrong is told to the admin."""
    loaded = store.load()
    if not loaded.settings.claimed or loaded.problem:
        log.info("The box has no owner, or its settings are damaged: nothing to keep.")
        return
    if (total := files.disk_space(DATA)[1]) < SMALL_DISK:
        notices.add(SMALL, size=total // 1_000_000)
    try:
        made = keep.save(source(), folder, int(time.time()), VERSION.read_text().strip())
    except keep.DamagedDatabase as error:
        files.write(MARK, b"")
        notices.add(DAMAGED, path=str(error.path))
    except (ParlorError, OSError) as error:
        notices.add(NOT_KEPT, why=str(error))
    else:
        log.info("%s: %s files%s", made.folder, len(made.entries), "" if made.whole else ", without the archives")
        files.write(RESULT, json.dumps({"made": made.made, "whole": made.whole}).encode())


def mend(folder: Path = keep_disk.FOLDER) -> None:
    """Put back what is missing or damaged. Whoever is interrupted starts over, since the mark goes last."""
    replaced = MARK.exists() and MARK.read_text().strip() == REPLACED
    if not MARK.exists():
        files.write(MARK, b"")
    generation = keep.newest(folder) if keep_disk.is_mounted(folder) else None
    if generation is None:
        _tell_what_cannot_be_mended(replaced)
    else:
        _mend_from(generation, replaced)
    files.remove([MARK])
    files.sync_folder(MARK.parent)


def _tell_what_cannot_be_mended(replaced: bool) -> None:
    if replaced:
        notices.add(LOST, code="disk-lost")
    for path in _damaged():
        notices.add(NO_COPY, path=str(path))


def _mend_from(generation: Generation, replaced: bool) -> None:
    day = f"{datetime.fromtimestamp(generation.made, UTC):%Y-%m-%d}"
    if store.is_lost():
        files.remove(store.documents())
    if replaced:
        notices.add(RESTORED, day=day)
    elif any(_is_missing(Path(entry.path)) for entry in generation.entries):
        notices.add(PUT_BACK, day=day)
    for path in _damaged():
        _set_aside(path, generation, day)
    # An earlier try may have failed, and the box have started as a new one: unless it has an owner, it is not kept.
    everything = replaced and not store.load().settings.claimed
    wanted = [entry for entry in generation.entries if everything or _is_missing(Path(entry.path))]
    for path in source().databases:
        if any(entry.path == str(path) for entry in wanted):
            database.forget_log(path)
    keep.restore(generation, wanted)


def _set_aside(path: Path, generation: Generation, day: str) -> None:
    if not any(entry.path == str(path) for entry in generation.entries):
        notices.add(NO_COPY, path=str(path))
        return
    aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y-%m-%d}")
    notices.add(SET_ASIDE, path=str(path), aside=str(aside), day=day)
    database.set_aside(path, aside)


def _is_missing(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0


def _damaged() -> list[Path]:
    return [path for path in source().databases if path.exists() and not database.is_sound(path)]


def is_needed(budget_s: float) -> bool:
    """Whether something must be put back, as far as the seconds for each database tell."""
    return (
        MARK.exists()
        or store.is_lost()
        or not all(database.is_sound(path, budget_s) for path in source().databases if path.exists())
    )


def last_good(path: Path = RESULT) -> dict[str, Any] | None:
    """When the last copy was made (seconds since 1970) and whether it has everything; nothing without one."""
    try:
        made: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return made


def main() -> int:
    """Write or restore; 0 also when there is nothing to do."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if "--restore" in sys.argv[1:]:
        mend()
    elif keep_disk.is_mounted():
        save()
    elif CONTAINER.exists():
        log.info("There is no keep partition: nothing is kept.")
    else:
        notices.add(NO_PLACE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
