"""Versions come in the order that semver.org gives and RAUC keeps."""

import itertools

import pytest

from ota.version import Version

ORDER = [
    *("0.1.0-dev.0", "0.1.0-dev.9+gabc", "0.1.0-dev.10+gdef.dirty", "0.1.0-dev.10.1", "0.1.0-rc.1", "0.1.0"),
    *("0.1.1-dev.1", "0.1.1", "0.2.0", "0.10.0", "1.0.0", "1.0.0-x.y"),
]


@pytest.mark.parametrize(("one", "two"), itertools.pairwise(ORDER[:-1]))
def test_each_is_older_than_the_next(one: str, two: str) -> None:
    assert Version.parse(one) < Version.parse(two)
    assert not Version.parse(two) <= Version.parse(one)


def test_numbers_come_before_words_and_a_release_after_both() -> None:
    assert Version.parse("1.0.0-2") < Version.parse("1.0.0-10") < Version.parse("1.0.0-a") < Version.parse("1.0.0")


def test_the_build_does_not_count() -> None:
    assert Version.parse("1.0.0-dev.3+gabc") == Version.parse("1.0.0-dev.3+gdef.dirty")


@pytest.mark.parametrize(
    "text", ["", "1", "1.2", "1.2.3.4", "v1.2.3", "1.2.3-", "1.2.3 ", "١.2.3", "1.2.3\n", "-1.2.3"]
)
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a version"):
        Version.parse(text)
