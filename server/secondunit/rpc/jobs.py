"""JobService: hands requests to the desk and tells what comes of them."""

# ruff: noqa: N802  (methods have the names of the protocol)

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import grpc
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from secondunit.config import Config
from secondunit.errors import Draining, JobUnknown, Refused, StoreDamaged
from secondunit.failpoints import failpoint
from secondunit.jobs.desk import Desk
from secondunit.jobs.job import Event, Job, JobError, Kind, Priority, Result, State
from secondunit.jobs.reader import Reader
from secondunit.plan.planned import Options, TimelinePlan
from secondunit.plan.shot_plan import ShotPlan
from secondunit.rpc import convert
from secondunit.rpc.by_blob import plan_by_blob
from secondunit.rpc.plans import plan_request, plan_timeline_of
from secondunit.rpc.principal import Scope, current
from secondunit.v1 import jobs_pb2 as pb
from secondunit.v1.jobs_pb2_grpc import JobServiceServicer
from secondunit.v1.shots_pb2 import ShotRequest

PAGE, LONGEST_PAGE = 50, 200
EVENTS, MOST_EVENTS = 100, 500
BEHIND = 32
"""Events that wait for a watcher before progress among them is left out."""
LONGEST_WAIT = 25.0
"""Seconds: below the half minute after which proxies give up."""
HEARTBEAT = 15.0
"""Seconds of silence on a watch."""

Context = grpc.aio.ServicerContext[Any, Any]

_PRIORITIES = {message: priority for priority, message in convert.PRIORITIES.items()}
_STATES = {message: state for state, message in convert.STATES.items()}


class Jobs(JobServiceServicer):
    """See proto/secondunit/v1/jobs.proto."""

    def __init__(self, desk: Desk, config: Config, draining: asyncio.Event, reader: Reader) -> None:
        self._desk, self._config, self._draining = desk, config, draining
        self._reader = reader

    async def CreateJob(self, request: pb.CreateJobRequest, context: Context) -> Any:
        """Plan the one take that is meant, and hand it in."""
        self._check_name(request.request_id)
        principal = current()
        user = request.user if principal.local else principal.user
        name, request_hash = request.request_id, _hash(request)
        # Before planning: a retry may come when the media has gone away, or been changed.
        job = await asyncio.to_thread(
            self._desk.repeated, name, request=request_hash, user=user, tenant=principal.tenant
        )
        if job is None:
            plan, timeline = await self._reader.apart(self._planned, request)
            job = await asyncio.to_thread(
                self._desk.create,
                plan,
                request_id=name,
                request=request_hash,
                timeline=timeline,
                priority=_PRIORITIES.get(request.priority, Priority.NORMAL),
                project=request.project,
                user=user,
                tenant=principal.tenant,
                off_peak=request.off_peak,
                limited=not principal.local,
            )
        return pb.CreateJobResponse(job=self._message(job))

    def _check_name(self, request_id: str) -> None:
        if self._draining.is_set():
            raise Draining("the server is about to stop, and takes no new jobs")
        if not request_id:
            raise Refused.single("a request_id is required, so that a retry is safe", "request_id")

    def _planned(self, request: pb.CreateJobRequest) -> tuple[ShotPlan, str]:
        if request.HasField("timeline"):
            asked = request.timeline
            options = convert.options(asked.options, self._config, shots=(asked.shot_id,))
            found = plan_timeline_of(asked.timeline, options, self._config, self._reader)
            timeline, take, field = asked.timeline, asked.take, "timeline"
        elif request.HasField("shot"):
            asked = request.shot
            options = convert.options(asked.options, self._config)
            found = plan_by_blob(self._plan, asked.request, options, self._desk.blobs)
            timeline, take, field = "", asked.take, "shot"
        else:
            raise Refused.single("nothing to make: give `timeline` or `shot`", "what")
        if found.faults:
            raise Refused(found.faults)
        for plan in found.shots:
            if plan.take == (take or 1):
                return plan, timeline
        raise Refused.single(
            f"the request asks for {len(found.shots)} takes; there is no take {take}",
            f"{field}.take",
        )

    def _plan(self, request: ShotRequest, options: Options) -> TimelinePlan:
        return plan_request(request, options, self._config, self._reader.plan)

    async def GetJob(self, request: pb.GetJobRequest, context: Context) -> Any:
        """One job and its plan; no plan where another version of the program made it."""
        job = own(self._desk, request.job_id)
        try:
            plan = convert.plan(self._desk.plan(request.job_id))
        except Refused:
            plan = None
        return pb.GetJobResponse(job=self._message(job), plan=plan)

    async def ListJobs(self, request: pb.ListJobsRequest, context: Context) -> Any:
        """A page of jobs."""
        if request.page_size < 0:
            raise Refused.single("a page has no negative size", "page_size")

        def given(field: str) -> Any:
            return getattr(request, field) if request.HasField(field) else None

        page = await asyncio.to_thread(
            self._desk.list,
            states=[_STATES[state] for state in request.states if state in _STATES],
            tenant=None if current().may(Scope.ADMIN) else current().tenant,
            project=given("project"),
            user=given("user"),
            timeline=given("timeline"),
            shot=given("shot_id"),
            since=_moment(given("created_after"), "created_after"),
            until=_moment(given("created_before"), "created_before"),
            page_size=min(request.page_size or PAGE, LONGEST_PAGE),
            page_token=request.page_token,
        )
        return pb.ListJobsResponse(
            jobs=[self._message(job) for job in page.jobs], next_page_token=page.next_token
        )

    async def CancelJob(self, request: pb.CancelJobRequest, context: Context) -> Any:
        """Stop a job."""
        own(self._desk, request.job_id)
        job = await asyncio.to_thread(self._desk.cancel, request.job_id)
        return pb.CancelJobResponse(job=self._message(job))

    async def RetryJob(self, request: pb.RetryJobRequest, context: Context) -> Any:
        """Hand the plan of a failed or cancelled job in again."""
        self._check_name(request.request_id)
        old, principal = own(self._desk, request.job_id), current()
        user = old.user if principal.local else principal.user
        name, request_hash = request.request_id, _hash(request)
        job = await asyncio.to_thread(
            self._desk.repeated, name, request=request_hash, user=user, tenant=old.tenant
        )
        if job is None:
            if old.state not in (State.FAILED, State.CANCELLED):
                raise Refused.single(
                    f"job {old.id} is {old.state}; only failed and cancelled jobs are tried again",
                    "job_id",
                )
            job = await asyncio.to_thread(
                self._desk.create,
                self._desk.plan(old.id),
                request_id=name,
                request=request_hash,
                timeline=old.timeline,
                priority=old.priority,
                project=old.project,
                user=user,
                tenant=old.tenant,
                off_peak=old.off_peak,
                limited=not principal.local,
            )
        return pb.RetryJobResponse(job=self._message(job))

    async def DeleteJob(self, request: pb.DeleteJobRequest, context: Context) -> Any:
        """Forget a job that ended; its take stays."""
        own(self._desk, request.job_id)
        await asyncio.to_thread(self._desk.delete, request.job_id)
        return pb.DeleteJobResponse()

    async def WatchJob(
        self, request: pb.WatchJobRequest, context: Context
    ) -> AsyncIterator[pb.WatchJobResponse]:
        """A snapshot, then every event until the job has ended, and previews as they come."""
        id, after, seen = request.job_id, request.after_sequence, 0
        job = self._known(id, after)
        yield pb.WatchJobResponse(snapshot=self._message(job))
        while True:
            draining = self._draining.is_set()
            # Whoever says that the server drains rouses the desk.
            wait = 0 if draining else HEARTBEAT
            events = await self._desk.wait_events(id, after, wait, EVENTS, seen)
            if not events or any(event.kind is Kind.STATE for event in events):
                job = self._desk.get(id)  # nothing else of it is asked about below
            for event in self._events(job, coalesced(events)):
                failpoint("watch.send.before")
                yield pb.WatchJobResponse(event=event)
                failpoint("watch.send.after")
            after = events[-1].sequence if events else after
            if job.state.final and job.sequence <= after:
                return
            if draining and not events:  # nothing that is known is held back
                beat = pb.Heartbeat(draining=True)
                yield pb.WatchJobResponse(event=pb.JobEvent(job_id=id, heartbeat=beat))
                raise Draining("the server is about to stop; the job goes on later")
            if self._draining.is_set():
                continue
            if preview := self._desk.preview(id, seen):
                yield pb.WatchJobResponse(event=convert.preview_event(id, preview))
                seen = preview.number
            elif not events:
                beat = pb.Heartbeat()
                yield pb.WatchJobResponse(event=pb.JobEvent(job_id=id, heartbeat=beat))

    async def ListJobEvents(self, request: pb.ListJobEventsRequest, context: Context) -> Any:
        """Events after a sequence, waiting for the first."""
        wait = request.wait.seconds + request.wait.nanos / 1e9
        if request.limit < 0 or wait < 0:
            raise Refused.single("limit and wait are not negative", "limit")
        seen = request.after_preview if request.HasField("after_preview") else None
        if seen is not None and seen < 0:
            raise Refused.single("after_preview is not negative", "after_preview")
        id, after = request.job_id, request.after_sequence
        job = self._known(id, after)
        limit = min(request.limit or EVENTS, MOST_EVENTS)
        over = job.state.final and job.sequence <= after
        wait = 0.0 if over or self._draining.is_set() else min(wait, LONGEST_WAIT)
        events = await self._desk.wait_events(id, after, wait, limit, seen)
        job = self._desk.get(id)
        newest = None if seen is None else self._desk.preview(id, seen)
        return pb.ListJobEventsResponse(
            job=self._message(job),
            events=self._events(job, events),
            preview=None if newest is None else convert.preview(newest),
        )

    def _known(self, id: str, after: int) -> Job:
        job = own(self._desk, id)
        if not 0 <= after <= job.sequence:
            raise Refused.single(
                f"after_sequence is {after}; the events of job {id} go from 1 to {job.sequence}",
                "after_sequence",
            )
        self._desk.events(id, after, 1)  # raises EventsGone, before the stream begins
        return job

    def _message(self, job: Job) -> pb.Job:
        if job.waits_for:
            try:
                own(self._desk, job.waits_for)
            except JobUnknown:  # another tenant's, who asked for the same
                job = replace(job, waits_for=None)
        return convert.job(*self._with_result(job))

    def _events(self, job: Job, events: Sequence[Event]) -> list[pb.JobEvent]:
        # Read after the events: a job whose success is among them has its take by now.
        job, result = self._with_result(job)
        return [convert.event(event, job, result) for event in events]

    def _with_result(self, job: Job) -> tuple[Job, Result | None]:
        # One row that this version cannot read must not hide the others of a page.
        if job.state is not State.SUCCEEDED:
            return job, None
        try:
            result = self._desk.result(job.id)
            if result is not None:  # who sees the digests of a take may fetch it by them
                self._desk.give(current().tenant, result)
            return job, result
        except Refused:
            text = f"the take of job {job.id} was recorded by another version of the program"
            return replace(job, error=JobError.of(StoreDamaged(text))), None


def _hash(request: Message) -> str:
    whole = type(request).__name__.encode() + request.SerializeToString(deterministic=True)
    return hashlib.sha256(whole).hexdigest()


def own(desk: Desk, id: str) -> Job:
    """A job that the caller may see; raises JobUnknown for others as for those that are none."""
    job, principal = desk.get(id), current()
    if job.tenant != principal.tenant and not principal.may(Scope.ADMIN):
        raise JobUnknown(f"There is no job '{id}'.")
    return job


def coalesced(events: tuple[Event, ...]) -> list[Event]:
    """The same without progress that newer progress has overtaken, for whoever is far behind."""
    if len(events) < BEHIND:
        return list(events)
    newest = max((e.sequence for e in events if e.kind is Kind.PROGRESS), default=0)
    return [e for e in events if e.kind is not Kind.PROGRESS or e.sequence == newest]


def _moment(value: Timestamp | None, field: str) -> datetime | None:
    if value is None:
        return None
    try:
        return value.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as exc:
        raise Refused.single("it is no moment of the calendar", field) from exc
