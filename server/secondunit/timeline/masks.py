"""A mask file in; what may change out, cleaned of what codecs and scaling do to hard edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from secondunit.timeline.frames import load_mask
from secondunit.timeline.shot import Media
from secondunit.units import Size

_SAME_SHAPE = 0.01
"""Of the ratio of width to height: a half-size mask of an odd picture is off by less."""


def levelled(
    mask: NDArray[np.floating], *, like: NDArray[np.floating] | None = None
) -> NDArray[np.float32]:
    """`h w`, 0..1: the mask as it was meant, exactly 0 where pixels stay.

    A mask with next to no greys was drawn hard: compression or scaling softened it, and it is cut
    at the middle. A soft mask keeps its greys; what is nearly black or white is made so. `like` is
    the picture that decides which of the two a movie is.
    """
    judged = mask if like is None else like
    greys = np.mean((judged > 0.25) & (judged < 0.75))
    if greys < 0.002:
        return (mask >= 0.5).astype(np.float32)
    return np.clip((mask - np.float32(1 / 16)) * np.float32(8 / 7), 0, 1).astype(np.float32)


def reach(media: Media, size: Size) -> NDArray[np.floating]:
    """`h w` at a size: how far each pixel may change in any of some frames of a mask.

    Of a movie its first, middle and last frame are looked at. Raises MediaError.
    """
    frames = {0, media.frames // 2, media.frames - 1}
    return np.max([levelled(load_mask(media, size, frame)) for frame in sorted(frames)], axis=0)


def same_shape(mask: Size, picture: Size) -> bool:
    """Whether a mask can be scaled to a picture without being stretched."""
    return abs(mask.width * picture.height / (mask.height * picture.width) - 1) <= _SAME_SHAPE
