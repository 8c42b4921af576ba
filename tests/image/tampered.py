"""Damages update bundles in every way that a hostile server, a bad card or a curious person might: the same by a seed.

A bundle is a squashfs with the image, its hash tree, a CMS message with the manifest, and the message's size. Bits of
the message that carry no meaning are left alone: `test_bundle.py` shows that flipping those changes nothing.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

SIZE = 8  # of the field at the end
BLOCK = 4096
SUPERBLOCK = 96  # bytes; squashfs reads them when it is mounted


class Caught(StrEnum):
    """Where a damaged bundle is found out at the latest."""

    SIGNATURE = "signature"  # before anything is written
    PAYLOAD = "payload"  # by the hash tree, when the damaged block is read


@dataclass(frozen=True)
class Tampered:
    """A damaged bundle; `name` says how."""

    name: str
    caught: Caught
    content: bytes


@dataclass(frozen=True)
class Anatomy:
    """Where the parts of a bundle begin and end, in bytes; `image` is stored as it is, so it must not compress."""

    content: bytes
    signature: range
    meaningful: tuple[range, ...]  # within the signature
    image: range
    tree: range

    @classmethod
    def of(cls, bundle: bytes, image: bytes) -> "Anatomy":
        """Take a bundle apart, whose image is `image`. Raises `ValueError` when it is not stored as it is."""
        end = len(bundle) - SIZE
        start = end - int.from_bytes(bundle[end:], "big")
        message = bundle[start:end]
        (certificate,) = (each.public_bytes(Encoding.DER) for each in pkcs7.load_der_pkcs7_certificates(message))
        manifest = start + message.index(b"[update]")
        signer = start + message.index(certificate)
        text = bundle[manifest:signer]
        meaningful = (
            range(manifest, signer - 4),  # the manifest, without the header of the certificates behind it
            range(signer, signer + len(certificate)),
            range(end - 64, end),  # the signature's numbers
        )
        tree = int(text.split(b"verity-size=")[1].split()[0])
        at = bundle.index(image[:BLOCK])
        if bundle[at : at + len(image)] != image:
            raise ValueError("the image is not stored as it is")
        return cls(bundle, range(start, end), meaningful, range(at, at + len(image)), range(start - tree, start))


def tampered(anatomy: Anatomy, count: int, seed: int) -> Iterator[Tampered]:
    """So many damaged bundles, each kind in turn, always the same for one seed."""
    chance = random.Random(seed)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        what, caught, content = kind(anatomy, chance)
        yield Tampered(f"{number:04d}-{what}", caught, content)


def flipped(content: bytes, at: int, bit: int) -> bytes:
    """The same with one bit the other way."""
    return content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]


type Damage = tuple[str, Caught, bytes]


def _flip(anatomy: Anatomy, chance: random.Random, name: str, where: range, caught: Caught) -> Damage:
    at, bit = chance.choice(where), chance.randrange(8)
    return f"{name}-bit-{at}-{bit}", caught, flipped(anatomy.content, at, bit)


def _signature_bit(anatomy: Anatomy, chance: random.Random) -> Damage:
    return _flip(anatomy, chance, "signature", anatomy.meaningful[2], Caught.SIGNATURE)


def _certificate_bit(anatomy: Anatomy, chance: random.Random) -> Damage:
    return _flip(anatomy, chance, "certificate", anatomy.meaningful[1], Caught.SIGNATURE)


def _manifest_bit(anatomy: Anatomy, chance: random.Random) -> Damage:
    return _flip(anatomy, chance, "manifest", anatomy.meaningful[0], Caught.SIGNATURE)


def _size_bit(anatomy: Anatomy, chance: random.Random) -> Damage:
    end = len(anatomy.content)
    return _flip(anatomy, chance, "size", range(end - SIZE, end), Caught.SIGNATURE)


def _image_bit(anatomy: Anatomy, chance: random.Random) -> Damage:
    return _flip(anatomy, chance, "image", anatomy.image, Caught.PAYLOAD)


def _header_bit(anatomy: Anatomy, chance: random.Random) -> Damage:
    return _flip(anatomy, chance, "header", range(SUPERBLOCK), Caught.PAYLOAD)


def _tree_bit(anatomy: Anatomy, chance: random.Random) -> Damage:
    top = range(anatomy.tree.start, anatomy.tree.start + BLOCK)
    return _flip(anatomy, chance, "tree", top, Caught.PAYLOAD)


def _truncated(anatomy: Anatomy, chance: random.Random) -> Damage:
    length = chance.randrange(len(anatomy.content))
    return f"truncated-to-{length}", Caught.SIGNATURE, anatomy.content[:length]


def _beheaded(anatomy: Anatomy, chance: random.Random) -> Damage:
    lost = chance.randrange(1, anatomy.signature.start)
    return f"without-first-{lost}", Caught.PAYLOAD, anatomy.content[lost:]


def _hole(anatomy: Anatomy, chance: random.Random) -> Damage:
    """As a download that lost a piece in the middle."""
    at, lost = chance.choice(anatomy.image), chance.randrange(1, 64 * BLOCK)
    end = min(at + lost, anatomy.image.stop)
    return f"lost-{at}-to-{end}", Caught.PAYLOAD, anatomy.content[:at] + anatomy.content[end:]


def _zeroed(anatomy: Anatomy, chance: random.Random) -> Damage:
    """As a card that lost a block."""
    at = chance.randrange(anatomy.image.start // BLOCK + 1, anatomy.image.stop // BLOCK) * BLOCK
    return f"zeroed-{at}", Caught.PAYLOAD, anatomy.content[:at] + bytes(BLOCK) + anatomy.content[at + BLOCK :]


def _inserted(anatomy: Anatomy, chance: random.Random) -> Damage:
    more = chance.randbytes(BLOCK * chance.randrange(1, 4))
    start = anatomy.signature.start
    return f"inserted-{len(more)}", Caught.PAYLOAD, anatomy.content[:start] + more + anatomy.content[start:]


def _appended(anatomy: Anatomy, chance: random.Random) -> Damage:
    more = chance.randbytes(chance.randrange(1, 2 * BLOCK))
    return f"appended-{len(more)}", Caught.SIGNATURE, anatomy.content + more


def _noise(anatomy: Anatomy, chance: random.Random) -> Damage:
    """No bundle at all, only as large as one."""
    return "noise", Caught.SIGNATURE, chance.randbytes(len(anatomy.content) // 16)


def _version(anatomy: Anatomy, chance: random.Random) -> Damage:
    """A version that nobody signed."""
    at = anatomy.content.index(b"version=", anatomy.signature.start) + len(b"version=")
    digit = chance.choice([each for each in b"0123456789" if each != anatomy.content[at]])
    changed = anatomy.content[:at] + bytes([digit]) + anatomy.content[at + 1 :]
    return f"as-version-{digit - ord('0')}", Caught.SIGNATURE, changed


KINDS: tuple[Callable[[Anatomy, random.Random], Damage], ...] = (
    *(_signature_bit, _certificate_bit, _manifest_bit, _size_bit, _image_bit, _header_bit, _tree_bit),
    *(_truncated, _beheaded, _hole, _zeroed, _inserted, _appended, _noise, _version),
)
