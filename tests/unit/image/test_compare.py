"""Two folders, compared as two builds are."""

import os
from pathlib import Path

from image.compare import differences, entries


def test_nothing_escapes_the_comparison(tmp_path: Path) -> None:
    for name in ("one", "two"):
        root = tmp_path / name
        root.mkdir()
        for file in ("same", "content", "mode", "time"):
            (root / file).write_text("as it was")
            os.utime(root / file, (5, 5))
        (root / "link").symlink_to(name)
        os.utime(root / "link", (5, 5), follow_symlinks=False)
    two = tmp_path / "two"
    (two / "content").write_text("as it is!")
    os.utime(two / "content", (5, 5))
    (two / "mode").chmod(0o700)
    os.utime(two / "time", (6, 6))
    (two / "more").write_text("")
    found = list(differences(entries(tmp_path / "one"), entries(two)))
    assert found == ["content: content", "link: content", "mode: mode", "more: only in the second", "time: changed"]
    assert list(differences(entries(two), entries(two))) == []
