"""What a worker is given for one stage of one job, and the six functions that do the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from secondunit.engine.engine import Progress, Show, unseen
from secondunit.jobs.job import Checkpoint, Result, Stage
from secondunit.plan.shot_plan import ShotPlan


def _unheard() -> None:
    """Nobody counts how far the work is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One stage of one job."""

    plan: ShotPlan
    data: Path
    """The data folder: finished takes go to `takes/<digest>` below it."""
    job: Path
    """The job's folder; each stage and attempt has its own folder in it."""
    folder: Path
    """This stage's, empty at the start."""
    done: Mapping[Stage, Checkpoint]
    """The stages before this one."""
    progress: Progress
    """To be called at least once a step; it raises Cancelled when the job is to stop."""
    show: Show = unseen
    """Takes pictures of the work for whoever watches."""
    kept: Callable[[], None] = _unheard
    """To be called whenever something is on disk that the next attempt need not do again."""
    earlier: tuple[Path, ...] = ()
    """Folders of earlier attempts at this stage, the newest first; somebody may write there yet."""
    attempt: int = 1
    device: str = "cpu"
    """`cpu` or `cuda`: the worker sees one device only."""
    memory_plan: int = 0
    """See `memory`."""

    def left_by(self, stage: Stage) -> Path:
        """Where a stage before this one left its files."""
        return self.done[stage].folder(self.job)


class Stages(Protocol):
    """The rooms in their order. What they return is kept as the stage's checkpoint.

    A stage that is interrupted is run again in a new folder; it may take over what it left before.
    """

    @property
    def engines(self) -> tuple[str, ...]:
        """Names of the engines in memory."""
        ...

    def load(self, engine: str, device: str) -> None:
        """Have an engine in memory when this returns."""
        ...

    def unload(self, engine: str) -> None:
        """Free an engine's memory."""
        ...

    def timeline(self, work: Work) -> Mapping[str, Any]:
        """The source files are what they were when the shot was planned."""
        ...

    def plan(self, work: Work) -> Mapping[str, Any]:
        """The plan, as a file."""
        ...

    def engine(self, work: Work) -> Mapping[str, Any]:
        """The generated frames."""
        ...

    def finish(self, work: Work) -> Mapping[str, Any]:
        """The pictures of the file, and the control report."""
        ...

    def encode(self, work: Work) -> Mapping[str, Any]:
        """The clip, its sidecar and its thumbnails."""
        ...

    def place(self, work: Work) -> Result:
        """The take, published in `data/takes/<digest>`; its timings are left to the runner."""
        ...
