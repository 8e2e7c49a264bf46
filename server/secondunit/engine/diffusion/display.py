"""What a model is shown: pictures as a screen for SDR would show them, and the way back.

Models have learnt display-referred pictures, 0..1. Numbers of log, PQ, HLG and light go through one
curve a channel that has an exact inverse, so that what goes in comes out; nothing is clipped that
the working numbers hold, and no colours are turned (the primaries stay, as everywhere in the shot).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from secondunit.catalog.colour_spaces import COLOUR_SPACES
from secondunit.engine.light import linear
from secondunit.engine.raster import Field
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.colour import converted

_KNOTS = 4096
"""Codes at which a curve is known; between them it is straight."""
_GREY, _SHOWN_GREY = 0.18, 0.41
"""Light of a grey card, and what SDR shows of it (BT.709's camera curve)."""
_WHITE = 0.75
"""What a white surface is shown as where there is more light above it."""
_LIGHT = "acescct"
"""Row whose curve light has in an engine."""


class Display:
    """A curve each way; `plain` where the shot's own numbers are display-referred already."""

    def __init__(self, codes: NDArray[np.float64], shown: NDArray[np.float64]) -> None:
        """`codes` and what is shown of them, both rising strictly from 0 to 1; empty: the same."""
        self._codes, self._shown = codes, shown

    @property
    def plain(self) -> bool:
        """Whether nothing is changed."""
        return not len(self._codes)

    def shown(self, rgb: NDArray[np.floating]) -> Field:
        """What a model is shown of pictures (any shape) in the shot's own numbers."""
        return self._through(rgb, self._codes, self._shown)

    def back(self, rgb: NDArray[np.floating]) -> Field:
        """The shot's own numbers of what a model made."""
        return self._through(rgb, self._shown, self._codes)

    def _through(
        self, rgb: NDArray[np.floating], x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> Field:
        if self.plain:
            return np.asarray(rgb, np.float32)
        return np.interp(rgb, x, y).astype(np.float32)


def display_of(plan: ShotPlan) -> Display:
    """The curve of a shot. Raises MediaUnreadable where OpenColorIO has no way to its light."""
    return _display(plan.working, plan.colour.transfer)


@lru_cache(maxsize=16)
def _display(working: str, transfer: str) -> Display:
    row = COLOUR_SPACES.get(_LIGHT if working == "ACEScct curve" else working)
    codes = np.linspace(0, 1, _KNOTS)
    if row is not None and row.video:
        return Display(np.empty(0), np.empty(0))
    if transfer in ("smpte2084", "arib-std-b67") and (row is None or row.tags):
        light = linear(codes, transfer).astype(np.float64)
        if transfer == "arib-std-b67":
            light /= float(linear(np.array([0.75]), transfer)[0])  # of its white, BT.2408
    elif row is not None:
        greys = np.repeat(codes[:, None], 3, axis=1).astype(np.float32)[None]
        light = converted(greys, row.ocio, "ACES2065-1")[0, :, 1].astype(np.float64)
    else:
        return Display(np.empty(0), np.empty(0))
    return Display(codes, _rising(_tone(np.maximum(light, 0))))


def _tone(light: NDArray[np.float64]) -> NDArray[np.float64]:
    # Up to white a power of light that puts the grey card where SDR has it, above it the
    # logarithm, up to the most that the numbers hold.
    power = np.log(_SHOWN_GREY / _WHITE) / np.log(_GREY)
    top = max(float(light.max()), 1.0 + 1e-6)
    above = _WHITE + (1 - _WHITE) * np.log(np.maximum(light, 1)) / np.log(top)
    return np.where(light <= 1, _WHITE * light**power, above)


def _rising(shown: NDArray[np.float64]) -> NDArray[np.float64]:
    # Codes below black and above the top are light of one and the same kind; a little slope keeps
    # them apart, and the way back exact.
    slope = 1e-3 * np.linspace(0, 1, len(shown))
    whole = np.maximum.accumulate(shown) + slope
    return (whole - whole[0]) / (whole[-1] - whole[0])
