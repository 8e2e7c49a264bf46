"""Random textures with the statistics of nature: power falls with frequency, edges repeat."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Grid = NDArray[Any]
"""`h w` numbers, float32 where it matters for speed."""


@lru_cache(maxsize=12)
def cloud(
    seed: int, size: tuple[int, int], *, slope: float = 1.0, stretch: float = 1.0, low: float = 0.0
) -> Grid:
    """Tileable 1/f^slope noise, `h w`, mean 0 and deviation 1.

    `stretch` above 1 lengthens the shapes sideways; `low` (cycles per tile) flattens the
    spectrum below it, so that no single blob rules the tile.
    """
    radius = _radius(size, stretch)
    spectrum = np.maximum(radius, max(low, 0.5)) ** -slope
    spectrum[0, 0] = 0
    field = _synthesised(seed, size, spectrum)
    field.flags.writeable = False  # shared by every caller
    return field


def ridged(seed: int, size: tuple[int, int], *, octaves: int = 7, first: int = 3) -> Grid:
    """Tileable ridged noise, `h w`, 0..1: sharp crests, broad valleys (Musgrave's multifractal)."""
    h, w = size
    total = np.zeros(size, np.float32)
    weight = np.ones(size, np.float32)
    gain = 1.0
    for octave in range(octaves):
        rate = first * 2**octave
        if rate * 4 > min(h, w):
            break
        band = _band(seed + octave, size, rate)
        crest = (1 - np.abs(band)).clip(0, 1) ** 2
        total += gain * weight * crest
        weight = (crest * 1.6).clip(0, 1)
        gain *= 0.46
    total -= total.min()
    return total / total.max()


def _band(seed: int, size: tuple[int, int], rate: int) -> Grid:
    spectrum = np.exp(-0.5 * ((_radius(size, 1.0) - rate) / (rate * 0.35)) ** 2)
    return _synthesised(seed, size, spectrum) / np.float32(1.8)


def _radius(size: tuple[int, int], stretch: float) -> Grid:
    h, w = size
    y = (np.fft.fftfreq(h) * h).astype(np.float32)[:, None]
    x = (np.fft.rfftfreq(w) * w * stretch).astype(np.float32)[None, :]
    return np.sqrt(y * y + x * x)


def _synthesised(seed: int, size: tuple[int, int], spectrum: Grid) -> Grid:
    """Random phases and amplitudes under a spectrum, as a field of deviation 1."""
    rng = np.random.default_rng(seed)
    waves = rng.standard_normal((*spectrum.shape, 2), dtype=np.float32).view(np.complex64)[..., 0]
    field = np.fft.irfft2(waves * spectrum, s=size).astype(np.float32)
    return field / field.std()


def cones(seed: int, side: int, count: int, radius: float) -> Grid:
    """Tileable field of cones, `side side`, 0..1: the crowns of a forest seen from outside."""
    rng = np.random.default_rng(seed)
    spots = rng.integers(0, side, (count, 2))
    tall = rng.uniform(0.45, 1.0, count).astype(np.float32)
    field = np.zeros((side * 3, side * 3), np.float32)
    y, x = np.mgrid[-int(radius) : int(radius) + 1, -int(radius) : int(radius) + 1]
    crown = (1 - np.hypot(x, y) / radius).clip(0, None).astype(np.float32)
    r = int(radius)
    for (cy, cx), height in zip(spots, tall, strict=True):
        for ty in (-side, 0, side):
            for tx in (-side, 0, side):
                py, px = cy + ty + side, cx + tx + side
                if side - r <= py < 2 * side + r and side - r <= px < 2 * side + r:
                    patch = field[py - r : py + r + 1, px - r : px + r + 1]
                    np.maximum(patch, crown * height, out=patch)
    return np.ascontiguousarray(field[side : 2 * side, side : 2 * side])


def sample(tile: Grid, x: Grid, y: Grid) -> Grid:
    """The tile at fractional coordinates, repeated without end; shape of `x`."""
    h, w = tile.shape[:2]
    padded = cv2.copyMakeBorder(tile, 0, 1, 0, 1, cv2.BORDER_WRAP)
    x, y = x - w * np.floor(x * np.float32(1 / w)), y - h * np.floor(y * np.float32(1 / h))
    return cv2.remap(padded, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)


def smoothstep(low: float, high: float, value: Grid) -> Grid:
    """0 below `low`, 1 above `high`, smooth between (either order)."""
    t = ((value - low) / (high - low)).clip(0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)
