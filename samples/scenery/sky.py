"""Skies: a gradient around the sun, and cloud decks in perspective."""

from __future__ import annotations

import cv2
import numpy as np

from scenery.film import Light
from scenery.noise import Grid, cloud, sample, smoothstep
from scenery.terrain import Lens


def gradient(lens: Lens, stops: list[tuple[float, tuple[float, float, float]]]) -> Light:
    """Light by height above the horizon: stops of (share of the picture's width, colour)."""
    rows = (lens.horizon - np.arange(lens.height, dtype=np.float32)) / lens.width
    at = np.asarray([stop[0] for stop in stops], np.float32)
    column = np.stack(
        [np.interp(rows, at, np.asarray([s[1][c] for s in stops])) for c in range(3)], -1
    )
    return np.broadcast_to(column[:, None, :], (lens.height, lens.width, 3)).astype(np.float32)


def around(lens: Lens, x: float, y: float, radius: float) -> Grid:
    """A soft spot, 1 at `x` widths from the left and `y` widths above the horizon.

    It falls off over `radius` widths.
    """
    rows, columns = np.mgrid[0 : lens.height, 0 : lens.width].astype(np.float32)
    d = (
        np.hypot(columns - x * lens.width, (lens.horizon - rows - y * lens.width) * 1.25)
        / lens.width
    )
    return cv2.exp(-((d / radius) ** 1.2).astype(np.float32))


def deck(
    lens: Lens, seed: int, *, size: float, amount: float, soft: float = 0.9, drift: float = 0.0,
    stretch: float = 1.6, lean: float = 0.3,
) -> Grid:  # fmt: skip
    """Cover (0..1) of a flat cloud layer overhead, seen in perspective down to the horizon.

    `size` is the reach of one noise tile in layer heights, `amount` 0..1 of the sky.
    """
    tile = cloud(seed, (1024, 1024), slope=1.65, stretch=stretch, low=2)
    fine = cloud(seed + 1, (1024, 1024), slope=1.2, stretch=stretch, low=8)
    rows, columns = np.mgrid[0 : lens.height, 0 : lens.width].astype(np.float32)
    up = np.maximum(lens.horizon - rows, 0.5) / lens.focal + 0.02
    away = 1 / up
    side = (columns - lens.centre) / lens.focal * away + drift
    u, v = side * 1024 / size, away * 1024 / size
    turned_u, turned_v = u + lean * v, v - lean * u
    body = sample(tile, turned_u, turned_v) + 0.28 * sample(fine, turned_u * 2.3, turned_v * 2.3)
    level = float(np.quantile(tile, 1 - amount))
    blur = (away * away / lens.focal * 1024 / size / 5).clip(
        0, 1
    )  # many clouds in one row: no edges
    thin = smoothstep(0.02, 0.09, up)
    cover = smoothstep(level - soft * 0.4, level + soft, body)
    return (cover * (1 - blur) + amount * 0.5 * blur) * (0.25 + 0.75 * thin)
