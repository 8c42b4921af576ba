"""The factory reset: whole, whatever interrupts it, and nothing beside what people made."""

from pathlib import Path

import pytest

from appliance.system import erase, files
from tests.unit.power_cut import PowerCut, cut_at

CUTS = ("open", "unlink", "rmdir", "fsync", "replace", "sync")


def furnish(top: Path) -> tuple[Path, Path, Path]:
    """A box's /data, boot partition and last good state."""
    data, boot, keep = (top / name for name in ("data", "boot", "keep"))
    for folder in (data / "core", data / "ejabberd/deep/er", data / "lost+found", boot, keep / "000001"):
        folder.mkdir(parents=True)
    for file in ("data/core/settings-v1.json", "data/ejabberd/deep/er/x", "data/.hidden", "data/lost+found/#12"):
        (top / file).write_text("secret")
    (keep / "000001/0.zst").write_text("secret")
    (boot / "parlor.toml").write_text("mine")
    (top / "system").write_text("mine")
    (data / "link").symlink_to(top / "system")
    (data / "folder").symlink_to(boot)
    return data, boot, keep


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def reset(data: Path, boot: Path, keep: Path) -> None:
    """What the unit does."""
    erase.erase(data, boot, [keep])
    erase.finish(data)


@pytest.mark.parametrize("name", [*erase.ASKED, None])
def test_everything_people_made_goes_and_nothing_else(tmp_path: Path, name: str | None) -> None:
    data, boot, keep = furnish(tmp_path)
    assert not erase.asked(data, boot)
    if name:
        (boot / name).touch()
    else:
        erase.ask(data)
    assert erase.asked(data, boot)
    reset(data, boot, keep)
    assert left(data) == ["lost+found"]
    assert left(keep) == []
    assert left(boot) == ["parlor.toml"]
    assert (tmp_path / "system").read_text() == (boot / "parlor.toml").read_text() == "mine"
    assert not erase.asked(data, boot)


def is_cut(folder: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> bool:
    """Reset a box whose power goes at that step, start it again, and see; whether there was such a step."""
    data, boot, keep = furnish(folder)
    (boot / "factory-reset").touch()
    cut = False
    with monkeypatch.context() as patched:
        cut_at(number, CUTS, patched)
        try:
            reset(data, boot, keep)
        except PowerCut:
            cut = True
    assert erase.asked(data, boot) or (left(data), left(keep)) == (["lost+found"], [])
    if erase.asked(data, boot):
        reset(data, boot, keep)
    assert left(data) == ["lost+found"]
    assert left(keep) == []
    assert left(boot) == ["parlor.toml"]
    return cut


def test_a_power_cut_at_any_step_leaves_a_reset_that_the_next_start_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = next(n for n in range(1, 100) if not is_cut(tmp_path / str(n), monkeypatch, n))
    assert steps > 20, "the test itself cuts nothing"


def test_a_request_that_cannot_be_taken_back_erases_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, boot, keep = furnish(tmp_path)
    (boot / "factory-reset").touch()
    before = left(data)

    def read_only(_paths: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(files, "remove", read_only)
    with pytest.raises(erase.CannotErase, match="Read-only"):
        erase.erase(data, boot, [keep])
    assert left(data) == before
    assert (boot / "factory-reset").exists()


def test_a_disk_that_refuses_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, boot, keep = furnish(tmp_path)
    erase.ask(data)

    def broken(_path: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("shutil.rmtree", broken)
        with pytest.raises(erase.CannotErase, match="tries again"):
            erase.erase(data, boot, [keep])
    assert erase.asked(data, boot)
