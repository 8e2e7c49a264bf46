"""A rough picture of a shot: what the classical conditions alone make of its middle, small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from secondunit.engine.conditioning import Guide
from secondunit.engine.engine import RGB
from secondunit.engine.motion import render
from secondunit.engine.motion.conditions import prior
from secondunit.engine.preview import small
from secondunit.engine.raster import Field, scaled
from secondunit.units import FrameRange


def sketch(made: FrameRange, anchors: Sequence[Guide | None]) -> tuple[int, RGB]:
    """Return the middle frame of a range and its picture, `h w 3` at a preview's size.

    `anchors` are the range's two guides, one of which may be missing. No network is asked.
    """
    frame = made.start + made.frames // 2
    movers = [
        None if guide is None else render.Mover(_small(guide), prior(guide.conditions))
        for guide in anchors
    ]
    ((_, picture),) = render.frames([frame], movers[0], movers[1])
    return frame, picture


def _small(guide: Guide) -> Guide:
    picture = np.ascontiguousarray(small(guide.picture), np.float32)
    size = (picture.shape[1], picture.shape[0])

    def fitted(plane: Field) -> Field:
        return scaled(plane, size, "area")

    return replace(
        guide,
        picture=picture,
        mask=fitted(guide.mask),
        free=fitted(guide.free),
        window=lambda frame: fitted(guide.window(frame)),
        wave=None,
        layers=tuple(
            replace(
                layer,
                matte=fitted(layer.matte),
                gain=None if layer.gain is None else fitted(layer.gain),
            )
            for layer in guide.layers
        ),
    )
