"""The pipeline: conditions in, dense motion out, in a few Euler steps."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.schedulers.scheduling_flow_match_euler_discrete import (
    FlowMatchEulerDiscreteScheduler,
)
from diffusers.utils.outputs import BaseOutput
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor

from secondunit.engine.motion.conditions import (
    FRAMES,
    AnchorConditions,
    Field,
    channels,
    freedom,
    prior,
    scalars,
    spread,
)
from secondunit.engine.motion.model import MotionTransformer
from secondunit.engine.motion.trajectory_model import TrajectoryModel
from secondunit.errors import EngineFailed

StepEnd = Callable[["MotionPipeline", int, Tensor, dict[str, Tensor]], dict[str, Tensor]]


@dataclass
class MotionOutput(BaseOutput):
    """The motion of one or several anchors.

    `displacement` is b T gh gw 2: where each cell of the anchor has moved to, in fractions of the
    frame's width, x right, y down, at s = 1/T .. 1 of the span; exactly zero where the mask is 0.
    """

    displacement: Field | Tensor


class MotionPipeline(DiffusionPipeline):
    """Denoises the residual of a classical prior with a `MotionTransformer`.

    No guidance and no text: one network call per step. Rectified flow (Liu et al. 2022) on an even
    noise schedule; an untrained network returns the prior. `trajectory` is the second network of
    the same engine, which finds the footage's own motion; a call does not use it.
    """

    model_cpu_offload_seq = "transformer"
    _optional_components = ["trajectory"]  # noqa: RUF012 - diffusers adds it to a list
    _callback_tensor_inputs = ("latents",)

    transformer: MotionTransformer
    scheduler: FlowMatchEulerDiscreteScheduler

    trajectory: TrajectoryModel | None

    def __init__(
        self,
        transformer: MotionTransformer,
        scheduler: FlowMatchEulerDiscreteScheduler,
        trajectory: TrajectoryModel | None = None,
    ) -> None:
        super().__init__()
        self.register_modules(transformer=transformer, scheduler=scheduler, trajectory=trajectory)

    @classmethod
    def from_pretrained(
        cls, pretrained_model_name_or_path: str | os.PathLike[str], **kwargs: Any
    ) -> Self:
        """Load a saved pipeline, see `DiffusionPipeline.from_pretrained`, in memory of its own.

        Weights that stay mapped to a file lie at odd addresses, for which kernels round otherwise:
        a saved and loaded pipeline would not give the same bits.
        """
        pipeline = super().from_pretrained(pretrained_model_name_or_path, **kwargs)
        for part in (pipeline.transformer, pipeline.trajectory):
            for weight in () if part is None else part.parameters():
                weight.data = weight.data.clone()
        return pipeline

    @torch.no_grad()
    def __call__(
        self,
        conditions: AnchorConditions | Sequence[AnchorConditions],
        num_inference_steps: int = 6,
        generator: torch.Generator | list[torch.Generator] | None = None,
        callback_on_step_end: StepEnd | None = None,
        callback_on_step_end_tensor_inputs: Sequence[str] = ("latents",),
        latents: Tensor | None = None,
        output_type: str = "np",
        temperature: float = 0.5,
        first_step: int = 0,
    ) -> MotionOutput:
        """Return the motion of one anchor, or of several on grids of one size.

        Args:
            conditions: what is known of each anchor.
            num_inference_steps: network calls, 4 to 8 are enough.
            generator: source of the noise; the same seed gives the same bits on the same machine.
            callback_on_step_end: called after each step with (pipeline, index, timestep, tensors);
                returns tensors to go on with. What it raises ends the call, leaving nothing behind.
            callback_on_step_end_tensor_inputs: only "latents" is offered.
            latents: the noise itself, b T gh gw 2, instead of a generator.
            output_type: "np", or "pt" for a tensor.
            temperature: size of the generator's noise, 0..1. 1 draws from all that the network
                holds possible; less stays nearer to the likeliest motion.
            first_step: steps that an earlier call did; `latents` are then what it had after them,
                and the result is bit for bit that of one call.
        """
        asked = [conditions] if isinstance(conditions, AnchorConditions) else list(conditions)
        grids = {c.mask.shape for c in asked}
        if len(grids) != 1:
            raise EngineFailed(f"one call takes grids of one size, not {sorted(grids)}")
        unknown = set(callback_on_step_end_tensor_inputs) - set(self._callback_tensor_inputs)
        if unknown:
            raise EngineFailed(f"a step end offers only latents, not {sorted(unknown)}")
        device, dtype = self._execution_device, self.transformer.dtype
        base = torch.from_numpy(np.stack([prior(c) for c in asked]))
        told = np.stack([channels(c, p.numpy()) for c, p in zip(asked, base, strict=True)])
        told = torch.from_numpy(told).to(device, dtype)
        span = torch.from_numpy(np.stack([scalars(c) for c in asked])).to(device, dtype)
        shape = (len(asked), FRAMES, *grids.pop(), 2)
        if latents is None:
            latents = randn_tensor(shape, generator=generator, device=device, dtype=torch.float32)
            latents = latents * temperature
        elif latents.shape != shape:
            raise EngineFailed(f"latents are {tuple(latents.shape)}, the grid wants {shape}")
        state: Tensor = latents.to(device, torch.float32)
        levels = np.linspace(1, 1 / num_inference_steps, num_inference_steps)
        self.scheduler.set_timesteps(sigmas=levels.tolist(), device=device)
        self.scheduler.set_begin_index(first_step)
        timesteps: Tensor = self.scheduler.timesteps  # type: ignore[assignment]
        for index, timestep in enumerate(timesteps[first_step:], first_step):
            level = (timestep / self.scheduler.config["num_train_timesteps"]).expand(len(asked))
            velocity = self.transformer(state.to(dtype), level.to(device), told, span)
            state = self.scheduler.step(velocity, timestep, state, return_dict=False)[0]  # type: ignore[arg-type]
            if callback_on_step_end is not None:
                state = callback_on_step_end(self, index, timestep, {"latents": state})["latents"]
        allowed = [spread(c) * freedom(c)[None, ..., None] for c in asked]
        scale = torch.from_numpy(np.stack(allowed))
        mask = torch.from_numpy(np.stack([c.mask > 0 for c in asked]))[:, None, ..., None]
        displacement = (base + scale * state.float().cpu()) * mask
        self.maybe_free_model_hooks()
        if output_type == "pt":
            return MotionOutput(displacement=displacement)
        return MotionOutput(displacement=displacement.numpy())


def even_schedule() -> FlowMatchEulerDiscreteScheduler:
    """Return the scheduler that the network is trained for: Euler, levels unshifted."""
    return FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000, shift=1.0)
