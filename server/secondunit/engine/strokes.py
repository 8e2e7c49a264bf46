"""What strokes ask: how far a drawn way has carried its region, and which pixels it carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from secondunit.engine import camera, flow
from secondunit.engine.engine import Sources
from secondunit.engine.follow import carried
from secondunit.engine.masks import owned_and_moved
from secondunit.engine.raster import Field, scaled
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.shot import Mask, Stroke
from secondunit.units import FrameRange

EASE_IN = 8.0
"""Frames in which a region of footage goes over from its own motion to a stroke's, at most."""
SEEN = 0.2
"""Share of a region whose own motion must be sure for it to be known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How a region moved on the footage that a stroke begins on."""

    velocity: NDArray[np.float64]
    """(dx, dy) a frame, away from the anchor, in fractions of the frame's width."""
    frames: float
    """After these many frames the drawn way is kept exactly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A region that strokes carry over the rest of the picture."""

    number: int
    """Of the first stroke that carries it."""
    matte: Field
    """`h w`, 0..1, at the work size: how much of each pixel the region owns."""
    cells: Field
    """`gh gw`, 0..1: the same on the motion's grid."""
    gain: Field | None
    """`h w`, 0..1: how far each place goes of the way; None: all of it everywhere."""
    gain_cells: Field
    """`gh gw`, 0..1."""
    start: Start | None
    """How it moved before the strokes took it; None: it stood, or nobody knows."""


def path(points: Sequence[tuple[float, float]], share: float) -> NDArray[np.float64]:
    """Return the place (x, y) on a stroke's way at a share 0..1 of its time.

    Monotone cubic through the points, which are equally spaced in time (Fritsch and Carlson 1980):
    it passes each point on time, without a kink, and never swings past one.
    """
    knots = np.asarray(points, np.float64)
    if len(knots) == 1:
        return knots[0]
    steps = np.diff(knots, axis=0)
    slopes = np.concatenate([steps[:1], (steps[1:] + steps[:-1]) / 2, steps[-1:]])
    same_way = steps[1:] * steps[:-1] > 0
    harmonic = 3 * steps[1:] * steps[:-1] / np.where(same_way, steps[1:] + steps[:-1], 1)
    least = np.minimum(abs(slopes[1:-1]), abs(harmonic))
    slopes[1:-1] = np.where(same_way, np.sign(slopes[1:-1]) * least, 0)
    at = min(max(share, 0.0), 1.0) * (len(knots) - 1)
    k = min(int(at), len(knots) - 2)
    u = at - k
    return (
        (2 * u**3 - 3 * u**2 + 1) * knots[k]
        + (u**3 - 2 * u**2 + u) * slopes[k]
        + (3 * u**2 - 2 * u**3) * knots[k + 1]
        + (u**3 - u**2) * slopes[k + 1]
    )


def relative_shift(
    stroke: Stroke, frame: float, anchor: float, *, frames: int, ratio: float
) -> NDArray[np.float64]:
    """Return how far a stroke moves its region between an anchor's frame and another frame.

    (dx, dy) in fractions of the frame's width, before strength and before the camera. The stroke
    stands still before its range and rests after it.
    """
    over = stroke.over or FrameRange(start=0, frames=frames)
    here = path(stroke.points, camera.elapsed(frame, over))
    return (here - path(stroke.points, camera.elapsed(anchor, over))) * (1.0, ratio)


def drawn_at(plan: ShotPlan) -> int:
    """Frame of the shot whose picture the controls were drawn on: the still, or that at the cut."""
    if plan.from_one_picture:
        return 0
    return -1 if any(pin.frame < 0 for pin in plan.pins) else plan.frames


def stroke_range(plan: ShotPlan, stroke: Stroke) -> FrameRange:
    """Return the frames over which a stroke is at work.

    On footage, a stroke that begins with the shot begins at the cut, on the picture that it was
    drawn on, so that its region never halts; before a clip, it ends there.
    """
    over = stroke.over or FrameRange(start=0, frames=plan.frames)
    drawn = drawn_at(plan)
    if over.start == 0 and drawn < 0:
        return FrameRange(start=drawn, frames=over.end - drawn)
    if over.end == plan.frames <= drawn:
        return FrameRange(start=over.start, frames=drawn + 1 - over.start)
    return over


def region_shift(
    plan: ShotPlan, number: int, frame: float, anchor: float, ratio: float
) -> NDArray[np.float64]:
    """Return how far the region of stroke `number` goes between an anchor's frame and another.

    (dx, dy) in fractions of the frame's width, before the camera: all strokes that carry the same
    region, one after the other, each with its strength.
    """
    region, total = plan.strokes[number].region, np.zeros(2)
    for stroke in plan.strokes:
        if stroke.region == region:
            timed = replace(stroke, over=stroke_range(plan, stroke))
            way = relative_shift(timed, frame, anchor, frames=plan.frames, ratio=ratio)
            total += way * stroke.strength * plan.strength
    return total


def layer_shift(
    plan: ShotPlan, layer: Layer, frame: float, anchor: int, ratio: float
) -> NDArray[np.float64]:
    """Return where strokes have carried a layer since its anchor: (dx, dy), fractions of width.

    On footage it leaves with the motion it has there, and is on the drawn way soon after.
    """
    way = region_shift(plan, layer.number, frame, anchor, ratio)
    since = abs(frame - anchor)
    if layer.start is None or not 0 < since < layer.start.frames:
        return way
    # The cubic that leaves with the region's own velocity and joins the way without a kink.
    away = 1 if frame > anchor else -1
    first = region_shift(plan, layer.number, anchor + 0.01 * away, anchor, ratio) / 0.01
    share = since / layer.start.frames
    return way + (layer.start.velocity - first) * since * (1 - share) ** 2


def _start(
    plan: ShotPlan, numbers: Sequence[int], matte: Field, came: flow.Flow | None, anchor: int
) -> Start | None:
    if came is None or anchor != drawn_at(plan):
        return None
    height, width = came.confidence.shape
    own = scaled(matte, (width, height), "area") > 0.5
    sure = own & (came.confidence > 0.5)
    if np.count_nonzero(sure) < max(4, SEEN * np.count_nonzero(own)):
        return None
    knots = [
        over.start + (over.frames - 1) * k / (len(plan.strokes[n].points) - 1)
        for n in numbers
        for over in [stroke_range(plan, plan.strokes[n])]
        for k in range(len(plan.strokes[n].points))
    ]
    ahead = [abs(k - anchor) for k in knots if abs(k - anchor) > 1]
    return Start(
        velocity=np.median(came.displacement[sure], axis=0).astype(np.float64),
        frames=min([EASE_IN, *ahead]),
    )


def layers_of(
    plan: ShotPlan,
    sources: Sources,
    mask: Field,
    grid: tuple[int, int],
    came: flow.Flow | None,
    anchor: int,
) -> tuple[Layer, ...]:
    """Return the regions that strokes carry, later strokes on top, as an anchor sees them.

    `mask` is `h w`, how far each place may move; `came` the anchor's own motion per frame, if
    known; `grid` the motion's (rows, columns).
    """
    numbers: dict[Mask | None, list[int]] = {}
    for number, stroke in enumerate(plan.strokes):
        numbers.setdefault(stroke.region, []).append(number)
    result = []
    for same in numbers.values():
        drawn = np.asarray(sources.region(same[0], "stroke", drawn_at(plan)), np.float32)
        gone = region_shift(plan, same[0], anchor, drawn_at(plan), mask.shape[0] / mask.shape[1])
        if gone.any():
            # The anchor is a keyframe: what was drawn on the first picture has moved until there.
            matrix = np.eye(3)
            matrix[:2, 2] = gone
            drawn = carried(drawn, matrix, mask.shape[1], mask.shape[0])
        matte, gain = owned_and_moved(drawn * mask)
        result.append(
            Layer(
                number=same[0],
                matte=matte,
                cells=scaled(matte, (grid[1], grid[0]), "area"),
                gain=None if gain[matte > 0].min(initial=1) == 1 else gain,
                gain_cells=scaled(gain, (grid[1], grid[0]), "area"),
                start=_start(plan, same, matte, came, anchor),
            )
        )
    return tuple(result)
