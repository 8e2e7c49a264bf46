"""Regraining: what came out frozen or soft lives as the source does, and twice the same way."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from secondunit.finish.grain import Regrain, grain_seed
from secondunit.finish.noise import Grain, apart, grey, likeness, measured

from tests.finish.filmed import grain, scene, shot

SEED = grain_seed("k3v9q2ab", 7)


@pytest.fixture(scope="module")
def source() -> Grain:
    frames = [apart(shot(n)) for n in range(4)]
    found = measured(list(itertools.pairwise(frames)))
    assert found is not None
    return found


@pytest.mark.parametrize("strength", [0.0, 0.5, 0.7, 1.0])
def test_grain_that_froze_or_went_is_put_back(source: Grain, strength: float) -> None:
    stands = strength * grain(1)
    work = Regrain(first=source, last=source, alive=0.0)
    one, other = (work.on(scene(n) + stands, 0.5, SEED, n) for n in (5, 6))
    found = likeness(grey(one), grey(other), source)
    assert found is not None
    assert found.energy == pytest.approx(1, abs=0.3)
    assert found.alive > 0.8


def test_the_scene_itself_stays(source: Grain) -> None:
    work = Regrain(first=source, last=source, alive=0.0)
    made = scene(5) + grain(1)
    done = work.on(made, 0.5, SEED, 5)
    # The new grain is as far from the scene as the old was, and no further.
    assert np.std(done - scene(5)) < 1.2 * np.std(grain(1))
    assert abs(float(np.mean(done - made))) < 1e-3


def test_a_frame_has_the_same_grain_each_time_and_another_frame_another(source: Grain) -> None:
    work = Regrain(first=source, last=source, alive=0.0)
    again = [work.on(scene(5), 0.5, SEED, 5) for _ in range(2)]
    assert np.array_equal(again[0], again[1])
    assert not np.array_equal(again[0], work.on(scene(5), 0.5, SEED, 6))
    assert not np.array_equal(again[0], work.on(scene(5), 0.5, grain_seed("k3v9q2ab", 8), 5))
    assert np.isfinite(work.on(scene(5), 0.5, SEED, -3)).all(), "a frame of the head handle"


def test_strength_goes_from_one_sides_to_the_others(source: Grain) -> None:
    frames = [apart(shot(n, 6 / 255)) for n in range(4)]
    strong = measured(list(itertools.pairwise(frames)))
    assert strong is not None
    work = Regrain(first=source, last=strong, alive=0.0)
    added = [float(np.std(work.on(scene(5), share, SEED, 5) - scene(5))) for share in (0, 0.5, 1)]
    assert added[0] < added[1] < added[2]
