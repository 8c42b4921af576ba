"""Files and folders, written so that a power cut leaves the old or the new, never half."""

import contextlib
import errno
import os
import pwd
import shutil
import stat
from collections.abc import Iterable
from grp import getgrnam
from pathlib import Path

from appliance.model import Directory, RenderedFile, Unavailable
from appliance.settings import N_


def write(path: Path, content: bytes, mode: int = 0o600, owner: int = 0, group: int = 0) -> None:
    """Replace `path` atomically and durably: temporary file, fsync, rename, fsync of the folder.

    Raises `Unavailable` when the disk is full; the old file is then untouched.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchown(file.fileno(), owner, group)
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise Unavailable(
                N_("The disk is full or cannot be written. Nothing was changed; make room first.")
            ) from error
        raise


def read_untrusted(path: Path, largest: int) -> bytes:
    """A small regular file in a folder that an unprivileged user can write to, who may put anything there.

    Raises `OSError` for what is none (a link, a pipe), or is larger than `largest` bytes.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        content = file.read(largest + 1)
    if len(content) > largest:
        raise OSError(errno.EFBIG, f"more than {largest} bytes", str(path))
    return content


def sync_folder(folder: Path) -> None:
    """Make renames and removals in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_rendered(files: Iterable[RenderedFile]) -> None:
    """Write rendered files, each in a folder only its group can enter."""
    for file in files:
        group = getgrnam(file.group).gr_gid
        file.path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        os.chown(file.path.parent, 0, group)
        file.path.parent.chmod(0o750)  # whatever the umask made of it
        write(file.path, file.content, file.mode, 0, group)


def remove(paths: Iterable[Path]) -> None:
    """Delete files that may be gone already."""
    for path in paths:
        path.unlink(missing_ok=True)


def make_directory(directory: Directory) -> None:
    """Make a folder (and its parents) with its owner and mode; an existing one keeps its content."""
    user = pwd.getpwnam(directory.owner)
    directory.path.mkdir(parents=True, exist_ok=True)
    os.chown(directory.path, user.pw_uid, user.pw_gid)
    directory.path.chmod(directory.mode)


def disk_space(path: Path) -> tuple[int, int]:
    """Free and total bytes of the file system that holds `path`."""
    usage = shutil.disk_usage(path)
    return usage.free, usage.total
