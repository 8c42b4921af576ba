"""Bundles that must not be installed, against RAUC on a running box: none is, and the box stays as it was.

Small bundles: what RAUC does to find damage does not depend on their size, and they need no copying of gigabytes.
"""

import datetime as dt
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from image import bundle, cms, keys
from image.board import Board
from image.disk.disk import disk_image
from image.keys import Signer
from image.process import Argument, run
from image.tree import build_tree
from image.vm import Vm, new_disk
from tests.image.tampered import KINDS, SIZE, Anatomy, tampered

# One start of the box without KVM, and five hundred installations, on a machine with other work.
pytestmark = pytest.mark.timeout(2400)
UP_TIMEOUT_S = 900.0

IMAGE = random.Random(17).randbytes(64 * 1024)
# Of each kind three in CI; the whole run takes a quarter of an hour. Damage that RAUC finds by the signature alone is
# tried on as many in test_bundle.py.
SOME, ALL = 3 * len(KINDS), 500
NEWER, OLDER = "9.9.9", "0.0.1"
CHANGES = {"en": ["Faster; and “a = b”.", "Kinder."], "es": ["Más rápido."]}
PLACE = Path("/run/tampered")
PHOTO = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + random.Random(2).randbytes(30_000) + b"\xff\xd9"

# In the guest, with the box's own client of RAUC: what came of each bundle.
INSTALL = """
import asyncio, json, sys, time
from pathlib import Path
from appliance.model import Unavailable
from ota.rauc import Rauc, Refused

async def attempt(path):
    await ready()
    try:
        await Rauc().install(str(path), lambda progress: None)
    except Refused as refused:
        return [refused.original, str(refused)]
    except Unavailable:
        return ["RAUC ended before it answered", ""]
    return ["installed", ""]

async def ready():
    deadline = time.monotonic() + 120
    while True:  # It may have fallen over the bundle before.
        try:
            return await Rauc().installing()
        except Unavailable:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.5)

async def main():
    print(json.dumps({path.name: await attempt(path) for path in sorted(Path(sys.argv[1]).iterdir())}))

asyncio.run(main())
"""
INSPECT = """
import asyncio, json, sys
from ota.rauc import Rauc
print(json.dumps(asyncio.run(Rauc().inspect(sys.argv[1])).meta))
"""
SLOTS = """
import asyncio, dataclasses, json
from ota.rauc import Rauc

async def main():
    slots = [dataclasses.asdict(slot) for slot in await Rauc().slots()]
    print(json.dumps({"primary": await Rauc().primary(), "slots": {slot["bootname"]: slot for slot in slots}}))

asyncio.run(main())
"""


@dataclass(frozen=True)
class Shelf:
    """Folders of bundles on the guest's second disk, and what RAUC made of each."""

    vm: Vm

    def install(self, folder: str) -> dict[str, tuple[str, str]]:
        """Install all of a folder, one after the other: RAUC's sentence ("installed") and the words for people."""
        argv: list[Argument] = ["python3", "-c", INSTALL, PLACE / folder]
        answers = json.loads(self.vm.run(argv, timeout_s=1500).stdout)
        return {name: (original, words) for name, (original, words) in answers.items()}

    def runs_from_a(self) -> bool:
        """Whether the box runs from its first slot, would start from it again, and has nothing whole in the other."""
        found = json.loads(self.vm.run(["python3", "-c", SLOTS]).stdout)
        a, b = found["slots"]["A"], found["slots"]["B"]
        return bool(a["booted"] and a["good"] and found["primary"] == a["name"] and b["status"] != "ok")


def made(folder: Path, signer: Signer, version: str = NEWER, board: Board = Board.X86) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "image").write_bytes(IMAGE)
    images = {"rootfs": folder / "image", "boot": folder / "image"}
    bundle.write(folder / "x.raucb", images, bundle.Manifest(board, version, CHANGES, adaptive=False), signer)
    return folder / "x.raucb"


def signed_anew(original: Path, signer: Signer, scratch: Path) -> bytes:
    """The same bundle with the signature of a key that would make no bundle any more."""
    content = original.read_bytes()
    where = Anatomy.of(content, IMAGE).signature
    (scratch / "message").write_bytes(content[where.start : where.stop])
    message = cms.signed(cms.verified(scratch / "message", keys.selected().keyring), signer)
    return content[: where.start] + message + len(message).to_bytes(SIZE, "big")


def fill(shelf: Path, scratch: Path) -> None:
    """Put every bundle on the shelf."""
    signer = keys.unlocked(keys.selected())
    good = made(scratch / "good", signer)
    now = dt.datetime.now(dt.UTC)
    others = {
        "another-maker": made(scratch / "maker", keys.create(scratch / "other", "", "")).read_bytes(),
        "older": made(scratch / "old", signer, OLDER).read_bytes(),
        "a-commit-older": made(scratch / "commit", signer, a_commit_older()).read_bytes(),
        "other-board": made(scratch / "board", signer, board=Board.RPI).read_bytes(),
        "ended-key": signed_anew(good, lend(scratch / "ended", now - dt.timedelta(days=900)), scratch),
        "future-key": signed_anew(good, lend(scratch / "future", now + dt.timedelta(days=900)), scratch),
        "photo": PHOTO,
        "empty": b"",
    }
    for folder, bundles in (
        ("good", {"good": good.read_bytes()}),
        # Signed as releases are: a development key hardly ever ends.
        ("release", {"release": signed_anew(good, lend(scratch / "today", now), scratch)}),
        ("others", others),
        ("some", damaged(good.read_bytes(), SOME)),
        ("all", damaged(good.read_bytes(), ALL)),
    ):
        (shelf / folder).mkdir(parents=True)
        for name, content in bundles.items():
            (shelf / folder / f"{name}.raucb").write_bytes(content)


def damaged(good: bytes, count: int) -> dict[str, bytes]:
    """Tampered bundles by their names."""
    return {each.name: each.content for each in tampered(Anatomy.of(good, IMAGE), count, seed=count)}


def a_commit_older() -> str:
    """The development version just before the tree's own."""
    core, _, build = bundle.version_of(build_tree()).partition("+")[0].partition("-dev.")
    return f"{core}-dev.{int(build or 1) - 1}"


def lend(folder: Path, then: dt.datetime) -> Signer:
    """A key of another time that the box's own root issued."""
    own = keys.selected()
    folder.mkdir()
    (folder / "offline").mkdir()
    for name in ("root.pem", "offline/root.key", "release.pem", "release.key"):
        (folder / name).write_bytes((own.folder / name).read_bytes())
    return keys.renew(folder, "", "", now=then)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    folder = tmp_path_factory.mktemp("shelf")
    fill(folder / "content", folder)
    run(["mke2fs", "-q", "-t", "ext4", "-d", folder / "content", folder / "shelf.img", "128m"])
    disk = new_disk(disk_image(build_tree()), folder / "disk.img")
    drive = f"file={folder / 'shelf.img'},format=raw,if=none,id=shelf,readonly=on"
    with Vm("tampered", disk, options=("-drive", drive, "-device", "virtio-blk-pci,drive=shelf")) as vm:
        vm.wait_for_guest(UP_TIMEOUT_S)
        vm.run(["systemctl", "start", "rauc.service"], timeout_s=UP_TIMEOUT_S)
        vm.run(["rauc", "status", "mark-good"])  # the box does so once all of it works, which need not be awaited here
        vm.run(["mkdir", PLACE])
        vm.run(["mount", "-o", "ro,noload", "/dev/vdb", PLACE])
        yield Shelf(vm)


@pytest.mark.parametrize(
    ("folder", "count"), [("some", SOME), pytest.param("all", ALL, marks=pytest.mark.long)], ids=["some", "all"]
)
def test_no_tampered_bundle_is_installed(shelf: Shelf, folder: str, count: int) -> None:
    outcomes = shelf.install(folder)
    assert len(outcomes) == count
    assert [name for name, (original, _) in outcomes.items() if original == "installed"] == []
    assert shelf.runs_from_a()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("another-maker", "signed by somebody this box does not trust"),
        ("older", "older than what runs"),
        ("a-commit-older", "older than what runs"),
        ("other-board", "for another kind of box"),
        ("ended-key", "signature has ended"),
        ("future-key", "clock does not fit"),
        ("photo", "not an update: the file is something else"),
        ("empty", "not an update: the file is something else"),
    ],
)
def test_others_are_refused_in_words(others: dict[str, tuple[str, str]], name: str, words: str) -> None:
    original, said = others[f"{name}.raucb"]
    assert words in said, original


@pytest.fixture(scope="module")
def others(shelf: Shelf) -> dict[str, tuple[str, str]]:
    outcomes = shelf.install("others")
    assert shelf.runs_from_a()
    return outcomes


@pytest.mark.parametrize(
    ("date", "words"), [("1970-01-02", "clock does not fit"), ("2038-01-20", "signature has ended")]
)
def test_with_a_clock_that_cannot_be_nothing_is_installed(shelf: Shelf, date: str, words: str) -> None:
    before = shelf.vm.run(["date", "+%s"]).stdout.strip()
    shelf.vm.run(["systemctl", "stop", "chrony"])
    try:
        shelf.vm.run(["date", "--set", date])
        outcomes = shelf.install("release")
    finally:
        shelf.vm.run(["date", "--set", f"@{before}"])
        shelf.vm.run(["systemctl", "start", "chrony"])
    assert words in outcomes["release.raucb"][1], outcomes
    assert shelf.runs_from_a()


def test_rauc_tells_what_is_new_in_a_bundle(shelf: Shelf) -> None:
    meta = json.loads(shelf.vm.run(["python3", "-c", INSPECT, PLACE / "good/good.raucb"]).stdout)
    expected = {name: "\n".join(points) for name, points in (("changes", CHANGES["en"]), ("changes-es", CHANGES["es"]))}
    assert meta["parlor"] == {"version": NEWER, "board": "x86", **expected}


def test_the_bundle_they_were_made_of_is_installed(shelf: Shelf) -> None:
    """Last, since the other slot has it then. A RAUC that installs nothing at all would pass everything above."""
    assert shelf.install("good")["good.raucb"][0] == "installed"
    assert not shelf.runs_from_a()
    found = json.loads(shelf.vm.run(["python3", "-c", SLOTS]).stdout)
    assert found["slots"]["B"]["version"] == NEWER
