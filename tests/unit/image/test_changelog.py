"""What is new, in words, out of the changelog."""

from pathlib import Path

import pytest

from appliance.settings import Language
from image.changelog import CHANGELOG, changes, newest, points

TEXT = """\
# Changelog

## 1.1.0 (not released yet)

- One thing
  over two lines.
- Another: “quoted”; done.

## 1.0.0

- The first.
"""


def test_each_point_of_the_newest_version_is_one_line() -> None:
    assert points(TEXT) == ["One thing over two lines.", "Another: “quoted”; done."]
    assert newest(TEXT) == "1.1.0"


def test_a_changelog_without_a_version_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no heading with a version"):
        newest("# Changelog\n")


def test_translations_count_for_the_same_version_only(tmp_path: Path) -> None:
    (tmp_path / "CHANGELOG.md").write_text(TEXT)
    (tmp_path / "CHANGELOG.es.md").write_text("## 1.1.0\n\n- Una cosa.\n")
    (tmp_path / "CHANGELOG.de.md").write_text("## 1.0.0\n\n- Das Erste.\n")
    assert changes(tmp_path) == {"en": points(TEXT), "es": ["Una cosa."]}


def test_our_own_changelog_says_as_much_in_every_language() -> None:
    said, english = changes(), points(CHANGELOG.read_text(encoding="utf-8"))
    assert english
    assert {language: len(told) for language, told in said.items()} == dict.fromkeys(Language, len(english))
