"""Plots as PNG: bars beside their baselines, curves asked and found, ways on a plane."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from secondunit.finish.drawing import Canvas, Colour, width_of

_PAPER, _INK, _FAINT, _GRID = (252, 252, 250), (40, 42, 46), (110, 113, 118), (226, 226, 222)
_OURS, _OTHER = (42, 110, 187), (176, 180, 186)
_FOUND = (208, 84, 40)
_TITLE, _WORDS = 22, 16
_LEFT, _TOP, _RIGHT, _BOTTOM = 70, 64, 30, 56


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One thing that was asked over time, and what came."""

    name: str
    at: NDArray[np.float64]
    """`n`, along the bottom axis."""
    asked: NDArray[np.float64]
    """`n`."""
    found: NDArray[np.float64]
    """`n`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Axes:
    """A rectangle of a canvas that stands for a range of two numbers."""

    box: tuple[int, int, int, int]
    """Left, top, width, height in pixels."""
    across: tuple[float, float]
    up: tuple[float, float]

    def place(self, x: float, y: float) -> tuple[int, int]:
        left, top, width, height = self.box
        fx = (x - self.across[0]) / (self.across[1] - self.across[0])
        fy = (y - self.up[0]) / (self.up[1] - self.up[0])
        return round(left + fx * width), round(top + (1 - fy) * height)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from `low` to `high`, at most about so many."""
    span = max(high - low, 1e-9)
    step = 10 ** math.floor(math.log10(span / most))
    step *= next(k for k in (1, 2, 5, 10) if span / (k * step) <= most)
    first = math.ceil(low / step - 1e-9)
    return [step * n for n in range(first, math.floor(high / step + 1e-9) + 1)]


def bars(
    path: Path, title: str, unit: str, values: Mapping[str, float], *, base: float = 0.0
) -> Path:
    """One bar for each method; the last is ours. The axis starts at `base`."""
    canvas = Canvas(640, 400, _PAPER)
    top = max(*values.values(), base) + 0.08 * (max(values.values()) - base) + 0.5
    low = min(base, *values.values())
    axes = _Axes(box=(_LEFT, _TOP, 640 - _LEFT - _RIGHT, 400 - _TOP - _BOTTOM),
                 across=(0, len(values)), up=(low, top))  # fmt: skip
    _frame(canvas, axes, title, "", unit, along=())
    for number, (name, value) in enumerate(values.items()):
        left, upper = axes.place(number + 0.22, value)
        right, lower = axes.place(number + 0.78, low)
        ours = number == len(values) - 1
        canvas.box((left, upper), (right - left, lower - upper), _OURS if ours else _OTHER)
        said = f"{value:.2f}"
        middle = (left + right) // 2
        canvas.text((middle - width_of(said, _WORDS) // 2, upper - 6), said, _WORDS, _INK)
        canvas.text((middle - width_of(name, _WORDS) // 2, lower + 24), name, _WORDS, _INK)
    return _saved(canvas, path)


def curves(path: Path, title: str, across: str, up: str, shown: Sequence[Curve]) -> Path:
    """A small panel for each curve: a line for what was asked, dots for what was found."""
    columns = min(4, max(1, len(shown)))
    rows = max(1, -(-len(shown) // columns))
    wide, high = 300, 240
    canvas = Canvas(columns * wide + 20, rows * high + 60, _PAPER)
    canvas.text((20, 34), title, _TITLE, _INK, 600)
    for number, curve in enumerate(shown):
        row, column = divmod(number, columns)
        values = np.concatenate([curve.asked, curve.found, [0.0]])
        low, top = float(values.min()), float(values.max())
        room = 0.06 * max(top - low, 1e-6)
        axes = _Axes(
            box=(column * wide + 64, 60 + row * high + 30, wide - 84, high - 84),
            across=(float(min(curve.at.min(), 0)), float(curve.at.max())),
            up=(low - room, top + room),
        )
        _frame(canvas, axes, curve.name, across, up, along=ticks(*axes.across, 5), small=True)
        pairs = zip(curve.at, curve.asked, strict=True)
        _line(canvas, [axes.place(float(x), float(y)) for x, y in pairs], _OURS)
        for x, y in zip(curve.at, curve.found, strict=True):
            cv2.circle(canvas.pixels, axes.place(float(x), float(y)), 3, _FOUND, -1, cv2.LINE_AA)
    return _saved(canvas, path)


def ways(
    path: Path, title: str, asked: Sequence[Sequence[float]], found: Sequence[Sequence[float]]
) -> Path:
    """Each way from the middle: a circle where it should end, a dot where it ended."""
    canvas = Canvas(640, 640, _PAPER)
    ends = 100 * np.array([*asked, *found, (0.0, 0.0)], np.float64)
    reach = 1.15 * max(1.0, float(np.abs(ends).max()))
    axes = _Axes(box=(_LEFT, _TOP, 640 - _LEFT - _RIGHT, 640 - _TOP - _BOTTOM),
                 across=(-reach, reach), up=(-reach, reach))  # fmt: skip
    along = ticks(*axes.across)
    _frame(canvas, axes, title, "across, % of width", "up, % of height", along=along, small=True)
    for wish, seen in zip(asked, found, strict=True):
        start, want = axes.place(0, 0), axes.place(100 * wish[0], -100 * wish[1])
        came = axes.place(100 * seen[0], -100 * seen[1])
        _line(canvas, [start, want], _GRID)
        cv2.circle(canvas.pixels, want, 8, _OURS, 2, cv2.LINE_AA)
        cv2.circle(canvas.pixels, came, 3, _FOUND, -1, cv2.LINE_AA)
    return _saved(canvas, path)


def _frame(
    canvas: Canvas,
    axes: _Axes,
    title: str,
    across: str,
    up: str,
    *,
    along: Sequence[float],
    small: bool = False,
) -> None:
    left, top, width, height = axes.box
    size = _WORDS if small else _TITLE
    canvas.text((left - 40, top - 14 if small else top - 26), title, size, _INK, 600)
    for value in ticks(*axes.up):
        _, y = axes.place(0, value)
        canvas.box((left, y), (width, 1), _GRID)
        said = f"{value:g}"
        canvas.text((left - 8 - width_of(said, 14), y + 5), said, 14, _FAINT)
    for value in along:
        x, _ = axes.place(value, 0)
        said = f"{value:g}"
        canvas.box((x, top + height), (1, 4), _FAINT)
        canvas.text((x - width_of(said, 14) // 2, top + height + 20), said, 14, _FAINT)
    canvas.box((left, top), (1, height), _FAINT)
    canvas.box((left, top + height), (width, 1), _FAINT)
    if across:
        at = left + width - width_of(across, 14)
        canvas.text((at, top + height + 38), across, 14, _FAINT)
    canvas.text((left + 6, top + 14), up, 14, _FAINT)


def _line(canvas: Canvas, points: Sequence[tuple[int, int]], ink: Colour) -> None:
    path = np.array(points, np.int32).reshape(1, -1, 2)
    cv2.polylines(canvas.pixels, list(path), isClosed=False, color=ink, thickness=2,
                  lineType=cv2.LINE_AA)  # fmt: skip


def _saved(canvas: Canvas, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), canvas.pixels[..., ::-1])
    return path
