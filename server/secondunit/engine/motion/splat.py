"""Turning motion round: from where each pixel goes to where each pixel comes from."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit.engine.raster import Field, places, sampled, scaled

COVERED = 0.35
"""Coverage below which a pixel counts as a hole: nothing of the anchor went there."""
STEEP = 6.0
"""How sharply a more important pixel wins over one that lands on the same place (e-folds)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where each pixel of a frame comes from in the anchor's picture."""

    offset: Field
    """`h w 2`, pixels: the pixel at q shows the anchor at q - offset(q); in holes as well."""
    hole: NDArray[np.bool_]
    """`h w`: nothing went there."""
    trust: Field
    """`h w`, 0..1: how sure the motion is that ended there; 0 in holes."""


def turn_round(motion: Field, importance: Field, trust: Field) -> Origin:
    """Return the origin of each pixel when every pixel of the anchor moves by `motion`.

    Softmax splatting (Niklaus and Liu 2020) of the vectors, not of colours, so that the picture is
    sampled once, sharply. `motion` is `h w 2` in pixels; `importance` (`h w`, 0..1) decides who is
    seen where several land; `trust` travels along.
    """
    h, w = motion.shape[:2]
    dx, dy = motion[..., 0], motion[..., 1]
    weight = np.exp(np.float32(STEEP) * (importance - 1)).astype(np.float32)
    right, down = dx + np.arange(w, dtype=np.float32), dy + np.arange(h, dtype=np.float32)[:, None]
    x0, y0 = np.floor(right), np.floor(down)
    fx, fy = right - x0, down - y0
    # A rim of two pixels takes what lands beside the frame, so that nothing has to be picked out.
    wide = w + 4
    column, row = np.clip(x0, -2, w) + 2, np.clip(y0, -2, h) + 2
    corner = (row.astype(np.intp) * wide + column.astype(np.intp)).ravel()
    shares = {0: (1 - fx) * (1 - fy), wide: (1 - fx) * fy, 1: fx * (1 - fy), wide + 1: fx * fy}

    def landed(what: Field | None = None) -> Field:
        total = np.zeros((h + 4) * wide, np.float32)
        for step, share in shares.items():
            np.add.at(total[step:], corner, (share if what is None else what * share).ravel())
        return total.reshape(h + 4, wide)[2:-2, 2:-2]

    known = landed() >= COVERED
    norm = np.where(known, np.maximum(landed(weight), np.float32(1e-12)), np.float32(1))
    carried = [np.where(known, landed(part * weight) / norm, 0) for part in (dx, dy, trust)]
    offset = spread_known(np.stack(carried[:2], axis=-1).astype(np.float32), known)
    return Origin(
        offset=_settled(_swept(offset), motion, known),
        hole=~known,
        trust=carried[2].astype(np.float32),
    )


def invert(motion: Field, start: Field, rounds: int = 4) -> Field:
    """Return the offset (`h w 2`, pixels) of a smooth motion (`h w 2`) by fixed-point iteration."""
    at = places(*motion.shape[:2])
    offset = np.broadcast_to(start, motion.shape).astype(np.float32)
    for _ in range(rounds):
        offset = sampled(motion, at - offset)
    return offset


def spread_known(field: Field, known: NDArray[np.bool_]) -> Field:
    """Return a field (`h w c`) continued where it is not known (push-pull, Grossman 1998)."""
    if known.all():
        return field
    if not known.any():
        return np.zeros_like(field)
    weight = known.astype(np.float32)
    return np.where(known[..., None], field, _pull(field * weight[..., None], weight))


def _pull(summed: Field, weight: Field) -> Field:
    h, w = weight.shape
    if min(h, w) <= 2:
        total = max(float(weight.sum()), 1e-9)
        return np.broadcast_to(summed.sum(axis=(0, 1)) / total, summed.shape).astype(np.float32)
    size = ((w + 1) // 2, (h + 1) // 2)
    coarse = _pull(scaled(summed, size, "area"), scaled(weight, size, "area"))
    wide = scaled(coarse, (w, h))
    share = np.minimum(weight, 1)[..., None]
    own = summed / np.maximum(weight, 1e-6)[..., None]
    return (own * share + wide * (1 - share)).astype(np.float32)


def _swept(offset: Field) -> Field:
    # Single pixels that slipped past a collision are specks; edges and corners stay.
    for _ in range(2):
        planes = [np.ascontiguousarray(offset[..., axis]) for axis in (0, 1)]
        middle = np.stack([np.asarray(cv2.medianBlur(p, 5), np.float32) for p in planes], axis=-1)
        offset = np.where((_apart(middle, offset) > 1.0)[..., None], middle, offset)
    return offset


def _settled(offset: Field, motion: Field, known: NDArray[np.bool_]) -> Field:
    # The splat's average is off by a fraction of a pixel where motion varies; where a step of the
    # fixed point stays close, it is on the same surface and exact.
    at = places(*motion.shape[:2])
    for _ in range(2):
        better = sampled(motion, at - offset)
        near = known & (_apart(better, offset) < 1.0)
        offset = np.where(near[..., None], better, offset)
    return offset


def _apart(one: Field, other: Field) -> Field:
    # The larger of both axes: numpy's own reduction over an axis of two is ten times slower.
    x, y = np.abs(one[..., 0] - other[..., 0]), np.abs(one[..., 1] - other[..., 1])
    return np.maximum(x, y)
