"""TURN requests by hand (RFC 8489, RFC 8656), for what an honest library would never ask."""

import asyncio
import hashlib
import hmac
import ipaddress
import secrets
import struct
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

COOKIE = 0x2112A442
ALLOCATE, REFRESH, SEND, CREATE_PERMISSION, CHANNEL_BIND = 0x003, 0x004, 0x016, 0x008, 0x009
ERROR = 0x010  # this bit is set in an error response, and in no success response
_ATTRIBUTES = {
    "USERNAME": 0x0006,
    "INTEGRITY": 0x0008,
    "ERROR-CODE": 0x0009,
    "CHANNEL-NUMBER": 0x000C,
    "LIFETIME": 0x000D,
    "XOR-PEER-ADDRESS": 0x0012,
    "DATA": 0x0013,
    "REALM": 0x0014,
    "NONCE": 0x0015,
    "XOR-RELAYED-ADDRESS": 0x0016,
    "REQUESTED-ADDRESS-FAMILY": 0x0017,
    "REQUESTED-TRANSPORT": 0x0019,
}
_NAMES = {number: name for name, number in _ATTRIBUTES.items()}
WAIT_S = 5.0

Attributes = dict[str, bytes]


def xor_address(address: str, port: int, transaction: bytes) -> bytes:
    """An address as XOR-PEER-ADDRESS holds it."""
    ip = ipaddress.ip_address(address)
    mask = (struct.pack("!I", COOKIE) + transaction)[: len(ip.packed)]
    hidden = bytes(a ^ b for a, b in zip(ip.packed, mask, strict=True))
    return struct.pack("!BBH", 0, 1 if ip.version == 4 else 2, port ^ (COOKIE >> 16)) + hidden


def plain_address(value: bytes, transaction: bytes) -> tuple[str, int]:
    """The opposite."""
    mask = (struct.pack("!I", COOKIE) + transaction)[: len(value) - 4]
    ip = ipaddress.ip_address(bytes(a ^ b for a, b in zip(value[4:], mask, strict=True)))
    return str(ip), struct.unpack("!H", value[2:4])[0] ^ (COOKIE >> 16)


def encode(method: int, transaction: bytes, attributes: Attributes, key: bytes | None = None) -> bytes:
    """A message, with MESSAGE-INTEGRITY if there is a key."""
    body = b"".join(
        struct.pack("!HH", _ATTRIBUTES[name], len(value)) + value + bytes(-len(value) % 4)
        for name, value in attributes.items()
    )
    extra = 24 if key else 0
    header = struct.pack("!HHI", method, len(body) + extra, COOKIE) + transaction
    if key is None:
        return header + body
    digest = hmac.digest(key, header + body, "sha1")
    return header + body + struct.pack("!HH", _ATTRIBUTES["INTEGRITY"], len(digest)) + digest


def decode(message: bytes) -> tuple[int, bytes, Attributes]:
    """Type, transaction and attributes."""
    kind, length, _ = struct.unpack("!HHI", message[:8])
    found, rest = {}, message[20 : 20 + length]
    while len(rest) >= 4:
        number, size = struct.unpack("!HH", rest[:4])
        found[_NAMES.get(number, str(number))] = rest[4 : 4 + size]
        rest = rest[4 + size + (-size % 4) :]
    return kind, message[8:20], found


@dataclass(frozen=True)
class Credentials:
    """What XEP-0215 hands out."""

    username: str
    password: str


@dataclass
class Client(asyncio.DatagramProtocol):
    """One socket that talks to a TURN server over UDP; `with` closes it."""

    credentials: Credentials
    realm: bytes = b""
    nonce: bytes = b""
    relayed: tuple[str, int] = ("", 0)
    data: "asyncio.Queue[bytes]" = field(default_factory=asyncio.Queue)

    def __post_init__(self) -> None:
        self._waiting: dict[bytes, asyncio.Future[tuple[int, Attributes]]] = {}

    async def connect(self, address: str, port: int = 3478) -> Self:
        """Open the socket."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, remote_addr=(address, port))
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Settle the request that this answers; what was relayed waits in `data`."""
        if data[0] >= 0x40:
            self.data.put_nowait(data[4:])
            return
        kind, transaction, attributes = decode(data)
        if transaction in self._waiting:
            self._waiting.pop(transaction).set_result((kind, attributes))
        elif "DATA" in attributes:
            self.data.put_nowait(attributes["DATA"])

    async def request(self, method: int, attributes: Attributes, peer: tuple[str, int] | None = None) -> int:
        """Ask; returns 0, or the code of the error. A challenge is answered once."""
        kind, answer = await self._exchange(method, attributes, peer)
        if kind & ERROR and error_code(answer) in (401, 438) and "NONCE" in answer:
            self.realm, self.nonce = answer["REALM"], answer["NONCE"]
            kind, answer = await self._exchange(method, attributes, peer)
        if kind & ERROR:
            return error_code(answer)
        if "XOR-RELAYED-ADDRESS" in answer:
            self.relayed = plain_address(answer["XOR-RELAYED-ADDRESS"], self._transaction)
        return 0

    async def allocate(self, family: int = 4) -> int:
        """Ask for a relayed address; returns 0, or the code of the error."""
        wish = {"REQUESTED-TRANSPORT": b"\x11\0\0\0"}
        if family == 6:
            wish["REQUESTED-ADDRESS-FAMILY"] = b"\x02\0\0\0"
        return await self.request(ALLOCATE, wish)

    async def permit(self, address: str) -> int:
        """Ask to reach a peer."""
        return await self.request(CREATE_PERMISSION, {}, (address, 9))

    async def bind(self, address: str, port: int) -> int:
        """Bind channel 0x4000 to a peer."""
        return await self.request(CHANNEL_BIND, {"CHANNEL-NUMBER": b"\x40\0\0\0"}, (address, port))

    async def release(self) -> int:
        """Give the relayed address back."""
        return await self.request(REFRESH, {"LIFETIME": bytes(4)})

    def send(self, address: str, port: int, data: bytes) -> None:
        """A Send indication; nobody answers one."""
        transaction = secrets.token_bytes(12)
        peer = {"XOR-PEER-ADDRESS": xor_address(address, port, transaction), "DATA": data}
        self._transport.sendto(encode(SEND, transaction, peer))

    def send_by_channel(self, data: bytes) -> None:
        """A ChannelData message on channel 0x4000."""
        self._transport.sendto(struct.pack("!HH", 0x4000, len(data)) + data)

    async def _exchange(
        self, method: int, attributes: Attributes, peer: tuple[str, int] | None
    ) -> tuple[int, Attributes]:
        self._transaction = transaction = secrets.token_bytes(12)
        full = dict(attributes)
        if peer:
            full["XOR-PEER-ADDRESS"] = xor_address(*peer, transaction)
        key = None
        if self.nonce:
            full |= {"USERNAME": self.credentials.username.encode(), "REALM": self.realm, "NONCE": self.nonce}
            secret = f"{self.credentials.username}:{self.realm.decode()}:{self.credentials.password}"
            key = hashlib.md5(secret.encode()).digest()
        answer = self._waiting[transaction] = asyncio.get_running_loop().create_future()
        message = encode(method, transaction, full, key)
        for _ in range(3):
            self._transport.sendto(message)
            done, _pending = await asyncio.wait([answer], timeout=WAIT_S / 3)
            if done:
                result: tuple[int, Attributes] = answer.result()
                return result
        raise TimeoutError("the TURN server says nothing")


def error_code(attributes: Attributes) -> int:
    """The number in ERROR-CODE."""
    value = attributes["ERROR-CODE"]
    return value[2] * 100 + value[3]
