"""What callers were told and saw of a server that died now and then, and the model it must obey.

A history is a list of records in the order in which their callers had the answers. `check` knows
nothing of the server: only what was promised. See DESIGN.md, promise 5.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

FINAL = frozenset({"succeeded", "failed", "cancelled"})
MOVES = {
    "": {"queued"},
    "queued": {"running", "waiting", "succeeded", "failed", "cancelled"},
    "running": {"queued", "waiting", "succeeded", "failed", "cancelled"},
    "waiting": {"queued", "running", "succeeded", "failed", "cancelled"},
}
"""What may follow a state; nothing follows a final one."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a job, as a watch or a listing gave it."""

    sequence: int
    kind: str
    """state, progress, log or stage."""
    state: str = ""
    """Of a change of state."""
    body: bytes = b""
    """The whole event as it was sent, to compare."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """CreateJob answered."""

    request: str
    job: str


@dataclass(frozen=True, slots=True)
class Looked:
    """GetJob, or the snapshot of a watch, answered."""

    job: str
    state: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """CancelJob answered: cancelled, or running and about to be."""

    job: str
    state: str
    cancelling: bool


@dataclass(frozen=True, slots=True)
class Forgotten:
    """DeleteJob answered: the job is gone, what it made is not."""

    job: str


@dataclass(frozen=True, slots=True)
class Watched:
    """One watch from its call until its stream ended, whatever ended it."""

    job: str
    after: int
    events: tuple[Event, ...]
    complete: bool = False
    """The stream ended with OK: the job has ended and everything was sent."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An upload was acknowledged, or a job was said to have made a file."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Found:
    """The bytes of `name` were read again; an empty digest: they could not be."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Kept:
    """The job and all its events as the server has them after everything."""

    job: str
    request: str
    state: str
    events: tuple[Event, ...]


Record = Accepted | Looked | Stopped | Forgotten | Watched | Stored | Found | Kept


@dataclass(slots=True)
class History:
    """Records of several callers; `append` is safe from any thread."""

    records: list[Record] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Write an answer down."""
        self.records.append(record)

    def of(self, kind: type[Record]) -> Iterator[Record]:
        """The records of one kind."""
        return (record for record in self.records if isinstance(record, kind))


def check(records: Sequence[Record]) -> list[str]:
    """Every promise that was broken, in words; empty for a good history."""
    kept = {r.job: r for r in records if isinstance(r, Kept)}
    return [
        *_accepted(records, kept),
        *(fault for job in kept.values() for fault in _life(job)),
        *_watched(records, kept),
        *_looked(records),
        *_stopped(records, kept),
        *_bytes(records),
    ]


def _accepted(records: Sequence[Record], kept: dict[str, Kept]) -> Iterator[str]:
    by_request: dict[str, set[str]] = defaultdict(set)
    forgotten = {record.job for record in records if isinstance(record, Forgotten)}
    for job in forgotten & kept.keys():
        yield f"job {job} was deleted and is there"
    for record in records:
        if isinstance(record, Accepted):
            by_request[record.request].add(record.job)
            if record.job not in kept.keys() | forgotten:
                yield f"job {record.job} was accepted and is lost"
        elif isinstance(record, Kept):
            by_request[record.request].add(record.job)
    for request, jobs in by_request.items():
        if len(jobs) > 1:
            yield f"request {request} made {len(jobs)} jobs: {', '.join(sorted(jobs))}"


def _life(job: Kept) -> Iterator[str]:
    sequences = [event.sequence for event in job.events]
    if sequences != list(range(1, len(sequences) + 1)):
        yield f"job {job.job} has the events {sequences}"
    states = [event.state for event in job.events if event.kind == "state"]
    before = ""
    for state in states:
        if state not in MOVES.get(before, set()):
            yield f"job {job.job} went from '{before}' to '{state}'"
        before = state
    ends = [state for state in states if state in FINAL]
    if len(ends) != 1:
        yield f"job {job.job} ended {len(ends)} times"
    if before != job.state:
        yield f"job {job.job} is {job.state}, and its last event says '{before}'"


def _watched(records: Sequence[Record], kept: dict[str, Kept]) -> Iterator[str]:
    for watch in records:
        if not isinstance(watch, Watched) or (job := kept.get(watch.job)) is None:
            continue
        true = {event.sequence: event for event in job.events}
        last = watch.after
        for event in watch.events:
            if event.sequence <= last:
                yield f"a watch of {watch.job} told {event.sequence} after {last}"
            elif lost := _untold(true, last, event.sequence):
                yield f"a watch of {watch.job} left out {lost}"
            if true.get(event.sequence) != event:
                yield f"a watch of {watch.job} told another event {event.sequence} than is kept"
            last = event.sequence
        if watch.complete and last != max(true, default=0):
            yield f"a watch of {watch.job} ended at {last} and left out the rest"


def _untold(true: dict[int, Event], after: int, before: int) -> list[int]:
    """Events between two that may not be left out: a slow watcher may miss progress alone."""
    between = range(after + 1, before)
    return [n for n in between if n not in true or true[n].kind != "progress"]


def _looked(records: Sequence[Record]) -> Iterator[str]:
    seen: dict[str, Looked] = {}
    for record in records:
        if not isinstance(record, Looked):
            continue
        before = seen.get(record.job)
        if before and record.sequence < before.sequence:
            yield f"job {record.job} went back from event {before.sequence} to {record.sequence}"
        if before and before.state in FINAL and record.state != before.state:
            yield f"job {record.job} was {before.state} and then {record.state}"
        seen[record.job] = record


def _stopped(records: Sequence[Record], kept: dict[str, Kept]) -> Iterator[str]:
    for record in records:
        if not isinstance(record, Stopped) or (job := kept.get(record.job)) is None:
            continue
        stopped = record.cancelling or record.state == "cancelled"
        if stopped and job.state == "succeeded":
            yield f"job {record.job} was stopped, and succeeded"
        if record.state in FINAL and job.state != record.state:
            yield f"job {record.job} was {record.state} when it was stopped, and is {job.state}"


def _bytes(records: Sequence[Record]) -> Iterator[str]:
    stored: dict[str, str] = {}
    found: set[str] = set()
    for record in records:
        if isinstance(record, Stored):
            if stored.setdefault(record.name, record.digest) != record.digest:
                yield f"{record.name} was stored as two different things"
        elif isinstance(record, Found) and record.name in stored:
            found.add(record.name)
            if record.digest != stored[record.name]:
                how = "is lost" if not record.digest else "has other bytes"
                yield f"{record.name} was acknowledged and {how}"
    for name in stored.keys() - found:
        yield f"{name} was acknowledged and never read again"
