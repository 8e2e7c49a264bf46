"""Control B: did each stroke's region go the way that was drawn?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondunit.engine import camera
from secondunit.engine.conditioning import relative_camera
from secondunit.engine.engine import Sources
from secondunit.engine.masks import owned_and_moved
from secondunit.engine.raster import depth_inside, sampled, scaled
from secondunit.engine.strokes import drawn_at, region_shift, stroke_range
from secondunit.finish.thresholds import LIMITS
from secondunit.finish.tracks import Grey, Run, Tracker, features, normalised, pixels, runs
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.shot import Stroke
from secondunit.units import FrameRange

_POINTS = 200
_FEWEST = 6  # points that must be followed to a frame for it to count as measured
_SHARE = 0.25  # of the points that should be visible there
_FRAMES = 0.8  # of the frames in which the region should be visible must be measured
_LEG = 2.0  # pixels: a shorter piece of the way has no direction that could be measured
_RIM = 7.0  # pixels from the region's edge, where the window of a point sees both sides


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """A region's points over the frames of a run, in pixels of the measured picture."""

    found: NDArray[np.float64]
    """`f n 2`; frame 0 is the anchor."""
    asked: NDArray[np.float64]
    """`f n 2`."""
    expected: NDArray[np.bool_]
    """`f n`: the asked way is inside the picture there, and inside the mask."""
    counts: NDArray[np.bool_]
    """`f n`: expected, and followed that far."""


def stroke_entry(
    plan: ShotPlan,
    sources: Sources,
    greys: Mapping[int, Grey],
    under: Mapping[int, Grey] | None = None,
) -> dict[str, Any] | None:
    """What was asked of each stroke and what the frames (`greys`, by frame of the shot) show.

    A stroke that cannot be measured (no texture, covered, out of the picture) says so and does
    not pass: nobody has seen that it was obeyed. None where no stroke asks for anything.
    `under` is the footage that the shot stands on: a stroke is then asked for on top of the way
    that its region goes there by itself.
    """
    asked: list[dict[str, Any]] = []
    measured: list[dict[str, Any]] = []
    passed = True
    for run in runs(plan):
        start = greys[run.anchor]
        for number, stroke in enumerate(plan.strokes):
            if not _region(plan, sources, number, start).any():
                asked.append({"stroke": number + 1, "frames": str(run)})
                measured.append(_unmeasurable(number, "its region is empty"))
                passed = False
                continue
            ways = _ways(plan, sources, greys, under, run, number)
            times = stroke_range(plan, stroke)
            wish, seen = _compared(stroke, number, run, ways, start, times)
            asked.append(wish)
            measured.append(seen)
            passed = passed and seen["measurable"] and seen["pass"]
    if not asked:
        return None
    return {"asked": {"strokes": asked}, "measured": {"strokes": measured}, "pass": passed}


def _unmeasurable(number: int, why: str) -> dict[str, Any]:
    return {"stroke": number + 1, "measurable": False, "why": why, "pass": False}


def _region(plan: ShotPlan, sources: Sources, number: int, picture: Grey) -> NDArray[np.bool_]:
    """What the stroke carries and no later stroke covers, without its rim."""
    size = picture.shape[1], picture.shape[0]

    def of(n: int) -> NDArray[np.bool_]:
        return scaled(_owned(plan, sources, n)[0], size, "area") > 0.5

    own = of(number)
    for later in range(number + 1, len(plan.strokes)):
        if plan.strokes[later].region != plan.strokes[number].region:
            own &= ~of(later)
    depth = depth_inside(own)
    return depth > min(_RIM, 0.4 * float(depth.max()))


def _owned(
    plan: ShotPlan, sources: Sources, number: int
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """(what the stroke carries, how far each place of it goes), `h w` at the engine's size."""
    drawn = drawn_at(plan)
    return owned_and_moved(sources.region(number, "stroke", drawn) * sources.mask(drawn))


def _ways(
    plan: ShotPlan,
    sources: Sources,
    greys: Mapping[int, Grey],
    under: Mapping[int, Grey] | None,
    run: Run,
    number: int,
) -> Ways:
    start = greys[run.anchor]
    height, width = start.shape
    ratio = height / width
    points = features(start, _region(plan, sources, number, start), _POINTS)
    origin = normalised(points, start)
    allowed = scaled((sources.mask(run.anchor) > 0).astype(np.float32), (width, height), "area")
    allowed = allowed > 0.5
    # Greys of the region are parts of the way.
    gains = scaled(_owned(plan, sources, number)[1], (width, height), "area")
    gain = sampled(gains, points[None])[0][:, None] if len(points) else np.ones((0, 1))
    tracker, own = Tracker(start, points), Tracker(start, points)
    found, asked, followed = [points.astype(np.float64)], [points.astype(np.float64)], []
    followed.append(np.ones(len(points), np.bool_))
    seen = [np.ones(len(points), np.bool_)]
    for frame in run.frames:
        tracker.follow(greys[frame])
        if under is not None:
            own.follow(under[frame])
            origin = normalised(own.places, start)
        seen.append(own.alive.copy())
        found.append(tracker.places.astype(np.float64))
        followed.append(tracker.alive.copy())
        shift = region_shift(plan, number, frame, run.anchor, ratio)
        matrix = relative_camera(plan.cameras, frame, run.anchor, frames=plan.frames, ratio=ratio)
        way = camera.carry(matrix, origin + shift * gain)
        asked.append(pixels(way, start))
    wished = np.stack(asked)
    whole = np.rint(wished).astype(int)
    inside = ((whole >= 4) & (whole < (width - 4, height - 4))).all(axis=-1)
    x, y = np.clip(whole[..., 0], 0, width - 1), np.clip(whole[..., 1], 0, height - 1)
    expected = inside & allowed[y, x] & np.stack(seen)
    return Ways(
        found=np.stack(found), asked=wished, expected=expected,
        counts=expected & np.stack(followed),
    )  # fmt: skip


def _compared(
    stroke: Stroke, number: int, run: Run, ways: Ways, picture: Grey, over: FrameRange
) -> tuple[dict[str, Any], dict[str, Any]]:
    limits = LIMITS["B"]
    size = np.array([picture.shape[1], picture.shape[0]])
    wish: dict[str, Any] = {"stroke": number + 1, "frames": str(run)}
    wish |= {name: limit.asked for name, limit in limits.items()}
    if ways.found.shape[1] < _FEWEST:
        return wish, _unmeasurable(number, "its region has no texture to follow")
    expected, counts = ways.expected.sum(axis=1), ways.counts.sum(axis=1)
    due = expected >= _FEWEST
    seen = due & (counts >= np.maximum(_FEWEST, _SHARE * expected))
    if due[1:].sum() < 0.5 * len(run.frames):
        return wish, _unmeasurable(number, "the drawn way leads out of the picture or its mask")
    if seen[1:].sum() < _FRAMES * due[1:].sum():
        lost = run.frames[int(np.flatnonzero(due & ~seen)[0]) - 1]
        return wish, _unmeasurable(number, f"its region cannot be followed past frame {lost}")
    measured = np.flatnonzero(seen)
    diagonal = float(np.hypot(*size))
    errors = np.array([_error(ways, f) for f in measured[1:]]) / diagonal
    last = int(measured[-1])
    knots = _knots(stroke, run, over, measured)
    # Every leg is seen on the same points: those that are followed to its end.
    legs = [_leg(ways, a, b) for a, b in _legs(ways, knots)]
    direction = max((_turn(a, m) for a, m in legs), default=None)
    length = None
    if legs:
        length = sum(np.hypot(*m) for _, m in legs) / sum(np.hypot(*a) for a, _ in legs)
    asked_way, found_way = _leg(ways, 0, last)
    own = np.hypot(*(ways.found[last] - ways.asked[last]).T)[ways.counts[last]] / diagonal
    values: dict[str, float | None] = {
        "end_error": float(errors[-1]), "path_error": float(errors.mean()),
        "direction": direction, "length": None if length is None else float(length),
    }  # fmt: skip
    # A way too short to have a direction is judged by where its points are.
    judged = values if legs else {k: values[k] for k in ("end_error", "path_error")}
    wish["way"] = _rounded(asked_way / size, 4)
    limit = limits["end_error"].high or 0.0
    return wish, {
        "stroke": number + 1,
        "measurable": True,
        "way": _rounded(found_way / size, 4),
        **{name: None if v is None else round(v, 4) for name, v in values.items()},
        "following": round(float(np.mean(own <= limit)), 3),
        "points": int(counts[last]),
        "frames_measured": len(measured) - 1,
        "pass": all(limits[name].holds(v) for name, v in judged.items()),
    }


def _error(ways: Ways, frame: int) -> float:
    """Median distance in pixels between where points are and where they should be."""
    off = ways.found[frame] - ways.asked[frame]
    return float(np.median(np.hypot(*off[ways.counts[frame]].T)))


def _leg(ways: Ways, a: int, b: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(asked, found): the median way in pixels from frame a to frame b of the run."""
    both = ways.counts[b]
    return (
        np.median((ways.asked[b] - ways.asked[a])[both], axis=0),
        np.median((ways.found[b] - ways.found[a])[both], axis=0),
    )


def _knots(stroke: Stroke, run: Run, over: FrameRange, measured: NDArray[np.intp]) -> list[int]:
    """Measured frames of the run (0 is the anchor) next to the points that were drawn."""
    times = np.linspace(over.start, max(over.start, over.end - 1), len(stroke.points))
    frames = np.array([run.anchor, *run.frames])[measured]
    near = {int(measured[np.argmin(np.abs(frames - t))]) for t in times}
    return sorted({0, int(measured[-1]), *near})


def _legs(ways: Ways, knots: Sequence[int]) -> list[tuple[int, int]]:
    """Pieces of the way long enough to have a direction; short ones join the next."""
    legs: list[tuple[int, int]] = []
    start = knots[0]
    for knot in knots[1:]:
        if np.hypot(*_leg(ways, start, knot)[0]) >= _LEG:
            legs.append((start, knot))
            start = knot
    return legs


def _turn(asked: NDArray[np.float64], found: NDArray[np.float64]) -> float:
    """Degrees between two ways; a region that did not move went no way at all: 180."""
    if np.hypot(*found) < 0.25:
        return 180.0
    cross = asked[0] * found[1] - asked[1] * found[0]
    return abs(math.degrees(math.atan2(cross, float(asked @ found))))


def _rounded(values: NDArray[np.floating], digits: int) -> list[float]:
    return [round(float(v), digits) for v in values]
