"""Between the wire's messages and the server's records; both ways side by side, no decisions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

from google.protobuf import json_format
from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Value
from google.protobuf.timestamp_pb2 import Timestamp

from secondunit import units
from secondunit.config import Config
from secondunit.errors import Fault, Refused
from secondunit.jobs.blobs import Digest
from secondunit.jobs.job import (
    Estimate,
    Event,
    FileDigest,
    Job,
    JobError,
    Kind,
    Preview,
    Priority,
    Result,
    Stage,
    State,
)
from secondunit.plan.planned import Options
from secondunit.plan.shot_plan import Level, ShotPlan
from secondunit.rpc.reach import within
from secondunit.timeline.shot import Shot
from secondunit.v1 import (
    deliveries_pb2,
    errors_pb2,
    jobs_pb2,
    plans_pb2,
    timeline_pb2,
    units_pb2,
)

Words = TypeVar("Words", bound=Enum)


def _by_word(words: type[Words], enum: Any, prefix: str) -> dict[Words, Any]:
    # A word without its twin in the protos ends the program here, at import.
    return {word: enum.Value(f"{prefix}_{word.name}") for word in words}


OPERATIONS = _by_word(units.Operation, units_pb2.Operation, "OPERATION")
LEVELS = _by_word(Level, plans_pb2.AdaptationLevel, "ADAPTATION_LEVEL")
STATES = _by_word(State, jobs_pb2.JobState, "JOB_STATE")
STAGES = _by_word(Stage, jobs_pb2.Stage, "STAGE")
PRIORITIES = _by_word(Priority, jobs_pb2.Priority, "PRIORITY")


def rate(value: units.Rate) -> units_pb2.Rate:
    """Rate."""
    return units_pb2.Rate(num=value.num, den=value.den)


def frame_range(value: units.FrameRange) -> units_pb2.FrameRange:
    """FrameRange."""
    return units_pb2.FrameRange(start=value.start, frames=value.frames)


def size(value: units.Size) -> units_pb2.Size:
    """Size."""
    return units_pb2.Size(width=value.width, height=value.height)


def handles(value: tuple[int, int]) -> units_pb2.Handles:
    """Head and tail."""
    return units_pb2.Handles(head=value[0], tail=value[1])


def colour(value: units.ColourTags) -> units_pb2.ColourTags:
    """ColourTags."""
    return units_pb2.ColourTags(
        primaries=value.primaries,
        transfer=value.transfer,
        matrix=value.matrix,
        full_range=value.full_range,
    )


def fault(value: Fault) -> units_pb2.Fault:
    """Fault."""
    return units_pb2.Fault(what=value.what, path=value.path)


def digest(value: units_pb2.Digest) -> Digest:
    """Digest, well formed or not."""
    return Digest(sha256=value.sha256, size=value.size_bytes)


def wire_digest(value: Digest) -> units_pb2.Digest:
    """Digest."""
    return units_pb2.Digest(sha256=value.sha256, size_bytes=value.size)


def options(
    value: plans_pb2.PlanOptions, config: Config, shots: tuple[str, ...] | None = None
) -> Options:
    """PlanOptions; `shots` in place of its own.

    Raises Refused for a relative root, MediaForbidden for one that its caller may not name.
    """
    return Options(
        engine=value.engine or None,
        delivery=value.delivery or None,
        draft=value.draft,
        shots=tuple(value.shots) if shots is None else shots,
        seed=value.seed if value.HasField("seed") else None,
        roots=tuple(within(root, "options.roots", config) for root in value.roots),
        rate=given(value.rate, "options.rate") if value.HasField("rate") else None,
        sequence=value.sequence or None,
        drop_frame=value.drop_frame if value.HasField("drop_frame") else None,
    )


def given(value: units_pb2.Rate, path: str) -> units.Rate:
    """A rate that a caller gives. Raises Refused for one that is none."""
    try:
        return units.Rate(num=value.num, den=value.den)
    except ValueError as exc:
        raise Refused.single(str(exc), path) from exc


def money(micros: int | None, currency: str) -> units_pb2.Money | None:
    """Money; None where no price was named."""
    return (
        None
        if micros is None or not currency
        else units_pb2.Money(currency=currency, micros=micros)
    )


def estimate(value: Estimate | None) -> plans_pb2.Estimate | None:
    """Estimate; what is not known is absent."""
    if value is None:
        return None
    return plans_pb2.Estimate(
        render_time=_maybe(value.seconds),
        memory_bytes=value.memory_bytes,
        file_bytes=value.file_bytes,
        measured=value.measured,
        device_time=_maybe(value.device_seconds),
        cost=money(value.cost_micros, value.currency),
        earliest=_maybe(value.low),
        latest=_maybe(value.high),
        runs=value.runs,
        frames=value.frames,
        reused=value.reused,
    )


def plan(value: ShotPlan, expected: Estimate | None = None) -> plans_pb2.ShotPlan:
    """ShotPlan: what of it people and plugins need, and what it is expected to take."""
    start = units.timecode(value.timecode, value.rate, drop_frame=value.drop_frame)
    return plans_pb2.ShotPlan(
        digest=value.digest,
        shot_id=value.shot,
        name=value.name,
        operation=OPERATIONS[value.operation],
        engine=value.engine,
        weights=value.weights,
        steps=value.steps,
        seed=value.seed,
        take=value.take,
        rate=rate(value.rate),
        size=size(value.size),
        work_size=size(value.work),
        frames=value.frames,
        handles=handles(value.handles),
        generated=[frame_range(r) for r in value.generate],
        start_timecode=start,
        pixel_format=value.format,
        colour=colour(value.colour),
        delivery=value.delivery,
        draft=value.draft,
        adaptations=[
            plans_pb2.Adaptation(level=LEVELS[a.level], what=a.what, path=a.path)
            for a in value.adaptations
        ],
        track=value.place.track,
        path=value.place.path,
        prompt=value.prompt,
        estimate=estimate(expected),
        tier=value.tier,
        guidance=value.guidance,
    )


def shot(value: Shot) -> timeline_pb2.TimelineShot:
    """Shot, as InspectTimeline shows it."""
    frame = value.timecode_start + value.record.start
    clips = [side.name for side in (value.before, value.after) if side is not None]
    for shown in (value.still, value.footage):
        if shown is not None:
            clips.append(shown.media.path.stem)
    return timeline_pb2.TimelineShot(
        id=value.id,
        name=value.name,
        operation=OPERATIONS[value.request.operation],
        record=frame_range(value.record),
        record_timecode=units.timecode(frame, value.rate, drop_frame=value.drop_frame),
        track=value.place.track,
        path=value.place.path,
        size=size(value.size),
        clips=clips,
        takes=value.request.takes,
        prompt=value.request.prompt,
    )


def job(value: Job, result: Result | None) -> jobs_pb2.Job:
    """Job, with its take when it succeeded."""
    return jobs_pb2.Job(
        id=value.id,
        state=STATES[value.state],
        progress=_progress(value.stage, value.doing, value.step, value.steps),
        waiting_for=value.waiting_for or "",
        waits_for_job=value.waits_for or "",
        priority=PRIORITIES[value.priority],
        request_id=value.request_id,
        timeline=value.timeline,
        shot_id=value.shot,
        name=value.name,
        operation=OPERATIONS[value.operation],
        engine=value.engine,
        take=value.take,
        draft=value.draft,
        plan_digest=value.digest,
        attempt=value.attempt,
        cancelling=value.cancelling,
        sequence=value.sequence,
        error=_error(value.error) if value.error is not None else None,
        result=_result(value, result) if result is not None else None,
        timings=jobs_pb2.JobTimings(
            created=_moment(value.created),
            started=_moment(value.started) if value.started else None,
            ended=_moment(value.finished) if value.finished else None,
            stages=[
                _stage_time(stage, seconds)
                for stage in Stage
                if (seconds := value.timings.get(stage)) is not None
            ],
        ),
        project=value.project,
        user=value.user,
        estimate=estimate(value.estimate),
        cost=money(value.cost_micros, value.currency),
        device_time=duration(value.device_seconds),
        off_peak=value.off_peak,
        device=value.device,
    )


def event(value: Event, job: Job, result: Result | None) -> jobs_pb2.JobEvent:
    """Event of a job; `result` is the job's, for the event that tells of its success."""
    told = value.payload
    message = jobs_pb2.JobEvent(job_id=value.job, sequence=value.sequence, time=_moment(value.time))
    match value.kind:
        case Kind.STATE:
            state = State(told["state"])
            made = result if state is State.SUCCEEDED else None
            message.state.CopyFrom(
                jobs_pb2.StateChange(
                    state=STATES[state],
                    attempt=told.get("attempt", 0),
                    reason=told.get("reason", ""),
                    waits_for_job=told.get("job", ""),
                    result=_result(job, made) if made is not None else None,
                    error=_error(job.error) if state is State.FAILED and job.error else None,
                )
            )
        case Kind.PROGRESS:
            stage = Stage(told["stage"])
            at = _progress(stage, told["doing"], told["step"], told["steps"])
            message.progress.CopyFrom(at or jobs_pb2.Progress())
        case Kind.STAGE:
            message.stage_done.CopyFrom(_stage_time(Stage(told["stage"]), told["seconds"]))
        case Kind.LOG:
            line = jobs_pb2.LogLine(level=jobs_pb2.LOG_LEVEL_INFO, text=told["text"])
            message.log.CopyFrom(line)
    return message


def preview(value: Preview) -> jobs_pb2.Preview:
    """Preview."""
    return jobs_pb2.Preview(
        frame=value.frame,
        data=value.jpeg,
        media_type="image/jpeg",
        number=value.number,
        rough=value.rough,
    )


def preview_event(job: str, value: Preview) -> jobs_pb2.JobEvent:
    """Preview, as it goes between the events of a watched job."""
    return jobs_pb2.JobEvent(job_id=job, time=_moment(value.time), preview=preview(value))


def report(value: Mapping[str, Mapping[str, Any]]) -> list[deliveries_pb2.ControlResult]:
    """A control report, in the order of its controls."""
    entries: list[deliveries_pb2.ControlResult] = []
    for control, entry in sorted(value.items()):
        message = deliveries_pb2.ControlResult(
            control=control,
            asked=_value(entry.get("asked")),
            measured=_value(entry.get("measured")),
        )
        setattr(message, "pass", bool(entry["pass"]))  # a word that Python keeps for itself
        entries.append(message)
    return entries


def duration(seconds: float) -> Duration:
    """Seconds."""
    message = Duration()
    message.FromTimedelta(timedelta(seconds=seconds))
    return message


def _maybe(seconds: float | None) -> Duration | None:
    return None if seconds is None else duration(seconds)


def _digest(value: FileDigest | None) -> units_pb2.Digest | None:
    if value is None:
        return None
    return units_pb2.Digest(sha256=value.sha256, size_bytes=value.bytes)


def _value(value: Any) -> Value:
    return json_format.ParseDict(value, Value())


def _moment(value: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(value)
    return message


def _progress(stage: Stage | None, doing: str, step: int, steps: int) -> jobs_pb2.Progress | None:
    if stage is None:
        return None
    return jobs_pb2.Progress(stage=STAGES[stage], doing=doing, step=step, steps=steps)


def _stage_time(stage: Stage, seconds: float) -> jobs_pb2.StageTime:
    return jobs_pb2.StageTime(stage=STAGES[stage], time=duration(seconds))


def _error(value: JobError) -> errors_pb2.ErrorDetail:
    return errors_pb2.ErrorDetail(
        code=value.code, what=value.message, remedy=value.remedy, retryable=value.retryable
    )


def _result(job: Job, value: Result) -> jobs_pb2.JobResult:
    take = deliveries_pb2.Take(
        shot_id=job.shot,
        take=job.take,
        file=str(value.file),
        sidecar=str(value.sidecar),
        proxy=str(value.proxy or ""),
        thumbnails=[str(path) for path in value.thumbnails],
        frames=value.frames,
        rate=rate(value.rate),
        start_timecode=value.start_timecode,
        handles=handles(value.handles),
        size=size(value.size),
        plan_digest=value.digest,
        report=report(value.report),
        clip=_digest(value.clip),
        record=_digest(value.record),
    )
    return jobs_pb2.JobResult(take=take, reused=job.reused)
