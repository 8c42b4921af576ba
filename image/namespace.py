"""Enters the tools root: private mounts and processes, a new root by pivot_root (systemd-nspawn refuses in a chroot).

All that is started in there, and all that is mounted, ends with the command, however it ends: the kernel sees to it.
Runs on the host's Python (3.9 or newer).
"""

from __future__ import annotations

import ctypes
import fnmatch
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Callable

from image.cache import REPOSITORY
from image.process import interact, run

# Where the repository is inside.
INSIDE = Path("/parlor")

# Mount points that a tools root needs to have, since it is read-only later.
FOLDERS = ("parlor", "old", "root")
# The host's way to the network: name service, certificate authorities (a company's proxy has its own), pip's registry.
FILES = ("etc/resolv.conf", "etc/ssl/certs/ca-certificates.crt", "etc/pip.conf")

# Where an X server listens: the window of a virtual machine opens on the person's own screen.
SCREENS = Path("/tmp/.X11-unix")

# Variables that mean the same inside.
CARRIED = (
    *("*_proxy", "*_PROXY", "PIP_*", "TERM", "NO_COLOR", "CI"),
    *("MIRROR", "MIRROR_SECURITY", "LISTEN", "*_PORT", "YES", "ARGS", "PARLOR_*"),
    *("PROVISION", "PYTEST_ADDOPTS", "BOARD", "CHANNEL", "IMAGE_URL", "UPDATE_SERVER"),
    *("RELEASE_KEYS", "KEYS", "SITE", "DISPLAY", "XAUTHORITY", "NEW"),
)
# Of those, the ones that name a path of the host: they are mounted, and renamed inside.
PATHS = ("PARLOR_DATA", "PROVISION", "RELEASE_KEYS", "KEYS", "SITE", "XAUTHORITY")

_CLONE_NEWNS = 0x00020000
_CLONE_NEWPID = 0x20000000
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def enter(
    root: Path,
    argv: list[str],
    *,
    writable: bool = False,
    log: Path | None = None,
    started: Callable[[int], None] = lambda pid: None,
) -> int:
    """Run a command in the tools root and return its exit status.

    `writable` is for what completes the root; output goes to `log` instead of the terminal;
    `started` is told our first process there.
    """
    guard = os.fork()
    if guard == 0:  # A process can unshare its processes only once, and we may enter twice.
        os._exit(_guard(root, argv, writable, log, started))
    return _accompany(guard)


def _guard(
    root: Path,
    argv: list[str],
    writable: bool,
    log: Path | None,
    started: Callable[[int], None],
) -> int:
    _die_with_parent()
    _unshare(_CLONE_NEWPID)
    child = os.fork()
    if child == 0:
        if log is not None:
            _redirect(log)
        _become(root, argv, writable)
    started(child)
    return _accompany(child)


def join(process: int, argv: list[str]) -> int:
    """Run a command beside the one that entered as `process`, and return its exit status."""
    target = [f"--target={process}", "--mount", "--pid", "--net"]
    env = [f"{name}={value}" for name, value in environment(os.environ).items()]
    return interact(["nsenter", *target, "env", "-i", "-C", str(INSIDE), *env, *argv])


def environment(outer: Mapping[str, str]) -> dict[str, str]:
    """What a command inside sees of our environment."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(INSIDE),
        "PYTHONPYCACHEPREFIX": str(INSIDE / "build/pycache"),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(INSIDE / "build/cache/hypothesis"),
        **carried_values(outer),
        **{name: str(_inside(name)) for name in PATHS if outer.get(name)},
        **{f"{name}_OUTSIDE": outer[name] for name in PATHS if outer.get(name)},
    }


def carried_values(outer: Mapping[str, str]) -> dict[str, str]:
    """The variables that mean the same inside as outside."""
    return {
        name: value for name, value in outer.items() if any(fnmatch.fnmatchcase(name, pattern) for pattern in CARRIED)
    }


def prepare(root: Path) -> None:
    """Make the mount points in a new tools root."""
    for folder in FOLDERS:
        (root / folder).mkdir(exist_ok=True)
    for file in FILES:
        (root / file).touch()


def _redirect(log: Path) -> None:
    with log.open("ab") as sink:
        os.dup2(sink.fileno(), 1)
        os.dup2(sink.fileno(), 2)


def _become(root: Path, argv: list[str], writable: bool) -> None:
    """In the child: be the first process of the new root. Does not return."""
    try:
        _die_with_parent()
        _unshare(_CLONE_NEWNS)
        _mount(root, writable)
        os.chdir(root)
        run(["pivot_root", ".", "old"])
        os.chdir(INSIDE)
        init = str(INSIDE / "image/init.py")
        os.execve("/usr/bin/python3", ["python3", init, *argv], environment(os.environ))
    except (OSError, RuntimeError) as error:
        print(f"The tools root cannot be entered: {error}", flush=True)
        os._exit(1)


def _mount(root: Path, writable: bool) -> None:
    run(["mount", "--make-rprivate", "/"])
    run(["mount", "--bind", root, root])
    if not writable:
        run(["mount", "-o", "remount,bind,ro", root])
    run(["mount", "-t", "proc", "proc", root / "proc"])
    for folder in ("sys", "dev"):
        run(["mount", "--rbind", f"/{folder}", root / folder])
    for folder in ("run", "tmp", "root"):
        run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", root / folder])
    (root / "tmp").chmod(0o1777)
    run(["mount", "--bind", REPOSITORY, root / "parlor"])
    for file in FILES:
        if (Path("/") / file).is_file():
            run(["mount", "--bind", os.path.realpath(f"/{file}"), root / file])
    _mount_pip_configuration(root)
    if os.environ.get("DISPLAY") and SCREENS.is_dir():
        _mount_path(SCREENS, root / SCREENS.relative_to("/"))
    for name in PATHS:
        if os.environ.get(name) and (name != "XAUTHORITY" or Path(os.environ[name]).is_file()):
            _mount_path(Path(os.environ[name]).resolve(), root / _inside(name).relative_to("/"))


def _mount_pip_configuration(root: Path) -> None:
    own = Path("~/.config/pip/pip.conf").expanduser()
    if own.is_file():
        _mount_path(own, root / "root/.config/pip/pip.conf")


def _mount_path(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_file():
        target.touch()
    else:
        source.mkdir(parents=True, exist_ok=True)
        target.mkdir()
    run(["mount", "--bind", source, target])


def _inside(name: str) -> Path:
    return Path("/run/host-paths") / name.lower()


def _accompany(child: int) -> int:
    """Wait for the child; Ctrl-C reaches it through the terminal, other signals are passed on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, frame: os.kill(child, received))
    _, status = os.waitpid(child, 0)
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _unshare(flags: int) -> None:
    if _LIBC.unshare(flags) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"unshare: {os.strerror(code)}")
