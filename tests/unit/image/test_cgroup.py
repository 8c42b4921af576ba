"""Which control groups are ours: cgroup v2, v1 with systemd's own hierarchy, and both beside each other."""

from pathlib import Path

from image.cgroup import folders

HYBRID = "9:name=systemd:/user.slice\n4:memory:/elsewhere\n0::/user.slice\n"


def test_beside_v1_both_of_systemds_hierarchies_count(tmp_path: Path) -> None:
    (tmp_path / "systemd").mkdir()
    assert list(folders(HYBRID, tmp_path)) == [tmp_path / "systemd/user.slice", tmp_path / "unified/user.slice"]


def test_v2_alone_is_mounted_at_the_top(tmp_path: Path) -> None:
    (tmp_path / "cgroup.procs").touch()
    assert list(folders("0::/a.scope\n", tmp_path)) == [tmp_path / "a.scope"]
