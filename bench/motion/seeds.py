"""Seeds: the same one gives the same bits, another one another take where there is freedom."""

from __future__ import annotations

import numpy as np
from secondunit.finish.thresholds import Limit

from bench.motion.ambient import shot_of
from bench.motion.footage import onwards
from bench.motion.journey import Finished, finished, planned
from bench.motion.results import Part, Row, Verdict
from bench.motion.setting import Setting


def seeds(setting: Setting) -> Part:
    """An extension of every clip, and ambient motion, which is free, of every still."""
    part = Part(name="seeds", title="the same seed twice, and another seed")
    frames = 5 if setting.quick else 8
    asked = [(clip.name, onwards(clip, clip.starts(1)[0], frames)) for clip in setting.clips]
    free = {path.stem for path in setting.stills}
    asked += [(path.stem, shot_of(setting, path, frames)) for path in setting.stills]
    for clip, shot in asked:
        one, again, other = (
            finished(planned(shot, seed=seed), setting.engine) for seed in (1, 1, 2)
        )
        same = float(one.digest == again.digest)
        apart = difference(one, other)
        values = {"same seed, equal": same, "other seed, 8-bit codes": apart}
        part.rows.append(Row(clip=clip, what="seeds", values=values))
        part.verdicts.append(
            Verdict(clip=clip, bar="the same seed gives the same bits", value=same,
                    limit=Limit(low=1))
        )  # fmt: skip
        if clip in free:
            part.verdicts.append(
                Verdict(clip=clip, bar="another seed is another take, mean of 8-bit codes where "
                        "the mask lets it", value=apart, limit=Limit(low=0.5))
            )  # fmt: skip
    return part


def difference(one: Finished, other: Finished) -> float:
    """Mean difference of the made frames in 8-bit codes, inside the mask where there is one."""
    where = one.sources.delivered_mask() > 0
    apart = [
        float(np.abs(a - b)[where].mean()) for a, b in zip(one.shown, other.shown, strict=True)
    ]
    made = [value for n, value in enumerate(apart) if n not in {pin.frame for pin in one.plan.pins}]
    return 255 * float(np.mean(made))
