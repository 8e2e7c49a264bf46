"""What a caller decides for a timeline, and what planning it came to; records alone, no reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from secondunit.errors import Fault
from secondunit.plan.shot_plan import ShotPlan
from secondunit.units import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the caller decides for a whole timeline; None leaves it to each request."""

    engine: str | None = None
    delivery: str | None = None
    draft: bool = False
    shots: tuple[str, ...] = ()
    """Ids to plan; empty means all."""
    seed: int | None = None
    roots: tuple[Path, ...] = ()
    """Further folders that media may be read from."""
    rate: Rate | None = None
    """Of a timeline that does not say its own, as an EDL."""
    compare: bool = False
    """Plan every shot with each engine besides, to choose between them."""
    sequence: str | None = None
    """Name of the one that is meant, of a file that holds several."""
    drop_frame: bool | None = None
    """Whether timecode drops frames; None: as the file says, else it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineChoice:
    """What would be done to a timeline with one engine for every shot."""

    engine: str
    shots: tuple[ShotPlan, ...]
    """One for each take of each shot that it could make."""
    faults: tuple[Fault, ...]
    """What keeps it from the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelinePlan:
    """What would be done to a timeline, and everything that stands against it."""

    timeline: Path
    name: str
    rate: Rate
    shots: tuple[ShotPlan, ...]
    """One for each take of each shot that can be made."""
    faults: tuple[Fault, ...]
    """Any fault refuses the whole request."""
    notices: tuple[str, ...]
    compared: tuple[EngineChoice, ...] = ()
    """The same with each engine, where that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedShot:
    """One shot's takes, or the faults that keep it from being made."""

    plans: tuple[ShotPlan, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedShots:
    """A timeline's shots, planned one by one, so that plans of some of them can be made of it."""

    timeline: Path
    name: str
    rate: Rate
    faults: tuple[Fault, ...]
    """Of the reading: they refuse whatever shots are chosen."""
    notices: tuple[str, ...]
    known: tuple[str, ...]
    """Ids of all shots, in the order of the timeline."""
    shots: Mapping[str, PlannedShot]
    """By id; those that were planned."""
    compared: Mapping[str, Mapping[str, PlannedShot]] = field(default_factory=dict)
    """The same by engine, where that was asked for."""

    def covers(self, shots: tuple[str, ...]) -> bool:
        """Every one of these shots (none: all) was planned, or does not exist."""
        return all(id in self.shots or id not in self.known for id in shots or self.known)

    def chosen(self, shots: tuple[str, ...]) -> TimelinePlan:
        """The plan of these shots; of all if none is named. Only for shots that it covers."""
        faults = list(self.faults)
        for missing in (s for s in shots if s not in self.known):
            choices = ", ".join(sorted(self.known)) or "the timeline has none"
            faults.append(Fault(what=f"no shot '{missing}'; shots: {choices}", path="--shot"))
        if not self.known and not self.faults:
            faults.append(
                Fault(
                    what="the timeline asks for no shot: add a marker whose note begins "
                    "`gen:` and what you want: bridge, extend, animate, transition, loop, replace "
                    "or retime",
                    path=self.timeline.name,
                )
            )
        plans: list[ShotPlan] = []
        for id in self.known:
            if not shots or id in shots:
                plans += self.shots[id].plans
                faults += self.shots[id].faults
        return TimelinePlan(
            timeline=self.timeline, name=self.name, rate=self.rate, shots=tuple(plans),
            faults=tuple(faults), notices=self.notices,
            compared=tuple(self._choice(name, shots) for name in self.compared),
        )  # fmt: skip

    def _choice(self, engine: str, shots: tuple[str, ...]) -> EngineChoice:
        planned = self.compared[engine]
        wanted = [planned[id] for id in self.known if (not shots or id in shots) and id in planned]
        return EngineChoice(
            engine=engine,
            shots=tuple(plan for one in wanted for plan in one.plans),
            faults=tuple(fault for one in wanted for fault in one.faults),
        )
