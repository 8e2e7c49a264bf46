"""CogVideoX: from words alone or from a first picture too; noise that keeps its variance.

Latents lie `b f c h w` in the loop. 1.5 denoises its latent frames in pairs: an odd count gets one
more in front, which is no frame of the pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl_cogvideox import AutoencoderKLCogVideoX
from diffusers.models.transformers.cogvideox_transformer_3d import CogVideoXTransformer3DModel
from diffusers.pipelines.cogvideo.pipeline_cogvideox import CogVideoXPipeline
from diffusers.pipelines.cogvideo.pipeline_cogvideox_image2video import (
    CogVideoXImageToVideoPipeline,
)
from diffusers.schedulers.scheduling_ddim_cogvideox import CogVideoXDDIMScheduler
from diffusers.schedulers.scheduling_dpm_cogvideox import CogVideoXDPMScheduler
from diffusers.utils.torch_utils import randn_tensor
from transformers import T5EncoderModel

from secondunit.engine.diffusion import legal, parts
from secondunit.engine.diffusion.family import Cells, Pass
from secondunit.engine.diffusion.signal_grid import SignalGrid
from secondunit.errors import EngineFailed

WORDS = 226
"""Tokens of the longest prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    start: torch.Tensor
    """As the loop takes them, `b f c h w`."""
    first: torch.Tensor | None
    """The picture that the video starts with, encoded, on the grid `1 c 1 h w`, not scaled."""


class TextPipeline(CogVideoXPipeline):
    """From words alone, with the latents that the family prepared."""

    told: _Told | None = None

    def prepare_latents(self, *args: Any, **given: Any) -> torch.Tensor:
        """Return latents, `b f c h w`."""
        assert self.told is not None
        # the last argument is the latents, which the call does not look at
        _, _, _, _, _, dtype, device, *_ = args
        return self.told.start.to(device, dtype)


class PicturePipeline(CogVideoXImageToVideoPipeline):
    """From words and a first picture, with the latents that the family prepared."""

    told: _Told | None = None

    def prepare_latents(self, *args: Any, **given: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Return latents and those of the picture, then nothing: `b f c h w` each."""
        assert self.told is not None and self.told.first is not None
        _, _, _, _, _, _, dtype, device, *_ = args
        latents = self.told.start.to(device, dtype)
        scale = self.vae_scaling_factor_image
        first = self.told.first.to(device).transpose(1, 2)
        # Weights of 1.5 were taught with the picture divided by what it should be multiplied by.
        first = first / scale if self.vae.config.invert_scale_latents else first * scale
        rest = torch.zeros_like(latents[:, 1:])
        return latents, torch.cat([first.to(dtype), rest], dim=1)


class CogVideoX:
    """Held from outside; the first picture is told where the weights take one."""

    def open(self, folder: Path, *, dtype: torch.dtype, device: str, loras: Sequence[Path]) -> Any:
        """See `Family`."""
        own = parts.scheduler(folder, (CogVideoXDDIMScheduler, CogVideoXDPMScheduler))
        transformer = parts.module(CogVideoXTransformer3DModel, folder, "transformer", dtype)
        vae = parts.module(AutoencoderKLCogVideoX, folder, "vae", dtype)
        channels = {
            vae.config.latent_channels: TextPipeline,
            2 * vae.config.latent_channels: PicturePipeline,
        }
        cls = channels.get(transformer.config.in_channels)
        if cls is None:
            raise EngineFailed(
                f"The transformer of {folder} takes {transformer.config.in_channels} channels; "
                f"this family knows {' and '.join(map(str, channels))}."
            )
        pipe = cls(
            tokenizer=parts.words(folder),
            text_encoder=parts.module(T5EncoderModel, folder, "text_encoder", dtype),
            vae=vae,
            transformer=transformer,
            scheduler=SignalGrid(own),
        )
        parts.lay_over(pipe, tuple(loras), ("transformer",))
        pipe.set_progress_bar_config(disable=True)
        return pipe.to(device)

    def cells(self, pipe: Any, wanted: Pass) -> Cells:
        """See `Family`. Raises EngineFailed for a pass that does not fit the weights."""
        step, side = pipe.vae_scale_factor_temporal, pipe.vae_scale_factor_spatial
        config, size = pipe.transformer.config, wanted.size
        only = (config.sample_width * side, config.sample_height * side)
        also = ()
        if config.use_learned_positional_embeddings and (size.width, size.height) != only:
            also = (f"its weights know {only[0]}x{only[1]} only",)
        # Of an even number of latent frames the decoder makes three pictures too many.
        legal.check(pipe, wanted, step=2 * step, base=side * config.patch_size, also=also)
        groups = (range(k, k + step) for k in range(1, wanted.frames, step))
        return Cells(
            frames=(range(1), *groups), height=size.height // side, width=size.width // side
        )

    def words(self, pipe: Any, wanted: Pass) -> Mapping[str, torch.Tensor | None]:
        """See `Family`."""
        positive, negative = pipe.encode_prompt(
            wanted.prompt,
            wanted.negative,
            do_classifier_free_guidance=wanted.guidance > 1,
            max_sequence_length=WORDS,
        )
        return {"prompt_embeds": positive, "negative_prompt_embeds": negative}

    def encode(self, pipe: Any, video: torch.Tensor) -> torch.Tensor:
        """See `Family`."""
        return self._encoded(pipe, video) * pipe.vae_scaling_factor_image

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
        """See `Family`. A pass whose first frame is free starts with the reference's."""
        latents, given = start.transpose(1, 2), {}
        if self._padded(pipe, latents.shape[1]):
            front = self.noise(pipe, latents[:, :1], generator)
            latents = torch.cat([(kept or {}).get("front", front), latents], dim=1)
        first = None
        if isinstance(pipe, PicturePipeline):
            picture = torch.from_numpy(wanted.reference[:1]).permute(0, 3, 1, 2)
            first = self._encoded(pipe, picture.transpose(0, 1)[None] * 2 - 1)
            given["image"] = picture
        pipe.told = _Told(start=latents, first=first)
        return given | {
            "height": wanted.size.height,
            "width": wanted.size.width,
            "num_frames": wanted.frames,
            "guidance_scale": wanted.guidance,
        }

    def beside(self, pipe: Any, wanted: Pass, loop: torch.Tensor) -> Mapping[str, torch.Tensor]:
        """See `Family`."""
        front = loop.shape[1] - len(self.cells(pipe, wanted).frames)
        return {"front": loop[:, :front].clone()} if front else {}

    def levels(self, pipe: Any) -> Sequence[float]:
        """See `Family`."""
        return pipe.scheduler.levels

    def mixed(self, pipe: Any, clean: torch.Tensor, noise: torch.Tensor, step: int) -> torch.Tensor:
        """See `Family`."""
        return pipe.scheduler.mixed(clean, noise, step)

    def onto_grid(self, pipe: Any, wanted: Pass, loop: torch.Tensor) -> torch.Tensor:
        """See `Family`."""
        return loop[:, -len(self.cells(pipe, wanted).frames) :].transpose(1, 2)

    def into_loop(
        self, pipe: Any, wanted: Pass, grid: torch.Tensor, loop: torch.Tensor
    ) -> torch.Tensor:
        """See `Family`."""
        count = len(self.cells(pipe, wanted).frames)
        return torch.cat([loop[:, :-count], grid.transpose(1, 2).to(loop)], dim=1)

    def decode(self, pipe: Any, grid: torch.Tensor) -> torch.Tensor:
        """See `Family`."""
        vae = pipe.vae
        latents = (grid / pipe.vae_scaling_factor_image).to(pipe._execution_device, vae.dtype)
        pictures = vae.decode(latents, return_dict=False)[0]
        return (pictures[0].float() / 2 + 0.5).clamp(0, 1).permute(1, 2, 3, 0).cpu()

    def _encoded(self, pipe: Any, video: torch.Tensor) -> torch.Tensor:
        vae = pipe.vae
        return vae.encode(video.to(pipe._execution_device, vae.dtype)).latent_dist.mode().float()

    def _padded(self, pipe: Any, frames: int) -> bool:
        together = pipe.transformer.config.patch_size_t
        return together is not None and frames % together != 0


FAMILY = CogVideoX()
