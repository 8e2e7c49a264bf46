"""Hills and mountains: a height map seen from a standpoint, with sun, shadow, snow and haze."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from scenery.noise import Grid, sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """A level pinhole camera. Pixels; the picture's own origin is top left."""

    width: int
    height: int
    focal: float
    """Pixels."""
    horizon: float
    """Row of the horizon."""
    centre: float
    """Column that looks straight ahead."""

    def scaled(self, factor: float) -> Lens:
        """The same view on a grid `factor` times as fine."""
        return Lens(
            width=round(self.width * factor), height=round(self.height * factor),
            focal=self.focal * factor, horizon=self.horizon * factor, centre=self.centre * factor,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Land:
    """A tileable height map with its own light. Metres."""

    heights: Grid
    light: Grid
    """Sun that arrives, 0..1: slope and cast shadow together."""
    upward: Grid
    """Vertical part of the surface normal, 0..1: 1 is flat ground."""
    cell: float
    """Metres per map cell."""


def land(heights: Grid, *, cell: float, sun: tuple[float, float, float]) -> Land:
    """Light a height map: `sun` points at the sun (x right, y up, z away from the camera)."""
    sx, sy, sz = np.asarray(sun, np.float64) / np.linalg.norm(sun)
    dx = (np.roll(heights, -1, 1) - np.roll(heights, 1, 1)) / (2 * cell)
    dz = (np.roll(heights, -1, 0) - np.roll(heights, 1, 0)) / (2 * cell)
    upward = 1 / np.sqrt(1 + dx * dx + dz * dz)
    facing = ((sy - sx * dx - sz * dz) * upward).clip(0, 1)
    level = np.hypot(sx, sz)
    shadow = np.zeros_like(heights)
    reach = 1.5
    for _ in range(26):  # steps grow, so that far peaks still throw their shadow
        step = (reach * sx / level, reach * sz / level)
        move = np.asarray([[1, 0, -step[0]], [0, 1, -step[1]]], np.float32)
        there = cv2.warpAffine(
            heights, move, heights.shape[::-1], borderMode=cv2.BORDER_WRAP,
            flags=cv2.INTER_LINEAR,
        )  # fmt: skip
        over = there - heights - reach * cell * (sy / level)
        np.maximum(shadow, (over / (reach * cell * 0.06)).clip(0, 1), out=shadow)
        reach *= 1.22
    return Land(heights=heights, light=(facing * (1 - shadow)).astype(np.float32),
                upward=upward.astype(np.float32), cell=cell)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What each pixel of a view meets, each `h w`."""

    x: Grid
    """Metres to the right."""
    z: Grid
    """Metres away; 0 where there is only sky."""
    cover: Grid
    """1 land, 0 sky, soft at the crest."""


def look(lens: Lens, height_at, depths: Grid, *, eye: float, x: float = 0.0) -> Seen:
    """Cast every column of a view over a height function `height_at(x, z)` (grids, metres).

    Slices are met front to back; a row belongs to the first slice that reaches up to it.
    """
    columns = (np.arange(lens.width, dtype=np.float32) + 0.5 - lens.centre) / lens.focal
    far = depths[:, None]
    ground_x = x + far * columns[None, :]
    ground = height_at(ground_x, np.broadcast_to(far, ground_x.shape).astype(np.float32))
    rise = lens.focal * (ground - eye) / far  # rows above the horizon
    top = np.maximum.accumulate(rise, axis=0)
    rows = lens.horizon - (np.arange(lens.height, dtype=np.float32) + 0.5)
    count, width = top.shape
    span = float(2 * (lens.height + lens.horizon))
    shelf = np.arange(width, dtype=np.float64)[:, None] * span
    inside = np.clip(top.T, -span / 2 + 1, span / 2 - 1)
    met = np.searchsorted((inside + shelf).ravel(), (rows[::-1][None, :] + shelf).ravel())
    met = met.reshape(width, lens.height)[:, ::-1].T - (np.arange(width) * count)[None, :]
    hit = (met < count) & (rows[:, None] > top[0][None, :])
    index = met.clip(1, count - 1)
    below = np.take_along_axis(top, index - 1, 0)
    above = np.take_along_axis(top, index, 0)
    before = np.take_along_axis(rise, index - 1, 0)
    share = (rows[:, None] - below) / np.maximum(above - below, 1e-6)
    share = np.where(before >= below - 1e-3, share, 1).clip(0, 1)
    z = np.where(hit, depths[index - 1] * (1 - share) + depths[index] * share, 0)
    crest = (top[-1][None, :] - rows[:, None] + 0.5).clip(0, 1)
    seen_x = x + z * columns[None, :]
    near = rows[:, None] <= top[0][None, :]
    cover = np.where(near, 0, crest)
    return Seen(x=seen_x.astype(np.float32), z=z.astype(np.float32), cover=cover.astype(np.float32))


def spaced(near: float, far: float, count: int) -> Grid:
    """Depths from near to far, each a constant ratio past the one before."""
    return np.geomspace(near, far, count).astype(np.float32)


def on_map(tile: Grid, x: Grid, z: Grid, cell: float) -> Grid:
    """A map's values at world places."""
    return sample(tile, x / cell, z / cell)
