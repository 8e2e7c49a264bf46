"""A region goes where the footage under it goes."""

from __future__ import annotations

import numpy as np
import pytest
from secondunit.engine import flow
from secondunit.engine.follow import carried, carried_on, followed

from tests.engine.pictures import dots

HEIGHT, WIDTH = 120, 200
GROUND, OBJECT = dots(HEIGHT, WIDTH, seed=1), dots(HEIGHT, WIDTH, seed=2)
REGION = np.zeros((HEIGHT, WIDTH), np.float32)
REGION[40:80, 30:80] = 1


def shown(dx: int) -> flow.Luma:
    """A still ground, and an object that has gone some pixels to the right."""
    moved = np.roll(REGION, dx, axis=1)[..., None]
    return flow.grey(GROUND * (1 - moved) + np.roll(OBJECT, dx, axis=1) * moved)


def test_a_region_follows_its_object_over_a_still_ground() -> None:
    ways = list(followed(REGION, (shown(4 * k) for k in range(7))))
    assert np.array_equal(ways[0], np.eye(3))
    gone = carried(REGION, ways[-1], WIDTH, HEIGHT) > 0.5
    wanted = np.roll(REGION, 24, axis=1) > 0.5
    assert (gone & wanted).sum() / (gone | wanted).sum() > 0.9


def test_a_region_on_nothing_that_can_be_seen_stays() -> None:
    plain = flow.grey(np.full((HEIGHT, WIDTH, 3), 0.5, np.float32))
    assert np.allclose(list(followed(REGION, [plain, plain]))[-1], np.eye(3), atol=1e-3)


def test_a_motion_that_nothing_vouches_for_loses_speed() -> None:
    step = np.eye(3)
    step[0, 2] = 0.01
    ways = [carried_on(step, frames)[0, 2] for frames in (0, 1, 35, 1000)]
    assert ways[0] == 0
    assert ways[1] == pytest.approx(0.01, rel=0.02)
    assert ways[2] == pytest.approx(0.35 * (1 - np.exp(-1)))
    assert ways[3] == pytest.approx(0.35)


def test_nothing_comes_in_from_beyond_the_frame() -> None:
    way = np.eye(3)
    way[0, 2] = 0.5
    gone = carried(np.ones((HEIGHT, WIDTH), np.float32), way, WIDTH, HEIGHT)
    assert not gone[:, : WIDTH // 2 - 1].any() and gone[:, WIDTH // 2 + 1 :].all()
