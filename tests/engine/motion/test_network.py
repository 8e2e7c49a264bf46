"""The engine with a wild network: its residuals are noise, so that what must hold shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from secondunit.engine.engine import LoadedEngine
from secondunit.engine.motion.conditions import FRAMES, blank, prior
from secondunit.engine.motion.engine import load
from secondunit.engine.motion.generate import settled
from secondunit.engine.motion.model import MotionTransformer
from secondunit.engine.motion.pipeline import MotionPipeline, even_schedule
from secondunit.errors import Cancelled
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.shot import Ambient, CameraMove

from tests.engine.pictures import (
    Pictures,
    animation,
    bridge,
    decibels,
    dots,
    extension,
    silent,
    similarity,
    stroke,
)

STILL = dots(96, 128)


@pytest.fixture(scope="module")
def wild(tmp_path_factory: pytest.TempPathFactory) -> LoadedEngine:
    torch.manual_seed(5)
    model = MotionTransformer(width=32, depth=1, heads=2, features=8)
    for weight in model.finish.parameters():
        torch.nn.init.normal_(weight, std=0.5)
    folder = tmp_path_factory.mktemp("weights")
    MotionPipeline(transformer=model, scheduler=even_schedule()).save_pretrained(folder)
    return load(threads=1, weights=folder)


def made(engine: LoadedEngine, plan: ShotPlan, sources: Pictures) -> dict[int, np.ndarray]:
    return dict(engine.run(plan, sources, silent))


def test_the_network_moves_what_nothing_speaks_about(wild: LoadedEngine) -> None:
    shown = made(wild, *animation(STILL, 9))
    assert decibels(shown[8], STILL) < 40


def test_another_seed_is_another_take_and_the_same_seed_the_same_bits(wild: LoadedEngine) -> None:
    first, again, other = (made(wild, *animation(STILL, 5, seed=seed)) for seed in (1, 1, 2))
    assert all(np.array_equal(first[f], again[f]) for f in first)
    assert not np.array_equal(first[4], other[4])


def test_a_camera_move_stays_exact_whatever_the_network_says(wild: LoadedEngine) -> None:
    shown = made(wild, *animation(STILL, 9, cameras=(CameraMove(roll=4),)))
    assert similarity(STILL, shown[8])["roll"] == pytest.approx(4, abs=0.2)


def test_ambient_motion_keeps_to_its_region(wild: LoadedEngine) -> None:
    plan, sources = animation(STILL, 9, ambients=(Ambient(region=None, strength=1.0),))
    region = np.zeros(STILL.shape[:2], np.float32)
    region[48:] = 1
    sources.regions["ambient", 0] = region
    shown = made(wild, plan, sources)[8]
    assert np.array_equal(shown[:48], STILL[:48])
    assert decibels(shown[60:], STILL[60:]) < 40


def test_ambient_motion_on_footage_keeps_to_its_region(wild: LoadedEngine) -> None:
    texture = dots(96, 160)
    clip = [texture[:, 20 - k : 148 - k] for k in range(6)]
    plan, sources = extension(clip, 5, 9)
    region = np.zeros((96, 128), np.float32)
    region[48:] = 1
    sources.regions["ambient", 0] = region
    waving = replace(plan, ambients=(Ambient(region=None, strength=1.0),))
    without, with_ = made(wild, plan, sources)[8], made(wild, waving, sources)[8]
    # The region travels with what it was drawn on.
    assert np.abs(with_ - without)[:24].mean() < 0.001
    assert decibels(with_[60:], without[60:]) < 35


def test_beside_a_stroke_the_still_is_untouched(wild: LoadedEngine) -> None:
    plan, sources = animation(STILL, 9, strokes=(stroke((0.4, 0.5), (0.5, 0.5)),))
    region = np.zeros(STILL.shape[:2], np.float32)
    region[30:60, 40:80] = 1
    sources.regions["stroke", 0] = region
    shown = made(wild, plan, sources)[8]
    assert np.array_equal(shown[:20], STILL[:20])
    assert np.array_equal(shown[70:], STILL[70:])


def test_a_locked_off_shot_stays_locked_off(wild: LoadedEngine) -> None:
    clip = [STILL] * 16
    for plan, sources in (bridge(clip, 4, 6), extension(clip, 5, 6)):
        for shown in made(wild, plan, sources).values():
            assert decibels(shown, STILL) > 55


def test_small_corrections_are_tremble_and_large_ones_are_kept() -> None:
    conditions = blank(np.full((18, 32, 3), 0.5, np.float32), 24)
    answer = prior(conditions)
    assert np.abs(settled(conditions, answer + np.float32(1e-4))).max() < 1e-5
    large = settled(conditions, answer + np.float32(0.05))
    assert np.allclose(large, 0.05, rtol=0.01)
    assert large.shape == (FRAMES, 18, 32, 2)


def test_the_owner_can_stop_it_between_two_steps(wild: LoadedEngine) -> None:
    steps = []

    def stop(what: str, done: int, total: int) -> None:
        steps.append((what, done, total))
        if done == 2:
            raise Cancelled("stopped by its owner")

    with pytest.raises(Cancelled):
        next(wild.run(*animation(STILL, 5), stop))
    assert steps == [("denoise", 1, 6), ("denoise", 2, 6)]


@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 47), (40, 200), (160, 90)])
def test_every_size_and_every_control_at_once_gives_whole_pictures(
    wild: LoadedEngine, height: int, width: int
) -> None:
    still = dots(height, width)
    soft = np.clip(dots(height, width, 9)[..., 0] * 2 - 0.6, 0, 1).astype(np.float32)
    way = stroke((0.3, 0.5), (0.6, 0.5))
    plan, sources = animation(
        still, 4, plane=soft, tail=2, strokes=(way, way), ambients=(Ambient(region=None),),
        cameras=(CameraMove(pan=20, zoom=0.7),),
    )  # fmt: skip
    shown = made(wild, plan, sources)
    assert sorted(shown) == [1, 2, 3, 4, 5]
    for picture in shown.values():
        assert picture.shape == still.shape
        assert np.isfinite(picture).all()
        assert picture.min() >= 0
        assert picture.max() <= 1
        assert np.array_equal(picture[soft == 0], still[soft == 0])
