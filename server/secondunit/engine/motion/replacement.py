"""A region of moving footage made anew: carried along strokes, frozen, or steadied."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from secondunit.engine import flow
from secondunit.engine.camera import carry
from secondunit.engine.engine import RGB, Progress, Sources
from secondunit.engine.motion import steady
from secondunit.engine.motion.follow import Follower, Motion
from secondunit.engine.motion.matte import FEATHER, feathered, fitted
from secondunit.engine.motion.render import STILL
from secondunit.engine.motion.uncover import REACH, Backdrop
from secondunit.engine.raster import Field, grown, places, sampled, scaled, sharply
from secondunit.engine.strokes import relative_shift
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.shot import Footage


def frames(
    plan: ShotPlan, sources: Sources, progress: Progress, there: Collection[int] = ()
) -> Iterator[tuple[int, RGB]]:
    """Yield (frame of the shot, `h w 3`) for every frame of `plan.generate`.

    Frames that are `there` already are left out, but for what a stroke carries: there each frame's
    background goes on from the last one's, so all of them are gone through again. Outside the mask
    each is the footage's own frame. Raises EngineFailed where what shall be steadied cannot be
    followed.
    """
    if plan.motion == "steady":
        return steady.frames(plan, sources, progress, there)
    return _frozen(plan, sources, there) if plan.motion == "freeze" else _carried(plan, sources)


def _frozen(plan: ShotPlan, sources: Sources, there: Collection[int]) -> Iterator[tuple[int, RGB]]:
    footage = plan.footage
    assert footage is not None
    held = sources.footage(footage.index(0))
    for made in plan.generate:
        for frame in (n for n in range(made.start, made.end) if n not in there):
            blend = feathered(np.asarray(sources.mask(frame), np.float32))[..., None]
            own = sources.footage(footage.index(frame))
            yield frame, own + blend * (held - own)


class _Lifted:
    """What a stroke carries: the pixels of its region, which goes along with what it holds."""

    def __init__(self, matte: Field, sources: Sources, footage: Footage) -> None:
        first = sources.footage(footage.index(0))
        self._edge = fitted(matte, first)
        self._whole = grown(matte > 0.02, 1 + round(0.002 * matte.shape[1])).astype(np.float32)
        self._ways = self._followed(matte, sources, footage)

    def _followed(self, matte: Field, sources: Sources, footage: Footage) -> dict[int, Motion]:
        """Where the region is, by frame of the file; where it is lost it stays in its place."""
        zero = footage.index(0)
        ways = {zero: np.eye(3)}
        there = footage.media.run(zero)
        first, last = min(footage.indexes), max(footage.indexes)
        for order, end in (
            (range(zero + 1, min(there.stop - 1, last + REACH) + 1), last),
            (range(zero - 1, max(there.start, first - REACH) - 1, -1), first),
        ):
            follower = Follower(flow.grey(sources.footage(zero)), matte, along=True)
            way: Motion = np.eye(3)
            for index in order:
                found = follower.follow(flow.grey(sources.footage(index)))
                if found is None and (index - end) * (1 if end == last else -1) > 0:
                    break  # past what the shot needs
                way = way if found is None else found
                ways[index] = way
        return ways

    def hidden(self, index: int, size: tuple[int, int]) -> Field | None:
        """`h w` at a size (width, height): what the region hides in a frame; None: not known."""
        if index not in self._ways:
            return None
        whole = self._whole if size == self._whole.shape[::-1] else scaled(self._whole, size)
        return sampled(whole, self._back(index, places(size[1], size[0])), mirror=True)

    def at(self, index: int, picture: RGB, shift: Field) -> tuple[RGB, Field]:
        """The picture moved by `shift` (2, pixels), and how much of each pixel the region owns."""
        height, width = self._whole.shape
        # At rest the region is the picture itself, rim and all; its edge softens as it leaves.
        left = min(1.0, float(np.abs(shift).max()) / (2 * FEATHER * width))
        edge = np.where(self._whole > 0, 1 - left * (1 - self._edge), 0)
        source = places(height, width) - shift
        return sharply(picture, source), sampled(edge, self._back(index, source), mirror=True)

    def _back(self, index: int, at: Field) -> Field:
        # Places (pixels) of a frame, as places of the frame that the region was drawn on.
        height, width = at.shape[:2]
        middle = np.array([(width - 1) / 2, (height - 1) / 2])
        back = np.asarray(np.linalg.inv(self._ways[index]), np.float64)
        before = carry(back, (at - middle) / width)
        return (before * width + middle).astype(np.float32)


def _carried(plan: ShotPlan, sources: Sources) -> Iterator[tuple[int, RGB]]:
    footage = plan.footage
    assert footage is not None
    mask = np.asarray(sources.mask(), np.float32)
    height, width = mask.shape
    blend = feathered(mask)[..., None]
    lifted = [
        _Lifted(np.asarray(sources.region(n, "stroke") * mask, np.float32), sources, footage)
        for n in range(len(plan.strokes))
    ]

    def hidden(index: int, size: tuple[int, int]) -> Field | None:
        planes = [one.hidden(index, size) for one in lifted]
        known = [plane for plane in planes if plane is not None]
        return np.max(known, axis=0) if len(known) == len(planes) else None

    backdrop = Backdrop(sources, hidden, (width, height))
    for made in plan.generate:
        for frame in range(made.start, made.end):
            index = footage.index(frame)
            own = sources.footage(index)
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
            picture = backdrop.behind(index, own)
            for one, way in zip(lifted, ways, strict=True):
                front, matte = one.at(index, own, way)
                picture = picture + matte[..., None] * (front - picture)
            yield frame, np.clip(own + blend * (picture - own), 0, 1)
