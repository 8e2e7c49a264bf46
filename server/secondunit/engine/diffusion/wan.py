"""What all of Wan's checkpoints share: their text encoder, their latents, their steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan
from diffusers.schedulers.scheduling_flow_match_euler_discrete import (
    FlowMatchEulerDiscreteScheduler,
)
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler
from numpy.typing import NDArray
from PIL import Image
from transformers import UMT5EncoderModel

from secondunit.engine.diffusion import flow_match, parts
from secondunit.engine.diffusion import legal as legal_pass
from secondunit.engine.diffusion.family import Cells, Pass
from secondunit.errors import EngineFailed

TOKENS = 512
"""Of the longest prompt that is read; pipelines cut the rest off without a word."""
TEMPORAL = 4
"""Frames of a latent frame, but the first, which stands for one."""


SCHEDULERS = (UniPCMultistepScheduler, FlowMatchEulerDiscreteScheduler)


def common(
    folder: Path, *, dtype: torch.dtype, distilled: bool, schedulers: tuple[Any, ...] = SCHEDULERS
) -> dict[str, Any]:
    """The parts that every pipeline of the family takes.

    The autoencoder stays in full precision: half of it shows as bands and flicker.
    """
    own = parts.scheduler(folder, schedulers)
    return {
        "tokenizer": parts.words(folder),
        "text_encoder": parts.module(UMT5EncoderModel, folder, "text_encoder", dtype),
        "vae": parts.module(AutoencoderKLWan, folder, "vae", torch.float32),
        "scheduler": flow_match.FlowGrid(own, distilled=distilled),
    }


def networks(cls: Any, folder: Path, dtype: torch.dtype) -> dict[str, Any]:
    """The network, or the two of 2.2 with the level that the second takes over at."""
    found: dict[str, Any] = {"transformer": parts.module(cls, folder, "transformer", dtype)}
    if parts.has(folder, "transformer_2"):
        found["transformer_2"] = parts.module(cls, folder, "transformer_2", dtype)
        found["boundary_ratio"] = parts.index(folder).get("boundary_ratio")
        if found["boundary_ratio"] is None:
            raise EngineFailed(f"{folder} has two networks, and no `boundary_ratio` between them.")
    return found


def finished(pipe: Any, loras: Sequence[Path], device: str) -> Any:
    """The pipeline with its LoRAs, on its device, quiet."""
    names = tuple(n for n in ("transformer", "transformer_2") if getattr(pipe, n, None) is not None)
    parts.lay_over(pipe, tuple(loras), names)
    pipe.set_progress_bar_config(disable=True)
    return pipe.to(device)


def cells(pipe: Any, wanted: Pass) -> Cells:
    """One latent frame for the first picture, then one for each four."""
    legal(pipe, wanted)
    across = pipe.vae_scale_factor_spatial
    rest = (range(f, f + TEMPORAL) for f in range(1, wanted.frames, TEMPORAL))
    return Cells(
        frames=(range(1), *rest),
        height=wanted.size.height // across,
        width=wanted.size.width // across,
    )


def legal(pipe: Any, wanted: Pass) -> None:
    """Refuse what the pipelines round, or run wrongly, without a word.

    Raises EngineFailed for a count of frames, a size or a reference that does not fit.
    """
    base = pipe.vae_scale_factor_spatial * pipe.transformer.config.patch_size[1]
    legal_pass.check(pipe, wanted, step=TEMPORAL, base=base)


def words(pipe: Any, wanted: Pass) -> Mapping[str, torch.Tensor | None]:
    """The embeddings of both prompts; that of the negative is None without guidance."""
    positive, negative = pipe.encode_prompt(
        wanted.prompt,
        wanted.negative,
        do_classifier_free_guidance=wanted.guidance > 1,
        max_sequence_length=TOKENS,
        device=pipe._execution_device,
    )
    return {"prompt_embeds": positive, "negative_prompt_embeds": negative}


def call(
    pipe: Any, wanted: Pass, latents: torch.Tensor, generator: torch.Generator
) -> dict[str, Any]:
    """The arguments that all of Wan's pipelines take. Raises EngineFailed for an illegal pass."""
    legal(pipe, wanted)
    return {
        "height": wanted.size.height,
        "width": wanted.size.width,
        "num_frames": wanted.frames,
        "guidance_scale": wanted.guidance,
        "latents": latents,
        "generator": generator,
        "max_sequence_length": TOKENS,
    }


def encode(pipe: Any, video: torch.Tensor) -> torch.Tensor:
    """Latents as the loop scales them, float32, of pictures `b c f h w` in -1..1."""
    vae = pipe.vae
    raw = vae.encode(video.to(pipe._execution_device, vae.dtype)).latent_dist.mode()
    mean, std = _statistics(vae, raw)
    return ((raw - mean) / std).to(torch.float32)


def decode(pipe: Any, grid: torch.Tensor) -> torch.Tensor:
    """Pictures `f h w 3` in 0..1, on the processor."""
    vae = pipe.vae
    raw = grid.to(pipe._execution_device, vae.dtype)
    mean, std = _statistics(vae, raw)
    video = vae.decode(raw * std + mean, return_dict=False)[0]
    return ((video[0] + 1) / 2).clamp(0, 1).permute(1, 2, 3, 0).to("cpu", torch.float32)


def noise(pipe: Any, like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Noise of the shape of `like`, drawn where the generator is."""
    drawn = torch.randn(like.shape, generator=generator, device=generator.device)
    return drawn.to(like.device)


def levels(pipe: Any) -> Sequence[float]:
    """Of the schedule that is set."""
    return pipe.scheduler.levels


def mixed(pipe: Any, clean: torch.Tensor, noise: torch.Tensor, step: int) -> torch.Tensor:
    """Latents at the level before a step."""
    return flow_match.mixed(clean, noise, pipe.scheduler.levels[step])


def beside(pipe: Any, wanted: Pass, loop: torch.Tensor) -> Mapping[str, torch.Tensor]:
    """Nothing: the loop's latents are the grid."""
    return {}


def pictures(wanted: Pass) -> torch.Tensor:
    """R as the pipelines take video: `1 f 3 h w` in 0..1, not rounded to 8 bits."""
    return torch.from_numpy(wanted.reference).permute(0, 3, 1, 2)[None].to(torch.float32)


def pil(picture: NDArray[np.floating]) -> Image.Image:
    """A picture for a pipeline that takes nothing finer, 8 bits."""
    return Image.fromarray(np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8))


def _statistics(vae: Any, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    shape = (1, vae.config.z_dim, 1, 1, 1)
    mean = torch.tensor(vae.config.latents_mean).view(shape).to(like.device, like.dtype)
    std = torch.tensor(vae.config.latents_std).view(shape).to(like.device, like.dtype)
    return mean, std
