"""The settings on the disk: torn, corrupt, full."""

import errno
import json
import os
from pathlib import Path

import pytest

from appliance.model import Unavailable
from appliance.settings import Box, Settings
from appliance.system import files, store

KITCHEN = Settings(claimed=True, box=Box(name="kitchen"))


def test_a_fresh_box_has_the_defaults(tmp_path: Path) -> None:
    assert store.load(tmp_path) == store.Loaded(Settings())


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    document = Settings.model_validate({"secrets": {"portal": "ab" * 32}})
    store.save(document, tmp_path)
    loaded = store.load(tmp_path).settings
    assert loaded == document
    assert loaded.secrets.portal.get_secret_value() == "ab" * 32


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b'{"version": 7}', b'{"box": {"name": "A B"}}', b"[]"])
def test_a_corrupt_document_is_kept_and_the_last_good_one_is_used(tmp_path: Path, damage: bytes) -> None:
    store.save(KITCHEN, tmp_path)
    (tmp_path / "settings-v1.json").write_bytes(damage)
    loaded = store.load(tmp_path)
    assert loaded.settings == KITCHEN
    assert "damaged" in loaded.problem
    assert (tmp_path / "settings-v1.corrupt").read_bytes() == damage
    assert store.load(tmp_path) == store.Loaded(KITCHEN)  # mended on the disk


def test_with_both_damaged_the_box_says_so(tmp_path: Path) -> None:
    for name in ("settings-v1.json", "settings-v1.good.json"):
        (tmp_path / name).write_bytes(b"\0" * 100)
    loaded = store.load(tmp_path)
    assert not loaded.settings.claimed
    assert "beyond repair" in loaded.problem


def test_an_older_version_understands_what_a_newer_one_wrote(tmp_path: Path) -> None:
    document = json.loads(store.dump(KITCHEN))
    document["box"]["color"] = "green"
    document["telescope"] = {"lens": 3}
    for name in ("settings-v1.json", "settings-v1.good.json"):
        (tmp_path / name).write_text(json.dumps(document))
    assert store.load(tmp_path) == store.Loaded(KITCHEN)
    assert not store.is_lost(tmp_path)


def test_the_document_is_for_root_only(tmp_path: Path) -> None:
    store.save(KITCHEN, tmp_path)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_a_full_disk_leaves_the_old_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save(KITCHEN, tmp_path)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(Unavailable, match="full"):
            store.save(Settings(), tmp_path)
    assert store.load(tmp_path).settings == KITCHEN
    assert sorted(path.name for path in tmp_path.iterdir()) == ["settings-v1.good.json", "settings-v1.json"]


def test_a_write_does_not_follow_a_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / ".file.new").symlink_to(victim)
    with pytest.raises(OSError):
        files.write(tmp_path / "file", b"theirs")
    assert victim.read_text() == "mine"
