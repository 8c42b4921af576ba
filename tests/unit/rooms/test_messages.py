"""What browsers may send: the protocol's messages, and nothing that could hurt."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.rooms import messages as m

BROWSER = "b" * 22


def parse(**document: object) -> m.Message:
    return m.parse(json.dumps(document))


def test_hello() -> None:
    hello = parse(do="hello", room="kitchen", name="Ann", browser=BROWSER)
    assert hello == m.Hello(do="hello", room="kitchen", name="Ann", browser=BROWSER)


def test_what_a_newer_page_adds_is_passed_over() -> None:
    assert parse(do="leave", something="new") == m.Simple(do="leave")


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"do": "fly"},
        {"do": "hello", "room": "kitchen"},
        {"do": "hello", "room": "kitchen", "browser": "short"},
        {"do": "publish", "jsep": {"type": "offer", "sdp": "x" * 60_001}, "tracks": {}},
        {"do": "publish", "jsep": {"type": "offer", "sdp": ""}, "tracks": {"0": "screenshot"}},
        {"do": "watch", "layers": {"0": 3}},
        {"do": "chat", "text": "   "},
        {"do": "react", "emoji": "💣"},
        {"do": "tell", "to": "all", "data": ""},
        {"do": "mute", "id": "1; drop"},
        {"do": "rename", "name": "a\u202eb"},
    ],
)
def test_anything_else_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(m.NotUnderstood):
        m.parse(json.dumps(document))


@given(st.text(max_size=300))
def test_any_text_is_a_message_or_refused(text: str) -> None:
    with pytest.raises(m.NotUnderstood):
        m.parse(text)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(m.NotUnderstood):
        m.parse("[" * 60_000)


@pytest.mark.parametrize(("typed", "shown"), [(" Ann  Lee ", "Ann Lee"), ("Zoë 👩‍👧", "Zoë 👩‍👧"), ("<b>", "<b>")])
def test_names_are_shown_as_they_are(typed: str, shown: str) -> None:
    assert m.visible_name(typed) == shown


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\u0000b", "a\u202eb", "x" * 65536])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        m.visible_name(name)
