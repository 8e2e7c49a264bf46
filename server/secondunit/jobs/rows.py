"""Rows of the store as records, and results as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from secondunit.errors import Refused, StoreDamaged
from secondunit.jobs.job import (
    Checkpoint,
    Estimate,
    Event,
    Held,
    Job,
    JobError,
    Kind,
    Priority,
    Result,
    Stage,
    State,
)
from secondunit.plan.shot_plan import canonical, record_of_json
from secondunit.units import Operation

T = TypeVar("T")


def job(row: Any) -> Job:
    """The Job of a row of `job`; what another version wrote into it is said as its error."""
    unread: list[str] = []

    def read(make: Callable[[Any], T], value: Any, column: str, instead: T) -> T:
        try:
            return make(value)
        except (ValueError, Refused):
            unread.append(column)
            return instead

    def record(kind: type[T], column: str) -> T | None:
        if row[column] is None:
            return None
        return read(
            lambda v: record_of_json(kind, json.loads(v), column), row[column], column, None
        )

    operation = read(Operation, row["operation"], "operation", Operation.GENERATE)
    priority = read(Priority, row["priority"], "priority", Priority.NORMAL)
    stage = read(Stage, row["stage"], "stage", None) if row["stage"] else None
    estimate, error = record(Estimate, "estimate"), record(JobError, "error")
    timings = read(json.loads, row["timings"], "timings", {})
    if unread:
        error = JobError.of(
            StoreDamaged(
                f"job {row['id']} was recorded by another version, or its row is damaged: "
                f"{', '.join(unread)}"
            )
        )
    return Job(
        id=row["id"], request_id=row["request_id"], tenant=row["tenant"], user=row["user"],
        project=row["project"], timeline=row["timeline"], shot=row["shot"], name=row["name"],
        operation=operation, engine=row["engine"], take=row["take"], draft=bool(row["draft"]),
        digest=row["digest"], priority=priority, off_peak=bool(row["off_peak"]),
        state=State(row["state"]), waiting_for=Held(row["held"]) if row["held"] else None,
        waits_for=row["waits_for"], device=row["device"], stage=stage, doing=row["doing"],
        step=row["step"], steps=row["steps"], attempt=row["attempt"], losses=row["losses"],
        memory_plan=row["memory_plan"], cancelling=bool(row["cancelling"]),
        reused=bool(row["reused"]), error=error, sequence=row["sequence"], oldest=row["oldest"],
        timings=timings, estimate=estimate, device_seconds=row["device_seconds"],
        cost_micros=row["cost"], currency=row["currency"], created=_moment(row["created"]),
        started=_moment(row["started"]) if row["started"] else None,
        finished=_moment(row["finished"]) if row["finished"] else None,
    )  # fmt: skip


def event(row: Any) -> Event:
    """The Event of a row of `event`."""
    return Event(
        job=row["job"], sequence=row["sequence"], time=_moment(row["time"]),
        kind=Kind(row["kind"]), payload=json.loads(row["payload"]),
    )  # fmt: skip


def checkpoint(row: Any) -> Checkpoint:
    """The Checkpoint of a row of `checkpoint`."""
    return Checkpoint(
        stage=Stage(row["stage"]), attempt=row["attempt"], seconds=row["seconds"],
        payload=json.loads(row["payload"]),
    )  # fmt: skip


def record_of_result(value: Result, data: Path) -> dict[str, Any]:
    """A Result as JSON values; paths relative to the data folder, which may be moved."""
    record = canonical(value)
    for key in ("folder", "file", "sidecar"):
        record[key] = getattr(value, key).relative_to(data).as_posix()
    record["proxy"] = value.proxy and value.proxy.relative_to(data).as_posix()
    record["thumbnails"] = [p.relative_to(data).as_posix() for p in value.thumbnails]
    return record


def result(text: str, data: Path) -> Result:
    """The Result of a row of `result`, with absolute paths."""
    record: Mapping[str, Any] = json.loads(text)
    paths = {key: str(data / record[key]) for key in ("folder", "file", "sidecar")}
    strips = [str(data / p) for p in record["thumbnails"]]
    proxy = str(data / record["proxy"]) if record.get("proxy") else None
    whole = {**record, **paths, "thumbnails": strips, "proxy": proxy}
    return record_of_json(Result, whole, "result")


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
