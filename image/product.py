"""What is ours in the root file system: `rootfs/` as it is, the Python packages, the units that start."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from image import keys, sbom, slots
from image.base import settle
from image.board import Board
from image.cache import BUILD, REPOSITORY, built, digest, fingerprint
from image.changelog import CHANGELOG, newest
from image.emulation import emulated
from image.process import run
from image.progress import step

ROOTFS = REPOSITORY / "rootfs"
PACKAGES = ("appliance", "web_setup", "web_client", "tv_mode", "ota", "hardware")
INSTALLED = Path("usr/lib/parlor")
# The web address that boxes ask for updates where their settings name none; empty without one.
UPDATE_SERVER = INSTALLED / "update-server"
ERLANG = Path("usr/lib/parlor-ejabberd")
# Developers change the product all day; going back and forth between a few states costs nothing.
KEPT = 4


def build_product(board: Board, base: Path) -> Path:
    """The layer over a board's `base`, made in seconds."""
    keyring = keys.selected().keyring
    parts = [ROOTFS, *_packages(), *(Path(str(module.__file__)) for module in (sbom, slots)), Path(__file__)]
    made_of = fingerprint(path for path in parts if path.exists())
    named = version()  # once: somebody may commit while we build
    key = digest([base.name, named, keyring.read_text(encoding="ascii"), _update_server(), *made_of])
    return built(f"product-{board}", key, lambda target: _build(board, base, named, keyring, target), kept=KEPT)


def version() -> str:
    """The version of the work tree (semver.org): 1.2.3 where a commit is tagged v1.2.3 and nothing was changed since.

    Else the next version, which the changelog names, as `1.2.3-dev.COUNT+gCOMMIT` with `.dirty` where the work tree
    differs from the commit; the count of commits lets later ones compare as newer. `1.2.3-dev.0` without git.
    """
    upcoming = newest(CHANGELOG.read_text(encoding="utf-8"))
    commit = _git("rev-parse", "--short", "HEAD")
    dirty = ".dirty" if _git("status", "--porcelain", "--untracked-files=no") else ""
    if commit and not dirty and f"v{upcoming}" in _git("tag", "--points-at", "HEAD").split():
        return upcoming
    return f"{upcoming}-dev.{_git('rev-list', '--count', 'HEAD') or 0}" + (f"+g{commit}{dirty}" if commit else "")


def _git(*arguments: str) -> str:
    """What git says, or nothing where there is no git or no repository."""
    git = ["git", "-c", "safe.directory=*", "-C", str(REPOSITORY)]
    return run([*git, *arguments], check=False).stdout.strip()


def _packages() -> list[Path]:
    return [REPOSITORY / name for name in PACKAGES if (REPOSITORY / name).is_dir()]


def _build(board: Board, base: Path, named: str, keyring: Path, target: Path) -> None:
    started = time.time()
    with step("the box's own files"), _overlay(base, target) as root:
        _copy(ROOTFS, root)
        _install_python(root / INSTALLED)
        (root / INSTALLED / "version").write_text(f"{named}\n", encoding="utf-8")
        (root / sbom.PLACE).parent.mkdir(parents=True, exist_ok=True)
        (root / sbom.PLACE).write_text(sbom.bill(sbom.installed(base), board, named), encoding="utf-8")
        _configure_updates(root, board, named, keyring)
        run(["systemd-sysusers", f"--root={root}"])
        with emulated(board.architecture):
            _compile_erlang(root)
        _enable_units(root)
    settle(target, started)
    _mark_time(target)


def _update_server() -> str:
    return os.environ.get("UPDATE_SERVER", "")


def _configure_updates(root: Path, board: Board, named: str, keyring: Path) -> None:
    """Which bundles the box takes: made for this board, not older, and signed by the keyring's root."""
    for place, content in (
        (slots.CONFIGURATION, slots.system_conf(board, named)),
        (slots.KEYRING, keyring.read_text(encoding="ascii")),
        (UPDATE_SERVER, _update_server()),
    ):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(content, encoding="ascii")


def _mark_time(root: Path) -> None:
    """Let no clock start before this version was made: systemd takes it from this file's time (systemd(1))."""
    mark = root / "usr/lib/clock-epoch"
    mark.touch()
    made = int(_git("log", "-1", "--format=%ct") or 0)
    os.utime(mark, (made, made))


def _install_python(place: Path) -> None:
    """Copy our packages, compile their translations, and byte-compile them: the root is read-only when they start."""
    place.mkdir(parents=True, exist_ok=True)
    for package in _packages():
        _copy(package, place / package.name)
    for catalogue in place.rglob("*.po"):
        run(["pybabel", "-q", "compile", "-i", catalogue, "-o", catalogue.with_suffix(".mo")])
    compile_python(place)


def compile_python(place: Path) -> None:
    """Byte-compile what is in the folder /usr/lib/parlor of a root, for good: nothing is looked at again."""
    compiler = ["python3", "-I", "-m", "compileall"]  # -I: our own environment puts the results elsewhere.
    where = ["-s", str(place.parents[2]), "-p", "/", str(place)]
    run([*compiler, "-q", "--invalidation-mode=unchecked-hash", *where])


def _compile_erlang(root: Path) -> None:
    """Compile our modules for ejabberd with the box's own Erlang, which finds ejabberd's headers below ERL_LIBS."""
    sources = [f"/{path.relative_to(root)}" for path in sorted((root / ERLANG).glob("*.erl"))]
    libraries = "ERL_LIBS=/usr/lib/x86_64-linux-gnu:/usr/lib/aarch64-linux-gnu"
    run(["chroot", root, "env", libraries, "erlc", "-Werror", "+deterministic", "-o", f"/{ERLANG}", *sources])


def _enable_units(root: Path) -> None:
    if any(ROOTFS.rglob("*.preset")):
        run(["systemctl", f"--root={root}", "preset-all"])


def _copy(source: Path, target: Path) -> None:
    """Copy a folder's content; readable by everybody, whatever umask the clone was made with."""
    target.mkdir(exist_ok=True)
    for each in sorted(source.iterdir()):
        place = target / each.name
        if each.is_symlink():
            place.unlink(missing_ok=True)
            place.symlink_to(each.readlink())
        elif each.is_dir() and each.name != "__pycache__":
            _copy(each, place)
        elif each.is_file():
            shutil.copyfile(each, place)
            place.chmod(0o755 if each.stat().st_mode & 0o100 else 0o644)


@contextmanager
def _overlay(base: Path, target: Path) -> Iterator[Path]:
    """`base` as a writable folder; what is written to it goes to `target`."""
    target.mkdir()
    with tempfile.TemporaryDirectory(prefix="overlay-", dir=BUILD) as scratch:
        root = Path(scratch, "root")
        work = Path(scratch, "work")
        root.mkdir()
        work.mkdir()
        layers = f"lowerdir={base},upperdir={target},workdir={work}"
        run(["mount", "-t", "overlay", "-o", layers, "product", root])
        try:
            yield root
        finally:
            run(["umount", root])
