"""The lists of packages and units: one a line, each once."""

from pathlib import Path

import pytest

from image.debian import package_names
from image.tools import PACKAGES, Profile, packages_of


def test_comments_and_empty_lines_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("# a comment\n\none   # why\n  two\n")
    assert package_names(tmp_path / "list") == ["one", "two"]


@pytest.mark.parametrize("path", sorted(PACKAGES.glob("*.txt")), ids=lambda path: path.name)
def test_nothing_is_listed_twice(path: Path) -> None:
    names = package_names(path)
    assert sorted(set(names)) == sorted(names)


def test_tests_see_the_box_s_own_libraries_and_all_that_building_needs() -> None:
    tests = set(packages_of(Profile.TEST))
    assert {"python3-flask", "python3-pydantic", "gunicorn"} <= tests
    assert set(packages_of(Profile.RUN)) <= tests
