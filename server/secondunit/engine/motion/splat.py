"""Turning motion round: from where each pixel goes to where each pixel comes from."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
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
    target = places(h, w) + motion
    weight = np.exp(STEEP * (importance - 1))
    rows = np.concatenate(
        [motion * weight[..., None], (trust * weight)[..., None], weight[..., None]], axis=-1
    )
    carried = torch.from_numpy(np.ascontiguousarray(rows, np.float32).reshape(-1, 4))
    x0 = np.floor(target[..., 0]).astype(np.int64)
    y0 = np.floor(target[..., 1]).astype(np.int64)
    fx = (target[..., 0] - x0).astype(np.float32)
    fy = (target[..., 1] - y0).astype(np.float32)
    total = torch.zeros((h * w, 4), dtype=torch.float32)
    coverage = torch.zeros(h * w, dtype=torch.float32)
    for dx, share_x in ((0, 1 - fx), (1, fx)):
        for dy, share_y in ((0, 1 - fy), (1, fy)):
            x, y, share = x0 + dx, y0 + dy, share_x * share_y
            inside = (x >= 0) & (x < w) & (y >= 0) & (y < h)
            index = torch.from_numpy(np.where(inside, y * w + x, 0).ravel())
            part = torch.from_numpy(np.where(inside, share, 0).astype(np.float32).ravel())
            total.index_add_(0, index, carried * part[:, None])
            coverage.index_add_(0, index, part)
    summed = total.numpy().reshape(h, w, 4)
    hole = coverage.numpy().reshape(h, w) < COVERED
    known = ~hole
    norm = np.where(known, np.maximum(summed[..., 3], 1e-12), 1)[..., None]
    offset = np.where(known[..., None], summed[..., :2] / norm, 0).astype(np.float32)
    arrived = np.where(known, summed[..., 2] / norm[..., 0], 0).astype(np.float32)
    offset = spread_known(offset, known)
    return Origin(offset=_settled(_swept(offset), motion, known), hole=hole, trust=arrived)


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
        speck = np.abs(middle - offset).max(axis=-1) > 1.0
        offset = np.where(speck[..., None], middle, offset)
    return offset


def _settled(offset: Field, motion: Field, known: NDArray[np.bool_]) -> Field:
    # The splat's average is off by a fraction of a pixel where motion varies; where a step of the
    # fixed point stays close, it is on the same surface and exact.
    at = places(*motion.shape[:2])
    for _ in range(2):
        better = sampled(motion, at - offset)
        near = known & (np.abs(better - offset).max(axis=-1) < 1.0)
        offset = np.where(near[..., None], better, offset)
    return offset
