"""The signed list of releases: what is taken from it, and what is refused however well it is signed."""

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model import Missing
from ota import index
from ota.index import BadIndex, Index

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def release(version: str, **changed: Any) -> dict[str, Any]:
    base = {"version": version, "url": f"../bundles/{version}.raucb", "size": 300, "sha256": "ab" * 32}
    return {**base, "changes": {"en": ["Faster."], "es": ["Más rápido."]}, **changed}


def document(**changed: Any) -> str:
    base = {
        "format": 1,
        "board": "x86",
        "channel": "stable",
        "serial": 7,
        "issued": "2026-11-20T00:00:00Z",
        "expires": "2027-02-18T00:00:00Z",
        "releases": [release("1.1.0"), release("1.10.0"), release("1.9.0")],
    }
    return json.dumps({**base, **changed})


def verify(text: str, seen: int = 7, now: dt.datetime = NOW) -> Index:
    found = index.parse(text)
    index.verify(found, board="x86", channel="stable", seen=seen, now=now)
    return found


def test_the_newest_release_is_offered_with_its_words_and_address() -> None:
    found = index.newest(verify(document()), "1.9.0")
    assert found is not None
    assert found.version == "1.10.0"
    assert found.changes_in("es") == ("Más rápido.",)
    assert found.changes_in("de") == ("Faster.",)
    url = "https://updates.example/parlor/stable/x86.cms"
    assert index.address(found, url) == "https://updates.example/parlor/bundles/1.10.0.raucb"


@pytest.mark.parametrize("running", ["1.10.0", "1.10.1-dev.3+gabc", "2.0.0"])
def test_nothing_older_is_offered_and_nothing_that_runs_already(running: str) -> None:
    assert index.newest(verify(document()), running) is None


def test_an_empty_list_offers_nothing() -> None:
    assert index.newest(verify(document(releases=[])), "1.0.0") is None


def test_a_named_release_is_found_unless_it_is_older_or_not_there() -> None:
    found = verify(document())
    assert index.wanted(found, "1.9.0", "1.9.0").version == "1.9.0"
    with pytest.raises(BadIndex, match="older than what runs"):
        index.wanted(found, "1.1.0", "1.9.0")
    with pytest.raises(Missing, match=r"does not offer version 3\.0\.0"):
        index.wanted(found, "3.0.0", "1.9.0")


def test_a_list_that_was_shown_before_is_taken_and_an_older_one_is_not() -> None:
    verify(document(), seen=7)
    with pytest.raises(BadIndex, match="older list of updates than it did before"):
        verify(document(), seen=8)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"board": "rpi"}, "another kind of box"),
        ({"channel": "beta"}, "of the channel “beta”, not “stable”"),
        ({"format": 2}, "of a newer kind"),
    ],
)
def test_a_list_for_others_is_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(BadIndex, match=words):
        verify(document(**changed))


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (dt.datetime(1970, 1, 1, tzinfo=dt.UTC), "of 2026-11-20 but the box's clock says 1970-01-01"),
        (dt.datetime(2038, 1, 20, tzinfo=dt.UTC), "ended on 2027-02-18 and the box's clock says 2038-01-20"),
        (dt.datetime(2027, 2, 18, tzinfo=dt.UTC), "ended on 2027-02-18"),
    ],
)
def test_a_list_of_another_time_is_refused(now: dt.datetime, words: str) -> None:
    with pytest.raises(BadIndex, match=words):
        verify(document(), now=now)


def test_a_clock_that_is_hours_behind_is_no_reason_to_refuse() -> None:
    verify(document(), now=dt.datetime(2026, 11, 19, 12, tzinfo=dt.UTC))


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "[]", "null", "\x00", document()[:-9], document(serial=0), document(serial="x")),
        document(issued="yesterday"),
        document(expires="2027-02-18T00:00:00"),  # of which time zone?
        *(document(releases=[release("latest")]), document(releases=[release("1.2.3", size=0)])),
        *(document(releases=[release("1.2.3", sha256="AB")]), document(releases=[release("1.2.3", changes=["x"])])),
        document(releases=[release("1.2.3")] * (index.MAX_RELEASES + 1)),
        document(padding="x" * index.MAX_BYTES),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(text: str) -> None:
    with pytest.raises(BadIndex, match=r"cannot be read\. Tell whoever runs it"):
        index.parse(text)


def test_fields_of_later_versions_are_no_reason_to_refuse() -> None:
    verify(document(later={"a": 1}))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a.example/x", "javascript:1", "http:///x", "//["])
def test_only_http_addresses_are_taken(url: str) -> None:
    found = verify(document(releases=[release("1.2.3", url=url)])).releases[0]
    with pytest.raises(BadIndex):
        index.address(found, "https://updates.example/stable/x86.cms")


@given(st.text())
def test_whatever_a_signed_text_says_the_answer_is_a_list_or_words(text: str) -> None:
    with pytest.raises(BadIndex):
        index.parse(text)
