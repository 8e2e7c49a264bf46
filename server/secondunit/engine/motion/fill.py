"""What stands where nothing is known: background continued into holes, with its grain."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit.engine.raster import Field, blurred, places, sampled, scaled

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
    _, found = cv2.distanceTransformWithLabels(
        (~usable).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    labels = np.asarray(found, np.int32)
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
    coarse_gone = scaled(gone.astype(np.float32), size, "area") > 0
    if coarse_gone.all():
        return picture
    # Colours of the region itself must not leak into the coarse picture's rim.
    weight = (~gone).astype(np.float32)
    total = np.maximum(scaled(weight, size, "area"), 1e-6)[..., None]
    coarse = scaled(picture * weight[..., None], size, "area") / total
    code = np.clip(np.rint(coarse * 255), 0, 255).astype(np.uint8)
    painted = cv2.inpaint(code, coarse_gone.astype(np.uint8), 5 * scale + 2, cv2.INPAINT_TELEA)
    smooth = scaled(blurred(np.asarray(painted, np.float32) / 255, 3), (w, h), "cubic")
    source = mirrored(gone, ~gone)
    filled = np.clip(smooth + sampled(picture, source) - sampled(smooth, source), 0, 1)
    return np.where(gone[..., None], filled, picture).astype(np.float32)
