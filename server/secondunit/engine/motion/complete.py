"""A hole in a picture, completed with pieces of the picture's own surroundings.

Patch-based completion (Wexler et al. 2007) with PatchMatch (Barnes et al. 2009), coarse to fine.
It works small, and returns besides the small picture where each piece came from, so that the caller
can take the same pieces at full size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondunit.engine.motion.splat import spread_known
from secondunit.engine.raster import Field, grown, scaled

Region = NDArray[np.bool_]
Index = NDArray[np.int64]

REACH = 2
"""Half of a patch: patches are 5 x 5."""
ROUNDS = 4
"""Times that a level is matched and painted."""
SWEEPS = 3
"""Times that matches spread to neighbours in a round."""
BRIGHTER = 0.08
"""How much lighter or darker a piece may be made, 0..1."""
FAITH = 0.3
"""Cost of making it so, against a difference that stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """A picture without its hole."""

    picture: Field
    """`h w 3`."""
    source: Field
    """`h w 2`, pixels: where each pixel's piece lies; outside the hole each is its own."""


def complete(
    picture: Field, gone: Region, nearness: float, upright: float = 1.0
) -> Completed | None:
    """Return a picture (`h w 3`, 0..1) whose region `gone` is made of what surrounds it.

    `nearness` is the cost of fetching a patch from a whole picture's width away, in mean squared
    difference; `upright` is how many times that it costs from above or below: a horizon runs on
    across a hole, and what lies on the ground does not hang in the air. None where too little is
    left to take pieces from. The same picture gives the same bits.
    """
    draw = np.random.default_rng(0)
    levels = [(picture, gone)]
    while _depth(levels[-1][1]) > 2 and min(levels[-1][1].shape) >= 32:
        levels.append(_halved(*levels[-1]))
    state: tuple[Field, Index] | None = None
    for shown, hole in reversed(levels):
        level = _Level(shown, hole, nearness, upright)
        if not level.usable:
            return None
        state = level.refined(state, draw)
    assert state is not None
    painted, match = state
    width = gone.shape[1]
    source = np.stack([match % width, match // width], axis=-1).astype(np.float32)
    return Completed(picture=painted, source=source)


def _depth(gone: Region) -> int:
    steps, rest = 0, gone
    while rest.any() and steps < 64:
        inner = rest.copy()
        inner[1:] &= rest[:-1]
        inner[:-1] &= rest[1:]
        inner[:, 1:] &= rest[:, :-1]
        inner[:, :-1] &= rest[:, 1:]
        if np.array_equal(inner, rest):
            return 64
        rest, steps = inner, steps + 1
    return steps


def _halved(picture: Field, gone: Region) -> tuple[Field, Region]:
    height, width = gone.shape
    size = ((width + 1) // 2, (height + 1) // 2)
    weight = (~gone).astype(np.float32)
    share = scaled(weight, size, "area")
    summed = scaled(picture * weight[..., None], size, "area")
    mean = np.asarray(summed / np.maximum(share, 1e-6)[..., None], np.float32)
    return mean, share < 0.5


def _mean(patches: Field) -> Field:
    return np.asarray(np.einsum("npc->nc", patches) / patches.shape[1], np.float32)


def _weight(cost: Field) -> Field:
    return np.exp(-cost / (0.5 * float(np.median(cost)) + 1e-5)).astype(np.float32)


class _Level:
    """One size of the picture: patches that touch the hole look for patches that do not."""

    def __init__(self, picture: Field, gone: Region, nearness: float, upright: float) -> None:
        self._nearness, self._upright = nearness, upright
        self._height, self._width = gone.shape
        self._picture = picture
        self._gone = gone
        inner = np.zeros_like(gone)
        inner[REACH:-REACH, REACH:-REACH] = True
        self._allowed = inner & ~grown(gone, REACH + 1)
        self._wanted = np.flatnonzero(grown(gone, REACH + 1).ravel())
        self._rows, self._columns = np.divmod(self._wanted, self._width)
        self._sources = self._patches(picture)
        steps = np.arange(-REACH, REACH + 1)
        self._dy = np.repeat(steps, len(steps))
        self._dx = np.tile(steps, len(steps))

    @property
    def usable(self) -> bool:
        return bool(self._allowed.sum() >= 25)

    def refined(
        self, coarse: tuple[Field, Index] | None, draw: np.random.Generator
    ) -> tuple[Field, Index]:
        """Return the painted picture and, for each pixel (`h w`), the index its piece lies at."""
        match = self._first_match(coarse, draw)
        if coarse is None:
            painted = spread_known(self._picture, ~self._gone)
        else:
            size = (self._width, self._height)
            painted = np.where(self._gone[..., None], scaled(coarse[0], size), self._picture)
        for _ in range(ROUNDS):
            here = self._patches(painted)[self._wanted]
            cost = self._difference(here, match)
            for sweep in range(SWEEPS):
                match, cost = self._spread(here, match, cost, draw, 2 ** (SWEEPS - 1 - sweep))
            painted = self._painted(here, match, _weight(cost))
        where = np.arange(self._height * self._width, dtype=np.int64)
        where[self._wanted] = match
        index = where.reshape(self._height, self._width)
        own = np.arange(self._height * self._width, dtype=np.int64).reshape(index.shape)
        return painted.astype(np.float32), np.where(self._gone, index, own)

    def _first_match(self, coarse: tuple[Field, Index] | None, draw: np.random.Generator) -> Index:
        if coarse is None:
            return self._legal(np.full(len(self._wanted), -1, np.int64), draw)
        index = coarse[1]
        height, width = index.shape
        row = np.minimum(self._rows // 2, height - 1)
        column = np.minimum(self._columns // 2, width - 1)
        there = index[row, column]
        y = self._rows + 2 * (there // width - row)
        x = self._columns + 2 * (there % width - column)
        inside = (y >= 0) & (y < self._height) & (x >= 0) & (x < self._width)
        return self._legal(np.where(inside, y * self._width + x, -1), draw)

    def _legal(self, match: Index, draw: np.random.Generator) -> Index:
        # What may not be taken is replaced by a random place that may.
        flat = self._allowed.ravel()
        bad = (match < 0) | ~flat[np.maximum(match, 0)]
        choices = np.flatnonzero(flat)
        return np.where(bad, choices[draw.integers(0, len(choices), len(match))], match)

    def _patches(self, picture: Field) -> Field:
        # The patch around each pixel, (h*w patch 3); the rim goes on beyond the frame.
        wide = np.pad(picture, ((REACH, REACH), (REACH, REACH), (0, 0)), mode="edge")
        side = 2 * REACH + 1
        windows = np.lib.stride_tricks.sliding_window_view(wide, (side, side), axis=(0, 1))
        moved = windows.transpose(0, 1, 3, 4, 2)
        return moved.reshape(self._height * self._width, side * side, 3)

    def _difference(self, here: Field, match: Index) -> Field:
        row, column = np.divmod(match, self._width)
        apart = here - self._sources[match]
        mean = _mean(apart)
        bias = np.clip(mean, -BRIGHTER, BRIGHTER)
        # Mean of (apart - bias) squared, without making it.
        unlike = np.einsum("npc,npc->n", apart, apart) / apart.shape[1]
        unlike = (unlike + ((FAITH + 1) * bias**2 - 2 * bias * mean).sum(axis=1)) / 3
        far = self._upright * (row - self._rows) ** 2 + (column - self._columns) ** 2
        return (unlike + self._nearness * far / self._width**2).astype(np.float32)

    def _spread(
        self, here: Field, match: Index, cost: Field, draw: np.random.Generator, jump: int
    ) -> tuple[Index, Field]:
        where = np.full(self._height * self._width, -1, np.int64)
        where[self._wanted] = np.arange(len(match))
        for dy, dx in ((0, jump), (0, -jump), (jump, 0), (-jump, 0), (0, 0), (0, 0)):
            if dy or dx:
                row, column = self._rows + dy, self._columns + dx
                inside = (row >= 0) & (row < self._height) & (column >= 0) & (column < self._width)
                neighbour = where[np.where(inside, row * self._width + column, 0)]
                known = inside & (neighbour >= 0)
                there = match[np.maximum(neighbour, 0)]
                y, x = there // self._width - dy, there % self._width - dx
            else:
                radius = np.maximum(1, self._width // 2 ** draw.integers(1, 6, len(match)))
                known = np.ones(len(match), np.bool_)
                y = match // self._width + draw.integers(-radius, radius + 1)
                x = match % self._width + draw.integers(-radius, radius + 1)
            known &= (y >= 0) & (y < self._height) & (x >= 0) & (x < self._width)
            place = np.where(known, y * self._width + x, 0)
            known &= self._allowed.ravel()[place]
            place = np.where(known, place, match)
            new = self._difference(here, place)
            better = known & (new < cost)
            match, cost = np.where(better, place, match), np.where(better, new, cost)
        return match, cost

    def _painted(self, here: Field, match: Index, weight: Field) -> Field:
        # Each pixel of the hole is the mean of what all patches over it say, each made a little
        # lighter or darker to fit: skies and water have slopes.
        said = self._sources[match]
        said = said + np.clip(_mean(here - said)[:, None], -BRIGHTER, BRIGHTER)
        said = said * weight[:, None, None]
        y, x = self._rows[:, None] + self._dy, self._columns[:, None] + self._dx
        inside = (y >= 0) & (y < self._height) & (x >= 0) & (x < self._width)
        at = np.where(inside, y * self._width + x, 0).ravel()
        share = (np.broadcast_to(weight[:, None], y.shape) * inside).ravel()
        count = self._height * self._width
        total = np.bincount(at, share, count)
        mean = [
            np.bincount(at, (said[..., c] * inside).ravel(), count) / np.maximum(total, 1e-12)
            for c in range(3)
        ]
        vote = np.stack(mean, axis=-1).reshape(self._picture.shape).astype(np.float32)
        return np.where(self._gone[..., None], vote, self._picture)
