"""RAUC itself takes our bundles, and refuses those of other keys and damaged ones: with the box's own configuration."""

import datetime as dt
import random
from pathlib import Path
from typing import Any

import pytest

from image import bundle, cms, keys, slots
from image.board import Board
from image.keys import Signer
from image.process import CommandError
from tests.image.tampered import SIZE, Anatomy, Caught, flipped, tampered

IMAGE = random.Random(5).randbytes(256 * 1024)
TAMPERED = 500


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return keys.create(tmp_path_factory.mktemp("release") / "keys", "", "")


def info(path: Path, signer: Signer) -> dict[str, Any]:
    """What a box says that trusts this signer's root."""
    return bundle.info(path, Board.X86, signer.keyring)


def made(folder: Path, signer: Signer, version: str = "0.2.0") -> Path:
    (folder / "image").write_bytes(IMAGE)
    manifest = bundle.Manifest(Board.X86, version, {"en": ["New."]})
    bundle.write(folder / "x.raucb", {"rootfs": folder / "image"}, manifest, signer)
    return folder / "x.raucb"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, release: Signer) -> Path:
    return made(tmp_path_factory.mktemp("good"), release)


def test_rauc_takes_a_bundle_and_streams_what_changed_of_it(good: Path, release: Signer) -> None:
    found = info(good, release)
    assert (found["compatible"], found["version"], found["format"]) == ("parlor-x86", "0.2.0", "verity")
    (image,) = found["images"]
    assert image["rootfs"]["adaptive"] == ["block-hash-index"]


def test_a_release_image_refuses_bundles_of_a_development_key(release: Signer, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="unable to get local issuer certificate"):
        info(made(tmp_path, keys.development()), release)


def test_rauc_refuses_a_revoked_key(tmp_path: Path) -> None:
    signer = keys.create(tmp_path / "keys", "", "")
    path = made(tmp_path, signer)
    info(path, signer)
    keys.revoke(signer.folder, "", {keys.current_serial(signer.folder)})
    with pytest.raises(CommandError, match="certificate revoked"):
        info(path, signer)


@pytest.mark.parametrize(("days", "words"), [(-900, "certificate has expired"), (400, "CRL is not yet valid")])
def test_rauc_judges_certificates_by_the_clock(
    tmp_path: Path, release: Signer, good: Path, days: int, words: str
) -> None:
    """A key that ended, and a clock of before the key: the bundle is signed anew, since no such key makes bundles."""
    other = keys.create(tmp_path / "keys", "", "", now=dt.datetime.now(dt.UTC) + dt.timedelta(days=days))
    content = good.read_bytes()
    anatomy = Anatomy.of(content, IMAGE)
    (tmp_path / "message").write_bytes(content[anatomy.signature.start : anatomy.signature.stop])
    message = cms.signed(cms.verified(tmp_path / "message", release.keyring), other)
    payload = content[: anatomy.signature.start]
    (tmp_path / "y.raucb").write_bytes(payload + message + len(message).to_bytes(SIZE, "big"))
    with pytest.raises(CommandError, match=words):
        info(tmp_path / "y.raucb", other)


def test_no_key_that_ended_makes_a_bundle(tmp_path: Path) -> None:
    ended = keys.create(tmp_path / "keys", "", "", now=dt.datetime.now(dt.UTC) - dt.timedelta(days=900))
    with pytest.raises(CommandError, match="certificate has expired"):
        made(tmp_path, ended)
    assert not (tmp_path / "x.raucb").exists()


def test_rauc_refuses_damaged_signatures_before_anything_is_written(
    good: Path, release: Signer, tmp_path: Path
) -> None:
    accepted = []
    damaged = tampered(Anatomy.of(good.read_bytes(), IMAGE), TAMPERED, seed=11)
    for each in (each for each in damaged if each.caught is Caught.SIGNATURE):
        (tmp_path / "damaged.raucb").write_bytes(each.content)
        try:
            info(tmp_path / "damaged.raucb", release)
            accepted.append(each.name)
        except CommandError:
            pass
    assert accepted == []


def test_a_bit_of_the_signature_that_is_not_noticed_changes_nothing(
    good: Path, release: Signer, tmp_path: Path
) -> None:
    """CMS repeats names and numbers outside of what is signed: whatever is flipped there, the manifest is the same."""
    content = good.read_bytes()
    where = Anatomy.of(content, IMAGE).signature
    (tmp_path / "message").write_bytes(content[where.start : where.stop])
    manifest = cms.verified(tmp_path / "message", release.keyring)
    chance = random.Random(13)
    unnoticed = 0
    for _ in range(300):
        at = chance.choice(where)
        message = flipped(content, at, chance.randrange(8))[where.start : where.stop]
        (tmp_path / "message").write_bytes(message)
        try:
            assert cms.verified(tmp_path / "message", release.keyring) == manifest
            unnoticed += 1
        except CommandError:
            pass
    assert unnoticed < 15


def test_the_tree_trusts_this_keyring_and_names_its_own_version(tree: Path) -> None:
    assert (tree / slots.KEYRING).read_bytes() == keys.selected().keyring.read_bytes()
    version = (tree / "usr/lib/parlor/version").read_text().strip()
    assert (tree / slots.CONFIGURATION).read_text() == slots.system_conf(Board.X86, version)
