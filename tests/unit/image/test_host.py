"""What carries over into the tools root, and what a person is told when the host is not ready."""

import os
from pathlib import Path

import pytest

from image import cache, host, namespace


def test_the_environment_inside_has_what_the_build_needs_and_nothing_else() -> None:
    outer = {
        "https_proxy": "http://proxy.example:3128",
        "PIP_INDEX_URL": "https://pip.example",
        "HTTPS_PORT": "9443",
        "HOME": "/home/ann",
        "SECRET_TOKEN": "x",
        "PATH": "/home/ann/bin",
    }
    inner = namespace.environment(outer)
    assert inner["https_proxy"] == "http://proxy.example:3128"
    assert inner["PIP_INDEX_URL"] == "https://pip.example"
    assert inner["HTTPS_PORT"] == "9443"
    assert inner["HOME"] == "/root"
    assert "SECRET_TOKEN" not in inner
    assert "/home/ann" not in inner["PATH"]


def test_a_path_of_the_host_has_another_name_inside_and_is_still_known_by_its_own() -> None:
    inner = namespace.environment({"PARLOR_DATA": "/srv/box"})
    assert inner["PARLOR_DATA"] == "/run/host-paths/parlor_data"
    assert inner["PARLOR_DATA_OUTSIDE"] == "/srv/box"


def test_without_root_and_sudo_the_person_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", "")
    assert host.main(["true"]) == 1
    assert "Run the same command as root" in capsys.readouterr().err


def test_a_missing_provisioning_file_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv(host.IN_SCOPE, "1")
    monkeypatch.setenv("PROVISION", str(tmp_path / "parlor.toml"))
    assert host.main(["true"]) == 1
    assert "parlor.toml: there is no such file" in capsys.readouterr().err


def test_a_missing_folder_of_release_keys_is_named_not_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv(host.IN_SCOPE, "1")
    monkeypatch.setenv("RELEASE_KEYS", str(tmp_path / "typo"))
    assert host.main(["true"]) == 1
    assert "typo: there is no such folder" in capsys.readouterr().err
    assert not (tmp_path / "typo").exists()


def test_an_update_server_is_a_web_address(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv(host.IN_SCOPE, "1")
    monkeypatch.setenv("UPDATE_SERVER", "updates.example")
    assert host.main(["true"]) == 1
    assert "must be a web address" in capsys.readouterr().err


def test_there_is_one_session_and_joining_needs_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(host, "BUILD", tmp_path)
    monkeypatch.setattr(host, "SESSION", tmp_path / "session")
    with pytest.raises(host.HostError, match="not running"):
        host._session_process()
    with host._session() as started:
        with pytest.raises(host.HostError, match="still being built"):
            host._session_process()
        started(4711)
        assert host._session_process() == 4711
        with pytest.raises(host.HostError, match="already running"), host._session():
            pass
    with pytest.raises(host.HostError, match="not running"):
        host._session_process()


def test_clean_keeps_the_data_and_waits_for_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(host, "BUILD", tmp_path)
    monkeypatch.setattr(host, "SESSION", tmp_path / "session")
    monkeypatch.setattr(cache, "CACHE", tmp_path / "cache")
    for name in ("data", "boot", "logs", "cache/base-0"):
        (tmp_path / name).mkdir(parents=True)
    descriptor = cache.hold(tmp_path / "cache/base-0")
    with pytest.raises(host.HostError, match="Something still runs"):
        host._clean()
    os.close(descriptor)
    assert host._clean() == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["boot", "data", "session"]
