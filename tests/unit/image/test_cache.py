"""Results are kept by digest, appear whole or not at all, and stay while somebody holds them."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from image import cache

Build = Callable[[Path], None]


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(cache, "REPOSITORY", tmp_path)


def key(number: int) -> str:
    return f"{number:016x}"


def folder(path: Path) -> None:
    path.mkdir()


def make(number: int) -> Path:
    result = cache.built("thing", key(number), folder)
    os.utime(result, (number, number))  # The order in which they were used.
    return result


def test_a_result_is_built_once() -> None:
    calls: list[Path] = []

    def build(path: Path) -> None:
        calls.append(path)
        path.mkdir()

    assert cache.built("thing", key(1), build) == cache.built("thing", key(1), build)
    assert len(calls) == 1


def test_a_failed_build_leaves_no_result_and_the_next_one_starts_afresh() -> None:
    def fail(path: Path) -> None:
        path.mkdir()
        (path / "half").touch()
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        cache.built("thing", key(1), fail)
    assert not cache.stored("thing", key(1)).exists()
    assert list(cache.built("thing", key(1), folder).iterdir()) == []


def test_two_that_want_the_same_build_it_once() -> None:
    calls: list[Path] = []

    def slowly(path: Path) -> None:
        calls.append(path)
        time.sleep(0.1)
        path.mkdir()

    with ThreadPoolExecutor() as pool:
        results = set(pool.map(lambda _: cache.built("thing", key(1), slowly), range(4)))
    assert len(results) == len(calls) == 1


def test_old_results_go_and_the_last_two_stay() -> None:
    results = [make(number) for number in (1, 2, 3)]
    assert [result.exists() for result in results] == [False, True, True]


def test_a_held_result_stays_until_it_is_let_go() -> None:
    first = make(1)
    descriptor = cache.hold(first)
    make(2)
    make(3)
    assert first.exists()
    assert cache.held() == [first]
    os.close(descriptor)
    assert cache.held() == []
    make(4)
    assert not first.exists()


def test_a_kind_does_not_prune_another_whose_name_begins_alike() -> None:
    other = cache.built("thing-test", key(9), folder)
    os.utime(other, (0, 0))
    for number in (1, 2, 3):
        make(number)
    assert other.exists()


def test_the_digest_tells_where_a_part_ends() -> None:
    assert cache.digest(["ab", "c"]) != cache.digest(["a", "bc"])


def test_the_fingerprint_sees_content_mode_name_and_link(tmp_path: Path) -> None:
    def seen() -> str:
        return cache.digest(cache.fingerprint([tmp_path / "top"]))

    (tmp_path / "top").mkdir()
    file = tmp_path / "top/file"
    file.write_text("a")
    before = [seen()]
    file.write_text("b")
    before.append(seen())
    file.chmod(0o755)
    before.append(seen())
    file.rename(tmp_path / "top/other")
    before.append(seen())
    file.symlink_to("other")
    before.append(seen())
    assert len(set(before)) == len(before)


def test_the_fingerprint_ignores_compiled_python(tmp_path: Path) -> None:
    (tmp_path / "top/__pycache__").mkdir(parents=True)
    before = cache.digest(cache.fingerprint([tmp_path / "top"]))
    (tmp_path / "top/__pycache__/module.pyc").write_text("x")
    assert cache.digest(cache.fingerprint([tmp_path / "top"])) == before
