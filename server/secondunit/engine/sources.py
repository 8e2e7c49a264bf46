"""PlanSources: the pictures a plan is made from, decoded once, as planes and as RGB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from secondunit.engine.engine import REACH, RGB, Side
from secondunit.engine.flow import LOOK_BACK, Luma, grey
from secondunit.engine.follow import Affine, carried_on, followed
from secondunit.engine.masks import MaskPictures
from secondunit.engine.reel import MEMORY, Reel
from secondunit.errors import EngineFailed
from secondunit.plan.shot_plan import Pin, ShotPlan
from secondunit.timeline.frames import decode
from secondunit.timeline.picture import Picture
from secondunit.timeline.shot import Mask, MaskTrack, Media, SourceFrames
from secondunit.units import Size

BLOCK = 16
"""Frames of a file that are decoded in one pass."""
BLOCKS = 4
"""Passes whose pictures are kept: a loop's file holds more frames than the memory."""


class PlanSources:
    """Source pictures of one plan; implements `engine.Sources`.

    Pictures are in their file's own planes and size; RGB comes at `plan.work`. Files are read at
    the first use, neighbouring frames together. Raises MediaError when a file is gone or changed.
    """

    def __init__(self, plan: ShotPlan, *, frugal: bool = False) -> None:
        """`frugal`: keep few pictures in memory, and decode some of them again instead."""
        self._plan = plan
        self._most_blocks = 1 if frugal else BLOCKS
        self._memory = MEMORY // 8 if frugal else MEMORY
        self._pins: dict[int, Pin] = {pin.frame: pin for pin in (*plan.pins, *plan.pulls)}
        self._ways: dict[Mask, tuple[Affine, Affine]] = {}
        self._masks: dict[tuple[Mask, Size], MaskPictures] = {}
        self._wanted: dict[tuple[str, int], set[int]] = {}
        self._blocks: dict[tuple[str, int], dict[int, Picture]] = {}
        used = [(pin.media, pin.index) for pin in self._pins.values()]
        for stream in (plan.outgoing, plan.incoming):
            used += [] if stream is None else [(stream.media, index) for index in stream.indexes]
        for media, index in used:
            self._wanted.setdefault((media.digest, index // BLOCK), set()).add(index)

    def picture(self, frame: int) -> Picture:
        """The pinned picture at a frame of the shot, in the plan's layout and delivered size."""
        return self._delivered(self._pinned(frame))

    def under(self, frame: int) -> Picture:
        """The footage's own picture at a frame of the shot, as `picture` gives pins."""
        assert self._plan.footage is not None
        return self._delivered(self._reel.picture(self._plan.footage.index(frame)))

    def beside(self, most: int, *, before: bool) -> list[Picture]:
        """The last frames of the context before the shot, or the first after it, in time order.

        As `picture` gives pins; empty without context. They are decoded at every call.
        """
        span = self._plan.past if before else self._plan.future
        if span is None or not most:
            return []
        indexes = span.indexes[-most:] if before else span.indexes[:most]
        pictures = decode(span.media, sorted(set(indexes)))
        return [self._delivered(pictures[i]) for i in indexes]

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

    def stream(self, side: Side, frame: int) -> RGB:
        """`h w 3` at the engine's size, in the colour of the plan."""
        stream = self._plan.outgoing if side == "outgoing" else self._plan.incoming
        if stream is None:
            raise EngineFailed(f"shot {self._plan.shot} has no {side} clip")
        return self._at_work(self._picture(stream.media, stream.indexes[frame]))

    def mask(self, frame: int = 0) -> NDArray[np.floating]:
        """`h w` at the engine's size, at a frame of the shot; all ones without a mask."""
        return self._mask(self._plan.mask, self._plan.work, frame)

    def delivered_mask(self, frame: int = 0) -> NDArray[np.floating]:
        """`h w` at the delivered size, at a frame of the shot; all ones without a mask."""
        return self._mask(self._plan.mask, self._plan.size, frame)

    def region(self, control: int, kind: str, frame: int = 0) -> NDArray[np.floating]:
        """`h w` at the engine's size; a control without a region of its own has the mask's."""
        controls = self._plan.strokes if kind == "stroke" else self._plan.ambients
        return self._mask(controls[control].region or self._plan.mask, self._plan.work, frame)

    def _mask(self, mask: Mask | None, size: Size, frame: int) -> NDArray[np.floating]:
        if mask is None:
            return np.ones((size.height, size.width), np.float32)
        key = (mask, size)
        if key not in self._masks:
            self._masks[key] = MaskPictures(mask, size, lambda at: self._followed(mask, at))
        return self._masks[key].at(frame)

    def _followed(self, mask: Mask, frame: int) -> Affine:
        """Where a mask, drawn on the context's far end, has gone by a frame of the shot."""
        if mask not in self._ways:
            self._ways[mask] = self._way(mask)
        total, step = self._ways[mask]
        past_cut = frame - self._cut if self._plan.past is not None else self._cut - frame
        return carried_on(step, max(past_cut, 0)) @ total

    @property
    def _cut(self) -> int:
        """Frame of the shot that is the pin at the cut, beside the context."""
        return -1 if self._plan.past is not None else self._plan.frames

    def _way(self, mask: Mask) -> tuple[Affine, Affine]:
        """(the whole way to the cut, its last step)."""
        span, before = self._plan.past or self._plan.future, self._plan.past is not None
        if span is None:
            return np.eye(3), np.eye(3)
        still = mask.files[0] if isinstance(mask, MaskTrack) else mask
        drawn = MaskPictures(still, self._plan.work, lambda _: np.eye(3)).at(0)
        ways = list(followed(drawn, self._lumas(span, before=before)))
        recent = max(0, len(ways) - 1 - LOOK_BACK)
        steps = len(ways) - 1 - recent
        change = ways[-1] @ np.linalg.inv(ways[recent]) - np.eye(3)
        return ways[-1], np.eye(3) + change / max(steps, 1)

    def _lumas(self, span: SourceFrames, *, before: bool) -> Iterator[Luma]:
        """The context towards the cut, and the pin there, small; a few pictures at a time."""
        indexes = span.indexes if before else span.indexes[::-1]
        for k in range(0, len(indexes), LOOK_BACK):
            for picture in self._context(span, indexes[k : k + LOOK_BACK]):
                yield grey(picture)
        yield grey(self.pin(self._cut))

    def _context(self, span: SourceFrames, indexes: Sequence[int]) -> list[RGB]:
        # Looked at once and let go: a long context of large frames does not fit into memory.
        pictures = decode(span.media, sorted(set(indexes)))
        return [self._at_work(pictures[i]) for i in indexes]

    def _pinned(self, frame: int) -> Picture:
        pin, footage = self._pins[frame], self._plan.footage
        if footage is not None and pin.media.digest == footage.media.digest:
            return self._reel.picture(pin.index)
        return self._picture(pin.media, pin.index)

    def _delivered(self, picture: Picture) -> Picture:
        fitted = picture.fitted(self._plan.size)
        return fitted.converted(self._plan.format, self._plan.colour)

    def _at_work(self, picture: Picture) -> RGB:
        return picture.fitted(self._plan.work).rgb()

    def _picture(self, media: Media, index: int) -> Picture:
        key = media.digest, index // BLOCK
        if key not in self._blocks:
            while len(self._blocks) >= self._most_blocks:
                del self._blocks[next(iter(self._blocks))]
            self._blocks[key] = decode(media, sorted(self._wanted[key]))
        self._blocks[key] = self._blocks.pop(key)  # the last one used is the last to go
        return self._blocks[key][index]

    @cached_property
    def _reel(self) -> Reel:
        """The footage under the shot; a long one does not fit into memory."""
        footage = self._plan.footage
        assert footage is not None
        if footage.shares:  # a fast one skips most of its file
            used = {*footage.indexes, *(index + 1 for index in footage.indexes)}
            seen = sorted(n for n in used if n < footage.media.frames)
            return Reel(footage.media, seen, self._memory)
        first, last = min(footage.indexes) - REACH, max(footage.indexes) + REACH
        there = footage.media.run(footage.indexes[0])
        seen = range(max(there.start, first), min(there.stop, last + 1))
        return Reel(footage.media, seen, self._memory)
