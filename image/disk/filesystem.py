"""File systems in files, made without mounting them and the same to the bit whenever they are made."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from image.base import SETTLED
from image.disk.layout import identifier
from image.process import run

# Nothing depends on what mke2fs finds in its configuration. A slot is never written, so it needs no journal; GRUB 2.12
# reads all of these, but not every feature that mke2fs would choose.
SLOT_FEATURES = (
    *("ext_attr", "dir_index", "filetype", "extent", "flex_bg", "sparse_super", "large_file", "huge_file"),
    *("dir_nlink", "extra_isize", "metadata_csum"),
)
DATA_FEATURES = (*SLOT_FEATURES, "has_journal", "64bit", "resize_inode")
# Made for a small file system, but it stays when that grows.
JOURNAL_MIB = 32

ENVIRONMENT = {**os.environ, "SOURCE_DATE_EPOCH": str(SETTLED)}


def make_slot(target: Path, root: Path, size: int) -> None:
    """Make a read-only ext4 of `size` bytes with all that is in the folder `root`."""
    options = f"hash_seed={identifier('slot hashes')},lazy_itable_init=1,root_owner=0:0"
    tree = ["-d", str(root), "-m", "0", "-U", identifier("slot"), "-E", options]
    run([*_ext4(SLOT_FEATURES), *tree, target, f"{size // 1024}k"], env=ENVIRONMENT)


def make_data(target: Path, label: str, size: int) -> None:
    """Make an empty journaled ext4 of `size` bytes that can grow."""
    options = f"hash_seed={identifier(label + ' hashes')},lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0"
    settings = ["-m", "1", "-J", f"size={JOURNAL_MIB}", "-L", label, "-U", identifier(label), "-E", options]
    run([*_ext4(DATA_FEATURES), *settings, target, f"{size // 1024}k"], env=ENVIRONMENT)


def make_fat(target: Path, label: str, size: int, files: Mapping[str, bytes]) -> None:
    """Make a FAT32 of `size` bytes with these files, by their paths there."""
    with target.open("wb") as image:
        image.truncate(size)
    run(["mkfs.vfat", "-F", "32", "-n", label, "--invariant", target], env=ENVIRONMENT)
    folders = sorted({str(parent) for name in files for parent in Path(name).parents if parent != Path()})
    if folders:
        run(["mmd", "-i", target, *(f"::{folder}" for folder in folders)], env=ENVIRONMENT)
    with tempfile.TemporaryDirectory() as scratch:
        for name, content in sorted(files.items()):
            source = Path(scratch, "file")
            source.write_bytes(content)
            run(["mcopy", "-i", target, source, f"::{name}"], env=ENVIRONMENT)


def _ext4(features: tuple[str, ...]) -> list[str]:
    choice = ",".join(["none", *features])
    return ["mke2fs", "-q", "-F", "-t", "ext4", "-O", choice, "-b", "4096", "-I", "256", "-i", "16384"]
