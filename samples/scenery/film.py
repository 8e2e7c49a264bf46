"""From light to a graded picture: bloom, shoulder, vignette, grain; then code values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scenery.noise import Grid, cloud

Light = NDArray[Any]
"""`h w 3` linear light, RGB, 1 is a white wall in the key light."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """How a place is photographed."""

    exposure: float = 1.0
    bloom: float = 0.06
    """Share of the light that the lens spreads."""
    warmth: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Gains of red, green and blue before the shoulder."""
    shadows: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Lift of the blacks: what mist and flare leave there."""
    vignette: float = 0.25
    grain: float = 0.018
    """Deviation in the mid tones, display referred."""


class Camera:
    """Develops frames of one place, always on the same stock."""

    def __init__(self, stock: Stock, width: int, height: int) -> None:
        self.stock = stock
        self._size = (height, width)
        y, x = np.mgrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j].astype(np.float32)
        fall = 1 - stock.vignette * ((x * x + y * y * 0.6) * 2).clip(0, 1)
        gain = np.asarray(stock.warmth, np.float32) * stock.exposure
        self._gain = (fall[..., None] * gain).astype(np.float32)
        self._grain = _grain()

    def develop(self, light: Light, frame: int) -> Light:
        """Display-referred RGB, `h w 3`, 0..1 (BT.709 code, before quantising)."""
        stock = self.stock
        x = np.asarray(light, np.float32)
        if stock.bloom:
            x = x + (_glow(x) - x) * np.float32(stock.bloom)
        x = x * self._gain
        # Narkowicz's fit of the ACES curve: a soft toe and a long shoulder.
        shown = x * np.float32(2.51)
        shown += np.float32(0.03)
        shown *= x
        under = x * np.float32(2.43)
        under += np.float32(0.59)
        under *= x
        under += np.float32(0.14)
        shown /= under
        shown = cv2.pow(shown.clip(0, 1), 1 / 2.2)
        lift = np.asarray(stock.shadows, np.float32)
        shown *= 1 - lift
        shown += lift
        tone = shown * np.float32(-3.2 * stock.grain)
        tone += np.float32(3.2 * stock.grain)
        tone *= shown
        tone += np.float32(0.2 * stock.grain)  # 4 s (1 - s): most in the mid tones
        tone *= self._grain_of(frame)
        shown += tone
        return shown.clip(0, 1)

    def _grain_of(self, frame: int) -> Light:
        h, w = self._size
        rng = np.random.default_rng(7000 + frame)
        top = int(rng.integers(0, self._grain.shape[0] - h + 1))
        left = int(rng.integers(0, self._grain.shape[1] - w + 1))
        cut = self._grain[top : top + h, left : left + w]
        return cut[:: int(rng.choice((-1, 1))), :: int(rng.choice((-1, 1)))]


@cache
def _grain() -> Light:
    """A sheet of grain, `1100 2048 3`: the layers share most of it. Clumps are two pixels wide."""
    size = (1100, 2048)
    shared, *layers = (cloud(900 + i, size, slope=0.35, low=300) for i in range(4))
    return np.stack([0.8 * shared + 0.45 * layer for layer in layers], -1)


def _glow(light: Light) -> Light:
    h, w = light.shape[:2]
    small = cv2.resize(light, (max(w // 4, 8), max(h // 4, 8)), interpolation=cv2.INTER_AREA)
    near = cv2.GaussianBlur(small, (0, 0), w / 640 * 1.6)
    wide = cv2.GaussianBlur(
        cv2.resize(small, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA), (0, 0), w / 640 * 3
    )
    wide = cv2.resize(wide, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_LINEAR)
    both = near * np.float32(0.45) + wide * np.asarray([0.62, 0.54, 0.5], np.float32)
    return cv2.resize(both, (w, h), interpolation=cv2.INTER_LINEAR)


def over(below: Light, above: Light, alpha: Grid) -> Light:
    """`above` laid over `below` by its cover."""
    return cv2.blendLinear(
        np.ascontiguousarray(above, np.float32), np.ascontiguousarray(below, np.float32),
        np.ascontiguousarray(alpha, np.float32), np.ascontiguousarray(1 - alpha, np.float32),
    )  # fmt: skip


def rgb(red: float, green: float, blue: float) -> Light:
    """A colour as a `3` vector of linear light."""
    return np.asarray([red, green, blue], np.float32)
