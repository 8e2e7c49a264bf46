"""From a plan and its pictures to what one anchor's motion must obey.

An anchor is a pinned picture from which frames are made by moving its pixels, forwards or
backwards in time. Where a plan pins both ends of a range there are two anchors, each of which sees
the other as the end of its span.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondunit.engine import camera, flow
from secondunit.engine.camera import Homography
from secondunit.engine.engine import RGB, Sources
from secondunit.engine.motion.conditions import FRAMES, AnchorConditions, fill, grid_size
from secondunit.engine.raster import Field, places, sampled, scaled
from secondunit.errors import EngineFailed
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.shot import CameraMove, Stroke
from secondunit.units import FrameRange

NEAR = 0.8
"""Mean confidence of a flow that needs no second look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Frames that one anchor serves, and how the shot's frames map to the motion's own time."""

    pin: int
    """Frame of the shot that is the anchor's picture: the motion's time 0."""
    end: int
    """Frame of the shot at the motion's time 1: the other pin, or the last frame that is made."""

    @property
    def frames(self) -> int:
        """Length in frames, at least 1."""
        return abs(self.end - self.pin)

    def share(self, frame: float) -> float:
        """The motion's time 0..1 at a frame of the shot."""
        return (frame - self.pin) / (self.end - self.pin)

    def frame(self, share: float) -> float:
        """The frame of the shot, with a fraction, at a time 0..1 of the motion."""
        return self.pin + share * (self.end - self.pin)

    @property
    def times(self) -> tuple[float, ...]:
        """Frames of the shot at which the motion is sampled: s = 1/T .. 1."""
        return tuple(self.frame((k + 1) / FRAMES) for k in range(FRAMES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A region that a stroke carries over the rest of the picture."""

    stroke: Stroke
    strength: float
    matte: Field
    """`h w`, 0..1, at the work size: how much of each pixel the region owns."""
    cells: Field
    """`gh gw`, 0..1: the same on the motion's grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Measured motion, finer than the grid: the way to the span's end, if it went straight."""

    displacement: Field
    """`fh fw 2`, fractions of width."""
    confidence: Field
    """`fh fw`, 0..1."""
    reaches: bool
    """True: measured against the other pin. False: the past's velocity times the span."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """One anchor: its picture, what its motion is told, and what the renderer does exactly."""

    span: Span
    picture: RGB
    mask: Field
    """`h w`, 1 may change."""
    free: Field
    """`h w`, 0..1: where motion may be made up. A control that is given is exact elsewhere."""
    conditions: AnchorConditions
    hint: Hint | None
    layers: tuple[Layer, ...]
    """In the order of the strokes; later ones lie on top."""
    cameras: tuple[CameraMove, ...]
    shown: int
    """Frames that the cut shows: what a control without a range runs over."""

    @property
    def ratio(self) -> float:
        """Picture height / width."""
        return self.picture.shape[0] / self.picture.shape[1]

    def camera(self, frame: float) -> Homography:
        """Where the camera has taken the anchor's picture at a frame of the shot."""
        return relative_camera(
            self.cameras, frame, self.span.pin, frames=self.shown, ratio=self.ratio
        )

    def shift(self, layer: Layer, frame: float) -> NDArray[np.float64]:
        """Where a layer's stroke has carried it since the anchor: (dx, dy), fractions of width."""
        return relative_shift(
            layer.stroke, frame, self.span.pin, frames=self.shown, ratio=self.ratio
        ) * (layer.strength)


def spans(plan: ShotPlan) -> list[tuple[FrameRange, Span | None, Span | None]]:
    """Return for each range to be made its forward span, its backward span, or both.

    A range between two pins has both; one with a pin on one side only runs from there to its last
    frame. Raises EngineFailed for a range without any pin.
    """
    result = []
    pinned = sorted(pin.frame for pin in plan.pins)
    for made in plan.generate:
        if not made.frames:
            continue
        before = max((f for f in pinned if f < made.start), default=None)
        after = min((f for f in pinned if f >= made.end), default=None)
        if before is None and after is None:
            raise EngineFailed(f"no picture is given for frames {made} of shot {plan.shot}")
        forth = back = None
        if before is not None:
            forth = Span(pin=before, end=made.end - 1 if after is None else after)
        if after is not None:
            back = Span(pin=after, end=made.start if before is None else before)
        result.append((made, forth, back))
    return result


def guides(
    plan: ShotPlan, sources: Sources, forth: Span | None, back: Span | None
) -> tuple[Guide | None, Guide | None]:
    """Return the forward and the backward anchor of a range; either may be missing.

    The context counts for the anchor it adjoins: what leads in for the first pin of the shot, what
    leads out for its last.
    """
    first = sources.pin(forth.pin) if forth else None
    last = sources.pin(back.pin) if back else None
    came = went = None
    if forth and first is not None and not _makes_beyond(plan, forth.pin, -1):
        came = _velocity(sources.past(flow.LOOK_BACK), first)
    if back and last is not None and not _makes_beyond(plan, back.pin, +1):
        went = _velocity(sources.future(flow.LOOK_BACK)[::-1], last)
    there = here = None
    if forth is not None and first is not None and last is not None:
        guess = [] if came is None or went is None else [(_carried_on(came), _carried_on(went))]
        length = np.float32(forth.frames)
        there, here = _seen_between(
            flow.grey(first), flow.grey(last), [(a * length, b * length) for a, b in guess],
            next_to_each_other=forth.frames == 1,
        )  # fmt: skip
    return (
        _guide(plan, sources, forth, first, last, there, came, went),
        _guide(plan, sources, back, last, first, here, went, came),
    )


def _seen_between(
    first: flow.Luma,
    last: flow.Luma,
    guesses: Sequence[tuple[Field, Field]],
    *,
    next_to_each_other: bool,
) -> tuple[flow.Flow, flow.Flow]:
    # What is a frame away has seldom moved far; where it has, the flow knows that it is lost.
    if next_to_each_other:
        near = flow.between(first, last, guesses, far=False)
        if min(float(way.confidence.mean()) for way in near) > NEAR:
            return near
    return flow.between(first, last, guesses)


def _makes_beyond(plan: ShotPlan, pin: int, side: int) -> bool:
    # A made range on the anchor's far side means that the context belongs to another anchor.
    return any((made.start - pin) * side > 0 for made in plan.generate)


def relative_camera(
    moves: Sequence[CameraMove], frame: float, anchor: float, *, frames: int, ratio: float
) -> Homography:
    """Return what the camera does to the picture between an anchor's frame and another frame."""
    then = camera.at_frame(moves, anchor, frames=frames, ratio=ratio)
    return camera.at_frame(moves, frame, frames=frames, ratio=ratio) @ np.linalg.inv(then)


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


def _velocity(context: Sequence[RGB], anchor: RGB) -> flow.Flow | None:
    clip = [*context, anchor]
    return flow.velocity([flow.grey(picture) for picture in clip])


def _guide(
    plan: ShotPlan,
    sources: Sources,
    span: Span | None,
    picture: RGB | None,
    other: RGB | None,
    there: flow.Flow | None,
    came: flow.Flow | None,
    went: flow.Flow | None,
) -> Guide | None:
    # `came` and `went` are per frame and away from the pins' own side: `came` runs into this
    # anchor, `went` runs, backwards in this anchor's sense of time, into the other pin.
    if span is None or picture is None:
        return None
    h, w = picture.shape[:2]
    grid = grid_size(w, h)
    ratio = h / w
    mask = np.asarray(sources.mask(), np.float32)
    layers = _layers(plan, sources, mask, grid)
    stroke, weight = _stroke_field(plan, span, layers, grid, ratio)
    ambient, wished = np.zeros(grid, np.float32), np.zeros((h, w), np.float32)
    for number, wish in enumerate(plan.ambients):
        region = np.asarray(sources.region(number, "ambient") * mask, np.float32)
        wished = np.maximum(wished, region)
        ambient = np.maximum(ambient, _cells(region, grid) * wish.strength * plan.strength)
    end = _on_grid(there, grid, 1.0)
    past = _on_grid(came, grid, span.frames)
    arrival = (np.zeros((*grid, 2), np.float32), np.zeros(grid, np.float32))
    if there is not None and went is not None:
        arrival = _on_grid(_at_the_end(there, went), grid, -span.frames)
    conditions = AnchorConditions(
        picture=_cells(picture, grid),
        other=None if other is None else _cells(other, grid),
        mask=_cells(mask, grid),
        stroke=stroke,
        stroke_weight=weight,
        ambient=ambient,
        camera=_camera_field(plan, span, grid, ratio),
        camera_given=bool(plan.cameras),
        past_velocity=past[0],
        past_confidence=past[1],
        end_displacement=end[0],
        end_confidence=end[1],
        end_velocity=arrival[0],
        end_velocity_confidence=arrival[1],
        span=span.frames,
        ratio=ratio,
    )
    hint = None
    if there is not None:
        hint = Hint(displacement=there.displacement, confidence=there.confidence, reaches=True)
    elif came is not None:
        way = came.displacement * np.float32(span.frames)
        hint = Hint(displacement=way, confidence=came.confidence, reaches=False)
    return Guide(
        span=span,
        picture=picture,
        mask=mask,
        free=mask if hint or not (plan.strokes or plan.ambients or plan.cameras) else wished,
        conditions=conditions,
        hint=hint,
        layers=layers,
        cameras=plan.cameras,
        shown=plan.frames,
    )


def _cells(field: NDArray[np.floating], grid: tuple[int, int]) -> Field:
    """A picture or plane (`h w` or `h w c`) averaged over the cells of a grid (rows, columns)."""
    return scaled(field, (grid[1], grid[0]), "area")


def _on_grid(found: flow.Flow | None, grid: tuple[int, int], gain: float) -> tuple[Field, Field]:
    """A flow times `gain` as (gh gw 2, gh gw): in each cell the mean of what can be believed."""
    if found is None:
        return np.zeros((*grid, 2), np.float32), np.zeros(grid, np.float32)
    weight = found.confidence[..., None] + np.float32(1e-4)
    mean = _cells(found.displacement * weight, grid) / _cells(weight[..., 0], grid)[..., None]
    return (mean * np.float32(gain)).astype(np.float32), _cells(found.confidence, grid)


def _carried_on(found: flow.Flow) -> Field:
    """A velocity everywhere (fh fw 2): as measured where it can be believed, else as around it."""
    height, width = found.confidence.shape
    around = scaled(fill(*_on_grid(found, grid_size(width, height), 1.0)), (width, height))
    share = found.confidence[..., None]
    return np.asarray(around + share * (found.displacement - around), np.float32)


def _at_the_end(there: flow.Flow, went: flow.Flow) -> flow.Flow:
    """The other pin's velocity, carried back to the places of this anchor that end up there."""
    height, width = there.confidence.shape
    arrival = places(height, width) + there.displacement * np.float32(width)
    return flow.Flow(
        displacement=sampled(went.displacement, arrival),
        confidence=sampled(went.confidence, arrival) * there.confidence,
    )


def _layers(
    plan: ShotPlan, sources: Sources, mask: Field, grid: tuple[int, int]
) -> tuple[Layer, ...]:
    result = []
    for number, stroke in enumerate(plan.strokes):
        matte = (sources.region(number, "stroke") * mask).astype(np.float32)
        result.append(
            Layer(
                stroke=stroke,
                strength=stroke.strength * plan.strength,
                matte=matte,
                cells=_cells(matte, grid),
            )
        )
    return tuple(result)


def _stroke_field(
    plan: ShotPlan, span: Span, layers: Sequence[Layer], grid: tuple[int, int], ratio: float
) -> tuple[Field, Field]:
    """Where the strokes take their regions (T gh gw 2), camera included, and their weight."""
    moved = np.zeros((FRAMES, *grid, 2), np.float64)
    weight = np.zeros(grid, np.float32)
    for layer in layers:
        for k, frame in enumerate(span.times):
            way = relative_shift(layer.stroke, frame, span.pin, frames=plan.frames, ratio=ratio) * (
                layer.strength
            )
            moved[k] += layer.cells[..., None] * (way - moved[k])
        weight = np.maximum(weight, layer.cells)
    shifted = moved / np.maximum(weight, 1e-3)[..., None] * (weight > 0)[..., None]
    start = grid_places(grid, ratio)
    result = np.empty((FRAMES, *grid, 2), np.float32)
    for k, frame in enumerate(span.times):
        matrix = relative_camera(plan.cameras, frame, span.pin, frames=plan.frames, ratio=ratio)
        result[k] = camera.carry(matrix, start + shifted[k]) - start
    return result * (weight > 0)[None, ..., None], weight


def _camera_field(plan: ShotPlan, span: Span, grid: tuple[int, int], ratio: float) -> Field:
    start = grid_places(grid, ratio)
    result = np.zeros((FRAMES, *grid, 2), np.float32)
    for k, frame in enumerate(span.times):
        matrix = relative_camera(plan.cameras, frame, span.pin, frames=plan.frames, ratio=ratio)
        result[k] = camera.carry(matrix, start) - start
    return result


def grid_places(grid: tuple[int, int], ratio: float) -> NDArray[np.float64]:
    """Return the cell centres (gh gw 2) from the frame's centre, in fractions of its width."""
    rows, columns = grid
    x = (np.arange(columns) + 0.5) / columns - 0.5
    y = ((np.arange(rows) + 0.5) / rows - 0.5) * ratio
    return np.stack(np.broadcast_arrays(x[None, :], y[:, None]), axis=-1)
