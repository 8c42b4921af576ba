"""What a site offers after each publishing, read as a box reads it."""

import asyncio
import datetime as dt
import random
from pathlib import Path
from typing import Any

import pytest

from image import bundle, cms, keys, publish
from image.board import Board
from image.keys import Signer
from image.process import CommandError
from image.publish import PublishError, Site
from ota import index, signature
from ota.index import Index

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
ONE, OTHER = (random.Random(seed).randbytes(8192) for seed in (1, 2))
NEWS = {"en": ["New."], "es": ["Nuevo."]}


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return keys.create(tmp_path_factory.mktemp("keys") / "keys", "", "")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site", "stable")


def made(folder: Path, signer: Signer, version: str, board: Board = Board.X86, image: bytes = ONE) -> Path:
    (folder / "image").write_bytes(image)
    target = folder / bundle.name(board, version)
    images = {"rootfs": folder / "image", "boot": folder / "image"}
    bundle.write(target, images, bundle.Manifest(board, version), signer)
    return target


def put(site: Site, signer: Signer, path: Path | None, now: dt.datetime = NOW) -> dict[str, Any]:
    return publish.put(site, Board.X86, signer, path, news=NEWS, now=now)


def read(site: Site, signer: Signer, now: dt.datetime = NOW, seen: int = 0) -> Index:
    signed = site.index(Board.X86).read_bytes()
    built = NOW - dt.timedelta(days=20)
    found = index.parse(asyncio.run(signature.verify(signed, keyring=signer.keyring, now=now, built=built)))
    index.verify(found, board="x86", channel=site.channel, seen=seen, now=now)
    return found


def test_a_box_finds_what_was_published(site: Site, signer: Signer, tmp_path: Path) -> None:
    path = made(tmp_path, signer, "0.2.0")
    put(site, signer, path)
    release = index.newest(read(site, signer), "0.1.0")
    assert release is not None
    assert (release.version, release.changes_in("es")) == ("0.2.0", ("Nuevo.",))
    served = (site.index(Board.X86).parent / release.url).resolve()
    assert (served.stat().st_size, bundle.sha256(served)) == (release.size, release.sha256)
    assert index.address(release, "https://u.example/a/stable/x86.cms").startswith("https://u.example/a/bundles/")


def test_a_name_with_a_plus_sign_is_found_on_every_server(site: Site, signer: Signer, tmp_path: Path) -> None:
    """Some object stores read a plus sign in a path as a blank."""
    put(site, signer, made(tmp_path, signer, "0.2.0-dev.7+gabc"))
    put(site, signer, None)
    (release,) = read(site, signer).releases
    assert release.url == "../bundles/parlor-x86-0.2.0-dev.7%2Bgabc.raucb"


def test_older_releases_stay_listed_and_the_number_grows(site: Site, signer: Signer, tmp_path: Path) -> None:
    numbers = [put(site, signer, made(tmp_path, signer, version))["serial"] for version in ("0.1.0", "0.2.0")]
    assert [each.version for each in read(site, signer).releases] == ["0.2.0", "0.1.0"]
    assert numbers[0] < numbers[1]


def test_renewing_moves_the_end_only(site: Site, signer: Signer, tmp_path: Path) -> None:
    first = put(site, signer, made(tmp_path, signer, "0.2.0"))
    later = NOW + dt.timedelta(days=80)
    second = put(site, signer, None, now=later)
    assert second["releases"] == first["releases"]
    assert second["serial"] > first["serial"]
    found = read(site, signer, now=NOW + dt.timedelta(days=120))
    assert found.expires == later + publish.LIFETIME
    put_back = Index.model_validate(first)
    with pytest.raises(index.BadIndex, match="older list"):
        index.verify(put_back, board="x86", channel="stable", seen=second["serial"], now=NOW)


def test_a_site_that_is_set_up_anew_does_not_begin_below_what_boxes_have_seen(
    site: Site, signer: Signer, tmp_path: Path
) -> None:
    path = made(tmp_path, signer, "0.2.0")
    for _ in range(3):
        seen = put(site, signer, path)["serial"]
    again = Site(tmp_path / "anew", "stable")
    put(again, signer, path, now=NOW + dt.timedelta(minutes=1))
    read(again, signer, seen=seen)


def test_a_list_ends_with_the_certificate_at_the_latest(site: Site, tmp_path: Path) -> None:
    made_then = NOW - dt.timedelta(days=548 - 10)
    ending = keys.create(tmp_path / "keys", "", "", now=made_then)
    document = put(site, ending, made(tmp_path, ending, "0.2.0"))
    assert document["expires"][:10] == str((made_then + dt.timedelta(days=548)).date())


def test_a_list_of_an_ended_key_can_be_renewed_and_one_of_a_revoked_key_not(site: Site, tmp_path: Path) -> None:
    signer = keys.create(tmp_path / "keys", "", "", now=NOW - dt.timedelta(days=600))
    content = b'{"serial": 41, "releases": []}'
    site.index(Board.X86).parent.mkdir(parents=True)
    site.index(Board.X86).write_bytes(cms.signed(content, signer))
    before = keys.current_serial(signer.folder)
    keys.renew(signer.folder, "", "")
    assert put(site, signer, made(tmp_path, signer, "0.2.0"))["serial"] > 41
    site.index(Board.X86).write_bytes(cms.signed(content, signer))
    keys.revoke(signer.folder, "", {before, keys.current_serial(signer.folder)})
    with pytest.raises(PublishError, match=r"it may have been revoked"):
        put(site, signer, None)


def test_a_version_has_one_content(site: Site, signer: Signer, tmp_path: Path) -> None:
    put(site, signer, made(tmp_path, signer, "0.2.0"))
    put(site, signer, tmp_path / bundle.name(Board.X86, "0.2.0"))
    with pytest.raises(PublishError, match=r"0\.2\.0 is published already"):
        put(site, signer, made(tmp_path, signer, "0.2.0", image=OTHER))


def test_another_channel_or_a_deleted_file_does_not_change_that(site: Site, signer: Signer, tmp_path: Path) -> None:
    put(site, signer, made(tmp_path, signer, "0.2.0"))
    other = made(tmp_path, signer, "0.2.0", image=OTHER)
    with pytest.raises(PublishError, match="is published already"):
        put(Site(site.folder, "beta"), signer, other)
    site.bundle(other.name).unlink()
    with pytest.raises(PublishError, match="is published already"):
        put(site, signer, other)
    assert not site.bundle(other.name).exists()


def test_a_bundle_that_was_deleted_is_not_offered(site: Site, signer: Signer, tmp_path: Path) -> None:
    for version in ("0.1.0", "0.2.0"):
        put(site, signer, made(tmp_path, signer, version))
    site.bundle(bundle.name(Board.X86, "0.1.0")).unlink()
    put(site, signer, None)
    assert [each.version for each in read(site, signer).releases] == ["0.2.0"]


def test_bundles_of_others_and_of_other_boards_are_not_published(site: Site, signer: Signer, tmp_path: Path) -> None:
    other = keys.create(tmp_path / "other", "", "")
    with pytest.raises(CommandError, match="unable to get local issuer"):
        put(site, signer, made(tmp_path, other, "0.2.0"))
    with pytest.raises(PublishError, match="for parlor-rpi, not for parlor-x86"):
        put(site, signer, made(tmp_path, signer, "0.2.0", board=Board.RPI))
    assert not site.index(Board.X86).exists()


def test_without_a_bundle_there_is_no_list(site: Site, signer: Signer) -> None:
    with pytest.raises(PublishError, match="make bundle BOARD=x86"):
        put(site, signer, None)


@pytest.mark.parametrize("channel", ["", "../up", "Stable", "a/b"])
def test_a_channel_is_a_plain_word(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, channel: str) -> None:
    monkeypatch.setenv("SITE", str(tmp_path))
    monkeypatch.setenv("CHANNEL", channel)
    with pytest.raises(PublishError, match="Say where to"):
        publish.publish(None)


@pytest.mark.parametrize(("version", "fits"), [("0.2.0", True), ("0.2.0-dev.7+gabc", False)])
def test_stable_takes_tagged_versions_only(
    site: Site, signer: Signer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, fits: bool
) -> None:
    monkeypatch.setattr(bundle, "IMAGES", tmp_path)
    monkeypatch.setattr(publish, "version", lambda: version)
    monkeypatch.setenv("SITE", str(site.folder))
    monkeypatch.setenv("RELEASE_KEYS", str(signer.folder))
    made(tmp_path, signer, version)
    if fits:
        assert publish.publish(None) == 0
        assert read(site, signer).releases[0].version == version
    else:
        with pytest.raises(PublishError, match="is no release"):
            publish.publish(None)
        monkeypatch.setenv("CHANNEL", "beta")
        assert publish.publish(Board.X86) == 0
