"""Folders with the keys that updates are signed with, and which of them a build uses.

offline/root.key   the root's private key: belongs on a medium in a drawer
root.pem           its certificate
release.key, .pem  the key that signs, and its certificate
ended/SERIAL.pem   certificates of earlier release keys, so that they can still be revoked
crl.pem            the root's list of revoked certificates
keyring.pem        what an image trusts: the root and its list
"""

import datetime as dt
import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from image import certificates
from image.cache import BUILD, remove
from image.certificates import Issued
from image.passphrase import Role, known

DEVELOPMENT = BUILD / "keys/dev"
VARIABLE = "RELEASE_KEYS"

_PEM = serialization.Encoding.PEM


class KeysError(RuntimeError):
    """A folder of keys is not what it should be; the message says what to do next."""


@dataclass(frozen=True)
class Signer:
    """A folder of keys, and the passphrase of its release key ("" for a development key, which has none)."""

    folder: Path
    passphrase: str = field(default="", repr=False)

    @property
    def certificate(self) -> Path:
        """The release certificate, PEM."""
        return self.folder / "release.pem"

    @property
    def key(self) -> Path:
        """The release key, PEM (PKCS #8)."""
        return self.folder / "release.key"

    @property
    def keyring(self) -> Path:
        """The root's certificate and its revocation list, PEM: what an image trusts."""
        return self.folder / "keyring.pem"


def selected() -> Signer:
    """The release keys that RELEASE_KEYS names, else this clone's development keys; asks for no passphrase."""
    named = os.environ.get(VARIABLE)
    if not named:
        return development()
    signer = Signer(Path(named))
    missing = [path.name for path in (signer.certificate, signer.key, signer.keyring) if not path.is_file()]
    if missing:
        raise KeysError(f"{VARIABLE}: the folder has no {', '.join(missing)}.\n`make keys KEYS=FOLDER` makes new keys.")
    return signer


def unlocked(signer: Signer) -> Signer:
    """The same with its passphrase, asked for where the key has one."""
    if b"ENCRYPTED" not in signer.key.read_bytes():
        return signer
    passphrase = known(Role.RELEASE)
    _read_key(signer.key, passphrase)
    return Signer(signer.folder, passphrase)


def development() -> Signer:
    """Keys of this clone, made at first use: images built without release keys trust only them."""
    if not DEVELOPMENT.exists():
        partial = DEVELOPMENT.with_name(f"dev.{os.getpid()}")
        remove(partial)
        create(partial, "", "", name="Parlor development", lifetime=certificates.ROOT_LIFETIME)
        try:
            partial.rename(DEVELOPMENT)
        except OSError:  # Another build was quicker.
            remove(partial)
    return Signer(DEVELOPMENT)


def create(
    folder: Path,
    root_passphrase: str,
    release_passphrase: str,
    *,
    name: str = "Parlor",
    now: dt.datetime | None = None,
    lifetime: dt.timedelta = certificates.RELEASE_LIFETIME,
) -> Signer:
    """Make a root, a release key and an empty revocation list. Raises `KeysError` where there is something already."""
    refuse_used(folder)
    now = now or _now()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    (folder / "offline").mkdir(mode=0o700)
    root = certificates.root(f"{name} root", now)
    _replace(folder / "offline/root.key", _private(root.key, root_passphrase), 0o600)
    _replace(folder / "root.pem", root.certificate.public_bytes(_PEM))
    _put_release(folder, certificates.release(root, _release_name(name, now), now, lifetime), release_passphrase)
    _put_revocations(folder, certificates.revocations(root, (), 1, now))
    return Signer(folder, release_passphrase)


def refuse_used(folder: Path) -> None:
    """Raises `KeysError` where there is something already."""
    if folder.exists() and any(folder.iterdir()):
        raise KeysError("That folder is not empty, and keys are never overwritten. Choose a new one.")


def renew(folder: Path, root_passphrase: str, release_passphrase: str, now: dt.datetime | None = None) -> Signer:
    """Replace the release key by a new one; the old certificate is kept below ended/, its key is deleted."""
    now = now or _now()
    root = root_of(folder, root_passphrase)
    name = root.certificate.subject.rfc4514_string().removeprefix("CN=").removesuffix(" root")
    issued = certificates.release(root, _release_name(name, now), now)
    ended = folder / "ended"
    ended.mkdir(mode=0o700, exist_ok=True)
    _replace(ended / f"{current_serial(folder):x}.pem", (folder / "release.pem").read_bytes())
    _put_release(folder, issued, release_passphrase)
    return Signer(folder, release_passphrase)


def revoke(folder: Path, root_passphrase: str, serials: set[int], now: dt.datetime | None = None) -> None:
    """Add certificates, by their serial numbers, to the revocation list. Raises `KeysError` for unknown ones."""
    issued = {_serial(path) for path in [folder / "release.pem", *(folder / "ended").glob("*.pem")]}
    if not serials <= issued:
        unknown = ", ".join(f"{serial:x}" for serial in sorted(serials - issued))
        raise KeysError(f"This root issued no certificate with the number {unknown}.")
    before = x509.load_pem_x509_crl((folder / "crl.pem").read_bytes())
    number = before.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number + 1
    revoked = serials | certificates.revoked_serials(before)
    _put_revocations(folder, certificates.revocations(root_of(folder, root_passphrase), revoked, number, now or _now()))


def current_serial(folder: Path) -> int:
    """The number of the present release certificate."""
    return _serial(folder / "release.pem")


def root_of(folder: Path, passphrase: str) -> Issued:
    """The root, from where it is for this step. Raises `KeysError` when it is in its drawer, or stays locked."""
    key = folder / "offline/root.key"
    if not key.is_file():
        raise KeysError(f"The root's key is not there: bring it to {key} for this step.")
    certificate = x509.load_pem_x509_certificate((folder / "root.pem").read_bytes())
    return Issued(certificate, _read_key(key, passphrase))


def _put_release(folder: Path, issued: Issued, passphrase: str) -> None:
    _replace(folder / "release.key", _private(issued.key, passphrase), 0o600)
    _replace(folder / "release.pem", issued.certificate.public_bytes(_PEM))


def _put_revocations(folder: Path, revoked: x509.CertificateRevocationList) -> None:
    pem = revoked.public_bytes(_PEM)
    _replace(folder / "crl.pem", pem)
    _replace(folder / "keyring.pem", (folder / "root.pem").read_bytes() + pem)


def _private(key: ec.EllipticCurvePrivateKey, passphrase: str) -> bytes:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, encryption)


def _read_key(path: Path, passphrase: str) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), passphrase.encode() or None)
    except (ValueError, TypeError):
        raise KeysError(f"The passphrase does not open {path.name}.") from None
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 (we made it)
    return key


def _replace(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file as a whole; others cannot read a private one even for a moment."""
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        os.fsync(file.fileno())
    partial.replace(path)


def _serial(path: Path) -> int:
    return x509.load_pem_x509_certificate(path.read_bytes()).serial_number


def _release_name(name: str, now: dt.datetime) -> str:
    return f"{name} release {now:%Y-%m-%d}"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)
