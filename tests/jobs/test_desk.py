"""The desk with a real worker process: death, stopping, resuming, and work done once."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from secondunit.config import Config
from secondunit.jobs.desk import Desk
from secondunit.jobs.job import Kind, Priority, Stage, State
from secondunit.jobs.runner import Patience

from tests.fakes.engine import calls
from tests.jobs.conftest import ended, until, wish

OpenDesk = Callable[..., Desk]


def stages_done(data: Path) -> list[str]:
    return [stage for stage, _, _ in calls(data)]


def in_engine(data: Path, seed: int = 7) -> Callable[[], bool]:
    return lambda: any(s == "engine" and n == seed for s, n, _ in calls(data))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_job_goes_through_the_six_stages_and_gives_a_take(
    open_desk: OpenDesk, tmp_path: Path
) -> None:
    desk = open_desk()
    job = ended(desk, desk.create(wish(), request_id="a", timeline="cut.otio").id)
    assert job.state is State.SUCCEEDED, job.error
    take = desk.result(job.id)
    assert take and take.file.is_file() and take.file.is_relative_to(tmp_path / "data" / "takes")
    assert stages_done(tmp_path / "data") == [str(s) for s in Stage]
    assert set(job.timings) == set(take.timings) == {str(s) for s in Stage}
    events = desk.events(job.id)
    assert [e.sequence for e in events] == list(range(1, len(events) + 1))
    assert [e.payload["stage"] for e in events if e.kind is Kind.STAGE] == [*Stage]
    until(lambda: not (tmp_path / "data" / "jobs" / job.id).exists())


def test_the_worker_stays_warm_between_jobs(open_desk: OpenDesk, tmp_path: Path) -> None:
    desk = open_desk()
    for seed in (1, 2):
        ended(desk, desk.create(wish(seed), request_id=str(seed), timeline="t").id)
    assert len({pid for _, _, pid in calls(tmp_path / "data")}) == 1


def test_a_worker_killed_in_the_middle_costs_one_attempt_and_no_stage(
    open_desk: OpenDesk, tmp_path: Path
) -> None:
    desk = open_desk()
    job = desk.create(wish(steps=200, pause=0.01), request_id="a", timeline="t")
    until(in_engine(tmp_path / "data"))
    os.kill(calls(tmp_path / "data")[-1][2], signal.SIGKILL)
    job = ended(desk, job.id)
    assert (job.state, job.attempt) == (State.SUCCEEDED, 2)
    assert stages_done(tmp_path / "data") == [
        "timeline", "plan", "engine", "engine", "finish", "encode", "place"
    ]  # fmt: skip


def test_a_shot_that_kills_its_worker_each_time_fails_and_the_queue_goes_on(
    open_desk: OpenDesk, tmp_path: Path
) -> None:
    desk = open_desk(max_attempts=2)
    poison = desk.create(wish(1, die=[1, 2, 3, 4]), request_id="a", timeline="t")
    sound = desk.create(wish(2), request_id="b", timeline="t")
    failed = ended(desk, poison.id)
    assert failed.state is State.FAILED
    assert failed.error and failed.error.code == "WORKER_LOST"
    assert "signal 9" in failed.error.message and failed.attempt == 2
    assert ended(desk, sound.id).state is State.SUCCEEDED


def test_a_worker_that_falls_silent_is_taken_for_dead(open_desk: OpenDesk) -> None:
    desk = open_desk(patience=Patience(silence=4.0))
    job = ended(desk, desk.create(wish(hang=[1]), request_id="a", timeline="t").id)
    assert (job.state, job.attempt) == (State.SUCCEEDED, 2)


def test_a_worker_that_cannot_be_started_is_tried_again(
    open_desk: OpenDesk, tmp_path: Path
) -> None:
    obstacle = tmp_path / "data" / "worker.log"
    obstacle.mkdir(parents=True)
    desk = open_desk(patience=Patience(mishap=0.05))
    job = desk.create(wish(), request_id="a", timeline="t")
    until(lambda: desk.get(job.id).attempt >= 2)
    obstacle.rmdir()
    assert ended(desk, job.id).state is State.SUCCEEDED


def test_a_failure_of_the_engine_is_the_state_of_the_job(open_desk: OpenDesk) -> None:
    desk = open_desk()
    job = ended(desk, desk.create(wish(fail="No motion."), request_id="a", timeline="t").id)
    assert job.error and (job.error.code, job.error.message) == ("ENGINE_FAILED", "No motion.")
    assert job.error.retryable and job.error.remedy


def test_what_nobody_foresaw_fails_without_telling_its_secrets(
    open_desk: OpenDesk, tmp_path: Path
) -> None:
    desk = open_desk()
    job = ended(desk, desk.create(wish(boast=True), request_id="a", timeline="t").id)
    assert job.error and job.error.code == "INTERNAL"
    assert "secret" not in job.error.message
    assert "secret of the house" in (tmp_path / "data" / "worker.log").read_text()


def test_a_job_is_stopped_within_a_step_and_the_worker_lives_on(
    open_desk: OpenDesk, tmp_path: Path
) -> None:
    desk = open_desk(patience=Patience(confirm=30.0))
    job = desk.create(wish(1, steps=10_000, pause=0.01), request_id="a", timeline="t")
    until(in_engine(tmp_path / "data", 1))
    began = time.monotonic()
    assert desk.cancel(job.id).cancelling
    assert ended(desk, job.id).state is State.CANCELLED
    assert time.monotonic() - began < 5
    assert desk.result(job.id) is None
    until(lambda: not (tmp_path / "data" / "jobs" / job.id).exists())
    ended(desk, desk.create(wish(2), request_id="b", timeline="t").id)
    assert len({pid for _, _, pid in calls(tmp_path / "data")}) == 1


def test_a_worker_that_does_not_listen_is_killed(open_desk: OpenDesk, tmp_path: Path) -> None:
    desk = open_desk(patience=Patience(confirm=0.5))
    job = desk.create(wish(1, steps=10_000, pause=0.01, deaf=True), request_id="a", timeline="t")
    until(in_engine(tmp_path / "data", 1))
    desk.cancel(job.id)
    assert ended(desk, job.id).state is State.CANCELLED
    assert ended(desk, desk.create(wish(2), request_id="b", timeline="t").id).attempt == 1


def test_a_queued_job_is_stopped_at_once(open_desk: OpenDesk, tmp_path: Path) -> None:
    desk = open_desk()
    desk.create(wish(1, steps=500, pause=0.01), request_id="a", timeline="t")
    queued = desk.create(wish(2), request_id="b", timeline="t")
    assert desk.cancel(queued.id).state is State.CANCELLED
    assert not [n for _, n, _ in calls(tmp_path / "data") if n == 2]


def test_the_same_take_asked_twice_is_made_once(open_desk: OpenDesk, tmp_path: Path) -> None:
    desk = open_desk()
    plan = wish(steps=30, pause=0.01)
    one, two = (desk.create(plan, request_id=r, timeline="t") for r in "ab")
    assert ended(desk, one.id).state is ended(desk, two.id).state is State.SUCCEEDED
    three = desk.create(plan, request_id="c", timeline="t")
    assert three.reused and three.state is State.SUCCEEDED
    assert stages_done(tmp_path / "data").count("engine") == 1


def test_takes_with_other_seeds_are_each_made(open_desk: OpenDesk, tmp_path: Path) -> None:
    desk = open_desk()
    for job in [desk.create(wish(n), request_id=str(n), timeline="t") for n in (1, 2)]:
        assert not ended(desk, job.id).reused
    assert stages_done(tmp_path / "data").count("engine") == 2


def test_batch_work_gives_way_at_the_next_step(open_desk: OpenDesk, tmp_path: Path) -> None:
    desk = open_desk()
    batch = desk.create(
        wish(1, steps=150, pause=0.01), request_id="a", timeline="t", priority=Priority.BATCH
    )
    until(in_engine(tmp_path / "data", 1))
    urgent = desk.create(wish(2), request_id="b", timeline="t", priority=Priority.INTERACTIVE)
    assert ended(desk, urgent.id).state is State.SUCCEEDED
    assert not desk.get(batch.id).state.final
    assert ended(desk, batch.id).state is State.SUCCEEDED
    assert [s for s, n, _ in calls(tmp_path / "data") if n == 1].count("timeline") == 1


SERVER = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from secondunit.config import Config
    from secondunit.jobs.desk import Desk
    from tests.jobs.conftest import STAGES, wish
    desk = Desk(Config(data=Path(sys.argv[1])), stages=STAGES)
    desk.start()
    job = desk.create(wish(steps=300, pause=0.01), request_id="a", timeline="t")
    print(job.id, flush=True)
    time.sleep(60)
""")


def test_a_server_killed_in_the_middle_is_followed_by_one_that_goes_on(
    open_desk: OpenDesk, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(data)], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout
    id = server.stdout.readline().strip()
    until(in_engine(data))
    worker = calls(data)[-1][2]
    server.kill()
    server.wait()
    server.stdout.close()
    desk = open_desk()
    job = ended(desk, id)
    assert (job.state, job.attempt, job.losses) == (State.SUCCEEDED, 2, 0)
    assert stages_done(data) == [
        "timeline", "plan", "engine", "engine", "finish", "encode", "place"
    ]  # fmt: skip
    assert calls(data)[-1][2] != worker
    until(lambda: not alive(worker))  # it went with its server
    numbers = [e.sequence for e in desk.events(id, 0, 1000)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_desk_that_stops_leaves_its_job_for_the_next(open_desk: OpenDesk, tmp_path: Path) -> None:
    desk = open_desk()
    job = desk.create(wish(steps=300, pause=0.01), request_id="a", timeline="t")
    until(in_engine(tmp_path / "data"))
    desk.stop(grace=5)
    desk = open_desk()
    assert ended(desk, job.id).state is State.SUCCEEDED
    assert stages_done(tmp_path / "data").count("plan") == 1


def test_stages_whose_files_are_gone_are_done_again(open_desk: OpenDesk, tmp_path: Path) -> None:
    desk = open_desk()
    job = desk.create(wish(steps=300, pause=0.01), request_id="a", timeline="t")
    until(in_engine(tmp_path / "data"))
    desk.stop(grace=5)
    folder = tmp_path / "data" / "jobs" / job.id / "plan-1"
    (folder / "file").unlink()
    folder.rmdir()
    desk = open_desk()
    assert ended(desk, job.id).state is State.SUCCEEDED
    done = stages_done(tmp_path / "data")
    assert (done.count("timeline"), done.count("plan")) == (1, 2)


def test_a_watcher_is_woken_by_the_next_event(open_desk: OpenDesk) -> None:
    desk = open_desk()

    async def watch() -> list[int]:
        job = desk.create(wish(steps=20, pause=0.01), request_id="a", timeline="t")
        seen: list[int] = []
        while not desk.get(job.id).state.final or seen[-1] < desk.get(job.id).sequence:
            for event in await desk.wait_events(job.id, seen[-1] if seen else 0, timeout=20):
                seen.append(event.sequence)
        assert await desk.wait_events(job.id, seen[-1], timeout=0.05) == ()
        return seen

    seen = asyncio.run(watch())
    assert seen == list(range(1, len(seen) + 1))


def test_the_newest_picture_of_the_work_is_there_until_the_job_has_ended(
    open_desk: OpenDesk,
) -> None:
    desk = open_desk()
    id = desk.create(wish(steps=400, pause=0.01, show=True), request_id="a", timeline="t").id
    until(lambda: desk.preview(id) is not None)
    first = desk.preview(id)
    assert first and first.rough and first.frame == 0 and first.jpeg.startswith(b"\xff\xd8")
    until(lambda: desk.preview(id, first.number) is not None)
    second = desk.preview(id, first.number)
    assert second and not second.rough and second.frame > 0
    assert ended(desk, id).state is State.SUCCEEDED
    until(lambda: desk.preview(id) is None)
    events = desk.events(id)
    assert [e.sequence for e in events] == list(range(1, len(events) + 1))


def test_a_picture_wakes_only_watchers_that_want_pictures(open_desk: OpenDesk) -> None:
    desk = open_desk()
    job = desk.create(wish(steps=400, pause=0.01, show=True), request_id="a", timeline="t")
    until(lambda: desk.preview(job.id) is not None)
    seen = desk.preview(job.id)
    assert seen

    async def wait(after_preview: int | None) -> bool:
        """True if it returned without an event while pictures came."""
        after = desk.get(job.id).sequence
        found = await desk.wait_events(job.id, after, 10.0, after_preview=after_preview)
        return not found and not desk.get(job.id).state.final

    assert asyncio.run(wait(0))
    assert not asyncio.run(wait(None))


def test_a_watcher_is_let_go_when_the_desk_stops(open_desk: OpenDesk) -> None:
    desk = open_desk()

    async def watch() -> float:
        job = ended(desk, desk.create(wish(), request_id="a", timeline="t").id)
        threading.Timer(0.2, desk.stop, (1.0,)).start()
        began = time.monotonic()
        assert await desk.wait_events(job.id, job.sequence, timeout=30) == ()
        return time.monotonic() - began

    assert asyncio.run(watch()) < 10


def test_the_desk_starts_without_torch() -> None:
    code = (
        "import sys, secondunit.jobs.desk, secondunit.jobs.worker;"
        "print([m for m in ('torch', 'cv2', 'grpc') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("alone", "priority"), [(False, Priority.INTERACTIVE), (True, Priority.NORMAL)]
)
def test_a_server_keeps_priorities_and_a_program_of_its_own_begins_anew(
    tmp_path: Path, alone: bool, priority: Priority
) -> None:
    config = Config(data=tmp_path)
    desk = Desk(config)
    job = desk.create(wish(), request_id="1", timeline="t", priority=Priority.INTERACTIVE)
    desk.stop(0.1)
    desk = Desk(config, alone=alone)
    assert desk.get(job.id).priority is priority
    desk.stop(0.1)
