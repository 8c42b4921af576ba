"""First stage, on the host's own Python (3.9 or newer): become root, install what is missing, enter the tools root.

The host gives Python, make, mmdebstrap with Debian's keys, and mount; everything else is in the tools root.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Callable

from image import namespace, tools
from image.cache import BUILD, held, hold, remove
from image.process import CommandError, run
from image.progress import step

# What the host must have: a file that proves it, and the package it comes from (the same in Debian and Ubuntu).
NEEDED = (
    ("/usr/bin/mmdebstrap", "mmdebstrap"),
    ("/usr/share/keyrings/debian-archive-keyring.gpg", "debian-archive-keyring"),
    ("/usr/bin/gpg", "gpg"),
    ("/usr/sbin/pivot_root", "util-linux"),
)
SESSION = BUILD / "session"
# What `make clean` leaves.
KEPT = ("data", "boot", "keys", SESSION.name)
IN_SCOPE = "PARLOR_IN_SCOPE"


class HostError(RuntimeError):
    """This host cannot do it yet; the message says what to do next."""


def main(arguments: list[str]) -> int:
    """Enter the tools root (or join, end, tidy up) and return the command's exit status."""
    options = _parser().parse_args(arguments)
    try:
        _become_root(arguments)
        return _act(options, arguments)
    except (HostError, CommandError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("image/enter", description="run a command in the tools root")
    parser.add_argument("--tools", action="store_true", help="only what building and booting needs")
    parser.add_argument("--image", action="store_true", help="with what disk images need")
    parser.add_argument("--session", action="store_true", help="be what --join joins; at most one")
    parser.add_argument("--join", action="store_true", help="inside the environment of `make run`")
    parser.add_argument("--stop", action="store_true", help="end `make run`; no command")
    parser.add_argument("--clean", action="store_true", help="delete what was built; no command")
    parser.add_argument("command", nargs=argparse.REMAINDER, default=[])
    return parser


def _act(options: argparse.Namespace, arguments: list[str]) -> int:
    if options.stop:
        return _stop()
    if options.clean:
        return _clean()
    if not options.command:
        raise HostError("Which command? `image/enter bash` opens a shell.")
    if options.join:
        return namespace.join(_session_process(), options.command)
    _own_cgroup(arguments)
    _verify_variables()
    _install_packages()
    profile = _profile(options)
    if not options.session:
        return _enter(profile, options.command)
    with _session() as started:
        return _enter(profile, options.command, started)


def _profile(options: argparse.Namespace) -> tools.Profile:
    if options.tools:
        return tools.Profile.RUN
    return tools.Profile.IMAGE if options.image else tools.Profile.TEST


def _enter(profile: tools.Profile, command: list[str], started: Callable[[int], None] = lambda pid: None) -> int:
    root = tools.tools_root(profile)
    hold(root)
    return namespace.enter(root, command, started=started)


@contextmanager
def _session() -> Iterator[Callable[[int], None]]:
    """The one place of `make run`; what it yields is told the process that `make shell` joins."""
    BUILD.mkdir(exist_ok=True)
    with SESSION.open("a+", encoding="utf-8") as session:
        try:
            fcntl.flock(session, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HostError(
                "Parlor is already running from this folder.\n`make shell` looks inside, `make stop` ends it."
            ) from None
        session.truncate(0)
        yield lambda pid: _note(session.fileno(), pid)


def _stop() -> int:
    try:
        process = _session_process()
    except HostError as error:
        print(error)
        return 0
    os.kill(process, signal.SIGTERM)
    with SESSION.open(encoding="utf-8") as session:
        fcntl.flock(session, fcntl.LOCK_SH)
    return 0


def _clean() -> int:
    with _session():
        if held():
            raise HostError("Something still runs from build/cache; end it first.")
        for path in BUILD.iterdir():
            if path.name not in KEPT:
                remove(path)
    return 0


def _verify_variables() -> None:
    provision = os.environ.get("PROVISION")
    if provision and not Path(provision).is_file():
        raise HostError(f"PROVISION={provision}: there is no such file.")
    keys = os.environ.get("RELEASE_KEYS")
    if keys and not Path(keys).is_dir():
        raise HostError(f"RELEASE_KEYS={keys}: there is no such folder.")
    server = os.environ.get("UPDATE_SERVER")
    if server and not server.startswith(("https://", "http://")):
        raise HostError(f"UPDATE_SERVER={server}: this must be a web address that begins with https:// (or http://).")


def _note(descriptor: int, pid: int) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{pid}\n".encode(), 0)


def _session_process() -> int:
    """The host's process id of the first process in the environment of `make run`."""
    if SESSION.exists():
        with SESSION.open(encoding="utf-8") as session:
            try:
                fcntl.flock(session, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                text = session.read().strip()
                if text:
                    return int(text)
                raise HostError("Parlor is still being built; try again when it runs.") from None
    raise HostError("Parlor is not running here; `make run` starts it.")


def _become_root(arguments: list[str]) -> None:
    if os.geteuid() == 0:
        return
    if shutil.which("sudo") is None:
        raise HostError(
            "Building and booting a box needs root, and there is no sudo here.\n"
            "Run the same command as root, for example from `su -`."
        )
    print("Building and booting a box needs root.", flush=True)
    kept = [f"{name}={value}" for name, value in namespace.carried_values(os.environ).items()]
    _flush_and_exec(["sudo", "env", *kept, *_self(arguments)])


def _own_cgroup(arguments: list[str]) -> None:
    """Where systemd owns the cgroups, ask it for a part that the boxes may divide among themselves."""
    if IN_SCOPE in os.environ or not Path("/run/systemd/system").exists():
        return
    if not Path("/sys/fs/cgroup/cgroup.controllers").exists():
        return
    scope = ["systemd-run", "--scope", "--quiet", "--collect", "--property=Delegate=yes"]
    _flush_and_exec([*scope, f"--setenv={IN_SCOPE}=1", *_self(arguments)])


def _self(arguments: list[str]) -> list[str]:
    return [sys.executable, str(Path(__file__).with_name("enter")), *arguments]


def _flush_and_exec(argv: list[str]) -> None:
    sys.stdout.flush()
    os.execvp(argv[0], argv)


def _install_packages() -> None:
    missing = sorted({package for proof, package in NEEDED if not Path(proof).exists()})
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise HostError(
            f"This machine lacks {', '.join(missing)} and has no apt-get to install it.\n"
            "Parlor is built on Debian 12 or newer, or on Ubuntu 22.04 or newer."
        )
    log = BUILD / "logs" / "host-packages.log"
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with step(f"installing {', '.join(missing)} on this machine", log):
        run(["apt-get", "update"], log=log, env=env)
        run(["apt-get", "install", "-y", "--no-install-recommends", *missing], log=log, env=env)
