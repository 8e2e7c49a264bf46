"""A family whose latents can be read: mean colours of 8x8 pixels and 4 frames, and their mean.

The pipeline is a real one of diffusers with a network of one layer and the Euler scheduler of flow
matching; pictures come back as they went in, in squares. What is tested with it is the order of a
run, and none of a model's own ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.schedulers.scheduling_flow_match_euler_discrete import (
    FlowMatchEulerDiscreteScheduler,
)
from secondunit.catalog.engines import MOTION, Engine
from secondunit.engine.diffusion.family import Cells, Pass
from secondunit.engine.diffusion.flow_match import mixed
from secondunit.engine.engine import RGB, UNKEPT, Keep, Progress, Show, Sources, unseen
from secondunit.plan.shot_plan import ShotPlan
from secondunit.units import Operation

CELL = 8
GROUP = 4


def readable_row(**changes: Any) -> Engine:
    """A row of the catalogue for it: passes of 4k+1 frames, up to 33, sides of 16."""
    row = replace(
        MOTION, name="readable", title="For tests", family="readable", folder=Path("nowhere"),
        operations=frozenset(Operation), frame_step=GROUP, frame_offset=1, longest=33,
        size_multiple=16, prompt=True, steps=4,
    )  # fmt: skip
    return replace(row, **changes)


class OneLayer(ModelMixin, ConfigMixin):
    """A network of one layer; `sick`: the calls, counted from 0, at which it answers NaN."""

    @register_to_config
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Conv3d(4, 4, 3, padding=1)
        self.calls = 0
        self.frames = 0
        self.sick: Callable[[int, torch.dtype], bool] = lambda call, dtype: False

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """A velocity."""
        answer = self.layer(latents)
        if self.sick(self.calls, self.dtype):
            answer = answer * float("nan")
        self.calls += 1
        self.frames += latents.shape[2]
        return answer


class ReadablePipeline(DiffusionPipeline):
    """Denoises `latents` by the network, in the manner of diffusers' own."""

    model_cpu_offload_seq = "transformer"
    _callback_tensor_inputs = ("latents",)

    transformer: OneLayer
    scheduler: FlowMatchEulerDiscreteScheduler

    def __init__(self, transformer: OneLayer, scheduler: FlowMatchEulerDiscreteScheduler) -> None:
        super().__init__()
        self.register_modules(transformer=transformer, scheduler=scheduler)

    @torch.no_grad()
    def __call__(
        self,
        prompt_embeds: torch.Tensor,
        latents: torch.Tensor,
        num_inference_steps: int,
        output_type: str,
        callback_on_step_end: Any,
        callback_on_step_end_tensor_inputs: Sequence[str],
    ) -> torch.Tensor:
        """The clean latents."""
        self.scheduler.set_timesteps(num_inference_steps)
        timesteps: Any = self.scheduler.timesteps
        for i, t in enumerate(timesteps):
            velocity = self.transformer(latents.to(self.transformer.dtype)).float()
            latents = self.scheduler.step(velocity, t, latents, return_dict=False)[0]  # type: ignore[arg-type]
            latents = callback_on_step_end(self, i, t, {"latents": latents})["latents"]
        return latents


def readable_pipeline(dtype: torch.dtype = torch.float32) -> ReadablePipeline:
    """The pipeline with random weights, always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = OneLayer()
    if dtype is not torch.float32:
        network.layer.to(dtype)
    return ReadablePipeline(network.eval(), FlowMatchEulerDiscreteScheduler(shift=5.0))


class Readable:
    """Implements `family.Family`."""

    def __init__(self, dtype: torch.dtype = torch.float32) -> None:
        self.pipe = readable_pipeline(dtype)
        self.told: list[Pass] = []
        self.read: list[str] = []
        self.drift: tuple[float, float] = (1.0, 0.0)
        """Gain and offset that the decoder brings in."""

    def open(
        self, folder: Path, *, dtype: torch.dtype, device: str, loras: Sequence[Path]
    ) -> DiffusionPipeline:
        return self.pipe

    def cells(self, pipe: DiffusionPipeline, wanted: Pass) -> Cells:
        groups = [range(1), *(range(n, n + GROUP) for n in range(1, wanted.frames, GROUP))]
        height, width = wanted.size.height // CELL, wanted.size.width // CELL
        return Cells(frames=tuple(groups), height=height, width=width)

    def words(self, pipe: DiffusionPipeline, wanted: Pass) -> Mapping[str, torch.Tensor | None]:
        self.read.append(wanted.prompt)
        return {"prompt_embeds": torch.zeros(1, 1, 1)}

    def encode(self, pipe: DiffusionPipeline, video: torch.Tensor) -> torch.Tensor:
        first, rest = video[:, :, :1], video[:, :, 1:]
        pool = torch.nn.functional.avg_pool3d
        parts = [pool(first, (1, CELL, CELL))]
        if rest.shape[2]:
            parts.append(pool(rest, (GROUP, CELL, CELL)))
        colours = torch.cat(parts, dim=2)
        return torch.cat([colours, colours.mean(dim=1, keepdim=True)], dim=1)

    def noise(
        self, pipe: DiffusionPipeline, like: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        return torch.randn(like.shape, generator=generator)

    def arguments(
        self,
        pipe: DiffusionPipeline,
        wanted: Pass,
        clean: torch.Tensor,
        noise: torch.Tensor,
        start: torch.Tensor,
        kept: Mapping[str, torch.Tensor] | None,
        generator: torch.Generator,
    ) -> Mapping[str, Any]:
        self.told.append(wanted)
        return {"latents": start}

    def beside(
        self, pipe: DiffusionPipeline, wanted: Pass, loop: torch.Tensor
    ) -> Mapping[str, torch.Tensor]:
        return {}

    def levels(self, pipe: DiffusionPipeline) -> Sequence[float]:
        assert isinstance(pipe, ReadablePipeline)
        levels: Any = pipe.scheduler.sigmas
        return levels.tolist()

    def mixed(
        self, pipe: DiffusionPipeline, clean: torch.Tensor, noise: torch.Tensor, step: int
    ) -> torch.Tensor:
        return mixed(clean, noise, self.levels(pipe)[step])

    def onto_grid(self, pipe: DiffusionPipeline, wanted: Pass, loop: torch.Tensor) -> torch.Tensor:
        return loop

    def into_loop(
        self, pipe: DiffusionPipeline, wanted: Pass, grid: torch.Tensor, loop: torch.Tensor
    ) -> torch.Tensor:
        return grid

    def decode(self, pipe: DiffusionPipeline, grid: torch.Tensor) -> torch.Tensor:
        frames = torch.cat(
            [grid[:, :3, :1], grid[:, :3, 1:].repeat_interleave(GROUP, dim=2)], dim=2
        )
        whole = frames.repeat_interleave(CELL, dim=3).repeat_interleave(CELL, dim=4)
        gain, offset = self.drift
        shown = ((whole[0].permute(1, 2, 3, 0) + 1) / 2 * gain + offset).clamp(0, 1)
        return shown.float().cpu()


class Dissolve:
    """A draft that fades from pin to pin; implements `engine.LoadedEngine`."""

    def run(
        self,
        plan: ShotPlan,
        sources: Sources,
        progress: Progress,
        show: Show = unseen,
        keep: Keep = UNKEPT,
    ) -> Iterator[tuple[int, RGB]]:
        """Frames between two pins, or the one that there is."""
        pins = sorted(pin.frame for pin in plan.pins)
        for frame in (n for made in plan.generate for n in range(made.start, made.end)):
            if frame in keep.frames:
                continue
            progress("render", 1, 1)
            before = max((n for n in pins if n < frame), default=pins[0])
            after = min((n for n in pins if n > frame), default=pins[-1])
            share = np.float32(0 if after == before else (frame - before) / (after - before))
            first, last = sources.pin(before), sources.pin(after)
            yield frame, first + share * (last - first)


def mean_squares(picture: np.ndarray) -> np.ndarray:
    """A picture (`h w 3`) as its cells' mean colours."""
    h, w = picture.shape[:2]
    cells = picture[: h - h % CELL, : w - w % CELL].reshape(h // CELL, CELL, w // CELL, CELL, 3)
    return cells.mean(axis=(1, 3))
