"""The real engine in a real worker that is killed again and again: the same clip in the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from secondunit.config import Config, Schedule
from secondunit.encode.writer import write
from secondunit.jobs.desk import Desk
from secondunit.jobs.job import Job, Kind, Priority, Result, State
from secondunit.plan.shot_plan import Pin, ShotPlan
from secondunit.timeline.frames import decode
from secondunit.timeline.media import probe
from secondunit.timeline.picture import Picture, picture_from_rgb
from secondunit.units import FrameRange

from tests.engine.pictures import dots
from tests.jobs.conftest import until
from tests.plans import shot_plan, silent

# Six workers load torch here, one after the other, on machines that may have more to do.
pytestmark = pytest.mark.timeout(600)

FRAMES, STEPS = 4, 40


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> ShotPlan:
    """A gap of four frames in a texture that moves to the left, two pixels a frame."""
    source = shot_plan(frames=10, handles=(0, 0), delivery="ffv1", reel=None)
    size, wide = source.size, dots(source.size.height, source.size.width + 32)

    def pictures() -> Iterator[Picture]:
        for n in range(10):
            shown = wide[:, 2 * n : 2 * n + size.width].astype(np.float32)
            yield picture_from_rgb(shown, source.format, source.colour)

    path = tmp_path_factory.mktemp("footage") / "source.mkv"
    write(pictures(), source, path, progress=silent)
    media = probe(path, Config(data=path.parent))
    pins = [Pin(frame=f, media=media, index=3 + f) for f in (-2, -1)]
    pins += [Pin(frame=FRAMES + n, media=media, index=7 + n) for n in (0, 1)]
    return shot_plan(
        frames=FRAMES, generate=(FrameRange(start=0, frames=FRAMES),), pins=tuple(pins),
        format=media.format, colour=media.colour, delivery="ffv1", steps=STEPS,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Made:
    """A job that ended and what it left."""

    job: Job
    take: Result
    pictures: dict[int, Picture]
    ran: dict[str, object]


@contextmanager
def working(data: Path) -> Iterator[Desk]:
    desk = Desk(Config(data=data, threads=1, schedule=Schedule(devices=("cpu",))))
    desk.start()
    try:
        yield desk
    finally:
        desk.stop(grace=2)


def made(data: Path, plan: ShotPlan) -> Made:
    with working(data) as desk:
        id = desk.create(plan, request_id="a", timeline="t").id
        until(lambda: desk.get(id).state.final, 240)
        return left(desk, id, plan)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, plan: ShotPlan) -> Made:
    """The same shot, undisturbed."""
    return made(tmp_path_factory.mktemp("whole"), plan)


def left(desk: Desk, id: str, plan: ShotPlan) -> Made:
    job, take = desk.get(id), desk.result(id)
    assert job.state is State.SUCCEEDED and take, job.error
    clip = probe(take.file, Config(data=take.folder))
    pictures = decode(clip, range(plan.file_range.frames))
    ran = json.loads(take.sidecar.read_text())["engine"]["ran"]
    return Made(job=job, take=take, pictures=pictures, ran=ran)


def same(one: Made, other: Made) -> bool:
    assert set(one.pictures) == set(other.pictures)
    return all(picture.same_as(other.pictures[n]) for n, picture in one.pictures.items())


def test_workers_killed_inside_the_denoise_and_the_frames_give_the_same_clip(
    tmp_path: Path, plan: ShotPlan, whole: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert whole.job.attempt == 1
    assert whole.ran | {"threads": 1, "device": "cpu", "attempts": 1} == whole.ran
    # Each worker is killed after it has kept so many things: the first within its 40 steps, the
    # second after 18 steps, the motion and three frames.
    monkeypatch.setenv("SECONDUNIT_FAILPOINTS", "worker.kept.after=kill@22")
    killed = made(tmp_path, plan)
    assert killed.job.attempt == 3
    assert same(killed, whole)
    assert killed.ran["frames_taken_over"] == 3


def test_batch_work_that_gave_way_goes_on_from_its_step(
    tmp_path: Path, plan: ShotPlan, whole: Made
) -> None:
    with working(tmp_path) as desk:
        id = desk.create(plan, request_id="a", timeline="t", priority=Priority.BATCH).id
        until(lambda: desk.get(id).doing == "denoise" and desk.get(id).step > 2, 240)
        quick = replace(plan, steps=1)
        urgent = desk.create(quick, request_id="b", timeline="t", priority=Priority.INTERACTIVE).id
        until(lambda: desk.get(urgent).state.final, 240)
        assert not desk.get(id).state.final
        until(lambda: desk.get(id).state.final, 240)
        batch = left(desk, id, plan)
        events = [e.payload for e in desk.events(id, 0, 1000) if e.kind is Kind.PROGRESS]
    steps = [event["step"] for event in events if event["doing"] == "denoise"]
    assert batch.job.attempt == 2
    assert steps == sorted(steps)
    assert batch.ran["resumed"]
    assert same(batch, whole)
