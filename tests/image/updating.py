"""Versions to update to: the tree of today with another number, or with something broken in it, on an update server."""

import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, override

from image import bundle, keys, publish, slots
from image.cache import hold
from image.disk import layout
from image.disk.filesystem import make_slot
from image.process import CommandError, run
from image.product import INSTALLED, compile_python
from image.publish import Site
from image.tree import MOUNTS, Tree, build_tree, mounted_tree
from image.vm import HOST, Vm, VmError, new_disk

# A part of a version that is not as it should be: it is handed the folder of the root file system's changed files.
Change = Callable[[Path], None]

# At most this part of a bundle is fetched when nothing but our own code has changed.
SMALL_UPDATE = 0.15
ROUND_S = 2.0
# Seconds that an installation or a start may take where there is no KVM, beside other work.
GOOD_S = 1500.0
UP_S = 1200.0


def make_version(tree: Tree, version: str, target: Path, change: Change | None = None) -> Path:
    """A bundle of the tree with another version, in the folder `target`."""
    with tempfile.TemporaryDirectory(prefix="version-", dir=target) as scratch:
        changed, slot = Path(scratch, "changed"), Path(scratch, "rootfs.ext4")
        changed.mkdir()
        changed.chmod(0o755)
        _put(changed / INSTALLED / "version", f"{version}\n")
        _put(changed / slots.CONFIGURATION, slots.system_conf(tree.board, version))
        if change:
            change(changed)
        with mounted_tree(tree) as below, _over(below, changed) as root:
            make_slot(slot, root, layout.SLOT_SIZE)
        made = target / bundle.name(tree.board, version)
        manifest = bundle.Manifest(tree.board, version, {"en": [f"This is {version}."]})
        bundle.write(made, {slots.ROOT.name: slot}, manifest, keys.unlocked(keys.selected()))
    return made


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)


def our_code_changes(root: Path) -> None:
    """Every Python file of ours is another, compiled as well, as in a release that changes nothing else."""
    with mounted_tree() as tree:
        for source in (tree / INSTALLED).rglob("*.py"):
            target = root / source.relative_to(tree)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(f"{source.read_text(encoding='utf-8')}\n# changed\n", encoding="utf-8")
    compile_python(root / INSTALLED)


def without_init(root: Path) -> None:
    """The kernel finds nothing to start and panics, or the initramfs gives up: nobody is left to say why."""
    program(root / "usr/lib/systemd/systemd", "exit 1")


def that_hangs(root: Path) -> None:
    """The first process starts nothing and feeds no watchdog."""
    program(root / "usr/lib/systemd/systemd", "while :; do sleep 1000; done")


def without_chat(root: Path) -> None:
    """ejabberd does not start."""
    drop_in = root / "etc/systemd/system/ejabberd.service.d/broken.conf"
    _put(drop_in, "[Service]\nExecStart=\nExecStart=/bin/false\nRestart=no\n")


def program(path: Path, script: str) -> None:
    """A shell script in place of a program."""
    _put(path, f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@contextmanager
def _over(below: Path, above: Path) -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="version-", dir=MOUNTS))
    place.chmod(0o755)
    run(["mount", "-t", "overlay", "-o", f"ro,lowerdir={above}:{below}", "version", place])
    try:
        yield place
    finally:
        run(["umount", "--lazy", place])
        place.rmdir()


class _Ranges(SimpleHTTPRequestHandler):
    """Files, whole or in part (RFC 9110, 14): a box fetches only the blocks that it lacks."""

    protocol_version = "HTTP/1.1"
    sent = 0  # bytes of bodies, by all servers of a test

    @override
    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        size = path.stat().st_size
        first, last = 0, size - 1
        wanted = self.headers.get("Range", "").removeprefix("bytes=")
        if wanted:
            start, _, end = wanted.partition("-")
            first, last = int(start), min(int(end or last), last)
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(last - first + 1))
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.end_headers()
        with path.open("rb") as file:
            file.seek(first)
            self.wfile.write(file.read(last - first + 1))
        _Ranges.sent += last - first + 1

    @override
    def log_message(self, format: str, *args: Any) -> None:
        pass


@dataclass(frozen=True)
class Server:
    """A folder that any web server could show, at `address` for a guest."""

    site: Site
    address: str

    @property
    def sent(self) -> int:
        """Bytes that went out so far."""
        return _Ranges.sent

    def offer(self, tree: Tree, made: Path) -> None:
        """Put a version on the server."""
        news = {"en": [f"New in {made.name}."]}
        publish.put(self.site, tree.board, keys.unlocked(keys.selected()), made, news=news)


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """An update server of a folder, for guests of this machine."""
    folder.mkdir(exist_ok=True)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Ranges, directory=str(folder))) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
        thread.start()
        try:
            yield Server(Site(folder, publish.STABLE), f"http://{HOST}:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()
            shutil.rmtree(folder)


def update(vm: Vm) -> dict[str, Any]:
    """What the box says of its updates."""
    document: dict[str, Any] = json.loads(vm.run(["parlor", "update", "--json"]).stdout)
    return document


def restart(vm: Vm) -> None:
    """Restart into the version that waits; returns once the machine has begun to start."""
    boots = vm.boots
    vm.run(["systemd-run", "--no-block", "parlor", "update", "--restart"])  # the guest may end before it answers
    vm.wait_for_reset(boots)


def wait_for(vm: Vm, what: Mapping[str, str], timeout_s: float) -> dict[str, Any]:
    """Wait until the box says this of its updates, over restarts; `outcome` is that of the last attempt."""
    deadline = time.monotonic() + timeout_s
    said: dict[str, Any] = {}
    while time.monotonic() < deadline:
        try:
            vm.wait_for_guest()
            said = update(vm)
        except (CommandError, VmError) as error:
            said = {"error": str(error)[-300:]}
        seen = {**said, "outcome": (said.get("last") or {}).get("outcome")}
        if all(seen.get(name) == value for name, value in what.items()):
            return said
        time.sleep(ROUND_S)
    raise VmError(f"{vm.name} never said {what}, but {json.dumps(said)}\n{vm.last_words()}")


@dataclass(frozen=True)
class Machine:
    """A machine with an owner, and the server that it asks."""

    vm: Vm
    server: Server
    tree: Tree
    folder: Path

    def people(self) -> list[tuple[str, str]]:
        """Everybody, with their role."""
        listed = json.loads(self.vm.run(["parlor", "user", "list", "--json"]).stdout)
        return [(person["name"], person["role"]) for person in listed]

    def version(self) -> str:
        """The version that runs."""
        return str(update(self.vm)["version"])

    def make(self, version: str, change: Change | None = None) -> Path:
        """A bundle of another version."""
        return make_version(self.tree, version, self.folder, change)

    def install_and_restart(self, *source: str) -> None:
        """Install what the server offers, or a file, and restart into it."""
        self.vm.run(["parlor", "update", "--install", *source], timeout_s=GOOD_S)
        assert update(self.vm)["state"] == "waiting"
        restart(self.vm)


@contextmanager
def updatable(disk: Path, folder: Path, *, volatile_cache: bool = False) -> Iterator[Machine]:
    """A machine with a copy of a disk that somebody owns; it asks a server of its own for updates."""
    copy, tree = new_disk(disk, folder / "disk.img"), build_tree()
    held = [hold(tree.base), hold(tree.product)]  # others build while this runs
    with serving(folder / "site") as server, Vm("updated", copy, volatile_cache=volatile_cache) as vm:
        vm.wait_until_up(UP_S)
        vm.run(["parlor", "settings", "set", "updates.automatic", "false"])
        vm.run(["parlor", "settings", "set", "updates.server", server.address])
        yield Machine(vm, server, tree, folder)
    copy.unlink()
    for descriptor in held:
        os.close(descriptor)
