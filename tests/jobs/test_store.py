"""The store: real SQLite, every promise that does not need a worker."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from secondunit.errors import Conflict, JobUnknown, Refused, StoreBusy, StoreDamaged
from secondunit.jobs.job import (
    TRANSITIONS,
    Checkpoint,
    Job,
    JobError,
    Kind,
    Lease,
    Priority,
    Result,
    Stage,
    State,
)
from secondunit.jobs.kept import with_digests
from secondunit.jobs.store import Store
from secondunit.plan.shot_plan import ShotPlan

from tests.plans import shot_plan

ERROR = JobError(code="ENGINE_FAILED", message="no", retryable=True, remedy="again")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.close()


def create(store: Store, plan: ShotPlan, request: str, priority: Priority = Priority.NORMAL) -> Job:
    return store.create(plan, request_id=request, timeline="cut.otio", priority=priority)


def lease(job: Job | None) -> Lease:
    assert job is not None
    return Lease(job=job.id, attempt=job.attempt)


def result(store: Store, plan: ShotPlan, *, keep: bool = False) -> Result:
    """A take's record, and its files unless those that are there are to be kept."""
    folder = store.data / "takes" / plan.digest
    folder.mkdir(parents=True, exist_ok=keep)
    for name in () if keep else ("clip.mov", "clip.json", "clip.png"):
        (folder / name).write_text("x")
    return Result(
        digest=plan.digest, folder=folder, file=folder / "clip.mov", sidecar=folder / "clip.json",
        thumbnails=(folder / "clip.png",), frames=10, rate=plan.rate, start_timecode="01:00:00:00",
        handles=plan.handles, size=plan.size, report={"K0": {"pass": True}}, timings={"plan": 0.1},
    )  # fmt: skip


def numbers(store: Store, id: str) -> list[int]:
    return [e.sequence for e in store.events(id, 0, 10_000)]


def states(store: Store, id: str) -> list[str]:
    return [e.payload["state"] for e in store.events(id, 0, 10_000) if e.kind is Kind.STATE]


def test_a_job_that_was_acknowledged_is_on_disk(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from secondunit.jobs.store import Store;"
        "from secondunit.jobs.job import Priority; from tests.plans import shot_plan;"
        "s = Store(Path(sys.argv[1])); j = s.create(shot_plan(), request_id='a', timeline='t',"
        "priority=Priority.NORMAL); print(j.id, flush=True); os._exit(9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    store = Store(tmp_path)
    assert store.get(done.stdout.strip()).state is State.QUEUED
    assert store.plan(done.stdout.strip()) == shot_plan()
    store.close()


def test_the_same_request_again_is_the_same_job(store: Store) -> None:
    first = create(store, shot_plan(), "a")
    assert create(store, shot_plan(), "a") == first
    assert numbers(store, first.id) == [1]


def test_a_request_id_that_stood_for_another_request_is_a_conflict(store: Store) -> None:
    create(store, shot_plan(), "a")
    with pytest.raises(Conflict, match="'a'"):
        create(store, shot_plan(seed=8), "a")
    assert len(store.page().jobs) == 1


def test_two_people_may_choose_the_same_request_id(store: Store) -> None:
    plan = shot_plan()
    one = store.create(plan, request_id="a", timeline="t", priority=Priority.NORMAL, user="ada")
    two = store.create(plan, request_id="a", timeline="t", priority=Priority.NORMAL, user="bo")
    assert one.id != two.id


def test_the_most_urgent_job_is_claimed_first_and_then_the_oldest(store: Store) -> None:
    wanted = [Priority.BATCH, Priority.NORMAL, Priority.INTERACTIVE, Priority.NORMAL]
    for n, priority in enumerate(wanted):
        create(store, shot_plan(seed=n), str(n), priority)
    order = [store.claim() for _ in wanted]
    assert [job.request_id for job in order if job] == ["2", "1", "3", "0"]
    assert store.claim() is None


def test_events_of_a_job_are_numbered_from_one_without_gaps(store: Store) -> None:
    job = create(store, shot_plan(), "a")
    held = lease(store.claim())
    store.progress(held, Stage.ENGINE, "denoise", 1, 6)
    store.checkpoint(held, Checkpoint(stage=Stage.PLAN, attempt=1, seconds=0.5, payload={}))
    store.requeue(held, "lost", lost=True)
    held = lease(store.claim())
    store.finish(held, result(store, shot_plan()))
    assert numbers(store, job.id) == list(range(1, store.get(job.id).sequence + 1))
    assert states(store, job.id) == ["queued", "running", "queued", "running", "succeeded"]
    assert store.events(job.id, after=3, limit=2)[0].sequence == 4
    assert store.get(job.id).timings == {"plan": 0.5}


def test_progress_is_written_a_few_times_a_second_at_most(store: Store) -> None:
    job = create(store, shot_plan(), "a")
    held = lease(store.claim())
    written = [store.progress(held, Stage.ENGINE, "denoise", n, 100) for n in range(100)]
    assert written[0] and sum(written) < 10
    assert store.progress(held, Stage.FINISH, "composite", 0, 10)  # a new stage is told at once
    assert store.get(job.id).stage is Stage.FINISH


def test_a_worker_with_an_older_attempt_can_write_nothing(store: Store) -> None:
    job = create(store, shot_plan(), "a")
    old = lease(store.claim())
    store.requeue(old, "silent", lost=True)
    new = lease(store.claim())
    assert new.attempt == old.attempt + 1
    before = numbers(store, job.id)
    point = Checkpoint(stage=Stage.PLAN, attempt=1, seconds=0.5, payload={})
    take = result(store, shot_plan())
    assert not store.checkpoint(old, point)
    assert not store.finish(old, take)
    assert not store.fail(old, ERROR)
    assert not store.cancelled(old)
    assert not store.requeue(old, "again")
    assert not store.progress(old, Stage.ENGINE, "denoise", 1, 6)
    assert numbers(store, job.id) == before
    assert store.finish(new, take)


def test_a_stage_done_forgives_the_workers_lost_before_it(store: Store) -> None:
    create(store, shot_plan(), "a")
    store.requeue(lease(store.claim()), "lost", lost=True)
    job = store.claim()
    assert job and job.losses == 1
    store.checkpoint(lease(job), Checkpoint(stage=Stage.TIMELINE, attempt=2, seconds=0, payload={}))
    assert store.get(job.id).losses == 0


def test_a_take_that_exists_is_handed_over_at_once(store: Store) -> None:
    first = create(store, shot_plan(), "a")
    take = result(store, shot_plan())
    store.finish(lease(store.claim()), take)
    second = create(store, shot_plan(), "b")
    assert (second.state, second.reused) == (State.SUCCEEDED, True)
    assert store.result(second.id) == store.result(first.id) == with_digests(take)
    assert states(store, second.id) == ["queued", "succeeded"]
    assert store.claim() is None


def test_a_take_whose_file_is_gone_is_made_again(store: Store) -> None:
    create(store, shot_plan(), "a")
    take = result(store, shot_plan())
    store.finish(lease(store.claim()), take)
    take.file.unlink()
    assert create(store, shot_plan(), "b").state is State.QUEUED


def test_a_take_recorded_by_another_version_is_made_again(store: Store) -> None:
    create(store, shot_plan(), "a")
    store.finish(lease(store.claim()), result(store, shot_plan()))
    with sqlite3.connect(store.data / "jobs.db") as db:
        db.execute("UPDATE result SET record = json_set(record, '$.mood', 'blue')")
    db.close()
    assert create(store, shot_plan(), "b").state is State.QUEUED
    assert store.claim() is not None


def test_a_job_waits_for_another_that_makes_the_same_take(store: Store) -> None:
    leader = create(store, shot_plan(), "a")
    held = lease(store.claim())
    follower = create(store, shot_plan(), "b")
    assert (follower.state, follower.waits_for) == (State.WAITING, leader.id)
    assert store.claim() is None
    store.finish(held, result(store, shot_plan()))
    assert store.get(follower.id).state is State.SUCCEEDED
    assert store.get(follower.id).reused and not store.get(leader.id).reused
    assert numbers(store, follower.id) == [1, 2, 3]


def test_whoever_waits_lends_its_priority(store: Store) -> None:
    create(store, shot_plan(seed=1), "other")
    leader = create(store, shot_plan(seed=2), "a", Priority.BATCH)
    create(store, shot_plan(seed=2), "b", Priority.INTERACTIVE)
    claimed = store.claim()
    assert claimed and claimed.id == leader.id


def test_when_the_first_of_equal_jobs_is_stopped_the_next_goes_on(store: Store) -> None:
    first, second, third = (create(store, shot_plan(), r) for r in "abc")
    assert store.cancel(first.id).state is State.CANCELLED
    assert store.get(second.id).state is State.QUEUED
    assert store.get(third.id).waits_for == second.id
    store.finish(lease(store.claim()), result(store, shot_plan()))
    assert store.get(third.id).state is State.SUCCEEDED


def test_two_jobs_queued_for_one_take_make_it_once(store: Store) -> None:
    first, second = (create(store, shot_plan(), r) for r in "ab")
    held = lease(store.claim())
    store.cancel(first.id)
    third = create(store, shot_plan(), "c")  # nobody waits for a job that is being stopped
    store.cancelled(held)
    waits = create(store, shot_plan(), "d")
    store.finish(lease(store.claim()), result(store, shot_plan()))
    assert store.claim() is None
    ends = [store.get(job.id) for job in (second, third, waits)]
    assert [(job.state, job.attempt, job.reused) for job in ends] == [
        (State.SUCCEEDED, 1, False), (State.SUCCEEDED, 0, True), (State.SUCCEEDED, 0, True),
    ]  # fmt: skip


def test_a_job_that_is_queued_again_is_in_no_stage(store: Store) -> None:
    job = create(store, shot_plan(), "a")
    held = lease(store.claim())
    store.progress(held, Stage.ENGINE, "denoise", 1, 6)
    store.requeue(held, "Gives way to more urgent work.")
    assert store.get(job.id).stage is None


def test_jobs_that_waited_for_a_failure_fail_with_it(store: Store) -> None:
    first, second = (create(store, shot_plan(), r) for r in "ab")
    store.fail(lease(store.claim()), ERROR)
    assert store.get(first.id).error == store.get(second.id).error == ERROR


def test_a_cancel_that_was_accepted_is_never_followed_by_a_success(store: Store) -> None:
    job = create(store, shot_plan(), "a")
    held = lease(store.claim())
    assert store.cancel(job.id).cancelling
    assert not store.finish(held, result(store, shot_plan()))
    assert store.cancelled(held)
    assert store.cancel(job.id).state is State.CANCELLED  # again: stays as it is
    assert states(store, job.id) == ["queued", "running", "cancelled"]


def test_jobs_that_were_running_are_queued_again_when_the_store_is_opened(tmp_path: Path) -> None:
    store = Store(tmp_path)
    job, stopped = create(store, shot_plan(seed=1), "a"), create(store, shot_plan(seed=2), "b")
    held = lease(store.claim())
    store.claim()
    store.checkpoint(
        held, Checkpoint(stage=Stage.TIMELINE, attempt=1, seconds=1.0, payload={"n": 1})
    )
    store.cancel(stopped.id)
    store.close()
    store = Store(tmp_path)
    assert store.get(job.id).state is State.QUEUED
    assert store.get(stopped.id).state is State.CANCELLED
    assert [c.payload for c in store.checkpoints(job.id)] == [{"n": 1}]
    assert not store.progress(held, Stage.PLAN, "plan", 0, 1)
    store.close()


def test_a_folder_in_use_names_its_owner(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.announce("127.0.0.1:50051")
    with pytest.raises(StoreBusy, match=r"process \d+ at 127\.0\.0\.1:50051"):
        Store(tmp_path)
    store.close()
    Store(tmp_path).close()


def test_a_damaged_store_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "jobs.db").write_bytes(b"no database at all" * 300)
    with pytest.raises(StoreDamaged, match="does not work"):
        Store(tmp_path)
    assert (tmp_path / "jobs.db").read_bytes().startswith(b"no database")


def test_a_store_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    Store(tmp_path).close()
    db = sqlite3.connect(tmp_path / "jobs.db")
    db.execute("INSERT INTO schema_version VALUES (99, 0)")
    db.commit()
    db.close()
    with pytest.raises(StoreDamaged, match="version 99"):
        Store(tmp_path)


def test_jobs_are_listed_in_pages_newest_first(store: Store) -> None:
    made = [create(store, shot_plan(seed=n), str(n)) for n in range(5)]
    store.cancel(made[0].id)
    page = store.page(size=2)
    seen = list(page.jobs)
    while page.next_token:
        page = store.page(size=2, token=page.next_token)
        seen += page.jobs
    assert [j.request_id for j in seen] == ["4", "3", "2", "1", "0"]
    assert [j.request_id for j in store.page(states=[State.CANCELLED]).jobs] == ["0"]
    assert store.page(project="another").jobs == ()
    with pytest.raises(Refused, match="page_token"):
        store.page(token="x")


def test_an_id_that_is_none_is_said_to_be_unknown(store: Store) -> None:
    for ask in (store.get, store.plan, store.result, store.events, store.cancel):
        with pytest.raises(JobUnknown, match="'nobody'"):
            ask("nobody")


def test_a_final_state_has_no_way_out() -> None:
    assert {s for s in State if s.final} == {State.SUCCEEDED, State.FAILED, State.CANCELLED}
    assert set(TRANSITIONS) == set(State)


def test_results_survive_a_move_of_the_data_folder(tmp_path: Path) -> None:
    store = Store(tmp_path / "here")
    job = create(store, shot_plan(), "a")
    store.finish(lease(store.claim()), result(store, shot_plan()))
    store.close()
    (tmp_path / "here").rename(tmp_path / "there")
    store = Store(tmp_path / "there")
    found = store.result(job.id)
    assert found and found.file.is_file() and found.rate == shot_plan().rate
    event = store.events(job.id, 2, 1)[0]
    assert "here" not in json.dumps(event.payload)
    store.close()
