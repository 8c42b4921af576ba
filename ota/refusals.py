"""What RAUC says when it refuses a bundle, in words a person can act on. Pure.

RAUC's errors are sentences, not codes (`LastError`, rauc.readthedocs.io/en/latest/reference.html), with GLib's and
OpenSSL's own inside. The first rule that fits gives the words; the original goes to the journal.
"""

import re
from dataclasses import dataclass

from appliance.settings import N_


@dataclass(frozen=True)
class Rule:
    """A sign in RAUC's sentence and what it means; `again` tells that trying again may help."""

    sign: str
    words: str
    again: bool = False


NOT_A_BUNDLE = N_("This is not an update: the file is something else, or only a part of one.")
DAMAGED = N_("The update is damaged or incomplete. Fetch it again.")
UNKNOWN = N_("The update was refused. The box's journal says why; what runs was not touched.")

RULES = (
    Rule("revoked", N_("The update is signed with a key that was withdrawn. Get a newer update.")),
    Rule(
        "CRL has expired|certificate is not yet valid|CRL is not yet valid",
        N_("The box's clock does not fit the update's signature. Check that the box has the right time."),
        again=True,
    ),
    Rule("has expired", N_("The update's signature has ended. Get a newer update.")),
    Rule(
        "issuer certificate|self[- ]signed certificate|certificate verify|unsupported certificate purpose|no signer"
        "|signer certificate|verify error",
        N_("The update is signed by somebody this box does not trust."),
    ),
    Rule("compatible mismatch", N_("The update is for another kind of box.")),
    Rule(
        "version mismatch|version.*(lower|older|less|below|minimum|limit)|(minimum|older|lower).*version",
        N_("The update is older than what runs."),
    ),
    Rule("No space left", N_("There is no room for the update. Make room first."), again=True),
    Rule(
        "does not fit|too small for image",
        N_("The update is larger than this box has room for."),
    ),
    Rule(
        "resolve host|could ?n.t (connect|resolve)|failed to connect|timed? ?out|HTTP|http error"
        "|incomplete|nbd|dm table|unreachable|curl",
        N_("The update could not be fetched. Check the box's network; it is tried again later."),
        again=True,
    ),
    Rule(
        "exceeds bundle size|exceeds 64KiB|invalid identifier|\\(\\d+\\) is too small|file is empty"
        "|not a regular file|signature size is 0|seek to end",
        NOT_A_BUNDLE,
    ),
    Rule(
        "payload is corrupted|verity|mount bundle|mounting bundle|parse signature|signature|manifest|Input/output error"
        "|end of file|not multiple|aligned|digest|hash|bundle format",
        DAMAGED,
    ),
    Rule("No such file", N_("There is no such file.")),
    Rule("rejected", N_("The update does not want to be installed on this box.")),
)


def rule_of(error: str) -> Rule:
    """The rule for one of RAUC's sentences."""
    return next((rule for rule in RULES if re.search(rule.sign, error, re.IGNORECASE)), Rule("", UNKNOWN))
