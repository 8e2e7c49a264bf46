"""The product's own path: a shot or an edit, its plan, its sources, the engine, finished frames."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from secondunit.config import Config
from secondunit.engine.engine import RGB, LoadedEngine
from secondunit.engine.sources import PlanSources
from secondunit.finish.finish import finish, look
from secondunit.finish.match import Match
from secondunit.finish.report import Report, control_report
from secondunit.plan.build import Options, plan_shot, plan_timeline
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.picture import Picture
from secondunit.timeline.shot import Shot


class Refusal(Exception):
    """The plan refuses the request; the message holds its words."""


@dataclass(kw_only=True)
class Finished:
    """A shot as it goes to the encoder."""

    plan: ShotPlan
    sources: PlanSources
    pictures: list[Picture]
    """Handles included, in order."""
    match: Match

    @cached_property
    def report(self) -> Report:
        """Every control, measured on the pictures as a lossless delivery keeps them."""
        return control_report(self.plan, self.pictures, self.sources, self.match.before)

    @property
    def shown(self) -> list[RGB]:
        """`h w 3` of the frames that the cut shows."""
        head = self.plan.handles[0]
        return [p.rgb() for p in self.pictures[head : head + self.plan.frames]]

    @property
    def digest(self) -> str:
        """Of every sample."""
        found = hashlib.sha256()
        for picture in self.pictures:
            for plane in picture.planes:
                found.update(np.ascontiguousarray(plane).data)
        return found.hexdigest()


def planned(shot: Shot, *, seed: int | None = None) -> ShotPlan:
    """The plan of a shot, delivered without loss. Raises Refusal."""
    found = plan_shot(shot, Options(delivery="ffv1", seed=seed), Config(data=Path("unused")))
    if found.faults:
        raise Refusal("; ".join(fault.what for fault in found.faults))
    return found.plans[0]


def planned_edit(timeline: Path, roots: tuple[Path, ...]) -> ShotPlan:
    """The plan of the one shot that an edit asks for, delivered without loss. Raises Refusal."""
    config = Config(data=Path("unused"), roots=roots)
    found = plan_timeline(timeline, Options(delivery="ffv1"), config)
    if found.faults or not found.shots:
        raise Refusal("; ".join(fault.what for fault in found.faults) or "no shot was found")
    return found.shots[0]


def made(plan: ShotPlan, engine: LoadedEngine) -> dict[int, RGB]:
    """What the engine makes, by frame of the shot."""
    return dict(engine.run(plan, PlanSources(plan), lambda *_: None))


def finished(plan: ShotPlan, engine: LoadedEngine) -> Finished:
    """The whole way up to the encoder."""
    sources = PlanSources(plan)
    frames = dict(engine.run(plan, sources, lambda *_: None))
    match = look(plan, frames.__getitem__, sources)
    pictures = list(finish(plan, frames.__getitem__, sources, match=match))
    return Finished(plan=plan, sources=sources, pictures=pictures, match=match)
