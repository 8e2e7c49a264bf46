"""LTX-2: what is pinned stays clean, token by token; pictures at exact frames; its sound is unused.

Its own keyframes count in latent frames, so the last one is shown eight frames early; here they
stand at the frame that was asked for, after the grid, and are not compressed before. Cells that are
to follow the reference for a while only are held from outside: its own strengths below 1 would mix
the reference into the finished picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl_ltx2 import AutoencoderKLLTX2Video
from diffusers.models.autoencoders.autoencoder_kl_ltx2_audio import AutoencoderKLLTX2Audio
from diffusers.models.transformers.transformer_ltx2 import LTX2VideoTransformer3DModel
from diffusers.pipelines.ltx.pipeline_ltx_condition import linear_quadratic_schedule
from diffusers.pipelines.ltx2.connectors import LTX2TextConnectors
from diffusers.pipelines.ltx2.pipeline_ltx2_condition import LTX2ConditionPipeline
from diffusers.schedulers.scheduling_flow_match_euler_discrete import (
    FlowMatchEulerDiscreteScheduler,
)
from diffusers.utils.torch_utils import randn_tensor
from transformers import Gemma3ForConditionalGeneration, Gemma4UnifiedForConditionalGeneration

from secondunit.engine import hold
from secondunit.engine.diffusion import flow_match, parts, tokens
from secondunit.engine.diffusion.family import Cells, Pass
from secondunit.engine.diffusion.flow_match import FlowGrid
from secondunit.engine.diffusion.tokens import KeyPicture
from secondunit.errors import EngineFailed

WORDS = 1024
"""Tokens of the longest prompt."""
READERS = (Gemma3ForConditionalGeneration, Gemma4UnifiedForConditionalGeneration)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    clean: torch.Tensor
    start: torch.Tensor
    held: torch.Tensor
    """`F H W`: cells that are the reference to the end."""
    keys: tuple[KeyPicture, ...]
    tokens: torch.Tensor | None
    """Of the keys, as they were when the pass was left; None for a fresh one."""
    sound: torch.Tensor | None
    """The same of the sound."""


class PictureGrid(FlowGrid):
    """The schedule of the picture: few-step weights were taught levels of their own."""

    def taught(self, steps: int) -> torch.Tensor:
        """Linear, then quadratic, not shifted (`DISTILLED_SIGMA_VALUES` of diffusers for eight)."""
        return linear_quadratic_schedule(steps)


class SoundGrid(PictureGrid):
    """The schedule of the sound: goes with the picture's, and remembers the latents it made."""

    def __init__(self, picture: FlowGrid, own: Any, *, distilled: bool) -> None:
        """Begin where `picture` begins; `own` is a scheduler of the checkpoint's, its own copy."""
        super().__init__(own, distilled=distilled)
        self._picture = picture
        self.latest = torch.zeros(0)
        """Packed, `b l c`."""

    def set_timesteps(
        self,
        num_inference_steps: int | None = None,
        device: str | torch.device | None = None,
        sigmas: Any = None,
        mu: float | None = None,
        timesteps: Any = None,
    ) -> None:
        """See `FlowGrid`."""
        self.first = self._picture.first
        super().set_timesteps(num_inference_steps, device, sigmas, mu, timesteps)

    def step(self, *args: Any, **settings: Any) -> tuple[torch.Tensor]:
        """See `FlowGrid`."""
        result = super().step(*args, **settings)
        self.latest = result[0]
        return result


class Pipeline(LTX2ConditionPipeline):
    """The pipeline with the latents, masks and key pictures that the family prepared."""

    told: _Told | None = None

    def prepare_latents(
        self,
        *args: Any,
        frame_rate: float,
        device: torch.device,
        dtype: torch.dtype,
        **rest: Any,
    ) -> Any:
        """Return latents, mask `b s 1` (1: clean), clean latents and places of the key tokens or
        None."""
        told = self.told
        assert told is not None
        held = told.held.to(device)
        mask = held.to(dtype)[None, None]
        clean = told.clean.to(device, dtype)
        latents = [self._packed(torch.where(held, clean, told.start.to(device, dtype)))]
        masks, known = [self._packed(mask)], [self._packed(clean * mask)]
        places = []
        for key in told.keys:
            picture = self._packed(key.latents.to(device, dtype))
            known.append(picture)
            masks.append(torch.full((*picture.shape[:2], 1), key.strength, device=device))
            if told.tokens is None:
                noise = self._packed(key.noise.to(device, dtype))
                latents.append(torch.lerp(noise, picture, key.strength))
            places.append(
                self._prepare_keyframe_coords(
                    1,
                    held.shape[1],
                    held.shape[2],
                    pixel_frame_idx=key.frame,
                    num_pixel_frames=1,
                    fps=frame_rate,
                    device=device,
                )
            )
        if told.tokens is not None:
            latents.append(told.tokens.to(device, dtype))
        return (
            torch.cat(latents, dim=1),
            torch.cat(masks, dim=1),
            torch.cat(known, dim=1),
            torch.cat(places, dim=2) if places else None,
        )

    def prepare_audio_latents(self, *args: Any, **given: Any) -> torch.Tensor:
        """Noise, or the sound as it was when the pass was left."""
        assert self.told is not None
        if self.told.sound is None:
            return super().prepare_audio_latents(*args, **given)
        return self.told.sound.to(given["device"], given["dtype"])

    def convert_velocity_to_x0(
        self,
        sample: torch.Tensor,
        denoised_output: torch.Tensor,
        step_idx: int,
        scheduler: Any = None,
    ) -> torch.Tensor:
        """The loop counts from where it began, levels are counted from the schedule's beginning."""
        scheduler = scheduler or self.scheduler
        return super().convert_velocity_to_x0(
            sample, denoised_output, step_idx + scheduler.first, scheduler
        )

    def convert_x0_to_velocity(
        self,
        sample: torch.Tensor,
        denoised_output: torch.Tensor,
        step_idx: int,
        scheduler: Any = None,
    ) -> torch.Tensor:
        """As `convert_velocity_to_x0`."""
        scheduler = scheduler or self.scheduler
        return super().convert_x0_to_velocity(
            sample, denoised_output, step_idx + scheduler.first, scheduler
        )

    def _packed(self, grid: torch.Tensor) -> torch.Tensor:
        return self._pack_latents(
            grid, self.transformer_spatial_patch_size, self.transformer_temporal_patch_size
        )


class Ltx2:
    """Tokens, packed: the grid first, then key pictures."""

    def open(self, folder: Path, *, dtype: torch.dtype, device: str, loras: Sequence[Path]) -> Any:
        """See `Family`. The vocoder is not loaded: nothing is made of the sound."""
        classes = (FlowMatchEulerDiscreteScheduler,)
        few = bool(loras)
        picture: Any = PictureGrid(parts.scheduler(folder, classes), distilled=few)
        sound: Any = SoundGrid(picture, parts.scheduler(folder, classes), distilled=few)
        unused: Any = None
        pipe = Pipeline(
            tokenizer=parts.words(folder),
            text_encoder=parts.module(_reader(folder), folder, "text_encoder", dtype),
            connectors=parts.module(LTX2TextConnectors, folder, "connectors", dtype),
            vae=parts.module(AutoencoderKLLTX2Video, folder, "vae", dtype),
            audio_vae=parts.module(AutoencoderKLLTX2Audio, folder, "audio_vae", dtype),
            transformer=parts.module(LTX2VideoTransformer3DModel, folder, "transformer", dtype),
            vocoder=unused,
            scheduler=picture,
            audio_scheduler=sound,
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
        kept = kept or {}
        cells = self.cells(pipe, wanted)
        pipe.told = _Told(
            clean=clean,
            start=start,
            held=torch.from_numpy(hold.held_fully(hold.on_cells(wanted, cells))),
            keys=tokens.key_pictures(self, pipe, wanted, cells, generator),
            tokens=kept.get("tokens"),
            sound=kept.get("sound"),
        )
        return {
            "height": wanted.size.height,
            "width": wanted.size.width,
            "num_frames": wanted.frames,
            "frame_rate": float(wanted.rate),
            "guidance_scale": wanted.guidance,
            "audio_guidance_scale": wanted.guidance,
            # Two evaluations more a step, each, by default; a step of a tier is one, or two.
            "stg_scale": 0.0,
            "audio_stg_scale": 0.0,
            "modality_scale": 1.0,
            "audio_modality_scale": 1.0,
            "spatio_temporal_guidance_blocks": None,
            "guidance_rescale": 0.7 if wanted.guidance > 1 else 0.0,
            "audio_guidance_rescale": 0.7 if wanted.guidance > 1 else 0.0,
            # 2.3 and later, which is told by what their blocks are modulated with.
            "use_cross_timestep": bool(pipe.transformer.config.cross_attn_mod),
            "generator": generator,
        }

    def beside(self, pipe: Any, wanted: Pass, loop: torch.Tensor) -> Mapping[str, torch.Tensor]:
        """See `Family`."""
        kept = {"sound": pipe.audio_scheduler.latest.clone()}
        if loop.shape[1] > (count := self._tokens(pipe, wanted)):
            kept["tokens"] = loop[:, count:].clone()
        return kept

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
            loop[:, : self._tokens(pipe, wanted)],
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
        own = self.onto_grid(pipe, wanted, loop)
        held = pipe.told.held.to(own.device)
        kept = torch.where(held, own, grid.to(own.device, own.dtype))
        return torch.cat([pipe._packed(kept), loop[:, self._tokens(pipe, wanted) :]], dim=1)

    def decode(self, pipe: Any, grid: torch.Tensor) -> torch.Tensor:
        """See `Family`."""
        vae = pipe.vae
        told = None
        if vae.config.timestep_conditioning:
            told = torch.zeros(1, device=pipe._execution_device, dtype=vae.dtype)
        latents = pipe._denormalize_latents(
            grid.float(), vae.latents_mean, vae.latents_std, vae.config.scaling_factor
        )
        pictures = vae.decode(
            latents.to(pipe._execution_device, vae.dtype), told, return_dict=False
        )[0]
        return tokens.shown(pictures)

    def _tokens(self, pipe: Any, wanted: Pass) -> int:
        cells = self.cells(pipe, wanted)
        return len(cells.frames) * cells.height * cells.width


def _reader(folder: Path) -> Any:
    entry = parts.index(folder).get("text_encoder")
    named = entry[1] if isinstance(entry, list) and len(entry) > 1 else entry
    for reader in READERS:
        if reader.__name__ == named:
            return reader
    known = ", ".join(reader.__name__ for reader in READERS)
    raise EngineFailed(f"The text encoder of {folder} is a '{named}'; this family knows {known}.")


FAMILY = Ltx2()
