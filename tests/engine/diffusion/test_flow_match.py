"""The grid of a flow checkpoint: its own levels, one after another, from any step on."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_flow_match_euler_discrete import (
    FlowMatchEulerDiscreteScheduler,
)
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler
from secondunit.engine.diffusion.flow_match import FlowGrid, mixed
from secondunit.errors import EngineFailed


def wan(shift: float, **changes: Any) -> UniPCMultistepScheduler:
    """The scheduler of a Wan checkpoint."""
    return UniPCMultistepScheduler(
        use_flow_sigmas=True, prediction_type="flow_prediction", flow_shift=shift, **changes
    )


@pytest.mark.parametrize("shift", [3.0, 5.0, 8.0])
@pytest.mark.parametrize("steps", [1, 4, 20, 50])
def test_the_levels_and_times_are_the_checkpoints_own(shift: float, steps: int) -> None:
    own, grid = wan(shift), FlowGrid(wan(shift))
    own.set_timesteps(steps)
    grid.set_timesteps(steps)
    assert torch.equal(grid.sigmas, own.sigmas)
    assert torch.equal(grid.timesteps, own.timesteps)
    assert len(grid.levels) == steps + 1
    assert grid.levels[-1] == 0


def test_eulers_own_default_grid_would_have_been_another() -> None:
    euler: Any = FlowMatchEulerDiscreteScheduler(shift=5.0)
    euler.set_timesteps(8)
    grid = FlowGrid(wan(5.0))
    grid.set_timesteps(8)
    assert grid.levels[7] == pytest.approx(0.418, abs=2e-3)
    assert float(euler.sigmas[7]) == pytest.approx(0.024, abs=2e-3)


def test_distilled_weights_get_the_levels_they_were_taught() -> None:
    grid = FlowGrid(wan(3.0), distilled=True)
    grid.set_timesteps(4)
    assert grid.timesteps.tolist() == pytest.approx([1000, 937.5, 833.333, 625], abs=1e-2)
    assert grid.levels == pytest.approx([1, 0.9375, 0.83333, 0.625, 0], abs=1e-4)
    own = wan(3.0)
    own.set_timesteps(30)
    grid.set_timesteps(30)
    assert torch.equal(grid.sigmas, own.sigmas)


def walk(grid: FlowGrid, sample: torch.Tensor, steps: int, stop: int | None = None) -> torch.Tensor:
    """Denoise with a model that answers from the sample and the time it is told."""
    grid.set_timesteps(steps)
    for t in grid.timesteps[: None if stop is None else stop - grid.first]:
        velocity = torch.sin(3 * sample) + float(t) / 1000
        (sample,) = grid.step(velocity, t, sample, return_dict=False)
    return sample


@pytest.mark.parametrize("at", [1, 5, 7])
def test_a_run_taken_up_in_the_middle_ends_with_the_same_bits(at: int) -> None:
    noise = torch.randn(1, 4, 3, 2, 2, generator=torch.Generator().manual_seed(3))
    whole = walk(FlowGrid(wan(5.0)), noise, 8)
    half = walk(FlowGrid(wan(5.0)), noise, 8, stop=at)
    grid = FlowGrid(wan(5.0))
    grid.first = at
    assert torch.equal(walk(grid, half, 8), whole)
    assert grid.step_index == 8


def test_a_pipeline_that_says_where_it_begins_counts_from_there() -> None:
    grid = FlowGrid(wan(5.0))
    grid.first = 3
    grid.set_timesteps(8)
    grid.set_begin_index(0)
    assert grid.step_index == 3


def test_it_cannot_begin_behind_the_end() -> None:
    grid = FlowGrid(wan(5.0))
    grid.first = 8
    with pytest.raises(ValueError, match="step 8 of a schedule of 8"):
        grid.set_timesteps(8)


def test_what_a_callback_wrote_is_what_the_next_step_starts_from() -> None:
    grid = FlowGrid(wan(5.0))
    grid.set_timesteps(4)
    sample = torch.randn(1, 4, 1, 2, 2)
    velocity = torch.randn_like(sample)
    grid.step(velocity, grid.timesteps[0], sample)
    written = torch.full_like(sample, 7.0)
    (after,) = grid.step(velocity, grid.timesteps[1], written)
    assert torch.allclose(after, written + (grid.levels[2] - grid.levels[1]) * velocity)


def test_the_state_keeps_its_precision_beside_a_model_of_half_of_it() -> None:
    grid = FlowGrid(wan(5.0))
    grid.set_timesteps(4)
    (after,) = grid.step(torch.ones(1, 2, dtype=torch.bfloat16), 999, torch.ones(1, 2))
    assert after.dtype == torch.float32


def test_tokens_with_levels_of_their_own_go_each_to_the_next() -> None:
    own: Any = FlowMatchEulerDiscreteScheduler(shift=3.0)
    grid = FlowGrid(FlowMatchEulerDiscreteScheduler(shift=3.0))
    own.set_timesteps(6)
    grid.set_timesteps(6)
    sample, output = torch.randn(1, 3, 4), torch.randn(1, 3, 4)
    times = torch.tensor([[float(own.timesteps[0]), 400.0, 0.0]])
    want = own.step(output, own.timesteps[0], sample, per_token_timesteps=times, return_dict=False)[
        0
    ]
    (got,) = grid.step(output, None, sample, per_token_timesteps=times)
    assert torch.allclose(got, want, atol=1e-6)
    assert torch.equal(got[:, 2], sample[:, 2])


def test_a_copy_goes_its_own_way() -> None:
    grid = FlowGrid(wan(5.0))
    grid.set_timesteps(4)
    twin = copy.deepcopy(grid)
    grid.step(torch.zeros(1), None, torch.zeros(1))
    assert (grid.step_index, twin.step_index) == (1, 0)


def test_levels_mix_a_picture_and_noise() -> None:
    clean, noise = torch.zeros(2), torch.ones(2)
    assert torch.equal(mixed(clean, noise, 0.0), clean)
    assert torch.equal(mixed(clean, noise, 1.0), noise)
    assert float(mixed(clean, noise, 0.25)[0]) == 0.25


def test_another_kind_of_diffusion_is_refused() -> None:
    with pytest.raises(EngineFailed, match="DDIMScheduler"):
        FlowGrid(DDIMScheduler())
    with pytest.raises(EngineFailed, match="UniPC"):
        FlowGrid(UniPCMultistepScheduler())
