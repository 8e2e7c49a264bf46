"""Devices, their workers and what befalls them: one queue, no result twice, nothing left behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from secondunit.config import Config, Schedule
from secondunit.errors import EngineBusy, EngineMemory, Refused
from secondunit.jobs.desk import Desk
from secondunit.jobs.devices import devices, environment, memory_bytes
from secondunit.jobs.job import Kind, Priority, Stage, State
from secondunit.jobs.memory import fitting, needed
from secondunit.jobs.runner import Patience
from secondunit.jobs.workers import Warmth

from tests.fakes.engine import calls
from tests.jobs.conftest import ended, until, wish
from tests.plans import shot_plan

OpenDesk = Callable[..., Desk]
MIB = 2**20


def in_stage(data: Path, stage: str, seed: int = 7) -> Callable[[], bool]:
    return lambda: any(s == stage and n == seed for s, n, _ in calls(data))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_two_devices_work_side_by_side_and_each_job_knows_its_own(
    open_desk: OpenDesk, tmp_path: Path
) -> None:
    desk = open_desk(devices=("cpu", "cpu:1"))
    jobs = [
        desk.create(wish(n, steps=400, pause=0.01), request_id=str(n), timeline="t").id
        for n in (1, 2)
    ]
    until(lambda: all(desk.get(id).state is State.RUNNING for id in jobs))
    assert {desk.get(id).device for id in jobs} == {"cpu", "cpu:1"}
    assert {worker.job for worker in desk.workers.status()} == set(jobs)
    assert all(ended(desk, id).attempt == 1 for id in jobs)
    assert len({pid for _, _, pid in calls(tmp_path / "data")}) == 2


def test_a_stop_reaches_the_device_that_has_the_job_and_no_other(
    open_desk: OpenDesk, tmp_path: Path
) -> None:
    desk = open_desk(devices=("cpu", "cpu:1"), patience=Patience(confirm=30.0))
    jobs = [
        desk.create(wish(n, steps=300, pause=0.01), request_id=str(n), timeline="t").id
        for n in (1, 2)
    ]
    until(lambda: all(in_stage(tmp_path / "data", "engine", n)() for n in (1, 2)))
    desk.cancel(jobs[1])
    assert ended(desk, jobs[1]).state is State.CANCELLED
    assert desk.get(jobs[0]).state is State.RUNNING
    assert ended(desk, jobs[0]).attempt == 1


def test_one_device_gives_way_to_one_urgent_job(open_desk: OpenDesk, tmp_path: Path) -> None:
    desk = open_desk(devices=("cpu", "cpu:1"))
    batch = [
        desk.create(
            wish(n, steps=300, pause=0.01), request_id=str(n), timeline="t", priority=Priority.BATCH
        ).id
        for n in (1, 2)
    ]
    until(lambda: all(in_stage(tmp_path / "data", "engine", n)() for n in (1, 2)))
    urgent = desk.create(wish(3), request_id="3", timeline="t", priority=Priority.INTERACTIVE)
    assert ended(desk, urgent.id).state is State.SUCCEEDED
    assert sorted(ended(desk, id).attempt for id in batch) == [1, 2]


def test_a_shot_that_comes_further_each_time_is_no_poison(open_desk: OpenDesk) -> None:
    desk = open_desk(max_attempts=2)
    plan = wish(steps=5, keep=True, die=[1, 2, 3, 4])
    job = ended(desk, desk.create(plan, request_id="a", timeline="t").id)
    assert (job.state, job.attempt) == (State.SUCCEEDED, 5), job.error


def test_a_shot_too_large_is_tried_once_more_with_less_memory_by_a_new_process(
    open_desk: OpenDesk, tmp_path: Path
) -> None:
    desk = open_desk()
    job = ended(desk, desk.create(wish(large=1), request_id="a", timeline="t").id)
    assert (job.state, job.attempt, job.memory_plan) == (State.SUCCEEDED, 2, 1)
    engines = [pid for stage, _, pid in calls(tmp_path / "data") if stage == "engine"]
    assert len(set(engines)) == 2


def test_a_shot_too_large_even_then_fails_and_the_next_one_is_made(open_desk: OpenDesk) -> None:
    desk = open_desk()
    job = ended(desk, desk.create(wish(large=2), request_id="a", timeline="t").id)
    assert job.state is State.FAILED and job.attempt == 2
    assert job.error and job.error.code == "ENGINE_MEMORY" and job.error.remedy
    sound = ended(desk, desk.create(wish(2), request_id="b", timeline="t").id)
    assert (sound.state, sound.attempt) == (State.SUCCEEDED, 1)


def test_a_worker_that_slept_past_its_lease_is_not_heard_any_more(
    open_desk: OpenDesk, tmp_path: Path
) -> None:
    desk = open_desk(patience=Patience(silence=60.0), lease_seconds=1.0)
    job = desk.create(wish(hang=[1]), request_id="a", timeline="t")
    until(in_stage(tmp_path / "data", "engine"))
    sleeper = calls(tmp_path / "data")[-1][2]
    until(lambda: desk.get(job.id).state is State.QUEUED)
    os.kill(sleeper, signal.SIGCONT)
    job = ended(desk, job.id)
    assert (job.state, job.attempt, job.losses) == (State.SUCCEEDED, 2, 0)
    assert not alive(sleeper)
    ends = [e for e in desk.events(job.id, 0, 1000) if e.payload.get("state") == "succeeded"]
    assert len(ends) == 1


@pytest.mark.parametrize("stage", [Stage.TIMELINE, Stage.ENGINE, Stage.ENCODE])
def test_a_stop_in_any_stage_is_quick_and_leaves_no_file(
    open_desk: OpenDesk, tmp_path: Path, stage: Stage
) -> None:
    desk = open_desk()
    job = desk.create(wish(slow=stage), request_id="a", timeline="t")
    until(in_stage(tmp_path / "data", stage))
    began = time.monotonic()
    desk.cancel(job.id)
    job = ended(desk, job.id)
    assert job.state is State.CANCELLED and time.monotonic() - began < 2
    until(lambda: not (tmp_path / "data" / "jobs" / job.id).exists())
    assert desk.cancel(job.id).sequence == job.sequence
    assert desk.result(job.id) is None


def test_a_stop_that_races_the_end_has_one_winner(open_desk: OpenDesk, tmp_path: Path) -> None:
    desk = open_desk()
    for n in range(6):
        job = desk.create(wish(n), request_id=str(n), timeline="t")
        until(in_stage(tmp_path / "data", "place", n))
        asked = desk.cancel(job.id)
        job = ended(desk, job.id)
        said = [e.payload["state"] for e in desk.events(job.id, 0, 1000) if e.kind is Kind.STATE]
        assert [s for s in said if State(s).final] == [str(job.state)]
        if asked.cancelling:
            assert job.state is State.CANCELLED


def test_an_engine_is_loaded_before_it_is_needed_and_let_go_of(open_desk: OpenDesk) -> None:
    desk = open_desk()
    unit = desk.workers
    assert [row.warmth for row in unit.engines()] == [Warmth.COLD]
    for asked in unit.load("motion"):
        asked.result(timeout=30)
    assert [row.warmth for row in unit.engines("motion", "cpu")] == [Warmth.WARM]
    (worker,) = unit.status()
    assert (worker.engine, worker.alive, worker.job) == ("motion", True, "")
    assert not unit.load("motion")
    until(lambda: unit.status()[0].memory_bytes > MIB)
    for asked in unit.unload("motion"):
        asked.result(timeout=30)
    assert [row.warmth for row in unit.engines()] == [Warmth.COLD]
    with pytest.raises(Refused, match="here are motion"):
        unit.load("dream")
    with pytest.raises(Refused, match="here are cpu"):
        unit.load("motion", "cuda:7")


def test_an_engine_in_use_is_not_let_go_of(open_desk: OpenDesk, tmp_path: Path) -> None:
    desk = open_desk()
    job = desk.create(wish(steps=500, pause=0.01), request_id="a", timeline="t")
    until(in_stage(tmp_path / "data", "engine"))
    with pytest.raises(EngineBusy, match=job.id):
        desk.workers.unload("motion")
    waiting = desk.workers.load("motion")
    desk.cancel(job.id)
    for asked in waiting:
        asked.result(timeout=30)


def test_what_does_not_fit_is_refused_with_figures_before_an_engine_is_loaded(
    open_desk: OpenDesk, tmp_path: Path
) -> None:
    desk = open_desk(memory_mib=100)
    job = ended(desk, desk.create(wish(), request_id="a", timeline="t").id)
    assert job.error and job.error.code == "ENGINE_MEMORY"
    assert "which has 100 MiB" in job.error.message
    assert "engine" not in [stage for stage, _, _ in calls(tmp_path / "data")]


def test_the_largest_memory_plan_that_fits_is_chosen(tmp_path: Path) -> None:
    plan = shot_plan()
    full, small = needed(plan, 0), needed(plan, 1)
    assert small <= full

    def with_memory(size: int) -> Config:
        return Config(data=tmp_path, schedule=Schedule(memory_mib=-(-size // MIB)))

    assert fitting(plan, with_memory(full), "cpu") == 0
    if small // MIB < full // MIB - 1:  # on a machine of more than one core
        assert fitting(plan, with_memory(small), "cpu") == 1
    with pytest.raises(EngineMemory, match="even for one picture"):
        fitting(plan, with_memory(small // 2), "cpu")


def test_devices_are_what_the_operator_says_and_a_worker_sees_its_own_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5,-1,7")
    told = Config(data=tmp_path, schedule=Schedule(devices=("cuda:1", "cpu")))
    assert devices(told) == ("cuda:1", "cpu")
    assert environment("cuda:1") == {"CUDA_VISIBLE_DEVICES": "5"}
    assert environment("cpu") == {"CUDA_VISIBLE_DEVICES": ""}
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert devices(Config(data=tmp_path)) == ("cpu",)
    assert memory_bytes(Config(data=tmp_path), "cpu") > 256 * MIB
