"""Match: made frames take on the colour, the grain and the sharpness of the source beside them.

Everything is measured before the first picture is finished, from the pins and a few made frames,
so that each frame can be finished for itself and comes out the same whoever asks for it.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondunit.engine.engine import RGB
from secondunit.engine.grade import NEUTRAL, Grade
from secondunit.engine.raster import Field
from secondunit.engine.sources import PlanSources
from secondunit.finish.grain import ENOUGH, Regrain, grain_seed
from secondunit.finish.noise import Grain, Likeness, apart, grey, likeness, measured
from secondunit.finish.seams import ColourStep, Seam, Small, colour_step, jumps, seams_of
from secondunit.finish.sharpness import Sharpen
from secondunit.plan.shot_plan import ShotPlan
from secondunit.units import FrameRange, Operation

PAIRS = 3
"""Pairs of frames that tell of the grain on one side of a range, and of that in it."""

Made = Callable[[int], RGB]
"""A made frame of the shot, `h w 3` at the delivered size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeMatch:
    """What is done to the frames of one range."""

    made: FrameRange
    first: Grade = NEUTRAL
    """Of its first frame."""
    last: Grade = NEUTRAL
    """Of its last frame; between them the grade goes from one to the other."""
    regrain: Regrain | None = None
    sharpen: Sharpen | None = None

    def share(self, frame: int) -> float:
        """How far a frame is from the range's first to its last, 0..1."""
        return (frame - self.made.start) / (self.made.frames - 1) if self.made.frames > 1 else 0.5

    def on(
        self, rgb: RGB, frame: int, curve: str, seed: int, where: NDArray[np.bool_] | None
    ) -> RGB:
        """A made frame as it should look, `h w 3`, 0..1."""
        share = self.share(frame)
        grade = self.first.part(1 - share).then(self.last.part(share))
        if max(*(abs(g - 1) for g in grade.gain), *(abs(o) for o in grade.offset)) > 1e-6:
            rgb = grade.on(rgb, curve)
        if self.sharpen is not None:
            rgb = self.sharpen.on(rgb, share)
        if self.regrain is not None:
            rgb = self.regrain.on(rgb, share, seed, frame, where)
        return np.clip(rgb, 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What is done to a shot's made frames, and why."""

    ranges: tuple[RangeMatch, ...]
    curve: str
    seed: int
    before: Mapping[str, Any]
    """What was measured on the frames as they were made, plain JSON values by control."""

    def on(self, rgb: RGB, frame: int, where: NDArray[np.bool_] | None = None) -> RGB:
        """A made frame of the shot (`h w 3`) as it should look; the same array where all is well.

        `where` (`h w`): where it is made; None: everywhere.
        """
        for one in self.ranges:
            if frame in one.made:
                return one.on(rgb, frame, self.curve, self.seed, where)
        return rgb


def colour_is_judged(plan: ShotPlan) -> bool:
    """Whether made frames must have the light of the source beside them.

    A transition's light goes from one clip's to the other's; one picture that moves, and footage
    under the shot, bring their own.
    """
    return not (
        plan.from_one_picture or plan.footage is not None or plan.operation is Operation.TRANSITION
    )


def matching(plan: ShotPlan, made: Made, sources: PlanSources) -> Match:
    """Look at the seams and the grain of a shot; a range that fits its source is left as it is.

    One picture that moves has no grain that lives: its grain is part of it.
    """
    look = _Looks(plan, made, sources)
    grained = plan.grain == "match" and not plan.from_one_picture
    ranges: list[RangeMatch] = []
    if grained and plan.footage is not None:
        # Its ranges may be hundreds, a frame each, and all stand on the same clip.
        regrain, sharpen = look.regrain(_all(plan), footage_grains(plan, sources)), None
        if plan.mask is None:
            sharpen = look.sharpen(plan.generate)
        ranges = [RangeMatch(made=n, regrain=regrain, sharpen=sharpen) for n in plan.generate]
    for span in plan.generate if plan.footage is None else ():
        first = last = NEUTRAL
        if colour_is_judged(plan):
            first, last = _both(*(look.grade(seam) for seam in seams_of(plan, span)))
        regrain = sharpen = None
        if grained:
            regrain = look.regrain(range(span.start, span.end), grains(plan, sources, span))
            sharpen = look.sharpen((span,))
        ranges.append(
            RangeMatch(made=span, first=first, last=last, regrain=regrain, sharpen=sharpen)
        )
    return Match(
        ranges=tuple(one for one in ranges if one != RangeMatch(made=one.made)),
        curve=plan.curve, seed=grain_seed(plan.shot, plan.seed), before=look.said(),
    )  # fmt: skip


def _both(first: Grade | None, last: Grade | None) -> tuple[Grade, Grade]:
    """Where one side of a range has no source, the other's grade holds to the end."""
    if first is None or last is None:
        only = first or last or NEUTRAL
        return only, only
    return first, last


def _all(plan: ShotPlan) -> tuple[int, ...]:
    return tuple(n for made in plan.generate for n in range(made.start, made.end))


def spread(frames: Sequence[int], count: int) -> list[int]:
    """At most so many of the frames, evenly, the first and the last among them."""
    at = np.linspace(0, len(frames) - 1, min(count, len(frames)))
    return [frames[round(place)] for place in at]


class _Looks:
    """Frames of a shot as they are compared."""

    def __init__(self, plan: ShotPlan, made: Made, sources: PlanSources) -> None:
        self._plan, self._made, self._sources = plan, made, sources
        self._pinned = {pin.frame for pin in plan.pins}
        self._steps: list[float] = []
        self._found: list[Likeness] = []

    def said(self) -> dict[str, Any]:
        """What was measured, as a report says it."""
        before: dict[str, Any] = {}
        if self._steps:
            before["E"] = {"delta_e": round(max(self._steps), 2)}
        if self._found:
            before["G"] = {
                "energy": round(statistics.median(one.energy for one in self._found), 3),
                "alive": round(statistics.median(one.alive for one in self._found), 3),
            }
        return before

    def grade(self, seam: Seam | None) -> Grade | None:
        """What the made frame at a seam needs; None without a seam."""
        if seam is None:
            return None
        small = {n: Small.of(self._rgb(n)) for n in seam.frames}

        def step(one: int, other: int | None) -> ColourStep | None:
            if other is None:
                return None
            plan = self._plan
            return colour_step(
                small[one], small[other], plan.colour, plan.curve, self._inside(one)
            )  # fmt: skip

        across = step(seam.made, seam.own)
        if across is None:
            return NEUTRAL
        inner, outer = step(seam.made, seam.inner), step(seam.own, seam.beyond)
        self._steps.append(across.delta_e)
        if not jumps(across.delta_e, [one.delta_e for one in (inner, outer) if one is not None]):
            return NEUTRAL
        # Light that changes inside the range goes on changing up to the seam.
        return across.grade if inner is None else across.grade.then(inner.grade)

    def regrain(self, frames: Sequence[int], grains: Sequence[Grain]) -> Regrain | None:
        """What the grain of some made frames needs; None: nothing, or their source has none."""
        if not grains or not frames:
            return None
        seen: list[Likeness] = []
        for frame in spread(frames, PAIRS):
            other = frame - 1 if self._known(frame - 1) else frame + 1
            if self._known(other):
                one, two = (grey(self._rgb(n)) for n in sorted((frame, other)))
                inside = self._inside(frame)
                found = likeness(one, two, grains[0], None if inside is None else inside > 0)
                seen += [found] if found is not None else []
        if not seen:
            return None
        self._found += seen
        alive = statistics.median(one.alive for one in seen)
        energy = statistics.median(min(1.0, one.energy) for one in seen)
        if alive * energy >= ENOUGH:
            return None
        return Regrain(first=grains[0], last=grains[-1], alive=alive)

    def sharpen(self, spans: Sequence[FrameRange]) -> Sharpen | None:
        """What the sharpness of ranges with a source on both sides needs; None: nothing."""
        between = [s for s in spans if {s.start - 1, s.end} <= self._pinned]
        if not between or self._plan.operation is Operation.TRANSITION:
            return None
        middle = between[len(between) // 2]
        own = tuple(grey(self._rgb(n)) for n in (middle.start - 1, middle.end))
        last = max(middle.frames - 1, 1)
        frames = spread(range(middle.start, middle.end), PAIRS)
        made = [
            ((n - middle.start) / last if middle.frames > 1 else 0.5, grey(self._rgb(n)))
            for n in frames
        ]
        return Sharpen.measured((own[0], own[1]), made)

    def _known(self, frame: int) -> bool:
        return frame in self._pinned or any(frame in made for made in self._plan.generate)

    def _rgb(self, frame: int) -> RGB:
        if frame in self._pinned:
            return self._sources.picture(frame).rgb()
        return self._made(frame)

    def _inside(self, frame: int) -> NDArray[np.floating] | None:
        if self._plan.mask is None:
            return None
        return self._sources.delivered_mask(self._plan.home(frame))


def grains(plan: ShotPlan, sources: PlanSources, span: FrameRange) -> list[Grain]:
    """Of the source before a range and after it, those that have some."""
    found: list[Grain] = []
    for before in (True, False):
        own = _own(plan, sources, span, before=before)
        grain = measured(list(pairwise(own)))
        found += [grain] if grain is not None else []
    return found


def footage_grains(plan: ShotPlan, sources: PlanSources) -> list[Grain]:
    """Of the clip under a shot: one, or none."""
    whole = plan.file_range
    pairs = [
        (apart(sources.under(n).rgb()), apart(sources.under(n + 1).rgb()))
        for n in spread(range(whole.start, whole.end - 1), PAIRS)
    ]
    grain = measured(pairs)
    return [] if grain is None else [grain]


def _own(plan: ShotPlan, sources: PlanSources, span: FrameRange, *, before: bool) -> list[Field]:
    """Frames of the source next to a range that follow each other, one more than `PAIRS`."""
    pinned = {pin.frame for pin in plan.pins}
    way = -1 if before else 1
    at = span.start - 1 if before else span.end
    frames: list[int] = []
    while at in pinned and len(frames) <= PAIRS:
        frames.append(at)
        at += way
    pictures = [sources.picture(n) for n in sorted(frames)]
    # The context lies beyond the pin at the cut, which alone is there without handles.
    if len(frames) == 1 and frames[0] == (-1 if before else plan.frames):
        more = sources.beside(PAIRS, before=before)
        pictures = [*more, *pictures] if before else [*pictures, *more]
    return [apart(picture.rgb()) for picture in pictures]
