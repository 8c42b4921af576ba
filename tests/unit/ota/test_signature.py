"""Signatures are verified by the keyring, its revocation list and the clock; each refusal says why in words."""

import asyncio
import datetime as dt
from pathlib import Path

import pytest

from image import cms, keys
from image.keys import Signer
from ota import signature
from ota.signature import NotTrusted, Reason

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
BUILT = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
TEXT = b'{"serial": 1,\r\n "words": "gr\xc3\xbcn"}\n'


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return keys.create(tmp_path / "keys", "", "", now=NOW - dt.timedelta(days=100))


def verify(signed: bytes, signer: Signer, now: dt.datetime = NOW) -> str:
    return asyncio.run(signature.verify(signed, keyring=signer.keyring, now=now, built=BUILT))


def refusal(signed: bytes, signer: Signer, now: dt.datetime = NOW) -> NotTrusted:
    with pytest.raises(NotTrusted) as caught:
        verify(signed, signer, now)
    return caught.value


def test_what_is_signed_comes_out_as_it_went_in(signer: Signer) -> None:
    assert verify(cms.signed(TEXT, signer), signer).encode() == TEXT


@pytest.mark.parametrize("content", [b"", b"\x00", TEXT, b"\x89PNG\r\n\x1a\n" + bytes(5000), b"0\x82\x05"])
def test_what_is_not_signed_is_refused(signer: Signer, content: bytes) -> None:
    found = refusal(content, signer)
    assert found.reason is Reason.UNSIGNED
    assert "nobody knows where it comes from" in str(found)


def test_another_signer_is_refused_whatever_he_calls_himself(signer: Signer, tmp_path: Path) -> None:
    namesake = keys.create(tmp_path / "other", "", "", now=NOW - dt.timedelta(days=100))
    found = refusal(cms.signed(TEXT, namesake), signer)
    assert found.reason is Reason.OTHER_SIGNER
    assert "does not trust" in str(found)


def test_a_certificate_of_another_purpose_is_refused(signer: Signer, tmp_path: Path) -> None:
    folder = signer.folder
    root_only = Signer(tmp_path / "root")
    root_only.folder.mkdir()
    (root_only.folder / "release.pem").write_bytes((folder / "root.pem").read_bytes())
    (root_only.folder / "release.key").write_bytes((folder / "offline/root.key").read_bytes())
    assert refusal(cms.signed(TEXT, root_only), signer).reason is Reason.OTHER_SIGNER


def test_a_revoked_key_is_refused(signer: Signer) -> None:
    signed = cms.signed(TEXT, signer)
    keys.revoke(signer.folder, "", {keys.current_serial(signer.folder)}, now=NOW)
    found = refusal(signed, signer)
    assert found.reason is Reason.REVOKED
    assert "withdrawn" in str(found)


def test_an_expired_key_is_refused_with_both_dates(signer: Signer) -> None:
    found = refusal(cms.signed(TEXT, signer), signer, dt.datetime(2038, 1, 19, tzinfo=dt.UTC))
    assert found.reason is Reason.ENDED
    assert "ended on 2028-02-13 and the box's clock says 2038-01-19" in str(found)


@pytest.mark.parametrize("day", [dt.datetime(1970, 1, 1, tzinfo=dt.UTC), BUILT - dt.timedelta(days=1)])
def test_a_clock_before_the_image_was_made_is_wrong(signer: Signer, day: dt.datetime) -> None:
    found = refusal(cms.signed(TEXT, signer), signer, day)
    assert (found.reason, found.again) == (Reason.CLOCK, True)
    assert f"says {day.date()}, which cannot be" in str(found)


def test_a_key_of_the_future_shows_a_wrong_clock(tmp_path: Path) -> None:
    later = keys.create(tmp_path / "later", "", "", now=NOW + dt.timedelta(days=400))
    assert refusal(cms.signed(TEXT, later), later).reason is Reason.CLOCK


def test_a_key_made_just_before_the_commit_that_a_box_starts_with_counts(tmp_path: Path) -> None:
    fresh = keys.create(tmp_path / "fresh", "", "", now=BUILT + dt.timedelta(days=20))
    assert verify(cms.signed(TEXT, fresh), fresh, BUILT).encode() == TEXT


def test_every_bit_of_the_content_counts(signer: Signer) -> None:
    signed = cms.signed(TEXT, signer)
    start = signed.index(TEXT)
    for at in range(start, start + len(TEXT), 5):
        damaged = signed[:at] + bytes([signed[at] ^ 4]) + signed[at + 1 :]
        found = refusal(damaged, signer)
        assert found.reason is Reason.DAMAGED
        assert "damaged or was changed" in str(found)


def test_a_truncated_message_is_refused(signer: Signer) -> None:
    signed = cms.signed(TEXT, signer)
    for length in range(0, len(signed), 97):
        assert refusal(signed[:length], signer).reason is Reason.UNSIGNED


def test_the_image_has_a_date(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(signature, "EPOCH", tmp_path / "clock-epoch")
    signature.EPOCH.touch()
    assert abs(signature.image_date() - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
