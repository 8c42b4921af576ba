"""The bill of materials, from a package database."""

import json
from pathlib import Path

from image.board import Board
from image.sbom import Package, bill, installed

STATUS = """\
Package: zlib1g
Status: install ok installed
Architecture: amd64
Source: zlib
Version: 1:1.3.dfsg+really1.3.1-1+b1
Maintainer: nobody <nobody@example.org>
Description: compression

Package: ejabberd
Status: install ok installed
Architecture: amd64
Version: 26.07-1~bpo13+1
Maintainer: nobody <nobody@example.org>
Description: chat server
"""


def test_every_installed_package_is_in_it_with_its_source(tmp_path: Path) -> None:
    database = tmp_path / "var/lib/dpkg"
    (database / "info").mkdir(parents=True)
    (database / "status").write_text(STATUS)
    ejabberd, zlib = installed(tmp_path)
    assert (ejabberd.name, ejabberd.version, ejabberd.source) == ("ejabberd", "26.07-1~bpo13+1", "ejabberd")
    assert (zlib.source, zlib.source_version) == ("zlib", "1:1.3.dfsg+really1.3.1-1+b1")


def test_versions_are_written_so_that_they_are_found_again() -> None:
    package = Package("zlib1g", "1:1.3+b1", "amd64", "zlib", "1:1.3")
    assert package.purl == "pkg:deb/debian/zlib1g@1%3A1.3%2Bb1?arch=amd64&distro=trixie"


def test_the_same_packages_give_the_same_text_in_any_order() -> None:
    one, two = (Package(name, "1", "amd64", name, "1") for name in ("a", "b"))
    text = bill([two, one], Board.X86, "1.2.3")
    assert text == bill([one, two], Board.X86, "1.2.3")
    assert text != bill([one], Board.X86, "1.2.3")
    document = json.loads(text)
    assert [each["name"] for each in document["components"]] == ["a", "b"]
    assert document["dependencies"][0]["dependsOn"] == [one.purl, two.purl]
    assert document["metadata"]["component"]["version"] == "1.2.3"
