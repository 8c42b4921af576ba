"""The root file system holds what the box needs, and nothing secret or unique to the machine that built it."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from image import sbom
from image.base import MASKED
from image.debian import package_names
from image.process import run

# The users whose files are on /data; the numbers are for ever.
FIXED = {"www-data": 33, "ejabberd": 901, "janus": 902, "parlor-portal": 903, "avahi": 904, "_chrony": 905}


def walk(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            yield Path(folder, name)


@pytest.mark.parametrize(("user", "number"), FIXED.items())
def test_users_have_the_same_number_in_every_build(tree: Path, user: str, number: int) -> None:
    lines = (tree / "etc/passwd").read_text().splitlines()
    assert [line.split(":")[2:4] for line in lines if line.startswith(f"{user}:")] == [[str(number)] * 2]


def test_there_is_nothing_secret(tree: Path) -> None:
    files = [path for path in walk(tree) if path.is_file() and not path.is_symlink()]
    suspects = [path for path in files if path.suffix in (".pem", ".key", ".crt") or "etc" in path.parts]
    assert [path for path in suspects if b"PRIVATE KEY-----" in path.read_bytes()] == []
    assert [path for path in files if path.name in (".erlang.cookie", "random-seed")] == []


def test_no_password_opens_anything(tree: Path) -> None:
    words = {line.split(":")[1] for line in (tree / "etc/shadow").read_text().splitlines()}
    assert words <= {"*", "!", "!*"}


def test_there_is_nothing_unique(tree: Path) -> None:
    assert (tree / "etc/machine-id").read_text() == ""
    for name in ("etc/hostname", "var/lib/dbus/machine-id", "etc/apt/sources.list"):
        assert not (tree / name).exists(), name
    assert list((tree / "var/log").iterdir()) == []


def test_known_passwords_of_sample_configurations_are_gone(tree: Path) -> None:
    assert list((tree / "etc/janus").iterdir()) == []
    assert list((tree / "etc/ejabberd").iterdir()) == []


def test_the_versions_without_known_holes_are_in_it(tree: Path) -> None:
    bill = json.loads((tree / sbom.PLACE).read_text())
    versions = {each["name"]: each["version"] for each in bill["components"]}
    assert set(versions) == {package.name for package in sbom.installed(tree)}
    for name, oldest in (("janus", "1.4.1"), ("ejabberd", "26.07")):
        run(["dpkg", "--compare-versions", versions[name], "ge", oldest])


def test_our_own_files_are_readable_by_every_user_and_writable_by_root_only(tree: Path) -> None:
    for path in walk(tree / "usr/lib/parlor"):
        status = path.lstat()
        assert (status.st_uid, status.st_gid) == (0, 0), path
        assert stat.S_IMODE(status.st_mode) in (0o644, 0o755), path


@pytest.mark.parametrize("package", ["parlor/appliance", "parlor/web_setup", "python3/dist-packages/flask"])
def test_python_is_compiled_since_it_cannot_be_later(tree: Path, package: str) -> None:
    sources = list((tree / "usr/lib" / package).rglob("*.py"))
    assert sources
    for source in sources:
        assert (source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc").exists(), source


def test_the_version_says_which_commit(tree: Path) -> None:
    assert (tree / "usr/lib/parlor/version").read_text().strip() not in ("", "unknown")


@pytest.mark.parametrize("unit", package_names(MASKED))
def test_unwanted_units_are_masked(tree: Path, unit: str) -> None:
    assert (tree / "etc/systemd/system" / unit).readlink() == Path("/dev/null")


def test_the_tree_cannot_be_written(tree: Path) -> None:
    with pytest.raises(OSError, match="Read-only"):
        (tree / "etc/new").touch()
