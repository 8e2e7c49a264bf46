"""Job: one shot asked for, its states and the only table of the moves between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any

from secondunit.errors import SecondUnitError
from secondunit.jobs.blobs import Digest
from secondunit.units import Operation, Rate, Size


class State(StrEnum):
    """Where a job stands; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Nothing follows it."""
        return not TRANSITIONS[self]


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.RUNNING, State.WAITING, State.SUCCEEDED, State.CANCELLED}),
    State.RUNNING: frozenset({State.QUEUED, State.SUCCEEDED, State.FAILED, State.CANCELLED}),
    State.WAITING: frozenset({State.QUEUED, State.SUCCEEDED, State.FAILED, State.CANCELLED}),
    State.SUCCEEDED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
}
"""Every move that a job can make; the store refuses any other."""


class Stage(StrEnum):
    """The six steps of a shot, in their order; a checkpoint is kept after each."""

    TIMELINE = "timeline"
    PLAN = "plan"
    ENGINE = "engine"
    FINISH = "finish"
    ENCODE = "encode"
    PLACE = "place"


class Priority(IntEnum):
    """Lower goes first."""

    INTERACTIVE = 0
    NORMAL = 1
    BATCH = 2


class Kind(StrEnum):
    """What an event tells."""

    STATE = "state"
    """`state`, and with it `attempt`, `reason`, `job` (waited for), `reused`, `result`, `error`."""
    PROGRESS = "progress"
    """`stage`, `doing` (words), `step`, `steps`."""
    STAGE = "stage"
    """`stage` is done, in `seconds`."""
    LOG = "log"
    """`text` for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobError:
    """Why a job failed, as it goes to its owner."""

    code: str
    message: str
    retryable: bool
    remedy: str

    @classmethod
    def of(cls, error: SecondUnitError) -> JobError:
        """The record of an error."""
        return cls(
            code=error.code, message=str(error), retryable=error.retryable, remedy=error.remedy
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One shot asked for, as the store knows it at one moment."""

    id: str
    request_id: str
    user: str
    project: str
    timeline: str
    """The edit it was asked in, as its owner names it."""
    shot: str
    """The shot's id."""
    name: str
    operation: Operation
    engine: str
    take: int
    draft: bool
    digest: str
    """Identity of the plan: equal digests are the same pictures."""
    priority: Priority
    state: State
    waits_for: str | None
    """Id of the job that is making the same take; None unless waiting for one."""
    stage: Stage | None
    """What is being done; None before the first and after the last stage."""
    doing: str
    """The step in words."""
    step: int
    steps: int
    """Steps of `doing`; 0 while that is not known."""
    attempt: int
    """Times a worker took it; the fencing token of everything that worker writes."""
    losses: int
    """Workers lost since the last stage that was done."""
    cancelling: bool
    """Its owner stopped it; the worker has not confirmed yet."""
    reused: bool
    """The take was there, or another job made it."""
    error: JobError | None
    sequence: int
    """Number of its latest event."""
    timings: Mapping[str, float]
    """Seconds by stage, of the stages that are done."""
    created: datetime
    started: datetime | None
    finished: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to work on a job: writes with an older attempt are refused."""

    job: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to a job."""

    job: str
    sequence: int
    """1, 2, 3, ... for each job, without gaps."""
    time: datetime
    kind: Kind
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The newest picture of a job's work. It is no event: it is not kept, and some are left out."""

    number: int
    """Greater than that of every earlier one of the job, by any step."""
    time: datetime
    frame: int
    """Of the shot; 0 is the first shown."""
    rough: bool
    """Made before the model was asked."""
    jpeg: bytes
    """A JPEG file of at most 256 KiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A stage that is done and what it left."""

    stage: Stage
    attempt: int
    """The attempt that did it; it names the folder."""
    seconds: float
    payload: Mapping[str, Any]

    def folder(self, job: Path) -> Path:
        """Where the stage left its files, below the job's folder."""
        return stage_folder(job, self.stage, self.attempt)


def stage_folder(job: Path, stage: Stage, attempt: int) -> Path:
    """The folder of a stage: each attempt has its own, so that a stray worker spoils nothing."""
    return job / f"{stage}-{attempt}"


SHEET = "sheet.png"
"""The thumbnail that goes into the edit's media folder with the clip: the contact sheet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A finished take, published below the data folder."""

    digest: str
    folder: Path
    file: Path
    sidecar: Path
    thumbnails: tuple[Path, ...]
    """PNGs; the contact sheet is the one named `SHEET`."""
    frames: int
    """Of the file: handles included."""
    rate: Rate
    start_timecode: str
    """Of the file's first frame."""
    handles: tuple[int, int]
    """Frames at head and tail that the cut does not show."""
    size: Size
    report: Mapping[str, Any]
    """Control -> {"asked", "measured", "pass"}."""
    timings: Mapping[str, float]
    """Seconds by stage, of the job that made it."""
    clip: Digest | None = None
    """Of `file`; None: made before digests were kept."""
    record: Digest | None = None
    """Of `sidecar`."""

    @property
    def sheet(self) -> Path | None:
        """The contact sheet."""
        return next((path for path in self.thumbnails if path.name == SHEET), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some of the jobs, newest first."""

    jobs: tuple[Job, ...]
    next_token: str
    """For the next page; empty on the last."""
