"""The built tree, and a network for boxes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from image.network import Network
from image.tree import mounted_tree


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
