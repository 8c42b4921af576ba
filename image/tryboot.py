"""The kernel module that lets Debian's kernel ask the Raspberry Pi's firmware for a try boot, cross-compiled.

Debian's kernel restarts a Raspberry Pi without a word to the firmware about `tryboot`, so no new system would be tried.
"""

import os
import shutil
from pathlib import Path

from image import debian
from image.cache import LOGS, REPOSITORY, built, digest, fingerprint, remove
from image.progress import step

SOURCE = REPOSITORY / "image/tryboot_module"
NAME = "parlor_tryboot.ko"
# Where the build happens in its root, and what tells the hook for which kernel.
WORK = "/build"
VERSION = "PARLOR_KERNEL"
COMPILER = "aarch64-linux-gnu-"


def install_tryboot(root: Path) -> None:
    """Put the module beside the kernel's own (a hook)."""
    kernel = next((root / "usr/lib/modules").iterdir())
    place = kernel / "updates"
    place.mkdir(exist_ok=True)
    shutil.copy(tryboot_module(kernel.name), place)
    debian.in_root(root, ["depmod", kernel.name])


def tryboot_module(version: str) -> Path:
    """The module for the kernel of this version (as in `uname -r`), built if it is not there yet (half a minute)."""
    key = digest([version, *fingerprint([Path(__file__), SOURCE])])
    return built("tryboot", key, lambda target: _build(target, version)) / NAME


def compile_module(root: Path) -> None:
    """Compile it in the build root (a hook)."""
    shutil.copytree(SOURCE, root / WORK.strip("/"))
    kernel = f"/usr/lib/modules/{os.environ[VERSION]}/build"
    target = ["ARCH=arm64", f"CROSS_COMPILE={COMPILER}"]
    debian.in_root(root, ["make", "-C", kernel, f"M={WORK}", *target, "modules"])


def _build(target: Path, version: str) -> None:
    log = LOGS / "tryboot.log"
    root = target.with_name("tryboot-root")
    remove(root)
    packages = ["make", "gcc", f"linux-headers-{version}:arm64"]
    hooks = [("setup", "image.raspberry:add_sources"), ("customize", "image.tryboot:compile_module")]
    architectures = f"{debian.native_architecture()},arm64"
    with step("the kernel module for try boots", log):
        debian.bootstrap(
            root,
            packages,
            log=log,
            hooks=hooks,
            architecture=architectures,
            env={VERSION: version},
        )
        target.mkdir()
        (root / WORK.strip("/") / NAME).rename(target / NAME)
        remove(root)
