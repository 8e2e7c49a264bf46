"""LTX 0.9.5 and later: every token has a noise level of its own, and pictures at exact frames.

What is held is told to the model as what it is, less noisy than the rest (`condition mask` 1 - h),
so the hold map is native here. A pinned frame in the midst of free ones shares its latent frame
with them: it comes as tokens of its own, at its place in time, before those of the grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl_ltx import AutoencoderKLLTXVideo
from diffusers.models.transformers.transformer_ltx import LTXVideoTransformer3DModel
from diffusers.pipelines.ltx.pipeline_ltx_condition import (
    LTXConditionPipeline,
    linear_quadratic_schedule,
)
from diffusers.schedulers.scheduling_flow_match_euler_discrete import (
    FlowMatchEulerDiscreteScheduler,
)
from diffusers.utils.torch_utils import randn_tensor
from transformers import T5EncoderModel

from secondunit.engine import hold
from secondunit.engine.diffusion import flow_match, parts, tokens
from secondunit.engine.diffusion.family import Cells, Pass
from secondunit.engine.diffusion.flow_match import FlowGrid
from secondunit.engine.diffusion.tokens import KeyPicture

WORDS = 256
"""Tokens of the longest prompt."""
DECODE_TIMESTEP = 0.05
DECODE_NOISE = 0.025
"""What decoders that are told their noise expect (model card of 0.9.5): they add detail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    clean: torch.Tensor
    noise: torch.Tensor
    start: torch.Tensor
    levels: torch.Tensor
    """`F H W`: the noise level down to which each cell is held."""
    keys: tuple[KeyPicture, ...]
    tokens: torch.Tensor | None
    """Of the keys, as they were when the pass was left; None for a fresh one."""
    fresh: bool


class Pipeline(LTXConditionPipeline):
    """The pipeline with the latents, masks and key pictures that the family prepared."""

    told: _Told | None = None

    def prepare_latents(
        self, *args: Any, device: torch.device, dtype: torch.dtype, **rest: Any
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, int]:
        """Return latents, condition mask `b s`, places `b 3 s` and the number of key tokens."""
        told = self.told
        assert told is not None
        sigmas = self.scheduler.sigmas.to(device)
        mask = 1 - released_at(told.levels.to(device), sigmas)
        grid = told.start.to(device, dtype)
        if told.fresh:
            held = torch.lerp(told.noise.to(device), told.clean.to(device), mask)
            grid = torch.where(mask > 0, held, grid)
        masks, places = [mask[None].flatten(1)], [self._places(mask.shape, 0, device)]
        extra = []
        for key in told.keys:
            strength = 1 - float(released_at(torch.tensor(1 - key.strength), sigmas.cpu()))
            mixed = torch.lerp(key.noise.to(device), key.latents.to(device), strength)
            extra.append(self._packed(mixed))
            masks.insert(-1, torch.full(extra[-1].shape[:2], strength, device=device))
            places.insert(-1, self._places((1, *mask.shape[1:]), key.frame, device))
        if told.tokens is not None:
            extra = [told.tokens.to(device, dtype)]
        latents = torch.cat([*extra, self._packed(grid)], dim=1)
        keys = latents.shape[1] - mask.numel()
        return latents, torch.cat(masks, dim=1), torch.cat(places, dim=2), keys

    def _packed(self, grid: torch.Tensor) -> torch.Tensor:
        return self._pack_latents(
            grid, self.transformer_spatial_patch_size, self.transformer_temporal_patch_size
        )

    def _places(self, shape: Sequence[int], frame: int, device: torch.device) -> torch.Tensor:
        places = self._prepare_video_ids(
            1,
            shape[0],
            shape[1],
            shape[2],
            patch_size=self.transformer_spatial_patch_size,
            patch_size_t=self.transformer_temporal_patch_size,
            device=device,
        )
        return self._scale_video_ids(
            places,
            scale_factor=self.vae_spatial_compression_ratio,
            scale_factor_t=self.vae_temporal_compression_ratio,
            frame_index=frame,
            device=device,
        )


def released_at(levels: torch.Tensor, sigmas: torch.Tensor) -> torch.Tensor:
    """The level of a falling schedule that each place is let go at: the last not below its own.

    A token that were let go between two levels would be denoised from noise that it does not have.
    1 where it is free from the start.
    """
    above = torch.where(sigmas >= levels[..., None], sigmas, torch.inf).amin(dim=-1)
    return torch.where(above >= sigmas[0], 1.0, above)


class Ltx:
    """Tokens, packed: key pictures first, then the grid."""

    def open(self, folder: Path, *, dtype: torch.dtype, device: str, loras: Sequence[Path]) -> Any:
        """See `Family`."""
        grid: Any = FlowGrid(parts.scheduler(folder, (FlowMatchEulerDiscreteScheduler,)))
        pipe = Pipeline(
            tokenizer=parts.words(folder),
            text_encoder=parts.module(T5EncoderModel, folder, "text_encoder", dtype),
            vae=parts.module(AutoencoderKLLTXVideo, folder, "vae", dtype),
            transformer=parts.module(LTXVideoTransformer3DModel, folder, "transformer", dtype),
            scheduler=grid,
        )
        parts.lay_over(pipe, tuple(loras), ("transformer",))
        pipe.set_progress_bar_config(disable=True)
        return pipe.to(device)

    def cells(self, pipe: Any, wanted: Pass) -> Cells:
        """See `Family`."""
        return tokens.cells(pipe, wanted)

    def words(self, pipe: Any, wanted: Pass) -> Mapping[str, torch.Tensor | None]:
        """See `Family`."""
        return tokens.words(pipe, wanted, WORDS)

    def encode(self, pipe: Any, video: torch.Tensor) -> torch.Tensor:
        """See `Family`."""
        vae = pipe.vae
        found = vae.encode(video.to(pipe._execution_device, vae.dtype)).latent_dist.mode().float()
        return pipe._normalize_latents(found, vae.latents_mean, vae.latents_std)

    def noise(self, pipe: Any, like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """See `Family`."""
        return randn_tensor(like.shape, generator=generator, device=like.device, dtype=like.dtype)

    def arguments(
        self,
        pipe: Any,
        wanted: Pass,
        clean: torch.Tensor,
        noise: torch.Tensor,
        start: torch.Tensor,
        kept: Mapping[str, torch.Tensor] | None,
        generator: torch.Generator,
    ) -> Mapping[str, Any]:
        """See `Family`."""
        cells = self.cells(pipe, wanted)
        pipe.told = _Told(
            clean=clean,
            noise=noise,
            start=start,
            levels=torch.from_numpy(hold.on_cells(wanted, cells)),
            keys=tokens.key_pictures(self, pipe, wanted, cells, generator),
            tokens=None if kept is None else kept.get("tokens"),
            fresh=kept is None,
        )
        return {
            "conditions": [],
            "height": wanted.size.height,
            "width": wanted.size.width,
            "num_frames": wanted.frames,
            "frame_rate": float(wanted.rate),
            "guidance_scale": wanted.guidance,
            "timesteps": (linear_quadratic_schedule(wanted.steps) * 1000).tolist(),
            # It would draw noise at each step, from a generator that a resume cannot set back.
            "image_cond_noise_scale": 0.0,
            "generator": generator,
        }

    def beside(self, pipe: Any, wanted: Pass, loop: torch.Tensor) -> Mapping[str, torch.Tensor]:
        """See `Family`."""
        count = loop.shape[1] - self._tokens(pipe, wanted)
        return {"tokens": loop[:, :count].clone()} if count else {}

    def levels(self, pipe: Any) -> Sequence[float]:
        """See `Family`."""
        return pipe.scheduler.levels

    def mixed(self, pipe: Any, clean: torch.Tensor, noise: torch.Tensor, step: int) -> torch.Tensor:
        """See `Family`."""
        return flow_match.mixed(clean, noise, pipe.scheduler.levels[step])

    def onto_grid(self, pipe: Any, wanted: Pass, loop: torch.Tensor) -> torch.Tensor:
        """See `Family`."""
        cells = self.cells(pipe, wanted)
        return pipe._unpack_latents(
            loop[:, -self._tokens(pipe, wanted) :],
            len(cells.frames),
            cells.height,
            cells.width,
            pipe.transformer_spatial_patch_size,
            pipe.transformer_temporal_patch_size,
        )

    def into_loop(
        self, pipe: Any, wanted: Pass, grid: torch.Tensor, loop: torch.Tensor
    ) -> torch.Tensor:
        """See `Family`."""
        count = self._tokens(pipe, wanted)
        held = pipe.told.levels < 1
        own = self.onto_grid(pipe, wanted, loop)
        kept = torch.where(held.to(own.device), own, grid.to(own.device, own.dtype))
        return torch.cat([loop[:, :-count], pipe._packed(kept)], dim=1)

    def decode(self, pipe: Any, grid: torch.Tensor) -> torch.Tensor:
        """See `Family`."""
        vae = pipe.vae
        latents = pipe._denormalize_latents(
            grid.float(), vae.latents_mean, vae.latents_std, vae.config.scaling_factor
        ).to(pipe._execution_device)
        told = None
        if vae.config.timestep_conditioning:
            same = torch.Generator().manual_seed(0)  # a pass decodes alike each time
            noise = randn_tensor(latents.shape, generator=same, device=pipe._execution_device)
            latents = torch.lerp(latents, noise, DECODE_NOISE)
            told = torch.tensor([DECODE_TIMESTEP], device=pipe._execution_device, dtype=vae.dtype)
        pictures = vae.decode(latents.to(vae.dtype), told, return_dict=False)[0]
        return tokens.shown(pictures)

    def _tokens(self, pipe: Any, wanted: Pass) -> int:
        cells = self.cells(pipe, wanted)
        return len(cells.frames) * cells.height * cells.width


FAMILY = Ltx()
