"""Signed tokens: who may enter which room as what. Pure.

A token is `PAYLOAD.SIGNATURE`, both base64url without padding: compact JSON and its HMAC-SHA-256 (RFC 2104). The box
signs and the box reads, so there is no algorithm to choose and no header to lie about it.
"""

import base64
import hmac
import json
import secrets
from dataclasses import asdict, dataclass, field

LONGEST = 2048  # characters
ROLES = frozenset({"host", "member", "guest", "viewer"})


class BadToken(ValueError):
    """Not signed by this box, or not a token at all."""


class ExpiredToken(BadToken):
    """Signed by this box, for a time that has passed."""


@dataclass(frozen=True)
class Token:
    """Who enters: `person` has an account here, `application` vouches for somebody else's. `expires` since 1970."""

    room: str
    role: str
    name: str
    person: str = ""
    application: str = ""
    expires: int = 0
    id: str = field(default_factory=lambda: secrets.token_urlsafe(9))


def sign(token: Token, key: bytes) -> str:
    """The token as text."""
    payload = _encode(json.dumps(asdict(token), separators=(",", ":"), ensure_ascii=False).encode())
    return f"{payload}.{_signature(payload, key)}"


def verify(text: str, key: bytes, now: float) -> Token:
    """The token of a text that this box signed. Raises `ExpiredToken`, `BadToken`."""
    payload, _, signature = text.partition(".")
    if len(text) > LONGEST or not text.isascii() or not hmac.compare_digest(signature, _signature(payload, key)):
        raise BadToken("not signed here")
    token = Token(**json.loads(_decode(payload)))
    if token.expires <= now:
        raise ExpiredToken("expired")
    return token


def _signature(payload: str, key: bytes) -> str:
    return _encode(hmac.digest(key, b"room token " + payload.encode(), "sha256"))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
