"""Tokens of rooms: what the box signed it takes back, and nothing else."""

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.rooms.tokens import BadToken, ExpiredToken, Token, sign, verify

KEY, OTHER = b"k" * 32, b"o" * 32
TOKEN = Token(room="kitchen", role="host", name="Zoë 🐟", person="zoe", expires=1000, id="t1")


def test_a_token_comes_back_as_it_was() -> None:
    assert verify(sign(TOKEN, KEY), KEY, now=999.9) == TOKEN


def test_its_time_ends() -> None:
    with pytest.raises(ExpiredToken):
        verify(sign(TOKEN, KEY), KEY, now=1000)


def test_another_box_signs_otherwise() -> None:
    with pytest.raises(BadToken):
        verify(sign(TOKEN, OTHER), KEY, now=0)


def test_every_changed_character_is_noticed() -> None:
    text = sign(TOKEN, KEY)
    for place, letter in enumerate(text):
        changed = text[:place] + ("A" if letter != "A" else "B") + text[place + 1 :]
        with pytest.raises(BadToken):
            verify(changed, KEY, now=0)


def test_a_payload_of_ones_own_does_not_help() -> None:
    payload = base64.urlsafe_b64encode(json.dumps({"room": "kitchen", "role": "host", "name": "x"}).encode()).decode()
    for text in (payload, f"{payload}.", f"{payload}.{sign(TOKEN, KEY).partition('.')[2]}"):
        with pytest.raises(BadToken):
            verify(text, KEY, now=0)


@given(st.text(max_size=200))
def test_any_text_is_refused_in_order(text: str) -> None:
    with pytest.raises(BadToken):
        verify(text, KEY, now=0)


def test_a_token_that_is_too_long_is_refused_unread() -> None:
    with pytest.raises(BadToken):
        verify(sign(replace(TOKEN, name="x" * 4000), KEY), KEY, now=0)
