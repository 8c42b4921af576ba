"""Who may claim a fresh box: whoever reads the code it shows. 40 bits, ten minutes, single use."""

import hmac
import math
import secrets
from collections.abc import Callable
from time import monotonic

from appliance.model import Denied, Expired
from appliance.settings import N_

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32 signs, none mistaken for another
LENGTH = 8  # × 5 bits = 40 bits
LIFETIME_S = 600.0


def canonical(typed: str) -> str:
    """What a person typed, without the spaces, dashes and small letters people add."""
    return "".join(c for c in typed.upper()[:64] if c not in " -–—\t")


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")  # JSON can hold halves of characters


class ClaimCode:
    """The code in force. Everything happens in one thread, so taking it is atomic."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._code = ""
        self._ends = 0.0

    def current(self) -> tuple[str, int]:
        """The code as shown, in two groups of four, and the seconds it is still good; a new one when needed."""
        if not self._code or self._clock() >= self._ends:
            self._code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
            self._ends = self._clock() + LIFETIME_S
        return f"{self._code[:4]}-{self._code[4:]}", math.ceil(self._ends - self._clock())

    def take(self, typed: str) -> None:
        """Use the code up. Raises `Denied` for a wrong one, `Expired` for one that was right once."""
        if not self._code or not hmac.compare_digest(_bytes(canonical(typed)), _bytes(self._code)):
            raise Denied(N_("This is not the code the box shows. Look again and type it as you see it."))
        late = self._clock() >= self._ends
        self._code = ""
        if late:
            raise Expired(N_("This code has ended. The box shows a new one; use that."))
