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
from secondunit.engine.engine import RGB, Keep
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

    def leave(self, frame: int, keep: Keep) -> None:
        """Keep what the frame after `frame` starts from."""
        if self._last is not None:
            # Two names in turn: a run may die before the frame itself is kept.
            arrays = {"frame": np.array(frame), **flow.arrays(*self._last)}
            keep.save(f"morph{frame % 2}", arrays)

    def between(self, without: RGB, through: RGB, share: float) -> RGB:
        """The picture (`h w 3`) at a share 0..1 of the way between two versions of a frame."""
        guesses = []
        if self._last is not None:
            guesses = [(self._last[0].displacement, self._last[1].displacement)]
        here, there = flow.grey(without), flow.grey(through)
        forth, back = self._last = flow.between(here, there, guesses)
        return blended(_gone(without, forth, share), _gone(through, back, 1 - share))


def taken_up(made: FrameRange, left: Sequence[int], keep: Keep) -> tuple[Morph, Sequence[int]]:
    """The morph of a range whose frames `left` are left to make, and those it has to go through.

    Those are more where the last frame's motion was not kept: it is found again on the way.
    """
    if not left or left[0] == made.start:
        return Morph(), left
    before = left[0] - 1
    kept = keep.load(f"morph{before % 2}")
    if kept is None or int(kept["frame"]) != before:
        return Morph(), range(made.start, made.end)
    return Morph(flow.pair(kept)), range(left[0], made.end)


def _gone(picture: RGB, way: flow.Flow, share: float) -> Rendering:
    """A picture, a share of the way towards the other."""
    fw = way.confidence.shape[1]
    h, w = picture.shape[:2]
    motion = (way.displacement * np.float32(share * fw)).astype(np.float32)
    origin = splat.turn_round(motion, way.confidence, way.confidence)
    offset = scaled(origin.offset, (w, h)) * np.float32(w / fw)
    moved = np.clip(sharply(picture, places(h, w) - offset), 0, 1)
    return Rendering(picture=moved, weight=by_time(scaled(origin.trust, (w, h)), share))
