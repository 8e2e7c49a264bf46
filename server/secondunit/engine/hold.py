"""The hold map: down to which noise level each pixel of a pass follows the reference animation.

Levels are sigma, 0..1, not step numbers, so that they mean the same on every schedule. A pixel of
level h is the reference, under the noise of the moment, until the noise falls below h: 0 is held to
the end, 1 is free from the start. Keeping known pixels (RePaint, Lugmayr et al. 2022), starting
from a picture (SDEdit, Meng et al. 2021), change maps (differential diffusion, Levin and Fried
2023) and cut-and-drag motion (Time-to-Move, Singer et al. 2025) are all such maps.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit.engine.diffusion.family import Cells, Pass
from secondunit.engine.engine import Sources
from secondunit.engine.raster import Field, lightest_near, places, sampled
from secondunit.engine.reference import Reference
from secondunit.engine.strokes import drawn_at, region_shift
from secondunit.plan.shot_plan import ShotPlan

STRONG = 0.94
"""Level down to which what moves as it was asked follows the reference: its way is settled by then,
its looks are not (Time-to-Move's steps 3 to 7 of 50 are .97 to .99 at Wan's shifts)."""
WEAK = 0.98
"""The same where nothing was asked: the background may breathe."""
KEYED = 0.6
"""A latent frame that stands for a picture and for frames beside it, which are the crude
reference's: deep enough that it shows the picture, not so deep that it shows the crudeness."""
_SHIFT = 5.0
"""Of the curve from a soft keyframe's strength to its level: even steps of strength are about even
changes of the picture."""


def followed(strength: float) -> float:
    """Level for "follows the reference" at a strength 0..1: 0 is free, 1 is `STRONG`."""
    return 1 - (1 - STRONG) * min(max(strength, 0.0), 1.0)


def drawn_near(strength: float) -> float:
    """Level of a soft keyframe of a strength: falls from 1 at 0 to 0 at 1."""
    rest = 1 - min(max(strength, 0.0), 1.0)
    return _SHIFT * rest / (1 + (_SHIFT - 1) * rest)


def asked(plan: ShotPlan, sources: Sources, reference: Reference, frame: int) -> Field:
    """Return the levels (`h w`) of a frame that is to be made, before anything spreads.

    Where a stroke or a camera goes, and all over a shot that nothing was asked of but what its
    draft shows, the reference is followed `STRONG`ly, by the shot's strength; elsewhere `WEAK`ly.
    Motion without direction is the freer the stronger. A soft keyframe is held by its strength,
    what the reference does not know is free, and what the mask keeps is kept.
    """
    height, width = plan.work.height, plan.work.width
    drawn = bool(plan.strokes) and not plan.cameras
    share = (1 - WEAK) / (1 - STRONG) if drawn or plan.ambients else 1.0
    level = np.full((height, width), followed(share * plan.strength), np.float32)
    for number, stroke in enumerate(plan.strokes):
        carried = _carried(plan, sources, number, frame)
        strong = followed(plan.strength * stroke.strength)
        level = np.minimum(level, 1 - carried * np.float32(1 - strong))
    for number, ambient in enumerate(plan.ambients):
        region = np.asarray(sources.region(number, "ambient", frame), np.float32)
        free = followed(share * plan.strength * (1 - ambient.strength))
        level = level + region * (np.maximum(level, free) - level)
    if level.min() < 1:  # finding holes is the dear part
        level = level + reference.holes(frame) * (1 - level)
    for pull in plan.pulls:
        if pull.frame == frame:
            level = np.minimum(level, drawn_near(pull.strength))
    if plan.mask is not None:
        level = np.where(np.asarray(sources.mask(frame)) > 0, level, 0)
    return np.asarray(level, np.float32)


def _carried(plan: ShotPlan, sources: Sources, number: int, frame: int) -> Field:
    """Where a stroke's region is by a frame: as it was drawn, and gone its way."""
    drawn = np.asarray(sources.region(number, "stroke", drawn_at(plan)), np.float32)
    height, width = drawn.shape
    way = region_shift(plan, number, frame, drawn_at(plan), height / width) * width
    # What it leaves and what it enters are told apart by the holes; its rim is its own.
    gone = sampled(drawn, places(height, width) - way.astype(np.float32))
    return lightest_near(gone, 1) if gone.any() else gone


def dilated(
    hold: NDArray[np.float32], widen: tuple[int, int], fixed: Collection[int]
) -> NDArray[np.float32]:
    """Return a map `f h w` in which what is freer spreads by pixels and frames.

    Decoders mix a cell with its neighbours: what may change needs room. Frames `fixed` neither
    change nor spread.
    """
    pixels, frames = widen
    result = hold.copy()
    free = [n for n in range(len(hold)) if n not in fixed]
    if pixels > 0:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
        for n in free:
            if hold[n].min() < hold[n].max():
                result[n] = cv2.dilate(hold[n], disc)
    if frames > 0:
        spatial = result.copy()
        for n in free:
            near = [m for m in free if abs(m - n) <= frames]
            result[n] = spatial[near].max(axis=0)
    return result


def on_cells(wanted: Pass, cells: Cells) -> NDArray[np.float32]:
    """Return the levels of a pass's latent cells, `F H W`.

    A cell is as free as the freest pixel that it stands for, so that nothing free is ever held.
    The exception is a latent frame that stands for a picture (pinned whole, or of a strength) among
    frames that are free: as free as they it would not show the picture at all, held as it is it
    would freeze them; it is held down to `KEYED`, or to its strength's level if that is higher.
    """
    levels = np.empty((len(cells.frames), cells.height, cells.width), np.float32)
    for n, group in enumerate(cells.frames):
        level = _coarse(wanted.hold[group.start : group.stop].max(axis=0), cells)
        asked = {frame: 0.0 for frame in group if frame in wanted.pinned}
        asked |= {f: drawn_near(s) for f, s in wanted.strengths.items() if f in group}
        if asked and len(asked.keys() & wanted.pinned) < len(group):
            level = np.minimum(level, max(KEYED, min(asked.values())))
        levels[n] = level
    return levels


def _coarse(plane: Field, cells: Cells) -> Field:
    """The highest value in each cell's part of a picture."""
    rows, columns = (
        np.arange(count) * side // count
        for count, side in zip((cells.height, cells.width), plane.shape, strict=True)
    )
    return np.maximum.reduceat(np.maximum.reduceat(plane, rows, axis=0), columns, axis=1)


def held_fully(levels: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Cells, of what `on_cells` gave, that are the reference to the end."""
    return levels <= 0


def strengths_of(pulls: Mapping[int, float], frames: Sequence[int]) -> dict[int, float]:
    """Strength by place in `frames`, of soft keyframes by frame of the shot."""
    return {place: pulls[frame] for place, frame in enumerate(frames) if frame in pulls}
