"""Settings and machines that the tests of the services render for."""

import datetime as dt
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from appliance.certificates import self_signed
from appliance.model import Certificate, Host, RenderedFile
from appliance.settings import Box, Domain, DomainKind, Settings

# Texts that would leave their place in some format if it were quoted carelessly.
HOSTILE = (
    'a"; } evil { "b',
    "a'b",
    "a\\",
    'a\\"; evil on; #',
    "a; evil on",
    "a } evil {",
    "$document_root",
    "a\nevil on;",
    "a\r\nevil",
    "a\x00b",
    "~.*",
    "*",
    "{{ 7 * 7 }}",
    "@include /etc/shadow",
    "# comment",
    "a\u2028b",
    "\ud800",
    "x" * 65536,
)

UNCLAIMED = Settings()
HOUSE = Settings(claimed=True, domain=Domain(kind=DomainKind.HOUSE, name="parlor.local"))
OWN = Settings(claimed=True, domain=Domain(kind=DomainKind.OWN, name="chat.example.org"))
RENAMED = OWN.model_copy(update={"box": Box(name="den")})
STATES = (UNCLAIMED, HOUSE, OWN, RENAMED)


@cache
def host(*, real: bool = False, container: bool = False) -> Host:
    """A machine; with `real` its certificate comes from an authority."""
    return Host("192.0.2.7", "2001:db8::7", _issued() if real else _own(), container=container)


def _own() -> Certificate:
    return self_signed(("parlor.local",), dt.datetime(2026, 1, 1, tzinfo=dt.UTC))


def _issued() -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "chat.example.org")]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An Authority")]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=90))
        .sign(key, hashes.SHA256())
    )
    return Certificate(leaf.public_bytes(serialization.Encoding.PEM), b"")


def text(files: tuple[RenderedFile, ...], name: str) -> str:
    """The content of the rendered file with that name."""
    (found,) = (file for file in files if file.path.name == name)
    return found.content.decode()
