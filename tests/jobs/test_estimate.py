"""Estimates: from runs with a known law, what is said must come true as often as is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from secondunit.config import Price
from secondunit.jobs.estimate import Run, estimate, estimated, finished_of, made_of, together
from secondunit.plan.shot_plan import ShotPlan
from secondunit.units import FrameRange, Operation, Size

from tests.plans import shot_plan

EURO = Price(device_hour=3.6, currency="EUR")
SIZES = ((640, 360), (1280, 720), (1920, 1080))


def wished(rng: np.random.Generator, **changes: object) -> ShotPlan:
    """A shot of some length and size."""
    width, height = SIZES[rng.integers(len(SIZES))]
    frames = int(rng.integers(12, 97))
    size = Size(width=width, height=height)
    return shot_plan(
        frames=frames, handles=(8, 8), size=size, work=size, seed=int(rng.integers(2**31)),
        generate=(FrameRange(start=0, frames=frames),), **changes,
    )  # fmt: skip


def run_of(plan: ShotPlan, seconds: float, *, cold: bool = False, device: str = "cpu") -> Run:
    return Run(
        engine=plan.engine, operation=plan.operation, draft=plan.draft, device=device,
        delivery=plan.delivery, made=made_of(plan), finished=finished_of(plan), cold=cold,
        seconds=seconds, file_bytes=round(finished_of(plan) * 400_000),
    )  # fmt: skip


def truth(plan: ShotPlan, *, cold: bool = False) -> float:
    """The law of a machine that is not the catalogue's."""
    return 4.0 + 0.31 * made_of(plan) + 0.05 * finished_of(plan) + 9.0 * cold


def lived(rng: np.random.Generator, plan: ShotPlan, noise: float, *, cold: bool = False) -> float:
    return truth(plan, cold=cold) * float(np.exp(rng.normal(0, noise)))


@pytest.mark.parametrize(("runs", "noise"), [(3, 0.15), (12, 0.15), (40, 0.15), (20, 0.4)])
def test_four_of_five_runs_end_within_their_estimate(runs: int, noise: float) -> None:
    rng = np.random.default_rng(20 + runs)
    held, ratios = 0, []
    for _ in range(120):
        past = []
        for n in range(runs):
            plan, cold = wished(rng), n % 4 == 0
            past.append(run_of(plan, lived(rng, plan, noise, cold=cold), cold=cold))
        plan = wished(rng)
        said = estimate(plan, past, EURO, cold=False)
        assert said.low is not None and said.high is not None and said.seconds is not None
        took = lived(rng, plan, noise)
        held += said.low <= took <= said.high
        ratios.append(np.log(said.seconds / truth(plan)))
    assert 0.7 <= held / 120 <= 0.95, held / 120
    assert abs(float(np.median(ratios))) < 0.12


def test_more_runs_make_an_estimate_narrower() -> None:
    rng = np.random.default_rng(1)
    past = [run_of(p := wished(rng), lived(rng, p, 0.1)) for _ in range(40)]
    plan = wished(rng)
    few, many = (estimate(plan, past[:n], EURO, cold=False) for n in (1, 40))
    assert few.low and few.high and many.low and many.high
    assert many.high / many.low < 0.75 * few.high / few.low


def test_one_run_foretells_the_next_of_its_kind_within_a_factor_of_two() -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        first, next = wished(rng), wished(rng)
        said = estimate(next, [run_of(first, truth(first))], EURO, cold=False)
        assert said.seconds and 0.5 < said.seconds / truth(next) < 2


def test_a_machine_that_ran_nothing_names_no_time_and_no_cost() -> None:
    said = estimate(shot_plan(), [], EURO, cold=True)
    assert (said.seconds, said.low, said.high, said.cost_micros) == (None, None, None, None)
    assert (said.measured, said.runs, said.frames) == (False, 0, 6)
    assert said.memory_bytes > 2**30


def test_an_estimate_costs_what_its_time_does_at_the_operators_price() -> None:
    rng = np.random.default_rng(3)
    past = [run_of(p := wished(rng), truth(p)) for _ in range(30)]
    said = estimate(wished(rng), past, EURO, cold=False)
    assert said.seconds and said.cost_micros == round(said.seconds * 1000)
    assert said.currency == "EUR" and said.measured and said.runs == 30
    free = estimate(wished(rng), past, Price(), cold=False)
    assert (free.cost_micros, free.currency) == (None, "")


def test_an_engine_that_is_not_in_memory_takes_longer() -> None:
    rng = np.random.default_rng(4)
    past = []
    for n in range(40):
        plan = wished(rng)
        past.append(run_of(plan, lived(rng, plan, 0.05, cold=n % 2 == 0), cold=n % 2 == 0))
    plan = wished(rng)
    cold, warm = (estimate(plan, past, EURO, cold=c).seconds for c in (True, False))
    assert cold and warm and 5 < cold - warm < 13


def test_only_the_first_shot_of_an_engine_waits_for_it() -> None:
    rng = np.random.default_rng(5)
    past = []
    for n in range(40):
        plan = wished(rng)
        past.append(run_of(plan, truth(plan, cold=n % 2 == 0), cold=n % 2 == 0))
    one = wished(rng)
    two = replace(one, seed=one.seed + 1)
    first, second = estimated(
        [one, two], lambda _: past, EURO, there=lambda _: False, warm=lambda _: False
    )
    assert first.seconds and second.seconds and first.seconds > second.seconds + 5


def test_takes_that_are_there_and_takes_asked_twice_are_free() -> None:
    plan, other = shot_plan(seed=1), shot_plan(seed=2)
    past = [run_of(plan, 10.0)]
    said = estimated(
        [plan, other, other], lambda _: past, EURO, there=lambda d: d == plan.digest,
        warm=lambda _: True,
    )  # fmt: skip
    assert [s.reused for s in said] == [True, False, True]
    assert [s.cost_micros == 0 for s in said] == [True, False, True]
    whole = together(said)
    assert whole and whole.cost_micros == said[1].cost_micros and not whole.reused


def test_runs_of_another_operation_serve_with_a_wider_margin() -> None:
    rng = np.random.default_rng(6)
    past = [run_of(p := wished(rng), lived(rng, p, 0.1)) for _ in range(30)]
    plan = wished(rng)
    own = estimate(plan, past, EURO, cold=False)
    kin = estimate(replace(plan, operation=Operation.LOOP), past, EURO, cold=False)
    far = estimate(replace(plan, draft=True), past, EURO, cold=False)
    margins = [s.high / s.low for s in (own, kin, far) if s.high and s.low]
    assert margins == sorted(margins) and margins[0] < 0.8 * margins[1] < 0.8 * margins[2]
    known = [*past, run_of(replace(plan, operation=Operation.LOOP), 77.0)]
    said = estimate(replace(plan, operation=Operation.LOOP), known, EURO, cold=False)
    assert said.runs == 1 and said.seconds == pytest.approx(77.0, rel=0.1)


def test_a_machine_that_got_a_gpu_forgets_its_processor() -> None:
    plan = shot_plan()
    runs = [run_of(plan, 2.0, device="cuda:0"), *[run_of(plan, 60.0)] * 9]
    said = estimate(plan, runs, EURO, cold=False)
    assert said.runs == 1 and said.seconds == pytest.approx(2.0, rel=0.1)


def test_one_bad_hour_of_the_machine_does_not_spoil_its_estimates() -> None:
    rng = np.random.default_rng(7)
    past = [run_of(p := wished(rng), lived(rng, p, 0.05)) for _ in range(20)]
    past += [run_of(p := wished(rng), 8 * truth(p)) for _ in range(2)]
    plan = wished(rng)
    said = estimate(plan, past, EURO, cold=False)
    assert said.seconds and 0.8 < said.seconds / truth(plan) < 1.3


def test_a_timeline_takes_the_sum_and_errs_less_than_its_shots() -> None:
    rng = np.random.default_rng(8)
    past = [run_of(p := wished(rng), lived(rng, p, 0.2)) for _ in range(20)]
    parts = [estimate(wished(rng), past, EURO, cold=False) for _ in range(5)]
    whole = together(parts)
    assert whole and whole.seconds and whole.low and whole.high
    assert whole.seconds == pytest.approx(sum(p.seconds or 0 for p in parts))
    assert whole.cost_micros == sum(p.cost_micros or 0 for p in parts)
    assert sum(p.low or 0 for p in parts) < whole.low < whole.seconds
    assert whole.seconds < whole.high < sum(p.high or 0 for p in parts)
    assert whole.frames == sum(p.frames for p in parts)
    assert whole.memory_bytes == max(p.memory_bytes for p in parts)


def test_a_timeline_with_one_unknown_shot_has_no_time() -> None:
    plan = shot_plan()
    known = estimate(plan, [run_of(plan, 3.0)], EURO, cold=False)
    whole = together([known, estimate(plan, [], EURO, cold=False)])
    assert whole and whole.seconds is None and whole.cost_micros is None and not whole.measured
    assert together([]) is None


def test_a_file_is_as_large_as_others_of_its_delivery() -> None:
    plan = shot_plan()
    said = estimate(plan, [run_of(plan, 3.0)], EURO, cold=False)
    assert said.file_bytes == pytest.approx(400_000 * finished_of(plan), abs=1)
    other = estimate(replace(plan, delivery="ffv1"), [run_of(plan, 3.0)], EURO, cold=False)
    assert other.file_bytes == 0
