"""Jobs: durable work on the server, one take of one shot each.

job = unit.jobs.create(Path("cut.otio"), "k3x9q2ab")
for event in unit.jobs.watch(job.id):
    print(event)
print(unit.jobs.get(job.id).result.take.file)
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import json_format
from secondunit.v1 import deliveries_pb2
from secondunit.v1 import jobs_pb2 as pb
from secondunit.v1.jobs_pb2_grpc import JobServiceStub
from secondunit.v1.plans_pb2 import PlanOptions, ShotPlan
from secondunit.v1.shots_pb2 import ShotRequest

from secondunit_client.calls import STRETCH, Caller
from secondunit_client.errors import JobCancelled, JobFailed, error_of

PRIORITIES = {
    "interactive": pb.PRIORITY_INTERACTIVE,
    "normal": pb.PRIORITY_NORMAL,
    "batch": pb.PRIORITY_BATCH,
}

OnEvent = Callable[[pb.JobEvent], None]

_AGAIN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


def state_name(state: pb.JobState) -> str:
    """`succeeded` of JOB_STATE_SUCCEEDED; `unknown` of a state newer than this client."""
    if state not in pb.JobState.values():
        return "unknown"
    return pb.JobState.Name(state).removeprefix("JOB_STATE_").lower()


def report_of(take: deliveries_pb2.Take) -> dict[str, dict[str, Any]]:
    """The control report by control: {"asked", "measured", "pass"}, as the sidecar has it."""
    return {
        entry.control: {
            "asked": _plain(json_format.MessageToDict(entry.asked)),
            "measured": _plain(json_format.MessageToDict(entry.measured)),
            "pass": getattr(entry, "pass"),
        }
        for entry in take.report
    }


def _plain(value: Any) -> Any:
    # JSON on the wire knows only floats; 24 frames were 24, not 24.0.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value


class Jobs:
    """JobService."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._stub = JobServiceStub(caller.channel)

    def create(
        self,
        what: Path | ShotRequest,
        shot: str = "",
        *,
        take: int = 1,
        options: PlanOptions | None = None,
        priority: str = "normal",
        project: str = "",
        user: str = "",
        request_id: str = "",
    ) -> pb.Job:
        """Ask for one take: of a shot in a timeline (path and id), or of a plugin's request.

        `request_id` names this wish: calling again with the same one returns the same job. Left
        out, it is new each time. Raises Refused with every fault, and Conflict.
        """
        request = pb.CreateJobRequest(
            request_id=request_id or str(uuid.uuid4()),
            priority=PRIORITIES[priority],
            project=project,
            user=user,
        )
        if isinstance(what, ShotRequest):
            request.shot.CopyFrom(pb.RequestTake(request=what, take=take, options=options))
        else:
            timeline = str(what.absolute())
            request.timeline.CopyFrom(
                pb.TimelineTake(timeline=timeline, shot_id=shot, take=take, options=options)
            )
        return self._caller.call(self._stub.CreateJob, request, timeout=300).job

    def get(self, job_id: str) -> pb.Job:
        """One job as it stands. Raises NotFound."""
        return self._caller.call(self._stub.GetJob, pb.GetJobRequest(job_id=job_id)).job

    def plan(self, job_id: str) -> ShotPlan:
        """What a job makes. Raises NotFound."""
        return self._caller.call(self._stub.GetJob, pb.GetJobRequest(job_id=job_id)).plan

    def list(
        self,
        states: Iterable[pb.JobState] = (),
        *,
        project: str | None = None,
        user: str | None = None,
        timeline: Path | None = None,
        shot: str | None = None,
    ) -> Iterator[pb.Job]:
        """Jobs, newest first; further pages are fetched as they are read. None: of all."""
        request = pb.ListJobsRequest(
            states=list(states),
            project=project,
            user=user,
            timeline=None if timeline is None else str(timeline.absolute()),
            shot_id=shot,
        )
        while True:
            page = self._caller.call(self._stub.ListJobs, request)
            yield from page.jobs
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def cancel(self, job_id: str) -> pb.Job:
        """Stop a job; it may still be running when this returns. Raises NotFound."""
        return self._caller.call(self._stub.CancelJob, pb.CancelJobRequest(job_id=job_id)).job

    def retry(self, job_id: str, request_id: str = "") -> pb.Job:
        """A new job from the plan of one that failed or was cancelled. Raises Refused, NotFound."""
        request = pb.RetryJobRequest(job_id=job_id, request_id=request_id or str(uuid.uuid4()))
        return self._caller.call(self._stub.RetryJob, request).job

    def delete(self, job_id: str) -> None:
        """Forget a job that has ended; its take stays. Raises NotFound, NotReady."""
        self._caller.call(self._stub.DeleteJob, pb.DeleteJobRequest(job_id=job_id))

    def watch(
        self, job_id: str, after: int = 0, *, patience: float = 60.0, stretch: float = STRETCH
    ) -> Iterator[pb.JobEvent]:
        """Events after a sequence, each once and in order, until the job has ended.

        Between them come previews, `event.preview`, whose sequence is 0: the newest picture of the
        work whenever there is a new one.

        A lost stream is taken up again where it was; Unreachable after `patience` seconds without
        a server; every `stretch` seconds it is asked for anew. Leaving the loop does not end the
        job. Raises NotFound.
        """
        pauses = self._caller.pauses(patience)
        while True:
            request = pb.WatchJobRequest(job_id=job_id, after_sequence=after)
            stream = self._stub.WatchJob(request, timeout=stretch)
            try:
                for update in stream:
                    pauses = self._caller.pauses(patience)
                    event = update.event
                    if update.HasField("event") and event.sequence > after:
                        after = event.sequence
                        yield event
                    elif event.HasField("preview"):
                        yield event
                return
            except grpc.RpcError as exc:
                code = stream.code()
                if code is grpc.StatusCode.OUT_OF_RANGE:
                    after = self.get(job_id).sequence  # the events between are no longer kept
                    continue
                pause = next(pauses) if code in _AGAIN else None
                if pause is None:
                    raise error_of(exc, self._caller.address) from exc
                time.sleep(pause)
            finally:
                stream.cancel()

    def wait(self, job_id: str, on_event: OnEvent | None = None) -> pb.Job:
        """Follow a job to its end and return it, whatever the end was."""
        for event in self.watch(job_id):
            if on_event is not None:
                on_event(event)
        return self.get(job_id)

    def take(self, job_id: str, on_event: OnEvent | None = None) -> deliveries_pb2.Take:
        """Follow a job to its take. Raises JobFailed, JobCancelled."""
        job = self.wait(job_id, on_event)
        if job.state == pb.JOB_STATE_SUCCEEDED:
            return job.result.take
        kind = JobCancelled if job.state == pb.JOB_STATE_CANCELLED else JobFailed
        raise kind(
            code=job.error.code or "CANCELLED",
            what=job.error.what or f"job {job.id} was cancelled",
            path=job.error.path,
            remedy=job.error.remedy,
            retryable=job.error.retryable,
        )
