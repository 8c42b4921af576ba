"""What is remembered of updates, over restarts and power cuts."""

import fcntl
import threading
from dataclasses import replace
from pathlib import Path

from ota import state
from ota.state import Attempt, Outcome, State

NEW = Attempt("2.0.0", "1.0.0", "B", 1_800_000_000, boot="first")


def installed(boot: str = "first") -> State:
    return State(replace(NEW, outcome=Outcome.INSTALLED, boot=boot))


def test_it_comes_back_as_it_went(tmp_path: Path) -> None:
    kept = state.change(lambda _: replace(installed(), serials={"x86/stable": 7}, not_again=("1.5.0",)), tmp_path)
    assert state.load(tmp_path) == kept


def test_a_torn_file_is_as_good_as_none(tmp_path: Path) -> None:
    for torn in (b"", b"{", b"[]", b'{"attempt": {}}', b'{"strange": 1, "not_again": []}'):
        (tmp_path / "state.json").write_bytes(torn)
        assert state.load(tmp_path) == State()


def test_the_deadlines_file_is_there_while_a_version_has_not_proved_itself(tmp_path: Path) -> None:
    state.change(lambda _: installed(), tmp_path)
    assert (tmp_path / "trial").read_text() == "B"
    state.change(lambda now: state.ended(now, Outcome.GOOD), tmp_path)
    assert not (tmp_path / "trial").exists()


def test_before_the_restart_nothing_is_on_trial_and_nothing_has_failed() -> None:
    assert not state.on_trial(installed(), "A")
    assert state.settled(installed(), "A", "first") == installed()


def test_the_new_slot_is_on_trial_at_each_start_until_it_is_settled() -> None:
    assert state.on_trial(installed(), "B")
    assert state.settled(installed(), "B", "second") == installed()
    assert not state.on_trial(state.ended(installed(), Outcome.GOOD), "B")


def test_a_cut_between_the_last_write_and_its_note_still_means_a_trial() -> None:
    assert state.on_trial(State(NEW), "B")


def test_the_old_slot_finds_that_the_new_version_did_not_start() -> None:
    after = state.settled(installed(), "A", "second")
    assert after.attempt
    assert (after.attempt.outcome, after.attempt.reason) == (Outcome.FAILED, state.DID_NOT_START)
    assert after.not_again == ("2.0.0",)


def test_a_reason_that_the_new_version_noted_stays() -> None:
    noted = state.ended(installed(), Outcome.FAILED, "The upload failed", again=False)
    assert state.settled(noted, "A", "second") == noted


def test_an_installation_that_was_cut_off_may_be_tried_again() -> None:
    after = state.settled(State(NEW), "A", "second")
    assert after.attempt
    assert (after.attempt.outcome, after.attempt.reason) == (Outcome.FAILED, state.INTERRUPTED)
    assert after.not_again == ()


def test_the_list_of_failed_versions_does_not_grow_for_ever() -> None:
    now = State()
    for number in range(50):
        now = state.ended(replace(now, attempt=replace(NEW, version=str(number))), Outcome.FAILED, again=False)
    assert len(now.not_again) == 20
    assert now.not_again[-1] == "49"


def test_two_writers_wait_for_each_other(tmp_path: Path) -> None:
    state.change(lambda now: now, tmp_path)
    with (tmp_path / ".lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        other = threading.Thread(target=state.change, args=(lambda now: replace(now, checked=7), tmp_path))
        other.start()
        other.join(0.3)
        assert other.is_alive()
        assert state.load(tmp_path).checked == 0
        fcntl.flock(held, fcntl.LOCK_UN)
        other.join(10)
    assert state.load(tmp_path).checked == 7


def test_the_mark_of_a_run_stays_the_same(tmp_path: Path) -> None:
    mark = state.boot_mark(tmp_path / "mark")
    assert len(mark) == 16
    assert state.boot_mark(tmp_path / "mark") == mark
    assert state.boot_mark(tmp_path / "other") != mark
