"""Grade: a change of exposure and white balance, found between two pictures of one thing.

A gain and an offset for each channel, in linear light: what a lens, an iris, a filter or a lamp
does. Nine numbers would fit better and mean less: where a picture has few colours, they turn
those it lacks into anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondunit.engine.light import coded, linear
from secondunit.engine.raster import Field

FEWEST = 300
"""Places that must show the same thing before a grade is believed."""
MOST = 6000
"""Places that are looked at: more say the same again."""
_GAIN, _OFFSET = (0.4, 2.5), 0.1  # more is no change of light
_CALM = 1e-3  # weight of "nothing changed" beside the evidence
_FLOOR = 0.05  # light below which errors are not relative any more
_TURNS = 8  # of reweighting
_TUKEY = 4.685  # times the spread: 95 % as good as least squares where nothing lies
_AGREED = 0.15  # median error of light: with more, the pictures do not show the same thing
_BETTER = 0.9  # of the error without a grade must be the most that is left with it
_ENDS = (0.02, 0.97)  # code values outside are clipped, and tell nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """Light times a gain plus an offset, for R, G and B."""

    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def on(self, rgb: NDArray[np.floating], curve: str) -> Field:
        """The picture (`... 3`, code values 0..1 on a plan's `curve`) under this grade."""
        if self == NEUTRAL:
            return np.asarray(rgb, np.float32)
        return coded(self.on_light(linear(rgb, curve)), curve)

    def on_light(self, light: NDArray[np.floating]) -> Field:
        """The same of light."""
        return light * np.asarray(self.gain, np.float32) + np.asarray(self.offset, np.float32)

    def part(self, share: float) -> Grade:
        """So much of the grade that `part(a)` and then `part(1 - a)` are the whole of it."""
        parts = [_part(g, o, share) for g, o in zip(self.gain, self.offset, strict=True)]
        return _grade(parts)

    def then(self, other: Grade) -> Grade:
        """This one, and `other` on top of it."""
        return _grade(
            [
                (g * h, o * h + p)
                for g, o, h, p in zip(self.gain, self.offset, other.gain, other.offset, strict=True)
            ]
        )


NEUTRAL = Grade()


def _part(gain: float, offset: float, share: float) -> tuple[float, float]:
    power = gain**share
    if abs(gain - 1) < 1e-6:
        return power, offset * share
    return power, offset * (power - 1) / (gain - 1)


def _grade(parts: list[tuple[float, float]]) -> Grade:
    (gr, orr), (gg, og), (gb, ob) = parts
    return Grade(gain=(gr, gg, gb), offset=(orr, og, ob))


def fitted(
    here: NDArray[np.floating],
    there: NDArray[np.floating],
    weight: NDArray[np.floating],
    curve: str,
) -> Grade | None:
    """The grade that turns the colours `here` (n 3, code values) into those `there` (n 3).

    Least squares of relative errors, reweighted so that places that do not show the same thing
    fall out (Tukey's biweight); neutral where that explains as much. `weight`: n, 0..1. None where
    too few places tell, or they do not agree.
    """
    ends = np.concatenate([here, there], axis=1)
    sure = weight * ((ends.min(axis=1) > _ENDS[0]) & (ends.max(axis=1) < _ENDS[1]))
    kept = np.flatnonzero(sure > 0.05)
    if len(kept) < FEWEST:
        return None
    if len(kept) > MOST:  # at random, or a stride might meet the same columns again and again
        kept = np.random.default_rng(0).choice(kept, MOST, replace=False)
    x, y = linear(here[kept], curve), linear(there[kept], curve)
    parts = [_line(x[:, c], y[:, c], sure[kept].astype(np.float64)) for c in range(3)]
    grade = _grade(parts)
    relative = 1 / (y + _FLOOR)
    left = float(np.median(np.abs(grade.on_light(x) - y) * relative))
    as_it_is = float(np.median(np.abs(x - y) * relative))
    if min(left, as_it_is) > _AGREED:
        return None
    # A grade that explains no more than none does comes from the few places that changed.
    return grade if left < _BETTER * as_it_is else NEUTRAL


def _line(
    x: NDArray[np.floating], y: NDArray[np.floating], sure: NDArray[np.float64]
) -> tuple[float, float]:
    x, y = x.astype(np.float64), y.astype(np.float64)
    relative = 1 / (x + _FLOOR)
    # The median ratio comes first: a third of the places may show something else.
    gain, offset = float(np.clip(np.median(y / np.maximum(x, 1e-4)), *_GAIN)), 0.0
    for _ in range(_TURNS):
        error = (y - gain * x - offset) * relative
        spread = max(1.4826 * float(np.median(np.abs(error))), 1e-4)
        tukey = np.clip(1 - (error / (_TUKEY * spread)) ** 2, 0, 1) ** 2
        w = sure * tukey * relative**2
        total = float(w.sum())
        if total <= 0:
            break
        calm = _CALM * total
        matrix = np.array(
            [[(w * x * x).sum() + calm * 0.1, (w * x).sum()], [(w * x).sum(), total + calm * 10]]
        )
        right = np.array([(w * x * y).sum() + calm * 0.1, (w * y).sum()])
        gain, offset = (float(v) for v in np.linalg.solve(matrix, right))
        gain, offset = float(np.clip(gain, *_GAIN)), float(np.clip(offset, -_OFFSET, _OFFSET))
    return gain, offset
