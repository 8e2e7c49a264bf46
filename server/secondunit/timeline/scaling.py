"""Scaling of planes of light: bicubic, wider where it shrinks, no value cut."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from secondunit.units import Size


def scaled(plane: NDArray[np.floating], size: Size) -> NDArray[np.float32]:
    """A plane (`h w`) at another size. Catmull-Rom, its support stretched where it shrinks."""
    tall = _along(plane.astype(np.float32), size.height)
    return np.ascontiguousarray(_along(tall.T, size.width).T)


def _along(rows: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """`n m` to `count m`."""
    have = rows.shape[0]
    if have == count:
        return rows
    step = have / count
    reach = max(1.0, step)
    centre = (np.arange(count) + 0.5) * step - 0.5
    first = np.floor(centre - 2 * reach).astype(np.int64) + 1
    taps = int(np.ceil(4 * reach))
    found = np.zeros((count, rows.shape[1]), np.float32)
    places = first[:, None] + np.arange(taps)
    weights = _catmull_rom((places - centre[:, None]) / reach)
    weights /= weights.sum(1, keepdims=True)
    np.clip(places, 0, have - 1, out=places)
    for tap in range(taps):
        found += weights[:, tap, None].astype(np.float32) * rows[places[:, tap]]
    return found


def _catmull_rom(at: NDArray[np.floating]) -> NDArray[np.float64]:
    x = np.abs(at).astype(np.float64)
    inner = 1.5 * x**3 - 2.5 * x**2 + 1
    outer = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, inner, np.where(x < 2, outer, 0.0))
