"""What the report says of numbers."""

from tests.bench.figures import MIB, Figures, percentile
from tests.bench.report import TARGETS, report, verdict

BOX = Figures(
    "Parlor", [8.0, 7.0, 30.0], [2.0], [{"a.service": 100 * MIB, "b.service": 20 * MIB}], [0.0021] * 100, [9.0]
)
PEER = Figures("peer", latencies=[0.002] * 100)
FIRST, _LATER, _MEMORY, LATENCY = TARGETS


def test_one_slow_round_does_not_count() -> None:
    assert BOX.summary()["first_start"] == 8.0
    assert verdict(FIRST, {"parlor": BOX}) == "met (8.00)"


def test_latency_is_held_against_the_peer_of_the_same_durability() -> None:
    assert verdict(LATENCY, {"parlor": BOX, "ejabberd-sqlite": PEER}) == "met (1.05)"
    slower = Figures("Parlor", latencies=[0.00212] * 100)
    assert verdict(LATENCY, {"parlor": slower, "ejabberd-sqlite": PEER}) == "MISSED (1.06)"


def test_nothing_is_said_of_what_was_not_measured() -> None:
    assert verdict(LATENCY, {"parlor": BOX}) == ""
    assert "latency within" not in report({"parlor": BOX}, {})


def test_a_peers_cell_carries_the_ratio_to_the_box() -> None:
    text = report({"parlor": BOX, "ejabberd-sqlite": PEER}, {"machine": "2 cores"})
    assert "| 2.10" in text
    assert "2.00 (×1.05)" in text
    assert "| a.service" in text


def test_percentiles_are_by_nearest_rank() -> None:
    values = [float(value) for value in range(1, 201)]
    assert percentile(values, 99) == 198.0
    assert percentile([5.0], 99) == 5.0
