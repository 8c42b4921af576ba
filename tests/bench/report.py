"""The result for people, as Markdown tables, and for programs, as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.bench.figures import Figures


@dataclass(frozen=True)
class Figure:
    """A row: its name in `Figures.summary`, what it is called, and how its number is written."""

    key: str
    label: str
    form: str


@dataclass(frozen=True)
class Target:
    """A promise: `key` is at most `limit`, as a number or (with `peer`) as a ratio to that peer's."""

    key: str
    limit: float
    words: str
    peer: str = ""


FIGURES = (
    Figure("first_start", "first start to first login, s", "{:.1f}"),
    Figure("later_start", "later start to first login, s", "{:.1f}"),
    Figure("memory", "idle memory, MiB PSS", "{:.0f}"),
    Figure("latency", "message latency, median, ms", "{:.2f}"),
    Figure("latency_p99", "message latency, p99, ms", "{:.2f}"),
    Figure("rate", "messages a second, one to one", "{:.0f}"),
)
TARGETS = (
    Target("first_start", 9.0, "first start in at most 9 s"),
    Target("later_start", 5.0, "later start in at most 5 s"),
    Target("memory", 220.0, "all services together in at most 220 MiB"),
    Target("latency", 1.05, "latency within 5 % of ejabberd on SQLite", peer="ejabberd-sqlite"),
)
BOX = "parlor"


def report(measured: Mapping[str, Figures], machine: Mapping[str, str]) -> str:
    """All tables; a peer's cell ends with the box's number divided by the peer's."""
    parts = [_facts(measured, machine), _comparison(measured), *_box_alone(measured)]
    return "\n\n".join(part for part in parts if part)


def document(measured: Mapping[str, Figures], machine: Mapping[str, str]) -> dict[str, Any]:
    """Everything, raw values included."""
    systems = {name: {**asdict(each), "summary": each.summary()} for name, each in measured.items()}
    return {"machine": dict(machine), "systems": systems, "targets": [asdict(each) for each in TARGETS]}


def verdict(target: Target, measured: Mapping[str, Figures]) -> str:
    """Whether a target is met, in words; empty when what it speaks of was not measured."""
    values = [measured[name].summary() for name in (BOX, target.peer) if name in measured]
    if len(values) < 1 + bool(target.peer) or any(target.key not in each for each in values):
        return ""
    found = values[0][target.key] / (values[1][target.key] if target.peer else 1)
    return f"{'met' if found <= target.limit else 'MISSED'} ({found:.2f})"


def _facts(measured: Mapping[str, Figures], machine: Mapping[str, str]) -> str:
    ciphers = {each.cipher for each in measured.values() if each.cipher}
    facts = [f"- {name}: {value}" for name, value in machine.items()]
    return "\n".join([*facts, *(f"- TLS: {cipher}" for cipher in sorted(ciphers))])


def _comparison(measured: Mapping[str, Figures]) -> str:
    names = list(measured)
    summaries = {name: measured[name].summary() for name in names}
    rows = [[figure.label, *(_cell(figure, name, summaries) for name in names)] for figure in FIGURES]
    return _table(["figure", *(measured[name].title for name in names)], rows)


def _cell(figure: Figure, name: str, summaries: Mapping[str, Mapping[str, float]]) -> str:
    value = summaries[name].get(figure.key)
    if value is None:
        return "–"
    text = figure.form.format(value)
    own = summaries.get(BOX, {}).get(figure.key)
    return text if name == BOX or own is None else f"{text} (×{own / value:.2f})"


def _box_alone(measured: Mapping[str, Figures]) -> list[str]:
    """The box's memory by unit, and its targets."""
    if BOX not in measured:
        return []
    memory = [[name, f"{size:.1f}"] for name, size in measured[BOX].units().items()]
    targets = [[each.words, words] for each in TARGETS if (words := verdict(each, measured))]
    return [_table(["unit of the box", "MiB PSS"], memory), _table(["target", "result"], targets)]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns also line up on a terminal; empty without rows."""
    if not rows:
        return ""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |" for line in lines
    )
