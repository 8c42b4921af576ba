"""A certificate authority for the tests: boxes that trust it take each other's certificates for real."""

import datetime as dt
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from image import certificates

_PEM = serialization.Encoding.PEM
_DAY = dt.timedelta(days=1)


class Authority:
    """Signs certificates; `path` holds its own, for those who trust it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own = certificates.root("Parlor test authority", dt.datetime.now(dt.UTC))
        self.path = folder / "authority.pem"
        self.path.write_bytes(self._own.certificate.public_bytes(_PEM))

    def sign(self, *names: str) -> tuple[Path, Path]:
        """A certificate chain and its key for DNS names, as PEM files."""
        key, now, issuer = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC), self._own.certificate
        leaf = (
            certificates.certificate_builder(names[0], key, now - _DAY, now + 30 * _DAY)
            .issuer_name(issuer.subject)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
            .add_extension(certificates.issued_by(issuer), critical=False)
            .sign(self._own.key, hashes.SHA256())
        )
        chain_path, key_path = self._folder / f"{names[0]}.pem", self._folder / f"{names[0]}.key"
        chain_path.write_bytes(leaf.public_bytes(_PEM))
        private = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        key_path.write_bytes(private)
        return chain_path, key_path
