"""SCRAM without channel binding, the client's side: RFC 5802, and RFC 7677 for SHA-256. Pure."""

import base64
import hashlib
import hmac
import secrets

_HASHES = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-1": "sha1"}
MECHANISMS = tuple(_HASHES)  # the best first
_NO_BINDING = "n,,"


class Scram:
    """One exchange. The messages are as the RFC writes them; XMPP wraps them in base64 itself."""

    def __init__(self, mechanism: str, name: str, password: str, nonce: str = "") -> None:
        self._hash = _HASHES[mechanism]
        self._password = password.encode()
        self._nonce = nonce or secrets.token_urlsafe(18)
        self._bare = f"n={name.replace('=', '=3D').replace(',', '=2C')},r={self._nonce}"
        self._signature = b""

    def first(self) -> bytes:
        """The client's first message."""
        return (_NO_BINDING + self._bare).encode()

    def final(self, challenge: bytes) -> bytes:
        """The client's proof, in answer to the server's first message."""
        text = challenge.decode()
        parts = dict(part.split("=", 1) for part in text.split(","))
        if not parts["r"].startswith(self._nonce):
            raise ValueError("the server answered another client")
        binding = base64.b64encode(_NO_BINDING.encode()).decode()
        without_proof = f"c={binding},r={parts['r']}"
        signed = f"{self._bare},{text},{without_proof}".encode()
        salted = hashlib.pbkdf2_hmac(self._hash, self._password, base64.b64decode(parts["s"]), int(parts["i"]))
        key = self._hmac(salted, b"Client Key")
        mask = self._hmac(hashlib.new(self._hash, key).digest(), signed)
        self._signature = self._hmac(self._hmac(salted, b"Server Key"), signed)
        proof = bytes(a ^ b for a, b in zip(key, mask, strict=True))
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()

    def verify(self, outcome: bytes) -> None:
        """Check the server's final message: it knows the password too. Raises `PermissionError`."""
        if not hmac.compare_digest(outcome, b"v=" + base64.b64encode(self._signature)):
            raise PermissionError("the server does not know the password")

    def _hmac(self, key: bytes, message: bytes) -> bytes:
        return hmac.digest(key, message, self._hash)
