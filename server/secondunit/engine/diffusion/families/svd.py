"""SVD: from a first picture, without words; a latent frame for each frame, noise up to 700."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl_temporal_decoder import (
    AutoencoderKLTemporalDecoder,
)
from diffusers.models.unets.unet_spatio_temporal_condition import UNetSpatioTemporalConditionModel
from diffusers.pipelines.stable_video_diffusion.pipeline_stable_video_diffusion import (
    StableVideoDiffusionPipeline,
)
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from diffusers.utils.torch_utils import randn_tensor
from PIL import Image
from transformers import CLIPImageProcessorPil, CLIPVisionModelWithProjection

from secondunit.engine.diffusion import legal, parts
from secondunit.engine.diffusion.family import Cells, Pass
from secondunit.engine.diffusion.signal_grid import SignalGrid
from secondunit.errors import EngineFailed

if TYPE_CHECKING:
    pass

TOGETHER = 14
"""Frames that are decoded at once; the decoder smooths over as many."""
RATES = (5, 30)
"""Frames per second that it was taught."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    start: torch.Tensor
    """On the grid."""
    fresh: bool


class Pipeline(StableVideoDiffusionPipeline):
    """The pipeline with the latents that the family prepared."""

    told: _Told | None = None

    def prepare_latents(self, *args: Any, **given: Any) -> torch.Tensor:
        """Return latents, `b f c h w`, at the level of the first step."""
        assert self.told is not None
        _, _, _, _, _, dtype, device, *_ = args
        latents = self.told.start.transpose(1, 2).to(device, dtype)
        return latents * self.scheduler.init_noise_sigma if self.told.fresh else latents


class Svd:
    """Held from outside; the first picture is told."""

    def open(self, folder: Path, *, dtype: torch.dtype, device: str, loras: Sequence[Path]) -> Any:
        """See `Family`."""
        if loras:
            raise EngineFailed("SVD takes no LoRAs: nothing that loads them knows its network.")
        grid: Any = SignalGrid(parts.scheduler(folder, (EulerDiscreteScheduler,)))
        pipe = Pipeline(
            # Half precision overflows in this one.
            vae=parts.module(AutoencoderKLTemporalDecoder, folder, "vae", torch.float32),
            image_encoder=parts.module(
                CLIPVisionModelWithProjection, folder, "image_encoder", dtype
            ),
            unet=parts.module(UNetSpatioTemporalConditionModel, folder, "unet", dtype),
            scheduler=grid,
            feature_extractor=parts.settings(CLIPImageProcessorPil, folder, "feature_extractor"),
        )
        pipe.set_progress_bar_config(disable=True)
        return pipe.to(device)

    def cells(self, pipe: Any, wanted: Pass) -> Cells:
        """See `Family`. Raises EngineFailed for a pass that does not fit the weights."""
        side = pipe.vae_scale_factor
        halved = len(pipe.unet.config.down_block_types) - 1
        legal.check(pipe, wanted, step=1, base=side * 2**halved)
        return Cells(
            frames=tuple(range(n, n + 1) for n in range(wanted.frames)),
            height=wanted.size.height // side,
            width=wanted.size.width // side,
        )

    def words(self, pipe: Any, wanted: Pass) -> Mapping[str, torch.Tensor | None]:
        """See `Family`. It reads none."""
        return {}

    def encode(self, pipe: Any, video: torch.Tensor) -> torch.Tensor:
        """See `Family`."""
        vae = pipe.vae
        frames = video[0].transpose(0, 1).to(pipe._execution_device, vae.dtype)
        found = [vae.encode(frame[None]).latent_dist.mode() for frame in frames]
        return torch.cat(found).transpose(0, 1)[None].float() * vae.config.scaling_factor

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
        pipe.told = _Told(start=start, fresh=kept is None)
        picture = np.round(wanted.reference[0] * 255).clip(0, 255).astype(np.uint8)
        low, high = RATES
        return {
            "image": Image.fromarray(picture),
            "height": wanted.size.height,
            "width": wanted.size.width,
            "num_frames": wanted.frames,
            "fps": min(max(round(float(wanted.rate)), low), high),
            "max_guidance_scale": wanted.guidance,
            # Its picture is noised a little: alike each time, also where a pass is taken up again.
            "generator": torch.Generator().manual_seed(wanted.seed),
        }

    def beside(self, pipe: Any, wanted: Pass, loop: torch.Tensor) -> Mapping[str, torch.Tensor]:
        """See `Family`."""
        return {}

    def levels(self, pipe: Any) -> Sequence[float]:
        """See `Family`."""
        return pipe.scheduler.levels

    def mixed(self, pipe: Any, clean: torch.Tensor, noise: torch.Tensor, step: int) -> torch.Tensor:
        """See `Family`."""
        return pipe.scheduler.mixed(clean, noise, step)

    def onto_grid(self, pipe: Any, wanted: Pass, loop: torch.Tensor) -> torch.Tensor:
        """See `Family`."""
        return loop.transpose(1, 2)

    def into_loop(
        self, pipe: Any, wanted: Pass, grid: torch.Tensor, loop: torch.Tensor
    ) -> torch.Tensor:
        """See `Family`."""
        return grid.transpose(1, 2).to(loop)

    def decode(self, pipe: Any, grid: torch.Tensor) -> torch.Tensor:
        """See `Family`."""
        latents = grid.transpose(1, 2).to(pipe._execution_device, pipe.vae.dtype)
        pictures = pipe.decode_latents(latents, grid.shape[2], TOGETHER)
        return (pictures[0] / 2 + 0.5).clamp(0, 1).permute(1, 2, 3, 0).cpu()


FAMILY = Svd()
