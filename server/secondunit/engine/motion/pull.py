"""Keyframes that draw a shot towards them: between the shot without them and the shot through them.

A range is made twice, once as if its soft keyframes were not there and once as if they were exact.
Both share the pins at its ends; between them each frame is morphed, as far as the keyframes'
strengths say, along the motion that leads from the one version to the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from secondunit.engine import flow
from secondunit.engine.engine import RGB
from secondunit.engine.motion import splat
from secondunit.engine.motion.render import Rendering, blended, by_time
from secondunit.engine.raster import places, scaled, sharply
from secondunit.plan.shot_plan import Pin, ShotPlan
from secondunit.units import FrameRange


def through(plan: ShotPlan, made: FrameRange) -> ShotPlan | None:
    """The plan of one of its ranges with the soft keyframes inside pinned; None without any."""
    pulls = _inside(plan, made)
    if not pulls:
        return None
    bounds = [made.start - 1, *(pull.frame for pull in pulls), made.end]
    parts = tuple(
        FrameRange(start=a + 1, frames=b - a - 1) for a, b in pairwise(bounds) if b - a > 1
    )
    pins = tuple(sorted((*plan.pins, *pulls), key=lambda pin: pin.frame))
    return replace(plan, pins=pins, pulls=(), generate=parts)


def strength(plan: ShotPlan, made: FrameRange, frame: int) -> float:
    """How far a frame of a range is drawn, 0..1: even from one soft keyframe to the next."""
    pulls = _inside(plan, made)
    return float(np.interp(frame, [p.frame for p in pulls], [p.strength for p in pulls]))


def _inside(plan: ShotPlan, made: FrameRange) -> Sequence[Pin]:
    return [pull for pull in plan.pulls if made.start <= pull.frame < made.end]


@dataclass(slots=True)
class Morph:
    """Morphs the frames of one range, in order; each frame's motion starts from the last one's."""

    _last: tuple[flow.Flow, flow.Flow] | None = None

    def between(self, without: RGB, through: RGB, share: float) -> RGB:
        """The picture (`h w 3`) at a share 0..1 of the way between two versions of a frame."""
        guesses = []
        if self._last is not None:
            guesses = [(self._last[0].displacement, self._last[1].displacement)]
        here, there = flow.grey(without), flow.grey(through)
        forth, back = self._last = flow.between(here, there, guesses)
        return blended(_gone(without, forth, share), _gone(through, back, 1 - share))


def _gone(picture: RGB, way: flow.Flow, share: float) -> Rendering:
    """A picture, a share of the way towards the other."""
    fw = way.confidence.shape[1]
    h, w = picture.shape[:2]
    motion = (way.displacement * np.float32(share * fw)).astype(np.float32)
    origin = splat.turn_round(motion, way.confidence, way.confidence)
    offset = scaled(origin.offset, (w, h)) * np.float32(w / fw)
    moved = np.clip(sharply(picture, places(h, w) - offset), 0, 1)
    return Rendering(picture=moved, weight=by_time(scaled(origin.trust, (w, h)), share))
