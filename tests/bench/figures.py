"""What was measured of each system, and the numbers that stand for it."""

import statistics
from dataclasses import dataclass, field

MIB = 1024 * 1024


@dataclass
class Figures:
    """Raw values of one system; times in seconds, sizes in bytes."""

    title: str
    first_starts: list[float] = field(default_factory=list)
    later_starts: list[float] = field(default_factory=list)
    memory: list[dict[str, int]] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    cipher: str = ""

    def summary(self) -> dict[str, float]:
        """One number for each figure that was measured, by the figure's name, in the unit that FIGURES says."""
        values: dict[str, float] = {}
        if self.first_starts:
            values["first_start"] = statistics.median(self.first_starts)
        if self.later_starts:
            values["later_start"] = statistics.median(self.later_starts)
        if self.memory:
            values["memory"] = statistics.median(sum(units.values()) for units in self.memory) / MIB
        if self.latencies:
            values["latency"] = statistics.median(self.latencies) * 1000
            values["latency_p99"] = percentile(self.latencies, 99) * 1000
        if self.rates:
            values["rate"] = statistics.median(self.rates)
        return values

    def units(self) -> dict[str, float]:
        """MiB of memory by unit, the largest first."""
        names = {name for units in self.memory for name in units}
        sizes = {name: statistics.median(units.get(name, 0) for units in self.memory) / MIB for name in names}
        return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def percentile(values: list[float], rank: int) -> float:
    """The value that `rank` percent of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * rank // 100) - 1)]
