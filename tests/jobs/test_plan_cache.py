"""A plan is remembered only as long as every picture that it is made of stays as it is."""

from __future__ import annotations

import os
import time
from pathlib import Path

import opentimelineio as otio
from secondunit.config import Config
from secondunit.jobs.plan_cache import PlanCache
from secondunit.plan.build import Options, plan_shots
from secondunit.plan.planned import PlannedShots
from secondunit.units import Rate

from tests import odd
from tests.timeline.pictures import numbered


def test_a_new_picture_in_a_sequence_is_a_new_reading(tmp_path: Path) -> None:
    pattern = numbered(tmp_path, numbers=range(1001, 1021))
    hole = otio.schema.Gap(
        source_range=otio.opentime.TimeRange(
            otio.opentime.RationalTime(0, 25), otio.opentime.RationalTime(4, 25)
        )
    )
    clips = [odd.cut(pattern, start, 6) for start in (1001, 1012)]
    note = "gen: bridge\nhandles: 2\ndelivery: ffv1"
    timeline = odd.edit(tmp_path, clips[0], hole, clips[1], note=note, on=1)
    then = time.time() - 60
    os.utime(timeline, (then, then))
    cache, read = PlanCache(), []

    def reads(shots: tuple[str, ...]) -> PlannedShots:
        read.append(shots)
        return plan_shots(timeline, Options(), Config(data=tmp_path / "data"))

    first = cache.plan(timeline, (), "key", reads)
    assert not first.faults
    assert cache.plan(timeline, (), "key", reads) == first
    assert len(read) == 1
    picture = tmp_path / "plate.1005.png"
    picture.write_bytes((tmp_path / "plate.1006.png").read_bytes())
    second = cache.plan(timeline, (), "key", reads)
    assert len(read) == 2
    assert second.shots[0].digest != first.shots[0].digest


def test_a_timeline_in_a_folder_is_read_again_when_it_changes(tmp_path: Path) -> None:
    folder = tmp_path / "cut.otiod"
    folder.mkdir()
    content = folder / "content.otio"
    then, read = time.time() - 60, []
    cache = PlanCache()

    def reads(shots: tuple[str, ...]) -> PlannedShots:
        read.append(shots)
        return PlannedShots(
            timeline=folder, name="cut", rate=Rate(num=24), faults=(), notices=(), known=(),
            shots={},
        )  # fmt: skip

    for text in ("one", "other"):  # a folder's own time does not tell
        content.write_text(text)
        for path in (content, folder):
            os.utime(path, (then, then))
        for _ in range(2):
            cache.plan(folder, ("none",), "key", reads)
    assert len(read) == 2
