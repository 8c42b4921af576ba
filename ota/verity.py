"""Checks a bundle's payload against the root hash in its signed manifest, without the kernel's device mapper. Pure.

RAUC lets the kernel check each block as it is read, and an adaptive installation does not read them all. A file that a
person brings is checked as a whole before anything is written, so that no flipped bit of it goes unnoticed.
The tree is dm-verity's, without a superblock (docs.kernel.org/admin-guide/device-mapper/verity.html).
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

BLOCK = 4096
_DIGESTS = BLOCK // hashlib.sha256().digest_size


def root_and_tree(blocks: Iterable[bytes], salt: bytes) -> tuple[bytes, bytes]:
    """The root hash of these blocks (4096 bytes each), and the tree as it lies behind them, its top first."""
    levels: list[bytes] = []
    digests = list(_digests(blocks, salt))
    while len(digests) > 1:
        level = b"".join(_packed(digests))
        levels.insert(0, level)
        digests = list(_digests((level[at : at + BLOCK] for at in range(0, len(level), BLOCK)), salt))
    return (digests[0] if digests else b""), b"".join(levels)


def intact(file: BinaryIO, payload: int, tree: int, root: bytes, salt: bytes) -> bool:
    """Whether the first `payload` bytes of a file and the `tree` bytes behind them are what the root hash says."""
    if payload % BLOCK:  # a few bytes too many would lie unseen behind the tree
        return False
    file.seek(0)
    found, expected = root_and_tree((file.read(BLOCK) for _ in range(payload // BLOCK)), salt)
    return found == root and file.read(tree) == expected


def _digests(blocks: Iterable[bytes], salt: bytes) -> Iterator[bytes]:
    salted = hashlib.sha256(salt)
    for block in blocks:
        one = salted.copy()
        one.update(block)
        yield one.digest()


def _packed(digests: list[bytes]) -> Iterator[bytes]:
    for at in range(0, len(digests), _DIGESTS):
        yield b"".join(digests[at : at + _DIGESTS]).ljust(BLOCK, b"\0")
