"""Grades: found again between two pictures, in parts that add up, or not believed."""

from __future__ import annotations

import numpy as np
import pytest
from secondunit.engine.grade import NEUTRAL, Grade, fitted

WARM = Grade(gain=(1.2, 1.1, 0.95), offset=(0.004, 0.0, -0.002))


def colours(count: int = 4000, seed: int = 1) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return (0.1 + 0.7 * draw.random((count, 3))).astype(np.float32)


def found(here: np.ndarray, there: np.ndarray) -> Grade | None:
    return fitted(here, there, np.ones(len(here), np.float32), "bt709")


def test_a_grade_is_found_under_grain_and_among_places_that_show_something_else() -> None:
    here = colours()
    there = WARM.on(here, "bt709")
    there += 0.01 * np.random.default_rng(2).standard_normal(there.shape).astype(np.float32)
    there[:1000] = colours(1000, 3)
    grade = found(here, there)
    assert grade is not None
    grey = np.full((1, 3), 0.45, np.float32)
    assert np.abs(grade.on(grey, "bt709") - WARM.on(grey, "bt709")).max() < 0.004


def test_the_same_picture_asks_for_nothing() -> None:
    assert found(colours(), colours()) == NEUTRAL


def test_a_few_places_that_changed_do_not_grade_the_rest() -> None:
    here = np.repeat(np.array([[0.2] * 3, [0.8] * 3], np.float32), 2000, axis=0)
    there = here.copy()
    there[1500:2500, 0] *= np.linspace(0.5, 1.6, 1000, dtype=np.float32)
    assert found(here, np.clip(there, 0, 0.95)) == NEUTRAL


def test_pictures_of_different_things_have_no_grade_between_them() -> None:
    assert found(colours(seed=1), colours(seed=2)) is None


def test_few_places_and_clipped_ones_tell_nothing() -> None:
    assert found(colours(100), colours(100)) is None
    white = np.ones((5000, 3), np.float32)
    assert found(white, white) is None


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_two_parts_are_the_whole(share: float) -> None:
    light = np.linspace(0.02, 0.8, 30, dtype=np.float32).reshape(10, 3)
    both = WARM.part(share).then(WARM.part(1 - share))
    assert np.allclose(both.on_light(light), WARM.on_light(light), atol=1e-5)


def test_a_grade_and_its_opposite_leave_a_picture_as_it_was() -> None:
    picture = 0.8 * colours(300)
    back = WARM.part(-1).on(WARM.on(picture, "bt709"), "bt709")
    assert np.abs(back - picture).max() < 1e-4
    assert np.array_equal(NEUTRAL.on(picture, "bt709"), picture)
