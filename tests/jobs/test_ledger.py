"""The ledger: every second that a device was held is charged once, whatever dies."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from secondunit.config import Price
from secondunit.errors import StoreError
from secondunit.jobs import ledger
from secondunit.jobs.job import JobError, Stage, State
from secondunit.jobs.store import Store

from tests.jobs.clocks import Clock, create, lease, lines, open_store, take, work
from tests.plans import shot_plan

ERROR = JobError(code="ENGINE_FAILED", message="no", retryable=True, remedy="again")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    store = open_store(tmp_path, clock)
    yield store
    store.close()


def spent(store: Store) -> float:
    return sum(line["device_seconds"] for line in lines(store))


def test_every_stage_of_an_attempt_is_charged_and_so_is_what_lies_between(
    store: Store, clock: Clock
) -> None:
    plan = shot_plan()
    job = create(store, plan, "a", project="Coast", user="ana")
    held = lease(store.claim("w", "cpu"))
    work(store, held, clock, [(Stage.TIMELINE, 1.0), (Stage.ENGINE, 8.0)])
    assert store.get(job.id).device_seconds == 9.0  # while it works
    clock.passes(0.5)
    assert store.finish(held, take(store, plan))
    assert [(x["stage"], x["device_seconds"], x["cost"], x["last"]) for x in lines(store)] == [
        ("timeline", 1.0, 1000, 0), ("engine", 8.0, 8000, 0), ("", 0.5, 500, 1)
    ]  # fmt: skip
    assert {x["outcome"] for x in lines(store)} == {"done"}
    ended = store.get(job.id)
    assert (ended.device_seconds, ended.cost_micros, ended.currency) == (9.5, 9500, "EUR")
    one = lines(store)[0]
    assert (one["project"], one["user"], one["device"], one["frames"]) == ("Coast", "ana", "cpu", 6)
    assert one["weights"] == plan.weights and one["pixels"] == 64 * 48


def test_a_take_that_was_there_is_a_line_that_costs_nothing(store: Store, clock: Clock) -> None:
    plan = shot_plan()
    create(store, plan, "a")
    waits = create(store, plan, "b")
    held = lease(store.claim())
    clock.passes(3.0)
    store.finish(held, take(store, plan))
    again = create(store, plan, "c")
    assert again.reused and store.get(waits.id).reused
    assert [(x["outcome"], x["device_seconds"], x["cost"]) for x in lines(store)] == [
        ("done", 3.0, 3000), ("reused", 0.0, 0), ("reused", 0.0, 0)
    ]  # fmt: skip


@pytest.mark.parametrize("how", ["lost", "stopped", "failed", "cancelled"])
def test_what_an_attempt_without_a_take_used_is_paid_too(
    store: Store, clock: Clock, how: str
) -> None:
    job = create(store, shot_plan(), "a")
    held = lease(store.claim())
    work(store, held, clock, [(Stage.TIMELINE, 1.0)])
    clock.passes(4.0)
    match how:
        case "lost":
            store.requeue(held, "The worker died.", lost=True)
        case "stopped":
            store.requeue(held, "The server is stopping.")
        case "failed":
            store.fail(held, ERROR)
        case _:
            store.cancel(job.id)
            store.cancelled(held)
    last = lines(store)[-1]
    assert (last["outcome"], last["device_seconds"]) == (how, 4.0)
    assert last["last"] == (how in ("failed", "cancelled"))
    assert store.get(job.id).device_seconds == spent(store) == 5.0


def test_a_worker_that_was_given_up_is_not_paid_twice(store: Store, clock: Clock) -> None:
    create(store, shot_plan(), "a")
    silent = lease(store.claim())
    clock.passes(40.0)
    assert store.expire() == 1
    held = lease(store.claim())
    clock.passes(2.0)
    assert not store.finish(silent, take(store, shot_plan()))
    assert store.finish(held, take(store, shot_plan()))
    assert [(x["attempt"], x["outcome"], x["device_seconds"]) for x in lines(store)] == [
        (1, "lost", 40.0), (2, "done", 2.0)
    ]  # fmt: skip


def test_a_job_that_nobody_began_ends_for_nothing(store: Store, clock: Clock) -> None:
    job = create(store, shot_plan(), "a")
    clock.passes(1000.0)
    store.cancel(job.id)
    assert [(x["outcome"], x["last"], x["device_seconds"]) for x in lines(store)] == [
        ("cancelled", 1, 0.0)
    ]


def test_a_line_that_was_rolled_back_is_made_good_by_the_next(store: Store, clock: Clock) -> None:
    job = create(store, shot_plan(), "a")
    held = lease(store.claim())
    clock.passes(5.0)
    clock.fails = True
    with pytest.raises(StoreError):
        work(store, held, clock, [(Stage.TIMELINE, 0.0)])
    assert not lines(store) and store.get(job.id).device_seconds == 0
    work(store, held, clock, [(Stage.TIMELINE, 2.0)])
    assert spent(store) == store.get(job.id).device_seconds == 7.0


def test_what_a_dead_server_held_is_charged_until_its_last_word(
    tmp_path: Path, clock: Clock
) -> None:
    store = open_store(tmp_path, clock)
    job = create(store, shot_plan(), "a")
    held = lease(store.claim())
    work(store, held, clock, [(Stage.TIMELINE, 2.0)])
    clock.passes(3.0)
    store.progress(held, Stage.ENGINE, "denoise", 1, 6)
    clock.passes(7200.0)  # killed right after; started again two hours later
    store.close()
    store = open_store(tmp_path, clock)
    assert [(x["outcome"], x["device_seconds"]) for x in lines(store)] == [
        ("done", 2.0), ("lost", 3.0)
    ]  # fmt: skip
    assert store.get(job.id).device_seconds == 5.0
    store.close()


def test_the_ledger_is_only_added_to_and_outlives_its_jobs(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    job = create(store, shot_plan(), "a")
    store.cancel(job.id)
    store.delete(job.id)
    assert len(lines(store)) == 1
    store.close()
    db = sqlite3.connect(tmp_path / "jobs.db")
    for sql in ("DELETE FROM ledger", "UPDATE ledger SET cost = 0"):
        with pytest.raises(sqlite3.IntegrityError, match="only added to"):
            db.execute(sql)
    db.close()


def test_without_a_price_time_is_kept_and_money_is_not(tmp_path: Path, clock: Clock) -> None:
    store = open_store(tmp_path / "free", clock, Price())
    create(store, shot_plan(), "a")
    held = lease(store.claim())
    clock.passes(2.0)
    store.finish(held, take(store, shot_plan()))
    line = lines(store)[0]
    assert (line["device_seconds"], line["cost"], line["currency"]) == (2.0, None, "")
    report = ledger.report(store.read)
    assert report[0].cost_micros is None and report[0].device_seconds == 2.0
    store.close()


def test_a_run_is_remembered_when_it_was_made_in_one_go(store: Store, clock: Clock) -> None:
    for n, broken in enumerate((False, True)):
        plan = shot_plan(seed=n)
        create(store, plan, str(n))
        held = lease(store.claim("w", "cuda:0"))
        clock.passes(3.0)
        if broken:
            store.requeue(held, "gives way")
            held = lease(store.claim("w", "cuda:0"))
            clock.passes(3.0)
        store.finish(held, take(store, plan))
    (run,) = ledger.runs(store.read, "motion", 10)
    assert (run.seconds, run.device, run.file_bytes, run.cold) == (3.0, "cuda:0", 1000, False)
    assert run.made == pytest.approx(6 * 64 * 48 / 1e6)
    assert run.finished == pytest.approx(10 * 64 * 48 / 1e6)


def test_the_report_counts_takes_and_prices_a_finished_second(store: Store, clock: Clock) -> None:
    def made(request: str, seconds: float, **changes: object) -> None:
        create(store, shot_plan(**changes), request, project="Coast", user="ana")
        held = lease(store.claim())
        clock.passes(seconds)
        store.finish(held, take(store, shot_plan(**changes)))

    began = clock()
    made("a", 2.0, seed=1, draft=True, frames=24)
    made("b", 10.0, seed=1, frames=24)
    made("c", 10.0, seed=2, frames=12)
    create(store, shot_plan(seed=1, frames=24), "d", project="Coast", user="ben")
    create(store, shot_plan(seed=3), "e", project="Coast", user="ben")
    held = lease(store.claim())
    clock.passes(1.0)
    store.fail(held, ERROR)
    create(store, shot_plan(seed=4, shot="other"), "f", project="Lake")
    (line,) = ledger.report(store.read, project="Coast")
    assert (line.takes, line.reused, line.unfinished, line.frames) == (3, 1, 1, 24)
    assert (line.device_seconds, line.cost_micros, line.user) == (23.0, 23000, "ana,ben")
    assert line.finished_seconds == pytest.approx(24 * 1001 / 24000)
    (mine,) = ledger.report(store.read, user="ben")
    assert (mine.takes, mine.reused, mine.unfinished, mine.device_seconds) == (0, 1, 1, 1.0)
    (early,) = ledger.report(store.read, before=began + 5)
    assert (early.takes, early.frames, early.device_seconds) == (1, 0, 2.0)
    assert not ledger.report(store.read, after=clock() + 1)
    assert not ledger.report(store.read, tenant="strangers")
    whole = ledger.total(ledger.report(store.read), "EUR")
    assert (whole.takes, whole.cost_micros, whole.frames) == (3, 23000, 24)


def test_money_of_two_currencies_is_not_added_up(tmp_path: Path, clock: Clock) -> None:
    for n, currency in enumerate(("", "USD", "EUR")):
        price = Price(device_hour=3.6 if currency else 0.0, currency=currency or "EUR")
        store = open_store(tmp_path, clock, price)
        create(store, shot_plan(seed=n), str(n))
        held = lease(store.claim())
        clock.passes(1.0)
        store.finish(held, take(store, shot_plan(seed=n)))
        store.close()
    store = open_store(tmp_path, clock)
    found = ledger.report(store.read)
    assert [(x.currency, x.cost_micros, x.takes) for x in found] == [
        ("EUR", 1000, 2), ("USD", 1000, 1)
    ]  # fmt: skip
    whole = ledger.total(found, "EUR")
    assert (whole.cost_micros, whole.currency, whole.takes) == (1000, "EUR", 3)
    assert whole.frames == 6
    store.close()


KILLED = textwrap.dedent("""
    import sys
    from pathlib import Path
    from secondunit.jobs.job import Stage
    from tests.jobs.clocks import Clock, create, lease, open_store, take, work
    from tests.plans import shot_plan
    clock = Clock()
    store = open_store(Path(sys.argv[1]), clock)
    plan = shot_plan()
    create(store, plan, "a")
    create(store, plan, "b")
    clock.at += float(sys.argv[2])
    while job := store.claim("w", "cpu"):
        held = lease(job)
        done = {c.stage for c in store.checkpoints(job.id)}
        work(store, held, clock, [(s, 1.0) for s in Stage if s not in done])
        store.finish(held, take(store, plan))
""")


@pytest.mark.parametrize(
    ("place", "time"),
    [
        ("store.claim.after", 1), ("store.checkpoint.before", 3), ("store.checkpoint.after", 3),
        ("store.finish.before", 1), ("store.finish.after", 1),
    ],
)  # fmt: skip
def test_a_server_killed_anywhere_neither_loses_nor_doubles_a_charge(
    tmp_path: Path, place: str, time: int
) -> None:
    environment = {**os.environ, "SECONDUNIT_FAILPOINTS": f"{place}=kill@{time}"}
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    killed = subprocess.run([*command, "0"], env=environment, timeout=60)
    assert killed.returncode == -9
    assert subprocess.run([*command, "100"], timeout=60).returncode == 0
    store = open_store(tmp_path, Clock())
    written = lines(store)
    stages = [x["stage"] for x in written if x["stage"]]
    assert sorted(stages) == sorted(Stage)  # each was done, and paid, once
    assert sorted(x["outcome"] for x in written if x["last"]) == ["done", "reused"]
    assert spent(store) == pytest.approx(6.0)  # the second before the kill was never told of
    for job in store.page().jobs:
        assert job.state is State.SUCCEEDED
        of_job = [x for x in written if x["job"] == job.id]
        assert job.device_seconds == pytest.approx(sum(x["device_seconds"] for x in of_job))
        assert job.cost_micros == sum(x["cost"] for x in of_job)
    sums = store.read("SELECT sum(cost), sum(device_seconds) FROM spent")[0]
    assert sums[0] == sum(x["cost"] for x in written)
    assert sums[1] == pytest.approx(spent(store))
    store.close()
