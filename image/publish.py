"""Puts releases where boxes find them: bundles, and a signed list of them for each channel and board.

What comes out is a folder of plain files for any web server; `ota/index.py` is the other side, docs/releasing.md the
manual. A list is refused by boxes after its end, so it is renewed by running this again, with or without a new bundle.
"""

import datetime as dt
import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from cryptography import x509

from image import bundle, cms, keys, slots
from image.board import Board
from image.changelog import changes
from image.keys import Signer
from image.process import CommandError, run
from image.product import version
from image.progress import say

FORMAT = 1
LIFETIME = dt.timedelta(days=90)
BUNDLES = "bundles"
STABLE = "stable"
_CHANNEL = re.compile("[a-z][a-z0-9-]{0,31}")
_RELEASE = re.compile(r"\d+\.\d+\.\d+")


class PublishError(RuntimeError):
    """Nothing was published; the message says why."""


@dataclass(frozen=True)
class Site:
    """The folder that a web server shows, and one channel in it."""

    folder: Path
    channel: str

    def index(self, board: Board) -> Path:
        """The signed list for a board."""
        return self.folder / self.channel / f"{board}.cms"

    def bundle(self, file_name: str) -> Path:
        """Where a bundle of that name is, shared by all channels."""
        return self.folder / BUNDLES / file_name


def publish(board: Board | None) -> int:
    """`make publish`: every board of which there is something to publish or to renew, or the one that is named."""
    folder, channel = os.environ.get("SITE"), os.environ.get("CHANNEL", STABLE)
    if not folder or not _CHANNEL.fullmatch(channel):
        raise PublishError("Say where to: `make publish SITE=FOLDER CHANNEL=stable` (or beta).")
    signer = keys.unlocked(keys.selected())
    site = Site(Path(folder), channel)
    known = [each for each in Board if _made(each).exists() or site.index(each).exists()]
    boards = [board] if board else known
    if not boards:
        raise PublishError("There is nothing to publish yet: `make bundle BOARD=x86` makes an update.")
    for each in boards:
        made = _made(each)
        _verify_version(channel, signer, made)
        document = put(site, each, signer, made if made.exists() else None, news=changes())
        newest = document["releases"][0]["version"]
        say(f"{channel}/{each}.cms: {newest}, number {document['serial']}, until {document['expires'][:10]}")
    return 0


def put(
    site: Site,
    board: Board,
    signer: Signer,
    made: Path | None,
    *,
    news: Mapping[str, list[str]],
    now: dt.datetime | None = None,
) -> dict[str, Any]:
    """Add a bundle (or nothing: then only the end moves) to a board's list; returns the list's document.

    Raises `PublishError`, and `CommandError` for a bundle that another root signed.
    """
    now = (now or dt.datetime.now(dt.UTC)).replace(microsecond=0)
    former = _read(site.index(board), signer)
    releases = [each for each in former.get("releases", []) if _kept(site, each)]
    if made is not None:
        release = _described(made, board, signer, news)
        _refuse_another(site.bundle(made.name), former.get("releases", []), release)
        _copy(made, site.bundle(made.name))
        releases = [release, *(each for each in releases if each["version"] != release["version"])]
    if not releases:
        raise PublishError(f"There is no bundle for {board} yet: `make bundle BOARD={board}` makes one.")
    document = {
        "format": FORMAT,
        "board": board,
        "channel": site.channel,
        # It grows by time, so that a site that is set up anew does not begin below what boxes have seen.
        "serial": max(int(former.get("serial", 0)) + 1, int(now.timestamp())),
        "issued": _written(now),
        "expires": _written(min(now + LIFETIME, _end(signer))),
        "releases": releases,
    }
    signed = cms.signed(json.dumps(document, ensure_ascii=False, indent=1).encode(), signer)
    _write(site.index(board), signed)
    return document


def _made(board: Board) -> Path:
    return bundle.IMAGES / bundle.name(board, version())


def _verify_version(channel: str, signer: Signer, made: Path) -> None:
    """Only a tagged version is released as stable; with development keys everything is a trial."""
    if channel == STABLE and made.exists() and signer.folder != keys.DEVELOPMENT and not _RELEASE.fullmatch(version()):
        raise PublishError(
            f"{version()} is no release: commit everything, `git tag v1.2.3`, build again, or use CHANNEL=beta."
        )


def _read(path: Path, signer: Signer) -> dict[str, Any]:
    """The list as it was; nobody but us may have written it, though perhaps with a key that has ended since."""
    if not path.exists():
        return {}
    try:
        found: dict[str, Any] = json.loads(cms.verified(path, signer.keyring, whenever=True))
    except CommandError as error:
        raise PublishError(
            f"{path} is not signed by a key of {signer.folder.name} that counts (it may have been revoked).\n"
            f"Delete it if that is expected; a new one is made then, with the bundle of the day only.\n{error}"
        ) from error
    return found


def _kept(site: Site, release: Mapping[str, Any]) -> bool:
    """A bundle that somebody deleted is no longer offered."""
    return site.bundle(unquote(Path(release["url"]).name)).exists()


def _described(made: Path, board: Board, signer: Signer, news: Mapping[str, list[str]]) -> dict[str, Any]:
    found = bundle.info(made, board, signer.keyring)
    if found["compatible"] != slots.compatible(board):
        raise PublishError(f"{made.name} is for {found['compatible']}, not for {slots.compatible(board)}.")
    return {
        "version": found["version"],
        "url": f"../{BUNDLES}/{quote(made.name)}",
        "size": made.stat().st_size,
        "sha256": bundle.sha256(made),
        "changes": dict(news),
    }


def _refuse_another(target: Path, releases: Iterable[Mapping[str, Any]], new: Mapping[str, Any]) -> None:
    """One version has one content, in all channels and also when its file was deleted."""
    listed = {each["sha256"] for each in releases if each["version"] == new["version"]}
    there = {bundle.sha256(target)} if target.exists() else set()
    if not listed | there <= {new["sha256"]}:
        named = new["version"]
        raise PublishError(
            f"Version {named} is published already, with another content. Give the new one a version of its own."
        )


def _copy(source: Path, target: Path) -> None:
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f"{target.name}.partial")
        shutil.copyfile(source, partial)
        partial.replace(target)


def _end(signer: Signer) -> dt.datetime:
    """When the certificate ends: a list that outlives its signature would only mislead."""
    return x509.load_pem_x509_certificate(signer.certificate.read_bytes()).not_valid_after_utc


def _written(time: dt.datetime) -> str:
    return time.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial")
    partial.write_bytes(content)
    run(["sync", partial])
    partial.replace(target)
