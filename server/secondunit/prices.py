"""What work takes and costs, as people read it and as scripts get it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf.duration_pb2 import Duration
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from secondunit.jobs.amounts import bytes_words, money_words, seconds_words
from secondunit.v1 import ledger_pb2, plans_pb2, units_pb2


def money(value: units_pb2.Money) -> str:
    """`12.50 EUR`."""
    return money_words(value.micros, value.currency)


def money_record(value: units_pb2.Money) -> dict[str, Any]:
    """For scripts: millionths, which add up exactly."""
    return {"micros": value.micros, "currency": value.currency}


def seconds(value: Duration) -> float:
    """Of a duration."""
    return value.seconds + value.nanos / 1e9


def expected(value: plans_pb2.Estimate) -> str:
    """`about 35 s (28-50 s), 0.02 EUR, 1.2 GiB of memory, from 14 runs here`."""
    if value.reused:
        return "made before: free"
    parts: list[str] = []
    if value.HasField("render_time"):
        span = _span(seconds(value.earliest), seconds(value.latest))
        parts.append(f"about {seconds_words(seconds(value.render_time))} ({span})")
    else:
        parts.append("time not known, nothing like it was run here yet")
    if value.HasField("cost"):
        parts.append(money(value.cost))
    if value.memory_bytes:
        parts.append(f"{bytes_words(value.memory_bytes)} of memory")
    if value.file_bytes:
        parts.append(f"{bytes_words(value.file_bytes)} on disk")
    if value.runs:
        parts.append(f"from {value.runs} run{'s' * (value.runs > 1)} here")
    return ", ".join(parts)


def estimate_record(value: plans_pb2.Estimate) -> dict[str, Any]:
    """An Estimate for JSON; what is not known is null."""

    def time(field: Any) -> float | None:
        return round(seconds(getattr(value, field)), 3) if value.HasField(field) else None

    return {
        "seconds": time("render_time"),
        "earliest": time("earliest"),
        "latest": time("latest"),
        "device_seconds": time("device_time"),
        "cost": money_record(value.cost) if value.HasField("cost") else None,
        "memory_bytes": value.memory_bytes,
        "file_bytes": value.file_bytes or None,
        "runs": value.runs,
        "measured": value.measured,
        "frames": value.frames,
        "reused": value.reused,
    }


def line_record(line: ledger_pb2.ReportLine) -> dict[str, Any]:
    """A line of the report for JSON."""
    return {
        "project": line.project,
        "timeline": line.timeline,
        "shot": line.shot_id,
        "name": line.name,
        "user": line.user,
        "takes": line.takes,
        "reused": line.reused,
        "unfinished": line.unfinished,
        "frames": line.frames,
        "finished_seconds": round(seconds(line.finished_time), 3),
        "device_seconds": round(seconds(line.device_time), 3),
        "cost": money_record(line.cost) if line.HasField("cost") else None,
        "cost_per_finished_second": _per_second(line),
    }


def report_table(
    lines: Sequence[ledger_pb2.ReportLine], total: ledger_pb2.ReportLine
) -> RenderableType:
    """The report: a line a shot under its project and timeline, and what they come to.

    Columns that no line has anything for are left out.
    """
    currency = total.cost.currency
    last = _cells(total) | {"shot": "all"}
    titles = {name: f"{currency} a s" if name == "price" else name for name in last}
    parts: list[RenderableType] = []
    rows = [_cells(line) for line in lines]
    kept = {
        name: max(len(titles[name]), *(len(row[name]) for row in (*rows, last)))
        for name in last
        if last[name] or any(row[name] for row in rows)
    }
    made = _columns(kept, titles, header=True)
    before = ("", "")
    for line, row in zip(lines, rows, strict=True):
        where = (line.project, line.timeline)
        if where != before and any(where):
            parts += [made, Text(" / ".join(filter(None, where)), "cyan")]
            made = _columns(kept, titles)
        before = where
        made.add_row(*(row[name] for name in kept))
    made.add_row()
    made.add_row(*(Text(last[name], "bold") for name in kept))
    parts.append(made)
    if (per := _per_second(total)) is not None:
        words = money_words(round(per * 1e6), currency)
        parts += [Text(), Text(f"A finished second cost {words}, takes included.")]
    return Group(*parts)


def _columns(
    widths: Mapping[str, int], titles: Mapping[str, str], *, header: bool = False
) -> Table:
    made = Table(box=None, pad_edge=False, header_style="bold", show_header=header)
    for name, width in widths.items():
        words = name in ("shot", "user")
        made.add_column(
            titles[name],
            justify="left" if words else "right",
            width=min(width, 24) if words else width,
            overflow="fold",
        )
    return made


def budget_table(states: Sequence[ledger_pb2.BudgetState]) -> Table:
    """The budgets, what is spent and reserved of each, and who waits."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("project", "user", "limit", "spent", "reserved", "left", "waiting"):
        made.add_column(title, justify="left" if title in ("project", "user") else "right")
    for state in states:
        budget, first = state.budget, True
        for cells in _limits(state):
            names = (budget.project or "all", budget.user or "all") if first else ("", "")
            waiting = str(state.waiting or "") if first else ""
            made.add_row(*names, *cells, waiting)
            first = False
    return made


def budget_record(state: ledger_pb2.BudgetState) -> dict[str, Any]:
    """A budget for JSON."""
    budget = state.budget
    return {
        "project": budget.project,
        "user": budget.user,
        "cost": money_record(budget.cost) if budget.HasField("cost") else None,
        "device_seconds": seconds(budget.device_time) if budget.HasField("device_time") else None,
        "spent": money_record(state.spent) if state.HasField("spent") else None,
        "spent_seconds": round(seconds(state.spent_time), 3),
        "reserved": money_record(state.reserved) if state.HasField("reserved") else None,
        "reserved_seconds": round(seconds(state.reserved_time), 3),
        "waiting": state.waiting,
    }


def _limits(state: ledger_pb2.BudgetState) -> list[tuple[str, str, str, Text]]:
    rows: list[tuple[str, str, str, Text]] = []
    budget = state.budget
    if budget.HasField("cost"):
        left = budget.cost.micros - state.spent.micros - state.reserved.micros
        rows.append(
            (
                money(budget.cost),
                money(state.spent),
                money(state.reserved),
                Text(money_words(left, budget.cost.currency), "green" if left > 0 else "bold red"),
            )
        )
    if budget.HasField("device_time"):
        limit, spent = seconds(budget.device_time), seconds(state.spent_time)
        reserved = seconds(state.reserved_time)
        left = limit - spent - reserved
        words = seconds_words(left) if left >= 0 else f"-{seconds_words(-left)}"
        rows.append(
            (
                seconds_words(limit),
                seconds_words(spent),
                seconds_words(reserved),
                Text(words, "green" if left > 0 else "bold red"),
            )
        )
    return rows


def _cells(line: ledger_pb2.ReportLine) -> dict[str, str]:
    finished, per = seconds(line.finished_time), _per_second(line)
    return {
        "shot": line.name or line.shot_id,
        "user": line.user.replace(",", ", "),
        "takes": str(line.takes or ""),
        "reused": str(line.reused or ""),
        "unfinished": str(line.unfinished or ""),
        "device": seconds_words(seconds(line.device_time)),
        "cost": money(line.cost) if line.HasField("cost") else "",
        "finished": f"{finished:.1f} s" if finished else "",
        "price": "" if per is None else f"{per:.4f}",
    }


def _per_second(line: ledger_pb2.ReportLine) -> float | None:
    finished = seconds(line.finished_time)
    return line.cost.micros / 1e6 / finished if finished and line.HasField("cost") else None


def _span(low: float, high: float) -> str:
    if high < 119.5:
        digits = 0 if high >= 19.5 else 1
        return f"{low:.{digits}f}-{high:.{digits}f} s"
    return f"{seconds_words(low)} to {seconds_words(high)}"
