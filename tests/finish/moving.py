"""Textured pictures that move by a known, exact way, as the report gets them."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from secondunit.engine.engine import RGB
from secondunit.finish.tracks import Grey, grey

Affine = NDArray[np.float64]
"""`2 3`, pixels to pixels."""


def shifted(dx: float, dy: float) -> Affine:
    """So many pixels to the right and down."""
    return np.array([[1, 0, dx], [0, 1, dy]], np.float64)


def about_centre(picture: RGB, scale: float = 1.0, clockwise: float = 0.0) -> Affine:
    """Grown and turned (degrees) about the middle of the picture."""
    height, width = picture.shape[:2]
    middle = (width - 1) / 2, (height - 1) / 2
    return np.asarray(cv2.getRotationMatrix2D(middle, -clockwise, scale), np.float64)


def moved(picture: RGB, way: Affine) -> RGB:
    """The whole picture moved; what comes in from outside is its mirror image."""
    size = picture.shape[1], picture.shape[0]
    source = np.asarray(picture, np.float32)
    return np.asarray(
        cv2.warpAffine(source, way, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT),
        np.float32,
    )


def moved_region(picture: RGB, region: NDArray[np.floating], dx: float, dy: float) -> RGB:
    """A region carried over the picture, which stays below it."""
    size = picture.shape[1], picture.shape[0]
    alpha = cv2.warpAffine(np.asarray(region, np.float32), shifted(dx, dy), size)[..., None]
    return picture * (1 - alpha) + moved(picture, shifted(dx, dy)) * alpha


def clip(frames: int, still: RGB, at: Callable[[int], RGB], grain: float = 0.0) -> dict[int, Grey]:
    """Frame 0 is the still, frames 1.. are `at(frame)`, with new grain on each (0..1)."""
    draw = np.random.default_rng(5)
    shown = {0: still, **{frame: at(frame) for frame in range(1, frames)}}
    return {
        frame: grey(rgb + grain * draw.standard_normal(rgb.shape)) for frame, rgb in shown.items()
    }
