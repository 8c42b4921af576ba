"""Certificates: the self-signed one a box makes itself, and checks of one it is given. Pure."""

import datetime as dt
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.model import Certificate, Invalid
from appliance.settings import N_, Problem

_LIFETIME = dt.timedelta(days=3650)  # nobody renews it: the box makes a new one when its names change


@dataclass(frozen=True)
class Description:
    """What a person can compare with what the browser shows. `not_after` in seconds since 1970."""

    names: tuple[str, ...]
    not_after: int
    self_signed: bool
    fingerprint: str


def self_signed(names: Iterable[str], now: dt.datetime) -> Certificate:
    """A new P-256 key and its certificate for `names` (DNS names or IP addresses), RFC 5280."""
    wanted = list(dict.fromkeys(names))
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wanted[0][:64])])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in wanted]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    pem = serialization.Encoding.PEM
    return Certificate(
        builder.sign(key, hashes.SHA256()).public_bytes(pem),
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def describe(certificate: Certificate) -> Description:
    """What the leaf of the chain says. Raises `ValueError` when it is no certificate."""
    leaf = x509.load_pem_x509_certificates(certificate.chain)[0]
    return Description(
        _names(leaf),
        int(leaf.not_valid_after_utc.timestamp()),
        leaf.issuer == leaf.subject,
        leaf.fingerprint(hashes.SHA256()).hex(":").upper(),
    )


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return (*extension.get_values_for_type(x509.DNSName), *map(str, extension.get_values_for_type(x509.IPAddress)))


def covers(names: Iterable[str], wanted: str) -> bool:
    """Whether one of a certificate's names stands for `wanted` (RFC 6125, a wildcard for one label)."""
    return wanted in names or "*." + wanted.partition(".")[2] in names


def verify(certificate: Certificate, hosts: Iterable[str], now: dt.datetime) -> Description:
    """Check a certificate that a person brings. Raises `Invalid` naming what does not fit."""
    try:
        leaf = x509.load_pem_x509_certificates(certificate.chain)[0]
        description = describe(certificate)
    except (ValueError, IndexError):
        raise _invalid("chain", N_("This is not a certificate chain in PEM format.")) from None
    try:
        key = serialization.load_pem_private_key(certificate.key, None)
    except (ValueError, TypeError):
        raise _invalid("key", N_("This is not a private key in PEM format without a passphrase.")) from None
    spki = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*spki) != leaf.public_key().public_bytes(*spki):
        raise _invalid("key", N_("The private key does not belong to the certificate."))
    if leaf.not_valid_after_utc <= now:
        raise _invalid("chain", N_("The certificate has ended."))
    missing = [host for host in hosts if not covers(description.names, host)]
    if missing:
        raise _invalid("chain", N_("The certificate does not cover %(names)s."), names=", ".join(missing))
    return description


def pkcs8(key: bytes) -> bytes:
    """A private key of any PEM form as unencrypted PKCS #8; what cannot be read comes back as it is."""
    try:
        loaded = serialization.load_pem_private_key(key, None)
    except (ValueError, TypeError):
        return key
    pem = serialization.Encoding.PEM
    return loaded.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _invalid(key: str, template: str, **params: object) -> Invalid:
    return Invalid(N_("The certificate was not taken."), (Problem(key, template, params),))
