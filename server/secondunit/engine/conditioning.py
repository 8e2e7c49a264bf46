"""From a plan and its pictures to what one anchor's motion must obey.

An anchor is a pinned picture from which frames are made by moving its pixels, forwards or
backwards in time. Where a plan pins both ends of a range there are two anchors, each of which sees
the other as the end of its span.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from secondunit.engine import camera, flow
from secondunit.engine.camera import Homography
from secondunit.engine.engine import RGB, Sources
from secondunit.engine.motion.conditions import FRAMES, AnchorConditions, fill, grid_size
from secondunit.engine.motion.trajectory import Seen
from secondunit.engine.raster import Field, places, sampled, scaled
from secondunit.engine.strokes import Layer, layer_shift, layers_of
from secondunit.errors import EngineFailed
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.shot import CameraMove, Mask, MaskTrack, mask_frames
from secondunit.units import FrameRange, Operation

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
class Wave:
    """Motion without direction on top of footage that moves already."""

    region: Field
    """`h w`, 0..1: how far of it; nothing outside."""
    conditions: AnchorConditions
    """What is told about the motion with it; the guide's own are those without."""


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
    """`h w`, how far each place may move: 1 freely, 0.5 half as far, 0 not. Over all frames."""
    window: Callable[[int], Field]
    """`h w` at a frame of the shot: above 0 may change there."""
    free: Field
    """`h w`, 0..1: where motion may be made up. A control that is given is exact elsewhere."""
    conditions: AnchorConditions
    hint: Hint | None
    seen: Seen | None
    """What flow saw around the anchor; None where it moves by controls alone."""
    layers: tuple[Layer, ...]
    """In the order of the strokes; later ones lie on top."""
    cameras: tuple[CameraMove, ...]
    plan: ShotPlan
    wave: Wave | None
    camera_on_top: bool
    """The conditions leave the camera out: it moves what already moves, `through_camera`."""

    @property
    def ratio(self) -> float:
        """Picture height / width."""
        return self.picture.shape[0] / self.picture.shape[1]

    def camera(self, frame: float) -> Homography:
        """Where the camera has taken the anchor's picture at a frame of the shot."""
        return relative_camera(
            self.cameras, frame, self.span.pin, frames=self.plan.frames, ratio=self.ratio
        )

    def shift(self, layer: Layer, frame: float) -> NDArray[np.float64]:
        """Where a layer's strokes have carried it since the anchor: (dx, dy), in widths."""
        return layer_shift(self.plan, layer, frame, self.span.pin, self.ratio)

    def through_camera(self, motion: Field) -> Field:
        """Return a motion (T gh gw 2) as the camera shows it, where it does not know it yet."""
        if not self.camera_on_top:
            return motion
        start = grid_places((motion.shape[1], motion.shape[2]), self.ratio)
        seen = [
            camera.carry(self.camera(frame), start + step) - start
            for frame, step in zip(self.span.times, motion, strict=True)
        ]
        return np.asarray(seen, np.float32)


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
        if plan.operation is Operation.LOOP and plan.from_one_picture:
            # One motion that comes round by itself: two ends alike would say that nothing moves.
            result.append((made, Span(pin=made.start - 1, end=plan.frames), None))
            continue
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
        came = _history(sources.past(flow.LOOK_BACK), first)
    if back and last is not None and not _makes_beyond(plan, back.pin, +1):
        went = _history(sources.future(flow.LOOK_BACK)[::-1], last)
    there = here = None
    if forth is not None and first is not None and last is not None:
        guess = []
        if came is not None and went is not None:
            guess = [(_carried_on(came.velocity), _carried_on(went.velocity))]
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


def meeting(
    plan: ShotPlan, sources: Sources, pictures: tuple[RGB, RGB], ways: tuple[flow.Flow, flow.Flow]
) -> tuple[Guide, Guide]:
    """Return two pictures of one moment as the anchors of the way from the first to the second.

    `ways` is the flow between them, there and back, whole everywhere: a place of little confidence
    takes it as its motion too, but its picture is not to be believed. The way takes as many frames
    as the shot has.
    """
    first, last = pictures
    forth, back = Span(pin=0, end=plan.frames), Span(pin=plan.frames, end=0)
    return (
        _met(plan, sources, forth, first, last, ways[0]),
        _met(plan, sources, back, last, first, ways[1]),
    )


def _met(
    plan: ShotPlan, sources: Sources, span: Span, picture: RGB, other: RGB, way: flow.Flow
) -> Guide:
    whole = flow.Flow(displacement=way.displacement, confidence=np.ones_like(way.confidence))
    guide = _guide(plan, sources, span, picture, other, whole, None, None)
    assert guide is not None
    hint = Hint(displacement=way.displacement, confidence=way.confidence, reaches=True)
    return replace(guide, hint=hint)


def _makes_beyond(plan: ShotPlan, pin: int, side: int) -> bool:
    # A made range on the anchor's far side means that the context belongs to another anchor.
    return any((made.start - pin) * side > 0 for made in plan.generate)


def relative_camera(
    moves: Sequence[CameraMove], frame: float, anchor: float, *, frames: int, ratio: float
) -> Homography:
    """Return what the camera does to the picture between an anchor's frame and another frame."""
    then = camera.at_frame(moves, anchor, frames=frames, ratio=ratio)
    return camera.at_frame(moves, frame, frames=frames, ratio=ratio) @ np.linalg.inv(then)


def _history(context: Sequence[RGB], anchor: RGB) -> flow.History | None:
    clip = [*context, anchor]
    return flow.history([flow.grey(picture) for picture in clip])


def _guide(
    plan: ShotPlan,
    sources: Sources,
    span: Span | None,
    picture: RGB | None,
    other: RGB | None,
    there: flow.Flow | None,
    came: flow.History | None,
    went: flow.History | None,
) -> Guide | None:
    # `came` runs into this anchor, `went` runs, backwards in this anchor's sense of time, into the
    # other pin.
    if span is None or picture is None:
        return None
    h, w = picture.shape[:2]
    grid = grid_size(w, h)
    ratio = h / w
    footage = not plan.from_one_picture
    frames = range(min(span.pin, span.end), max(span.pin, span.end) + 1)
    window = _window(plan, sources)
    mask = _over_all(plan.mask, frames, window)
    speed = None if came is None else came.velocity
    layers = layers_of(plan, sources, mask, grid, speed, span.pin)
    shot_from = () if footage else plan.cameras
    stroke, weight = _stroke_field(plan, span, layers, grid, ratio, shot_from)
    ambient, wished = np.zeros(grid, np.float32), np.zeros((h, w), np.float32)
    for number, wish in enumerate(plan.ambients):

        def region_at(frame: int, number: int = number) -> Field:
            return np.asarray(sources.region(number, "ambient", frame), np.float32)

        region = _over_all(wish.region, frames, region_at) * mask
        wished = np.maximum(wished, region)
        # Greys scale the motion itself; the network hears of where, and how strongly.
        owned = _cells(region > 0, grid)
        ambient = np.maximum(ambient, owned * wish.strength * plan.strength)
    end = _on_grid(there, grid, 1.0)
    past = _on_grid(speed, grid, span.frames)
    arrival = (np.zeros((*grid, 2), np.float32), np.zeros(grid, np.float32))
    if there is not None and went is not None:
        arrival = _on_grid(_at_the_end(there, went.velocity), grid, -span.frames)
    conditions = AnchorConditions(
        picture=_cells(picture, grid),
        other=None if other is None else _cells(other, grid),
        mask=_cells(mask > 0, grid),
        stroke=stroke,
        stroke_weight=weight,
        ambient=ambient,
        camera=_camera_field(plan, span, grid, ratio, shot_from),
        camera_given=bool(shot_from),
        past_velocity=past[0],
        past_confidence=past[1],
        end_displacement=end[0],
        end_confidence=end[1],
        end_velocity=arrival[0],
        end_velocity_confidence=arrival[1],
        span=span.frames,
        ratio=ratio,
    )
    wave = None
    if footage and plan.ambients:
        wave = Wave(region=wished, conditions=conditions)
        conditions = replace(conditions, ambient=np.zeros(grid, np.float32))
    hint = None
    if there is not None:
        hint = Hint(displacement=there.displacement, confidence=there.confidence, reaches=True)
    elif came is not None:
        way = came.velocity.displacement * np.float32(span.frames)
        hint = Hint(displacement=way, confidence=came.velocity.confidence, reaches=False)
    seen = None
    if hint is not None:
        seen = Seen(
            luma=flow.grey(picture), history=came, reach=there,
            other=None if other is None else flow.grey(other), beyond=went, span=span.frames,
        )  # fmt: skip
    return Guide(
        span=span,
        picture=picture,
        mask=mask,
        window=window,
        free=_free(plan, mask, wished, footage or hint is not None),
        conditions=conditions,
        hint=hint,
        seen=seen,
        layers=layers,
        cameras=plan.cameras,
        plan=plan,
        wave=wave,
        camera_on_top=footage and bool(plan.cameras),
    )


def _free(plan: ShotPlan, mask: Field, wished: Field, moving: bool) -> Field:
    if moving or not (plan.strokes or plan.ambients or plan.cameras):
        return mask
    return wished


def _window(plan: ShotPlan, sources: Sources) -> Callable[[int], Field]:
    steady = np.asarray(sources.mask(), np.float32)
    if not _changes(plan.mask):
        return lambda _: steady
    return lambda frame: np.asarray(sources.mask(frame), np.float32)


def _over_all(mask: Mask | None, frames: Sequence[int], at: Callable[[int], Field]) -> Field:
    """The most (`h w`) that a mask is at any of some frames: what moves may be seen at one only."""
    most = at(frames[0])
    if _changes(mask):
        for frame in frames[1:]:
            most = np.maximum(most, at(frame))
    return most


def _changes(mask: Mask | None) -> bool:
    if mask is None:
        return False
    return mask_frames(mask) is not None or (isinstance(mask, MaskTrack) and mask.follow)


def _cells(field: NDArray[np.floating] | NDArray[np.bool_], grid: tuple[int, int]) -> Field:
    """A picture or plane (`h w` or `h w c`) averaged over the cells of a grid (rows, columns)."""
    return scaled(np.asarray(field, np.float32), (grid[1], grid[0]), "area")


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


def _stroke_field(
    plan: ShotPlan,
    span: Span,
    layers: Sequence[Layer],
    grid: tuple[int, int],
    ratio: float,
    cameras: Sequence[CameraMove],
) -> tuple[Field, Field]:
    """Where the strokes take their regions (T gh gw 2), camera included, and their weight."""
    moved = np.zeros((FRAMES, *grid, 2), np.float64)
    weight = np.zeros(grid, np.float32)
    for layer in layers:
        for k, frame in enumerate(span.times):
            way = layer_shift(plan, layer, frame, span.pin, ratio) * layer.gain_cells[..., None]
            moved[k] += layer.cells[..., None] * (way - moved[k])
        weight = np.maximum(weight, layer.cells)
    shifted = moved / np.maximum(weight, 1e-3)[..., None] * (weight > 0)[..., None]
    start = grid_places(grid, ratio)
    result = np.empty((FRAMES, *grid, 2), np.float32)
    for k, frame in enumerate(span.times):
        matrix = relative_camera(cameras, frame, span.pin, frames=plan.frames, ratio=ratio)
        result[k] = camera.carry(matrix, start + shifted[k]) - start
    return result * (weight > 0)[None, ..., None], weight


def _camera_field(
    plan: ShotPlan,
    span: Span,
    grid: tuple[int, int],
    ratio: float,
    cameras: Sequence[CameraMove],
) -> Field:
    start = grid_places(grid, ratio)
    result = np.zeros((FRAMES, *grid, 2), np.float32)
    for k, frame in enumerate(span.times):
        matrix = relative_camera(cameras, frame, span.pin, frames=plan.frames, ratio=ratio)
        result[k] = camera.carry(matrix, start) - start
    return result


def grid_places(grid: tuple[int, int], ratio: float) -> NDArray[np.float64]:
    """Return the cell centres (gh gw 2) from the frame's centre, in fractions of its width."""
    rows, columns = grid
    x = (np.arange(columns) + 0.5) / columns - 0.5
    y = ((np.arange(rows) + 0.5) / rows - 0.5) * ratio
    return np.stack(np.broadcast_arrays(x[None, :], y[:, None]), axis=-1)
