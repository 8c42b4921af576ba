"""The kernel's entry for programs of another architecture."""

from pathlib import Path

import pytest

from image import debian, emulation
from image.process import run


def test_our_entry_is_qemus_under_another_name() -> None:
    shipped = (emulation.SHIPPED / "qemu-aarch64.conf").read_text(encoding="ascii").strip()
    made = emulation.entry("arm64").decode("ascii")
    assert made != shipped
    assert made.replace(emulation.ENTRY, "qemu-aarch64", 1) == shipped
    assert "F" in made.rpartition(":")[2], "it would not be found in the root that is being made"


def test_an_entry_without_the_flag_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "qemu-aarch64.conf").write_text(":qemu-aarch64:M::a:b:/usr/bin/qemu-aarch64:OP\n", encoding="ascii")
    monkeypatch.setattr(emulation, "SHIPPED", tmp_path)
    with pytest.raises(ValueError, match="another form"):
        emulation.entry("arm64")


def test_our_own_programs_need_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulation, "FORMATS", Path("/nowhere"))
    with emulation.emulated(debian.native_architecture()):
        pass


def test_scripts_in_a_foreign_root_run_our_programs_and_leave_nothing(tmp_path: Path) -> None:
    programs = tmp_path / "usr/bin"
    programs.mkdir(parents=True)
    (tmp_path / "usr/lib").mkdir()
    (tmp_path / "lib").symlink_to("usr/lib")
    for name in ("cp", "dash"):
        (programs / name).write_text("of another architecture", encoding="ascii")
        (programs / name).chmod(0o755)
    with emulation.hastened(tmp_path):
        assert "coreutils" in run(["chroot", tmp_path, "/usr/bin/cp", "--version"]).stdout
        assert run(["chroot", tmp_path, "/usr/bin/dash", "-c", "echo ours"]).stdout == "ours\n"
    assert (programs / "cp").read_text(encoding="ascii") == "of another architecture"
    assert {path.name for path in tmp_path.rglob("*")} == {"usr", "bin", "lib", "cp", "dash"}


def test_a_root_of_ours_is_left_alone(tmp_path: Path) -> None:
    with emulation.hastened(Path("/")):
        assert not (tmp_path / "lib64").exists()
