"""Factory reset: everything people made goes; the system, and what lies on the boot partition, stays.

A flag on `/data` says that it is wanted and is the last thing to go. So whoever is interrupted, by a power cut at any
point, starts over at the next boot, and nothing is ever half erased.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from appliance.model import DATA, ParlorError
from appliance.settings import N_
from appliance.system import files

FLAG = ".factory-reset"
BOOT = Path("/boot")
# What people put on the boot partition by hand; editors and file managers like to add the second's ending.
ASKED = ("factory-reset", "factory-reset.txt")


class CannotErase(ParlorError):
    """The reset was asked for in a way that cannot be ended, or the disk refuses."""


def ask(data: Path = DATA) -> None:
    """Have everything erased at the next start. Raises `Unavailable` when the disk takes no flag."""
    files.write(data / FLAG, b"")


def asked(data: Path = DATA, boot: Path = BOOT) -> bool:
    """Whether a reset is wanted, or one was interrupted."""
    return (data / FLAG).exists() or any((boot / name).exists() for name in ASKED)


def erase(data: Path = DATA, boot: Path = BOOT, others: Iterable[Path] = ()) -> None:
    """Empty `data`, but for the flag, and the folders `others`; `finish` takes the flag away.

    The request on the boot partition goes first: one that stayed would erase the box at every start.
    Raises `CannotErase` when it cannot go (nothing was erased then) or when something else cannot.
    """
    ask(data)
    try:
        _take_back(boot)
    except OSError as error:
        finish(data)
        raise CannotErase(
            N_(
                "The boot partition asks for a factory reset, but the file cannot be removed from it (%(why)s), "
                "so nothing was erased. Remove the file “factory-reset” with another computer."
            ),
            why=error.strerror or type(error).__name__,
        ) from error
    try:
        for folder in (data, *others):
            _empty(folder)
        os.sync()
    except OSError as error:
        raise CannotErase(
            N_("Not everything could be erased (%(why)s). The box tries again at its next start."),
            why=error.strerror or type(error).__name__,
        ) from error


def finish(data: Path = DATA) -> None:
    """Note that all is erased."""
    (data / FLAG).unlink(missing_ok=True)
    files.sync_folder(data)


def _take_back(boot: Path) -> None:
    found = [boot / name for name in ASKED if (boot / name).exists()]
    files.remove(found)
    if found:
        files.sync_folder(boot)


def _empty(folder: Path) -> None:
    """Delete what is in a folder, the flag excepted; a file system's own folder stays, empty."""
    for path in sorted(folder.iterdir()):
        if path.name == "lost+found":
            _empty(path)
        elif path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != FLAG:
            path.unlink()
