"""A delivery lorry seen from the side, driving to the right, against the last light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from scenery.film import Light, rgb
from scenery.noise import Grid, cloud

LENGTH, HEIGHT = 8.6, 3.75  # metres, with a margin for mirrors and lamps
_FINE = 3
_WHEELS = ((1.75, 0.50), (6.75, 0.50))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutout:
    """A painted object: light already multiplied by its cover."""

    light: Light
    cover: Grid


def paint(scale: float) -> Cutout:
    """The lorry at `scale` pixels a metre; its wheels stand on the lower edge."""
    return _Body(scale).finished()


class _Body:
    """A canvas in metres, y up from the road, drawn finer than it is shown."""

    def __init__(self, scale: float) -> None:
        self.k = scale * _FINE
        self.w, self.h = round(LENGTH * self.k), round(HEIGHT * self.k)
        self.light = np.zeros((self.h, self.w, 3), np.float32)
        self.cover = np.zeros((self.h, self.w), np.float32)
        up = (self.h - np.arange(self.h, dtype=np.float32))[:, None] / self.k
        along = np.arange(self.w, dtype=np.float32)[None, :] / self.k
        self.up, self.along = np.broadcast_arrays(up, along)
        dirt = cloud(15, (256, 512), slope=1.3, low=2)
        self.dirt = cv2.resize(dirt, (self.w, self.h), interpolation=cv2.INTER_CUBIC)
        self._box()
        self._chassis()
        self._cab()
        self._lamps()
        for x, radius in _WHEELS:
            self._wheel(x, radius)

    def finished(self) -> Cutout:
        """The canvas at its shown size."""
        size = (max(self.w // _FINE, 1), max(self.h // _FINE, 1))
        return Cutout(
            light=cv2.resize(
                self.light * self.cover[..., None], size, interpolation=cv2.INTER_AREA
            ),
            cover=cv2.resize(self.cover, size, interpolation=cv2.INTER_AREA),
        )

    def _points(self, points: list[tuple[float, float]]) -> np.ndarray:
        return np.asarray(
            [[round(x * self.k), round(self.h - y * self.k)] for x, y in points], np.int32
        )

    def _fill(self, points: list[tuple[float, float]], colour: Light | np.ndarray) -> None:
        mask = np.zeros((self.h, self.w), np.float32)
        cv2.fillPoly(mask, [self._points(points)], 1.0, cv2.LINE_AA)
        self.light = self.light * (1 - mask[..., None]) + colour * mask[..., None]
        self.cover = np.maximum(self.cover, mask)

    def _stroke(self, points: list[tuple[float, float]], width: float, colour: Light) -> None:
        mask = np.zeros((self.h, self.w), np.float32)
        thick = max(1, round(width * self.k))
        cv2.polylines(mask, [self._points(points)], False, 1.0, thick, cv2.LINE_AA)
        self.light = self.light * (1 - mask[..., None]) + colour * mask[..., None]
        self.cover = np.maximum(self.cover, mask)

    def _shade(self, base: Light, low: float, high: float) -> Light:
        """A side in open shade: the sky lights its upper part, road dust dulls the lower."""
        rise = ((self.up - low) / (high - low)).clip(0, 1)
        tone = (
            0.55 + 0.45 * rise + 0.05 * self.dirt - 0.30 * np.exp(-rise * 7) * (1 + 0.4 * self.dirt)
        )
        cool = rgb(0.92, 0.98, 1.10) * rise[..., None] + rgb(1.10, 1.0, 0.86) * (
            1 - rise[..., None]
        )
        return (base * tone[..., None] * cool).astype(np.float32)

    def _box(self) -> None:
        side = self._shade(rgb(0.088, 0.086, 0.090), 0.95, 3.5)
        self._fill([(0.12, 0.98), (0.12, 3.52), (6.0, 3.52), (6.0, 0.98)], side)
        band = self._shade(rgb(0.016, 0.048, 0.062), 0.95, 3.5)
        self._fill([(0.12, 1.55), (0.12, 1.95), (6.0, 2.55), (6.0, 2.15)], band)
        self._fill(
            [(0.12, 1.42), (0.12, 1.48), (6.0, 2.08), (6.0, 2.02)],
            self._shade(rgb(0.12, 0.05, 0.022), 0.95, 3.5),
        )
        for x in np.arange(0.12, 6.05, 0.735):
            self._stroke([(x, 1.0), (x, 3.5)], 0.012, rgb(0.06, 0.06, 0.062))
        for y in (1.02, 3.46):
            self._stroke([(0.12, y), (6.0, y)], 0.07, rgb(0.085, 0.085, 0.09))
        for x in (0.15, 5.97):
            self._stroke([(x, 1.0), (x, 3.5)], 0.06, rgb(0.09, 0.09, 0.095))
        # The sun stands behind: it catches the roof and the rear edge.
        self._stroke([(0.12, 3.535), (6.0, 3.535)], 0.035, rgb(1.5, 0.62, 0.22))
        self._stroke([(0.105, 1.0), (0.105, 3.5)], 0.03, rgb(1.0, 0.40, 0.14))

    def _chassis(self) -> None:
        dark = rgb(0.012, 0.012, 0.013)
        self._fill([(0.2, 0.72), (0.2, 0.98), (7.6, 0.98), (7.6, 0.72)], dark)
        self._fill([(2.5, 0.42), (2.5, 0.9), (4.0, 0.9), (4.0, 0.42)], rgb(0.022, 0.023, 0.025))
        self._fill([(4.2, 0.45), (4.2, 0.88), (5.5, 0.88), (5.5, 0.45)], rgb(0.045, 0.046, 0.048))
        for y in (0.55, 0.75):
            self._stroke([(2.45, y), (5.6, y)], 0.06, rgb(0.075, 0.075, 0.078))
        self._stroke([(0.25, 0.45), (0.25, 0.95)], 0.05, dark)
        self._fill([(1.05, 0.2), (1.05, 0.72), (1.12, 0.72), (1.12, 0.2)], dark)

    def _cab(self) -> None:
        paintwork = self._shade(rgb(0.020, 0.060, 0.078), 0.55, 3.0)
        outline = [
            (6.12, 0.55), (6.12, 2.78), (6.25, 2.98), (7.55, 2.98), (7.72, 2.88), (8.12, 1.85),
            (8.22, 1.55), (8.25, 0.5), (7.4, 0.48), (7.35, 0.7), (7.2, 1.02), (6.95, 1.14),
            (6.6, 1.14), (6.3, 1.0), (6.2, 0.55),
        ]  # fmt: skip
        self._fill(outline, paintwork)
        # A wind deflector from the roof up to the box.
        self._fill(
            [(6.15, 2.95), (6.12, 3.42), (6.35, 3.44), (7.35, 2.98)],
            self._shade(rgb(0.018, 0.055, 0.07), 2.5, 3.4),
        )
        glass = rgb(0.030, 0.042, 0.058) + ((self.up - 1.9) * 0.10).clip(0, 1)[..., None] * rgb(
            0.9, 0.85, 0.95
        )
        self._fill([(6.62, 1.92), (6.66, 2.72), (7.42, 2.72), (7.78, 1.92)], glass)
        self._fill(
            [(7.62, 2.70), (7.70, 2.72), (8.02, 1.95), (7.92, 1.93)],
            glass * 1.8 + rgb(0.30, 0.13, 0.05),
        )
        self._stroke(
            [(6.55, 0.95), (6.52, 2.0), (6.56, 2.8), (7.5, 2.8), (7.88, 1.9), (7.9, 1.2)],
            0.018,
            rgb(0.012, 0.022, 0.026),
        )
        self._stroke([(6.68, 1.68), (6.86, 1.68)], 0.05, rgb(0.01, 0.01, 0.01))
        self._fill([(7.95, 1.95), (7.95, 2.5), (8.08, 2.5), (8.08, 1.95)], rgb(0.010, 0.010, 0.012))
        self._stroke([(6.25, 2.995), (7.55, 2.995)], 0.025, rgb(1.1, 0.56, 0.28))
        self._stroke([(6.12, 3.45), (6.35, 3.455), (6.9, 3.21)], 0.025, rgb(1.4, 0.7, 0.33))
        self._stroke([(7.56, 2.98), (7.73, 2.88), (8.13, 1.84)], 0.02, rgb(0.30, 0.22, 0.20))
        self._fill([(7.35, 0.42), (7.35, 0.62), (8.27, 0.62), (8.27, 0.42)], rgb(0.05, 0.05, 0.052))

    def _lamps(self) -> None:
        self._fill(
            [(8.12, 0.76), (8.10, 0.84), (8.13, 0.91), (8.24, 0.90), (8.25, 0.77)],
            rgb(26.0, 22.0, 15.0),
        )
        self._fill([(0.10, 0.78), (0.10, 0.95), (0.17, 0.95), (0.17, 0.78)], rgb(9.0, 0.35, 0.15))
        for x in (1.1, 2.9, 4.6, 5.85):
            self._fill(
                [(x, 0.985), (x, 1.025), (x + 0.09, 1.025), (x + 0.09, 0.985)], rgb(3.2, 1.1, 0.12)
            )
        for x in (0.2, 5.9):
            self._fill(
                [(x, 3.44), (x, 3.49), (x + 0.08, 3.49), (x + 0.08, 3.44)], rgb(2.6, 0.9, 0.1)
            )

    def _wheel(self, x: float, radius: float) -> None:
        r = np.hypot(self.along - x, self.up - radius)
        angle = np.arctan2(self.up - radius, self.along - x)
        tyre = rgb(0.013, 0.013, 0.014) * (1 + 0.5 * np.sin(angle))[..., None] + rgb(
            0.004, 0.004, 0.005
        )
        rim = rgb(0.042, 0.042, 0.045) * (0.75 + 0.35 * np.sin(angle + 0.4))[..., None]
        face = np.where((r < radius * 0.56)[..., None], rim, tyre)
        face = np.where(((r > radius * 0.30) & (r < radius * 0.44))[..., None], rim * 0.35, face)
        face = np.where((r < radius * 0.16)[..., None], rgb(0.05, 0.05, 0.052), face)
        mask = ((radius - r) * self.k + 0.5).clip(0, 1).astype(np.float32)
        self.light = (self.light * (1 - mask[..., None]) + face * mask[..., None]).astype(
            np.float32
        )
        self.cover = np.maximum(self.cover, mask)
