"""What a part of the bench found: rows of figures, and verdicts against the bars."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from secondunit.finish.thresholds import Limit

State = Literal["PASS", "MISS", "not built"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of figures: what was done, to which clip, by which method."""

    clip: str
    what: str
    values: Mapping[str, float | str | None]
    """By the name of the column, which carries the unit; None: not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One bar, and the figure that is held against it."""

    clip: str
    bar: str
    """In words, with the unit."""
    value: float | None
    """None: there is nothing to measure; `note` says why."""
    limit: Limit
    note: str = ""
    built: bool = True
    """False: the product cannot do this yet, which is no miss."""

    @property
    def state(self) -> State:
        """What was not measured does not pass."""
        if not self.built:
            return "not built"
        return "PASS" if self.limit.holds(self.value) else "MISS"


Draw = Callable[[Path], Path]
"""Writes a picture into a folder and returns its path."""


@dataclass(kw_only=True)
class Part:
    """One part of the bench, done."""

    name: str
    title: str
    rows: list[Row] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    plots: list[Draw] = field(default_factory=list)
    seconds: float = 0.0


def absent(clip: str, bar: str, limit: Limit, why: str) -> Verdict:
    """The verdict on what the product cannot do yet."""
    return Verdict(clip=clip, bar=bar, value=None, limit=limit, note=why, built=False)


def printed(part: Part) -> str:
    """A part as tables for people."""
    lines = [f"== {part.name}: {part.title}  ({part.seconds:.0f} s)"]
    columns = list(dict.fromkeys(name for row in part.rows for name in row.values))
    if part.rows:
        clip = max(6, *(len(row.clip) for row in part.rows)) + 2
        what = max(8, *(len(row.what) for row in part.rows)) + 2
        widths = [max(9, len(name) + 2) for name in columns]
        heads = "".join(f"{n:>{w}}" for n, w in zip(columns, widths, strict=True))
        lines.append(f"{'clip':{clip}}{'':{what}}{heads}")
        for row in part.rows:
            cells = (
                f"{_cell(row.values.get(n)):>{w}}" for n, w in zip(columns, widths, strict=True)
            )
            lines.append(f"{row.clip:{clip}}{row.what:{what}}{''.join(cells)}")
    for verdict in part.verdicts:
        value = "" if verdict.value is None else f"{_cell(verdict.value)} "
        note = f"({verdict.note})" if verdict.note else ""
        said = " ".join(f"{value}{note}".split())
        lines.append(f"{verdict.state:9} {verdict.clip}: {verdict.bar}: {said}")
    return "\n".join(lines)


def summary(parts: list[Part]) -> str:
    """How many bars hold, and the ones that do not."""
    verdicts = [verdict for part in parts for verdict in part.verdicts]
    count = {state: sum(v.state == state for v in verdicts) for state in ("PASS", "MISS")}
    missing = len(verdicts) - sum(count.values())
    return (
        f"{count['PASS']} bars hold, {count['MISS']} do not, {missing} are of what is not built; "
        f"{sum(part.seconds for part in parts) / 60:.1f} minutes"
    )


def record(parts: list[Part]) -> list[dict[str, Any]]:
    """The same as plain JSON values."""
    return [
        {
            "part": part.name,
            "seconds": round(part.seconds, 1),
            "rows": [{"clip": r.clip, "what": r.what, **r.values} for r in part.rows],
            "bars": [
                {
                    "clip": v.clip, "bar": v.bar, "value": v.value, "low": v.limit.low,
                    "high": v.limit.high, "state": v.state, "note": v.note,
                }
                for v in part.verdicts
            ],
        }
        for part in parts
    ]  # fmt: skip


def _cell(value: float | str | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if float(value).is_integer() and abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.4f}"
