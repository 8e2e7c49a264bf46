"""What the network is told, on its own grid, and the classical answer that it corrects."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

FRAMES = 8
"""Motion samples per span: displacement is given at s = 1/8 .. 8/8 of the span."""
CELLS = 576
"""Cells of the grid, about: 18 x 32 for 16:9, 24 x 24 for a square."""
CHANNELS = 34
"""Width of `channels`."""
SCALARS = 1
"""Width of `scalars`."""
FADE = 35.0
"""Frames after which a motion that only the past vouches for has lost its speed (time constant)."""
DEFINITE = 0.05
"""Confidence below which a cell counts as unknown."""


def grid_size(width: int, height: int) -> tuple[int, int]:
    """Return the even (rows, columns) of the motion grid for a picture, about 576 cells."""
    rows = 2 * max(2, round(math.sqrt(CELLS * height / width) / 2))
    columns = 2 * max(2, round(CELLS / rows / 2))
    return rows, columns


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorConditions:
    """Everything known about the motion of one anchor picture; gh gw is the grid, T is `FRAMES`.

    Displacements are in fractions of the frame's width on both axes, x right, y down, measured from
    the anchor. Velocities are displacements per span, in the direction of the span. An absent
    condition is zeros with zero confidence.
    """

    picture: Field  # gh gw 3, the anchor, 0..1, area-averaged
    other: Field | None  # gh gw 3, the other pin at its own place, 0..1, or None
    mask: Field  # gh gw, 1 may change, 0 stays
    stroke: Field  # T gh gw 2, where strokes take their region
    stroke_weight: Field  # gh gw, 0..1
    ambient: Field  # gh gw, 0..1, strength of wanted motion without direction
    camera: Field  # T gh gw 2, displacement by the camera move
    camera_given: bool  # a camera move that is given as standing still is also given
    past_velocity: Field  # gh gw 2
    past_confidence: Field  # gh gw, 0..1
    end_displacement: Field  # gh gw 2, anchor to other pin
    end_confidence: Field  # gh gw, 0..1, forward-backward consistency
    end_velocity: Field  # gh gw 2, velocity at the other pin, at the end of each cell's own way
    end_velocity_confidence: Field  # gh gw, 0..1
    span: int  # frames from the anchor to the end of the motion
    ratio: float | None = None  # picture height / width; None: that of the grid


def blank(picture: Field, span: int, ratio: float | None = None) -> AnchorConditions:
    """Return conditions that say nothing beyond the picture (gh gw 3): free motion everywhere."""
    gh, gw = picture.shape[:2]
    plane = np.zeros((gh, gw), np.float32)
    pair = np.zeros((gh, gw, 2), np.float32)
    track = np.zeros((FRAMES, gh, gw, 2), np.float32)
    return AnchorConditions(
        picture=picture, other=None, mask=np.ones_like(plane), stroke=track, stroke_weight=plane,
        ambient=plane, camera=track, camera_given=False, past_velocity=pair, past_confidence=plane,
        end_displacement=pair, end_confidence=plane, end_velocity=pair,
        end_velocity_confidence=plane, span=span, ratio=ratio,
    )  # fmt: skip


def places(gh: int, gw: int, ratio: float | None = None) -> Field:
    """Return the cell centres (gh gw 2) as x, y in fractions of the frame's width."""
    x = (np.arange(gw, dtype=np.float32) + 0.5) / gw
    y = (np.arange(gh, dtype=np.float32) + 0.5) / gh * (ratio or gh / gw)
    return np.stack(np.broadcast_arrays(x[None], y[:, None]), axis=-1)


@lru_cache(maxsize=64)
def _smoother(size: int, sigma: float) -> Field:
    """Return the matrix (size size) of a Gaussian of `sigma` cells along one axis, peak 1."""
    step = np.arange(size, dtype=np.float32)
    return np.exp(-((step[:, None] - step[None]) ** 2) / (2 * sigma * sigma)).astype(np.float32)


def smooth(field: Field, sigma: float) -> Field:
    """Return a field (gh gw c) under an unnormalised Gaussian of `sigma` cells."""
    rows, columns = _smoother(field.shape[0], sigma), _smoother(field.shape[1], sigma)
    return np.einsum("ij,jkc->ikc", rows, np.einsum("kl,jlc->jkc", columns, field))


def fill(field: Field, confidence: Field) -> Field:
    """Return a field (gh gw c), its cells of little confidence (gh gw) taken from around them.

    Normalised convolution (Knutsson and Westin 1993), from wide to narrow, each scale leaning on
    the wider one where it knows too little itself.
    """
    weight = confidence[..., None] ** 2
    known = np.concatenate([field * weight, weight], axis=-1)
    total = known.sum(axis=(0, 1))
    guess = np.broadcast_to(total[:-1] / (total[-1] + 1e-3), field.shape)
    for sigma in (6.0, 2.5, 1.0):
        near = smooth(known, sigma)
        guess = (near[..., :-1] + 0.3 * guess) / (near[..., -1:] + 0.3)
    return (confidence[..., None] * field + (1 - confidence[..., None]) * guess).astype(np.float32)


def similarity(field: Field, confidence: Field, where: Field) -> Field:
    """Return the similarity (pan, zoom, roll) that fits a field (gh gw 2) best, evaluated on it.

    Robust: refitted with weights that fall with the residual, so that moving objects do not pull at
    the camera. `where` holds the places (gh gw 2).
    """
    place = where[..., 0] + 1j * where[..., 1]
    centre = place.mean()
    arm = (place - centre).ravel()
    target = (field[..., 0] + 1j * field[..., 1]).ravel()
    weight = confidence.ravel().astype(np.float64)
    scale, shift = 0j, 0j
    for _ in range(6):
        total = weight.sum() + 1e-9
        mean_arm, mean_target = (weight * arm).sum() / total, (weight * target).sum() / total
        spread = (weight * abs(arm - mean_arm) ** 2).sum() + 1e-4 * total
        turned = weight * np.conj(arm - mean_arm) * (target - mean_target)
        scale = turned.sum() / spread
        shift = mean_target - scale * mean_arm
        error = abs(target - scale * arm - shift)
        weight = confidence.ravel() / (1 + (error / 0.006) ** 2)
    fitted = scale * (place - centre) + shift
    return np.stack([fitted.real, fitted.imag], axis=-1).astype(np.float32)


def _complete(field: Field, confidence: Field, base: Field) -> Field:
    """Return a field (gh gw 2) whose unknown cells follow their surroundings on top of a base."""
    return base + fill(field - base, confidence)


def prior(c: AnchorConditions) -> Field:
    """Return the classical answer T gh gw 2: the motion without any network.

    With an end: a cubic Hermite path through the end, with the velocities that are known. With only
    a past: the past, losing speed. With a camera: the camera. Strokes override in their region, and
    where the mask is 0 nothing moves.
    """
    gh, gw = c.mask.shape
    where = places(gh, gw, c.ratio)
    time = (np.arange(1, FRAMES + 1, dtype=np.float32) / FRAMES)[:, None, None, None]
    answer = c.camera.copy() if c.camera_given else np.zeros_like(c.camera)
    first, last = answer[0] * FRAMES, (answer[-1] - answer[-2]) * FRAMES
    ends, starts = c.end_confidence, c.past_confidence
    if ends.max() > DEFINITE:
        base = np.zeros_like(c.end_displacement)
        if not c.camera_given:
            base = similarity(c.end_displacement, ends, where)
        end = _complete(c.end_displacement - answer[-1], ends, base)
        begin = _tangent(c.past_velocity - first, starts * ends, end)
        finish = _tangent(c.end_velocity - last, c.end_velocity_confidence * ends, end)
        answer = answer + (
            (3 * time**2 - 2 * time**3) * end
            + (time**3 - 2 * time**2 + time) * begin
            + (time**3 - time**2) * finish
        )
    elif starts.max() > DEFINITE:
        base = np.zeros_like(c.past_velocity)
        if not c.camera_given:
            base = similarity(c.past_velocity, starts, where)
        speed = _complete(c.past_velocity - first, starts, base)
        rate = c.span / FADE
        answer = answer + speed * (1 - np.exp(-rate * time)) / rate
    weight = c.stroke_weight[None, ..., None]
    answer = answer + weight * (c.stroke - answer)
    return (answer * (c.mask > 0)[None, ..., None]).astype(np.float32)


def _tangent(velocity: Field, confidence: Field, chord: Field) -> Field:
    """Return the tangent (gh gw 2) of a path: a known, plausible velocity, else the chord."""
    change = velocity - chord
    size = np.linalg.norm(change, axis=-1, keepdims=True)
    most = 1.5 * np.linalg.norm(chord, axis=-1, keepdims=True) + 0.01
    change = change * np.minimum(1, most / (size + 1e-9))
    return chord + TANGENT * confidence[..., None] * change


TANGENT = 0.85
"""How far a measured velocity is believed against the chord of the path."""


def certainty(c: AnchorConditions) -> Field:
    """Return how far the prior can be trusted, gh gw, 0..1, from the conditions alone."""
    if c.end_confidence.max() > DEFINITE:
        known = smooth(c.end_confidence[..., None], 0.7)[..., 0]
        full = smooth(np.ones_like(c.end_confidence)[..., None], 0.7)[..., 0]
        trust = np.minimum(c.end_confidence, known / full)
    elif c.past_confidence.max() > DEFINITE:
        trust = 0.5 * c.past_confidence
    else:
        trust = np.full_like(c.mask, 0.6)
    return np.maximum(trust, 0.85 * c.stroke_weight)


def spread(c: AnchorConditions) -> Field:
    """Return the expected size of the prior's error, T gh gw 1, in fractions of the frame's width.

    The network's residual is in units of it: D = prior + spread * residual.
    """
    doubt = 1 - certainty(c)[None, ..., None]
    time = (np.arange(1, FRAMES + 1, dtype=np.float32) / FRAMES)[:, None, None, None]
    if c.end_confidence.max() > DEFINITE:
        grow = 0.35 + 0.65 * doubt * time + 0.65 * (1 - doubt) * 4 * time * (1 - time)
    else:
        grow = 0.2 + 0.8 * time
    size = (0.010 + 0.050 * doubt) * grow * unit(c)
    return size.astype(np.float32)


def freedom(c: AnchorConditions) -> Field:
    """Return how far the network's correction counts, gh gw, 0..1.

    Not at all where a motion was measured soundly or drawn, fully where nothing is known. On
    footage the network has no better answer than sound flow, and what it adds there is noise; on
    its own scenes this keeps three quarters of its gain on bridges and raises that on extensions.
    """
    known = c.end_confidence if c.end_confidence.max() > DEFINITE else c.past_confidence
    free = np.maximum((1 - known) ** 2, c.ambient > 0)  # asked to move otherwise than measured
    return (free * (1 - c.stroke_weight)).astype(np.float32)


def unit(c: AnchorConditions) -> float:
    """Return the side of a square as large as 24 by 24 cells, in fractions of the frame's width."""
    return 24 / c.mask.shape[1]


def sample_bilinear(field: Field, where: Field, ratio: float | None = None) -> Field:
    """Return a field (gh gw c) at places (gh gw 2, fractions of width), clamped to the frame."""
    gh, gw = field.shape[:2]
    x = np.clip(where[..., 0] * gw - 0.5, 0, gw - 1.001)
    y = np.clip(where[..., 1] / (ratio or gh / gw) * gh - 0.5, 0, gh - 1.001)
    left, top = x.astype(np.int32), y.astype(np.int32)
    fx, fy = (x - left)[..., None], (y - top)[..., None]
    upper = field[top, left] * (1 - fx) + field[top, left + 1] * fx
    lower = field[top + 1, left] * (1 - fx) + field[top + 1, left + 1] * fx
    return (upper * (1 - fy) + lower * fy).astype(np.float32)


def channels(c: AnchorConditions, answer: Field | None = None) -> Field:
    """Return all conditions as the network reads them, T gh gw `CHANNELS`, each about -1..1.

    `answer` is `prior(c)` where the caller has it already.
    """
    gh, gw = c.mask.shape
    answer = prior(c) if answer is None else answer
    where = places(gh, gw, c.ratio)
    gain = 8.0 / unit(c)
    ones = np.ones((gh, gw, 1), np.float32)
    has_other = c.other is not None
    other = c.other if c.other is not None else np.full_like(c.picture, 0.5)
    found = sample_bilinear(other, where + answer[-1], c.ratio)
    differs = np.abs(found - c.picture).mean(-1, keepdims=True) * (4.0 if has_other else 0.0)
    still = np.concatenate(
        [
            c.picture * 2 - 1,
            other * 2 - 1,
            found * 2 - 1,
            differs,
            ones * has_other,
            c.mask[..., None],
            c.stroke_weight[..., None],
            c.ambient[..., None],
            ones * c.camera_given,
            c.past_velocity * gain,
            c.past_confidence[..., None],
            c.end_displacement * gain,
            c.end_confidence[..., None],
            c.end_velocity * gain,
            c.end_velocity_confidence[..., None],
            (where - where.mean((0, 1))) / unit(c) * 2,
        ],
        axis=-1,
    )
    time = np.linspace(-1, 1, FRAMES, dtype=np.float32)[:, None, None, None]
    moving = np.concatenate(
        [
            c.stroke * c.stroke_weight[None, ..., None] * gain,
            c.camera * gain,
            answer * gain,
            spread(c) / unit(c) * 20,
            np.broadcast_to(time, (FRAMES, gh, gw, 1)),
        ],
        axis=-1,
    )
    still = np.broadcast_to(still[None], (FRAMES, *still.shape))
    return np.clip(np.concatenate([still, moving], axis=-1), -8, 8).astype(np.float32)


def scalars(c: AnchorConditions) -> Field:
    """Return the scalar conditions (`SCALARS`,): the span on a logarithmic scale, about -1..1."""
    return np.array([math.log(c.span / 24) / 2], np.float32)
