"""`make keys`, `make renew`, `make revoke`: the way to release keys, with what to do next (docs/releasing.md)."""

import os
from pathlib import Path

from cryptography import x509

from image import keys
from image.keys import KeysError, Signer
from image.passphrase import Role, chosen, known
from image.progress import say


def new() -> int:
    """Make a root and a release key in the folder KEYS."""
    folder = _folder()
    _tell(make_keys(folder))
    say("Move offline/root.key to a medium in a drawer, with a copy elsewhere: only renewing and revoking need it.")
    say("Without it nobody can ever renew the key that boxes in the field trust.")
    return 0


def renew() -> int:
    """Replace the release key, before it ends."""
    _tell(replace_key(_folder(), revoked=False))
    return 0


def revoke() -> int:
    """Replace the release key, and take back the one that was stolen."""
    _tell(replace_key(_folder(), revoked=True))
    say("The former key is on the revocation list. Boxes learn that with their next update: release one now.")
    return 0


def make_keys(folder: Path) -> Signer:
    """New keys with passphrases that the person chooses. Raises `KeysError`, `PassphraseError`."""
    keys.refuse_used(folder)
    return keys.create(folder, chosen(Role.ROOT), chosen(Role.RELEASE))


def replace_key(folder: Path, *, revoked: bool) -> Signer:
    """A new release key with a passphrase that the person chooses. Raises `KeysError`, `PassphraseError`."""
    root_passphrase = known(Role.ROOT)
    keys.root_of(folder, root_passphrase)
    before = keys.current_serial(folder)
    signer = keys.renew(folder, root_passphrase, chosen(Role.RELEASE))
    if revoked:
        keys.revoke(folder, root_passphrase, {before})
    return signer


def _folder() -> Path:
    named = os.environ.get("KEYS")
    if not named:
        raise KeysError("Say where the keys are or shall be: KEYS=FOLDER, outside of this repository.")
    return Path(named)


def _tell(signer: Signer) -> None:
    place = os.environ.get("KEYS_OUTSIDE", signer.folder)
    certificate = x509.load_pem_x509_certificate(signer.certificate.read_bytes())
    say(f"\nThe release key in {place} signs until {certificate.not_valid_after_utc:%Y-%m-%d}.")
    say(f"`RELEASE_KEYS={place} make image` and `make bundle` use it; images then trust nothing else.")
