"""Points followed through finished frames, to a fraction of a pixel, with what was lost left out.

Pyramidal Lucas-Kanade (Bouguet 2000) with a forward-backward check (Kalal 2010): a point counts
only while the way back leads to where it came from. Nothing here knows what was asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit.engine.conditioning import spans
from secondunit.engine.engine import RGB
from secondunit.engine.raster import scaled
from secondunit.plan.shot_plan import ShotPlan

Grey = NDArray[np.uint8]
"""`h w`: luma in 8 bits, at most `LONGEST` pixels wide or high."""
Places = NDArray[np.float32]
"""`n 2`: x, y in pixels of a Grey, pixel centres are whole numbers."""

LONGEST = 960
_WINDOW = (15, 15)
_LEVELS = 4
_RETURN = 0.5  # pixels between a point and where the way back ends
_DRIFT = 1.0  # pixels by which the first picture may correct a chain of steps
_CONTRAST = 5e-5  # least eigenvalue of the structure: below it, grain decides where a point is
_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 0.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Generated frames in the order in which they lead away from the picture they came from."""

    anchor: int
    """Frame of the shot whose pinned picture they were made from."""
    frames: tuple[int, ...]

    def __str__(self) -> str:
        return f"{min(self.frames)}-{max(self.frames) + 1}"


def runs(plan: ShotPlan) -> Iterator[Run]:
    """Every range that was made, away from its first pin, or from its last where it has no other.

    Raises EngineFailed for a range without any pin.
    """
    for made, forth, back in spans(plan):
        frames = tuple(range(made.start, made.end))
        if forth is not None:
            yield Run(anchor=forth.pin, frames=frames)
        elif back is not None:
            yield Run(anchor=back.pin, frames=frames[::-1])


def grey(rgb: RGB) -> Grey:
    """Luma of an `h w 3` picture, no larger than it needs to be to follow points."""
    luma = np.asarray(rgb, np.float32) @ np.asarray([0.2126, 0.7152, 0.0722], np.float32)
    height, width = luma.shape
    factor = LONGEST / max(height, width)
    if factor < 1:
        luma = scaled(luma, (round(width * factor), round(height * factor)), "area")
    return np.rint(np.clip(luma, 0, 1) * 255).astype(np.uint8)


def features(picture: Grey, where: NDArray[np.bool_], count: int) -> Places:
    """At most `count` points inside `where` (`h w`) that can be told from what is around them."""
    contrast = np.asarray(cv2.cornerMinEigenVal(picture, 7, ksize=3))
    able = (where & (contrast > _CONTRAST)).astype(np.uint8)
    apart = max(3.0, 0.5 * float(np.sqrt(np.count_nonzero(where) / count)))
    found = cv2.goodFeaturesToTrack(picture, count, 0.002, apart, mask=able, blockSize=7)
    if found is None or not able.any():
        return np.zeros((0, 2), np.float32)
    return np.asarray(found, np.float32).reshape(-1, 2)


class Tracker:
    """Points of one picture and where they are in the next ones; a lost point stays lost."""

    def __init__(self, picture: Grey, points: Places) -> None:
        self.start = points
        self.places = points.copy()
        self.alive = np.ones(len(points), np.bool_)
        self._first = self._last = picture
        self._step = np.zeros_like(points)

    def follow(self, picture: Grey) -> None:
        """Go on to the next picture: `places` and `alive` are then of that one."""
        live = np.flatnonzero(self.alive)
        if not len(live):
            return
        here = self.places[live]
        there, found = _moved(self._last, picture, here, here + self._step[live], _LEVELS)
        again, back = _moved(picture, self._last, there, here, _LEVELS)
        good = found & back & (np.abs(again - here).max(axis=1) < _RETURN) & _inside(there, picture)
        # The first picture has the last word, so that small errors of many steps do not add up.
        firm, sure = _moved(self._first, picture, self.start[live], there, 0)
        sure &= np.abs(firm - there).max(axis=1) < _DRIFT
        there = np.where(sure[:, None], firm, there)
        self._step[live] = there - here
        self.places[live] = there
        self.alive[live] = good
        self._last = picture


def _moved(
    one: Grey, other: Grey, points: Places, guess: Places, levels: int
) -> tuple[Places, NDArray[np.bool_]]:
    there, status, _ = cv2.calcOpticalFlowPyrLK(
        one, other, points[:, None].copy(), guess[:, None].astype(np.float32),
        winSize=_WINDOW, maxLevel=levels, criteria=_STOP, flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )  # fmt: skip
    return np.asarray(there, np.float32).reshape(-1, 2), np.asarray(status).reshape(-1) > 0


def _inside(points: Places, picture: Grey) -> NDArray[np.bool_]:
    height, width = picture.shape
    x, y = points[:, 0], points[:, 1]
    return (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)


def normalised(points: NDArray[np.floating], picture: Grey) -> NDArray[np.float64]:
    """Pixels of a Grey as places (... 2) from the frame's centre, in fractions of its width."""
    height, width = picture.shape
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    return (np.asarray(points, np.float64) - middle) / width


def pixels(places: NDArray[np.floating], picture: Grey) -> NDArray[np.float64]:
    """The opposite of `normalised`."""
    height, width = picture.shape
    return np.asarray(places, np.float64) * width + np.array([(width - 1) / 2, (height - 1) / 2])
