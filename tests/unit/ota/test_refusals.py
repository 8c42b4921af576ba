"""RAUC's sentences (as RAUC 1.13 writes them) in plain words."""

import pytest

from ota.refusals import UNKNOWN, rule_of


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Invalid bundle format: Signature size (11864040229678417607) exceeds bundle size", "not an update"),
        ("Invalid bundle format: Failed to seek to end of bundle: Error seeking in file", "not an update"),
        ("signature verification failed: Verify error: unable to get local issuer certificate", "does not trust"),
        ("signature verification failed: Verify error: self-signed certificate in certificate chain", "does not trust"),
        ("signature verification failed: Verify error: certificate has expired", "has ended"),
        ("signature verification failed: Verify error: certificate revoked", "withdrawn"),
        ("signature verification failed: Verify error: certificate is not yet valid", "clock"),
        ("signature verification failed: Verify error: CRL has expired", "clock"),
        ("signature verification failed: error:02000068:rsa routines::bad signature", "damaged"),
        ("Installation error: bundle payload is corrupted", "damaged"),
        ("Installation error: Failed mounting bundle: failed to mount bundle: Input/output error", "damaged"),
        ("Compatible mismatch: Expected 'parlor-x86' but bundle manifest has 'parlor-rpi'", "another kind of box"),
        ("Version mismatch: Expected at least '0.2.0-dev.7' but bundle manifest has '0.0.1'", "older than what runs"),
        ("Bundle version '0.1.0' is lower than the minimum version '0.2.0'", "older than what runs"),
        ("Failed updating slot rootfs.1: Failed to write: No space left on device", "no room"),
        ("Slot (1048576 bytes) is too small for image (2097152 bytes).", "larger than"),
        ("Failed to stream bundle http://x/: Could not resolve host: x", "could not be fetched"),
        ("Failed to stream bundle http://x/: received http error 404", "could not be fetched"),
        ("Failed to load dm table: Argument list too long, check DM_VERITY", "could not be fetched"),
        ("No such file: /tmp/x/none.raucb", "no such file"),
        ("something RAUC never said", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_a_refusal_is_said_in_plain_words(said: str, words: str) -> None:
    assert words in rule_of(said).words


def test_only_what_may_pass_by_itself_is_tried_again() -> None:
    assert rule_of("Could not resolve host: x").again
    assert rule_of("No space left on device").again
    assert not rule_of("certificate revoked").again
    assert not rule_of("bundle payload is corrupted").again
