"""At boot: render everything before the managed units start. A oneshot; it starts nothing itself.

Units start by themselves when their rendered file exists, so this only writes, and notes what each
unit is about to load.
"""

import json
import logging
import sys
from pathlib import Path

from appliance import apply, keep, services
from appliance.core.owner import look, with_secrets
from appliance.model import Directory, ParlorError, Service
from appliance.settings import N_, Settings
from appliance.system import ballast, files, notices, store, units
from appliance.system.erase import BOOT

log = logging.getLogger("prepare")

# What the initramfs says of /data: {"state": "clean" | "repaired" | "replaced", "detail": …}.
DISK_NOTE = Path("/run/parlor-boot/data.json")
# systemd says here in what kind of container it runs; a container's host looks after its partitions.
CONTAINER = Path("/run/systemd/container")
# How long a start may wait for SQLite to look through each database: what is small is read to its end.
CHECK_S = 3.0

REPAIRED = N_("The disk was damaged, as after a power cut, and was repaired. If this comes again, replace it.")
UNUSABLE = N_(
    "The disk cannot be used, so nothing that is done now is kept over the next start. Replace the disk (or the card)."
)
NO_BOOT = N_(
    "The boot partition cannot be read, so neither updates nor a parlor.toml there work. Restart the box; "
    "if this comes again, replace the disk (or the card)."
)
FULL = N_(
    "The disk is full: the box has started with the last room that it keeps for this. "
    "Have it keep messages and files for a shorter time, or use a larger disk."
)
NOT_MENDED = N_("Something on the disk is damaged and could not be put back: %(why)s")


def main() -> int:
    """Render the whole box; 0 also when one service could not be, so that the others still run."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    files.make_directory(Directory(store.FOLDER, "root", 0o700))
    look_for_room()
    mend()
    look_for_boot()
    loaded = store.load()
    if loaded.problem:
        log.warning("%s", loaded.problem)
    settings = with_secrets(loaded.settings)
    if settings != loaded.settings:
        store.save(settings)
    render(settings, services.load())
    return 0


def mend(note: Path = DISK_NOTE) -> None:
    """Have what is damaged put back before anything reads it, and tell the admin what the disk went through.

    A unit of its own does it, since the last good state is on a partition that only that unit mounts.
    """
    state = _disk_state(note)
    repaired = state == "repaired"
    if repaired:
        notices.add(REPAIRED)
    elif state == "replaced" and not keep.MARK.exists():
        notices.add(UNUSABLE, code="disk-lost")
    if repaired or keep.is_needed(CHECK_S):
        try:
            units.start("parlor-restore.service")
        except (OSError, TimeoutError) as error:
            notices.add(NOT_MENDED, why=str(error))


def look_for_room() -> None:
    """Have room for the start on a full disk, and tell the admin of it."""
    try:
        if ballast.settle():
            notices.add(FULL)
    except OSError as error:
        log.warning("no room could be kept: %s", error)


def look_for_boot(boot: Path = BOOT, container: Path = CONTAINER) -> None:
    """Tell the admin when the boot partition is not there: the box starts without it, and cannot be updated."""
    if not container.exists() and not boot.is_mount():
        notices.add(NO_BOOT)


def _disk_state(note: Path) -> str:
    try:
        return str(json.loads(note.read_text())["state"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""  # a container, whose host looks after its disks


def render(settings: Settings, every: tuple[Service, ...]) -> None:
    """Write each enabled service's files and note their digests as loaded."""
    changes = apply.plan(every, settings, look(settings), {})
    written = {}
    for change in changes:
        try:
            apply.write(change)
        except (ParlorError, OSError, LookupError):
            log.exception("%s cannot start", change.service.name)
        else:
            written[change.service.name] = change.digests
    apply.save_record(written)


if __name__ == "__main__":
    sys.exit(main())
