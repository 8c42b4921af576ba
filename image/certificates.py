"""Certificates that updates are signed with: a root, what it issues for releases, and what it takes back. Pure.

RFC 5280; the release certificate is as strict as OpenSSL's `codesign` purpose asks (x509v3_config(5), "critical" key
usage), so both RAUC and `openssl cms` can insist on that purpose: a web server's certificate signs no update.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# A box without a battery starts at the date of the commit that its image was built from, which may be older than the
# certificate: so a certificate is valid from a while before it was made.
BACKDATED = dt.timedelta(days=30)
ROOT_LIFETIME = dt.timedelta(days=30 * 365)
RELEASE_LIFETIME = dt.timedelta(days=548)  # 18 months


@dataclass(frozen=True)
class Issued:
    """A certificate and its private key (P-256)."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)


def root(name: str, now: dt.datetime, lifetime: dt.timedelta = ROOT_LIFETIME) -> Issued:
    """A new root that may issue certificates for signing, and revocation lists, and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = _usage(key_cert_sign=True, crl_sign=True)
    builder = (
        certificate_builder(name, key, now - BACKDATED, now + lifetime)
        .issuer_name(_name(name))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
    )
    return Issued(builder.sign(key, hashes.SHA256()), key)


def release(authority: Issued, name: str, now: dt.datetime, lifetime: dt.timedelta = RELEASE_LIFETIME) -> Issued:
    """A new key that signs releases until `now + lifetime`, but never longer than its root lives."""
    key = ec.generate_private_key(ec.SECP256R1())
    end = min(now + lifetime, authority.certificate.not_valid_after_utc)
    issuer = authority.certificate
    builder = (
        certificate_builder(name, key, now - BACKDATED, end)
        .issuer_name(issuer.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=True)
        .add_extension(issued_by(issuer), critical=False)
    )
    return Issued(builder.sign(authority.key, hashes.SHA256()), key)


def revocations(
    authority: Issued, serials: Iterable[int], number: int, now: dt.datetime
) -> x509.CertificateRevocationList:
    """The root's list of certificates that count no more, the `number`th of its kind.

    It ends with its root and not earlier: one that has ended would lock a box out that was off for long.
    """
    issuer = authority.certificate
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(max(now - BACKDATED, issuer.not_valid_before_utc))
        .next_update(issuer.not_valid_after_utc)
        .add_extension(issued_by(issuer), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
    )
    for serial in sorted(set(serials)):
        revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now)
        builder = builder.add_revoked_certificate(revoked.build())
    return builder.sign(authority.key, hashes.SHA256())


def revoked_serials(revoked: x509.CertificateRevocationList) -> set[int]:
    """The serial numbers that a list names."""
    return {entry.serial_number for entry in revoked}


def certificate_builder(
    name: str, key: ec.EllipticCurvePrivateKey, start: dt.datetime, end: dt.datetime
) -> x509.CertificateBuilder:
    """A certificate to be completed and signed: for a common name and a key, valid from `start` to `end`."""
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def issued_by(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """The extension that names the issuer's key (RFC 5280, 4.2.1.1)."""
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
