"""Servers and workers die in the middle of things, and every promise is kept."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from secondunit.v1 import jobs_pb2 as pb
from secondunit_client import Connection

from tests.fakes.engine import calls
from tests.faults.conftest import House
from tests.faults.service import QUICK, until
from tests.faults.stages import made_file

Open = Callable[..., House]


def in_stage(house: House, id: str, stage: pb.Stage) -> None:
    """Return once a job is at work in a stage."""
    until(lambda: house.witness.look(id).progress.stage == stage, what=f"stage {stage}")


def test_a_server_killed_at_work_goes_on_with_every_job(open_house: Open) -> None:
    house = open_house()
    with house.service.kept_up():
        for n in range(3):
            shot = house.shot(n, steps=20, pause=0.02)
            house.witness.watch(house.witness.create(f"r{n}", shot))
        house.service.kill()
        house.witness.look(house.witness.create("r0", house.shot(0, steps=20, pause=0.02)))
        house.service.kill_worker()
        house.settled()
    engines = [seed for stage, seed, _ in calls(house.service.data) if stage == "engine"]
    assert set(engines) == {0, 1, 2}


def test_what_killed_its_worker_three_times_fails_and_the_queue_moves_on(open_house: Open) -> None:
    house = open_house()
    poison = house.witness.create("poison", house.shot(1, die=[1, 2, 3, 4]))
    good = house.witness.create("good", house.shot(2))
    for id in (poison, good):
        house.witness.watch(id)
    ended = house.witness.wait(poison)
    assert ended.state == pb.JOB_STATE_FAILED and ended.error.code == "WORKER_LOST"
    assert ended.attempt == 3
    assert house.witness.wait(good).state == pb.JOB_STATE_SUCCEEDED
    house.settled()


def frames_made(house: House, seed: int) -> list[str]:
    """Numbers of the frames that the quick engine made, in order, over every attempt."""
    file = made_file(house.service.data, seed)
    return file.read_text().split() if file.exists() else []


def test_twenty_five_dead_workers_in_one_shot_cost_hardly_a_frame_twice(open_house: Open) -> None:
    house = open_house(QUICK)
    id = house.witness.create("r", house.shot(1, frames=60, pause=0.04))
    house.witness.watch(id)
    for _ in range(25):
        before = len(frames_made(house, 1))
        # The first of two is on disk when the second is made; three deaths at one would be poison.
        until(lambda n=before: len(frames_made(house, 1)) >= n + 2, what="the next frames")
        house.service.kill_worker()
    ended = house.witness.wait(id)
    assert ended.state == pb.JOB_STATE_SUCCEEDED and ended.attempt == 26
    made = frames_made(house, 1)
    assert len(made) <= len(set(made)) + 25, "an attempt makes at most its last frame again"
    house.settled()


def test_a_worker_that_sleeps_past_its_lease_loses_its_job_for_good(open_house: Open) -> None:
    house = open_house(settings="[schedule]\nlease_seconds = 1.5")
    id = house.witness.create("r", house.shot(1, hang=[1]))
    house.witness.watch(id)
    ended = house.witness.wait(id)
    assert ended.state == pb.JOB_STATE_SUCCEEDED and ended.attempt == 2
    house.settled()
    assert len(house.service.workers()) == 1, "the sleeper is gone"


@pytest.mark.parametrize(
    "place", ["publish.rename.after", "worker.answer.before", "store.finish.before"]
)
def test_a_take_that_lies_there_is_not_made_again(open_house: Open, place: str) -> None:
    house = open_house(QUICK, mishaps=f"{place}=kill@once")
    with house.service.kept_up():
        id = house.witness.create("r", house.shot(1))
        house.witness.watch(id)
        assert house.witness.wait(id).state == pb.JOB_STATE_SUCCEEDED
        assert house.service.seen.joinpath(place).exists(), "nothing happened there"
        house.settled()
    made = frames_made(house, 1)
    assert len(made) == len(set(made)) > 0
    takes = house.service.data / "takes"
    assert len(list(takes.iterdir())) == 1, "and nothing lies beside it"


@pytest.mark.parametrize("spoil", ["cut", "torn", "flipped"])
def test_a_damaged_store_is_refused_and_left_as_it_is(open_house: Open, spoil: str) -> None:
    house = open_house()
    for n in range(3):
        house.witness.wait(house.witness.create(f"r{n}", house.shot(n)))
    assert house.service.stop() == 0
    file = house.service.data / "jobs.db"
    whole = file.read_bytes()
    middle = len(whole) // 2
    damaged = {
        "cut": whole[:middle],
        "torn": whole[:4096] + bytes(len(whole) - 4096),
        "flipped": whole[:4096] + bytes(b ^ 0xFF for b in whole[4096:8192]) + whole[8192:],
    }[spoil]
    file.write_bytes(damaged)
    house.service.start(wait=False)
    assert house.service.ended() not in (0, None)
    assert file.read_bytes() == damaged, "the file is all that is left of the jobs"
    assert "STORE_DAMAGED" in house.service.log() or "damaged" in house.service.log()
    file.write_bytes(whole)  # a copy is put back, as the operator's page says
    house.service.start()
    house.settled()


def test_a_watch_is_taken_up_where_it_was_by_the_shipped_client(open_house: Open) -> None:
    house = open_house()
    id = house.witness.create("r", house.shot(1, steps=60, pause=0.02))
    told: list[int] = []
    with house.service.kept_up(), Connection(house.service.address) as unit:
        for event in unit.jobs.watch(id):
            if event.sequence:
                told.append(event.sequence)
            if len(told) == 5:
                house.service.kill()
        ended = unit.jobs.get(id)
        assert ended.state == pb.JOB_STATE_SUCCEEDED
        assert told == list(range(1, ended.sequence + 1))
        house.settled()


STOPS = {
    "queued": lambda house, id: None,
    "running": lambda house, id: in_stage(house, id, pb.STAGE_ENGINE),
    "encoding": lambda house, id: in_stage(house, id, pb.STAGE_ENCODE),
}


@pytest.mark.parametrize("moment", STOPS)
def test_a_job_is_stopped_within_two_seconds_and_leaves_nothing(
    open_house: Open, moment: str
) -> None:
    house = open_house()
    if moment == "queued":
        house.witness.create("before", house.shot(9, steps=60, pause=0.05))
    wishes = {"steps": 500, "pause": 0.02} if moment == "running" else {"pictures": 500}
    id = house.witness.create("r", house.shot(1, **wishes))
    house.witness.watch(id)
    STOPS[moment](house, id)
    began = time.monotonic()
    house.witness.cancel(id)
    assert house.witness.wait(id).state == pb.JOB_STATE_CANCELLED
    assert time.monotonic() - began < 2
    until(lambda: not (house.service.data / "jobs" / id).exists(), what="the end of its files")
    assert house.witness.cancel(id).state == pb.JOB_STATE_CANCELLED, "to stop it again is nothing"
    house.settled()


def test_of_a_stop_and_a_finish_at_once_one_wins(open_house: Open) -> None:
    house = open_house()
    draw = random.Random(4)
    states: set[pb.JobState] = set()
    for n in range(12):
        id = house.witness.create(f"r{n}", house.shot(n, steps=1))
        house.witness.watch(id)
        time.sleep(draw.random() * 0.08)
        house.witness.cancel(id)
        states.add(house.witness.wait(id).state)
    assert states == {pb.JOB_STATE_SUCCEEDED, pb.JOB_STATE_CANCELLED}, "the race was never close"
    house.settled()


def test_the_store_of_a_killed_server_is_whole(open_house: Open) -> None:
    house = open_house()
    for n in range(4):
        house.witness.create(f"r{n}", house.shot(n))
        house.service.kill()
        store = Path(house.service.data / "jobs.db")
        with sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        db.close()
        house.service.start()
    house.settled()
