"""Ambient motion: something inside its mask, and not one bit outside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from secondunit.finish.composite import all_may_change
from secondunit.finish.thresholds import Limit
from secondunit.timeline.frames import decode
from secondunit.timeline.layouts import FORMATS
from secondunit.timeline.shot import Ambient, Media, Shot

from bench.drawn import save_still
from bench.motion.footage import animated, still
from bench.motion.journey import Finished, finished, planned
from bench.motion.results import Part, Row, Verdict
from bench.motion.setting import Setting
from bench.motion.strokes import at_random

_FRAMES = 12


def ambient(setting: Setting) -> Part:
    """Every still with its own mask, or with one that is drawn."""
    part = Part(
        name="ambient", title="ambient motion inside a mask, samples of the finished frames"
    )
    for path in setting.stills:
        shown = finished(planned(shot_of(setting, path)), setting.engine)
        outside, inside = changed(shown)
        values = {"outside, samples": float(outside), "inside, 8-bit codes": inside}
        part.rows.append(Row(clip=path.stem, what="ambient", values=values))
        part.verdicts += [
            Verdict(clip=path.stem, bar="samples that change outside the mask",
                    value=float(outside), limit=Limit(high=0)),
            Verdict(clip=path.stem, bar="mean change inside the mask, 8-bit codes",
                    value=inside, limit=Limit(low=0.1)),
        ]  # fmt: skip
    return part


def shot_of(setting: Setting, path: Path, frames: int = _FRAMES) -> Shot:
    """A still whose masked part moves on its own."""
    mask = mask_for(setting, path)
    return animated(still(path), frames, mask=mask, ambients=(Ambient(region=None, strength=0.5),))


def mask_for(setting: Setting, path: Path) -> Media:
    """The mask beside a still, else a blob drawn at random."""
    own = setting.mask_of(path)
    if own is None:
        (blob,) = at_random(decode(still(path), [0])[0].rgb(), 1)
        own = save_still(blob.region, setting.folder / f"{path.stem}-ambient.png")
    return still(own)


def changed(shown: Finished) -> tuple[int, float]:
    """(samples of all planes that changed where the mask keeps them, mean change inside in codes).

    A thinned chroma sample is kept unless the mask lets every pixel change that it colours.
    """
    kept, mask = shown.sources.picture(0), shown.sources.delivered_mask()
    layout = FORMATS[kept.format]
    may = mask > 0
    thinned = all_may_change(may, layout)
    outside, inside = 0, []
    for picture in shown.pictures[1:]:
        for plane, (new, old) in enumerate(zip(picture.planes, kept.planes, strict=True)):
            where = may if layout.rgb or plane == 0 else thinned
            outside += int(np.count_nonzero((new != old) & ~where))
        codes = 255 * np.abs(picture.rgb() - kept.rgb())
        inside.append(float(codes[may].mean()) if may.any() else 0.0)
    return outside, float(np.mean(inside))
