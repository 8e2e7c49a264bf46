"""PlanSources: the pictures a plan is made from, decoded once, as planes and as RGB."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from secondunit.engine.engine import RGB
from secondunit.plan.shot_plan import Pin, ShotPlan
from secondunit.timeline.frames import decode, load_mask
from secondunit.timeline.masks import levelled
from secondunit.timeline.picture import Picture
from secondunit.timeline.shot import Media, SourceFrames
from secondunit.units import Size


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
        pin = self._pins[frame]
        picture = self._pictures[pin.media.digest][pin.index].fitted(self._plan.size)
        return picture.converted(self._plan.format, self._plan.colour)

    def pin(self, frame: int) -> RGB:
        """`h w 3`: the pinned picture as RGB at the engine's size."""
        pin = self._pins[frame]
        return self._at_work(self._pictures[pin.media.digest][pin.index])

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

    def _at_work(self, picture: Picture) -> RGB:
        return picture.fitted(self._plan.work).rgb()

    @cached_property
    def _pictures(self) -> dict[str, dict[int, Picture]]:
        """Every pinned picture, by file and frame."""
        wanted: dict[str, set[int]] = {}
        media: dict[str, Media] = {}
        for pin in self._plan.pins:
            media[pin.media.digest] = pin.media
            wanted.setdefault(pin.media.digest, set()).add(pin.index)
        return {d: decode(media[d], sorted(indexes)) for d, indexes in wanted.items()}
