"""Loops made: a picture that comes round in place and in pace, footage that leads back."""

from __future__ import annotations

import numpy as np
import pytest
from secondunit.engine.conditioning import spans
from secondunit.engine.motion.conditions import FRAMES, blank
from secondunit.engine.motion.generate import MotionEngine, classical, coming_round
from secondunit.plan.loop import there_and_back
from secondunit.timeline.shot import Ambient
from secondunit.units import FrameRange, Operation

from tests.engine.pictures import Pictures, decibels, dots, plan_of, silent, stroke

GRID = (8, 12)


def drift() -> np.ndarray:
    """A motion that only goes away from where it began, slower and slower."""
    time = (np.arange(1, FRAMES + 1) / FRAMES)[:, None, None, None]
    way = np.ones((FRAMES, *GRID, 2), np.float32) * (0.02, -0.01)
    return (way * (1 - np.exp(-2 * time))).astype(np.float32)


def test_a_motion_comes_round_in_place_and_with_the_speed_it_left_with() -> None:
    conditions = blank(np.zeros((*GRID, 3), np.float32), 24)
    motion = coming_round(conditions, drift())
    assert np.allclose(motion[-1], 0, atol=1e-7)
    first, last = motion[0], motion[-1] - motion[-2]
    assert np.allclose(first, last, atol=1e-6)
    assert np.abs(motion).max() > 0.5 * np.abs(drift()).max()  # it is still seen
    steps = np.abs(np.diff(np.concatenate([np.zeros_like(motion[:1]), motion]), axis=0))
    speeds = steps.mean(axis=(1, 2, 3))
    assert speeds[0] < 1.2 * np.median(speeds)


def test_nothing_that_moves_stays_nothing() -> None:
    conditions = blank(np.zeros((*GRID, 3), np.float32), 24)
    still = np.zeros((FRAMES, *GRID, 2), np.float32)
    assert not coming_round(conditions, still).any()


def test_a_region_is_carried_along_its_stroke_and_back_again() -> None:
    picture = dots(72, 96)
    region = np.zeros((72, 96), np.float32)
    region[24:48, 24:48] = 1
    sources = Pictures(pins={0: picture, 12: picture}, regions={("stroke", 0): region})
    drawn = there_and_back(stroke((0.375, 0.5), (0.5, 0.5)), 12)
    made = FrameRange(start=1, frames=11)
    plan = plan_of(Operation.LOOP, sources, 12, made, strokes=(drawn,))
    (found,) = spans(plan)
    assert found[1] is not None and found[2] is None
    frames = dict(MotionEngine(classical).run(plan, sources, silent))
    middle = frames[6]
    assert decibels(middle[28:44, 40:56], picture[28:44, 28:44]) > 35  # 12 pixels to the right
    assert decibels(frames[11][28:44, 28:44], picture[28:44, 28:44]) > decibels(
        frames[9][28:44, 28:44], picture[28:44, 28:44]
    )
    assert decibels(frames[2], frames[10]) > 35  # there and back by the same way


def test_an_ambient_loop_has_one_span_from_the_picture_to_itself() -> None:
    picture = dots(48, 64)
    sources = Pictures(pins={0: picture, 10: picture})
    plan = plan_of(
        Operation.LOOP, sources, 10, FrameRange(start=1, frames=9),
        ambients=(Ambient(region=None),),
    )  # fmt: skip
    ((_, forth, back),) = spans(plan)
    assert forth is not None and back is None
    assert (forth.pin, forth.end) == (0, 10)


def test_footage_leads_from_its_end_into_its_first_frame() -> None:
    wide = dots(96, 192)

    def at(left: float) -> np.ndarray:
        return wide[:, round(left) : round(left) + 128]

    kept = {k: at(2 * k) for k in range(10)}
    sources = Pictures(pins={**kept, 16: kept[0]}, before=[kept[k] for k in range(5, 9)])
    plan = plan_of(Operation.LOOP, sources, 16, FrameRange(start=10, frames=6))
    frames = dict(MotionEngine(classical).run(plan, sources, silent))
    assert sorted(frames) == list(range(10, 16))
    nearness = [decibels(frames[k][8:-8, 24:-24], kept[0][8:-8, 24:-24]) for k in (11, 13, 15)]
    assert nearness == sorted(nearness)
    inside = np.abs(kept[1] - kept[0]).mean()
    assert np.abs(kept[0] - frames[15]).mean() < 2.5 * inside
    assert [plan.home(k) for k in (-1, 16, 17)] == [15, 0, 1]


@pytest.mark.parametrize("operation", [Operation.BRIDGE, Operation.ANIMATE, Operation.TRANSITION])
def test_only_a_loop_goes_round(operation: Operation) -> None:
    sources = Pictures(pins={0: dots(32, 32)})
    plan = plan_of(operation, sources, 4, FrameRange(start=1, frames=3))
    assert [plan.home(k) for k in (-1, 5)] == [-1, 5]
