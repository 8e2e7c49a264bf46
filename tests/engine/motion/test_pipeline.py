"""The pipeline: same seed same bits, saved and loaded offline, cancelled cleanly."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from secondunit.engine.motion import conditions
from secondunit.engine.motion.model import MotionTransformer
from secondunit.engine.motion.pipeline import MotionPipeline, even_schedule
from secondunit.errors import EngineFailed

AREA = (8, 12)


class Cancelled(Exception):
    """What a caller raises to stop."""


def tiny() -> MotionPipeline:
    torch.manual_seed(0)
    model = MotionTransformer(width=32, depth=2, heads=2)
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.05)
    pipeline = MotionPipeline(transformer=model.eval(), scheduler=even_schedule())
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def asked(seed: int = 0) -> conditions.AnchorConditions:
    rng = np.random.default_rng(seed)
    mask = np.ones(AREA, np.float32)
    mask[:, :4] = 0
    c = conditions.blank(rng.random((*AREA, 3), dtype=np.float32), 24)
    return replace(c, mask=mask)


def motion(pipeline: MotionPipeline, seed: int = 1, steps: int = 3) -> np.ndarray:
    generator = torch.Generator().manual_seed(seed)
    return np.asarray(pipeline(asked(), steps, generator).displacement)


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not() -> None:
    pipeline = tiny()
    assert np.array_equal(motion(pipeline, 1), motion(pipeline, 1))
    assert not np.array_equal(motion(pipeline, 1), motion(pipeline, 2))


def test_motion_has_the_shape_of_the_grid_and_none_outside_the_mask() -> None:
    answer = motion(tiny())
    assert answer.shape == (1, conditions.FRAMES, *AREA, 2)
    assert not answer[:, :, :, :4].any()
    assert answer[:, :, :, 4:].any()


def test_an_untrained_network_answers_with_the_prior() -> None:
    torch.manual_seed(0)
    model = MotionTransformer(width=32, depth=2, heads=2)
    pipeline = MotionPipeline(transformer=model, scheduler=even_schedule())
    pipeline.set_progress_bar_config(disable=True)
    end = np.full((*AREA, 2), 0.1, np.float32)
    c = replace(asked(), end_displacement=end, end_confidence=np.ones(AREA, np.float32))
    answer = pipeline(c, 4, torch.Generator().manual_seed(0)).displacement
    assert np.allclose(np.asarray(answer)[0], conditions.prior(c), atol=1e-5)


def test_saving_and_loading_offline_gives_the_same_bits(tmp_path: Path) -> None:
    pipeline = tiny()
    pipeline.save_pretrained(tmp_path)
    loaded = MotionPipeline.from_pretrained(tmp_path, local_files_only=True)
    loaded.set_progress_bar_config(disable=True)
    assert np.array_equal(motion(pipeline), motion(loaded))
    assert {p.name for p in tmp_path.iterdir()} >= {"model_index.json", "transformer", "scheduler"}


def test_several_anchors_in_one_call_equal_single_calls() -> None:
    pipeline = tiny()
    noise = torch.randn(2, conditions.FRAMES, *AREA, 2, generator=torch.Generator().manual_seed(3))
    both = np.asarray(pipeline([asked(0), asked(1)], 3, latents=noise).displacement)
    for k in range(2):
        single = pipeline(asked(k), 3, latents=noise[k : k + 1]).displacement
        assert np.allclose(both[k], np.asarray(single)[0], atol=1e-6)


def test_a_callback_that_raises_cancels_and_the_next_call_is_untouched() -> None:
    pipeline = tiny()
    before = motion(pipeline)
    steps: list[int] = []

    def stop(pipe: MotionPipeline, index: int, timestep: torch.Tensor, kept: dict) -> dict:
        steps.append(index)
        if index == 1:
            raise Cancelled
        return kept

    with pytest.raises(Cancelled):
        pipeline(asked(), 4, torch.Generator().manual_seed(1), callback_on_step_end=stop)
    assert steps == [0, 1]
    assert np.array_equal(before, motion(pipeline))


def test_a_callback_may_replace_the_latents() -> None:
    def erase(pipe: MotionPipeline, index: int, timestep: torch.Tensor, kept: dict) -> dict:
        return {"latents": torch.zeros_like(kept["latents"])}

    answer = tiny()(asked(), 2, torch.Generator().manual_seed(1), callback_on_step_end=erase)
    assert np.allclose(np.asarray(answer.displacement)[0], conditions.prior(asked()), atol=1e-6)


def test_grids_of_two_sizes_in_one_call_are_refused() -> None:
    other = conditions.blank(np.zeros((12, 8, 3), np.float32), 24)
    with pytest.raises(EngineFailed, match="one size"):
        tiny()([asked(), other])
