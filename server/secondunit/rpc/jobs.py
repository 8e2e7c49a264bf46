"""JobService: hands requests to the desk and tells what comes of them."""

# ruff: noqa: N802  (methods have the names of the protocol)

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc

from secondunit.config import Config
from secondunit.errors import Refused, ServerUnreachable
from secondunit.jobs.desk import Desk
from secondunit.jobs.job import Event, Job, Priority, State
from secondunit.jobs.reader import Reader
from secondunit.plan.shot_plan import ShotPlan
from secondunit.rpc import convert
from secondunit.rpc.plans import plan_request, plan_timeline_of
from secondunit.v1 import jobs_pb2 as pb
from secondunit.v1.jobs_pb2_grpc import JobServiceServicer

PAGE, LONGEST_PAGE = 50, 200
EVENTS, MOST_EVENTS = 100, 500
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
        if not request.request_id:
            raise Refused.single("a request_id is required, so that a retry is safe", "request_id")
        plan, timeline = await self._reader.apart(self._planned, request)
        job = await asyncio.to_thread(
            self._desk.create,
            plan,
            request_id=request.request_id,
            timeline=timeline,
            priority=_PRIORITIES.get(request.priority, Priority.NORMAL),
            project=request.project,
            user=request.user,
        )
        return pb.CreateJobResponse(job=self._message(job))

    def _planned(self, request: pb.CreateJobRequest) -> tuple[ShotPlan, str]:
        if request.HasField("timeline"):
            asked = request.timeline
            options = convert.options(asked.options, shots=(asked.shot_id,))
            found = plan_timeline_of(asked.timeline, options, self._config, self._reader)
            timeline, take, field = asked.timeline, asked.take, "timeline"
        elif request.HasField("shot"):
            asked = request.shot
            options = convert.options(asked.options)
            found = plan_request(asked.request, options, self._config, self._reader.plan)
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

    async def GetJob(self, request: pb.GetJobRequest, context: Context) -> Any:
        """One job and its plan."""
        job = self._desk.get(request.job_id)
        plan = convert.plan(self._desk.plan(request.job_id))
        return pb.GetJobResponse(job=self._message(job), plan=plan)

    async def ListJobs(self, request: pb.ListJobsRequest, context: Context) -> Any:
        """A page of jobs."""
        if request.page_size < 0:
            raise Refused.single("a page has no negative size", "page_size")
        page = self._desk.list(
            states=[_STATES[state] for state in request.states if state in _STATES],
            page_size=min(request.page_size or PAGE, LONGEST_PAGE),
            page_token=request.page_token,
        )
        return pb.ListJobsResponse(
            jobs=[self._message(job) for job in page.jobs], next_page_token=page.next_token
        )

    async def CancelJob(self, request: pb.CancelJobRequest, context: Context) -> Any:
        """Stop a job."""
        job = await asyncio.to_thread(self._desk.cancel, request.job_id)
        return pb.CancelJobResponse(job=self._message(job))

    async def RetryJob(self, request: pb.RetryJobRequest, context: Context) -> Any:
        """Hand the plan of a failed or cancelled job in again."""
        if not request.request_id:
            raise Refused.single("a request_id is required, so that a retry is safe", "request_id")
        old = self._desk.get(request.job_id)
        if old.state not in (State.FAILED, State.CANCELLED):
            raise Refused.single(
                f"job {old.id} is {old.state}; only failed and cancelled jobs are tried again",
                "job_id",
            )
        job = await asyncio.to_thread(
            self._desk.create,
            self._desk.plan(old.id),
            request_id=request.request_id,
            timeline=old.timeline,
            priority=old.priority,
            project=old.project,
            user=old.user,
        )
        return pb.RetryJobResponse(job=self._message(job))

    async def DeleteJob(self, request: pb.DeleteJobRequest, context: Context) -> Any:
        """Every job is kept: it is the record of what was made, and costs a few lines."""
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "this server keeps every job")

    async def WatchJob(
        self, request: pb.WatchJobRequest, context: Context
    ) -> AsyncIterator[pb.WatchJobResponse]:
        """A snapshot, then every event until the job has ended, and previews as they come."""
        id, after, seen = request.job_id, request.after_sequence, 0
        job = self._known(id, after)
        yield pb.WatchJobResponse(snapshot=self._message(job))
        while True:
            events = await self._next(id, after, HEARTBEAT, after_preview=seen)
            job = self._desk.get(id)
            for event in self._events(job, events):
                yield pb.WatchJobResponse(event=event)
                after = event.sequence
            if job.state.final and job.sequence <= after:
                return
            if preview := self._desk.preview(id, seen):
                yield pb.WatchJobResponse(event=convert.preview_event(id, preview))
                seen = preview.number
            elif not events:
                beat = pb.Heartbeat(draining=self._draining.is_set())
                yield pb.WatchJobResponse(event=pb.JobEvent(job_id=id, heartbeat=beat))
            if self._draining.is_set():
                raise ServerUnreachable("the server is about to stop; the job goes on later")

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
        events = await self._next(id, after, wait, limit, after_preview=seen)
        job = self._desk.get(id)
        newest = None if seen is None else self._desk.preview(id, seen)
        return pb.ListJobEventsResponse(
            job=self._message(job),
            events=self._events(job, events),
            preview=None if newest is None else convert.preview(newest),
        )

    def _known(self, id: str, after: int) -> Job:
        job = self._desk.get(id)
        if not 0 <= after <= job.sequence:
            raise Refused.single(
                f"after_sequence is {after}; the events of job {id} go from 1 to {job.sequence}",
                "after_sequence",
            )
        return job

    async def _next(
        self,
        id: str,
        after: int,
        wait: float,
        limit: int = EVENTS,
        *,
        after_preview: int | None = None,
    ) -> tuple[Event, ...]:
        """Events after a sequence; empty after `wait` seconds, or when the server drains.

        Empty too when there is a preview newer than `after_preview`, where that is given.
        """
        found = self._desk.wait_events(id, after, wait, limit, after_preview)
        waiting = asyncio.ensure_future(found)
        draining = asyncio.ensure_future(self._draining.wait())
        try:
            await asyncio.wait((waiting, draining), return_when=asyncio.FIRST_COMPLETED)
            return waiting.result() if waiting.done() else self._desk.events(id, after, limit)
        finally:
            waiting.cancel()
            draining.cancel()

    def _message(self, job: Job) -> pb.Job:
        return convert.job(job, self._desk.result(job.id))

    def _events(self, job: Job, events: tuple[Event, ...]) -> list[pb.JobEvent]:
        # Read after the events: a job whose success is among them has its take by now.
        result = self._desk.result(job.id)
        return [convert.event(event, job, result) for event in events]
