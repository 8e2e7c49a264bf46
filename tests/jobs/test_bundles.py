"""Unpacked bundles: gone when nobody needs them, there while a job that is kept does."""

from __future__ import annotations

import os
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from secondunit.config import Config, Retention
from secondunit.jobs import bundles
from secondunit.jobs.desk import Desk
from secondunit.jobs.job import State
from secondunit.plan.shot_plan import Pin
from secondunit.timeline.formats.bundle import FOLDER, unpacked

from tests.engine.pictures import MEDIA
from tests.plans import shot_plan

DAY = 86400.0


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "cut.otioz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.otio", "{}")
        archive.writestr("media/take.mov", b"footage")
    return path


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(Config(data=tmp_path / "data"), stages="tests.fakes.engine:stages")
    yield desk
    desk.stop(0.2)


def age(folder: Path, days: float) -> None:
    then = time.time() - days * DAY
    os.utime(folder, (then, then))


def test_a_bundle_that_nobody_read_for_long_goes_and_is_unpacked_again_when_read(
    desk: Desk, bundle: Path, tmp_path: Path
) -> None:
    folder = unpacked(bundle, tmp_path / "data")
    assert desk.collect() == 0 and folder.is_dir()
    age(folder, 15)
    assert desk.collect() == 1 and not list(folder.parent.iterdir())
    assert unpacked(bundle, tmp_path / "data") == folder
    assert (folder / "media" / "take.mov").read_bytes() == b"footage"


def test_to_read_a_bundle_is_to_keep_it(desk: Desk, bundle: Path, tmp_path: Path) -> None:
    folder = unpacked(bundle, tmp_path / "data")
    age(folder, 15)
    assert unpacked(bundle, tmp_path / "data") == folder
    assert desk.collect() == 0


@pytest.mark.parametrize("state", [State.QUEUED, State.CANCELLED])
def test_what_a_job_that_is_kept_reads_from_stays(
    desk: Desk, bundle: Path, tmp_path: Path, state: State
) -> None:
    folder = unpacked(bundle, tmp_path / "data")
    media = replace(MEDIA, path=folder / "media" / "take.mov")
    plan = shot_plan(pins=(Pin(frame=-1, media=media, index=3),))
    job = desk.create(plan, request_id="1", timeline="cut.otioz")
    if state is State.CANCELLED:
        desk.cancel(job.id)
    age(folder, 15)
    assert desk.collect() == 0 and folder.is_dir()
    if state is State.CANCELLED:
        desk.delete(job.id)
        assert desk.collect() == 1 and not folder.exists()


def test_zero_days_keep_a_bundle_for_ever(bundle: Path, tmp_path: Path) -> None:
    folder = unpacked(bundle, tmp_path / "data")
    later = time.time() + 1000 * DAY
    assert Retention().bundle_days == 14
    assert bundles.collect(tmp_path / "data", days=0, needed=lambda _: False, now=later) == 0
    assert folder.is_dir()


def test_what_an_interrupted_unpacking_left_goes_after_an_hour(tmp_path: Path) -> None:
    part = tmp_path / FOLDER / ".0123.part"
    (part / "media").mkdir(parents=True)
    now = time.time()
    bundles.collect(tmp_path, days=14, needed=lambda _: True, now=now + 60)
    assert part.is_dir()
    bundles.collect(tmp_path, days=14, needed=lambda _: True, now=now + 3700)
    assert not part.exists()


def test_one_that_is_read_while_it_is_being_dropped_stays(bundle: Path, tmp_path: Path) -> None:
    folder = unpacked(bundle, tmp_path / "data")
    age(folder, 15)

    def read_now(_: str) -> bool:
        unpacked(bundle, tmp_path / "data")
        return False

    found = bundles.collect(tmp_path / "data", days=14, needed=read_now, now=time.time())
    assert found == 0 and (folder / "media" / "take.mov").is_file()
