"""Legal frame counts and sizes of an engine: rounded up and trimmed later, stated once."""

from __future__ import annotations

import math
from typing import Literal

from secondunit.catalog.engines import Engine
from secondunit.units import Size

DRAFT_SIDE = 640
"""Longest side of a draft in pixels."""


def legal_frames(engine: Engine, frames: int) -> int:
    """The least legal count that holds `frames`."""
    k = max(0, -(-(frames - engine.frame_offset) // engine.frame_step))
    return engine.frame_step * k + engine.frame_offset


def work_size(engine: Engine, size: Size, *, draft: bool) -> Size:
    """The size the engine works at: the delivered size, or a draft's, or the largest it is for.

    The shape of the picture stays: a model's own grid is reached by padding, never by stretching.
    """
    scale = min(1.0, DRAFT_SIDE / max(size.width, size.height)) if draft else 1.0
    pixels = size.width * size.height * scale**2
    if engine.most_pixels and pixels > engine.most_pixels:
        scale *= math.sqrt(engine.most_pixels / pixels)
    if all(engine.only_size):
        width, height = engine.only_size
        scale = min(scale, width / size.width, height / size.height)
    if scale == 1.0:
        return size

    def side(n: int) -> int:
        if engine.most_pixels:  # never above it
            return max(2, int(n * scale) // 2 * 2)
        return max(2, -(-round(n * scale) // 2) * 2)

    return Size(width=side(size.width), height=side(size.height))


def keyframe_frame(frame: int | Literal["first", "last"], frames: int) -> int:
    """Frame of the shot that a keyframe names."""
    if frame == "first":
        return 0
    return frames - 1 if frame == "last" else frame
