"""A film holds what was heard and seen, at the right time."""

from itertools import pairwise
from pathlib import Path

import pytest

from appliance.rooms.recorder import film
from appliance.rooms.recorder.title import FPS, SECONDS, draw
from tests.unit.rooms.recorder import janus_side as janus
from tests.unit.rooms.recorder.janus_side import BLUE, GREEN, RED, Line
from tests.unit.rooms.recorder.viewer import Film, is_like

GROUND = (27, 34, 48)


def made(folder: Path) -> Film:
    target = folder / "recording.webm"
    film.make(folder, target, "Monday")
    assert [path.name for path in folder.iterdir() if path.suffix != ".mjr"] == [target.name]
    return Film(target)


def test_the_picture_follows_who_speaks(tmp_path: Path) -> None:
    janus.write_sound(tmp_path, 1, [*janus.tone(400, 0, 6), *janus.quiet(6, 12)])
    janus.write_sound(tmp_path, 2, [*janus.quiet(0, 6), *janus.tone(1000, 6, 12)])
    janus.write_picture(tmp_path, 1, janus.colour(RED, 0, 12, keys=(5, 10)))
    janus.write_picture(tmp_path, 2, janus.colour(BLUE, 0, 12, keys=(3, 6.5, 9), size=(320, 180)))
    seen = made(tmp_path)
    assert seen.codecs == ["vp8", "opus"]
    assert seen.title == "Monday"
    assert seen.seconds == pytest.approx(12, abs=0.2)
    assert is_like(seen.colour(4), RED)
    assert is_like(seen.colour(8), BLUE)
    assert seen.times(BLUE)[0] == pytest.approx(6.5, abs=0.08)
    assert seen.tone_begins(1000) == pytest.approx(6, abs=0.04)
    assert seen.loudness(400, 1, 5) > 0.3
    assert seen.loudness(400, 7, 11) < 0.01


def test_a_shared_screen_is_seen_whoever_speaks(tmp_path: Path) -> None:
    janus.write_sound(tmp_path, 1, janus.tone(400, 0, 12))
    janus.write_picture(tmp_path, 1, janus.colour(RED, 0, 12, keys=(2, 4, 6, 8, 10)))
    janus.write_picture(tmp_path, 2, janus.colour(GREEN, 4, 8, fps=2), kind="screen")
    seen = made(tmp_path)
    assert is_like(seen.colour(3), RED)
    assert is_like(seen.colour(7), GREEN)
    assert is_like(seen.colour(11), RED)
    assert seen.times(GREEN)[0] == pytest.approx(4, abs=0.08)


def test_without_a_camera_the_title_is_seen(tmp_path: Path) -> None:
    janus.write_sound(tmp_path, 1, janus.tone(400, 0, 15))
    seen = made(tmp_path)
    assert is_like(seen.colour(12), GROUND)
    assert len(seen.pictures) == 75
    first = seen.pictures[0][1]
    assert first.max() > 200, "the title's letters"


def test_who_comes_late_and_goes_early_is_in_the_right_place(tmp_path: Path) -> None:
    janus.write_sound(tmp_path, 1, janus.quiet(0, 20))
    janus.write_sound(tmp_path, 2, janus.tone(700, 7, 9))
    janus.write_sound(tmp_path, 2, janus.tone(1100, 13, 15))
    janus.write_picture(tmp_path, 2, janus.colour(BLUE, 7, 9))
    seen = made(tmp_path)
    assert seen.seconds == pytest.approx(20, abs=0.2)
    assert seen.tone_begins(700) == pytest.approx(7, abs=0.04)
    assert seen.loudness(700, 9.2, 13) < 0.01
    assert seen.tone_begins(1100) == pytest.approx(13, abs=0.04)
    assert seen.times(BLUE)[0] == pytest.approx(7, abs=0.08)
    assert is_like(seen.colour(13), GROUND), "who left is no longer seen"


def test_everybody_is_heard_at_once(tmp_path: Path) -> None:
    for number in range(4):
        janus.write_sound(tmp_path, number, janus.tone(400 + 200 * number, 0, 4))
    seen = made(tmp_path)
    for number in range(4):
        assert seen.loudness(400 + 200 * number, 1, 3) > 0.08
    assert abs(seen.sound).max() <= 1.05


def test_lost_packets_leave_a_short_gap_and_no_smeared_picture(tmp_path: Path) -> None:
    often = Line(lost=lambda number: number % 50 == 7)
    janus.write_sound(tmp_path, 1, janus.tone(400, 0, 10), often)
    hole = Line(lost=lambda number: number == 30)
    janus.write_picture(tmp_path, 1, janus.colour(RED, 0, 10, keys=(6,)), line=hole)
    seen = made(tmp_path)
    assert seen.loudness(400, 1, 9) > 0.3
    gap = max(after - before for before, after in pairwise(seen.times(RED)))
    assert 2 < gap < 5, "it stands still from the loss to the key frame at 6"
    assert is_like(seen.colour(9), RED)


def test_packets_that_came_in_disorder_make_the_same_pictures(tmp_path: Path) -> None:
    swapped = Line(jitter=lambda number: 0.3 if number % 11 == 3 else 0.0)
    janus.write_picture(tmp_path, 1, janus.colour(RED, 0, 8), line=swapped)
    janus.write_sound(tmp_path, 1, janus.tone(400, 0, 8), swapped)
    seen = made(tmp_path)
    assert len(seen.times(RED)) >= 75
    assert seen.loudness(400, 1, 7) > 0.3


def test_a_microphone_whose_clock_is_fast_keeps_its_place(tmp_path: Path) -> None:
    fast = Line(drift=0.004)  # no clock is so bad; an hour of a usual one adds up to as much
    parts = [(at / (1 + fast.drift), data) for at, data in [*janus.tone(400, 0, 60), *janus.tone(1000, 60, 62)]]
    janus.write_sound(tmp_path, 1, parts, fast)
    assert made(tmp_path).tone_begins(1000, after=58) == pytest.approx(60 / 1.004, abs=0.07)


def test_a_key_frame_whose_first_packet_came_last_is_seen(tmp_path: Path) -> None:
    parts = janus.colour(RED, 0, 4) + janus.colour(BLUE, 4, 8, size=(640, 360))
    sent = list(janus.picture_packets(parts, Line(), largest=100))
    first = next(number for number, each in enumerate(sent) if each.at == 4)
    assert sent[first + 1].at == 4, "it has several packets"
    late = Line(jitter=lambda number: 0.25 if number == first else 0.0)
    janus.write(tmp_path, 1, "camera", sent[first - 1 :], Line(jitter=lambda number: late.jitter(number + first - 1)))
    seen = made(tmp_path)
    assert seen.times(BLUE)[0] == pytest.approx(0.1, abs=0.08)


def test_a_file_that_was_cut_off_gives_what_it_holds(tmp_path: Path) -> None:
    path = janus.write_sound(tmp_path, 1, janus.tone(400, 0, 10))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2 + 3])
    (tmp_path / "9-1-audio-7.mjr").write_bytes(b"MJR00002")
    (tmp_path / "9-1-audio-8.mjr").write_bytes(b"")
    seen = made(tmp_path)
    assert 4 < seen.seconds < 6
    assert seen.loudness(400, 1, 4) > 0.3


def test_nothing_recorded_is_said(tmp_path: Path) -> None:
    (tmp_path / "9-1-audio-7.mjr").write_bytes(b"MJR00002")
    with pytest.raises(film.Nothing):
        film.make(tmp_path, tmp_path / "recording.webm", "Monday")
    assert not (tmp_path / "recording.webm").exists()


def test_the_title_is_one_picture_and_hardly_a_byte_for_each_that_is_the_same() -> None:
    still = draw("A room", "2026-03-02")
    assert [picture[0] & 1 for picture in still.pictures] == [0] + [1] * (SECONDS * FPS - 1), "one key frame (RFC 6386)"
    assert max(len(picture) for picture in still.pictures[1:]) < 500


def test_a_title_may_hold_anything() -> None:
    for title in ("", "50% of: 'a,b';[c]\\n", "%{pts}", "ä" * 500, "\n\t "):
        assert draw(title, "").pictures
