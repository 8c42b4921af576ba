"""A bundle that a person brings is looked through before RAUC gets it."""

import asyncio
import datetime as dt
import io
import random
from pathlib import Path

import pytest

from appliance.model import Missing, ParlorError
from image import bundle as making
from image import keys
from image.board import Board
from image.keys import Signer
from ota import bundle, signature, verity
from ota.bundle import BadBundle, Manifest
from ota.signature import NotTrusted, Reason
from tests.image.tampered import Anatomy, Caught, tampered

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
RUNNING = "0.2.0-dev.7+gabc"
CHANGES = ["Faster.", "Grün; “a = b” # \\n is not a line."]
IMAGE = random.Random(1).randbytes(1 << 20)


@pytest.fixture(scope="module", autouse=True)
def _image_date(tmp_path_factory: pytest.TempPathFactory) -> None:
    signature.EPOCH = tmp_path_factory.mktemp("image") / "clock-epoch"
    signature.EPOCH.touch()


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return keys.create(tmp_path_factory.mktemp("keys") / "keys", "", "")


def made(folder: Path, signer: Signer, version: str = "0.2.0", board: Board = Board.X86) -> Path:
    (folder / "image").write_bytes(IMAGE)
    images = {"rootfs": folder / "image", "boot": folder / "image"}
    target = folder / f"{version}-{board}.raucb"
    making.write(target, images, making.Manifest(board, version, {"en": CHANGES}, adaptive=False), signer)
    return target


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, signer: Signer) -> Path:
    return made(tmp_path_factory.mktemp("good"), signer)


def inspect(path: Path, signer: Signer, running: str = RUNNING, now: dt.datetime | None = None) -> Manifest:
    return asyncio.run(bundle.inspect(path, compatible="parlor-x86", running=running, keyring=signer.keyring, now=now))


def test_a_good_bundle_says_what_it_brings(good: Path, signer: Signer) -> None:
    manifest = inspect(good, signer)
    assert (manifest.version, manifest.compatible) == ("0.2.0", "parlor-x86")
    assert list(manifest.changes) == CHANGES


def test_the_running_version_may_be_installed_again(good: Path, signer: Signer) -> None:
    inspect(good, signer, running="0.2.0")


def test_an_older_one_is_refused(good: Path, signer: Signer) -> None:
    with pytest.raises(BadBundle, match=r"version 0\.2\.0, older than what runs \(0\.2\.1-dev\.1\)"):
        inspect(good, signer, running="0.2.1-dev.1")


def test_one_for_another_board_is_refused(tmp_path: Path, signer: Signer) -> None:
    with pytest.raises(BadBundle, match=r"another kind of box \(parlor-rpi, this one is parlor-x86\)"):
        inspect(made(tmp_path, signer, board=Board.RPI), signer)


def test_one_of_another_maker_is_refused(good: Path, tmp_path: Path) -> None:
    with pytest.raises(NotTrusted, match="does not trust"):
        inspect(good, keys.create(tmp_path / "keys", "", ""))


@pytest.mark.parametrize(("year", "reason"), [(1970, Reason.CLOCK), (2038, Reason.ENDED)])
def test_a_clock_that_cannot_be_is_told(good: Path, signer: Signer, year: int, reason: Reason) -> None:
    with pytest.raises(NotTrusted) as caught:
        inspect(good, signer, now=dt.datetime(year, 1, 20, tzinfo=dt.UTC))
    assert caught.value.reason is reason
    assert f"the box's clock says {year}-01-20".lower() in str(caught.value).lower()


PHOTO = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + random.Random(2).randbytes(300_000) + b"\xff\xd9"


@pytest.mark.parametrize("content", [PHOTO, b"", b"hsq", b"PK\x03\x04" + bytes(100)])
def test_a_photo_named_like_a_bundle_is_no_bundle(tmp_path: Path, signer: Signer, content: bytes) -> None:
    (tmp_path / "x.raucb").write_bytes(content)
    with pytest.raises(BadBundle, match="not an update: the file is something else"):
        inspect(tmp_path / "x.raucb", signer)


def test_another_squashfs_is_not_signed(tmp_path: Path, signer: Signer) -> None:
    (tmp_path / "x.raucb").write_bytes(b"hsqs" + bytes(8192) + (100).to_bytes(8, "big"))
    with pytest.raises(NotTrusted, match="not signed"):
        inspect(tmp_path / "x.raucb", signer)


def test_what_is_not_there_or_cannot_be_read_is_told(tmp_path: Path, signer: Signer) -> None:
    with pytest.raises(Missing, match="no such file"):
        inspect(tmp_path / "x.raucb", signer)
    with pytest.raises(BadBundle, match="cannot be read: Is a directory"):
        inspect(tmp_path, signer)


def test_no_damage_goes_unnoticed(good: Path, signer: Signer, tmp_path: Path) -> None:
    """Every kind some times; the last gate, the payload, is reached by some and passed by none."""
    passed, reached = [], 0
    for each in tampered(Anatomy.of(good.read_bytes(), IMAGE), 75, seed=3):
        path = tmp_path / "damaged.raucb"
        path.write_bytes(each.content)
        try:
            inspect(path, signer)
            passed.append(each.name)
        except ParlorError as error:
            reached += each.caught is Caught.PAYLOAD and str(error) == bundle.INCOMPLETE
    assert passed == []
    assert reached > 10


@pytest.mark.parametrize("blocks", [1, 2, 127, 128, 129, 128 * 128 + 1])
def test_a_tree_of_any_height_finds_a_flipped_bit(blocks: int) -> None:
    chance = random.Random(blocks)
    content = bytearray(chance.randbytes(blocks * verity.BLOCK))
    salt = chance.randbytes(32)
    parts = (bytes(content[at : at + verity.BLOCK]) for at in range(0, len(content), verity.BLOCK))
    root, tree = verity.root_and_tree(parts, salt)
    size = len(content)
    whole = io.BytesIO(bytes(content) + tree)
    assert verity.intact(whole, size, len(tree), root, salt)
    for at in (0, size - 1, *([size + len(tree) - 1] if tree else [])):
        damaged = bytearray(whole.getvalue())
        damaged[at] ^= 1
        assert not verity.intact(io.BytesIO(bytes(damaged)), size, len(tree), root, salt)
    for wrong in (-verity.BLOCK, 0, size - 1, size + 1, size + verity.BLOCK):
        assert not verity.intact(whole, wrong, len(tree), root, salt)
