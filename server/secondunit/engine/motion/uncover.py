"""What stands behind a region of moving footage: seen in other frames, made up only at last."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondunit.engine import flow
from secondunit.engine.engine import RGB, Sources
from secondunit.engine.motion.fill import clean_plate
from secondunit.engine.raster import Field, blurred, grown, places, sampled, scaled, sharply

REACH = 24
"""Frames before and after in which what is hidden is looked for."""
SURE = 0.3
"""Confidence from which a flow vector says something."""
CUT = 0.15
"""Mean confidence around the region below which two frames are of different shots."""
ALIKE = 0.15
"""Pixels, where flow is measured, by which both ends of a line across a region may differ if the
line lies on one surface."""
LAYERS = 40.0
"""Times that pieces from above and below cost more than those from beside: land lies in rows."""
REST = 0.05
"""Pixels, where flow is measured, that count as no motion: a locked-off shot stays locked."""

Region = NDArray[np.bool_]
Hidden = Callable[[int, tuple[int, int]], Field | None]
"""(frame of the file, (width, height)) to `h w`, 0..1: the region with its rim; None: unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """How the background moves from one frame to one beside it."""

    way: Field
    """`fh fw 2`, pixels; behind the region as around it."""
    shared: bool
    """Both frames show the same place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plate:
    """A frame without the region, from which later frames take what none of them shows."""

    index: int
    picture: RGB


class Backdrop:
    """Gives frames of a file, asked for in order, without a region that stands before them."""

    def __init__(self, sources: Sources, hidden: Hidden, size: tuple[int, int]) -> None:
        """`size` is the pictures' (width, height)."""
        self._sources, self._hidden, self._full = sources, hidden, size
        self._size = flow.compared_size(*size)
        self._greys: OrderedDict[int, flow.Luma] = OrderedDict()
        self._gone: OrderedDict[int, Region | None] = OrderedDict()
        self._steps: OrderedDict[tuple[int, int], _Step] = OrderedDict()
        self._plate: _Plate | None = None

    def behind(self, index: int, own: RGB) -> RGB:
        """`h w 3`: frame `index` of the file, whose picture is `own`, without the region.

        What some frame within `REACH` shows is taken from the nearest that does. The rest is
        made up once and then carried along, so that it does not shimmer.
        """
        gone, whole = self._region(index), self._hidden(index, self._full)
        if gone is None or whole is None or not gone.any():
            return own
        rim = blurred(whole, max(0.7, self._full[0] / 1000))
        rim = np.maximum(rim, whole > 0.02)[..., None]
        box = rows, columns = _box(rim[..., 0] > 1e-3)
        filled = own[rows, columns].astype(np.float32).copy()
        wanted = gone.copy()
        plate = self._plate
        ways = {side: np.zeros((*gone.shape, 2), np.float32) for side in (-1, 1)}
        open_sides, rest = [-1, 1], None
        for step in range(1, REACH + 1):
            for side in list(open_sides):
                beside = index + side * step
                if not self._go_on(ways[side], beside - side, beside):
                    open_sides.remove(side)
                    continue
                if plate is not None and plate.index == beside:
                    rest = ways[side].copy()
                seen = wanted & self._uncovered(ways[side], beside)
                if seen.any():
                    self._take(filled, self._sources.footage(beside), ways[side], seen, box)
                    wanted &= ~seen
            if not wanted.any() or not open_sides:
                break
        if wanted.any() and plate is not None and rest is not None:
            carried = wanted & self._inside(rest)
            self._take(filled, plate.picture, rest, carried, box)
            wanted &= ~carried
        result = own.astype(np.float32).copy()
        if wanted.any():
            made = result.copy()
            made[rows, columns] = filled
            filled = clean_plate(made, self._at_full(wanted), upright=LAYERS)[rows, columns]
        result[rows, columns] += rim[rows, columns] * (filled - result[rows, columns])
        if plate is None or rest is None or abs(index - plate.index) >= REACH:
            self._plate = _Plate(index=index, picture=result)
        return result

    def _go_on(self, way: Field, here: int, there: int) -> bool:
        """Lengthen `way` (in place) by a step; False where the region is lost, or the shot ends."""
        if self._region(here) is None or self._region(there) is None:
            return False
        step = self._step(here, there)
        if step.shared:
            way += sampled(step.way, places(*way.shape[:2]) + way)
        return step.shared

    def _step(self, here: int, there: int) -> _Step:
        if (here, there) not in self._steps:
            forth, back = flow.between(self._grey(here), self._grey(there), far=False)
            self._steps[here, there] = self._background(forth, here)
            self._steps[there, here] = self._background(back, there)
            while len(self._steps) > 5 * REACH:
                self._steps.popitem(last=False)
        self._steps.move_to_end((here, there))
        return self._steps[here, there]

    def _region(self, index: int) -> Region | None:
        """What is hidden in a frame, where flow is measured."""
        if index not in self._gone:
            plane = self._hidden(index, self._size)
            # Flow bleeds over the rim of what moves on its own: vectors beside it do not count.
            self._gone[index] = None if plane is None else grown(plane > 0.02, 3)
            while len(self._gone) > 3 * REACH:
                self._gone.popitem(last=False)
        return self._gone[index]

    def _grey(self, index: int) -> flow.Luma:
        if index not in self._greys:
            self._greys[index] = flow.grey(self._sources.footage(index))
            while len(self._greys) > 4:
                self._greys.popitem(last=False)
        return self._greys[index]

    def _background(self, found: flow.Flow, index: int) -> _Step:
        """The motion of what stands around the region, continued behind it."""
        gone = self._region(index)
        assert gone is not None
        ring = grown(gone, max(12, round(0.5 * float(gone.sum()) ** 0.5))) & ~gone
        measured = found.displacement * np.float32(self._size[0])
        around = ring if ring.any() else ~gone
        shared = bool(around.any() and found.confidence[around].mean() > CUT)
        behind = _run_on(measured, ~gone & (found.confidence > SURE))
        if not gone.any() or float(np.abs(behind[gone]).max()) < REST:
            behind = np.zeros_like(behind)
        behind = np.where(gone[..., None], behind, measured)
        return _Step(way=behind.astype(np.float32), shared=shared)

    def _inside(self, way: Field) -> Region:
        width, height = self._size
        at = places(height, width) + way
        x, y = at[..., 0], at[..., 1]
        return (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)

    def _uncovered(self, way: Field, there: int) -> Region:
        gone = self._region(there)
        assert gone is not None
        at = places(*gone.shape) + way
        return self._inside(way) & (sampled(gone.astype(np.float32), at) < 0.01)

    def _at_full(self, region: Region) -> Region:
        return scaled(region.astype(np.float32), self._full) > 0.5

    def _take(
        self, filled: Field, picture: RGB, way: Field, where: Region, box: tuple[slice, slice]
    ) -> None:
        rows, columns = box
        gain = np.float32(self._full[0] / self._size[0])
        offset = scaled(way, self._full)[rows, columns] * gain
        at = places(self._full[1], self._full[0])[rows, columns] + offset
        share = scaled(where.astype(np.float32), self._full)[rows, columns] > 0.5
        filled[share] = sharply(picture, at)[share]


def _box(region: Region) -> tuple[slice, slice]:
    """Rows and columns that hold a region, which is not empty."""
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _run_on(field: Field, known: Region) -> Field:
    """A field (`h w 2`) continued where it is not known, along rows and columns.

    Each place lies between two known ones in its row and two in its column. The line whose ends
    agree is more likely to run on one surface behind what hides it, and a short one more than a
    long one.
    """
    total = np.zeros_like(field)
    share = np.full(known.shape, 1e-12, np.float32)
    for axis in (0, 1):
        count = known.shape[axis]
        at = np.arange(count).reshape((-1, 1) if axis == 0 else (1, -1))
        before = np.maximum.accumulate(np.where(known, at, -1), axis=axis)
        turned = np.flip(np.where(known, at, count), axis=axis)
        after = np.flip(np.minimum.accumulate(turned, axis=axis), axis=axis)
        ends = [
            np.take_along_axis(field, np.clip(end, 0, count - 1)[..., None], axis=axis)
            for end in (before, after)
        ]
        has = before >= 0, after < count
        part = ((at - before) / np.maximum(after - before, 1))[..., None]
        part = np.where(has[0][..., None], np.where(has[1][..., None], part, 0), 1)
        apart = np.where(has[0] & has[1], np.linalg.norm(ends[1] - ends[0], axis=-1), 4 * ALIKE)
        weight = np.exp(-apart / ALIKE) / np.maximum(after - before, 1)
        weight = np.where(has[0] | has[1], weight, 0).astype(np.float32)
        total += weight[..., None] * (ends[0] + part * (ends[1] - ends[0]))
        share += weight
    filled = np.where(known[..., None], field, total / share[..., None])
    return np.where(known[..., None], field, blurred(filled, 2.0)).astype(np.float32)
