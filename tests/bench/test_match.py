"""The bench of the match films what it says: grain, and light that changes between the pins."""

from __future__ import annotations

import numpy as np
import pytest
from secondunit.finish.noise import apart, measured

from bench.drawn import panning
from bench.match import GRAIN, drawing, filmed
from bench.motion.footage import SPAN

GREY = [np.full((96, 144, 3), 0.5, np.float32)] * (SPAN + 4)


def test_light_changes_evenly_from_the_first_pin_to_the_last() -> None:
    shown = filmed(GREY, grain=False, light=True, first=2)
    light = np.array([frame.mean(axis=(0, 1)) for frame in shown])
    assert np.array_equal(light[0], light[2]) and np.allclose(light[2 + SPAN], light[-1])
    assert np.all(np.diff(light[2 : 3 + SPAN], axis=0)[:, :2] > 0)
    assert light[-1, 0] > light[-1, 1] > light[-1, 2], "warmer"


def test_grain_is_new_in_every_frame_and_as_strong_as_asked() -> None:
    shown = [apart(frame) for frame in filmed(GREY, grain=True, light=False, first=0)]
    found = measured([(shown[0], shown[1]), (shown[1], shown[2])])
    assert found is not None and found.still < 0.1
    assert found.deviation == pytest.approx(GRAIN, rel=0.35)


def test_the_drawing_has_a_row_of_frames_and_one_of_steps_for_each_way() -> None:
    frames = panning(96, 144, SPAN - 1)
    one = drawing({"true": frames}, frames[0], frames[-1])
    two = drawing({"true": frames, "matched": frames}, frames[0], frames[-1])
    assert two.shape[1] == one.shape[1] and two.shape[0] > 1.8 * one.shape[0]
