"""Drift: the change of colour that a model's encoder and decoder bring in, measured and undone.

What was to be kept shows it: the pictures that went in are the ones that should have come out. An
affine map of colours is fitted to the difference and its inverse direction applied to the whole
pass, so that passes that follow each other do not each add a little red.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondunit.engine.raster import Field

FEWEST = 300
"""Kept pixels without which nothing is measured."""
MOST = 20000
"""Pixels that are looked at."""
_CALM = 1e-4
"""Weight of "nothing changed" beside a pixel's evidence."""
FARTHEST = 0.35
"""Most that a colour's map may be off from no change (largest entry): drift is a few per cent, and
what is further off is no drift but a picture that did not come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Decoded colours to true ones: `colours @ matrix + offset`; None: left as they are."""

    matrix: NDArray[np.float64] | None
    """`4 3`: the last row is the offset."""
    before: float
    """Mean error of what was to be kept, 0..1; NaN where nothing was."""
    after: float
    """The same once the drift is undone."""

    def undone(self, rgb: NDArray[np.floating]) -> Field:
        """A decoded picture (`... 3`, 0..1) with its colours put right."""
        if self.matrix is None:
            return np.asarray(rgb, np.float32)
        return np.clip(rgb @ self.matrix[:3] + self.matrix[3], 0, 1).astype(np.float32)


def measured(
    decoded: NDArray[np.floating], true: NDArray[np.floating], kept: NDArray[np.bool_]
) -> Drift:
    """The drift of a pass: pictures `f h w 3`, and which pixels were to be kept, `f h w`."""
    places = np.flatnonzero(kept)
    if len(places) < FEWEST:
        return Drift(matrix=None, before=float("nan"), after=float("nan"))
    if len(places) > MOST:
        places = np.random.default_rng(0).choice(places, MOST, replace=False)
    x = decoded.reshape(-1, 3)[places].astype(np.float64)
    y = true.reshape(-1, 3)[places].astype(np.float64)
    before = float(np.abs(x - y).mean())
    told = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    calm = _CALM * len(x)
    none = np.eye(4, 3)
    matrix = np.linalg.solve(told.T @ told + calm * np.eye(4), told.T @ y + calm * none)
    after = float(np.abs(np.clip(told @ matrix, 0, 1) - y).mean())
    if np.abs(matrix - none).max() > FARTHEST or after >= before:
        return Drift(matrix=None, before=before, after=before)
    return Drift(matrix=matrix.astype(np.float64), before=before, after=after)
