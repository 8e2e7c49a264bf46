"""The classical prior keeps what it is told exactly."""

from dataclasses import replace

import numpy as np
import pytest
from secondunit.engine.motion import conditions
from secondunit.engine.motion.conditions import AnchorConditions

AREA = (18, 32)


def plain(span: int = 24) -> AnchorConditions:
    picture = np.random.default_rng(0).random((*AREA, 3), dtype=np.float32)
    return conditions.blank(picture, span)


def sure(value: float = 1.0) -> np.ndarray:
    return np.full(AREA, value, np.float32)


def wavy() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(*AREA, 2)).astype(np.float32) * 0.1


@pytest.mark.parametrize(
    ("size", "grid"),
    [((1920, 1080), (18, 32)), ((1080, 1080), (24, 24)), ((1080, 1920), (32, 18))],
)
def test_the_grid_has_the_aspect_of_the_picture(
    size: tuple[int, int], grid: tuple[int, int]
) -> None:
    assert conditions.grid_size(*size) == grid


@pytest.mark.parametrize("size", [(176, 144), (2048, 858), (1440, 1080), (4096, 400)])
def test_every_grid_has_even_sides_and_about_as_many_cells(size: tuple[int, int]) -> None:
    rows, columns = conditions.grid_size(*size)
    assert rows % 2 == columns % 2 == 0
    assert 480 < rows * columns < 680


def test_without_any_wish_nothing_moves() -> None:
    assert not conditions.prior(plain()).any()


def test_a_sure_end_is_reached_exactly_and_straight() -> None:
    c = replace(plain(), end_displacement=wavy(), end_confidence=sure())
    answer = conditions.prior(c)
    assert np.allclose(answer[-1], wavy(), atol=1e-5)
    assert np.allclose(answer[3], wavy() / 2, atol=1e-5)


def test_a_faster_start_is_ahead_halfway_and_still_ends_in_place() -> None:
    c = replace(plain(), end_displacement=wavy(), end_confidence=sure())
    fast = replace(c, past_velocity=1.5 * wavy(), past_confidence=sure())
    assert np.all(np.abs(conditions.prior(fast)[3]) >= np.abs(conditions.prior(c)[3]))
    assert np.allclose(conditions.prior(fast)[-1], wavy(), atol=1e-5)


def test_the_first_step_of_an_extension_has_the_speed_of_the_past() -> None:
    pan = np.full((*AREA, 2), 0.04, np.float32)
    c = replace(plain(span=8), past_velocity=pan, past_confidence=sure())
    answer = conditions.prior(c)
    assert np.allclose(answer[0] * conditions.FRAMES, pan, rtol=0.1)
    assert np.all(np.diff(np.diff(answer, axis=0), axis=0) < 1e-6)


def test_wrong_cells_without_confidence_follow_their_surroundings() -> None:
    pan = np.full((*AREA, 2), 0.1, np.float32)
    hint, trust = pan.copy(), sure()
    hint[5:9, 10:14], trust[5:9, 10:14] = -0.3, 0.0
    c = replace(plain(), end_displacement=hint, end_confidence=trust)
    assert np.allclose(conditions.prior(c)[-1], pan, atol=5e-3)


def test_a_camera_move_is_followed_exactly() -> None:
    rng = np.random.default_rng(2)
    move = rng.normal(size=(conditions.FRAMES, *AREA, 2)).astype(np.float32)
    c = replace(plain(), camera=move, camera_given=True)
    assert np.array_equal(conditions.prior(c), move)


def test_a_stroke_overrides_everything_in_its_region() -> None:
    stroke = np.full((conditions.FRAMES, *AREA, 2), 0.07, np.float32)
    weight = np.zeros(AREA, np.float32)
    weight[4:8, 4:8] = 1
    c = replace(
        plain(), end_displacement=wavy(), end_confidence=sure(), stroke=stroke, stroke_weight=weight
    )
    answer = conditions.prior(c)
    assert np.allclose(answer[:, 4:8, 4:8], 0.07)
    assert np.allclose(answer[-1, 12:], wavy()[12:], atol=1e-5)


def test_where_the_mask_is_zero_nothing_moves() -> None:
    mask = sure()
    mask[:, :16] = 0
    c = replace(plain(), end_displacement=wavy(), end_confidence=sure(), mask=mask)
    answer = conditions.prior(c)
    assert not answer[:, :, :16].any()
    assert answer[:, :, 16:].any()


def test_the_robust_similarity_ignores_a_moving_object() -> None:
    where = conditions.places(*AREA)
    centre = where.mean((0, 1))
    zoom = (where - centre) * 0.1 + np.array([0.05, -0.02], np.float32)
    disturbed = zoom.copy()
    disturbed[4:10, 6:14] += 0.2
    assert np.abs(conditions.similarity(disturbed, sure(), where) - zoom).max() < 0.01


def test_channels_have_their_declared_width_and_stay_bounded() -> None:
    c = replace(plain(), end_displacement=wavy() * 50, end_confidence=sure())
    told = conditions.channels(c)
    assert told.shape == (conditions.FRAMES, *AREA, conditions.CHANNELS)
    assert np.abs(told).max() <= 8
    assert conditions.scalars(c).shape == (conditions.SCALARS,)


def test_the_network_yields_to_what_was_measured_or_drawn() -> None:
    assert conditions.freedom(plain()).min() == 1
    measured = replace(plain(), past_velocity=wavy(), past_confidence=sure())
    assert not conditions.freedom(measured).any()
    assert not conditions.freedom(replace(plain(), stroke_weight=sure())).any()
    doubtful = replace(measured, past_confidence=sure(0.2))
    assert np.all(conditions.freedom(doubtful) > 0.5)


def test_doubt_widens_the_expected_error() -> None:
    c = replace(plain(), end_displacement=wavy(), end_confidence=sure())
    doubtful = replace(c, end_confidence=sure(0.2))
    assert np.all(conditions.spread(doubtful) > conditions.spread(c))
