"""Job: one shot asked for, its states and the only table of the moves between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any

from secondunit.errors import SecondUnitError
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


class Held(StrEnum):
    """What a waiting job waits for."""

    TAKE = "take"
    """Another job makes the same take."""
    BUDGET = "budget"
    POLICY = "policy"
    OFF_PEAK = "off-peak"


class Kind(StrEnum):
    """What an event tells."""

    STATE = "state"
    """`state`, and with it `attempt`, `reason`, `held` (see Held), `job` (waited for), `reused`,
    `result`, `error`."""
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
class Estimate:
    """What a job was expected to take, when it was accepted."""

    seconds: float | None
    """To the finished clip, once begun; None: nothing like it was run here."""
    low: float | None
    """`seconds` lies between this and `high` four times out of five."""
    high: float | None
    device_seconds: float | None
    """In which a device is busy with it: what is paid for."""
    cost_micros: int | None
    """Millionths of the currency; None: the operator named no price."""
    currency: str
    """ISO 4217; empty without a price."""
    memory_bytes: int
    """Of the engine at its peak."""
    runs: int
    """Measured runs that this rests on."""
    measured: bool
    """On this machine; else from the catalogue."""
    file_bytes: int
    """Of the finished files."""
    frames: int
    """That are finished and shown."""
    reused: bool = False
    """The take was there: it takes no time and costs nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One shot asked for, as the store knows it at one moment."""

    id: str
    request_id: str
    tenant: str
    """Whose jobs these are: who is of another tenant does not see them."""
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
    off_peak: bool
    """Begun in the operator's off-peak hours only."""
    state: State
    waiting_for: Held | None
    """None unless waiting."""
    waits_for: str | None
    """Id of the job that is making the same take, maybe another tenant's; None unless waiting
    for one."""
    device: str
    """That works on it, or did last; empty: none yet."""
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
    memory_plan: int
    """0: the engine may use all that it wants; each step up is a smaller plan."""
    cancelling: bool
    """Its owner stopped it; the worker has not confirmed yet."""
    reused: bool
    """The take was there, or another job made it."""
    error: JobError | None
    sequence: int
    """Number of its latest event."""
    oldest: int
    """Number of the first event that is still kept."""
    timings: Mapping[str, float]
    """Seconds by stage, of the stages that are done."""
    estimate: Estimate | None
    device_seconds: float
    """In which its attempts that ended kept a device busy."""
    cost_micros: int
    """Of those attempts, in millionths of `currency`."""
    currency: str
    """ISO 4217; empty where the operator named no price."""
    created: datetime
    started: datetime | None
    finished: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to work on a job: writes with an older attempt are refused."""

    job: str
    attempt: int


class Renewal(StrEnum):
    """What a worker that says it lives is told."""

    HELD = "held"
    CANCELLING = "cancelling"
    """Held, but its owner stopped the job."""
    LOST = "lost"
    """Somebody else's by now: whatever is made of it counts for nothing."""


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
class FileDigest:
    """A file by its bytes."""

    sha256: str
    """64 lower-case hexadecimal digits."""
    bytes: int


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
    proxy: Path | None = None
    """The small copy of the clip; None: none was asked."""
    clip: FileDigest | None = None
    """Of `file`; None: recorded by a version that did not keep it, or not known yet."""
    record: FileDigest | None = None
    """Of `sidecar`, as above."""

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
