"""In-betweens of frames that follow each other: in the right place, and every frame once."""

from __future__ import annotations

import numpy as np
from secondunit.engine.engine import RGB
from secondunit.engine.motion.generate import MotionEngine, classical
from secondunit.timeline.shot import Footage
from secondunit.units import FrameRange, Operation, Size

from tests.engine.pictures import MEDIA, Pictures, decibels, dots, silent
from tests.plans import shot_plan

WIDE = dots(96, 240)


def panned(shift: int) -> RGB:
    return WIDE[:, 20 + shift : 180 + shift]


def test_the_in_betweens_of_a_pan_are_the_pan_at_its_fractions() -> None:
    sources = Pictures(pins={0: panned(0)}, reel=[panned(0), panned(4), panned(8)])
    size = Size(width=160, height=96)
    footage = Footage(
        media=MEDIA, lead=0, indexes=(0, 0, 1, 1),
        shares=((0, 1), (3, 4), (1, 2), (3, 4)),
    )  # fmt: skip
    plan = shot_plan(
        operation=Operation.RETIME, frames=4, handles=(0, 0), size=size, work=size,
        generate=(FrameRange(start=1, frames=3),), footage=footage,
    )  # fmt: skip
    made = dict(MotionEngine(classical).run(plan, sources, silent))
    assert sorted(made) == [1, 2, 3]
    inner = np.s_[8:-8, 12:-12]
    for frame, shift in ((1, 3), (2, 6), (3, 7)):
        right = decibels(made[frame][inner], panned(shift)[inner])
        assert right > 30
        assert right > decibels(made[frame][inner], panned(shift + 1)[inner]) + 6
