"""Water: wave slopes in perspective, and mirrored pictures broken up by them."""

from __future__ import annotations

import cv2
import numpy as np

from scenery.film import Light
from scenery.noise import Grid, cloud, sample
from scenery.terrain import Lens


class Waves:
    """A moving field of small slopes, the same world seen from any standpoint."""

    def __init__(self, seed: int, *, reach: float = 60.0, choppy: float = 1.35) -> None:
        """`reach` is the size in metres of one tile; `choppy` is the spectrum's slope."""
        self._reach = reach
        self._tiles = [
            cloud(seed + i, (1024, 1024), slope=choppy, stretch=0.45, low=6) for i in range(2)
        ]

    def slope(self, lens: Lens, *, eye: float, x: float = 0.0, seconds: float = 0.0) -> Grid:
        """Slope towards the camera of each water pixel, `h w`, deviation about 1 near by.

        Far away a pixel holds many waves, whose mean is flat: the slope falls off with distance.
        """
        rows = np.arange(lens.height, dtype=np.float32)[:, None]
        columns = (np.arange(lens.width, dtype=np.float32)[None, :] - lens.centre) / lens.focal
        down = np.maximum(rows - lens.horizon, 0.35) / lens.focal
        z = np.broadcast_to(eye / down, (lens.height, lens.width)).astype(np.float32)
        side = x + z * columns
        scale = 1024 / self._reach
        first = sample(self._tiles[0], (side + 0.35 * seconds) * scale, (z - 0.9 * seconds) * scale)
        second = sample(
            self._tiles[1], (side * 0.93 - 0.55 * seconds) * scale * 1.7,
            (z * 1.05 - 0.6 * seconds) * scale * 1.7,
        )  # fmt: skip
        footprint = z * z / (eye * lens.focal)  # metres of water behind one row
        calm = 1 / (1 + (footprint / (self._reach * 0.03)) ** 0.8)
        return (first + 0.7 * second) * 0.8 * calm


def mirrored(
    picture: Light, lens: Lens, slope: Grid, *, strength: float, smear: float, head: int = 0
) -> Light:
    """The picture upside down below the horizon, each row displaced by the waves.

    `picture` is already the mirror view (upright, as the mirror image stands above the horizon).
    `strength` is the displacement in picture heights of a slope of 1, `smear` the blur upright;
    the mirror view may begin `head` rows above the frame.
    """
    h, w = slope.shape
    rows, columns = np.mgrid[0:h, 0:w].astype(np.float32)
    below = np.maximum(rows - np.float32(lens.horizon), 0)
    grow = np.sqrt(below / h + 0.002)
    source = head + lens.horizon - below - np.abs(slope + 0.25) * grow * strength * h
    sideways = columns + slope * grow * (strength * 0.14 * w)
    soft = cv2.GaussianBlur(
        picture, (0, 0), sigmaX=max(w * 0.0006, 0.3), sigmaY=max(h * smear, 0.4)
    )
    return cv2.remap(
        soft, sideways, source.astype(np.float32), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )  # fmt: skip
