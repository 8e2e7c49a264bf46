"""Takes of jobs as files with names of their own, for editing programs that place by themselves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from secondunit.errors import Refused
from secondunit.jobs.desk import Desk
from secondunit.jobs.job import Result, State
from secondunit.jobs.placing import publish_jobs
from secondunit.plan.shot_plan import ShotPlan

from tests.plans import left_in, recorded_clip, shot_plan


class Finished:
    """A desk whose jobs have ended: `a`, `b` with takes, all else without."""

    def __init__(self, folder: Path) -> None:
        plan = shot_plan()
        self._plans = {"a": plan, "b": replace(plan, seed=8)}
        self._files = {name: recorded_clip(folder / name, one) for name, one in self._plans.items()}

    def plan(self, id: str) -> ShotPlan:
        return self._plans[id]

    def result(self, id: str) -> Result | None:
        if id not in self._files:
            return None
        clip, record = self._files[id]
        plan = self._plans[id]
        return Result(
            digest=plan.digest, folder=clip.parent, file=clip, sidecar=record, thumbnails=(),
            frames=plan.frames, rate=plan.rate, start_timecode="01:00:00:00", handles=(8, 8),
            size=plan.size, report={}, timings={},
        )  # fmt: skip

    def get(self, id: str) -> Any:
        class Job:
            state = State.FAILED

        return Job()


def test_takes_of_a_shot_become_its_versions_and_none_twice(tmp_path: Path) -> None:
    desk = cast(Desk, Finished(tmp_path / "store"))
    media = tmp_path / "media"
    first, second = publish_jobs(desk, ["a", "b"], media)
    assert [first.version, second.version] == [1, 2]
    assert first.file.name.endswith("_v001.mov") and first.file.parent == media
    before = left_in(media)
    (again,) = publish_jobs(desk, ["b"], media)
    assert again.file == second.file
    assert left_in(media) == before


def test_jobs_without_takes_are_refused_all_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    desk = cast(Desk, Finished(tmp_path / "store"))
    with pytest.raises(Refused) as caught:
        publish_jobs(desk, ["a", "x", "y"], tmp_path / "media")
    assert [fault.path for fault in caught.value.faults] == ["jobs[1]", "jobs[2]"]
    assert not (tmp_path / "media").exists()
