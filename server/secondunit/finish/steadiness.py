"""Controls X, F and L: no jump at a seam, no flicker in what stands, no jolt in a loop."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondunit.finish.thresholds import FLICKER_OF_SOURCE, LIMITS
from secondunit.plan.shot_plan import ShotPlan
from secondunit.units import Operation

_ROWS, _COLUMNS = 6, 10  # tiles
_ALIKE = 0.995  # correlation of two tiles that show the same thing, whatever their brightness
_SOME = 0.02  # of all tiles must stand still before their flicker says anything
_EVEN = 4  # steps of the source that tell whether it holds frames itself
_FLAT = 0.01  # standard deviation of luma below which a tile shows nothing that could move

Luma = NDArray[np.floating]
"""`h w`, 0..1."""


class Steadiness:
    """Keeps of every frame what a comparison over time needs: a small luma, and its detail."""

    def __init__(self, plan: ShotPlan) -> None:
        self._animated = plan.from_one_picture
        self._pinned = {pin.frame for pin in plan.pins}
        self._goes_on = plan.operation in (Operation.BRIDGE, Operation.EXTEND)
        self._mixed = plan.operation is Operation.TRANSITION
        self._period = plan.frames if plan.operation is Operation.LOOP else 0
        whole = range(plan.file_range.start, plan.file_range.end - 1)
        self._seams = [f for f in whole if (f in self._pinned) != (f + 1 in self._pinned)]
        self._beside = {f for seam in self._seams for f in (seam, seam + 1)}
        self._small: dict[int, Luma] = {}
        self._under: dict[int, Luma] = {}
        self._detail: dict[int, float] = {}

    def add(
        self, frame: int, rgb: NDArray[np.floating], under: NDArray[np.floating] | None = None
    ) -> None:
        """Account for a frame of the shot, `h w 3`, and for the footage's own under it."""
        weights = np.asarray([0.2126, 0.7152, 0.0722], np.float32)
        luma = rgb @ weights
        if under is not None:
            self._under[frame] = _averaged(under @ weights)
        self._small[frame] = _averaged(luma)
        if frame in self._beside:
            self._detail[frame] = _gradient_energy(luma)

    def seam(self) -> dict[str, Any] | None:
        """X: the largest luma step at a seam over the median step of the source beside it.

        `detail_ratio` tells of lost or added sharpness and grain: gradient energy of the made
        frame at a seam over the source frame's, the one furthest from 1. `held_ratio` is the
        smallest such step, where the source goes on from frame to frame: a picture that stands for
        a frame at a cut is a jolt as well. None for a still, and where the source beside the seams
        does not move.
        """
        small, limits = self._small, LIMITS["X"]
        seams = [a for a in self._seams if a in small and a + 1 in small]
        beside = {a: steps for a in seams if any(steps := self._beside_of(a))}
        usual = {a: statistics.median(filter(None, steps)) for a, steps in beside.items()}
        ratios = {a: self._jump(a) / usual[a] for a in beside}
        if self._animated or not ratios:
            return None
        worst = max(ratios.values())
        detail = [self._detail_ratio(a) for a in seams]
        measured = {
            "seam_ratio": round(worst, 3),
            "detail_ratio": round(max(detail, key=lambda r: abs(math.log(max(r, 1e-6)))), 3),
        }
        # Footage of another rate holds frames itself, and what is to be frozen holds on purpose.
        least, held = limits["held_ratio"], None
        if self._goes_on:
            even = [
                ratios[a]
                for a, steps in beside.items()
                if len(steps) >= _EVEN and least.holds(min(steps) / usual[a])
            ]
            held = min(even, default=None)
        if held is not None:
            measured["held_ratio"] = round(held, 3)
        return {
            "asked": {"seam_ratio": limits["seam_ratio"].asked},
            "measured": measured,
            "pass": limits["seam_ratio"].holds(worst) and (held is None or least.holds(held)),
        }

    def _step(self, frame: int) -> float:
        return float(np.abs(self._small[frame + 1] - self._small[frame]).mean())

    def _jump(self, seam: int) -> float:
        """The step across a seam, without light that changes as it does in the made frames."""
        step = self._step(seam)
        first, second = (seam - 1, seam) if seam + 1 in self._pinned else (seam + 1, seam + 2)
        if not self._goes_on or {first, second} & self._pinned or second not in self._small:
            return step
        if first not in self._small:
            return step
        lighter = float(self._small[second].mean() / max(float(self._small[first].mean()), 1e-6))
        lit = np.abs(self._small[seam + 1] - np.float32(lighter) * self._small[seam])
        return min(step, float(lit.mean()))

    def _beside_of(self, seam: int) -> list[float]:
        """Steps of the source on the seam's own side: the two clips of a cut go their own pace."""
        way = -1 if seam in self._pinned else 1
        at, found = (seam - 1, []) if way < 0 else (seam + 1, [])
        while {at, at + 1} <= self._pinned and {at, at + 1} <= self._small.keys():
            found.append(self._step(at))
            at += way
        return found

    def round(self) -> dict[str, Any] | None:
        """L: the luma step from a loop's last shown frame to its first over the median inside.

        None for what is no loop, and for one in which nothing moves.
        """
        if not self._period or not {0, self._period - 1} <= self._small.keys():
            return None
        limit = LIMITS["L"]["step_ratio"]
        median = statistics.median(self._step(f) for f in range(self._period - 1))
        join = float(np.abs(self._small[0] - self._small[self._period - 1]).mean())
        measurable = median > 0
        ratio = join / median if measurable else None
        return {
            "asked": {"step_ratio": limit.asked},
            "measured": {
                "step_ratio": None if ratio is None else round(ratio, 3), "frames": self._period
            },
            "pass": limit.holds(ratio),
        }  # fmt: skip

    def _detail_ratio(self, seam: int) -> float:
        made, own = (seam, seam + 1) if seam + 1 in self._pinned else (seam + 1, seam)
        return self._detail[made] / max(self._detail[own], 1e-12)

    def flicker(self) -> dict[str, Any] | None:
        """F: RMS second difference of mean luma over tiles that show the same thing throughout.

        The source's own flicker in its pinned frames sets the measure where it has some. None
        where next to nothing in the made frames stands still: flicker has no meaning there; nor
        has it in a transition, whose light goes from one clip's to the other's.
        """
        if self._mixed:
            return None
        made: list[float] = []
        own: list[float] = []
        tiles = 0
        for frame in sorted(self._small):
            bend, static = _bend(self._small, frame)
            if static is None:
                continue
            if frame not in self._pinned:
                made.extend(bend)
                tiles += static.size
            elif {frame - 1, frame + 1} <= self._pinned:
                own.extend(bend)
            own.extend(_bend(self._under, frame)[0])
        if len(made) <= _SOME * tiles:
            return None
        found, source = _rms(made), _rms(own) if own else 0.0
        allowed = max(LIMITS["F"]["flicker"].high or 0.0, FLICKER_OF_SOURCE * source)
        return {
            "asked": {"flicker": round(allowed, 5)},
            "measured": {
                "flicker": round(found, 5), "source": round(source, 5),
                "static": round(len(made) / tiles, 3),
            },
            "pass": found <= allowed,
        }  # fmt: skip


def _bend(lumas: Mapping[int, Luma], frame: int) -> tuple[Luma, NDArray[np.bool_] | None]:
    """Second difference of the tiles that stand still around a frame, and which do.

    None where one of the three frames is missing.
    """
    around = [lumas.get(f) for f in (frame - 1, frame, frame + 1)]
    three = [_tiles(luma) for luma in around if luma is not None]
    if len(three) < 3:
        return np.zeros(0), None
    static = _alike(three[0], three[1]) & _alike(three[1], three[2])
    means = [t.mean(axis=-1) for t in three]
    return (means[0] - 2 * means[1] + means[2])[static], static


def _averaged(luma: Luma) -> Luma:
    """Luma averaged over blocks to about 90 rows, so that grain does not count as motion."""
    block = max(1, min(luma.shape) // 90)
    h, w = luma.shape[0] // block * block, luma.shape[1] // block * block
    return luma[:h, :w].reshape(h // block, block, w // block, block).mean(axis=(1, 3))


def _gradient_energy(luma: Luma) -> float:
    return float(np.mean(np.diff(luma, axis=0) ** 2) + np.mean(np.diff(luma, axis=1) ** 2))


def _tiles(luma: Luma) -> Luma:
    """`tiles pixels`."""
    rows, columns = min(_ROWS, luma.shape[0]), min(_COLUMNS, luma.shape[1])
    h, w = luma.shape[0] // rows, luma.shape[1] // columns
    cut = luma[: h * rows, : w * columns].reshape(rows, h, columns, w)
    return cut.swapaxes(1, 2).reshape(rows * columns, h * w)


def _alike(one: Luma, other: Luma) -> NDArray[np.bool_]:
    """Which tiles show the same thing; a change of brightness alone is no difference."""
    a = one - one.mean(axis=1, keepdims=True)
    b = other - other.mean(axis=1, keepdims=True)
    spread_a, spread_b = a.std(axis=1), b.std(axis=1)
    flat = (spread_a < _FLAT) & (spread_b < _FLAT)
    correlation = (a * b).mean(axis=1) / np.maximum(spread_a * spread_b, 1e-9)
    return flat | (correlation > _ALIKE)


def _rms(values: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
