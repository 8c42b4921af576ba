"""Passwords as SCRAM takes them (RFC 4013)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.saslprep import unusable


@pytest.mark.parametrize(
    "password",
    [
        "correct horse",
        "quotes ' \" and \\ and `",
        "colons: braces {} <tags> &amp; 100 %",
        "ñandú Straße Ελλάδα дом",
        "日本語のパスワード",
        "\u05d0\u05d1\u05d2\u05d3",  # Hebrew alone
        "non\u00a0breaking",  # becomes a space
        "soft\u00adhyphen",  # becomes nothing
        "ﬁ Ⅸ ½",  # composed anew
    ],
)
def test_what_people_type_can_stand(password: str) -> None:
    assert unusable(password) is None


@pytest.mark.parametrize(
    ("password", "strange"),
    [
        ("emoji😀", "😀"),
        ("line\nbreak", "\n"),
        ("nul\0", "\0"),
        ("del\x7f", "\x7f"),
        ("private\ue000", "\ue000"),
        ("half\ud800", "\ud800"),
        ("mark\u200e", "\u200e"),
        ("replaced\ufffd", "\ufffd"),
        ("abc\u05d0", "\u05d0"),  # two directions in one
        ("\u05d0 1", "\u05d0"),  # right to left at one end only
    ],
)
def test_what_cannot_stand_is_named(password: str, strange: str) -> None:
    assert unusable(password) == strange


@given(st.text())
def test_any_text_gets_an_answer(password: str) -> None:
    assert unusable(password) is None or isinstance(unusable(password), str)
