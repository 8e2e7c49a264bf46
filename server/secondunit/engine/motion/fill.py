"""What no pixel of the anchor shows: behind what moves away, and beyond the frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondunit.engine.motion.complete import complete
from secondunit.engine.motion.splat import spread_known
from secondunit.engine.raster import Field, blurred, places, sampled, scaled

Mask = NDArray[np.bool_]

PLATE_LONGEST = 400
"""Longer side at which a clean plate is completed, in pixels."""
PLATE_PIXELS = 12000
"""Pixels of a hole at the size at which it is completed, about."""
SOFT = 1.2
"""Pixels of that size: what is finer is taken from the full-size picture."""


BEHIND, BEYOND = 1.0, 0.3
"""`nearness` of pieces: close by in a hole; from further inside beyond the frame, for variety."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """A picture with a made-up rim."""

    picture: Field
    """`h w 3`, rim included."""
    left: int
    """Pixels of rim."""
    top: int


def canvas(picture: NDArray[np.floating], rim: tuple[int, int, int, int]) -> Canvas:
    """Return a picture (`h w 3`, 0..1) continued beyond its frame.

    `rim` is how far: left, top, right, bottom, in pixels.
    """
    left, top, right, bottom = rim
    whole = np.asarray(picture, np.float32)
    if max(rim) > 0:
        h, w = whole.shape[:2]
        padded = np.pad(whole, ((top, bottom), (left, right), (0, 0)), mode="symmetric")
        beyond = np.ones(padded.shape[:2], np.bool_)
        beyond[top : top + h, left : left + w] = False
        whole = clean_plate(padded, beyond, BEYOND)
    return Canvas(picture=whole, left=left, top=top)


def clean_plate(
    picture: NDArray[np.floating], gone: Mask, nearness: float = BEHIND, upright: float = 1.0
) -> Field:
    """Return a picture (`h w 3`, 0..1) without what stands in a region: the background behind it.

    The smooth part is completed at a bounded size; grain and texture are taken, at full size, from
    the places that the pieces came from, so that the filled part is as sharp as the rest.
    """
    whole = np.asarray(picture, np.float32)
    if not gone.any() or gone.all():
        return whole
    h, w = gone.shape
    scale = min(1.0, PLATE_LONGEST / max(h, w), (PLATE_PIXELS / float(gone.sum())) ** 0.5)
    size = (max(16, round(w * scale)), max(16, round(h * scale)))
    # Colours of the region itself must not leak into the small picture's rim.
    weight = (~gone).astype(np.float32)
    share = scaled(weight, size, "area")
    small = scaled(whole * weight[..., None], size, "area")
    small = np.asarray(small / np.maximum(share, 1e-6)[..., None], np.float32)
    found = complete(small, share < 0.999, nearness, upright)
    if found is None:
        filled = spread_known(whole, ~gone)
    else:
        columns, rows = (
            np.minimum(np.arange(n) * s // n, s - 1) for n, s in zip((w, h), size, strict=True)
        )
        shift = (found.source - places(size[1], size[0]))[rows[:, None], columns[None]]
        source = places(h, w) + shift * np.float32(w / size[0])
        smooth = scaled(blurred(found.picture, SOFT), (w, h), "cubic")
        level = scaled(blurred(small, SOFT), (w, h), "cubic")
        filled = np.clip(smooth + sampled(whole, source) - sampled(level, source), 0, 1)
    return np.where(gone[..., None], filled, whole).astype(np.float32)
