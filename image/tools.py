"""The tools root: Debian 13 with the programs that build, boot and test a box, made once and the same on every host.

Runs on the host's Python (3.9 or newer).
"""

from __future__ import annotations

import uuid
from enum import Enum
from pathlib import Path

from image import debian, namespace, sources
from image.cache import LOGS, REPOSITORY, built, digest, stored
from image.process import CommandError, tail
from image.progress import step

PACKAGES = REPOSITORY / "image" / "packages"
REQUIREMENTS = PACKAGES / "requirements-test.txt"


class Profile(Enum):
    """How much is in a tools root, each with all of the one before: for boxes, for disk images, for tests."""

    RUN = "tools"
    IMAGE = "tools-image"
    TEST = "tools-test"


PURPOSE = {
    Profile.RUN: "building",
    Profile.IMAGE: "building and disk images",
    Profile.TEST: "building, disk images and testing",
}


def tools_root(profile: Profile) -> Path:
    """The tools root of a profile, made if it is not there yet. Where the larger one is there, it serves both."""
    for larger in (Profile.TEST, Profile.IMAGE):
        if stored(larger.value, _key(larger)).exists():
            return built(larger.value, _key(larger), lambda target: None)
        if larger is profile:
            break
    return built(profile.value, _key(profile), lambda target: _build(profile, target))


def packages_of(profile: Profile) -> list[str]:
    """Debian's packages in a profile; tests also get the Python libraries that the box has."""
    names = debian.package_names(PACKAGES / "tools.txt")
    if profile is not Profile.RUN:
        names += debian.package_names(PACKAGES / "tools-image.txt")
    if profile is Profile.TEST:
        names += debian.package_names(PACKAGES / "tools-test.txt")
        box = debian.package_names(PACKAGES / "base.txt")
        names += [name for name in box if name.startswith("python3-") or name == "gunicorn"]
    return sorted(set(names))


def _key(profile: Profile) -> str:
    recipe = [Path(__file__), Path(debian.__file__), Path(sources.__file__)]
    texts = [path.read_text(encoding="utf-8") for path in recipe]
    if profile is Profile.TEST:
        texts.append(REQUIREMENTS.read_text(encoding="utf-8"))
    return digest([*texts, *packages_of(profile)])


def _build(profile: Profile, target: Path) -> None:
    log = LOGS / f"{profile.value}.log"
    with step(f"tools for {PURPOSE[profile]}", log):
        debian.bootstrap(target, packages_of(profile), log=log)
        (target / "etc/machine-id").write_text(f"{uuid.uuid4().hex}\n", encoding="ascii")
        namespace.prepare(target)
        if profile is Profile.TEST:
            _install_requirements(target, log)


def _install_requirements(target: Path, log: Path) -> None:
    inside = namespace.INSIDE / REQUIREMENTS.relative_to(REPOSITORY)
    pip = ["pip", "install", "--quiet", "--break-system-packages", "--no-deps", "--require-hashes"]
    pip += ["--root-user-action=ignore", "--no-cache-dir", f"--requirement={inside}"]
    status = namespace.enter(target, pip, writable=True, log=log)
    if status != 0:
        raise CommandError(pip, f"exit status {status}", tail(log))
