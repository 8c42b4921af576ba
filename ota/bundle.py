"""Looks into a bundle that a person brings, before RAUC gets it: is it one, is it ours, for this board, whole and new?

A verity bundle is a squashfs, its hash tree, a CMS message with the manifest inside, and the message's size in eight
bytes (rauc.readthedocs.io/en/v1.13/reference.html, "verity Format"). RAUC checks all of it again when it installs.
"""

import asyncio
import configparser
import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from appliance.model import Missing, ParlorError
from appliance.settings import N_
from ota import signature, verity
from ota.version import Version

MAGIC = b"hsqs"  # how a squashfs begins
MAX_SIGNATURE = 64 * 1024  # RAUC's own limit
_SIZE = 8
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "s": " "}  # docs.gtk.org/glib/struct.KeyFile.html


class BadBundle(ParlorError):
    """A file that is not installed; what runs stays as it is."""

    code, status = "bad-bundle", 422


NOT_A_BUNDLE = N_("This is not an update: the file is something else.")
INCOMPLETE = N_("The update is damaged or incomplete. Fetch it again.")
OTHER_BOARD = N_("The update is for another kind of box (%(found)s, this one is %(wanted)s).")
OLDER = N_("The update is version %(version)s, older than what runs (%(running)s).")


@dataclass(frozen=True)
class Manifest:
    """What a bundle says of itself; `payload` and `tree` are sizes in bytes, `root` and `salt` dm-verity's."""

    compatible: str
    version: str
    changes: tuple[str, ...]
    root: bytes
    salt: bytes
    tree: int

    @classmethod
    def parse(cls, text: str) -> "Manifest":
        """Out of a verified manifest.raucm. Raises `BadBundle`."""
        parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
        try:
            parser.read_string(text)
            update, bundle = parser["update"], parser["bundle"]
            changes = parser.get("meta.parlor", "changes", fallback="")
            return cls(
                update["compatible"],
                update["version"],
                tuple(_unescaped(changes).splitlines()),
                bytes.fromhex(bundle["verity-hash"]),
                bytes.fromhex(bundle["verity-salt"]),
                int(bundle["verity-size"]),
            )
        except (configparser.Error, KeyError, ValueError):
            raise BadBundle(INCOMPLETE) from None


def _unescaped(value: str) -> str:
    """A value of GLib's key files as it was meant."""
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), value)


def verify(manifest: Manifest, compatible: str, running: str) -> None:
    """Refuse a bundle for another board, or older than the version that runs. Raises `BadBundle`."""
    if manifest.compatible != compatible:
        raise BadBundle(OTHER_BOARD, found=manifest.compatible, wanted=compatible)
    try:
        older = Version.parse(manifest.version) < Version.parse(running)
    except ValueError:
        raise BadBundle(INCOMPLETE) from None
    if older:
        raise BadBundle(OLDER, version=manifest.version, running=running)


async def inspect(
    path: Path, *, compatible: str, running: str, keyring: Path = signature.KEYRING, now: dt.datetime | None = None
) -> Manifest:
    """Verify a whole file (some seconds for 300 MB). Raises `BadBundle`, `Missing` or `signature.NotTrusted`."""
    try:
        with path.open("rb") as file:
            signed, payload = await asyncio.to_thread(_split, file)
            manifest = Manifest.parse(await signature.verify(signed, keyring=keyring, now=now))
            verify(manifest, compatible, running)
            await asyncio.to_thread(_verify_payload, file, payload, manifest)
            return manifest
    except FileNotFoundError:
        raise Missing(N_("There is no such file.")) from None
    except OSError as error:
        raise BadBundle(N_("The file cannot be read: %(reason)s."), reason=error.strerror or str(error)) from error


def _split(file: BinaryIO) -> tuple[bytes, int]:
    """The signature, and how many bytes are before it. Raises `BadBundle`."""
    end = file.seek(0, 2)
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        raise BadBundle(NOT_A_BUNDLE)
    file.seek(max(end - _SIZE, 0))
    size = int.from_bytes(file.read(_SIZE), "big")
    if not 0 < size <= MAX_SIGNATURE or size > end - _SIZE:
        raise BadBundle(INCOMPLETE)
    file.seek(end - _SIZE - size)
    return file.read(size), end - _SIZE - size


def _verify_payload(file: BinaryIO, size: int, manifest: Manifest) -> None:
    if not verity.intact(file, size - manifest.tree, manifest.tree, manifest.root, manifest.salt):
        raise BadBundle(INCOMPLETE)
