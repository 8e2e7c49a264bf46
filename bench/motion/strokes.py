"""Strokes drawn at random: where the marked region went against where it was asked to go."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from secondunit.engine.engine import RGB
from secondunit.finish.thresholds import Limit
from secondunit.timeline.frames import decode
from secondunit.timeline.shot import Shot, Stroke

from bench.drawn import save_still
from bench.motion import plots
from bench.motion.footage import Footage, animated, onwards, still
from bench.motion.journey import Refusal, finished, planned
from bench.motion.results import Part, Row, Verdict, absent
from bench.motion.setting import Setting

COUNT = 20
_FRAMES = 9
_SEED = 20
_EDGE = 0.04  # of the frame: how near to the border a region may come on its way
_ERROR, _TURN = "largest error, % of the diagonal", "largest turn, degrees"
_LIMITS = {_ERROR: Limit(high=2.0), _TURN: Limit(high=10.0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One stroke somebody might have drawn."""

    region: NDArray[np.float32]
    """`h w`, 1 inside."""
    points: tuple[tuple[float, float], ...]


def strokes(setting: Setting) -> Part:
    """Each stroke is a shot of its own, on stills and on footage."""
    part = Part(name="strokes", title="strokes at random, measured on the finished frames")
    count = 4 if setting.quick else COUNT
    for path in setting.stills:
        picture = still(path)

        def on_still(stroke: Stroke, picture=picture) -> Shot:
            return animated(picture, _FRAMES, strokes=(stroke,))

        _drawn_on(setting, part, path.stem, decode(picture, [0])[0].rgb(), count, on_still)
    for clip in setting.clips:
        start = clip.starts(1)[0]

        def on_clip(stroke: Stroke, clip: Footage = clip, start: int = start) -> Shot:
            return onwards(clip, start, _FRAMES, strokes=(stroke,))

        _drawn_on(setting, part, clip.name, clip.rgb[start], count, on_clip)
    return part


def _drawn_on(
    setting: Setting,
    part: Part,
    clip: str,
    rgb: RGB,
    count: int,
    shot: Callable[[Stroke], Shot],
) -> None:
    errors: list[float] = []
    turns: list[float] = []
    asked: list[Sequence[float]] = []
    found: list[Sequence[float]] = []
    for number, drawn in enumerate(at_random(rgb, count)):
        mask = save_still(drawn.region, setting.folder / f"{clip}-stroke-{number:02d}.png")
        stroke = Stroke(points=drawn.points, region=still(mask), over=None)
        try:
            entry = finished(planned(shot(stroke)), setting.engine).report.get("B")
        except Refusal as refusal:
            for bar, limit in _LIMITS.items():
                part.verdicts.append(absent(clip, bar, limit, str(refusal)))
            return
        for wish, seen in zip(_of(entry, "asked"), _of(entry, "measured"), strict=True):
            if not seen["measurable"]:
                row: dict[str, float | str | None] = {"why": seen["why"]}
            else:
                errors.append(100 * max(seen["end_error"], seen["path_error"]))
                turns.append(seen["direction"] or 0.0)
                asked.append(wish["way"])
                found.append(seen["way"])
                row = {"error %": errors[-1], "turn deg": turns[-1], "length": seen["length"]}
            part.rows.append(Row(clip=clip, what=f"stroke {number + 1}", values=row))
    lost = count - len(errors)
    for (bar, limit), values in zip(_LIMITS.items(), (errors, turns), strict=True):
        note = f"median {statistics.median(values):.2f}" if values else "none was measured"
        worst = max(values, default=None)
        part.verdicts.append(Verdict(clip=clip, bar=bar, value=worst, limit=limit, note=note))
    part.verdicts.append(
        Verdict(clip=clip, bar=f"of {count} strokes that cannot be measured", value=float(lost),
                limit=Limit(high=0))
    )  # fmt: skip
    title = f"strokes on {clip}: asked (rings) and found (dots)"
    name = f"strokes-{clip}.png"
    part.plots.append(lambda folder: plots.ways(folder / name, title, asked, found))


def _of(entry: object, side: str) -> list[dict]:
    """One side of the entries of control B; nothing where the report has none."""
    return entry[side]["strokes"] if isinstance(entry, dict) else []


def at_random(rgb: RGB, count: int, seed: int = _SEED) -> list[Drawn]:
    """So many blobs round things that can be seen, each with a path that stays in the frame."""
    draw = np.random.default_rng(seed)
    luma = np.asarray(rgb, np.float32).mean(axis=-1)
    detail = cv2.cornerMinEigenVal((luma * 255).astype(np.uint8), 7, ksize=3)
    textured = np.median(detail)
    strokes: list[Drawn] = []
    while len(strokes) < count:
        region, box = _blob(draw, luma.shape)
        points = _path(draw, box)
        if points is not None and np.mean(detail[region > 0.5] > textured) > 0.4:
            strokes.append(Drawn(region=region, points=points))
    return strokes


def _blob(
    draw: np.random.Generator, shape: tuple[int, ...]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """(`h w` of a round thing that is no circle, its left, top, right, bottom in 0..1)."""
    height, width = shape
    centre = draw.uniform(0.2, 0.8, 2) * (width, height)
    radius = draw.uniform(0.06, 0.14) * width
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    rim = np.ones_like(angle)
    for k in (2, 3, 4):
        rim += draw.uniform(0, 0.5 / k) * np.cos(k * angle + draw.uniform(0, 2 * np.pi))
    outline = centre + (radius * rim)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    outline = np.clip(outline, 1, (width - 2, height - 2))
    region = np.zeros((height, width), np.float32)
    cv2.fillPoly(region, [np.rint(outline).astype(np.int32)], (1.0,))
    size = np.array([width, height])
    return region, np.concatenate([outline.min(axis=0) / size, outline.max(axis=0) / size])


def _path(
    draw: np.random.Generator, box: NDArray[np.float64]
) -> tuple[tuple[float, float], ...] | None:
    """Two to four points that carry a region so far without leaving the frame; None: by chance."""
    at = (box[:2] + box[2:]) / 2
    points = [at]
    heading = draw.uniform(0, 2 * np.pi)
    legs = int(draw.integers(1, 4))
    for _ in range(legs):
        points.append(points[-1] + draw.uniform(0.05, 0.16) / legs ** 0.5 * np.array(
            [np.cos(heading), np.sin(heading)]))  # fmt: skip
        heading += draw.uniform(-0.9, 0.9)
    way = np.array(points) - at
    inside = (box[:2] + way >= _EDGE).all() and (box[2:] + way <= 1 - _EDGE).all()
    return tuple((float(x), float(y)) for x, y in points) if inside else None
