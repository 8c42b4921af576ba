"""Runs programs of another architecture with QEMU's user-mode emulation while a root is made (kernel: binfmt-misc.rst).

The kernel's table of formats is the whole machine's, so our entry has a name of its own and goes away afterwards.
"""

import fcntl
import sysconfig
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from image import debian
from image.cache import CACHE
from image.process import run

FORMATS = Path("/proc/sys/fs/binfmt_misc")
ENTRY = "parlor-emulation"
# What QEMU's package ships for systemd-binfmt: one entry a file, `:name:type:offset:magic:mask:interpreter:flags`.
SHIPPED = Path("/usr/lib/binfmt.d")
QEMU_NAMES = {"arm64": "aarch64", "amd64": "x86_64"}

# What scripts start thousands of times: emulated, each start takes as long as a hundred of our own.
HASTENED = (
    *("basename", "cat", "chmod", "cp", "dash", "dirname", "find", "grep", "ln", "mkdir", "mktemp", "readlink"),
    *("rm", "sed", "sort", "touch", "zstd"),
)


@contextmanager
def emulated(architecture: str) -> Iterator[None]:
    """Let this machine run programs of `architecture` (Debian's name) for as long as the body runs.

    Does nothing where they are this machine's own. One build at a time: emulation is slow enough alone.
    """
    if architecture == debian.native_architecture():
        yield
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "emulation.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _mount()
        _forget()  # One that was killed left its entry behind.
        (FORMATS / "register").write_bytes(entry(architecture))
        try:
            yield
        finally:
            _forget()


def entry(architecture: str) -> bytes:
    """The line that registers QEMU for an architecture, opened at once (flag F) so that it works in any root."""
    shipped = (SHIPPED / f"qemu-{QEMU_NAMES[architecture]}.conf").read_text(encoding="ascii").strip()
    fields = shipped.split(":")
    if len(fields) != 8 or "F" not in fields[7]:
        raise ValueError(f"qemu-user-binfmt ships an entry of another form: {shipped}")
    fields[1] = ENTRY
    return ":".join(fields).encode("ascii")


@contextmanager
def hastened(root: Path) -> Iterator[None]:
    """Let scripts in a root of another architecture run this machine's own programs, for as long as the body runs.

    They lie over the root's own, which must not be replaced or copied meanwhile. Does nothing in a root of ours.
    """
    libraries = Path("/usr/lib", str(sysconfig.get_config_var("MULTIARCH")))
    if (root / libraries.relative_to("/")).exists():
        yield
        return
    programs = [Path("/usr/bin", name) for name in HASTENED]
    with ExitStack() as stack:
        for folder in (libraries, Path("/lib64")):
            place = root / folder.relative_to("/")
            place.mkdir()
            stack.callback(place.rmdir)
        for path in (libraries, Path("/lib64"), *programs):
            place = root / path.relative_to("/")
            if path.exists() and place.exists():
                run(["mount", "--bind", path, place])
                stack.callback(run, ["umount", place])
        yield


def _mount() -> None:
    if not (FORMATS / "register").exists():
        run(["mount", "-t", "binfmt_misc", "binfmt_misc", FORMATS])


def _forget() -> None:
    if (FORMATS / ENTRY).exists():
        (FORMATS / ENTRY).write_text("-1", encoding="ascii")
