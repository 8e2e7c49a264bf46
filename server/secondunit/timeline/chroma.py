"""Chroma thinned and filled: sited left across and between two lines down, as MPEG-2 has it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from secondunit.timeline.layouts import PixelFormat, Plane, Samples


def taller(c: Plane, height: int) -> Plane:
    """Four times the lines that `filled` makes of thinned chroma codes: whole numbers."""
    three = c * c.dtype.type(3)
    tall = np.empty((c.shape[0] * 2, c.shape[1]), c.dtype)
    tall[0::2] = three + np.concatenate([c[:1], c[:-1]])
    tall[1::2] = three + np.concatenate([c[1:], c[-1:]])
    return tall[:height]


def apart(layout: PixelFormat, other: PixelFormat) -> PixelFormat:
    """A layout that is thinned only where the other is thinned otherwise."""
    return replace(
        layout,
        across=1 if layout.across == other.across else layout.across,
        down=1 if layout.down == other.down else layout.down,
    )


def filled(c: Samples, layout: PixelFormat, shape: tuple[int, ...]) -> Samples:
    """Chroma at full size: linear, sited left across and between lines down (MPEG-2 siting)."""
    if layout.down == 2:
        up = np.concatenate([c[:1], c[:-1]])
        down = np.concatenate([c[1:], c[-1:]])
        tall = np.empty((c.shape[0] * 2, c.shape[1]), np.float32)
        tall[0::2] = 0.75 * c + 0.25 * up
        tall[1::2] = 0.75 * c + 0.25 * down
        c = tall[: shape[0]]
    if layout.across == 2:
        right = np.concatenate([c[:, 1:], c[:, -1:]], axis=1)
        wide = np.empty((c.shape[0], c.shape[1] * 2), np.float32)
        wide[:, 0::2] = c
        wide[:, 1::2] = 0.5 * (c + right)
        c = wide[:, : shape[1]]
    return c


def thinned(c: Samples, layout: PixelFormat) -> Samples:
    """Full-size chroma thinned to a layout, with the same siting as `filled`."""
    if layout.across == 2:
        c = np.pad(c, ((0, 0), (1, 2)), mode="edge")
        left, middle, right = c[:, 0:-2:2], c[:, 1:-1:2], c[:, 2::2]
        n = min(left.shape[1], middle.shape[1], right.shape[1])
        n = min(n, (c.shape[1] - 3 + 1) // 2)
        c = 0.25 * left[:, :n] + 0.5 * middle[:, :n] + 0.25 * right[:, :n]
    if layout.down == 2:
        if c.shape[0] % 2:
            c = np.concatenate([c, c[-1:]])
        c = 0.5 * (c[0::2] + c[1::2])
    return c
