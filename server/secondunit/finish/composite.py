"""The pixel composite: what must stay is the source's own samples, whatever the engine did."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from secondunit.engine.engine import RGB
from secondunit.timeline.layouts import FORMATS, PixelFormat
from secondunit.timeline.picture import Picture, picture_from_rgb


def composite(generated: RGB, kept: Picture, mask: NDArray[np.floating]) -> Picture:
    """`generated` (`h w 3`) where the mask (`h w`) is above 0, `kept` where it is 0.

    Greys are no transparency: they are motion, and the engine has obeyed them. A sample of `kept`
    is copied, not computed, wherever it covers a pixel whose mask is 0; thinned chroma samples
    therefore stay unless all the pixels they colour may change.
    """
    may_change = mask > 0
    mixed = generated
    if not may_change.all():  # thinned chroma mixes both sides of an edge
        mixed = np.where(may_change[..., None], generated, kept.rgb())
    made = picture_from_rgb(mixed, kept.format, kept.colour)
    layout = FORMATS[kept.format]
    thinned = all_may_change(may_change, layout)
    planes = []
    for index, (new, old) in enumerate(zip(made.planes, kept.planes, strict=True)):
        where = may_change if layout.rgb or index == 0 else thinned
        planes.append(np.where(where, new, old))
    return Picture(format=kept.format, colour=kept.colour, planes=tuple(planes))


def all_may_change(may_change: NDArray[np.bool_], layout: PixelFormat) -> NDArray[np.bool_]:
    """`h w` of the chroma planes: true where every pixel under the sample's filter may change."""
    m = may_change
    if layout.across == 2:
        # The chroma filter is three pixels wide, centred on the even ones.
        p = np.pad(m, ((0, 0), (1, 2)), mode="edge")
        n = (m.shape[1] + 1) // 2
        m = p[:, 0:-2:2][:, :n] & p[:, 1:-1:2][:, :n] & p[:, 2::2][:, :n]
    if layout.down == 2:
        if m.shape[0] % 2:
            m = np.concatenate([m, m[-1:]])
        m = m[0::2] & m[1::2]
    return m
