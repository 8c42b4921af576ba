"""The client's half of SCRAM (RFC 5802) and of fast logins (XEP-0484)."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field


def b64(data: bytes) -> str:
    """Base64 as text."""
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    """Text as base64."""
    return base64.b64decode(text)


def _mac(algorithm: str, key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, algorithm)


@dataclass
class Scram:
    """One login. `binding` names a kind of channel binding and its data, for the mechanisms that end in -PLUS."""

    name: str
    password: str
    algorithm: str = "sha256"
    binding: tuple[str, bytes] | None = None
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    attributes: dict[str, str] = field(default_factory=dict)
    _signature: bytes = b""

    @property
    def _header(self) -> str:
        return f"p={self.binding[0]},," if self.binding else "n,,"

    @property
    def _bare(self) -> str:
        return f"n={self.name},r={self.nonce}"

    def first(self) -> str:
        """The first message, in base64."""
        return b64((self._header + self._bare).encode())

    def final(self, challenge: str) -> str:
        """The answer to the server's challenge, both in base64. Raises `PermissionError` for another's challenge."""
        server_first = unb64(challenge).decode()
        self.attributes = dict(part.split("=", 1) for part in server_first.split(","))
        if not self.attributes["r"].startswith(self.nonce):
            raise PermissionError("the server answered another client")
        salted = salted_password(self.algorithm, self.password, unb64(self.attributes["s"]), int(self.attributes["i"]))
        bound = self._header.encode() + (self.binding[1] if self.binding else b"")
        without_proof = f"c={b64(bound)},r={self.attributes['r']}"
        message = f"{self._bare},{server_first},{without_proof}".encode()
        client_key = _mac(self.algorithm, salted, b"Client Key")
        proof = bytes(
            a ^ b
            for a, b in zip(
                client_key,
                _mac(self.algorithm, hashlib.new(self.algorithm, client_key).digest(), message),
                strict=True,
            )
        )
        self._signature = _mac(self.algorithm, _mac(self.algorithm, salted, b"Server Key"), message)
        return b64(f"{without_proof},p={b64(proof)}".encode())

    def verify(self, data: str) -> None:
        """Check that the server knows the password too. Raises `PermissionError`."""
        if unb64(data) != b"v=" + b64(self._signature).encode():
            raise PermissionError("the server does not know the password")


def salted_password(algorithm: str, password: str, salt: bytes, iterations: int) -> bytes:
    """SaltedPassword of RFC 5802; passwords in the tests need no preparation."""
    return hashlib.pbkdf2_hmac(algorithm, password.encode(), salt, iterations)


def hashed_token(name: str, token: str, binding: bytes = b"") -> str:
    """The one message of HT-SHA-256 (draft-schmaus-kitten-sasl-ht), in base64."""
    return b64(name.encode() + b"\0" + _mac("sha256", token.encode(), b"Initiator" + binding))
