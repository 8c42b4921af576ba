"""Who is seen when."""

from itertools import pairwise
from pathlib import Path

from appliance.rooms.recorder.clock import Clock
from appliance.rooms.recorder.director import STEP_S, direct, speakers
from appliance.rooms.recorder.mjr import Head, Kind
from appliance.rooms.recorder.scan import Key, Track

QUIET, LOUD = -90.0, -20.0


def camera(person: str, begin: float, end: float, keys: list[float], kind: Kind = Kind.CAMERA) -> Track:
    found = tuple(Key(at, 0, 0) for at in keys)
    return Track(Head(Path(), person, kind, 0.0, 0), Clock(), 90_000, begin, end, ((begin, end),), found)


def turns(*parts: tuple[str, float]) -> list[str]:
    return [person for person, seconds in parts for _ in range(round(seconds / STEP_S))]


def seen(cuts_of: list[Track], said: list[str], end: float) -> list[tuple[float, str]]:
    cuts = direct(cuts_of, said, 0.0, end)
    return [(round(cut.at, 1), cut.track.head.person if cut.track else "") for cut in cuts]


def test_the_picture_changes_at_key_frames_only() -> None:
    ann, ben = camera("ann", 0, 30, [0.1]), camera("ben", 0, 30, [0.1, 14.3])
    assert seen([ann, ben], turns(("ann", 10), ("ben", 20)), 30) == [(0, ""), (0.1, "ann"), (14.3, "ben")]


def test_a_picture_stays_for_two_seconds() -> None:
    every = [number / 10 for number in range(300)]
    ann, ben = camera("ann", 0, 30, every), camera("ben", 0, 30, every)
    said = turns(*[("ann", 1.0), ("ben", 1.0)] * 15)
    times = [at for at, person in seen([ann, ben], said, 30) if person]
    assert len(times) > 5
    assert all(after - before >= 1.9 for before, after in pairwise(times[1:]))


def test_without_a_key_frame_the_old_picture_stays() -> None:
    ann, ben = camera("ann", 0, 30, [0.1]), camera("ben", 0, 30, [0.1])
    assert seen([ann, ben], turns(("ann", 10), ("ben", 20)), 30) == [(0, ""), (0.1, "ann")]


def test_who_speaks_without_a_camera_changes_nothing() -> None:
    assert seen([camera("ann", 0, 30, [0.1, 15])], turns(("ann", 10), ("ben", 20)), 30) == [(0, ""), (0.1, "ann")]


def test_a_screen_goes_before_who_speaks() -> None:
    tracks = [camera("ann", 0, 30, [0.1, 21.0]), camera("ben", 10, 20, [10.1], Kind.SCREEN)]
    assert seen(tracks, turns(("ann", 30)), 30) == [(0, ""), (0.1, "ann"), (10.1, "ben"), (21.0, "ann")]


def test_what_ended_makes_room_for_the_title() -> None:
    cuts = seen([camera("ann", 5, 10, [5.0])], turns(("ann", 30)), 30)
    assert cuts[:2] == [(0, ""), (5.0, "ann")]
    assert cuts[2][1] == ""
    assert 10.9 < cuts[2][0] < 11.5


def test_the_turn_goes_to_who_is_clearly_louder_and_not_to_a_cough() -> None:
    steps = 100
    ann = [LOUD] * steps
    cough = [QUIET] * 50 + [-18.0] * 2 + [QUIET] * 48
    assert set(speakers({"ann": ann, "ben": cough})[10:]) == {"ann"}
    answers = speakers({"ann": [LOUD] * 50 + [QUIET] * 50, "ben": [QUIET] * 50 + [LOUD] * 50})
    assert answers[40] == "ann"
    assert answers[-1] == "ben"
    assert answers.index("ben") - 50 < 2 / STEP_S
    assert set(speakers({"ann": [QUIET] * steps})) == {""}
