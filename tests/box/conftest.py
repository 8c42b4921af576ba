"""Boxes for the tests: `box` has an owner and serves the whole run; `unclaimed_box` is fresh for each test."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from image.box import Box
from image.network import Network
from image.tree import mounted_tree
from tests.box.authority import Authority
from tests.box.house import ClaimedBox, House, NameServer, claimed_box


def pytest_configure(config: pytest.Config) -> None:
    """A client whose loop ends before its server has said goodbye (TLS) leaves a transport: no test is the worse.

    The transport and its socket are collected together, in any order: either may be the one that is told of.
    """
    # aiortc's own business, of which it is told in the middle of a handshake.
    config.addinivalue_line("filterwarnings", "ignore:Passing pyOpenSSL .* objects is deprecated:DeprecationWarning")
    config.addinivalue_line("filterwarnings", "ignore:unclosed transport:ResourceWarning")
    config.addinivalue_line("filterwarnings", r"ignore:unclosed <socket\.socket .* type=1,:ResourceWarning")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the last of the journal of each box that a failed test used."""
    report = yield
    if report.failed:
        for name, value in getattr(item, "funcargs", {}).items():
            used = value.box if isinstance(value, ClaimedBox) else value
            if isinstance(used, Box) and used.running:
                report.sections.append((f"journal of {name}", used.journal("--lines=60")))
    return report


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The network, its name server, and the authority."""
    folder = tmp_path_factory.mktemp("house")
    with mounted_tree() as tree, Network() as network:  # the network first would cut the build off
        names = NameServer(network, folder)
        try:
            yield House(tree, network, names, Authority(folder), folder)
        finally:
            names.close()


@pytest.fixture(scope="session")
def box(house: House) -> Iterator[ClaimedBox]:
    """A claimed box at `one.example`; tests make people of their own in it and leave the rest as it was."""
    with claimed_box(house, "one.example") as owned:
        yield owned


@pytest.fixture
def unclaimed_box(house: House, tmp_path: Path) -> Iterator[Box]:
    """A box fresh from the factory."""
    with Box("fresh", house.tree, house.network, data=tmp_path / "data") as fresh:
        fresh.wait_until_up()
        yield fresh
