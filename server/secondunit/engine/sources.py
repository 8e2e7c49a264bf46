"""PlanSources: the pictures a plan is made from, decoded once, as planes and as RGB."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from secondunit.engine.engine import REACH, RGB
from secondunit.engine.reel import Reel
from secondunit.plan.shot_plan import Pin, ShotPlan
from secondunit.timeline.frames import decode, load_mask
from secondunit.timeline.picture import Picture
from secondunit.timeline.shot import Media, SourceFrames
from secondunit.units import Size


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
    the first use, each frame once. Raises MediaError when a file is gone or changed its mind.
    """

    def __init__(self, plan: ShotPlan) -> None:
        self._plan = plan
        self._pins: dict[int, Pin] = {pin.frame: pin for pin in plan.pins}

    def picture(self, frame: int) -> Picture:
        """The pinned picture at a frame of the shot, in the plan's layout and delivered size."""
        return self._delivered(self._pinned(frame))

    def under(self, frame: int) -> Picture:
        """The footage's own picture at a frame of the shot, as `picture` gives pins."""
        assert self._plan.footage is not None
        return self._delivered(self._reel.picture(self._plan.footage.index(frame)))

    def pin(self, frame: int) -> RGB:
        """`h w 3`: the pinned picture as RGB at the engine's size."""
        return self._at_work(self._pinned(frame))

    def footage(self, index: int) -> RGB:
        """`h w 3`: a frame of the footage at the engine's size, by its number in the file."""
        return self._at_work(self._reel.picture(index))

    def past(self, most: int) -> list[RGB]:
        """`h w 3` each, oldest first."""
        span = self._plan.past
        return [] if span is None else self._context(span, span.indexes[-most:])

    def future(self, most: int) -> list[RGB]:
        """`h w 3` each, in time order."""
        span = self._plan.future
        return [] if span is None else self._context(span, span.indexes[:most])

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

    def _pinned(self, frame: int) -> Picture:
        pin, footage = self._pins[frame], self._plan.footage
        if footage is not None and pin.media.digest == footage.media.digest:
            return self._reel.picture(pin.index)
        return self._pictures[pin.media.digest][pin.index]

    def _delivered(self, picture: Picture) -> Picture:
        fitted = picture.fitted(self._plan.size)
        return fitted.converted(self._plan.format, self._plan.colour)

    def _at_work(self, picture: Picture) -> RGB:
        return picture.fitted(self._plan.work).rgb()

    @cached_property
    def _reel(self) -> Reel:
        """The footage under the shot; a long one does not fit into memory."""
        footage = self._plan.footage
        assert footage is not None
        if footage.shares:  # a fast one skips most of its file
            used = {*footage.indexes, *(index + 1 for index in footage.indexes)}
            return Reel(footage.media, sorted(n for n in used if n < footage.media.frames))
        first, last = min(footage.indexes) - REACH, max(footage.indexes) + REACH
        return Reel(footage.media, range(max(0, first), min(footage.media.frames, last + 1)))

    @cached_property
    def _pictures(self) -> dict[str, dict[int, Picture]]:
        """Every pinned picture, by file and frame."""
        wanted: dict[str, set[int]] = {}
        media: dict[str, Media] = {}
        for pin in self._plan.pins:
            media[pin.media.digest] = pin.media
            wanted.setdefault(pin.media.digest, set()).add(pin.index)
        return {d: decode(media[d], sorted(indexes)) for d, indexes in wanted.items()}
