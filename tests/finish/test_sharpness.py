"""Sharpening: what a blend took comes back, grain is not sharpened, and nothing gets rims."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from secondunit.finish.noise import grey
from secondunit.finish.sharpness import MOST, Sharpen, fine_energy

from tests.finish.filmed import grain, scene


def soft(rgb: np.ndarray, radius: float) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), radius), np.float32)


def test_a_blend_gets_its_detail_back_and_its_ends_stay() -> None:
    own = (grey(scene(0)), grey(scene(8)))
    blend = soft(scene(4), 0.45)
    work = Sharpen.measured(own, [(0.0, grey(scene(1))), (0.5, grey(blend)), (1.0, own[1])])
    assert work is not None
    assert work.on(scene(1), 0.0) is not None and np.array_equal(work.on(scene(1), 0.0), scene(1))
    before, after = fine_energy(grey(blend)), fine_energy(grey(work.on(blend, 0.5)))
    wanted = fine_energy(grey(scene(4)))
    assert before < after <= 1.1 * wanted


def test_what_is_as_sharp_as_its_source_is_left_alone() -> None:
    own = (grey(scene(0)), grey(scene(8)))
    assert Sharpen.measured(own, [(0.5, grey(scene(4)))]) is None


def test_grain_is_no_sharpness() -> None:
    clean, grained = fine_energy(grey(scene(0))), fine_energy(grey(scene(0) + grain(0)))
    assert grained == pytest.approx(clean, rel=0.1)


def test_a_very_soft_frame_gains_no_more_than_an_edge_can_bear() -> None:
    own = (grey(scene(0)), grey(scene(8)))
    lost = soft(scene(4), 3.0)
    work = Sharpen.measured(own, [(0.5, grey(lost))])
    assert work is not None and max(work.gains) == MOST
    done = work.on(lost, 0.5)
    assert done.max() < lost.max() + 0.02 and done.min() > lost.min() - 0.02
