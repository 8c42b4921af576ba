"""What an image costs: sizes, power-on to the wizard, and a small update; beside FreedomBox's packages, on the disk.

Run as `python3 -m tests.bench.machine`. Times are those of an emulated machine where KVM does not work; the first line
says so.
"""

import ssl
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from image.accelerator import accelerator
from image.board import Board
from image.bundle import version_of
from image.cache import BUILD
from image.disk.disk import disk_image
from image.disk.pack import pack
from image.process import run
from image.progress import say
from image.tree import Tree, build_tree, mounted_tree
from image.vm import Vm, new_disk
from tests.bench.peers.freedombox import FreedomBox
from tests.image import updating
from tests.image.power import claim

MIB = 1024 * 1024
POLL_S = 0.25
LIMIT_S = 1800.0


@dataclass(frozen=True)
class Update:
    """One update: the bundle's size and what of it was fetched, in bytes; times in seconds."""

    bundle: int
    fetched: int
    install_s: float
    away_s: float
    until_kept_s: float


def main() -> int:
    """Measure and print; it judges nothing."""
    say(f"Virtual machine: {' '.join(accelerator())}")
    tree = build_tree()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=BUILD) as place:
        _sizes(tree)
        first_s, update = _machine(tree, Path(place))
    share = update.fetched / update.bundle
    say(f"power-on to the wizard's page     {first_s:7.1f} s")
    say(f"bundle                            {update.bundle / MIB:7.1f} MiB")
    say(f"fetched when all our code changes {update.fetched / MIB:7.1f} MiB")
    say(f"  of the bundle                   {share:7.1%} (at most {updating.SMALL_UPDATE:.0%}: {_verdict(share)})")
    say(f"installation                      {update.install_s:7.1f} s")
    say(f"page away at the restart          {update.away_s:7.1f} s")
    say(f"restart until it is kept          {update.until_kept_s:7.1f} s")
    return 0


def _sizes(tree: Tree) -> None:
    disk = disk_image(tree)
    packed = pack(disk, Board.X86, version_of(tree))
    say(f"image as people load it           {packed.file.stat().st_size / MIB:7.1f} MiB")
    with mounted_tree(tree) as root, FreedomBox().tree() as peer:
        own, other = _on_disk(root), _on_disk(peer)
    say(f"root file system                  {own:7.1f} MiB")
    say(f"FreedomBox's, without a kernel    {other:7.1f} MiB (×{own / other:.2f})")


def _on_disk(root: Path) -> float:
    listing = run(["du", "--summarize", "--one-file-system", "--block-size=1K", root]).stdout
    return int(listing.split()[0]) / 1024


def _machine(tree: Tree, folder: Path) -> tuple[float, Update]:
    disk = new_disk(disk_image(tree), folder / "disk.img")
    made = updating.make_version(tree, "9.0.0", folder, updating.our_code_changes)
    with updating.serving(folder / "site") as server, Vm("bench", disk) as vm:
        first_s = _wait_for_page(vm, time.monotonic())
        vm.wait_until_up()
        claim(vm)
        vm.run(["parlor", "settings", "set", "updates.automatic", "false"])
        vm.run(["parlor", "settings", "set", "updates.server", server.address])
        server.offer(tree, made)
        vm.run(["parlor", "update", "--check"])
        return first_s, _update(vm, server, made)


def _update(vm: Vm, server: updating.Server, made: Path) -> Update:
    before, started = server.sent, time.monotonic()
    vm.run(["parlor", "update", "--install"], timeout_s=LIMIT_S)
    install_s, fetched = time.monotonic() - started, server.sent - before
    restarted = time.monotonic()
    updating.restart(vm)
    away_s = _wait_for_page(vm, restarted)
    updating.wait_for(vm, {"slot": "B", "state": "idle", "outcome": "good"}, LIMIT_S)
    return Update(made.stat().st_size, fetched, install_s, away_s, time.monotonic() - restarted)


def _wait_for_page(vm: Vm, since: float) -> float:
    """Wait until the setup or login page answers; seconds since `since`."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    while time.monotonic() < since + LIMIT_S:
        try:
            with urllib.request.urlopen(f"https://localhost:{vm.ports[443]}/", timeout=10, context=context) as page:
                if page.status == 200:
                    return time.monotonic() - since
        except OSError:
            time.sleep(POLL_S)
    raise TimeoutError(f"{vm.name} shows no page\n{vm.last_words()}")


def _verdict(share: float) -> str:
    return "met" if share <= updating.SMALL_UPDATE else "MISSED"


if __name__ == "__main__":
    sys.exit(main())
