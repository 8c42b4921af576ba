"""Verifies CMS signatures of indexes and bundles with OpenSSL, against the image's keyring and its revocation list.

`openssl-cms(1)`; the rules are RAUC's (`check-purpose`, `check-crl`, certificates judged by the clock), so that both
say the same of one signature. RAUC verifies again what it installs; this is for indexes, and to say why in words.
"""

import datetime as dt
import re
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.serialization import pkcs7

from appliance.model import ParlorError
from appliance.settings import N_
from appliance.system.process import ProgramFailed, run

KEYRING = Path("/usr/share/parlor/keyring.pem")
# systemd lets no clock start before this file's time, which is the commit's that the image was built from (systemd(1)).
EPOCH = Path("/usr/lib/clock-epoch")

TIMEOUT_S = 20


class Reason(StrEnum):
    """Why a signature was not accepted."""

    UNSIGNED = "unsigned"
    DAMAGED = "damaged"
    OTHER_SIGNER = "other-signer"
    REVOKED = "revoked"
    ENDED = "ended"
    CLOCK = "clock"


WORDS = {
    Reason.UNSIGNED: N_("This is not signed, so nobody knows where it comes from. Get the update from its maker."),
    Reason.DAMAGED: N_("The signature does not fit: the update is damaged or was changed. Fetch it again."),
    Reason.OTHER_SIGNER: N_("The update is signed by somebody this box does not trust."),
    Reason.REVOKED: N_("The update is signed with a key that was withdrawn. Get a newer update."),
    Reason.ENDED: N_(
        "The update's signature ended on %(end)s and the box's clock says %(today)s. If the clock is right, get a newer"
        " update; if not, let the box find the right time first."
    ),
    Reason.CLOCK: N_(
        "The box's clock says %(today)s, which cannot be. Connect the box to the internet so that it finds the right"
        " time, then try again."
    ),
}

# What OpenSSL says (X509_verify_cert_error_string(3)) and what it means; the first that fits.
_SIGNS = (
    ("certificate revoked", Reason.REVOKED),
    ("not yet valid", Reason.CLOCK),
    ("has expired", Reason.ENDED),
    ("Error reading SMIME|no content|asn1 encoding routines", Reason.UNSIGNED),
    ("content verify error|CMS_SignerInfo_verify|digest|verification failure", Reason.DAMAGED),
)


class NotTrusted(ParlorError):
    """A signature that was not accepted, and why; `again` tells that another try may help."""

    code, status = "not-trusted", 422

    def __init__(self, reason: Reason, **params: object) -> None:
        super().__init__(WORDS[reason], (), **{name: str(value) for name, value in params.items()})
        self.reason = reason
        self.again = reason is Reason.CLOCK


def image_date() -> dt.datetime:
    """When the running image was made: no clock of before can be right."""
    return dt.datetime.fromtimestamp(EPOCH.stat().st_mtime, dt.UTC)


async def verify(
    signed: bytes, *, keyring: Path = KEYRING, now: dt.datetime | None = None, built: dt.datetime | None = None
) -> str:
    """The content of a CMS message (DER, content inside, UTF-8) if somebody whom the keyring trusts signed it.

    `now` is the clock, `built` the image's date, before which no clock can be right. Raises `NotTrusted`.
    """
    now = now or dt.datetime.now(dt.UTC)
    if now < (built or image_date()):
        raise NotTrusted(Reason.CLOCK, today=now.date())
    argv = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "codesign", "-crl_check_all"]
    argv += ["-CAfile", str(keyring), "-no-CApath", "-no-CAstore", "-attime", str(int(now.timestamp()))]
    try:
        return await run(argv, stdin=signed, timeout_s=TIMEOUT_S)
    except ProgramFailed as error:
        raise _explained(error.stderr, signed, now) from error


def _explained(stderr: str, signed: bytes, now: dt.datetime) -> NotTrusted:
    reason = next((reason for sign, reason in _SIGNS if re.search(sign, stderr)), Reason.OTHER_SIGNER)
    if reason is Reason.ENDED:
        return NotTrusted(reason, end=_end(signed) or "?", today=now.date())
    return NotTrusted(reason, today=now.date()) if reason is Reason.CLOCK else NotTrusted(reason)


def _end(signed: bytes) -> dt.date | None:
    """The day on which the first certificate in a message ends."""
    try:
        ends = [each.not_valid_after_utc.date() for each in pkcs7.load_der_pkcs7_certificates(signed)]
    except ValueError:
        return None
    return min(ends, default=None)
