"""Grain as it can be measured: how strong at each level, of what spectrum, and does it live?

Measured where a picture is flat, between two frames that follow each other: the thing
itself stays, what a sensor or a film added does not. A strength of its own
for each level of light (Foi et al. 2008), from medians, so that a block that moves on its own
does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit.engine import flow
from secondunit.engine.engine import RGB
from secondunit.engine.raster import Field, blurred, places, scaled

LEAST = 0.6 / 255
"""Standard deviation of luma below which no eye sees that grain is missing."""
REACH = 4
"""Pixels to each side over which grain may hang together."""
LUMA = np.asarray([0.2126, 0.7152, 0.0722], np.float32)

_BLOCK, _STRIDE = 16, 8
_MOST = 6000  # blocks that are looked at
_BINS = 6  # levels
_FEWEST = 12  # flat blocks that tell of a level
_ENOUGH = 30  # flat blocks in a pair, all levels together; of a level if it has so many
_SAME = 0.35  # correlation from frame to frame: what is more alike is no grain, or a codec's
_FLATTEST = 0.2  # of the blocks of a level
_SLOPE = 1.2 / 255  # of luma a pixel: steeper, and what moves looks like grain
_INSIDE = 0.95  # of a block lies where grain is asked about
_SEARCH = 2  # pixels around the flow in which grain that moves along is looked for
_CHANCE = 0.12  # correlation that unrelated grain shows somewhere in that search


@dataclass(frozen=True, slots=True, kw_only=True)
class Grain:
    """The noise of some footage."""

    levels: NDArray[np.float64]
    """Luma, 0..1, rising."""
    variance: NDArray[np.float64]
    """`c levels`: of Y, B-Y and R-Y, in squared code values (0..1)."""
    kernels: NDArray[np.float32]
    """`c k k`: what gives white noise of variance 1 the grain's spectrum, and leaves it 1."""
    spatial: NDArray[np.float64]
    """`levels`: variance of luma inside flat blocks, grain and all that lies there."""
    still: float
    """Correlation of flat blocks from frame to frame: what in them is the thing itself, 0..1."""

    def at(self, channel: int, luma: NDArray[np.floating]) -> Field:
        """Variance of a channel at some lumas."""
        found = np.interp(luma.ravel(), self.levels, self.variance[channel])
        return found.reshape(luma.shape).astype(np.float32)

    @property
    def deviation(self) -> float:
        """Standard deviation of luma over the levels that were seen, 0..1."""
        return float(np.sqrt(np.mean(self.variance[0])))


def apart(rgb: RGB) -> Field:
    """`3 h w`: Y, B-Y, R-Y of a picture; eyes, codecs and debayering treat them differently."""
    y = rgb @ LUMA
    return np.stack([y, rgb[..., 2] - y, rgb[..., 0] - y]).astype(np.float32)


def grey(rgb: RGB) -> Field:
    """`h w` of `h w 3`."""
    return np.asarray(rgb @ LUMA, np.float32)


def together(planes: NDArray[np.floating]) -> Field:
    """The opposite of `apart`: `h w 3`."""
    y, u, v = planes
    red, blue = v + y, u + y
    green = (y - LUMA[0] * red - LUMA[2] * blue) / LUMA[1]
    return np.stack([red, green, blue], axis=-1).astype(np.float32)


def measured(pairs: Sequence[tuple[Field, Field]]) -> Grain | None:
    """The grain of footage, from pairs of frames that follow each other: planes of `apart`.

    Luma alone (`1 h w`) is enough to hold others against it. Pairs that are the same frame twice
    tell nothing. None where there is no grain that an eye would miss, and where nothing flat is
    there to measure it on.
    """
    looks = [look for pair in pairs if (look := _look_at(*pair)) is not None]
    levels = [level for level in range(_BINS) if sum(len(k.of(level)) for k in looks) >= _FEWEST]
    if not levels:
        return None
    variance = np.empty((len(looks[0].change), len(levels)))
    spatial = np.empty(len(levels))
    for column, level in enumerate(levels):
        own = np.concatenate([look.change[:, look.of(level)] for look in looks], axis=1)
        variance[:, column] = np.median(own, axis=1)
        spatial[column] = np.median(np.concatenate([k.inside[k.of(level)] for k in looks]))
    everywhere = np.concatenate([look.change[0, look.blocks.all_flat] for look in looks])
    still = float(np.mean([look.still() for look in looks]))
    if np.sqrt(np.median(everywhere)) < LEAST or still > _SAME:
        return None
    centres = (np.asarray(levels) + 0.5) / _BINS
    spectra = np.mean([look.spectra() for look in looks], axis=0)
    return Grain(
        levels=centres, variance=variance, spatial=spatial,
        kernels=np.stack([_kernel(one) for one in spectra]),
        still=still,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Grain of some frames beside a footage's."""

    energy: float
    """Variance inside flat blocks over the footage's; 1: as much."""
    alive: float
    """How much of it is new in each frame, as far as the footage's is; 0: it is frozen."""


def likeness(
    one: Field, other: Field, grain: Grain, where: NDArray[np.bool_] | None = None
) -> Likeness | None:
    """How two lumas (`h w`) that follow each other are beside a footage; None: nothing is flat.

    `where` (`h w`): only there.
    """
    look = _look_at(one[None], other[None], where)
    if look is None:
        return None
    ratios: list[float] = []
    for column, centre in enumerate(grain.levels):
        found = look.inside[look.of(int(centre * _BINS))]
        if len(found) >= _FEWEST:
            ratios.append(float(np.median(found) / max(grain.spatial[column], 1e-12)))
    if not ratios:
        return None
    moves = (1 - look.still()) / max(1 - grain.still, 0.05)
    return Likeness(energy=float(np.median(ratios)), alive=float(np.clip(moves, 0, 1)))


def energy(luma: Field, grain: Grain, where: NDArray[np.bool_] | None = None) -> float:
    """Variance inside a luma's flat blocks (`h w`) over the footage's; 1 where nothing is flat."""
    blocks = _Blocks(luma, where)
    inside = blocks.variance(luma)
    ratios: list[float] = []
    for column, centre in enumerate(grain.levels):
        found = inside[blocks.flat(int(centre * _BINS))]
        if len(found) >= _FEWEST:
            ratios.append(float(np.median(found) / max(grain.spatial[column], 1e-12)))
    return float(np.median(ratios)) if ratios else 1.0


class _Blocks:
    """Where the blocks of a picture are, how light and how flat."""

    def __init__(self, luma: Field, where: NDArray[np.bool_] | None = None) -> None:
        height, width = luma.shape
        rows = np.arange(_STRIDE, height - _BLOCK - _STRIDE + 1, _STRIDE)
        columns = np.arange(_STRIDE, width - _BLOCK - _STRIDE + 1, _STRIDE)
        y, x = (at.ravel() for at in np.meshgrid(rows, columns, indexing="ij"))
        every = max(1, len(y) // _MOST)
        self.y, self.x = y[::every], x[::every]
        calm = blurred(luma, 2.0)
        slope = np.hypot(
            cv2.Sobel(calm, cv2.CV_32F, 1, 0, scale=0.125),
            cv2.Sobel(calm, cv2.CV_32F, 0, 1, scale=0.125),
        )
        size = (_BLOCK, _BLOCK)
        # The mean over a block stands at its middle.
        light, steep = (cv2.boxFilter(plane, -1, size) for plane in (calm, slope))
        middle = self.y + _BLOCK // 2, self.x + _BLOCK // 2
        self._level = np.clip((light[middle] * _BINS).astype(int), 0, _BINS - 1)
        self._steep = steep[middle]
        if where is not None:
            inside = cv2.boxFilter(where.astype(np.float32), -1, size)[middle] > _INSIDE
            self._steep = np.where(inside, self._steep, np.inf)

    def flat(self, level: int) -> NDArray[np.intp]:
        """Numbers of the flattest blocks of a level."""
        own = np.flatnonzero((self._level == level) & (self._steep < _SLOPE))
        if not len(own):
            return own
        most = max(_ENOUGH, int(_FLATTEST * np.count_nonzero(self._level == level)))
        return own[np.argsort(self._steep[own], kind="stable")[:most]]

    @property
    def all_flat(self) -> NDArray[np.intp]:
        """Those of all levels."""
        return np.concatenate([self.flat(level) for level in range(_BINS)])

    def cut(self, plane: Field, shift: NDArray[np.intp] | None = None) -> Field:
        """`n b b`: every block, moved by whole pixels (`n 2`: x, y) where a shift is given."""
        height, width = plane.shape
        y, x = self.y, self.x
        if shift is not None:
            y = np.clip(y + shift[:, 1], 0, height - _BLOCK)
            x = np.clip(x + shift[:, 0], 0, width - _BLOCK)
        windows = np.lib.stride_tricks.sliding_window_view(plane, (_BLOCK, _BLOCK))
        return windows[y, x]

    def variance(self, plane: Field) -> Field:
        """`n`: inside each block, without its slope."""
        return np.mean(np.square(_level(self.cut(plane))), axis=(1, 2)) * _FREEDOM


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """Two frames, block by block."""

    blocks: _Blocks
    inside: Field
    """`n`: variance of luma inside."""
    change: Field
    """`c n`: half the variance of what changed, each channel."""
    changes: Field
    """`c n b b`: what changed."""
    first: Field
    """`n b b` of luma, without its slope."""
    around: Field
    """The same of the other frame, a margin wider."""

    def of(self, level: int) -> NDArray[np.intp]:
        return self.blocks.flat(level)

    def spectra(self) -> NDArray[np.float64]:
        """`c 2r+1 2r+1`: autocorrelation of what changed in flat blocks."""
        chosen = self.changes[:, self.blocks.all_flat]
        return np.stack([_autocorrelation(channel) for channel in chosen])

    def still(self) -> float:
        """How far the blocks' insides are the same in both frames, 0..1."""
        chosen = self.blocks.all_flat[:400]
        one, wide = self.first[chosen], self.around[chosen]
        size = np.sqrt(np.mean(one**2, axis=(1, 2)))
        best = np.full(len(chosen), -1.0)
        for dy in range(2 * _SEARCH + 1):
            for dx in range(2 * _SEARCH + 1):
                other = _level(wide[:, dy : dy + _BLOCK, dx : dx + _BLOCK])
                spread = np.sqrt(np.mean(other**2, axis=(1, 2)))
                alike = np.mean(one * other, axis=(1, 2)) / np.maximum(size * spread, 1e-9)
                best = np.maximum(best, alike)
        return float(np.clip((np.median(best) - _CHANCE) / (1 - _CHANCE), 0, 1))


def _look_at(one: Field, other: Field, where: NDArray[np.bool_] | None = None) -> _Look | None:
    luma = one[0]
    if min(luma.shape) < 4 * _BLOCK or np.array_equal(one, other):
        return None
    blocks = _Blocks(luma, where)
    if len(blocks.all_flat) < _ENOUGH:
        return None
    shift = _shifts(luma, other[0], blocks)
    changes = np.stack(
        [_level(blocks.cut(b, shift) - blocks.cut(a)) for a, b in zip(one, other, strict=True)]
    )
    margin = np.pad(other[0], _SEARCH, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(margin, (_BLOCK + 2 * _SEARCH,) * 2)
    y = np.clip(blocks.y + shift[:, 1], 0, windows.shape[0] - 1)
    x = np.clip(blocks.x + shift[:, 0], 0, windows.shape[1] - 1)
    return _Look(
        blocks=blocks, inside=blocks.variance(luma),
        change=np.mean(np.square(changes), axis=(2, 3)) * _FREEDOM / 2,
        changes=changes, first=_level(blocks.cut(luma)), around=windows[y, x],
    )  # fmt: skip


def _shifts(one: Field, other: Field, blocks: _Blocks) -> NDArray[np.intp]:
    """`n 2`: by how many whole pixels each block moves, x and y."""
    height, width = one.shape
    size = flow.compared_size(width, height)
    kind = "area" if size[0] < width else "cubic"
    small = [
        np.clip(np.rint(scaled(plane, size, kind) * 255), 0, 255).astype(np.uint8)
        for plane in (one, other)
    ]
    way, _ = flow.between(small[0], small[1], far=False)
    middle = (np.stack([blocks.x, blocks.y], axis=1) + _BLOCK / 2) / (width, height)
    at = np.minimum((middle * size).astype(int), np.asarray(size) - 1)
    return np.rint(way.displacement[at[:, 1], at[:, 0]] * width).astype(np.intp)


_FREEDOM = _BLOCK**2 / (_BLOCK**2 - 3)
"""Taking a slope off takes three degrees of freedom along."""


def _slopes() -> NDArray[np.float32]:
    at = places(_BLOCK, _BLOCK).reshape(-1, 2)
    basis = np.concatenate([np.ones((len(at), 1)), at], axis=1)
    return np.linalg.qr(basis)[0].astype(np.float32)


_SLOPES = _slopes()


def _level(blocks: NDArray[np.floating]) -> Field:
    """Blocks (`n b b`) without their mean and slope."""
    flat = blocks.reshape(len(blocks), -1)
    level = flat - (flat @ _SLOPES) @ _SLOPES.T
    return np.asarray(level.reshape(blocks.shape), np.float32)


def _autocorrelation(blocks: Field) -> NDArray[np.float64]:
    spectrum = np.fft.rfft2(blocks, s=(2 * _BLOCK, 2 * _BLOCK))
    whole = np.fft.irfft2(np.mean(np.abs(spectrum) ** 2, axis=0))
    lags = np.arange(-REACH, REACH + 1)
    found = whole[np.ix_(lags, lags)]
    seen = (_BLOCK - np.abs(lags)) / _BLOCK  # fewer pairs the further they are apart
    return found / np.outer(seen, seen) / max(float(whole[0, 0]), 1e-12)


def _kernel(correlation: NDArray[np.float64]) -> NDArray[np.float32]:
    """The symmetric filter whose output on white noise has an autocorrelation, energy 1."""
    taper = np.hanning(2 * REACH + 3)[1:-1]
    power = np.fft.fft2(np.fft.ifftshift(correlation * np.outer(taper, taper))).real
    kernel = np.fft.fftshift(np.fft.ifft2(np.sqrt(np.maximum(power, 0))).real)
    return (kernel / np.sqrt(np.sum(kernel**2))).astype(np.float32)
