"""How jobs look on a terminal, and as records for scripts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text
from secondunit_client import state_name
from secondunit_client.rendered import operation_name

from secondunit.prices import estimate_record, expected, money, money_record, seconds
from secondunit.v1 import jobs_pb2 as pb
from secondunit.v1 import plans_pb2

COLOURS = {
    "queued": "cyan",
    "running": "bold green",
    "waiting": "yellow",
    "succeeded": "green",
    "failed": "bold red",
    "cancelled": "bright_black",
}
"""Of the words for a state; the word alone says it too, where there are no colours."""


LEAST_NEEDED = ("device", "user", "project", "operation", "cost", "age")
"""Columns of a list, in the order in which a narrow terminal does without them."""
FOLDED = {"shot": 14, "doing": 28}
"""Columns that go over several lines rather than be wider, down to this many characters."""


def console(*, error: bool = False) -> Console:
    """Standard output, or standard error, with every name and path as it is.

    Names of clips and paths hold what means something to rich: "[/wip]" and ":fire:".
    """
    return Console(stderr=error, highlight=False, markup=False, emoji=False)


def record(job: pb.Job) -> dict[str, Any]:
    """A job as `--json` prints it."""
    spent = job.timings
    return {
        "id": job.id,
        "state": state_name(job.state),
        "waiting_for": job.waiting_for or None,
        "shot": job.shot_id,
        "name": job.name,
        "operation": operation_name(job.operation),
        "take": job.take,
        "draft": job.draft,
        "engine": job.engine,
        "timeline": job.timeline,
        "project": job.project,
        "user": job.user,
        "priority": pb.Priority.Name(job.priority).removeprefix("PRIORITY_").lower(),
        "stage": stage_name(job.progress.stage) if job.HasField("progress") else None,
        "doing": job.progress.doing,
        "step": [job.progress.step, job.progress.steps],
        "device": job.device or None,
        "attempt": job.attempt,
        "created": _iso(spent.created) if spent.HasField("created") else None,
        "started": _iso(spent.started) if spent.HasField("started") else None,
        "ended": _iso(spent.ended) if spent.HasField("ended") else None,
        "timings": {stage_name(s.stage): seconds(s.time) for s in spent.stages},
        "device_seconds": seconds(job.device_time),
        "cost": money_record(job.cost) if job.HasField("cost") else None,
        "estimate": estimate_record(job.estimate) if job.HasField("estimate") else None,
        "file": job.result.take.file or None,
        "reused": job.result.reused,
        "error": job.error.what or None,
        "code": job.error.code or None,
        "remedy": job.error.remedy or None,
    }


def table(jobs: Sequence[pb.Job], now: datetime, width: int) -> RenderableType:
    """Jobs as lines of `width` characters.

    Columns that no job has anything for are left out, and then, from the least needed on, those
    that there is no room for: `secondunit jobs JOB` has them all.
    """
    columns = {
        "job": [Text(job.id) for job in jobs],
        "state": [state(job) for job in jobs],
        "age": [Text(_age(job.timings.created, now), "bright_black") for job in jobs],
        "project": [Text(job.project) for job in jobs],
        "user": [Text(job.user) for job in jobs],
        "operation": [Text(operation_name(job.operation)) for job in jobs],
        "shot": [Text(job.name + (" (draft)" if job.draft else "")) for job in jobs],
        "device": [Text(job.device) for job in jobs],
        "cost": [Text(money(job.cost) if job.HasField("cost") else "") for job in jobs],
        "doing": [doing(job, now) for job in jobs],
    }
    kept = {title: cells for title, cells in columns.items() if any(c.plain for c in cells)}
    for title in LEAST_NEEDED:
        if _width(kept) > width:
            kept.pop(title, None)
    made = Table(box=None, pad_edge=False, header_style="bold")
    for title, cells in kept.items():
        made.add_column(
            title,
            justify="right" if title in ("age", "cost") else "left",
            no_wrap=title not in FOLDED,
            min_width=min(FOLDED.get(title, 0), _longest(title, cells)) or None,
            overflow="fold",
        )
    for line in zip(*kept.values(), strict=True):
        made.add_row(*line)
    return made


def _width(columns: Mapping[str, Sequence[Text]]) -> int:
    """Characters of a line, with folded columns at their narrowest."""
    each = (
        min(_longest(title, cells), FOLDED.get(title, 1000)) for title, cells in columns.items()
    )
    return sum(each) + 2 * (len(columns) - 1)


def _longest(title: str, cells: Iterable[Text]) -> int:
    return max(len(title), *(cell.cell_len for cell in cells))


def state(job: pb.Job) -> Text:
    """The word for its state, and for what it waits."""
    word = state_name(job.state)
    shown = f"{word}: {job.waiting_for}" if job.waiting_for else word
    if job.cancelling and word == "running":
        shown = "running, stops"
    return Text(shown, COLOURS.get(word, ""))


def doing(job: pb.Job, now: datetime) -> Text:
    """In a few words: what it does and how far it is, or why it ended."""
    if job.state == pb.JOB_STATE_FAILED:
        return Text(f"{job.error.code}: {job.error.what}", "red")
    if job.state == pb.JOB_STATE_SUCCEEDED:
        if job.result.reused:
            return Text("made before, not again", "bright_black")
        took = sum(seconds(s.time) for s in job.timings.stages)
        return Text(f"made in {span(took)}", "bright_black")
    if not job.HasField("progress"):
        expected = job.estimate.render_time
        known = job.HasField("estimate") and job.estimate.HasField("render_time")
        return Text(f"about {span(seconds(expected))}" if known else "", "bright_black")
    at = job.progress
    words = [f"{stage_name(at.stage)} {at.doing}".strip()]
    if at.steps:
        words.append(f"{100 * at.step // at.steps}% of {at.steps}")
    if left := remaining(job, now):
        words.append(left)
    return Text(", ".join(words))


def remaining(job: pb.Job, now: datetime) -> str:
    """How long it still takes by its estimate; empty where there is none."""
    told = job.estimate
    if not told.HasField("render_time") or not job.timings.HasField("started"):
        return ""
    gone = _since(job.timings.started, now)
    left = seconds(told.render_time) - gone
    if left > 0:
        return f"about {span(left)} left"
    return "soon" if gone < seconds(told.latest) else "longer than expected"


def details(job: pb.Job, plan: plans_pb2.ShotPlan, now: datetime) -> RenderableType:
    """Everything about one job that its owner or the operator may want to know."""
    lines = Table.grid(padding=(0, 2))
    lines.add_column(style="bright_black")
    lines.add_column(overflow="fold")
    size = f"{plan.size.width}x{plan.size.height}"
    said: list[tuple[str, str | Text]] = [
        ("job", job.id),
        ("state", state(job)),
        ("now", doing(job, now) if job.HasField("progress") else ""),
        ("shot", f"{operation_name(job.operation)} {job.name} [{job.shot_id}], take {job.take}"),
        ("timeline", job.timeline),
        ("for", ", ".join(filter(None, (job.project, job.user)))),
        ("made as", f"{plan.frames} frames, {size}, engine {job.engine}, {plan.delivery}"),
        ("device", job.device),
        ("attempts", str(job.attempt) if job.attempt > 1 else ""),
        ("waits for", job.waits_for_job),
        ("accepted", _told(job.timings, "created", now)),
        ("started", _told(job.timings, "started", now)),
        ("ended", _told(job.timings, "ended", now)),
        ("estimate", expected(job.estimate) if job.HasField("estimate") else ""),
        ("device time", span(seconds(job.device_time)) if job.HasField("device_time") else ""),
        ("cost", money(job.cost) if job.HasField("cost") else ""),
        ("file", job.result.take.file),
        ("error", Text(f"{job.error.code}: {job.error.what}" if job.error.code else "", "red")),
        ("what to do", job.error.remedy),
    ]
    for title, text in said:
        if str(text):
            lines.add_row(title, text if isinstance(text, Text) else Text(text))
    parts: list[RenderableType] = [lines]
    if job.timings.stages:
        parts += [Text(), timings(job.timings.stages)]
    return Group(*parts)


def timings(stages: Iterable[pb.StageTime]) -> RenderableType:
    """Where the time went: a line for each stage."""
    spent = [(stage_name(s.stage), seconds(s.time)) for s in stages]
    whole = sum(took for _, took in spent)
    made = Table.grid(padding=(0, 2))
    made.add_column()
    made.add_column(justify="right")
    made.add_column(style="green")
    for stage, took in spent:
        made.add_row(stage, span(took), "█" * round(24 * took / whole) if whole else "")
    made.add_row(Text("in all", "bold"), Text(span(whole), "bold"), "")
    return made


def span(length: float) -> str:
    """Seconds as people say them: `4 ms`, `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`, `5 d`."""
    if length < 0.095:
        return f"{1000 * max(length, 0.0):.0f} ms"
    if length < 9.95:
        return f"{length:.1f} s"
    whole = round(length)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 48 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86400} d"


def stage_name(stage: pb.Stage) -> str:
    """`engine` of STAGE_ENGINE; `unknown` of a stage newer than this program."""
    known = stage in pb.Stage.values()
    return pb.Stage.Name(stage).removeprefix("STAGE_").lower() if known else "unknown"


def _iso(value: Timestamp) -> str:
    return value.ToDatetime(UTC).isoformat(timespec="milliseconds")


def _since(value: Timestamp, now: datetime) -> float:
    return (now - value.ToDatetime(UTC)).total_seconds()


def _age(value: Timestamp, now: datetime) -> str:
    return span(max(round(_since(value, now)), 1)).replace(".0 s", " s")


def _told(spent: pb.JobTimings, which: str, now: datetime) -> str:
    if not spent.HasField(which):  # pyright: ignore[reportArgumentType]
        return ""
    moment: Timestamp = getattr(spent, which)
    local = moment.ToDatetime(UTC).astimezone()
    return f"{local:%Y-%m-%d %H:%M:%S}, {_age(moment, now)} ago"
