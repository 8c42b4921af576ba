"""Update bundles: the images of a board's slots, signed, in RAUC's verity format.

https://rauc.readthedocs.io/en/v1.13/reference.html, "Manifest"; what a box checks is in image/slots.py.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from image import keys, slots
from image.board import Board
from image.cache import BUILD, LOGS
from image.changelog import changes
from image.disk.rpi import boot_image
from image.disk.slot import slot_image
from image.keys import Signer
from image.process import Argument, run
from image.product import INSTALLED
from image.progress import say, step
from image.tree import Tree, build_tree

IMAGES = BUILD / "images"

# Small blocks, since a box that lacks 4 KiB of an image fetches the whole block they are in: 16 KiB make a bundle 5 %
# larger than squashfs's own 128 KiB. More compression than this makes it 3 % smaller and takes ten times as long.
BLOCKS = "-b 16k -comp zstd -Xcompression-level 6"

# What makes the image of each class of slots from a tree.
MAKERS: dict[str, Callable[[Tree], Path]] = {slots.ROOT.name: slot_image, slots.BOOT.name: boot_image}


@dataclass(frozen=True)
class Manifest:
    """What a bundle says of itself; `changes` are the points of what is new, by language."""

    board: Board
    version: str
    changes: Mapping[str, list[str]] = field(default_factory=dict)
    adaptive: bool = True

    def render(self) -> str:
        """manifest.raucm, before RAUC adds sizes and hashes."""
        news = {f"changes{'' if lang == 'en' else '-' + lang}": "\n".join(new) for lang, new in self.changes.items()}
        sections = {
            "update": {"compatible": slots.compatible(self.board), "version": self.version},
            "bundle": {"format": "verity"},
            "meta.parlor": {"version": self.version, "board": self.board, **news},
        }
        adaptive = {"adaptive": "block-hash-index"} if self.adaptive else {}
        for kind in slots.CLASSES[self.board]:
            sections[f"image.{kind.name}"] = {"filename": kind.filename, **adaptive}
        return slots.keyfile(sections)


def bundle(board: Board) -> int:
    """`make bundle`: build what is not there yet, sign it, and say what to do with it."""
    signer = keys.unlocked(keys.selected())
    tree = build_tree(board)
    images = {kind.name: MAKERS[kind.name](tree) for kind in slots.CLASSES[board]}
    manifest = Manifest(board, version_of(tree), changes())
    target = IMAGES / name(board, manifest.version)
    log = LOGS / f"bundle-{board}.log"
    with step("the signed bundle", log):
        write(target, images, manifest, signer, log=log)
    say(f"\n{target.relative_to(BUILD.parent)}: {target.stat().st_size / 1e6:.0f} MB")
    say(f"SHA-256 {sha256(target)}")
    if signer.folder == keys.DEVELOPMENT:
        say("Signed with this clone's development key: only boxes built from this clone take it.")
    say("On a box: `parlor update --install FILE`. For many boxes: `make publish` (docs/releasing.md).")
    return 0


def name(board: Board, version: str) -> str:
    """The file name of a bundle."""
    return f"parlor-{board}-{version}.raucb"


def version_of(tree: Tree) -> str:
    """The version that a tree says it is."""
    return (tree.product / INSTALLED / "version").read_text(encoding="utf-8").strip()


def write(
    target: Path, images: Mapping[str, Path], manifest: Manifest, signer: Signer, log: Path | None = None
) -> None:
    """Make a signed bundle of images, by the class of their slots. Raises `CommandError`.

    RAUC verifies what it signed with the very configuration that boxes have; a key that ended signs nothing.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bundle-", dir=target.parent) as place:
        content, made = Path(place, "content"), Path(place, target.name)
        content.mkdir()
        for kind in slots.CLASSES[manifest.board]:
            _link(images[kind.name], content / kind.filename)
        (content / "manifest.raucm").write_text(manifest.render(), encoding="utf-8")
        who = [f"--cert={signer.certificate}", f"--key={signer.key}", f"--mksquashfs-args={BLOCKS}"]
        env = {**os.environ, "RAUC_KEY_PASSPHRASE": signer.passphrase}
        rauc = _rauc(manifest.board, manifest.version, signer.keyring, Path(place))
        run([*rauc, "bundle", *who, content, made], env=env, log=log)
        made.replace(target)


def info(path: Path, board: Board, keyring: Path) -> dict[str, Any]:
    """What RAUC says of a bundle (`rauc info`) on a board that trusts the keyring. Raises `CommandError`."""
    with tempfile.TemporaryDirectory() as place:
        rauc = _rauc(board, "0", keyring, Path(place))
        found: dict[str, Any] = json.loads(run([*rauc, "info", "--output-format=json", path]).stdout)
        return found


def _rauc(board: Board, version: str, keyring: Path, scratch: Path) -> list[Argument]:
    """RAUC with a box's configuration, but for the places of its files."""
    conf = scratch / "system.conf"
    conf.write_text(slots.system_conf(board, version), encoding="ascii")
    return ["rauc", "-c", conf, "-C", f"keyring:path={keyring}", "-C", f"system:data-directory={scratch}"]


def _link(source: Path, target: Path) -> None:
    """RAUC wants the images in one folder, and follows no links out of it."""
    try:
        target.hardlink_to(source)
    except OSError:  # another file system
        run(["cp", "--sparse=always", source, target])


def sha256(path: Path) -> str:
    """The digest of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
