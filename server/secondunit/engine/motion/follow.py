"""What a region of moving footage holds, followed from picture to picture as one similarity."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit.engine import flow
from secondunit.engine.raster import Field, depth_inside, scaled

POINTS, FEWEST = 400, 8
"""Points that are followed at most, and that must agree at least."""
RENEWED = 24
"""Frames after which fresh points are taken."""

Motion = NDArray[np.float64]
"""`3 3`: places from the frame's centre, in fractions of width, to places."""


class Follower:
    """Follows what a mask holds from picture to picture, as one similarity."""

    def __init__(self, first: flow.Luma, mask: Field, *, along: bool = False) -> None:
        """`first` is a picture from `flow.grey`, `mask` (`h w`, any size) the region in it.

        `along`: the region goes with what it holds; else it is a window that stays in its place.
        """
        self._along = along
        height, width = first.shape
        inner = scaled(mask, (width, height), "area") > 0.5
        deep = depth_inside(inner)
        self._where = (deep > min(4.0, 0.3 * float(deep.max()))).astype(np.uint8)
        self._base = np.eye(3)
        self._begin(first)

    def _begin(self, picture: flow.Luma) -> None:
        apart = max(3.0, 0.5 * math.sqrt(float(self._where.sum()) / POINTS))
        found = cv2.goodFeaturesToTrack(picture, POINTS, 0.005, apart, mask=self._where)
        self._key = self._last = picture
        self._start = np.zeros((0, 2), np.float32)
        if found is not None:
            self._start = np.asarray(found, np.float32).reshape(-1, 2)
        self._now, self._age = self._start.copy(), 0

    def follow(self, picture: flow.Luma) -> Motion | None:
        """The motion from the first picture to the next one; None where it is lost."""
        here, back = self._step(self._last, picture, self._now, self._now, 3)
        again, _ = self._step(picture, self._last, here, self._now, 3)
        good = back & (np.abs(again - self._now).max(axis=1) < 0.7)
        # The key picture has the last word, so that small errors of many steps do not add up.
        firm, sure = self._step(self._key, picture, self._start, here, 1)
        sure &= np.abs(firm - here).max(axis=1) < 1.5
        here = np.where(sure[:, None], firm, here)
        self._start, self._now, self._last = self._start[good], here[good], picture
        matrix = kept = None
        if len(self._now) >= FEWEST:
            matrix, kept = cv2.estimateAffinePartial2D(
                self._start, self._now, ransacReprojThreshold=1.0
            )
        if matrix is None or int(np.asarray(kept).sum()) < FEWEST:
            return None
        height, width = picture.shape
        lens = np.array([[width, 0, (width - 1) / 2], [0, width, (height - 1) / 2], [0, 0, 1.0]])
        whole = np.vstack([np.asarray(matrix, np.float64), [0, 0, 1]])
        motion = np.linalg.inv(lens) @ whole @ lens @ self._base
        self._age += 1
        if self._age >= RENEWED or len(self._now) < 3 * FEWEST:
            if self._along:
                matrix = (lens @ motion @ np.linalg.inv(self._base) @ np.linalg.inv(lens))[:2]
                self._where = np.asarray(cv2.warpAffine(self._where, matrix, (width, height)))
            self._base = motion
            self._begin(picture)
        return motion

    def _step(
        self, one: flow.Luma, other: flow.Luma, points: Field, guess: Field, levels: int
    ) -> tuple[Field, NDArray[np.bool_]]:
        if not len(points):
            return points, np.zeros(0, np.bool_)
        there, status, _ = cv2.calcOpticalFlowPyrLK(
            one, other, points[:, None].copy(), guess[:, None].copy(), winSize=(21, 21),
            maxLevel=levels, flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
        )  # fmt: skip
        return np.asarray(there, np.float32).reshape(-1, 2), np.asarray(status).reshape(-1) > 0
