"""Legal frame counts and sizes of an engine: rounded up and trimmed later, stated once."""

from __future__ import annotations

from typing import Literal

from secondunit.catalog.engines import Engine
from secondunit.units import Size

DRAFT_SIDE = 480
"""Longest side of a draft in pixels."""


def legal_frames(engine: Engine, frames: int) -> int:
    """The least legal count that holds `frames`."""
    k = max(0, -(-(frames - engine.frame_offset) // engine.frame_step))
    return engine.frame_step * k + engine.frame_offset


def work_size(engine: Engine, size: Size, *, draft: bool) -> Size:
    """The size the engine works at: the delivered size, or a draft's, on its grid."""
    scale = min(1.0, DRAFT_SIDE / max(size.width, size.height)) if draft else 1.0
    if scale == 1.0 and engine.size_multiple == 1:
        return size
    step = max(2, engine.size_multiple)

    def side(n: int) -> int:
        return max(step, -(-round(n * scale) // step) * step)

    return Size(width=side(size.width), height=side(size.height))


def keyframe_frame(frame: int | Literal["first", "last"], frames: int) -> int:
    """Frame of the shot that a keyframe names."""
    if frame == "first":
        return 0
    return frames - 1 if frame == "last" else frame
