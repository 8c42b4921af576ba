"""Keys for updates: what OpenSSL accepts with them, what it refuses, and that no key is lost or laid open."""

import datetime as dt
import stat
from pathlib import Path

import pytest
from cryptography import x509

from image import custody, keys, passphrase
from image.certificates import RELEASE_LIFETIME
from image.keys import KeysError, Signer
from image.passphrase import PassphraseError, Role
from image.process import Argument, CommandError, Finished, run

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
PHRASE = "correct horse battery"


@pytest.fixture
def made(tmp_path: Path) -> Signer:
    return keys.create(tmp_path / "keys", "", "", now=NOW)


def signed(signer: Signer, folder: Path) -> Path:
    (folder / "text").write_text("hello\n")
    argv: list[Argument] = [
        "openssl",
        "cms",
        "-sign",
        "-binary",
        "-nodetach",
        "-outform",
        "DER",
        "-in",
        folder / "text",
    ]
    phrase = ["-passin", f"pass:{signer.passphrase}"] if signer.passphrase else []
    run([*argv, "-signer", signer.certificate, "-inkey", signer.key, "-out", folder / "text.cms", *phrase])
    return folder / "text.cms"


def verified(path: Path, keyring: Path, at: dt.datetime = NOW, purpose: str = "codesign") -> Finished:
    argv: list[Argument] = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", path, "-CAfile", keyring]
    return run([*argv, "-crl_check_all", "-purpose", purpose, "-attime", str(int(at.timestamp()))])


def test_what_the_release_key_signed_is_accepted_for_that_purpose_only(made: Signer, tmp_path: Path) -> None:
    path = signed(made, tmp_path)
    assert verified(path, made.keyring).stdout == "hello\n"
    with pytest.raises(CommandError, match="unsuitable certificate purpose"):
        verified(path, made.keyring, purpose="sslserver")


def test_another_root_does_not_accept_it(made: Signer, tmp_path: Path) -> None:
    other = keys.create(tmp_path / "other", "", "", now=NOW)
    with pytest.raises(CommandError, match="unable to get local issuer"):
        verified(signed(made, tmp_path), other.keyring)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (dt.datetime(1970, 1, 2, tzinfo=dt.UTC), "not yet valid"),
        (dt.datetime(2038, 1, 19, tzinfo=dt.UTC), "has expired"),
    ],
)
def test_a_release_key_counts_in_its_time_only(made: Signer, tmp_path: Path, at: dt.datetime, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        verified(signed(made, tmp_path), made.keyring, at)


def test_a_box_that_was_off_for_years_still_accepts_the_key_of_the_day(made: Signer, tmp_path: Path) -> None:
    then = NOW + dt.timedelta(days=12 * 365)
    old_keyring = made.keyring.read_text()
    renewed = keys.renew(made.folder, "", "", now=then)
    (tmp_path / "old-keyring.pem").write_text(old_keyring)
    assert verified(signed(renewed, tmp_path), tmp_path / "old-keyring.pem", then).stdout == "hello\n"


def test_a_revoked_key_counts_no_more_and_its_successor_does(made: Signer, tmp_path: Path) -> None:
    path = signed(made, tmp_path)
    keys.revoke(made.folder, "", {keys.current_serial(made.folder)}, now=NOW)
    with pytest.raises(CommandError, match="certificate revoked"):
        verified(path, made.keyring)
    assert verified(signed(keys.renew(made.folder, "", "", now=NOW), tmp_path), made.keyring).stdout == "hello\n"


def test_revocations_add_up_and_earlier_keys_can_be_revoked_later(made: Signer) -> None:
    first = keys.current_serial(made.folder)
    keys.renew(made.folder, "", "", now=NOW)
    second = keys.current_serial(made.folder)
    keys.revoke(made.folder, "", {first}, now=NOW)
    keys.revoke(made.folder, "", {second}, now=NOW)
    revoked = x509.load_pem_x509_crl((made.folder / "crl.pem").read_bytes())
    assert {entry.serial_number for entry in revoked} == {first, second}
    assert revoked.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 3
    with pytest.raises(KeysError, match="issued no certificate with the number 2a"):
        keys.revoke(made.folder, "", {42}, now=NOW)


def test_a_release_key_lives_eighteen_months(made: Signer) -> None:
    certificate = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    assert certificate.not_valid_after_utc == NOW + RELEASE_LIFETIME


def test_private_keys_are_for_their_owner_only_and_locked(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    signer = keys.create(tmp_path / "keys", PHRASE + " root", PHRASE, now=NOW)
    private = [path for path in signer.folder.rglob("*") if path.is_file() and b"PRIVATE" in path.read_bytes()]
    assert sorted(path.name for path in private) == ["release.key", "root.key"]
    for path in [*private, signer.folder, signer.folder / "offline"]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert all(b"BEGIN ENCRYPTED PRIVATE KEY" in path.read_bytes() for path in private)
    assert verified(signed(signer, tmp_path), signer.keyring).stdout == "hello\n"
    with pytest.raises(KeysError, match=r"does not open root\.key"):
        keys.renew(signer.folder, PHRASE, PHRASE, now=NOW)


def test_keys_are_never_overwritten(made: Signer) -> None:
    before = made.key.read_bytes()
    with pytest.raises(KeysError, match="not empty"):
        keys.create(made.folder, "", "", now=NOW)
    with pytest.raises(KeysError, match="not empty"):
        custody.make_keys(made.folder)
    assert made.key.read_bytes() == before


def test_without_the_roots_key_one_can_sign_but_not_renew(made: Signer, tmp_path: Path) -> None:
    (made.folder / "offline/root.key").unlink()
    assert verified(signed(made, tmp_path), made.keyring).stdout == "hello\n"
    with pytest.raises(KeysError, match="bring it to"):
        keys.renew(made.folder, "", "", now=NOW)


def test_development_keys_are_made_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(keys, "DEVELOPMENT", tmp_path / "keys/dev")
    monkeypatch.delenv("RELEASE_KEYS", raising=False)
    first = keys.selected().key
    number, content = first.stat().st_ino, first.read_bytes()
    monkeypatch.delattr(keys, "create")
    assert (keys.selected().key.stat().st_ino, keys.selected().key.read_bytes()) == (number, content)
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["dev"]


def test_release_keys_are_taken_where_they_are_named(
    made: Signer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RELEASE_KEYS", str(made.folder))
    assert keys.selected() == made
    made.certificate.unlink()
    with pytest.raises(KeysError, match=r"has no release\.pem"):
        keys.selected()


def test_a_passphrase_comes_from_the_environment_or_is_asked_for(
    made: Signer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    locked = keys.create(tmp_path / "locked", PHRASE, PHRASE, now=NOW)
    assert keys.unlocked(made) == made
    with pytest.raises(PassphraseError, match="set PARLOR_RELEASE_PASSPHRASE"):
        keys.unlocked(Signer(locked.folder))
    monkeypatch.setenv(Role.RELEASE.variable, "wrong, and long enough")
    with pytest.raises(KeysError, match="does not open"):
        keys.unlocked(Signer(locked.folder))
    monkeypatch.setenv(Role.RELEASE.variable, PHRASE)
    assert keys.unlocked(Signer(locked.folder)) == locked
    assert PHRASE not in repr(locked)


def test_a_short_passphrase_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(Role.ROOT.variable, "short")
    with pytest.raises(PassphraseError, match="at least 12"):
        custody.make_keys(tmp_path / "keys")
    assert not (tmp_path / "keys").exists()
    assert passphrase.SHORTEST == 12


def test_a_stolen_key_is_replaced_and_revoked_in_one_step(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(Role.ROOT.variable, PHRASE)
    monkeypatch.setenv(Role.RELEASE.variable, PHRASE)
    signer = custody.make_keys(tmp_path / "keys")
    path = signed(signer, tmp_path)
    custody.replace_key(signer.folder, revoked=True)
    with pytest.raises(CommandError, match="certificate revoked"):
        verified(path, signer.keyring, dt.datetime.now(dt.UTC))
    assert verified(signed(signer, tmp_path), signer.keyring, dt.datetime.now(dt.UTC)).stdout == "hello\n"


def test_the_person_is_told_what_to_do_with_the_keys(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(Role.ROOT.variable, PHRASE)
    monkeypatch.setenv(Role.RELEASE.variable, PHRASE)
    with pytest.raises(KeysError, match="KEYS=FOLDER"):
        custody.new()
    monkeypatch.setenv("KEYS", str(tmp_path / "keys"))
    assert custody.new() == custody.renew() == custody.revoke() == 0
    said = capsys.readouterr().out
    assert "offline/root.key" in said
    assert "RELEASE_KEYS=" in said
    assert PHRASE not in said
    assert len(list((tmp_path / "keys/ended").iterdir())) == 2
