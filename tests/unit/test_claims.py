"""Claim codes, the pace of guesses, and sessions."""

from pathlib import Path

import pytest

from appliance.core.claims import ALPHABET, LIFETIME_S, ClaimCode, canonical
from appliance.core.sessions import LOGIN_S, Sessions
from appliance.model import Denied, Expired, LoggedOut, TooMany
from appliance.throttle import FREE_TRIES, LONGEST_S, Throttle


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_code_has_forty_bits() -> None:
    assert len(set(ALPHABET)) == 32
    assert len(canonical(ClaimCode().current()[0])) == 8


@pytest.mark.parametrize(
    "sloppy", [str.lower, lambda c: c.replace("-", " "), lambda c: f"  {c} ", lambda c: c.replace("-", "")]
)
def test_people_may_type_it_their_way(sloppy: object, clock: Clock) -> None:
    code = ClaimCode(clock)
    assert callable(sloppy)
    code.take(sloppy(code.current()[0]))


def test_it_works_once(clock: Clock) -> None:
    code = ClaimCode(clock)
    text = code.current()[0]
    code.take(text)
    with pytest.raises(Denied):
        code.take(text)
    assert code.current()[0] != text


def test_it_lasts_ten_minutes(clock: Clock) -> None:
    code = ClaimCode(clock)
    text, seconds = code.current()
    assert seconds == LIFETIME_S
    clock.now += LIFETIME_S
    with pytest.raises(Expired):
        code.take(text)


@pytest.mark.parametrize("typed", ["", "AAAA-AAAA", "é" * 8, "x" * 65536, "\n", "\ud800"])
def test_a_wrong_code_is_refused_and_costs_nothing(typed: str, clock: Clock) -> None:
    code = ClaimCode(clock)
    text = code.current()[0]
    with pytest.raises(Denied):
        code.take(typed)
    code.take(text)


def test_nothing_claims_a_box_that_shows_no_code(clock: Clock) -> None:
    with pytest.raises(Denied):
        ClaimCode(clock).take("")


def test_guesses_slow_down_and_the_owner_gets_in_again(clock: Clock) -> None:
    pace = Throttle(clock)
    for _ in range(FREE_TRIES):
        pace.check("a")
        pace.wrong("a")
    with pytest.raises(TooMany):
        pace.check("a")
    pace.check("b")
    for _ in range(1000):
        pace.wrong("a")
    clock.now += LONGEST_S
    pace.check("a")


def test_a_right_answer_clears_the_pace(clock: Clock) -> None:
    pace = Throttle(clock)
    for _ in range(FREE_TRIES + 1):
        pace.wrong("a")
    pace.right("a")
    pace.check("a")


def test_sessions_survive_a_restart_and_only_their_digest_is_kept(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "sessions.json"
    token = Sessions(path, clock).open("ann")
    assert token not in path.read_text()
    assert Sessions(path, clock).find(token).name == "ann"


@pytest.mark.parametrize("token", ["", "é", "\udcc3", "x" * 65536])
def test_a_made_up_token_is_nobodys(tmp_path: Path, token: str) -> None:
    with pytest.raises(LoggedOut):
        Sessions(tmp_path / "s").find(token)


def test_sessions_end(tmp_path: Path, clock: Clock) -> None:
    sessions = Sessions(tmp_path / "s", clock)
    token = sessions.open("ann")
    clock.now += LOGIN_S
    with pytest.raises(LoggedOut):
        sessions.find(token)


def test_log_out_everywhere_keeps_only_what_is_asked(tmp_path: Path, clock: Clock) -> None:
    sessions = Sessions(tmp_path / "s", clock)
    here, there, other = sessions.open("ann"), sessions.open("ann"), sessions.open("bob")
    sessions.close_all("ann", keep=here)
    sessions.find(here)
    sessions.find(other)
    with pytest.raises(LoggedOut):
        sessions.find(there)


def test_a_new_claim_ends_the_older_one(tmp_path: Path, clock: Clock) -> None:
    sessions = Sessions(tmp_path / "s", clock)
    first, login = sessions.open(), sessions.open("ann")
    second = sessions.open()
    sessions.find(second)
    sessions.find(login)
    with pytest.raises(LoggedOut):
        sessions.find(first)


def test_a_torn_file_logs_everybody_out_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "s").write_text('{"a": [')
    with pytest.raises(LoggedOut):
        Sessions(tmp_path / "s").find("x")
