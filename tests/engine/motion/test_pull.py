"""A soft keyframe draws the shot towards it, the more the stronger, and never in a jump."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from secondunit.engine.motion import pull
from secondunit.engine.motion.generate import MotionEngine, classical
from secondunit.plan.shot_plan import Pin, ShotPlan
from secondunit.units import FrameRange

from tests.engine.pictures import MEDIA, Pictures, bridge, decibels, dots, moved_by, silent

HEIGHT, WIDTH = 96, 160
TEXTURE = dots(HEIGHT, WIDTH + 64)
CLIP = [TEXTURE[:, 32 - k : 32 - k + WIDTH] for k in range(10)]
KEY, AT = TEXTURE[:, 20 : 20 + WIDTH], 3
"""The clip at AT would show the texture from 28 on: the key is 8 pixels ahead of it."""


def drawn(*strengths: tuple[int, float]) -> tuple[ShotPlan, Pictures]:
    plan, sources = bridge(CLIP, 0, 9)
    pulls = tuple(Pin(frame=f, media=MEDIA, index=0, strength=s) for f, s in strengths)
    for frame, _ in strengths:
        sources.pins[frame] = KEY
    return replace(plan, pulls=pulls), sources


def made(strength: float) -> dict[int, np.ndarray]:
    return dict(MotionEngine(classical).run(*drawn((AT, strength)), silent))


def test_the_frame_is_nearer_to_its_keyframe_the_stronger_it_is() -> None:
    without = dict(MotionEngine(classical).run(*bridge(CLIP, 0, 9), silent))
    shown = {strength: made(strength) for strength in (0.25, 0.5, 0.75)}
    near = [decibels(f[AT], KEY) for f in (without, *shown.values())]
    assert all(b > a + 0.3 for a, b in pairwise(near)), near
    # Half way is half way, not two pictures over each other.
    assert decibels(shown[0.5][AT], TEXTURE[:, 24 : 24 + WIDTH]) > 30


def test_its_neighbours_follow_without_a_jump() -> None:
    shown = {-1: CLIP[0], 8: CLIP[9], **made(0.6)}
    everywhere = np.ones((HEIGHT, WIDTH), np.bool_)
    steps = [moved_by(shown[f], shown[f + 1], everywhere)[0] for f in range(-1, 8)]
    # Nine pixels in all, and 0.6 of 8 more on the way to frame 3.
    assert sum(steps[:4]) == pytest.approx(4 + 0.6 * 8, abs=1)
    assert max(steps) < 3 and min(steps) > -1.5, steps
    assert set(shown) == set(range(-1, 9))


def test_the_influence_goes_evenly_from_one_soft_keyframe_to_the_next() -> None:
    plan, _ = drawn((2, 0.2), (6, 0.6))
    made = FrameRange(start=0, frames=8)
    found = [round(pull.strength(plan, made, frame), 6) for frame in (0, 2, 4, 6, 7)]
    assert found == [0.2, 0.2, 0.4, 0.6, 0.6]


def test_a_range_without_soft_keyframes_is_made_once() -> None:
    plan, _ = bridge(CLIP, 0, 9)
    assert pull.through(plan, plan.generate[0]) is None
    exact = pull.through(drawn((0, 0.5), (7, 0.5))[0], FrameRange(start=0, frames=8))
    assert exact is not None
    assert exact.generate == (FrameRange(start=1, frames=6),)
    assert [pin.frame for pin in exact.pins] == [-1, 0, 7, 8]
