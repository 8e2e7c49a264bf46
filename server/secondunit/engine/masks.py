"""Masks and regions over time: one picture, one for each frame, or one that follows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from secondunit.engine.follow import Affine, carried
from secondunit.engine.raster import Field, lightest_near
from secondunit.timeline.frames import decode, load_mask, luma
from secondunit.timeline.masks import levelled
from secondunit.timeline.shot import Mask, MaskTrack, mask_frames
from secondunit.units import Size

AHEAD = 8
"""Pictures of a mask movie that are decoded together."""
RIM = 0.002
"""Fractions of width within which a grey beside a lighter one is the edge of it."""
WHOLE = 1.5
"""How soon a pixel belongs wholly to what moves beside it: slopes of grey are no transparency."""


def owned_and_moved(mask: NDArray[np.floating]) -> tuple[Field, Field]:
    """(how much of each pixel a mask owns, how far what it owns moves), both `h w`, 0..1.

    A grey is part of a motion, not of a pixel: 0.5 moves half as far. Only where a grey lies within
    a pixel or two of a lighter one is it that one's soft edge.
    """
    grey = np.asarray(mask, np.float32)
    if not ((grey > 0) & (grey < 1)).any():
        return grey, np.ones_like(grey)
    moved = lightest_near(grey, 1 + round(RIM * grey.shape[1]))
    owned = np.clip(WHOLE * grey / np.maximum(moved, 1e-6), 0, 1)
    return owned.astype(np.float32), moved


class MaskPictures:
    """One mask at one size, frame by frame; a few pictures are in memory at a time."""

    def __init__(self, mask: Mask, size: Size, way: Callable[[int], Affine]) -> None:
        """`way` is where a mask that follows has gone by a frame of the shot."""
        self._track = mask if isinstance(mask, MaskTrack) else MaskTrack(files=(mask,))
        self._size, self._way = size, way
        self._kept: dict[int, Field] = {}
        self._first: Field | None = None

    def at(self, frame: int) -> Field:
        """`h w`, 0..1, for a frame of the shot; before the first and past the last, that one.

        Raises MediaUnreadable.
        """
        count = mask_frames(self._track) or 1
        number = min(max(frame, 0), count - 1)
        if self._first is None:
            self._first = self._decoded(0, 1)[0]
        if number not in self._kept:
            ahead = self._decoded(number, min(count - number, AHEAD))
            self._kept = {n: levelled(p, like=self._first) for n, p in ahead.items()}
        picture = self._kept[number]
        if not self._track.follow:
            return picture
        gone = carried(picture, self._way(frame), self._size.width, self._size.height)
        return np.where(gone < 1 / 16, 0, gone).astype(np.float32)

    def _decoded(self, first: int, count: int) -> dict[int, Field]:
        files = self._track.files
        wanted = range(first, first + count)
        if len(files) != 1:
            return {n: load_mask(files[n], self._size) for n in wanted}
        pictures = decode(files[0], wanted)
        return {n: luma(picture, self._size) for n, picture in pictures.items()}
