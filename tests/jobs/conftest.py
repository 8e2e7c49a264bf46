"""Desks with a real store and a real worker whose stages only count themselves."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from secondunit.config import Config, Schedule
from secondunit.jobs.desk import Desk
from secondunit.jobs.job import Job
from secondunit.jobs.runner import Patience
from secondunit.plan.shot_plan import ShotPlan

from tests.conftest import REPOSITORY
from tests.plans import shot_plan

STAGES = "tests.fakes.engine:CountingStages"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's process finds the fake stages."""
    # Before what is there: a checkout that is not the one installed is found by it.
    path = [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Opens started desks on one folder; whatever is open at the end is stopped."""
    opened: list[Desk] = []

    def opener(*, max_attempts: int = 3, patience: Patience | None = None, **schedule: Any) -> Desk:
        config = Config(
            data=tmp_path / "data", max_attempts=max_attempts,
            schedule=replace(Schedule(devices=("cpu",)), **schedule),
        )  # fmt: skip
        desk = Desk(config, stages=STAGES, patience=patience or Patience(confirm=1.0))
        desk.start()
        opened.append(desk)
        return desk

    yield opener
    for desk in opened:
        desk.stop(grace=0.5)


def wish(seed: int = 7, **wishes: Any) -> ShotPlan:
    """A plan whose work goes as the fake stages are told."""
    return shot_plan(seed=seed, prompt=json.dumps(wishes))


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something to become true; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def ended(desk: Desk, id: str) -> Job:
    """The job once it is final."""
    until(lambda: desk.get(id).state.final)
    return desk.get(id)
