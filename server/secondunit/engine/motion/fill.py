"""What stands where nothing is known: background continued into holes, with its grain."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit.engine.flow import Field, places

Mask = NDArray[np.bool_]

PLATE_LONGEST = 640
"""Longer side at which the smooth part of a clean plate is made, in pixels."""


def mirrored(hole: Mask, usable: Mask) -> Field:
    """Return pixel coordinates (`h w 2`) that mirror usable surroundings into a hole.

    Outside the hole each pixel is itself. Inside, the nearest usable pixel is the mirror; where
    the mirrored place is not usable, the mirror itself serves.
    """
    h, w = hole.shape
    at = places(h, w)
    if not hole.any() or not usable.any():
        return at
    _, labels = cv2.distanceTransformWithLabels(
        (~usable).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    nearest = np.zeros((labels.max() + 1, 2), np.float32)
    nearest[labels[usable]] = at[usable]
    edge = nearest[labels]
    across = 2 * edge - at
    x = np.clip(np.rint(across[..., 0]), 0, w - 1).astype(np.int32)
    y = np.clip(np.rint(across[..., 1]), 0, h - 1).astype(np.int32)
    inside = (
        (across[..., 0] >= 0) & (across[..., 0] <= w - 1)
        & (across[..., 1] >= 0) & (across[..., 1] <= h - 1)
    )  # fmt: skip
    good = usable[y, x] & inside
    source = np.where(good[..., None], across, edge)
    return np.where(hole[..., None], source, at).astype(np.float32)


def clean_plate(picture: Field, gone: Mask) -> Field:
    """Return a picture (`h w 3`, 0..1) without what stands in a region: the background behind it.

    The smooth part is inpainted (Telea 2004) at a bounded size; grain and texture are mirrored in
    from beside the region, so that the filled part is as sharp as the rest.
    """
    if not gone.any() or gone.all():
        return picture
    h, w = gone.shape
    scale = min(1.0, PLATE_LONGEST / max(h, w))
    size = (max(8, round(w * scale)), max(8, round(h * scale)))
    coarse_gone = cv2.resize(gone.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    if coarse_gone.all():
        return picture
    weight = (~gone).astype(np.float32)
    # Colours of the region itself must not leak into the coarse picture's rim.
    summed = cv2.resize(picture * weight[..., None], size, interpolation=cv2.INTER_AREA)
    coarse = (
        summed / np.maximum(cv2.resize(weight, size, interpolation=cv2.INTER_AREA), 1e-6)[..., None]
    )
    code = np.clip(np.rint(coarse * 255), 0, 255).astype(np.uint8)
    smooth = cv2.inpaint(code, coarse_gone.astype(np.uint8), 5 * scale + 2, cv2.INPAINT_TELEA)
    smooth = cv2.GaussianBlur(smooth.astype(np.float32) / 255, (0, 0), 3)
    smooth = cv2.resize(smooth, (w, h), interpolation=cv2.INTER_CUBIC)
    source = mirrored(gone, ~gone)
    texture = cv2.remap(picture, source[..., 0], source[..., 1], cv2.INTER_LINEAR)
    level = cv2.remap(smooth, source[..., 0], source[..., 1], cv2.INTER_LINEAR)
    filled = np.clip(smooth + texture - level, 0, 1)
    return np.where(gone[..., None], filled, picture).astype(np.float32)
