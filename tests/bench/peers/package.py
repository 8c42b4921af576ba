"""A peer as Debian packages it: a minimal system with the package, its own unit, and a network like the box's."""

import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import close
from pathlib import Path

from image import base, debian, sources
from image.base import MOUNT_POINTS, RESOLV_CONF
from image.box import Box
from image.cache import LOGS, built, digest, fingerprint, hold
from image.network import Network
from image.process import run
from image.progress import step

SYSTEM = ("systemd", "systemd-sysv", "dbus")
# A box shows its tree read-only; these folders get a copy of their own for each installation, on the disk.
WRITABLE = ("etc", "home", "media", "mnt", "opt", "root", "srv", "var")
BACKPORTS = ("setup", "image.base:add_backports")
_CLEAN = ("customize", "tests.bench.peers.package:clean")
_LEFTOVERS = ("var/cache/apt/*.bin", "var/lib/apt/lists/*", "var/log/*.log")


def build(name: str, packages: Sequence[str], hooks: Sequence[tuple[str, str]] = ()) -> Path:
    """The tree with these packages, without what they only recommend; built if it is not there yet."""
    wanted = [*SYSTEM, *packages]
    recipe = [Path(module) for module in (__file__, base.__file__, debian.__file__, sources.__file__)]
    key = digest([*wanted, *(stage + hook for stage, hook in hooks), *fingerprint(recipe)])
    return built(f"peer-{name}", key, lambda target: _build(name, target, wanted, hooks), kept=1)


@contextmanager
def held(tree: Path) -> Iterator[Path]:
    """Keep a tree from being pruned while the body runs."""
    descriptor = hold(tree)
    try:
        yield tree
    finally:
        close(descriptor)


def clean(root: Path) -> None:
    """Leave no package lists, and make the root fit for a box (a hook of the build)."""
    for pattern in _LEFTOVERS:
        for path in root.glob(pattern):
            run(["rm", "-rf", "--", path])
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    (root / "etc/resolv.conf").symlink_to(RESOLV_CONF)
    for folder in MOUNT_POINTS:
        (root / folder).mkdir(exist_ok=True)


def copy(tree: Path, folder: Path, host: str) -> None:
    """Copy what an installation may write to `folder`, and give it a machine's identity as Debian's installer does."""
    for part in WRITABLE:
        run(["cp", "-a", tree / part, folder / part])
    (folder / "etc/machine-id").write_text(f"{uuid.uuid4().hex}\n", encoding="ascii")
    (folder / "etc/hostname").write_text(f"{host}\n", encoding="ascii")
    hosts = f"127.0.0.1 localhost\n127.0.1.1 {host}\n::1 localhost ip6-localhost ip6-loopback\n"
    (folder / "etc/hosts").write_text(hosts, encoding="ascii")


def box_of(name: str, tree: Path, folder: Path, network: Network) -> Box:
    """A box that runs `tree` with the copies in `folder`."""
    binds = {f"/{part}": folder / part for part in WRITABLE}
    return Box(name, tree, network, data=folder / "data", binds=binds)


def install_certificate(chain: Path, key: Path, target: Path) -> None:
    """Put a chain with its key in place of `target`, whose owner and mode stay."""
    target.write_bytes(chain.read_bytes() + key.read_bytes())


def copy_owned(source: Path, target: Path) -> None:
    """Copy a file so that the group of the target's folder may read it, as a secret of a daemon."""
    shutil.copyfile(source, target)
    shutil.chown(target, "root", target.parent.stat().st_gid)
    target.chmod(0o640)


def _build(name: str, target: Path, packages: Sequence[str], hooks: Sequence[tuple[str, str]]) -> None:
    log = LOGS / f"peer-{name}.log"
    with step(f"peer for the benchmark: {name}", log):
        debian.bootstrap(target, packages, log=log, hooks=[*hooks, _CLEAN])
