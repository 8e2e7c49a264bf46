"""JobService by caller: whose jobs are seen, what a retry costs, what is said at the end."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from secondunit.config import Config, Limits, Retention
from secondunit.errors import Draining, EventsGone, JobUnknown, LimitReached, StoreFull
from secondunit.jobs.desk import Desk
from secondunit.jobs.job import Event, Job, Kind, State
from secondunit.jobs.reader import Reader
from secondunit.plan.build import Options
from secondunit.rpc.jobs import Jobs, coalesced, own
from secondunit.rpc.plans import plan_timeline_of
from secondunit.rpc.principal import Principal, Scope
from secondunit.rpc.serve import serving
from secondunit.rpc.status import status_of
from secondunit.rpc.timeline import Timelines
from secondunit.v1 import jobs_pb2 as pb
from secondunit.v1 import timeline_pb2
from secondunit.v1.jobs_pb2_grpc import JobServiceStub
from secondunit_client import Connection

from tests import edits
from tests.jobs.conftest import until, wish
from tests.rpc.acting import acting
from tests.rpc.conftest import Unit
from tests.rpc.test_jobs import asked, code_of, slow, with_shot

ADA = Principal(user="ada", tenant="film", scope=Scope.RENDER)
BO = Principal(user="bo", tenant="series", scope=Scope.RENDER)
CY = Principal(user="cy", tenant="", scope=Scope.ADMIN)
NOBODY: Any = None
"""The context of a call, which these methods do not look at."""


@pytest.fixture
def stub(unit: Unit) -> JobServiceStub:
    return JobServiceStub(unit.channel)


class House:
    """The service over a desk that begins nothing, for any caller."""

    def __init__(self, config: Config) -> None:
        self.desk = Desk(config)
        self.config = config
        self.reader = Reader(config)

    def service(self, draining: asyncio.Event) -> Jobs:
        return Jobs(self.desk, self.config, draining, self.reader)

    def stop(self) -> None:
        self.reader.stop()
        self.desk.stop()

    def asks(self, who: Principal, call: Callable[[Jobs], Coroutine[Any, Any, Any]]) -> Any:
        async def answer() -> Any:
            return await call(self.service(asyncio.Event()))

        with acting(who):
            return asyncio.run(answer())

    def job(self, who: Principal, seed: int = 7, request_id: str = "r", **fields: Any) -> Job:
        return self.desk.create(
            wish(seed), request_id=request_id, timeline="/cut.otio", user=who.user,
            tenant=who.tenant, **fields,
        )  # fmt: skip


@contextmanager
def house(config: Config) -> Iterator[House]:
    opened = House(config)
    try:
        yield opened
    finally:
        opened.stop()


@pytest.mark.parametrize(
    "call",
    [
        lambda s, id: s.GetJob(pb.GetJobRequest(job_id=id), NOBODY),
        lambda s, id: s.CancelJob(pb.CancelJobRequest(job_id=id), NOBODY),
        lambda s, id: s.DeleteJob(pb.DeleteJobRequest(job_id=id), NOBODY),
        lambda s, id: s.RetryJob(pb.RetryJobRequest(job_id=id, request_id="x"), NOBODY),
        lambda s, id: s.ListJobEvents(pb.ListJobEventsRequest(job_id=id), NOBODY),
        lambda s, id: anext(s.WatchJob(pb.WatchJobRequest(job_id=id), NOBODY)),
        lambda s, id: Timelines(s._desk, s._config, s._reader).PlaceTimeline(
            timeline_pb2.PlaceTimelineRequest(timeline="/cut.otio", job_ids=[id]), NOBODY
        ),
    ],
    ids=["get", "cancel", "delete", "retry", "events", "watch", "place"],
)
def test_a_job_of_another_tenant_is_as_if_it_were_none(
    tmp_path: Path, call: Callable[[Jobs, str], Coroutine[Any, Any, Any]]
) -> None:
    with house(Config(data=tmp_path)) as unit:
        job = unit.job(ADA)
        said: list[str] = []
        for id in (job.id, "none"):
            with pytest.raises(JobUnknown) as caught:
                unit.asks(BO, lambda s, id=id: call(s, id))
            said.append(str(caught.value).replace(id, "ID"))
        assert said[0] == said[1]
        assert unit.desk.get(job.id).state is State.QUEUED


def test_lists_show_a_caller_its_tenants_jobs_and_the_operator_all(tmp_path: Path) -> None:
    with house(Config(data=tmp_path)) as unit:
        hers, his = unit.job(ADA, 1), unit.job(BO, 2)

        def seen(who: Principal) -> list[str]:
            page = unit.asks(who, lambda s: s.ListJobs(pb.ListJobsRequest(), NOBODY))
            return [job.id for job in page.jobs]

        assert (seen(ADA), seen(BO), seen(CY)) == ([hers.id], [his.id], [his.id, hers.id])


def test_who_waits_for_another_tenants_take_is_not_told_whose(tmp_path: Path) -> None:
    with house(Config(data=tmp_path)) as unit:
        leader = unit.job(ADA)
        follower = unit.job(BO)
        answer = unit.asks(BO, lambda s: s.GetJob(pb.GetJobRequest(job_id=follower.id), NOBODY))
        events = unit.asks(
            BO, lambda s: s.ListJobEvents(pb.ListJobEventsRequest(job_id=follower.id), NOBODY)
        )
        assert answer.job.state == pb.JOB_STATE_WAITING and answer.job.waiting_for == "take"
        assert leader.id not in str(answer) + str(events)


def test_lists_are_narrowed_by_what_is_asked_for(unit: Unit, stub: JobServiceStub) -> None:
    slow(unit)
    before = datetime.now(UTC)
    one = unit.desk.create(wish(1), request_id="1", timeline="/a.otio", project="p", user="u")
    two = unit.desk.create(wish(2), request_id="2", timeline="/b.otio", project="q", user="v")

    def listed(**fields: Any) -> list[str]:
        return [j.id for j in stub.ListJobs(pb.ListJobsRequest(**fields), timeout=10).jobs]

    assert listed(project="p") == listed(user="u") == listed(timeline="/a.otio") == [one.id]
    assert listed(created_after=before) == listed(shot_id=one.shot)[:2] == [two.id, one.id]
    assert listed(created_after=before + timedelta(hours=1)) == []
    assert listed(created_before=before)[0] not in (one.id, two.id)
    assert listed(project="") == [unit.desk.list().jobs[-1].id]
    bad = pb.ListJobsRequest()
    bad.created_after.seconds = 2**60
    assert code_of(lambda: stub.ListJobs(bad)) is grpc.StatusCode.INVALID_ARGUMENT


def test_a_retry_neither_plans_again_nor_fails_when_the_media_went_away(
    unit: Unit, stub: JobServiceStub, footage: Path, tmp_path: Path
) -> None:
    moved = Path(shutil.copy(footage, tmp_path / footage.name))
    request = with_shot(unit, asked(edits.bridge(tmp_path, moved)))
    first = stub.CreateJob(request, timeout=30).job
    moved.unlink()
    Path(request.timeline.timeline).unlink()
    assert stub.CreateJob(request, timeout=30).job.id == first.id
    request.request_id = "another"
    assert code_of(lambda: stub.CreateJob(request)) is grpc.StatusCode.INVALID_ARGUMENT


def test_a_caller_with_a_token_is_who_the_token_says_and_has_its_limit(
    tmp_path: Path, footage: Path
) -> None:
    config = Config(
        data=tmp_path / "data", roots=(footage.parent, tmp_path), limits=Limits(open_jobs=1)
    )
    request = asked(edits.bridge(tmp_path, footage), user="somebody else", off_peak=True)
    with house(config) as unit:
        plans = plan_timeline_of(request.timeline.timeline, Options(), config, unit.reader)
        request.timeline.shot_id = plans.shots[0].shot
        job = unit.asks(ADA, lambda s: s.CreateJob(request, NOBODY)).job
        assert (job.user, job.off_peak) == ("ada", True)
        assert unit.desk.get(job.id).tenant == "film"
        request.request_id, request.timeline.options.seed = "r2", 9
        with pytest.raises(LimitReached):
            unit.asks(ADA, lambda s: s.CreateJob(request, NOBODY))
        assert unit.asks(BO, lambda s: s.CreateJob(request, NOBODY)).job.user == "bo"


def test_a_watcher_hears_all_that_happened_before_it_hears_of_the_end(tmp_path: Path) -> None:
    with house(Config(data=tmp_path)) as unit:
        id = unit.job(CY).id

        async def watched() -> list[pb.WatchJobResponse]:
            draining = asyncio.Event()
            jobs = unit.service(draining)
            seen: list[pb.WatchJobResponse] = []
            stream = jobs.WatchJob(pb.WatchJobRequest(job_id=id, after_sequence=0), NOBODY)
            with pytest.raises(Draining):
                async for update in stream:
                    seen.append(update)
                    draining.set()
            with pytest.raises(Draining):
                await jobs.CreateJob(pb.CreateJobRequest(request_id="x"), NOBODY)
            return seen

        with acting(CY):
            seen = asyncio.run(watched())
        assert seen[0].snapshot.id == id
        assert [u.event.sequence for u in seen[1:]] == [1, 0]
        assert seen[-1].event.heartbeat.draining


def test_who_is_far_behind_gets_every_event_but_progress_that_is_overtaken() -> None:
    def event(number: int) -> Event:
        kind = Kind.STAGE if number % 10 == 0 else Kind.PROGRESS
        return Event(job="j", sequence=number, time=datetime.now(UTC), kind=kind, payload={})

    many = tuple(event(n) for n in range(1, 100))
    kept = [e.sequence for e in coalesced(many)]
    assert kept == [10, 20, 30, 40, 50, 60, 70, 80, 90, 99]
    assert coalesced(many[:20]) == list(many[:20])


def test_events_that_are_no_longer_kept_are_said_to_be_gone(tmp_path: Path) -> None:
    config = Config(data=tmp_path, retention=Retention(event_days=1e-9))
    with house(config) as unit:
        id = unit.job(CY).id
        unit.desk.cancel(id)
        last = unit.desk.get(id).sequence
        unit.desk._store.sweep()
        call = pb.ListJobEventsRequest(job_id=id)
        with pytest.raises(EventsGone) as gone:
            unit.asks(CY, lambda s: s.ListJobEvents(call, NOBODY))
        status = status_of(gone.value)
        assert status.code == grpc.StatusCode.OUT_OF_RANGE.value[0]
        info = error_details_pb2.ErrorInfo()
        assert any(detail.Unpack(info) for detail in status.details)
        assert info.metadata["first_available"] == str(last)
        call.after_sequence = last - 1
        answer = unit.asks(CY, lambda s: s.ListJobEvents(call, NOBODY))
        assert [e.sequence for e in answer.events] == [last]


def test_a_full_disk_is_said_and_no_job_is_taken(unit: Unit, tmp_path: Path) -> None:
    config = replace(unit.config, data=tmp_path / "full", limits=Limits(reserve_bytes=2**62))
    with house(config) as full, serving(full.desk, config) as address:
        with Connection(address) as client:
            status = client.status()
        assert not status.healthy and "MiB free" in status.trouble
        with pytest.raises(StoreFull):
            full.job(CY)
    assert unit.client.status().healthy


def test_a_take_of_another_version_hides_no_job_of_a_page(unit: Unit, stub: JobServiceStub) -> None:
    id = unit.desk.create(wish(), request_id="a", timeline="").id
    until(lambda: unit.desk.get(id).state is State.SUCCEEDED)
    with sqlite3.connect(unit.config.data / "jobs.db") as db:
        db.execute("UPDATE result SET record = json_set(record, '$.mood', 'blue')")
        db.execute("UPDATE plan SET record = '{}' WHERE job = ?", (id,))
    db.close()
    jobs = stub.ListJobs(pb.ListJobsRequest(), timeout=10).jobs
    assert jobs[0].state == pb.JOB_STATE_SUCCEEDED and not jobs[0].HasField("result")
    assert "another version" in jobs[0].error.what
    answer = stub.GetJob(pb.GetJobRequest(job_id=id), timeout=10)
    assert answer.job.id == id and not answer.HasField("plan")


def test_an_operator_sees_the_jobs_of_every_tenant(tmp_path: Path) -> None:
    with house(Config(data=tmp_path)) as unit, acting(CY):
        assert own(unit.desk, unit.job(ADA).id).tenant == "film"
