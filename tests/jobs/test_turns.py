"""Whose turn it is, and what the clock does to leases, hours and old jobs."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from secondunit.config import Config, Limits, Retention, Schedule
from secondunit.errors import EventsGone, JobOpen, JobUnknown, LimitReached, Refused, StoreFull
from secondunit.jobs.job import Checkpoint, Held, Job, Kind, Priority, Renewal, Stage, State
from secondunit.jobs.off_peak import in_off_peak, next_opening, parsed
from secondunit.jobs.store import Store
from secondunit.jobs.turns import HEADS

from tests.jobs.test_store import ERROR, lease, numbers, result
from tests.plans import shot_plan

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp()
HOUR = 3600.0


class Time:
    """Both clocks of a store, moved by the test."""

    def __init__(self) -> None:
        self.clock, self.now = 100.0, NOON

    def passes(self, seconds: float) -> None:
        self.clock += seconds
        self.now += seconds


Opener = Callable[..., Store]


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def opened(tmp_path: Path, time: Time) -> Iterator[Opener]:
    """Opens stores on one folder, with settings by section; the last one is closed at the end."""
    stores: list[Store] = []

    def opener(**sections: object) -> Store:
        for store in stores:
            store.close()
        stores.clear()
        config = replace(Config(data=tmp_path, max_attempts=3), **sections)  # type: ignore[arg-type]
        store = Store(tmp_path, config=config, clock=lambda: time.clock, now=lambda: time.now)
        stores.append(store)
        return store

    yield opener
    for store in stores:
        store.close()


def add(store: Store, seed: int, priority: Priority = Priority.NORMAL, **fields: object) -> Job:
    engine = str(fields.pop("engine", "motion"))
    return store.create(
        shot_plan(seed=seed, engine=engine), request_id=f"{seed}", timeline="t",
        priority=priority, **fields,  # type: ignore[arg-type]
    )  # fmt: skip


def claimed(store: Store, **how: object) -> str:
    job = store.claim("w", "cpu", **how)  # type: ignore[arg-type]
    return job.request_id if job else ""


def test_the_turn_goes_round_among_those_who_asked(opened: Opener, time: Time) -> None:
    store = opened()
    for seed in range(4):
        add(store, seed, user="ada")
    time.passes(1)
    add(store, 10, user="bo")
    add(store, 11, user="bo")
    add(store, 20, user="cy", tenant="other")
    order: list[str] = []
    for _ in range(7):
        time.passes(1)
        order.append(claimed(store))
    assert order == ["0", "10", "20", "1", "11", "2", "3"]


def test_a_store_that_is_opened_again_keeps_the_priority_of_what_waits(opened: Opener) -> None:
    store = opened()
    for seed, priority in enumerate((Priority.NORMAL, Priority.INTERACTIVE, Priority.BATCH)):
        store.create(shot_plan(seed=seed), request_id=str(seed), timeline="t", priority=priority)
    assert store.claim("w", "cpu")  # the interactive one was running, too
    store = opened()
    assert [(j.request_id, j.priority, j.state) for j in store.page().jobs] == [
        ("2", Priority.BATCH, State.QUEUED),
        ("1", Priority.INTERACTIVE, State.QUEUED),
        ("0", Priority.NORMAL, State.QUEUED),
    ]
    first = store.claim("w", "cpu")
    assert first and first.request_id == "1"


def test_who_waits_long_goes_up_a_class_and_then_to_the_end_of_the_queue_again(
    opened: Opener, time: Time
) -> None:
    store = opened(schedule=Schedule(ageing_seconds=60))
    for seed in (1, 2):
        add(store, seed, Priority.BATCH)
    time.passes(61)
    add(store, 3, Priority.NORMAL)
    add(store, 4, Priority.INTERACTIVE)
    assert claimed(store) == "4"
    job = store.claim("w", "cpu")
    assert job and (job.request_id, job.priority) == ("1", Priority.NORMAL)
    assert store.get(job.id).priority is Priority.BATCH  # only for this time
    assert claimed(store) == "3"  # the second batch job has not waited since its line was served
    time.passes(125)
    add(store, 5, Priority.INTERACTIVE)
    assert [claimed(store), claimed(store)] == ["2", "5"]


def test_an_engine_in_memory_is_preferred_over_a_few_places(opened: Opener, time: Time) -> None:
    store = opened(schedule=Schedule(ageing_seconds=60, lookahead=3))
    for seed, engine in enumerate(["wan", "ltx", "motion", "motion"]):
        add(store, seed, engine=engine)
    add(store, 9, Priority.INTERACTIVE, engine="wan")
    assert claimed(store, warm={"motion"}) == "9"  # never over a higher class
    assert claimed(store, warm={"motion"}) == "2"
    assert claimed(store, warm={"helios"}) == "0"
    for seed, engine in ((5, "ltx"), (6, "ltx"), (7, "wan")):
        add(store, seed, engine=engine)
    assert claimed(store, warm={"wan"}) == "1"  # too far behind
    time.passes(61)
    assert claimed(store, warm={"wan"}) == "3"  # it has waited long enough


def test_another_person_with_a_warm_engine_may_go_before(opened: Opener) -> None:
    store = opened()
    add(store, 1, user="ada", engine="wan")
    add(store, 2, user="bo", engine="motion")
    assert claimed(store, warm=["motion"]) == "2"


def test_a_claim_among_ten_thousand_looks_at_a_few_rows(opened: Opener) -> None:
    store = opened()
    job = add(store, 1)
    with sqlite3.connect(store.data / "jobs.db") as db:
        columns = [str(row[1]) for row in db.execute("PRAGMA table_info(job)")][2:]
        names = ", ".join(columns)
        values = ", ".join(
            {"request_id": "'r' || n", "user": "'u' || (n % 7)", "digest": "'d' || n",
             "priority": "n % 3"}.get(c, c) for c in columns
        )  # fmt: skip
        db.execute(
            "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 10000) "
            f"INSERT INTO job (id, {names}) SELECT 'j' || n, {values} FROM c, job WHERE id = ?",
            (job.id,),
        )
    told = db.execute(f"EXPLAIN QUERY PLAN {HEADS}", {"class": 1}).fetchall()
    plan = "\n".join(str(row[3]) for row in told)
    db.close()
    assert "SEARCH n USING INDEX job_by_line (priority=? AND tenant=? AND user>?)" in plan, plan
    assert "SCAN job" not in plan and "SCAN n" not in plan and "TEMP B-TREE" not in plan, plan
    ticks = 0

    def tick() -> int:
        nonlocal ticks
        ticks += 1
        return 0

    store._writer.set_progress_handler(tick, 100)
    assert store.claim("w", "cpu", warm={"none"}) is not None
    # A hundred instructions each; a look at every row would take thousands of these.
    assert ticks < 150


# --- leases


def test_a_lease_that_ran_out_gives_its_job_back_and_fences_its_worker(
    opened: Opener, time: Time
) -> None:
    store = opened()
    job = add(store, 1)
    late = lease(store.claim("w1", "cpu"))
    for _ in range(5):
        time.passes(20)
        assert store.renew(late) is Renewal.HELD
        assert store.expire() == 0
    time.passes(31)
    assert store.expire() == 1
    assert store.get(job.id).state is State.QUEUED and store.get(job.id).losses == 1
    assert store.renew(late) is Renewal.LOST
    assert not store.progress(late, Stage.ENGINE, "denoise", 1, 2)
    again = lease(store.claim("w2", "cpu"))
    before = numbers(store, job.id)
    assert not store.finish(late, result(store, shot_plan(seed=1)))
    assert not store.fail(late, ERROR) and not store.cancelled(late)
    assert numbers(store, job.id) == before
    assert store.get(job.id).device_seconds == pytest.approx(131)
    assert store.finish(again, result(store, shot_plan(seed=1), keep=True))


def test_a_job_that_loses_every_worker_fails_and_the_queue_moves_on(
    opened: Opener, time: Time
) -> None:
    store = opened()
    poison, other = add(store, 1), add(store, 2)
    order: list[str] = []
    for _ in range(4):
        order.append(claimed(store))
        if order[-1] == "2":
            time.passes(1)
            continue
        time.passes(31)
        store.expire()
    job = store.get(poison.id)
    assert (job.state, job.attempt) == (State.FAILED, 3)
    assert job.error and job.error.code == "WORKER_LOST"
    assert order[1] == "2"  # whoever lost a worker goes to the end of the line
    assert store.get(other.id).request_id == "2"


def test_an_expired_job_that_was_stopped_ends_stopped(opened: Opener, time: Time) -> None:
    store = opened()
    job = add(store, 1)
    held = lease(store.claim("w", "cpu"))
    store.cancel(job.id)
    assert store.renew(held) is Renewal.CANCELLING
    time.passes(31)
    store.expire()
    assert store.get(job.id).state is State.CANCELLED


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_jump_of_the_wall_clock_ends_no_lease(opened: Opener, time: Time, jump: float) -> None:
    store = opened()
    jobs = [add(store, seed) for seed in range(3)]
    held = [lease(store.claim("w", "cpu")) for _ in jobs]
    time.now += jump
    store.tend()
    assert all(store.get(job.id).state is State.RUNNING for job in jobs)
    time.passes(20)
    assert all(store.renew(one) is Renewal.HELD for one in held)
    time.now -= 2 * jump
    time.passes(20)
    store.tend()
    assert all(store.get(job.id).state is State.RUNNING for job in jobs)


def test_a_lease_of_an_earlier_process_is_void_whatever_the_clocks_say(
    opened: Opener, time: Time
) -> None:
    store = opened()
    job = add(store, 1)
    held = lease(store.claim("w", "cpu"))
    store.progress(held, Stage.ENGINE, "denoise", 1, 2)
    time.clock = 1.0  # the machine was started again: its clock begins anew
    store = opened()
    assert store.get(job.id).state is State.QUEUED and store.renew(held) is Renewal.LOST
    assert claimed(store) == "1"
    store.tend()
    assert store.get(job.id).state is State.RUNNING


def test_an_abandoned_render_does_not_go_before_who_waits_now(opened: Opener) -> None:
    store = opened()
    for seed in (1, 2):
        add(store, seed, Priority.INTERACTIVE)
    store.claim("w", "cpu")
    store = opened()
    store.calm()
    add(store, 3, Priority.INTERACTIVE)
    assert [claimed(store) for _ in range(3)] == ["3", "1", "2"]


def test_out_of_memory_asks_for_a_smaller_plan(opened: Opener) -> None:
    store = opened()
    job = add(store, 1)
    store.requeue(lease(store.claim("w", "cpu")), "Out of memory.", smaller=True)
    assert (store.get(job.id).memory_plan, store.get(job.id).losses) == (1, 0)


# --- off-peak hours


@pytest.mark.parametrize(
    ("spans", "hour", "inside", "opens"),
    [
        ((), 3, True, 3),
        (("20:00-06:00",), 19.9, False, 20),
        (("20:00-06:00",), 20, True, 20),
        (("20:00-06:00",), 0, True, 0),
        (("20:00-06:00",), 5.99, True, 5.99),
        (("20:00-06:00",), 6, False, 20),
        (("01:00-02:00", "13:00-14:00"), 12, False, 13),
        (("01:00-02:00", "13:00-14:00"), 14, False, 25),
        (("00:00-00:00",), 17, True, 17),
    ],
)
def test_off_peak_hours_go_over_midnight(
    spans: tuple[str, ...], hour: float, inside: bool, opens: float
) -> None:
    midnight = NOON - 12 * HOUR
    assert in_off_peak(parsed(spans), midnight + hour * HOUR) is inside
    assert next_opening(parsed(spans), midnight + hour * HOUR) == midnight + opens * HOUR


@pytest.mark.parametrize("text", ["20-6", "24:00-06:00", "20:60-06:00", "night", "20:00"])
def test_what_is_no_span_of_the_day_is_refused(opened: Opener, text: str) -> None:
    with pytest.raises(Refused, match=r"schedule\.off_peak\[1\]"):
        opened(schedule=Schedule(off_peak=("20:00-06:00", text)))


def test_an_off_peak_job_says_that_it_waits_for_the_hours_and_begins_in_them(
    opened: Opener, time: Time
) -> None:
    store = opened(schedule=Schedule(off_peak=("20:00-06:00",), ageing_seconds=1e9))
    job = add(store, 1, off_peak=True)
    assert (job.state, job.waiting_for) == (State.WAITING, Held.OFF_PEAK)
    assert claimed(store) == ""
    assert store.tend() is False
    time.passes(8 * HOUR)
    assert store.tend() is True
    assert store.get(job.id).state is State.QUEUED and store.get(job.id).waiting_for is None
    time.passes(10 * HOUR)  # nobody was free all night
    assert claimed(store) == "" and store.get(job.id).waiting_for is Held.OFF_PEAK
    time.passes(14 * HOUR)
    assert claimed(store) == "1"
    assert numbers(store, job.id) == list(range(1, store.get(job.id).sequence + 1))


def test_who_asked_for_the_same_take_by_day_does_not_wait_for_the_night(
    opened: Opener, time: Time
) -> None:
    store = opened(schedule=Schedule(off_peak=("11:00-13:00",)))
    night = add(store, 1, off_peak=True)
    day = store.create(shot_plan(seed=1), request_id="d", timeline="t", priority=Priority.NORMAL)
    assert day.waits_for == night.id
    time.passes(2 * HOUR)
    store.tend()
    assert store.get(night.id).waiting_for is Held.OFF_PEAK
    held = store.claim("w", "cpu")
    assert held and held.id == day.id
    store.finish(lease(held), result(store, shot_plan(seed=1)))
    time.passes(22 * HOUR)
    assert claimed(store) == "" and store.get(night.id).reused


# --- tenants, limits, age


def test_another_tenants_job_is_waited_for_and_not_named(opened: Opener) -> None:
    store = opened()
    leader = add(store, 1, tenant="a")
    second, third = (
        store.create(shot_plan(seed=1), request_id=f"r{n}", timeline="t",
                     priority=Priority.NORMAL, tenant="b") for n in (1, 2)
    )  # fmt: skip
    assert second.waiting_for is Held.TAKE
    store.cancel(leader.id)
    told = [str(e.payload) for job in (second, third) for e in store.events(job.id)]
    assert not [text for text in told if leader.id in text]
    assert store.get(second.id).state is State.QUEUED
    assert any(second.id in text for text in told)  # its own tenant's is


def test_the_same_request_id_of_two_tenants_stands_for_two_requests(opened: Opener) -> None:
    store = opened()
    assert add(store, 1, tenant="a", user="u").id != add(store, 1, tenant="b", user="u").id
    assert store.repeated("1", request="", tenant="c") is None
    assert [j.tenant for j in store.page(tenant="a").jobs] == ["a"]


def test_a_caller_and_the_server_have_as_many_open_jobs_as_they_may(opened: Opener) -> None:
    store = opened(limits=Limits(open_jobs=2, queue=4))
    first = add(store, 1, user="ada", limited=True)
    add(store, 2, user="ada", limited=True)
    with pytest.raises(LimitReached, match="2 jobs of one caller"):
        add(store, 3, user="ada", limited=True)
    assert add(store, 1, user="ada", limited=True).id == first.id  # a retry is no new job
    add(store, 3, user="bo", limited=True)
    add(store, 4)
    with pytest.raises(LimitReached, match="this server"):
        add(store, 5)
    store.cancel(first.id)
    add(store, 5, user="ada", limited=True)
    assert store.counts() == {State.QUEUED: 4, State.RUNNING: 0, State.WAITING: 0}


def test_no_job_is_taken_when_the_disk_is_nearly_full(opened: Opener) -> None:
    store = opened(limits=Limits(reserve_bytes=2**62))
    with pytest.raises(StoreFull, match="MiB free"):
        add(store, 1)
    assert store.page().jobs == () and "Free some space" in store.trouble


def test_a_take_that_was_changed_is_made_again_and_the_job_says_so(opened: Opener) -> None:
    store = opened()
    first = add(store, 1)
    take = result(store, shot_plan(seed=1))
    store.finish(lease(store.claim("w", "cpu")), take)
    take.file.write_text("y")  # one bit of the same length
    again = store.create(shot_plan(seed=1), request_id="b", timeline="t", priority=Priority.NORMAL)
    assert again.state is State.QUEUED
    told = [e.payload["text"] for e in store.events(again.id) if e.kind is Kind.LOG]
    assert told == ["The take that was kept is made again: clip.mov is no longer what was made."]
    assert store.get(first.id).state is State.SUCCEEDED


def test_a_job_is_forgotten_once_it_ended_and_its_take_stays(opened: Opener) -> None:
    store = opened()
    job = add(store, 1)
    with pytest.raises(JobOpen):
        store.delete(job.id)
    held = lease(store.claim("w", "cpu"))
    store.checkpoint(held, Checkpoint(stage=Stage.PLAN, attempt=1, seconds=0, payload={}))
    take = result(store, shot_plan(seed=1))
    store.finish(held, take)
    store.delete(job.id)
    for ask in (store.get, store.events, store.delete):
        with pytest.raises(JobUnknown):
            ask(job.id)
    assert take.file.is_file() and add(store, 1).reused


def test_what_ended_long_ago_is_forgotten_by_degrees_and_takes_never(
    opened: Opener, time: Time
) -> None:
    day = 86_400.0
    store = opened(retention=Retention(job_days=90, event_days=30))
    job, still_open = add(store, 1), add(store, 2)
    take = result(store, shot_plan(seed=1))
    store.finish(lease(store.claim("w", "cpu")), take)
    leftover = store.data / "takes" / ".digest.new"
    leftover.mkdir()
    last = store.get(job.id).sequence
    time.passes(29 * day)
    assert store.sweep() == 0 and numbers(store, job.id) == list(range(1, last + 1))
    time.passes(2 * day)
    assert store.sweep() == 1 and store.sweep() == 0
    assert store.get(job.id).oldest == last
    assert [e.sequence for e in store.events(job.id, last - 1)] == [last]
    with pytest.raises(EventsGone) as gone:
        store.events(job.id, 0)
    assert gone.value.first == last
    assert store.result(job.id) is not None
    time.passes(60 * day)
    store.sweep()
    assert [j.id for j in store.page().jobs] == [still_open.id]
    assert numbers(store, still_open.id) == [1]
    assert take.file.is_file() and add(store, 1).reused


def test_an_unfinished_publication_is_removed_when_nobody_can_be_at_it(
    opened: Opener, time: Time
) -> None:
    store = opened()
    old, new = (store.data / "takes" / name for name in (".a.new", ".b.old"))
    for folder, age in ((old, 2 * HOUR), (new, 60)):
        folder.mkdir(parents=True)
        os.utime(folder, (time.now - age, time.now - age))
    store.sweep()
    assert (old.exists(), new.exists()) == (False, True)


def test_a_row_of_another_version_is_said_so_and_hides_no_other(opened: Opener) -> None:
    store = opened()
    bad, good = add(store, 1), add(store, 2)
    with sqlite3.connect(store.data / "jobs.db") as db:
        db.execute("UPDATE job SET operation = 'morph', error = '{}' WHERE id = ?", (bad.id,))
    db.close()
    jobs = store.page().jobs
    assert [j.id for j in jobs] == [good.id, bad.id]
    error = jobs[1].error
    assert error and error.code == "STORE_DAMAGED" and "operation, error" in error.message
