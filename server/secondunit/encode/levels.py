"""How light pictures in PQ get, which HDR10 has players told, and the display that this needs.

MaxCLL and MaxFALL: CTA-861.3, annex P. The mastering display: SMPTE ST 2086.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass

import av
import numpy as np

from secondunit.encode.light import light_of
from secondunit.engine.parallel import in_order
from secondunit.timeline.picture import Picture

_PQ = "smpte2084"
_ONE = 100
"""cd/m2 that light of 1 stands for."""
_PEAKS = (1000, 4000, 10000)
"""cd/m2 of the displays on which HDR is graded; the last is as far as PQ goes."""
_POINTS = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.3127, 0.3290))
"""x and y of the red, green, blue and white of all of them: P3, D65."""
_DARKEST = 0.0001
"""cd/m2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Of all the pictures of a file, in whole cd/m2; 0: nobody knows."""

    brightest: int = 0
    """MaxCLL: the largest component of any pixel."""
    average: int = 0
    """MaxFALL: the largest mean of any picture over the largest component of each pixel."""

    @property
    def peak(self) -> int:
        """Of the least display, in cd/m2, on which all of it can have been seen."""
        return next(peak for peak in _PEAKS if self.brightest <= peak)

    def parameters(self) -> str:
        """x265's words for them and for the display."""
        (rx, ry), (gx, gy), (bx, by), (wx, wy) = (
            (round(x * 50000), round(y * 50000)) for x, y in _POINTS
        )
        return (
            f"master-display=G({gx},{gy})B({bx},{by})R({rx},{ry})WP({wx},{wy})"
            f"L({self.peak * 10000},{round(_DARKEST * 10000)})"
            f":max-cll={self.brightest},{self.average}"
        )


def measured(pictures: Iterable[Picture]) -> Levels:
    """Of pictures in PQ. Read one at a time, and not kept."""
    brightest = average = 0.0
    for top, mean in in_order(_levels, pictures):
        brightest, average = max(brightest, top), max(average, mean)
    # Rounded up: a player may rely on nothing being lighter.
    return Levels(brightest=_whole(brightest), average=_whole(average))


def said(frame: av.VideoFrame) -> tuple[Levels | None, int | None]:
    """(levels, peak of the display in cd/m2) that a decoded frame came with; None: it does not say.

    Raises ValueError where it says less than it must.
    """
    levels = peak = None
    try:
        if (data := frame.side_data.get("CONTENT_LIGHT_LEVEL")) is not None:
            brightest, average = struct.unpack_from("=2I", bytes(data))
            levels = Levels(brightest=brightest, average=average)
        if (data := frame.side_data.get("MASTERING_DISPLAY_METADATA")) is not None:
            num, den = struct.unpack_from("=2i", bytes(data), 9 * 8)  # the last of ten fractions
            peak = round(num / den) if den else None
    except struct.error as exc:
        raise ValueError(f"what a frame says of its light is damaged: {exc}") from exc
    return levels, peak


def _levels(picture: Picture) -> tuple[float, float]:
    """(light of the brightest component, mean of each pixel's brightest), in cd/m2."""
    # The curve rises, so that the largest code value is the largest light: one channel for three.
    code = picture.rgb().max(axis=-1)
    light = light_of(code, _PQ)
    return float(light.max()) * _ONE, float(light.mean(dtype=np.float64)) * _ONE


def _whole(nits: float) -> int:
    return min(math.ceil(nits - 0.01), _PEAKS[-1])
