"""What a start tells the admin of the machine's disks."""

from pathlib import Path

import pytest

from appliance import prepare
from appliance.system import notices


@pytest.mark.parametrize(
    ("boot", "container", "told"),
    [("/proc", "nowhere", []), ("folder", "nowhere", [prepare.NO_BOOT]), ("folder", "container", [])],
    ids=["mounted", "missing", "container"],
)
def test_a_missing_boot_partition_is_told_but_for_a_container(
    boot: str, container: str, told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(notices, "add", said.append)
    (tmp_path / "folder").mkdir()
    (tmp_path / "container").touch()
    prepare.look_for_boot(tmp_path / boot, tmp_path / container)
    assert said == told
