"""Flow between pictures that were moved by a known amount."""

from __future__ import annotations

import numpy as np
from secondunit.engine import flow

from tests.engine.pictures import dots


def shifted(step: int, by: tuple[int, int], size: tuple[int, int] = (180, 320)) -> np.ndarray:
    """A window into one big texture that travels by (dx, dy) pixels a step."""
    height, width = size
    x, y = 128 - step * by[0], 128 - step * by[1]
    return dots(height + 256, width + 256)[y : y + height, x : x + width]


def test_flow_measures_a_shift_in_fractions_of_width() -> None:
    there, back = flow.between(flow.grey(shifted(0, (6, -4))), flow.grey(shifted(1, (6, -4))))
    assert np.allclose(np.median(there.displacement, axis=(0, 1)), [6 / 320, -4 / 320], atol=5e-4)
    assert np.allclose(np.median(back.displacement, axis=(0, 1)), [-6 / 320, 4 / 320], atol=5e-4)
    assert np.median(there.confidence) > 0.9


def test_what_leaves_the_frame_has_no_confidence() -> None:
    there, _ = flow.between(flow.grey(shifted(0, (40, 0))), flow.grey(shifted(1, (40, 0))))
    assert there.confidence[:, -30:].max() == 0
    assert there.confidence[20:-20, 40:-120].mean() > 0.8


def test_a_shift_of_a_third_of_the_frame_is_found_by_its_features() -> None:
    there, _ = flow.between(flow.grey(shifted(0, (100, 20))), flow.grey(shifted(1, (100, 20))))
    found = np.median(there.displacement[20:-40, 20:-180], axis=(0, 1))
    assert np.allclose(found, [100 / 320, 20 / 320], atol=2e-3)


def test_unrelated_pictures_are_not_believed() -> None:
    there, _ = flow.between(flow.grey(dots(90, 160, 1)), flow.grey(dots(90, 160, 2)))
    assert there.confidence.mean() < 0.3


def test_the_velocity_of_a_steady_clip_is_its_step() -> None:
    clip = [flow.grey(shifted(step, (3, 2))) for step in range(5)]
    found = flow.history(clip)
    assert found is not None
    assert len(found.ways) == 3  # 1, 2 and 4 frames back; 8 are not there
    step = np.median(found.velocity.displacement, axis=(0, 1))
    assert np.allclose(step, [3 / 320, 2 / 320], atol=5e-4)


def test_the_velocity_of_a_slowing_clip_is_nearer_its_last_step_than_its_mean() -> None:
    ways = [0, 8, 14, 18, 20]  # steps of 8, 6, 4, 2
    texture = dots(180, 480)
    clip = [flow.grey(texture[:, 100 - way : 420 - way]) for way in ways]
    found = flow.history(clip)
    assert found is not None
    assert 0.5 / 320 < np.median(found.velocity.displacement[..., 0]) < 3.5 / 320


def test_one_picture_has_no_history() -> None:
    assert flow.history([flow.grey(dots(60, 80))]) is None


def test_large_and_small_pictures_are_compared_at_a_bounded_size() -> None:
    assert flow.compared_size(3840, 2160) == (480, 270)
    assert flow.compared_size(160, 90) == (240, 135)
