"""The cache that loses its content: what was flushed is on the disk, and nothing else."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from image.process import run
from image.volatile import VolatileCache, copy

BLOCK = 4096
FLUSHED, WRITTEN, AFTERWARDS = b"\x01" * BLOCK, b"\x02" * BLOCK, b"\x03" * BLOCK
NOTHING = bytes(BLOCK)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[VolatileCache]:
    (tmp_path / "disk.img").write_bytes(NOTHING * 4)
    made = VolatileCache(tmp_path / "disk.img", tmp_path / "nbd", tmp_path)
    made.start()
    write(made, f"write -P 1 0 {BLOCK}", "flush", f"write -P 2 {BLOCK} {BLOCK}")
    yield made
    made.drop()


def write(cache: VolatileCache, *commands: str) -> None:
    """Do what qemu-io(1) is told; then it crashes, since closing the disk would flush."""
    words = [word for command in (*commands, "abort") for word in ("-c", command)]
    done = run(["qemu-io", "-f", "raw", "-t", "writeback", f"nbd:unix:{cache.socket}", *words], check=False)
    assert done.returncode == -signal.SIGABRT, done


def blocks(disk: Path) -> list[bytes]:
    content = disk.read_bytes()
    return [content[place : place + BLOCK] for place in range(0, len(content), BLOCK)]


def test_a_copy_is_what_a_power_cut_would_leave_and_the_disk_goes_on(cache: VolatileCache, tmp_path: Path) -> None:
    with cache.still():
        copy(tmp_path / "disk.img", tmp_path / "copy.img")
    assert blocks(tmp_path / "copy.img") == [FLUSHED, NOTHING, NOTHING, NOTHING]
    write(cache, f"write -P 3 {2 * BLOCK} {BLOCK}", "flush")
    assert blocks(tmp_path / "disk.img") == [FLUSHED, WRITTEN, AFTERWARDS, NOTHING]


def test_without_power_only_what_was_flushed_is_left(cache: VolatileCache, tmp_path: Path) -> None:
    cache.drop()
    assert blocks(tmp_path / "disk.img") == [FLUSHED, NOTHING, NOTHING, NOTHING]
