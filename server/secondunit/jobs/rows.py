"""Rows of the store as records, and results as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from secondunit.jobs.job import (
    Checkpoint,
    Event,
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


def job(row: Any) -> Job:
    """The Job of a row of `job`."""
    error = row["error"]
    return Job(
        id=row["id"], request_id=row["request_id"], user=row["user"], project=row["project"],
        timeline=row["timeline"], shot=row["shot"], name=row["name"],
        operation=Operation(row["operation"]), engine=row["engine"], take=row["take"],
        draft=bool(row["draft"]), digest=row["digest"], priority=Priority(row["priority"]),
        state=State(row["state"]), waits_for=row["waits_for"],
        stage=Stage(row["stage"]) if row["stage"] else None, doing=row["doing"],
        step=row["step"], steps=row["steps"], attempt=row["attempt"], losses=row["losses"],
        cancelling=bool(row["cancelling"]), reused=bool(row["reused"]),
        error=record_of_json(JobError, json.loads(error), "error") if error else None,
        sequence=row["sequence"], timings=json.loads(row["timings"]),
        created=_moment(row["created"]),
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
    record["thumbnails"] = [p.relative_to(data).as_posix() for p in value.thumbnails]
    return record


def result(text: str, data: Path) -> Result:
    """The Result of a row of `result`, with absolute paths."""
    record: Mapping[str, Any] = json.loads(text)
    paths = {key: str(data / record[key]) for key in ("folder", "file", "sidecar")}
    strips = [str(data / p) for p in record["thumbnails"]]
    return record_of_json(Result, {**record, **paths, "thumbnails": strips}, "result")


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
