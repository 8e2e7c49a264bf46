"""Pictures sampled between their pixels: sharp, and in light no lamp lighter than it is."""

from __future__ import annotations

import numpy as np
from secondunit.engine.raster import places, sharply
from secondunit.timeline import working

HALF_A_PIXEL = np.float32(0.5)


def lamp(fine: int = 1) -> np.ndarray:
    """`h w 3` of light: a lamp of forty times white, with hard edges, in a dim room."""
    light = np.full((64 * fine, 64 * fine, 3), 0.02, np.float32)
    light[20 * fine : 40 * fine, 20 * fine : 40 * fine] = 40
    return light


def test_a_lamp_that_is_moved_gets_no_lighter_and_no_ring() -> None:
    at = places(64, 64) + HALF_A_PIXEL

    free, within = (
        working.light(sharply(working.coded(lamp()), at, within=bounded))
        for bounded in (False, True)
    )

    assert free.max() > 200 and free.min() < 0.01, "what Lanczos alone makes of it"
    assert within.max() < 40.01 and within.min() > 0.0199


def test_what_is_bounded_is_nearer_to_what_a_camera_sees() -> None:
    there = lamp(fine=4)[2:, 2:]  # half a pixel further on
    truth = there[:248, :248].reshape(62, 4, 62, 4, 3).mean((1, 3))
    at = places(64, 64) + HALF_A_PIXEL

    free, within = (
        np.square(sharply(working.coded(lamp()), at, within=bounded)[:62, :62]
                  - working.coded(truth)).mean()
        for bounded in (False, True)
    )  # fmt: skip

    assert within < 0.9 * free


def test_whole_pixels_are_kept_to_the_bit_bounded_or_not() -> None:
    noise = np.random.default_rng(1).random((24, 32, 3), np.float32)
    at = places(24, 32)

    for bounded in (False, True):
        assert np.array_equal(sharply(noise, at, within=bounded), noise)
