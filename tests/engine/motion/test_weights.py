"""The weights that the package ships: small, loadable offline, and obedient."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from secondunit.catalog.weights import FOLDERS
from secondunit.engine.motion import conditions
from secondunit.engine.motion.conditions import AnchorConditions
from secondunit.engine.motion.pipeline import MotionPipeline

WEIGHTS = FOLDERS["motion"]
AREA = (18, 32)
PIXEL = 1 / 640
DISC = (slice(6, 12), slice(10, 16))


@pytest.fixture(scope="module")
def shipped() -> MotionPipeline:
    pipeline = MotionPipeline.from_pretrained(WEIGHTS, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def scene() -> AnchorConditions:
    """A bright object on a dark ground that fades from top to bottom."""
    picture = np.tile(np.linspace(0.2, 0.4, AREA[0], dtype=np.float32)[:, None, None], (1, 32, 3))
    picture[DISC] = (0.9, 0.7, 0.3)
    return conditions.blank(picture, 24)


def pushed(x: float, y: float) -> AnchorConditions:
    """The object with a stroke to (x, y) inside a mask around it."""
    time = np.arange(1, conditions.FRAMES + 1, dtype=np.float32) / conditions.FRAMES
    stroke = np.zeros((conditions.FRAMES, *AREA, 2), np.float32)
    weight, mask = np.zeros(AREA, np.float32), np.zeros(AREA, np.float32)
    weight[DISC] = 1
    stroke[:, DISC[0], DISC[1]] = (time[:, None] * np.array([x, y], np.float32))[:, None, None]
    mask[4:14, 8:18] = 1
    return replace(scene(), stroke=stroke, stroke_weight=weight, mask=mask)


def motion(pipeline: MotionPipeline, c: AnchorConditions, seed: int = 0) -> np.ndarray:
    generator = torch.Generator().manual_seed(seed)
    return np.asarray(pipeline(c, 6, generator).displacement)[0]


def test_the_weights_are_safetensors_of_less_than_twenty_megabytes() -> None:
    files = [file for file in WEIGHTS.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 20_000_000
    assert any(file.suffix == ".safetensors" for file in files)
    assert not any(file.suffix in {".bin", ".pt", ".pkl"} for file in files)


def test_the_card_states_the_measured_figures() -> None:
    line = json.loads((WEIGHTS / "figures.json").read_text())
    text = (WEIGHTS / "README.md").read_text()
    assert "Apache-2.0" in text
    for task in ("bridge", "extend", "animate"):
        assert f"{line['network'][task]:.2f} | {line['prior'][task]:.2f}" in text


@pytest.mark.parametrize("way", [(0.1, 0.0), (-0.1, 0.0), (0.0, 0.08), (0.07, -0.07)])
def test_a_stroke_moves_its_object_the_way_it_points(
    shipped: MotionPipeline, way: tuple[float, float]
) -> None:
    answer = motion(shipped, pushed(*way))
    for k in (3, 7):
        moved = answer[k, DISC[0], DISC[1]].mean((0, 1))
        asked = np.array(way) * (k + 1) / conditions.FRAMES
        assert np.linalg.norm(moved - asked) < 0.2 * np.linalg.norm(asked)


def test_nothing_moves_outside_the_mask(shipped: MotionPipeline) -> None:
    c = pushed(0.1, 0.0)
    assert not motion(shipped, c)[:, c.mask == 0].any()


def test_a_sure_end_is_kept_within_a_pixel(shipped: MotionPipeline) -> None:
    pan = np.full((*AREA, 2), 0.05, np.float32)
    rng = np.random.default_rng(0)
    picture = rng.random((*AREA, 3), dtype=np.float32)
    other = np.roll(picture, round(0.05 * 32), axis=1)
    c = replace(
        conditions.blank(picture, 16), other=other, end_displacement=pan,
        end_confidence=np.ones(AREA, np.float32),
    )  # fmt: skip
    assert np.abs(motion(shipped, c)[-1] - pan).mean() < 2 * PIXEL


def test_seeds_vary_what_is_not_determined(shipped: MotionPipeline) -> None:
    c = replace(scene(), ambient=np.ones(AREA, np.float32))
    assert not np.array_equal(motion(shipped, c, 1), motion(shipped, c, 2))
