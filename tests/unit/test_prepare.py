"""What a start tells the admin of the machine's disks, and how far it goes when something cannot be had."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from appliance import apply, prepare
from appliance.model import Unavailable
from appliance.settings import Settings
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


@pytest.mark.parametrize(
    "error", [Unavailable("The disk is full."), OSError("disk I/O error"), LookupError("no group")]
)
def test_a_service_that_cannot_be_had_leaves_the_others(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(name: str) -> SimpleNamespace:
        return SimpleNamespace(service=SimpleNamespace(name=name), digests={"file": name})

    def write(each: SimpleNamespace) -> None:
        if each.service.name == "chat":
            raise error

    kept: list[object] = []
    monkeypatch.setattr(prepare, "look", lambda _settings: None)
    monkeypatch.setattr(apply, "plan", lambda *_: (change("chat"), change("firewall")))
    monkeypatch.setattr(apply, "write", write)
    monkeypatch.setattr(apply, "save_record", kept.append)
    prepare.render(Settings(), ())
    assert kept == [{"firewall": {"file": "firewall"}}]
