"""Budgets: work that cannot be paid for is not begun, and what was begun is not stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from secondunit.config import Price
from secondunit.errors import Refused
from secondunit.jobs import budgets
from secondunit.jobs.budgets import Budget
from secondunit.jobs.job import Held, Job, State
from secondunit.jobs.store import Store

from tests.jobs.clocks import EURO, MILLI, Clock, create, lease, open_store, take
from tests.plans import shot_plan


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    store = open_store(tmp_path, clock)
    yield store
    store.close()


def limit(
    store: Store, cost: float | None = None, *, seconds: float | None = None,
    project: str = "Coast", user: str = "", tenant: str = "",
) -> None:  # fmt: skip
    """A budget of so many thousandths of a euro."""
    asked = Budget(
        project=project, user=user, cost_micros=None if cost is None else round(cost * MILLI),
        device_seconds=seconds,
    )  # fmt: skip
    store.set_budget(tenant, budgets.checked(asked, EURO))


def ask(store: Store, n: int, seconds: float | None, **whose: str) -> Job:
    whose = {"project": "Coast"} | whose
    return create(store, shot_plan(seed=n), str(n), seconds=seconds, **whose)  # type: ignore[arg-type]


def run(store: Store, clock: Clock, seconds: float) -> str:
    """The next job, made in so many seconds."""
    job = store.claim("w", "cpu")
    assert job
    clock.passes(seconds)
    store.finish(lease(job), take(store, store.plan(job.id)))
    return job.id


def held(store: Store, *jobs: Job) -> list[bool]:
    return [store.get(job.id).waiting_for is Held.BUDGET for job in jobs]


def reason(store: Store, job: Job) -> str:
    return store.events(job.id, 0, 100)[-1].payload["reason"]


def test_a_shot_that_the_budget_cannot_pay_waits_and_says_why(store: Store) -> None:
    limit(store, 50)
    job = ask(store, 1, 80)
    assert (job.state, job.waiting_for) == (State.WAITING, Held.BUDGET)
    assert reason(store, job) == (
        "The budget of project 'Coast' has 0.050 EUR of 0.050 EUR left; this shot is expected to "
        "take 0.080 EUR."
    )
    assert store.claim() is None
    assert ask(store, 2, 40).state is State.QUEUED
    assert ask(store, 3, 80, project="Lake").state is State.QUEUED


def test_a_raised_budget_lets_the_waiting_go_on_at_once(store: Store) -> None:
    limit(store, 50)
    jobs = [ask(store, n, 80) for n in (1, 2)]
    limit(store, 100)
    assert held(store, *jobs) == [False, True]  # one of them is all that it pays for
    store.remove_budget("", "Coast", "")
    assert held(store, *jobs) == [False, False]
    assert [store.get(j.id).state for j in jobs] == [State.QUEUED] * 2


def test_a_lowered_budget_holds_what_is_queued_and_stops_nothing_that_runs(
    store: Store, clock: Clock
) -> None:
    jobs = [ask(store, n, 30) for n in (1, 2)]
    running = store.claim("w", "cpu")
    limit(store, 1)
    assert held(store, *jobs) == [False, True]
    assert running and store.get(running.id).state is State.RUNNING
    clock.passes(30)
    assert store.finish(lease(running), take(store, shot_plan(seed=1)))
    (state,) = budgets.states(store.read, "")
    assert (state.spent_micros, state.left_micros, state.waiting) == (30_000, -29_000, 1)


def test_what_runs_holds_back_what_it_is_expected_to_cost(store: Store, clock: Clock) -> None:
    limit(store, 100)
    ask(store, 1, 60)
    first = store.claim("w", "cpu")
    second = ask(store, 2, 60)
    assert held(store, second) == [True]
    (state,) = budgets.states(store.read, "")
    assert (state.spent_micros, state.reserved_micros, state.reserved_seconds) == (0, 60_000, 60.0)
    clock.passes(20)  # it was cheaper than expected
    store.finish(lease(first), take(store, shot_plan(seed=1)))
    assert held(store, second) == [False]
    (state,) = budgets.states(store.read, "")
    assert (state.spent_micros, state.reserved_micros) == (20_000, 0)


def test_jobs_in_line_are_counted_when_their_turn_comes(store: Store, clock: Clock) -> None:
    limit(store, 100)
    jobs = [ask(store, n, 60) for n in (1, 2, 3)]
    assert held(store, *jobs) == [False, False, False]
    assert run(store, clock, 60) == jobs[0].id
    assert store.claim() is None
    assert held(store, *jobs[1:]) == [True, True]


def test_what_was_begun_is_finished(store: Store, clock: Clock) -> None:
    limit(store, 100)
    job, other = ask(store, 1, 90), ask(store, 2, 30)
    begun = store.claim("w", "cpu")
    clock.passes(70)
    store.requeue(lease(begun), "The server is stopping.")
    limit(store, 50)
    assert store.get(job.id).state is State.QUEUED
    assert held(store, other) == [True]
    assert (again := store.claim("w", "cpu")) and again.id == job.id


def test_a_shot_of_unknown_cost_is_begun_while_anything_is_left(store: Store, clock: Clock) -> None:
    limit(store, 100)
    jobs = [ask(store, n, None) for n in (1, 2, 3)]
    blind = create(store, shot_plan(seed=9), "9", project="Coast", known=False)
    assert held(store, *jobs, blind) == [False] * 4
    run(store, clock, 99)
    run(store, clock, 99)
    assert store.claim() is None
    assert held(store, jobs[2], blind) == [True, True]
    assert reason(store, blind).endswith("has 0.00 EUR of 0.10 EUR left.")
    limit(store, 199)
    assert held(store, jobs[2], blind) == [False, True]  # it may take all that is left


def test_every_budget_that_is_meant_must_pay(store: Store) -> None:
    limit(store, 1000)
    limit(store, 1000, project="", user="ana")
    limit(store, 50, user="ana")
    assert held(store, ask(store, 1, 60, user="ana"), ask(store, 2, 60, user="ben")) == [
        True, False
    ]  # fmt: skip
    assert held(store, ask(store, 3, 60, user="ana", project="Lake")) == [False]
    assert "user 'ana' of project 'Coast'" in reason(store, store.page(user="ana").jobs[-1])
    assert [s.waiting for s in budgets.states(store.read, "")] == [1, 1, 1]


def test_a_budget_of_time_needs_no_price(tmp_path: Path, clock: Clock) -> None:
    store = open_store(tmp_path / "free", clock, Price())
    store.set_budget("", Budget(project="Coast", device_seconds=100.0))
    first = ask(store, 1, 80)
    run(store, clock, 80)
    late = ask(store, 2, 30)
    assert held(store, first, late) == [False, True]
    assert "20 s of 100 s left" in reason(store, late)
    store.close()


def test_a_tenants_budget_is_no_other_tenants_business(store: Store) -> None:
    limit(store, 1, tenant="one")
    jobs = [ask(store, n, 60, tenant=tenant) for n, tenant in enumerate(("one", "two"))]
    assert held(store, *jobs) == [True, False]
    assert not budgets.states(store.read, "two")


def test_a_take_that_is_there_is_handed_over_whatever_the_budget(
    store: Store, clock: Clock
) -> None:
    ask(store, 1, 60)
    run(store, clock, 60)
    limit(store, 0)
    again = create(store, shot_plan(seed=1), "again", project="Coast", seconds=60)
    assert again.state is State.SUCCEEDED and again.reused


def test_whoever_waits_for_the_same_take_makes_it_on_a_better_budget(store: Store) -> None:
    plan = shot_plan(seed=5)
    poor = create(store, plan, "a", project="Coast", seconds=60)
    rich = create(store, plan, "b", project="Lake", seconds=60)
    assert rich.waiting_for is Held.TAKE
    limit(store, 10)
    assert held(store, poor) == [True]
    assert store.get(rich.id).state is State.QUEUED
    store.remove_budget("", "Coast", "")
    assert store.get(poor.id).waiting_for is Held.TAKE  # it is being made: no reason to pay twice
    assert store.get(poor.id).waits_for == rich.id


def test_a_job_that_waits_for_money_can_be_cancelled(store: Store) -> None:
    limit(store, 10)
    job = ask(store, 1, 60)
    assert store.cancel(job.id).state is State.CANCELLED
    (state,) = budgets.states(store.read, "")
    assert state.waiting == 0


def test_a_budget_outlives_a_restart_and_so_does_who_waits_for_it(
    tmp_path: Path, clock: Clock
) -> None:
    store = open_store(tmp_path, clock)
    limit(store, 10)
    job = ask(store, 1, 60)
    store.close()
    store = open_store(tmp_path, clock)
    assert store.claim() is None and held(store, job) == [True]
    limit(store, 100)
    assert (claimed := store.claim()) and claimed.id == job.id
    store.close()


def test_everything_that_is_wrong_in_a_budget_is_said_at_once() -> None:
    asked = Budget(cost_micros=-1, currency="USD", device_seconds=-5.0)
    with pytest.raises(Refused) as refused:
        budgets.checked(asked, EURO)
    assert [f.path for f in refused.value.faults] == [
        "budget.project", "budget.cost.micros", "budget.cost.currency", "budget.device_time"
    ]  # fmt: skip
    with pytest.raises(Refused, match="limits money, time of devices, or both"):
        budgets.checked(Budget(project="Coast"), EURO)
    with pytest.raises(Refused, match="named no price"):
        budgets.checked(Budget(project="Coast", cost_micros=5), Price())
    assert budgets.checked(Budget(project="Coast", cost_micros=5), EURO).currency == "EUR"


def test_a_queue_of_thousands_without_budgets_costs_a_claim_nothing(store: Store) -> None:
    plans = [budgets.MATCHING, budgets.BEGUN, budgets.WAITING]
    values = {"tenant": "", "project": "Coast", "user": "ana"}
    for sql in plans:
        steps = [r["detail"] for r in store.read(f"EXPLAIN QUERY PLAN {sql}", values)]
        assert steps and all("SCAN" not in s or "USING INDEX job_b" in s for s in steps), steps
