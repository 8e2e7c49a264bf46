"""A region of moving footage made anew: carried along strokes, frozen, or steadied."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from secondunit.engine.conditioning import relative_shift
from secondunit.engine.engine import RGB, Progress, Sources
from secondunit.engine.motion import steady
from secondunit.engine.motion.render import FEATHER, STILL, feathered, fitted
from secondunit.engine.motion.uncover import Backdrop
from secondunit.engine.raster import Field, grown, places, sampled, sharply
from secondunit.plan.shot_plan import ShotPlan


def frames(plan: ShotPlan, sources: Sources, progress: Progress) -> Iterator[tuple[int, RGB]]:
    """Yield (frame of the shot, `h w 3`) for every frame of `plan.generate`.

    Outside the mask each is the footage's own frame. Raises EngineFailed where what shall be
    steadied cannot be followed.
    """
    if plan.motion == "steady":
        return steady.frames(plan, sources, progress)
    return _frozen(plan, sources) if plan.motion == "freeze" else _carried(plan, sources)


def _frozen(plan: ShotPlan, sources: Sources) -> Iterator[tuple[int, RGB]]:
    footage = plan.footage
    assert footage is not None
    blend = feathered(np.asarray(sources.mask(), np.float32))[..., None]
    held = sources.footage(footage.index(0))
    for made in plan.generate:
        for frame in range(made.start, made.end):
            own = sources.footage(footage.index(frame))
            yield frame, own + blend * (held - own)


class _Lifted:
    """What a stroke carries: the region's own pixels of each frame."""

    def __init__(self, matte: Field, first: RGB) -> None:
        self.whole = grown(matte > 0.02, 1 + round(0.002 * matte.shape[1]))
        self._edge = fitted(matte, first)

    def at(self, picture: RGB, shift: Field) -> tuple[RGB, Field]:
        """The picture moved by `shift` (2, pixels), and how much of each pixel the region owns."""
        height, width = self.whole.shape
        # At rest the region is the picture itself, rim and all; its edge softens as it leaves.
        left = min(1.0, float(np.abs(shift).max()) / (2 * FEATHER * width))
        edge = np.where(self.whole, 1 - left * (1 - self._edge), 0)
        source = places(height, width) - shift
        return sharply(picture, source), sampled(edge, source, mirror=True)


def _carried(plan: ShotPlan, sources: Sources) -> Iterator[tuple[int, RGB]]:
    footage = plan.footage
    assert footage is not None
    mask = np.asarray(sources.mask(), np.float32)
    height, width = mask.shape
    blend = feathered(mask)[..., None]
    first = sources.footage(footage.index(0))
    lifted = [
        _Lifted(np.asarray(sources.region(n, "stroke") * mask, np.float32), first)
        for n in range(len(plan.strokes))
    ]
    gone = np.zeros(mask.shape, np.bool_)
    for one in lifted:
        gone |= one.whole
    backdrop = Backdrop(sources, gone, frames=footage.media.frames)
    for made in plan.generate:
        for frame in range(made.start, made.end):
            own = sources.footage(footage.index(frame))
            ways = [
                np.asarray(
                    relative_shift(stroke, frame, 0, frames=plan.frames, ratio=height / width)
                    * (stroke.strength * plan.strength * width),
                    np.float32,
                )
                for stroke in plan.strokes
            ]
            if max(float(np.abs(way).max()) for way in ways) < STILL:
                yield frame, own
                continue
            picture = backdrop.behind(footage.index(frame), own)
            for one, way in zip(lifted, ways, strict=True):
                front, matte = one.at(own, way)
                picture = picture + matte[..., None] * (front - picture)
            yield frame, np.clip(own + blend * (picture - own), 0, 1)
