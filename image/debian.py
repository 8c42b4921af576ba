"""Makes Debian 13 roots with mmdebstrap, which knows Debian's own mirrors: no host is named here.

Runs on the host's Python (3.9 or newer).
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from image.process import run

SUITE = "trixie"

# Not wanted in any root: nobody reads manuals or translations there. Licences stay.
NOT_UNPACKED = (
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/lintian/*",
    "path-exclude=/usr/share/bug/*",
)

# Variables that mean something to apt or to our hooks.
PASSED = (
    *("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    *("MIRROR", "MIRROR_SECURITY", "TMPDIR"),
)


def package_names(path: Path) -> list[str]:
    """The packages (or units) in a list: one a line, comments after #."""
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def native_architecture() -> str:
    """Debian's name of this machine's architecture."""
    return run(["dpkg", "--print-architecture"]).stdout.strip()


def bootstrap(
    target: Path,
    packages: Iterable[str],
    *,
    log: Path,
    hooks: Sequence[tuple[str, str]] = (),
    variant: str = "minbase",
    architecture: str = "",
    components: Sequence[str] = ("main",),
    env: Mapping[str, str] | None = None,
) -> None:
    """Make a root with these packages in the folder `target`, without anything they only recommend.

    `architecture` is this machine's own unless it is named (`image.emulation` runs another's programs); two, separated
    by a comma, make a root of the first with packages of both. `hooks` are pairs of mmdebstrap's stage (setup, extract,
    essential, customize) and "module:function" of ours, which is called with the root. MIRROR and
    MIRROR_SECURITY replace Debian's own mirrors. Raises `CommandError`.
    """
    stages = [("setup", "image.sources:choose_mirror"), *hooks]
    argv = ["mmdebstrap", f"--variant={variant}", "--mode=root", "--format=directory"]
    argv += ["--aptopt=Apt::Install-Recommends false", "--aptopt=Acquire::Retries 3"]
    argv += [f"--dpkgopt={option}" for option in NOT_UNPACKED]
    argv += [f"--{stage}-hook={_command(function)}" for stage, function in stages]
    argv += [f"--components={','.join(components)}", *([f"--architectures={architecture}"] if architecture else [])]
    argv += ["--skip=check/qemu"]  # It asks a program of its own whether emulation works, and does no more.
    argv += [f"--include={','.join(packages)}", SUITE, str(target)]
    run(argv, log=log, env={**_environment(os.environ), **(env or {})})


def _environment(outer: Mapping[str, str]) -> dict[str, str]:
    """What packages see while they are installed: a variable of Python's, say, would change what they compile."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LC_ALL": "C.UTF-8",
        **{name: outer[name] for name in PASSED if name in outer},
    }


def in_root(root: Path, argv: Sequence[str], folder: str = "/") -> None:
    """Run a program of the root in it, from a hook; its output goes to mmdebstrap's log."""
    env = ["env", "-C", folder, "DEBIAN_FRONTEND=noninteractive"]
    run(["chroot", root, *env, *argv], log=Path("/dev/stderr"))


def _command(function: str) -> str:
    runner = Path(__file__).with_name("hook.py")
    return f'{shlex.quote(sys.executable)} {shlex.quote(str(runner))} {function} "$1"'
