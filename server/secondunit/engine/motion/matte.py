"""Edges: how what moved meets what stays, inside a mask or around a region."""

from __future__ import annotations

import numpy as np

from secondunit.engine.engine import RGB
from secondunit.engine.raster import Field, blurred, depth_inside

FEATHER = 0.004
"""Fractions of width over which what moved meets what stays, inside a mask or a region."""
OUTLINE = 0.06
"""Difference of colour, 0..1, across a region's rim that makes it an object's outline."""


def feathered(mask: Field) -> Field:
    """Return a mask (`h w`, 1 may change) whose hard edges are softened inwards; 0 stays 0."""
    if mask.min() >= 1:
        return mask
    radius = max(1.0, FEATHER * mask.shape[1])
    ramp = np.clip(depth_inside(mask > 0) / (2 * radius), 0, 1)
    return (np.minimum(mask, ramp)).astype(np.float32)


def fitted(matte: Field, picture: RGB) -> Field:
    """Return a region's matte (`h w`) with an edge that suits what it was drawn around.

    Where the colours on both sides of its rim differ, the rim is an object's outline and stays
    crisp; where they are alike it was drawn through water or sky, and is softened inwards.
    """
    inside, outside = (matte > 0.5).astype(np.float32), (matte <= 0.5).astype(np.float32)
    width = max(1.5, matte.shape[1] / 320)
    colours = [
        blurred(picture * side[..., None], width) / (blurred(side, width)[..., None] + 1e-4)
        for side in (inside, outside)
    ]
    apart = np.abs(colours[0] - colours[1]).mean(axis=-1)
    loose = blurred(np.exp(-((apart / OUTLINE) ** 2)), width)
    soft = matte + np.clip(loose, 0, 1) * (feathered(matte) - matte)
    return np.asarray(soft, np.float32)
