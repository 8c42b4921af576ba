"""Janus, which trixie lacks, rebuilt from the source package of Debian's next release."""

import os
from pathlib import Path

from image import debian
from image.cache import LOGS, built, digest, remove
from image.process import run
from image.progress import step
from image.sources import add_suite

# Older ones have holes that matter here.
OLDEST = "1.4.1"

SOURCE_SUITE = "forky"
# What the build root has beside the build dependencies, which the source package names itself.
PACKAGES = ("build-essential", "dpkg-dev", "ca-certificates")
# Where the build happens in its root.
WORK = "/build"
# Tells the hook which architecture the packages are for.
ARCHITECTURE = "PARLOR_ARCHITECTURE"


class JanusError(RuntimeError):
    """Debian's next release has no Janus that will do."""


def janus_packages(architecture: str) -> Path:
    """The folder with Janus's .deb files for an architecture, built if they are not there yet (about two minutes).

    For another architecture than this machine's it is cross-compiled.
    """
    key = digest([Path(__file__).read_text(encoding="utf-8")])
    return built(f"janus-{architecture}", key, lambda target: _build(target, architecture))


def build_from_source(root: Path) -> None:
    """Build the packages in the build root (a hook)."""
    add_suite(root, "deb-src", SOURCE_SUITE)
    # The suite is still being made: its Release file may be past its date between two of its publications.
    debian.in_root(root, ["apt-get", "-o", "Acquire::Check-Valid-Until=false", "update"])
    (root / WORK.strip("/")).mkdir()
    debian.in_root(root, ["apt-get", "source", "--only-source", f"janus/{SOURCE_SUITE}"], WORK)
    source = next(path for path in (root / WORK.strip("/")).iterdir() if path.is_dir())
    _accept_debhelper_13(source / "debian/control")
    _be_ready_before_the_thread(source / "src/transports/janus_pfunix.c")
    _take_long_messages(source / "src/transports/janus_pfunix.c")
    inside = f"{WORK}/{source.name}"
    architecture = os.environ[ARCHITECTURE]
    crossing = architecture != debian.native_architecture()
    # What is the same on every architecture (the browser's part) is only built where nothing is crossed.
    profiles = "cross,nocheck,nodoc" if crossing else "nocheck,nodoc"
    wanted = ["apt-get", "build-dep", "-y", "--no-install-recommends", *(["--arch-only"] if crossing else [])]
    wanted += [f"--host-architecture={architecture}", f"--build-profiles={profiles}", inside]
    debian.in_root(root, wanted)
    options = f"DEB_BUILD_OPTIONS=nocheck nodoc parallel={len(os.sched_getaffinity(0))}"
    build = ["dpkg-buildpackage", "-B" if crossing else "-b", "-us", "-uc", f"-a{architecture}", f"-P{profiles}"]
    debian.in_root(root, ["env", options, *build], inside)


def _accept_debhelper_13(control: Path) -> None:
    text = control.read_text(encoding="utf-8")
    control.write_text(text.replace("debhelper-compat (= 14)", "debhelper-compat (= 13)"), encoding="utf-8")


def _be_ready_before_the_thread(plugin: Path) -> None:
    """Let the transport's thread find it ready: as it is written, a thread that starts fast ends at once."""
    text = plugin.read_text(encoding="utf-8")
    start = "pfunix_thread = g_thread_try_new("
    if text.count(start) != 1:
        raise JanusError(f"{plugin.name} is not as expected: look whether its thread still waits for `initialized`")
    text = text.replace(start, f"g_atomic_int_set(&initialized, 1);\n\t{start}")
    plugin.write_text(text, encoding="utf-8")


def _take_long_messages(plugin: Path) -> None:
    """Let requests be 128 KiB long: an offer for a room of sixteen people is longer than the 8 KiB that are read."""
    text = plugin.read_text(encoding="utf-8")
    limit = "#define BUFFER_SIZE\t\t8192"
    if text.count(limit) != 1:
        raise JanusError(f"{plugin.name} is not as expected: look how long a request may be now")
    plugin.write_text(text.replace(limit, "#define BUFFER_SIZE\t\t131072"), encoding="utf-8")


def _build(target: Path, architecture: str) -> None:
    log = LOGS / f"janus-{architecture}.log"
    root = target.with_name(f"janus-root-{architecture}")
    remove(root)
    hooks = [("customize", "image.janus:build_from_source")]
    native = debian.native_architecture()
    crossing = architecture != native
    packages = [*PACKAGES, *([f"crossbuild-essential-{architecture}"] if crossing else [])]
    architectures = f"{native},{architecture}" if crossing else native
    env = {ARCHITECTURE: architecture}
    with step(f"Janus from source for {architecture}", log):
        debian.bootstrap(root, packages, log=log, variant="buildd", hooks=hooks, architecture=architectures, env=env)
        target.mkdir()
        for package in (root / WORK.strip("/")).glob("*.deb"):
            if "dbgsym" not in package.name:
                package.rename(target / package.name)
        _verify(target)
        remove(root)


def _verify(folder: Path) -> None:
    for package in folder.glob("janus_*.deb"):
        version = run(["dpkg-deb", "--field", package, "Version"]).stdout.strip()
        if run(["dpkg", "--compare-versions", version, "ge", OLDEST], check=False).returncode == 0:
            return
    raise JanusError(f"Janus {OLDEST} or newer was expected in {folder}")
