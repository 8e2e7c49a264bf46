"""Optical flow between pictures of the footage, with how far each vector can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit.engine.raster import Field, places, sampled, scaled

LONGEST = 480
"""Longer side of the pictures that are compared, in pixels; small ones grow at most 1.5x."""
SLACK = 1.0
"""Forward-backward error, in pixels of the compared size, at which confidence is 1/e."""
LOOK_BACK = 4
"""Frames before the last one that vouch for its velocity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Where each place of one picture is in another."""

    displacement: Field
    """`fh fw 2`, in fractions of the frame's width on both axes, x right, y down."""
    confidence: Field
    """`fh fw`, 0..1."""


def compared_size(width: int, height: int) -> tuple[int, int]:
    """Return (width, height) at which pictures of a size are compared."""
    scale = min(LONGEST / max(width, height), 1.5)
    return max(16, round(width * scale)), max(16, round(height * scale))


def grey(picture: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return a picture (`h w 3`, 0..1) as 8-bit luma at the compared size."""
    h, w = picture.shape[:2]
    size = compared_size(w, h)
    small = scaled(picture, size, "area" if size[0] < w else "cubic")
    luma = small @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return np.clip(np.rint(luma * 255), 0, 255).astype(np.uint8)


def between(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> tuple[Flow, Flow]:
    """Return the flow first -> second and second -> first of two pictures from `grey`.

    DIS (Kroeger et al. 2016) both ways; confidence is the agreement of the two and falls outside
    the frame.
    """
    forth, back = _dis(first, second), _dis(second, first)
    return _judged(forth, back), _judged(back, forth)


def velocity(clip: Sequence[NDArray[np.uint8]]) -> Flow | None:
    """Return the motion per frame at the last picture of a clip, on that picture's own grid.

    `clip` holds pictures from `grey`, oldest first. The flows from the last picture back to those
    before it are samples of each point's way; a straight line with a damped bend through them gives
    the velocity at its end. None for fewer than two pictures.
    """
    if len(clip) < 2:
        return None
    last = clip[-1]
    steps = range(1, min(LOOK_BACK, len(clip) - 1) + 1)
    ways = [between(last, clip[-1 - step])[0] for step in steps]
    return _end_velocity(ways)


BEND = 6.0
"""How strongly a bend in a point's way is doubted, against one frame's fully trusted flow."""


def _end_velocity(ways: Sequence[Flow]) -> Flow:
    # Least squares of x(-k) = -k v + k^2/2 a, weights by confidence, a ridge on the bend a.
    shape = ways[0].confidence.shape
    kk, kb, bb = (np.zeros(shape, np.float32) for _ in range(3))
    kx, bx = (np.zeros((*shape, 2), np.float32) for _ in range(2))
    for step, way in enumerate(ways, start=1):
        # The further back, the less a flow says about now.
        weight = (way.confidence + 1e-3) / step**2
        bend = step * step / 2
        kk += weight * step * step
        kb -= weight * step * bend
        bb += weight * bend * bend
        kx -= (weight * step)[..., None] * way.displacement
        bx += (weight * bend)[..., None] * way.displacement
    bb += BEND
    determinant = kk * bb - kb * kb
    speed = (bb[..., None] * kx - kb[..., None] * bx) / determinant[..., None]
    confidence = np.max([way.confidence / step for step, way in enumerate(ways, 1)], axis=0)
    return Flow(displacement=speed.astype(np.float32), confidence=confidence.astype(np.float32))


def _dis(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Field:
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    engine.setFinestScale(1)
    start = np.zeros((*first.shape, 2), np.float32)
    return np.asarray(engine.calc(first, second, start), np.float32)


def _judged(forth: Field, back: Field) -> Flow:
    height, width = forth.shape[:2]
    arrival = places(height, width) + forth
    error = np.linalg.norm(forth + sampled(back, arrival), axis=-1)
    # Long ways are measured less exactly.
    slack = SLACK + 0.03 * np.linalg.norm(forth, axis=-1)
    confidence = np.exp(-((error / slack) ** 2))
    outside = (
        (arrival[..., 0] < 0)
        | (arrival[..., 0] > width - 1)
        | (arrival[..., 1] < 0)
        | (arrival[..., 1] > height - 1)
    )
    confidence[outside] = 0
    return Flow(
        displacement=(forth / width).astype(np.float32), confidence=confidence.astype(np.float32)
    )
