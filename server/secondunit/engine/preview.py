"""Small pictures of work in progress, few enough that the work is no slower for them."""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np

from secondunit.engine.engine import RGB
from secondunit.engine.raster import scaled

LONGEST = 320
"""Longer side of a preview in pixels; a smaller picture is shown as it is."""
APART = 0.5
"""Least seconds between two previews."""
SHARE = 50
"""A preview may cost one part in so many of the time between two: 2 per cent."""
_QUALITY = 80


def small(rgb: RGB) -> RGB:
    """Return a picture (`h w 3`, 0..1) at the size of a preview."""
    longest = max(rgb.shape[:2])
    # Every so many pixels first: averaging all of a large picture would cost more than it shows.
    step = max(1, longest // (2 * LONGEST))
    thin = rgb[step // 2 :: step, step // 2 :: step]
    factor = LONGEST / max(thin.shape[:2])
    if factor >= 1:
        return thin
    height, width = (max(1, round(side * factor)) for side in thin.shape[:2])
    return scaled(thin, (width, height), "area")


def jpeg(rgb: RGB) -> bytes:
    """Return a picture (`h w 3`, 0..1) as a JPEG file of a preview's size."""
    codes = np.rint(np.clip(small(rgb), 0, 1)[..., ::-1] * 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", codes, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return data.tobytes()


class Previewer:
    """Hands on some of the pictures it is shown; implements `engine.Show`."""

    def __init__(self, send: Callable[[int, bytes, bool], None]) -> None:
        """`send` takes the frame of the shot, a JPEG file, and whether it is a rough one."""
        self._send = send
        self._next = 0.0

    def __call__(self, frame: int, rgb: RGB, rough: bool = False) -> None:
        """Send a picture of a frame of the shot, unless the last one is too recent."""
        began = time.monotonic()
        if began < self._next:
            return
        self._send(frame, jpeg(rgb), rough)
        cost = time.monotonic() - began
        self._next = began + max(APART, SHARE * cost)
