"""Sharpness: what blending took from the finest detail is given back, within limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from secondunit.engine.engine import RGB
from secondunit.engine.raster import Field, blurred
from secondunit.finish.noise import grey

MOST = 1.2
"""Times that the amplitude of fine detail may grow: past it, edges get rims."""
ENOUGH = 1.08
"""Below it nobody sees that anything is missing."""

_RADIUS = 0.8  # pixels: what a blur of this size takes away is fine
_PASSED = 0.6  # of the amplitude of fine detail lies in what is added
_EDGES = 0.1  # of the pixels: the busiest, which say how sharp a picture is
_OVER = 0.01  # of full scale by which an edge may go past what is around it


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharpen:
    """By how much fine detail must grow over a range."""

    shares: tuple[float, ...]
    """How far from its first frame to its last, 0..1, rising."""
    gains: tuple[float, ...]
    """1 to `MOST`, at those places."""

    @classmethod
    def measured(
        cls, own: tuple[Field, Field], made: Sequence[tuple[float, Field]]
    ) -> Sharpen | None:
        """From lumas (`h w`): the source's on both sides, and made ones with their shares.

        None where as good as nothing is missing. What stands in the picture may change on the way,
        so that a frame is held against a mean of both sides.
        """
        sides = [fine_energy(luma) for luma in own]
        shares, gains = [], []
        for share, luma in made:
            wanted = sides[0] ** (1 - share) * sides[1] ** share
            gain = (wanted / max(fine_energy(luma), 1e-12)) ** 0.5
            shares.append(share)
            gains.append(float(np.clip(gain, 1.0, MOST)))
        if max(gains) < ENOUGH:
            return None
        return cls(shares=tuple(shares), gains=tuple(gains))

    def on(self, rgb: RGB, share: float) -> RGB:
        """A made frame (`h w 3`) with its fine detail; no edge leaves the range around it."""
        gain = float(np.interp(share, self.shares, self.gains))
        if gain < ENOUGH:
            return rgb
        luma = grey(rgb)
        fine = luma - blurred(luma, _RADIUS)
        noise = _noise(fine)
        fine = fine * fine * fine / (fine * fine + np.float32(9 * noise + 1e-9))
        near = np.ones((3, 3), np.uint8)
        low = np.asarray(cv2.erode(luma, near)) - np.float32(_OVER)
        high = np.asarray(cv2.dilate(luma, near)) + np.float32(_OVER)
        sharp = np.clip(luma + np.float32((gain - 1) / _PASSED) * fine, low, high)
        return rgb + (sharp - luma)[..., None]


def fine_energy(luma: Field) -> float:
    """Energy of the finest detail of a luma (`h w`) at its edges, without its grain's."""
    fine = luma - blurred(luma, _RADIUS)
    # Where the edges are is asked of a picture without grain, or the loudest grain would be one.
    calm = blurred(luma, 2.0)
    slope = np.hypot(cv2.Sobel(calm, cv2.CV_32F, 1, 0), cv2.Sobel(calm, cv2.CV_32F, 0, 1))
    steep = slope >= np.quantile(slope, 1 - _EDGES)
    edges = float(np.mean(np.square(fine[steep])))
    return max(edges - _noise(fine), 1e-9)


def _noise(fine: Field) -> float:
    """Variance of the grain in fine detail: most of a picture is no edge."""
    return float(np.median(np.abs(fine)) / 0.6745) ** 2
