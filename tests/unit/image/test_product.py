"""What the product's layer says about updates."""

from pathlib import Path

import pytest

from image import product, slots
from image.board import Board


@pytest.mark.parametrize("server", ["", "https://updates.example/parlor"])
def test_a_tree_knows_whom_to_trust_and_whom_to_ask(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: str
) -> None:
    monkeypatch.setenv("UPDATE_SERVER", server)
    (tmp_path / "keyring.pem").write_text("root and list")
    product._configure_updates(tmp_path / "root", Board.X86, "1.2.3", tmp_path / "keyring.pem")
    written = {path.relative_to(tmp_path / "root"): path.read_text() for path in tmp_path.glob("root/**/*.*")}
    assert written[slots.KEYRING] == "root and list"
    assert written[slots.CONFIGURATION] == slots.system_conf(Board.X86, "1.2.3")
    assert (tmp_path / "root/usr/lib/parlor/update-server").read_text() == server
