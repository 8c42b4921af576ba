"""Files that somebody else may have put there."""

import os
from pathlib import Path

import pytest

from appliance.system import files


def test_a_small_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"x" * 100)
    assert files.read_untrusted(tmp_path / "list", 100) == b"x" * 100


def test_what_is_no_small_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 101)
    (tmp_path / "secret").write_bytes(b"key")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("large", "link", "pipe", "folder", "missing"):
        with pytest.raises(OSError):
            files.read_untrusted(tmp_path / name, 100)
