"""PlanSources: the pictures a plan is made from, decoded once, as planes and as RGB."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from secondunit.engine.engine import RGB, Side
from secondunit.errors import EngineFailed
from secondunit.plan.shot_plan import Pin, ShotPlan
from secondunit.timeline.frames import decode, load_mask
from secondunit.timeline.picture import Picture
from secondunit.timeline.shot import Media, SourceFrames
from secondunit.units import Size

BLOCK = 16
"""Frames of a file that are decoded in one pass."""
BLOCKS = 4
"""Passes whose pictures are kept: a loop's file holds more frames than the memory."""


def levelled(mask: NDArray[np.floating]) -> NDArray[np.floating]:
    """`h w`, 0..1: the mask as it was meant, exactly 0 where pixels stay.

    A mask with next to no greys was drawn hard: compression or scaling softened it, and it is cut
    at the middle. A soft mask keeps its greys; what is nearly black or white is made so.
    """
    greys = np.mean((mask > 0.25) & (mask < 0.75))
    if greys < 0.002:
        return (mask >= 0.5).astype(np.float32)
    return np.clip((mask - np.float32(1 / 16)) * np.float32(8 / 7), 0, 1)


class PlanSources:
    """Source pictures of one plan; implements `engine.Sources`.

    Pictures are in their file's own planes and size; RGB comes at `plan.work`. Files are read at
    the first use, neighbouring frames together. Raises MediaError when a file is gone or changed.
    """

    def __init__(self, plan: ShotPlan) -> None:
        self._plan = plan
        self._pins: dict[int, Pin] = {pin.frame: pin for pin in plan.pins}
        self._wanted: dict[tuple[str, int], set[int]] = {}
        self._blocks: dict[tuple[str, int], dict[int, Picture]] = {}
        used = [(pin.media, pin.index) for pin in plan.pins]
        for stream in (plan.outgoing, plan.incoming):
            used += [] if stream is None else [(stream.media, index) for index in stream.indexes]
        for media, index in used:
            self._wanted.setdefault((media.digest, index // BLOCK), set()).add(index)

    def picture(self, frame: int) -> Picture:
        """The pinned picture at a frame of the shot, in the plan's layout and delivered size."""
        pin = self._pins[frame]
        picture = self._picture(pin.media, pin.index).fitted(self._plan.size)
        return picture.converted(self._plan.format, self._plan.colour)

    def pin(self, frame: int) -> RGB:
        """`h w 3`: the pinned picture as RGB at the engine's size."""
        pin = self._pins[frame]
        return self._at_work(self._picture(pin.media, pin.index))

    def past(self, most: int) -> list[RGB]:
        """`h w 3` each, oldest first."""
        span = self._plan.past
        return [] if span is None else self._context(span, span.indexes[-most:])

    def future(self, most: int) -> list[RGB]:
        """`h w 3` each, in time order."""
        span = self._plan.future
        return [] if span is None else self._context(span, span.indexes[:most])

    def stream(self, side: Side, frame: int) -> RGB:
        """`h w 3` at the engine's size, in the colour of the plan."""
        stream = self._plan.outgoing if side == "outgoing" else self._plan.incoming
        if stream is None:
            raise EngineFailed(f"shot {self._plan.shot} has no {side} clip")
        return self._at_work(self._picture(stream.media, stream.indexes[frame]))

    def mask(self) -> NDArray[np.floating]:
        """`h w` at the engine's size; all ones without a mask."""
        return self._mask(self._plan.mask, self._plan.work)

    def delivered_mask(self) -> NDArray[np.floating]:
        """`h w` at the delivered size; all ones without a mask."""
        return self._mask(self._plan.mask, self._plan.size)

    def region(self, control: int, kind: str) -> NDArray[np.floating]:
        """`h w` at the engine's size; a control without a region of its own has the mask's."""
        controls = self._plan.strokes if kind == "stroke" else self._plan.ambients
        return self._mask(controls[control].region or self._plan.mask, self._plan.work)

    def _mask(self, media: Media | None, size: Size) -> NDArray[np.floating]:
        if media is None:
            return np.ones((size.height, size.width), np.float32)
        return levelled(load_mask(media, size))

    def _context(self, span: SourceFrames, indexes: Sequence[int]) -> list[RGB]:
        # Looked at once and let go: a long context of large frames does not fit into memory.
        pictures = decode(span.media, sorted(set(indexes)))
        return [self._at_work(pictures[i]) for i in indexes]

    def _at_work(self, picture: Picture) -> RGB:
        return picture.fitted(self._plan.work).rgb()

    def _picture(self, media: Media, index: int) -> Picture:
        key = media.digest, index // BLOCK
        if key not in self._blocks:
            while len(self._blocks) >= BLOCKS:
                del self._blocks[next(iter(self._blocks))]
            self._blocks[key] = decode(media, sorted(self._wanted[key]))
        self._blocks[key] = self._blocks.pop(key)  # the last one used is the last to go
        return self._blocks[key][index]
