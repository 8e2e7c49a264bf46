"""JobService over the wire: accepted once, watched without a gap, stopped, tried again."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from secondunit.v1 import jobs_pb2 as pb
from secondunit.v1.jobs_pb2_grpc import JobServiceStub

from tests import edits
from tests.jobs.conftest import until, wish
from tests.rpc.conftest import Unit

Call = Callable[[JobServiceStub], object]


@pytest.fixture
def stub(unit: Unit) -> JobServiceStub:
    return JobServiceStub(unit.channel)


def code_of(call: Callable[[], object]) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return cast("grpc.Call", caught.value).code()


def slow(unit: Unit, request_id: str = "slow") -> str:
    """A job that stays in its engine for longer than a test takes."""
    plan = wish(seed=len(request_id), steps=3000, pause=0.01)
    return unit.desk.create(plan, request_id=request_id, timeline="").id


def asked(timeline: Path, request_id: str = "r1", **fields: object) -> pb.CreateJobRequest:
    what = pb.TimelineTake(timeline=str(timeline), take=1)
    return pb.CreateJobRequest(request_id=request_id, timeline=what, **fields)  # type: ignore[arg-type]


def with_shot(unit: Unit, request: pb.CreateJobRequest) -> pb.CreateJobRequest:
    plan = unit.client.plans.timeline(Path(request.timeline.timeline))
    request.timeline.shot_id = plan.plans[0].shot_id
    return request


def test_a_job_is_watched_from_its_snapshot_to_its_take(
    unit: Unit, stub: JobServiceStub, footage: Path, tmp_path: Path
) -> None:
    request = with_shot(unit, asked(edits.bridge(tmp_path, footage), project="p", user="u"))
    job = stub.CreateJob(request, timeout=30).job
    updates = list(stub.WatchJob(pb.WatchJobRequest(job_id=job.id), timeout=30))
    assert updates[0].snapshot.id == job.id
    events = [u.event for u in updates[1:] if not u.event.HasField("heartbeat")]
    assert [e.sequence for e in events] == list(range(1, len(events) + 1))
    states = [e.state.state for e in events if e.HasField("state")]
    assert states == [pb.JOB_STATE_QUEUED, pb.JOB_STATE_RUNNING, pb.JOB_STATE_SUCCEEDED]
    take = events[-1].state.result.take
    assert Path(take.file).is_file() and take.frames == 40 and take.rate.num == 30
    assert (take.handles.head, take.handles.tail) == (8, 8)

    answer = stub.GetJob(pb.GetJobRequest(job_id=job.id), timeout=10)
    ended = answer.job
    assert ended.state == pb.JOB_STATE_SUCCEEDED and ended.result.take == take
    assert (ended.project, ended.user, ended.attempt) == ("p", "u", 1)
    assert ended.timings.ended.ToDatetime() >= ended.timings.started.ToDatetime()
    assert [t.stage for t in ended.timings.stages] == list(range(1, 7))
    assert answer.plan.digest == ended.plan_digest and answer.plan.frames == 24


def test_the_same_request_id_gives_the_same_job_and_no_other_request(
    unit: Unit, stub: JobServiceStub, footage: Path, tmp_path: Path
) -> None:
    request = with_shot(unit, asked(edits.bridge(tmp_path, footage)))
    first = stub.CreateJob(request, timeout=30).job
    assert stub.CreateJob(request, timeout=30).job.id == first.id
    request.timeline.options.seed = 99
    assert code_of(lambda: stub.CreateJob(request)) is grpc.StatusCode.ALREADY_EXISTS


def test_a_take_that_exists_is_handed_over_at_once(
    unit: Unit, stub: JobServiceStub, footage: Path, tmp_path: Path
) -> None:
    request = with_shot(unit, asked(edits.bridge(tmp_path, footage)))
    first = stub.CreateJob(request, timeout=30).job
    unit.client.jobs.take(first.id)
    request.request_id = "r2"
    again = stub.CreateJob(request, timeout=30).job
    assert again.id != first.id and again.state == pb.JOB_STATE_SUCCEEDED
    assert again.result.reused


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: r.ClearField("request_id"),
        lambda r: r.ClearField("timeline"),
        lambda r: setattr(r.timeline, "timeline", "bridge.otio"),
        lambda r: setattr(r.timeline, "timeline", "/no/such.otio"),
        lambda r: setattr(r.timeline, "timeline", "/a\0b.otio"),
        lambda r: setattr(r.timeline, "shot_id", "nosuchid"),
        lambda r: setattr(r.timeline, "take", 2),
        lambda r: setattr(r.timeline, "take", -1),
        lambda r: setattr(r.timeline.options, "engine", "sora"),
        lambda r: setattr(r.timeline.options, "delivery", "betamax"),
        lambda r: r.timeline.options.roots.append("media"),
    ],
)
def test_a_bad_request_is_refused_and_makes_no_job(
    unit: Unit,
    stub: JobServiceStub,
    footage: Path,
    tmp_path: Path,
    spoil: Callable[[pb.CreateJobRequest], None],
) -> None:
    request = with_shot(unit, asked(edits.bridge(tmp_path, footage)))
    spoil(request)
    assert code_of(lambda: stub.CreateJob(request)) is grpc.StatusCode.INVALID_ARGUMENT
    assert list(unit.client.jobs.list()) == []


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.GetJob(pb.GetJobRequest(job_id="none")),
        lambda s: s.CancelJob(pb.CancelJobRequest(job_id="none")),
        lambda s: s.RetryJob(pb.RetryJobRequest(job_id="none", request_id="r")),
        lambda s: list(s.WatchJob(pb.WatchJobRequest(job_id="none"))),
        lambda s: s.ListJobEvents(pb.ListJobEventsRequest(job_id="none")),
    ],
)
def test_a_job_that_is_none_is_not_found(stub: JobServiceStub, call: Call) -> None:
    assert code_of(lambda: call(stub)) is grpc.StatusCode.NOT_FOUND


def test_jobs_come_in_pages_newest_first(unit: Unit, stub: JobServiceStub) -> None:
    slow(unit)
    made = [unit.desk.create(wish(seed), request_id=str(seed), timeline="").id for seed in range(5)]
    first = stub.ListJobs(pb.ListJobsRequest(page_size=4), timeout=10)
    assert [job.id for job in first.jobs] == made[:0:-1]
    rest = stub.ListJobs(pb.ListJobsRequest(page_size=4, page_token=first.next_page_token))
    assert rest.jobs[0].id == made[0] and not rest.next_page_token
    queued = stub.ListJobs(pb.ListJobsRequest(states=[pb.JOB_STATE_QUEUED]))
    assert {job.id for job in queued.jobs} == set(made)
    assert unit.client.status().queued == 5
    for bad in (pb.ListJobsRequest(page_size=-1), pb.ListJobsRequest(page_token="x")):
        assert code_of(lambda bad=bad: stub.ListJobs(bad)) is grpc.StatusCode.INVALID_ARGUMENT


def test_a_cancelled_job_stops_and_can_be_tried_again(unit: Unit, stub: JobServiceStub) -> None:
    id = slow(unit)
    until(lambda: stub.GetJob(pb.GetJobRequest(job_id=id)).job.progress.stage == pb.STAGE_ENGINE)
    retry = pb.RetryJobRequest(job_id=id, request_id="again")
    assert code_of(lambda: stub.RetryJob(retry)) is grpc.StatusCode.INVALID_ARGUMENT
    stub.CancelJob(pb.CancelJobRequest(job_id=id), timeout=10)
    ended = unit.client.jobs.wait(id)
    assert ended.state == pb.JOB_STATE_CANCELLED
    assert stub.CancelJob(pb.CancelJobRequest(job_id=id)).job.state == pb.JOB_STATE_CANCELLED
    again = stub.RetryJob(retry, timeout=10).job
    assert again.id != id and again.plan_digest == ended.plan_digest
    assert stub.RetryJob(retry, timeout=10).job.id == again.id


def test_a_failure_during_work_is_state_and_event_not_a_status(
    unit: Unit, stub: JobServiceStub
) -> None:
    id = unit.desk.create(wish(fail="no motion found"), request_id="f", timeline="").id
    events = list(unit.client.jobs.watch(id))
    assert events[-1].state.state == pb.JOB_STATE_FAILED
    error = stub.GetJob(pb.GetJobRequest(job_id=id)).job.error
    assert events[-1].state.error == error
    assert (error.code, error.retryable) == ("ENGINE_FAILED", True)
    assert "no motion found" in error.what and error.remedy


def test_an_unforeseen_failure_of_a_worker_does_not_leak_its_text(unit: Unit) -> None:
    id = unit.desk.create(wish(boast=True), request_id="b", timeline="").id
    job = unit.client.jobs.wait(id)
    assert job.state == pb.JOB_STATE_FAILED
    assert "secret of the house" not in str(job)


def test_long_poll_returns_with_the_first_event_and_after_its_wait(
    unit: Unit, stub: JobServiceStub
) -> None:
    slow(unit)
    id = unit.desk.create(wish(), request_id="behind", timeline="").id
    request = pb.ListJobEventsRequest(job_id=id, after_sequence=1, wait=Duration(nanos=200_000_000))
    began = time.monotonic()
    answer = stub.ListJobEvents(request, timeout=10)
    assert not answer.events and time.monotonic() - began >= 0.19
    assert answer.job.state == pb.JOB_STATE_QUEUED

    request.wait.CopyFrom(Duration(seconds=20))
    waiting = stub.ListJobEvents.future(request, timeout=25)
    stub.CancelJob(pb.CancelJobRequest(job_id=id), timeout=10)
    answer = waiting.result(timeout=10)
    assert answer.events[0].state.state == pb.JOB_STATE_CANCELLED
    request.after_sequence = answer.job.sequence
    began = time.monotonic()
    assert not stub.ListJobEvents(request, timeout=10).events  # ended: nothing to wait for
    assert time.monotonic() - began < 5


def test_events_come_in_portions(unit: Unit, stub: JobServiceStub) -> None:
    id = unit.desk.create(wish(), request_id="a", timeline="").id
    job = unit.client.jobs.wait(id)
    request = pb.ListJobEventsRequest(job_id=id, limit=4)
    seen: list[int] = []
    while request.after_sequence < job.sequence:
        events = stub.ListJobEvents(request, timeout=10).events
        assert 0 < len(events) <= 4
        seen += [e.sequence for e in events]
        request.after_sequence = seen[-1]
    assert seen == list(range(1, job.sequence + 1))


@pytest.mark.parametrize("after", [-1, 1000])
def test_a_sequence_that_never_was_is_refused(unit: Unit, stub: JobServiceStub, after: int) -> None:
    id = slow(unit)
    watch = pb.WatchJobRequest(job_id=id, after_sequence=after)
    assert code_of(lambda: list(stub.WatchJob(watch))) is grpc.StatusCode.INVALID_ARGUMENT
    poll = pb.ListJobEventsRequest(job_id=id, after_sequence=after)
    assert code_of(lambda: stub.ListJobEvents(poll)) is grpc.StatusCode.INVALID_ARGUMENT


def test_leaving_a_watch_does_not_end_the_job(unit: Unit, stub: JobServiceStub) -> None:
    id = slow(unit)
    stream = stub.WatchJob(pb.WatchJobRequest(job_id=id))
    next(stream)
    stream.cancel()
    time.sleep(0.1)
    assert not unit.desk.get(id).state.final and not unit.desk.get(id).cancelling


def test_a_job_that_ended_can_be_forgotten_and_its_take_stays(
    unit: Unit, stub: JobServiceStub
) -> None:
    id = unit.desk.create(wish(), request_id="a", timeline="").id
    take = unit.client.jobs.take(id)
    stub.DeleteJob(pb.DeleteJobRequest(job_id=id), timeout=10)
    assert code_of(lambda: stub.GetJob(pb.GetJobRequest(job_id=id))) is grpc.StatusCode.NOT_FOUND
    assert Path(take.file).is_file()
    again = unit.desk.create(wish(), request_id="b", timeline="")
    assert again.reused
    open_one = pb.DeleteJobRequest(job_id=slow(unit))
    assert code_of(lambda: stub.DeleteJob(open_one)) is grpc.StatusCode.FAILED_PRECONDITION


def showing(unit: Unit) -> str:
    """A job that shows a picture at each step, of which some are sent."""
    plan = wish(steps=150, pause=0.01, show=True)
    return unit.desk.create(plan, request_id="showing", timeline="").id


def test_previews_come_between_the_events_and_leave_no_gap(
    unit: Unit, stub: JobServiceStub
) -> None:
    updates = list(stub.WatchJob(pb.WatchJobRequest(job_id=showing(unit)), timeout=60))
    events = [u.event for u in updates[1:]]
    previews = [e.preview for e in events if e.HasField("preview")]
    assert previews[0].rough and previews[0].media_type == "image/jpeg"
    assert 0 < len(previews[0].data) <= 256 * 1024
    numbers = [p.number for p in previews]
    assert numbers == sorted(set(numbers))
    assert all(e.sequence == 0 for e in events if e.HasField("preview"))
    kept = [e.sequence for e in events if e.sequence]
    assert kept == list(range(1, len(kept) + 1))


def test_the_client_hands_previews_to_whoever_follows_a_job(unit: Unit) -> None:
    followed = list(unit.client.jobs.watch(showing(unit)))
    assert any(event.HasField("preview") and event.preview.data for event in followed)
    assert followed[-1].state.state == pb.JOB_STATE_SUCCEEDED


def test_a_long_poll_returns_the_newest_preview_to_those_who_ask_for_it(
    unit: Unit, stub: JobServiceStub
) -> None:
    id = showing(unit)
    until(lambda: unit.desk.preview(id) is not None)

    def poll(**fields: Any) -> pb.ListJobEventsResponse:
        return stub.ListJobEvents(pb.ListJobEventsRequest(job_id=id, **fields), timeout=30)

    first = poll(after_preview=0).preview
    assert first.data and first.number
    assert poll(after_preview=first.number + 10**9).preview.number == 0
    assert not poll().HasField("preview")
    assert code_of(lambda: poll(after_preview=-1)) is grpc.StatusCode.INVALID_ARGUMENT
