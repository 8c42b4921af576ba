"""Who is seen when: the shared screen, else whoever speaks. Pure; pictures change at key frames only.

The whole meeting is known, so a picture may change a little before somebody is sure to speak on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from appliance.rooms.recorder.mjr import Kind
from appliance.rooms.recorder.scan import Key, Track

STEP_S = 0.2  # of the loudness, and of every decision
HOLD_S = 2.0  # how long a picture stays at least
BACK_S = 1.5  # how much earlier than the decision the key frame may be
DEAD_S = 1.0  # how long the last picture of a stream that ended stays, while another has no key frame
AUDIBLE_DB = -50.0  # below full scale: quieter is nobody's turn
LOUDER_DB = 6.0  # by which somebody else must be louder than who has the turn
STEADY = 4  # steps for which they must be
SMOOTH = 0.25  # share of the newest step in the running loudness


@dataclass(frozen=True)
class Cut:
    """From `at` (seconds since 1970) on `track` is seen, beginning with `key`; without a track, the title."""

    at: float
    track: Track | None = None
    key: Key | None = None


def speakers(levels: Mapping[str, Sequence[float]]) -> list[str]:
    """Who has the turn in each step, by loudness in dB below full scale; "" before anybody spoke."""
    steps = max(map(len, levels.values()), default=0)
    running = dict.fromkeys(levels, -100.0)
    turn, rival, streak, found = "", "", 0, []
    for step in range(steps):
        for person, loudness in levels.items():
            now = loudness[step] if step < len(loudness) else -100.0
            running[person] += SMOOTH * (max(now, -100.0) - running[person])
        loudest = max(running, key=lambda person: running[person])
        wins = running[loudest] > AUDIBLE_DB and (not turn or running[loudest] > running[turn] + LOUDER_DB)
        if loudest == turn or not wins:
            streak, rival = 0, ""
        else:
            streak = streak + 1 if loudest == rival else 1
            rival = loudest
            if streak >= STEADY:
                turn, streak, rival = loudest, 0, ""
        found.append(turn)
    return found


def direct(tracks: Sequence[Track], turns: Sequence[str], begin: float, end: float) -> list[Cut]:
    """The cuts of a film from `begin` to `end`; the first is at `begin`, with the title."""
    cuts = [Cut(begin)]
    steps = int((end - begin) / STEP_S) + 1
    lost_at: float | None = None
    for step in range(steps):
        at = begin + step * STEP_S
        shown = cuts[-1].track
        speaker = turns[min(step, len(turns) - 1)] if turns else ""
        wanted = _wanted(tracks, speaker, shown, at)
        lost_at = None if shown is None or shown.is_there(at) else lost_at or at
        if wanted is shown:
            continue
        if wanted is not None:
            hold = 0.0 if shown is None or lost_at is not None else HOLD_S
            key = wanted.key(max(cuts[-1].at + hold, at - BACK_S), at + STEP_S)
            if key is not None:
                cuts.append(Cut(key.at, wanted, key))
                continue
        if lost_at is not None and at - lost_at >= DEAD_S:
            cuts.append(Cut(at))
    return cuts


def _wanted(tracks: Sequence[Track], speaker: str, shown: Track | None, at: float) -> Track | None:
    there = [track for track in tracks if track.is_there(at)]
    screens = [track for track in there if track.head.kind is Kind.SCREEN]
    if screens:
        return max(screens, key=lambda track: track.since(at))
    for track in there:
        if track.head.person == speaker:
            return track
    if shown in there:
        return shown
    return there[0] if there else None
