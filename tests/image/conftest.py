"""The built tree, a network for boxes, and disks for machines."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from image.box import Box
from image.disk.disk import disk_image
from image.network import Network
from image.tree import build_tree, mounted_tree
from image.vm import new_disk
from tests.image.power import SIZE, claim, furnish


@pytest.fixture(scope="session")
def tree() -> Iterator[Path]:
    """The root file system as it is shipped, read-only."""
    with mounted_tree() as root:
        yield root


@pytest.fixture
def lan(tree: Path) -> Iterator[Network]:
    """A network for one test; the tree comes first, since building needs the host's network."""
    with Network() as network:
        yield network


@pytest.fixture(scope="session")
def image() -> Path:
    """The disk image as people flash it."""
    return disk_image(build_tree())


@pytest.fixture(scope="session")
def owned_disk(image: Path, tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The disk of a box that somebody owns, with a last good state. A container made both: it starts in seconds."""
    folder = tmp_path_factory.mktemp("owned")
    (folder / "keep").mkdir()
    binds = {"/run/parlor-keep": folder / "keep"}
    with Network() as lan, Box("owned", tree, lan, data=folder / "data", binds=binds) as box:
        box.wait_until_up()
        claim(box)
        box.run(["systemctl", "start", "parlor-keep.service"])
    disk = new_disk(image, folder / "disk.img", SIZE)
    for label in ("data", "keep"):
        furnish(disk, label, folder / label, folder / f"{label}-mounted")
    return disk
