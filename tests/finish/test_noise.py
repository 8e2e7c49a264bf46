"""Grain is measured as strong, as coarse and as alive as it was made; what is none is none."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from secondunit.finish.noise import apart, energy, grey, likeness, measured, together

from tests.finish.filmed import DEVIATION, grain, scene, shot


def pairs(radius: float = 0.7) -> list[tuple[np.ndarray, np.ndarray]]:
    frames = [apart(shot(n, radius=radius)) for n in range(4)]
    return list(itertools.pairwise(frames))


def test_grain_has_the_strength_that_was_put_on_at_every_level() -> None:
    found = measured(pairs())
    assert found is not None
    assert found.deviation == pytest.approx(DEVIATION, rel=0.1)
    assert np.allclose(np.sqrt(found.variance[0]), DEVIATION, rtol=0.2)
    assert found.variance[1].max() < 0.2 * found.variance[0].min(), "its colour is far weaker"


def test_coarse_grain_has_a_wider_kernel_than_fine_grain() -> None:
    fine, coarse = measured(pairs(0.0)), measured(pairs(1.2))
    assert fine is not None and coarse is not None
    middle = fine.kernels.shape[1] // 2
    assert fine.kernels[0, middle, middle] > 0.97
    assert coarse.kernels[0, middle, middle] < 0.7
    for found in (fine, coarse):
        assert np.sum(found.kernels[0] ** 2) == pytest.approx(1, abs=1e-4)


def test_footage_without_grain_has_none_to_match() -> None:
    clean = [apart(scene(n)) for n in range(3)]
    assert measured(list(itertools.pairwise(clean))) is None


def test_the_same_frame_twice_tells_nothing() -> None:
    one = apart(shot(0))
    assert measured([(one, one.copy())]) is None


def test_a_picture_that_is_nowhere_flat_tells_nothing() -> None:
    draw = np.random.default_rng(5)
    busy = np.asarray(draw.random((3, 144, 256)) > 0.5, np.float32)
    assert measured([(busy, np.roll(busy, 1, axis=2))]) is None


def test_frozen_and_halved_grain_is_told_from_the_sources_own() -> None:
    source = measured(pairs())
    assert source is not None
    own = likeness(grey(shot(7)), grey(shot(8)), source)
    same = grain(1)
    stands = likeness(grey(scene(7) + same), grey(scene(8) + same), source)
    goes = likeness(grey(scene(7) + same), grey(scene(8) + np.roll(same, -1, axis=1)), source)
    weak = likeness(grey(shot(7, 0.6 * DEVIATION)), grey(shot(8, 0.6 * DEVIATION)), source)
    assert own is not None and own.alive > 0.9 and own.energy == pytest.approx(1, abs=0.2)
    for frozen in (stands, goes):
        assert frozen is not None and frozen.alive < 0.2
    assert weak is not None and weak.alive > 0.85 and weak.energy < 0.55


def test_only_flat_places_inside_a_region_count() -> None:
    source = measured(pairs())
    assert source is not None
    half = scene(3)
    half[:, 128:] += grain(3)[:, 128:]
    where = np.zeros(half.shape[:2], np.bool_)
    where[:, 128:] = True
    assert energy(grey(half), source, where) > 0.8
    assert energy(grey(half), source, ~where) < 0.3


def test_planes_apart_come_together_again() -> None:
    picture = shot(2)
    assert np.abs(together(apart(picture)) - picture).max() < 1e-6
