"""Where made frames meet the source's own, and by how much the colour jumps there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondunit.engine import flow
from secondunit.engine.engine import RGB
from secondunit.engine.grade import MOST, NEUTRAL, Grade, fitted
from secondunit.engine.raster import Field, blurred, places, sampled, scaled
from secondunit.finish.delta_e import delta_e, lab
from secondunit.finish.thresholds import BESIDE, LIMITS
from secondunit.plan.shot_plan import ShotPlan
from secondunit.units import ColourTags, FrameRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Seam:
    """Two frames of the shot that follow each other, one the source's own and one made."""

    own: int
    made: int
    beyond: int | None
    """The source's own frame on the other side of `own`, where there is one."""
    inner: int | None
    """The made frame on the other side of `made`, where there is one."""

    @property
    def frames(self) -> tuple[int, ...]:
        """All of them that there are."""
        around = (self.beyond, self.own, self.made, self.inner)
        return tuple(frame for frame in around if frame is not None)


def seams_of(plan: ShotPlan, made: FrameRange) -> tuple[Seam | None, Seam | None]:
    """The seams at the start and at the end of a range of made frames."""
    pinned = {pin.frame for pin in plan.pins}

    def seam(own: int, first: int, way: int) -> Seam | None:
        if own not in pinned:
            return None
        return Seam(
            own=own, made=first,
            beyond=own - way if own - way in pinned else None,
            inner=first + way if first + way in made else None,
        )  # fmt: skip

    return seam(made.start - 1, made.start, 1), seam(made.end, made.end - 1, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """A picture at the size at which pictures are compared, grain averaged away."""

    rgb: Field
    luma: flow.Luma

    @classmethod
    def of(cls, rgb: RGB) -> Small:
        """Of `h w 3` code values 0..1."""
        height, width = rgb.shape[:2]
        size = flow.compared_size(width, height)
        small = scaled(rgb, size, "area" if size[0] < width else "cubic")
        return cls(rgb=blurred(small, 1.0), luma=flow.grey(rgb))


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourStep:
    """How the colour of one thing changes from one frame to another."""

    grade: Grade
    delta_e: float
    """CIEDE2000, mean over what both frames show."""


def colour_step(
    one: Small,
    other: Small,
    colour: ColourTags,
    curve: str,
    where: NDArray[np.floating] | None = None,
) -> ColourStep | None:
    """The step from `one` to `other`, along the motion; None where too little is in both.

    `curve` is the plan's. `where` (`h w` of any size, 0..1): only there.
    """
    way, _ = flow.between(one.luma, other.luma, far=False)
    height, width = one.luma.shape
    at = places(height, width) + way.displacement * np.float32(width)
    there = sampled(other.rgb, at).reshape(-1, 3)
    here = one.rgb.reshape(-1, 3)
    weight = way.confidence
    if where is not None:
        weight = weight * (scaled(where, (width, height), "area") > 0.5)
    weight = weight.reshape(-1)
    grade = fitted(here, there, weight, curve)
    if grade is None:
        return None
    seen = here[weight > 0.05]
    return ColourStep(
        grade=grade, delta_e=effect(grade, seen[:: 1 + len(seen) // MOST], colour, curve)
    )  # fmt: skip


def effect(grade: Grade, colours: NDArray[np.floating], colour: ColourTags, curve: str) -> float:
    """CIEDE2000 that a grade moves some colours by (`n 3`, code values on a curve), mean."""
    if grade == NEUTRAL or not len(colours):
        return 0.0
    after = grade.on(colours, curve)
    return float(np.mean(delta_e(lab(colours, colour, curve), lab(after, colour, curve))))


def jumps(step: float, beside: Iterable[float]) -> bool:
    """A step (CIEDE2000) that shows, and is more than those beside it lead one to expect."""
    allowed = max((BESIDE * one for one in beside), default=0.0)
    return not LIMITS["E"]["delta_e"].holds(step) and step > allowed
