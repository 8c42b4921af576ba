"""The box's certificate and key on `/data`, in one file so that the pair is never torn."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from appliance import certificates
from appliance.model import DATA, Certificate
from appliance.system import files

PATH = DATA / "core" / "certificate.pem"
_KEY = b"-----BEGIN PRIVATE KEY-----"


def ensure(names: Iterable[str], path: Path = PATH) -> Certificate:
    """The certificate in use; a self-signed one is made when there is none or it lacks one of `names`.

    A certificate from an authority stays, whatever it covers: only its owner can replace it.
    """
    wanted = tuple(names)
    try:
        kept = _split(path.read_bytes())
        description = certificates.describe(kept)
        if not description.self_signed or all(certificates.covers(description.names, name) for name in wanted):
            return kept
    except (FileNotFoundError, ValueError, IndexError):
        pass
    made = certificates.self_signed(wanted, dt.datetime.now(dt.UTC))
    save(made, path)
    return made


def save(certificate: Certificate, path: Path = PATH) -> None:
    """Put a certificate in use."""
    files.write(path, certificate.chain.strip() + b"\n" + certificate.key.strip() + b"\n", 0o600)


def _split(pem: bytes) -> Certificate:
    chain, marker, key = pem.partition(_KEY)
    if not marker:
        raise ValueError("no private key")
    return Certificate(chain, marker + key)
