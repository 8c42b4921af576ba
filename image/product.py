"""What is ours in the root file system: `rootfs/` as it is, the Python packages, the units that start."""

import compileall
import py_compile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from image.cache import BUILD, REPOSITORY, built, digest, fingerprint
from image.process import run
from image.progress import step

ROOTFS = REPOSITORY / "rootfs"
PACKAGES = ("appliance", "web_setup", "web_client", "tv_mode", "ota", "hardware")
INSTALLED = Path("usr/lib/parlor")
# Developers change the product all day; going back and forth between a few states costs nothing.
KEPT = 4


def build_product(base: Path) -> Path:
    """The layer over `base`, made in seconds."""
    parts = [ROOTFS, *_packages(), Path(__file__)]
    key = digest([base.name, version(), *fingerprint(path for path in parts if path.exists())])
    return built("product", key, lambda target: _build(base, target), kept=KEPT)


def version() -> str:
    """What `git describe` says, with `-dirty` where the work tree differs from the commit; "unknown" without git."""
    git = ["git", "-c", "safe.directory=*", "-C", REPOSITORY]
    found = run([*git, "describe", "--tags", "--always", "--dirty"], check=False)
    return found.stdout.strip() or "unknown"


def _packages() -> list[Path]:
    return [REPOSITORY / name for name in PACKAGES if (REPOSITORY / name).is_dir()]


def _build(base: Path, target: Path) -> None:
    with step("the box's own files"), _overlay(base, target) as root:
        if ROOTFS.is_dir():
            _copy(f"{ROOTFS}/.", root)
        _install_python(root / INSTALLED)
        (root / INSTALLED / "version").write_text(f"{version()}\n", encoding="utf-8")
        run(["systemd-sysusers", f"--root={root}"])
        _enable_units(root)


def _install_python(place: Path) -> None:
    """Copy our packages, compile their translations, and byte-compile them: the root is read-only when they start."""
    place.mkdir(parents=True, exist_ok=True)
    for package in _packages():
        _copy(package, place)
    for catalogue in place.rglob("*.po"):
        run(["pybabel", "-q", "compile", "-i", catalogue, "-o", catalogue.with_suffix(".mo")])
    for stale in place.rglob("__pycache__"):
        run(["rm", "-rf", stale])
    top = str(place.parents[2])
    unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
    if not compileall.compile_dir(place, quiet=1, stripdir=top, prependdir="/", invalidation_mode=unchecked):
        raise RuntimeError("a Python file of ours does not compile")


def _enable_units(root: Path) -> None:
    if any((root / "usr/lib/systemd/system-preset").glob("*parlor*")):
        run(["systemctl", f"--root={root}", "preset-all"])


def _copy(source: Path | str, target: Path) -> None:
    run(["cp", "--recursive", "--no-dereference", "--preserve=mode,timestamps", source, target])


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
