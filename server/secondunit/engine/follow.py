"""A region drawn on one picture, carried along the footage by the motion under it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit.engine import flow
from secondunit.engine.raster import Field, places, scaled

Affine = NDArray[np.float64]
"""`3 3`: places before to places after, both from the frame's top left in fractions of width."""

FEWEST = 12
"""Places of the region, seen in both pictures, that a motion is fitted to."""
SURE = 0.5
"""Confidence of a place's flow from which it counts."""
APART = 1.5
"""Pixels of the compared size by which a place may leave the region's common motion."""
FADE = 35.0
"""Frames after which a motion that nothing vouches for any more has lost its speed."""


def followed(region: NDArray[np.floating], lumas: Iterable[flow.Luma]) -> Iterator[Affine]:
    """Where a region (`h w`, 0..1) of the first picture (`flow.grey`) has gone, in each of them.

    Each step is an affine motion fitted robustly (RANSAC) to the flow under the region as it lies
    by then; the steps are composed, so that the region is resampled once. A step that cannot be
    fitted repeats the one before it. Two pictures are in memory at a time.
    """
    total = step = np.eye(3)
    before: flow.Luma | None = None
    for luma in lumas:
        if before is not None:
            here = carried(region, total, before.shape[1], before.shape[0])
            way, _ = flow.between(before, luma, far=False)
            found = _fitted(way, here > 0.5)
            step = step if found is None else found
            total = step @ total
        yield total
        before = luma


def carried(region: NDArray[np.floating], motion: Affine, width: int, height: int) -> Field:
    """A region (`h w`) after a motion, at another size; nothing comes in from beyond the frame."""
    plane = np.asarray(region, np.float32)
    if plane.shape != (height, width):
        plane = scaled(plane, (width, height), "area")
    if np.array_equal(motion, np.eye(3)):
        return plane
    # Pixel centres lie half a pixel inside the frame's top left.
    into = np.array([[width, 0, -0.5], [0, width, -0.5], [0, 0, 1]])
    matrix = (into @ motion @ np.linalg.inv(into))[:2]
    size = (width, height)
    return np.asarray(cv2.warpAffine(plane, matrix, size, flags=cv2.INTER_LINEAR), np.float32)


def carried_on(step: Affine, frames: float) -> Affine:
    """A motion per frame, gone on for some frames past what was seen, losing speed."""
    gone = FADE * (1 - np.exp(-frames / FADE))
    return np.eye(3) + gone * (step - np.eye(3))


def _fitted(way: flow.Flow, region: NDArray[np.bool_]) -> Affine | None:
    height, width = region.shape
    sure = region & (way.confidence > SURE)
    if np.count_nonzero(sure) < FEWEST:
        return None
    here = places(height, width)[sure] + 0.5
    there = here + way.displacement[sure] * np.float32(width)
    matrix, kept = cv2.estimateAffine2D(here, there, ransacReprojThreshold=APART)
    if matrix is None or np.count_nonzero(kept) < FEWEST:
        return None
    result = np.eye(3)
    result[:2] = matrix
    result[:2, 2] /= width
    return result
