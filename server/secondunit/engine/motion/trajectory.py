"""Where the pixels of a pin go between and beyond the frames that were filmed.

Flow measures: how each place came here over the last frames, where the other pin shows it, how
that pin's frames go on. Each measurement, carried on in its own way, is a candidate for the whole
path. A network weighs the candidates cell by cell and time by time, and says how far it doubts
the result; the weighing is then done on the candidates at flow's own size, so that the edges of
moving things stay where flow saw them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit.engine import flow
from secondunit.engine.motion.conditions import FADE, FRAMES, fill, sample_bilinear, similarity
from secondunit.engine.motion.conditions import places as cell_places
from secondunit.engine.raster import blurred, places, sampled, scaled

Field = NDArray[np.floating]

CELL = 12
"""Pixels of flow's size to a cell of the network's grid, about."""
EASE = 12.0
"""Frames over which a measured acceleration is believed to last (time constant)."""
CANDIDATES = 15
ALONE = 11
"""Candidates that need no other pin: the first ones."""
CAMERA, PAST, STREAM, QUICK_STREAM, PATH, END_CAMERA = 7, 8, 9, 10, 12, 14
"""Candidates by name: the past's camera, the past filled (the classical extension), the two that a
field of velocities carries, the bent way to an end (the classical bridge), the end's camera."""
CHANNELS = 2 * (CANDIDATES - 1) + 19
"""Width of `features`."""
ALONG = np.float32(0.06)
"""How much (squared) an error along an edge counts against one across it."""
FINEST = 0.15
"""Pixels of flow's size that count as error of a motion within a cell."""
LEAST = 0.0008
"""Smallest difference of candidates that counts, in fractions of width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What flow saw around one anchor."""

    luma: flow.Luma
    history: flow.History | None
    """The frames that lead to the anchor, in its own sense of time."""
    reach: flow.Flow | None
    """From the anchor to the other pin; None: nothing holds the span's end."""
    other: flow.Luma | None
    beyond: flow.History | None
    """The frames past the other pin, looked at from there."""
    span: int
    """Frames from the anchor to the span's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """The path of every place of an anchor, at s = 1/T .. 1 of its span."""

    displacement: Field
    """`T fh fw 2`, from the anchor's places, in fractions of the frame's width."""
    doubt: Field
    """`T gh gw`, expected error, in fractions of the frame's width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Measurements on one grid (`h w`), in this anchor's sense of time, fractions of width."""

    velocities: Field
    """`lags h w 2`, per frame: the mean over each of `flow.LAGS`."""
    fitted: Field
    """`h w 2`, per frame: the velocity at the anchor by all of them."""
    filled: Field
    """The same, where it is not sure taken from around."""
    streamed: Field
    """`T h w 2`: the way of a point that is carried by the filled field as it stands. Past what a
    steady camera passes, velocities belong to places of the frame, not to things."""
    quickly: Field
    """The same by the velocity of the last frame alone."""
    camera: Field
    """The similarity that fits it, per frame."""
    end: Field | None
    """`h w 2`, to the other pin."""
    end_filled: Field
    end_camera: Field
    arrival: Field
    """Velocity at the other pin, per frame, of what ends there."""
    span: int

    def candidates(self, step: int) -> Field:
        """Return every candidate's displacement (`n h w 2`) at a step 1..T of the span."""
        s = step / FRAMES
        time = s * self.span
        turn = EASE * EASE * (time / EASE - 1 + math.exp(-time / EASE))
        one, two, four, eight = self.velocities
        quick, slow = (one - four) / 1.5, (two - eight) / 3
        lasting = FADE * (1 - math.exp(-time / FADE))
        found = [
            np.zeros_like(one), one * time, self.fitted * time, four * time, eight * time,
            (one + quick / 2) * time + quick * turn, (two + slow) * time + slow * turn,
            self.camera * time, self.filled * lasting, self.streamed[step - 1],
            self.quickly[step - 1],
        ]  # fmt: skip
        if self.end is None:
            found += found[PAST : PAST + 1] * (CANDIDATES - ALONE)
        else:
            path = (
                (3 * s**2 - 2 * s**3) * self.end_filled
                + (s**3 - 2 * s**2 + s) * self.filled * self.span
                + (s**3 - s**2) * self.arrival * self.span
            )
            back = self.end - self.arrival * (self.span - time)
            found += [self.end * s, path, back, self.end_camera * s]
        return np.stack(found).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sureness:
    """How far each measurement of an `Evidence` can be believed, `h w` each, 0..1."""

    velocities: Field
    """`lags h w`."""
    end: Field
    arrival: Field
    unlike: Field
    """How different both ends look; 0 alike."""
    structure: Field
    """`h w 3`, see `structure`."""
    known: bool
    """There is a history at all."""


def structure(luma: flow.Luma, grid: tuple[int, int]) -> Field:
    """Return the structure tensor of a picture on a grid, `gh gw 3`: xx, xy, yy.

    Gradients are per pixel of flow's size, of luma 0..1. Along an edge a motion is neither seen
    nor missed; across it a fraction of a pixel is.
    """
    plane = luma.astype(np.float32) / 255
    across = np.asarray(cv2.Sobel(plane, cv2.CV_32F, 1, 0, ksize=3), np.float32) / 8
    down = np.asarray(cv2.Sobel(plane, cv2.CV_32F, 0, 1, ksize=3), np.float32) / 8
    products = np.stack([across * across, across * down, down * down], axis=-1)
    return scaled(blurred(products, 3.0), (grid[1], grid[0]), "area")


def metric(tensor: Field) -> Field:
    """Return the matrix (`... 3`: xx, xy, yy) by which errors of motion are measured.

    About 1 across edges and at corners, `ALONG` where the picture does not change.
    """
    xx, xy, yy = tensor[..., 0], tensor[..., 1], tensor[..., 2]
    largest = (xx + yy + np.sqrt((xx - yy) ** 2 + 4 * xy * xy)) / 2 + np.float32(1e-7)
    return np.stack([xx / largest + ALONG, xy / largest, yy / largest + ALONG], -1)


def grid_of(luma: flow.Luma) -> tuple[int, int]:
    """Return the network's (rows, columns) for a picture at flow's size."""
    return max(4, round(luma.shape[0] / CELL)), max(4, round(luma.shape[1] / CELL))


def pooled(found: flow.Flow, grid: tuple[int, int]) -> Field:
    """Return a flow on a grid, `gh gw 3`: the mean of what can be believed, and how far."""
    size = (grid[1], grid[0])
    weight = found.confidence[..., None] + np.float32(1e-4)
    mean = scaled(found.displacement * weight, size, "area")
    mean /= scaled(weight[..., 0], size, "area")[..., None]
    sure = scaled(found.confidence, size, "area")
    return np.concatenate([mean, sure[..., None]], axis=-1)


def fitted(velocities: Field, sure: Field) -> Field:
    """Return the velocity (`h w 2`) that mean velocities over `flow.LAGS` end in."""
    ways = [
        (lag, -velocity * np.float32(lag), trust)
        for lag, velocity, trust in zip(flow.LAGS, velocities, sure, strict=True)
    ]
    return flow.end_velocity(ways)


def _padded(planes: Sequence[Field], blank: bool) -> Field:
    # A short clip has no long lags: the longest it has stands for them, without confidence.
    missing = len(flow.LAGS) - len(planes)
    last = np.zeros_like(planes[-1]) if blank else planes[-1]
    return np.stack([*planes, *[last] * missing])


def evidence(
    ways: Sequence[Field], reach: Field | None, beyond: Field | None, other: Field,
    own: Field, tensor: Field, span: int,
) -> tuple[Evidence, Sureness]:  # fmt: skip
    """Return what is known on the network's grid.

    `ways` are the pooled flows (`gh gw 3`) to the frames behind the anchor, one for each lag that
    there is; `reach` the one to the other pin; `beyond` the mean velocity per frame and its
    confidence at the other pin's own places, in the anchor's sense of time; `own` and `other` the
    two pictures' luma on the grid, 0..1; `tensor` the anchor's structure.
    """
    rows, columns = own.shape
    grid = (rows, columns)
    where = cell_places(rows, columns)
    none, still = np.zeros(grid, np.float32), np.zeros((*grid, 2), np.float32)
    end = end_camera = end_filled = still
    end_sure = arrival_sure = unlike = none
    if reach is not None:
        end, end_sure = reach[..., :2], reach[..., 2]
        end_camera = similarity(end, end_sure + 1e-3, where)
        end_filled = end_camera + fill(end - end_camera, end_sure)
    if ways:
        velocities = _padded(
            [-way[..., :2] / lag for lag, way in zip(flow.LAGS, ways, strict=False)], blank=False
        )
        sure = _padded([way[..., 2] for way in ways], blank=True)
        speed = fitted(velocities, sure)
        believed = flow.velocity_confidence(sure)
        camera = similarity(speed, believed + 1e-3, where)
        filled = camera + fill(speed - camera, believed)
    else:
        speed = end / span
        velocities = np.stack([speed] * len(flow.LAGS))
        sure = np.zeros((len(flow.LAGS), *grid), np.float32)
        camera, filled = end_camera / span, end_filled / span
    arrival = end_filled / span
    if reach is not None:
        if beyond is not None:
            there = sample_bilinear(beyond, where + end)
            arrival, arrival_sure = there[..., :2], there[..., 2] * end_sure
        apart = np.abs(sample_bilinear(other[..., None], where + end)[..., 0] - own)
        unlike = np.clip(apart * 6, 0, 3).astype(np.float32)
    seen = Evidence(
        velocities=velocities, fitted=speed, filled=filled, camera=camera,
        streamed=streamed(filled, span, lambda way: _at_cells(filled, where + way)),
        quickly=streamed(velocities[0], span, lambda way: _at_cells(velocities[0], where + way)),
        end=None if reach is None else end, end_filled=end_filled, end_camera=end_camera,
        arrival=arrival, span=span,
    )  # fmt: skip
    return seen, Sureness(
        velocities=sure, end=end_sure, arrival=arrival_sure, unlike=unlike, structure=tensor,
        known=bool(ways),
    )  # fmt: skip


def _at_cells(field: Field, where: Field) -> Field:
    return sample_bilinear(field.astype(np.float32), where.astype(np.float32))


def streamed(field: Field, span: int, sample: Callable[[Field], Field]) -> Field:
    """Return the ways (`T h w 2`) of points that a field of velocities (`h w 2`) carries.

    `sample` gives the field where points are after a way (`h w 2`). Midpoint rule.
    """
    step = np.float32(span / FRAMES)
    ways, way = [], np.zeros_like(field)
    for _ in range(FRAMES):
        middle = way + sample(way) * (step / 2)
        way = way + sample(middle) * step
        ways.append(way)
    return np.stack(ways).astype(np.float32)


def features(seen: Evidence, sure: Sureness, last: Field) -> tuple[Field, Field]:
    """Return what the network reads (`CHANNELS gh gw`) and each cell's scale (`gh gw`).

    `last` are the candidates at the span's end. All displacements are relative to their median and
    in units of their own spread, so that what was learned of slow things holds for fast ones.
    """
    grid = sure.end.shape
    bridge = seen.end is not None
    choice = last[1:] if bridge else last[1:ALONE]
    middle = np.median(choice, axis=0)
    scale = np.abs(choice - middle).mean(axis=(0, 3)) + LEAST
    whole = float(scale.mean()) + 0.002
    base = last[END_CAMERA] if bridge else last[CAMERA]
    apart = np.clip((last[1:] - middle) / scale[None, ..., None], -4, 4)
    ones = np.ones((1, *grid), np.float32)
    xx, xy, yy = (sure.structure[None, ..., k] for k in range(3))
    strength = xx + yy + np.float32(1e-7)
    told = [
        apart.transpose(0, 3, 1, 2).reshape(-1, *grid),
        sure.velocities, sure.end[None], sure.arrival[None], sure.unlike[None],
        np.log(scale)[None] / 2 + 2.5,
        ones * (math.log(whole) / 2 + 2.5),
        np.clip(((middle - base) / whole).transpose(2, 0, 1), -4, 4),
        np.clip(((seen.fitted * seen.span - base) / whole).transpose(2, 0, 1), -4, 4),
        ones * bridge, ones * sure.known, ones * math.log(seen.span / 12),
        np.log(strength) / 4 + 2, (xx - yy) / strength, 2 * xy / strength,
    ]  # fmt: skip
    return np.concatenate(told).astype(np.float32), scale.astype(np.float32)


def coarse(seen: Seen) -> tuple[Evidence, Sureness]:
    """Return what is known of an anchor on the network's grid."""
    grid = grid_of(seen.luma)
    beyond = None
    if seen.beyond is not None:
        beyond = _onward(pooled(seen.beyond.ways[_onward_lag(seen.beyond)], grid), seen.beyond)
    own, other = (
        scaled(luma.astype(np.float32) / 255, (grid[1], grid[0]), "area")
        for luma in (seen.luma, seen.luma if seen.other is None else seen.other)
    )
    ways = [] if seen.history is None else [pooled(way, grid) for way in seen.history.ways]
    reach = None if seen.reach is None else pooled(seen.reach, grid)
    return evidence(ways, reach, beyond, other, own, structure(seen.luma, grid), seen.span)


def _onward_lag(beyond: flow.History) -> int:
    return min(1, len(beyond.ways) - 1)


def _onward(way: Field, beyond: flow.History) -> Field:
    # Further on past the other pin is the anchor's own sense of time.
    lag = flow.LAGS[_onward_lag(beyond)]
    return way * np.array([1 / lag, 1 / lag, 1], np.float32)


def _sharpened(found: flow.Flow, cells: Field, gain: float, *, all_of_it: bool = False) -> Field:
    # What the network weighed is the mean of what can be believed in a cell: single wrong vectors
    # must not come back (`all_of_it`: they may), nor what is finer than flow can tell, since time
    # multiplies it.
    height, width = found.confidence.shape
    mean = scaled(cells, (width, height))
    detail = found.displacement * np.float32(gain) - mean
    size = np.linalg.norm(detail, axis=-1) * width
    share = size**2 / (size**2 + FINEST**2)
    if not all_of_it:
        share = share * found.confidence
    return mean + share[..., None] * detail


def fine(seen: Seen, rough: Evidence) -> Evidence:
    """Return what is known of an anchor at flow's size; what is unsure comes from the grid."""
    height, width = seen.luma.shape
    size = (width, height)
    camera, filled = scaled(rough.camera, size), scaled(rough.filled, size)
    end, end_filled = None, scaled(rough.end_filled, size)
    if seen.reach is not None and rough.end is not None:
        end = _sharpened(seen.reach, rough.end, 1.0)
        end_filled += seen.reach.confidence[..., None] * (end - end_filled)
    if seen.history is not None:
        ways = seen.history.ways
        velocities = _padded(
            [
                # A frame apart, flow that does not lead back is still right across the edges.
                _sharpened(way, cells, -1 / lag, all_of_it=lag == 1)
                for lag, way, cells in zip(flow.LAGS, ways, rough.velocities, strict=False)
            ],
            blank=False,
        )
        sure = _padded([way.confidence for way in ways], blank=True)
        speed = fitted(velocities, sure)
        filled += flow.velocity_confidence(sure)[..., None] * (speed - filled)
    else:
        assert end is not None, "nothing was seen"
        speed = end / seen.span
        velocities = np.stack([speed] * len(flow.LAGS))
        filled = end_filled / seen.span
    arrival = end_filled / seen.span
    if seen.beyond is not None and end is not None:
        lag = _onward_lag(seen.beyond)
        onward = seen.beyond.ways[lag].displacement / flow.LAGS[lag]
        arrival = sampled(onward, places(height, width) + end * np.float32(width))
    at, across, last = places(height, width), np.float32(width), velocities[0]
    return Evidence(
        velocities=velocities.astype(np.float32), fitted=speed, filled=filled, camera=camera,
        streamed=streamed(filled, seen.span, lambda way: sampled(filled, at + way * across)),
        quickly=streamed(last, seen.span, lambda way: sampled(last, at + way * across)),
        end=end, end_filled=end_filled, end_camera=scaled(rough.end_camera, size),
        arrival=arrival, span=seen.span,
    )  # fmt: skip


def weighed(known: Evidence, weights: Field) -> Field:
    """Return the path (`T h w 2`) that weights (`T n gh gw`) make of the candidates."""
    height, width = known.fitted.shape[:2]
    path = np.empty((FRAMES, height, width, 2), np.float32)
    for step in range(FRAMES):
        shares = scaled(np.ascontiguousarray(weights[step].transpose(1, 2, 0)), (width, height))
        path[step] = np.einsum("hwn,nhwc->hwc", shares, known.candidates(step + 1))
    return path
