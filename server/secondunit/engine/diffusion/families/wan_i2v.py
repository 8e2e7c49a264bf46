"""Wan image to video: 2.1 with its picture encoder, 2.2 with two networks, first-and-last (FLF2V).

Condition of the network: four mask channels (1 is kept, the opposite of the product's masks) and
the latents of a video that is grey where nothing is known (Wan team, "Wan: Open and Advanced
Large-Scale Video Generative Models", 2025). The stock pipeline tells it a first picture, and a last
one where the weights take it; here every frame that is pinned whole is told the same way, and the
runner's hold map sees to the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers.models.transformers.transformer_wan import WanTransformer3DModel
from diffusers.pipelines.wan.pipeline_wan_i2v import WanImageToVideoPipeline
from transformers import CLIPImageProcessor, CLIPVisionModel

from secondunit.engine.diffusion import parts, wan
from secondunit.engine.diffusion.family import Pass

SHOWN = 0.5
"""Strength from which on a soft keyframe is told as known: the mask has two values only."""


class _Told(WanImageToVideoPipeline):
    """The stock pipeline, with a condition that is put on it before the call."""

    condition: torch.Tensor
    """Mask and latents, `1 4+16 f h w`, of the pass that comes next."""

    def prepare_latents(
        self,
        image: Any,
        batch_size: int,
        num_channels_latents: int = 16,
        height: int = 480,
        width: int = 832,
        num_frames: int = 81,
        dtype: torch.dtype | None = None,
        device: Any = None,
        generator: Any = None,
        latents: torch.Tensor | None = None,
        last_image: Any = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The latents that were given, and the condition instead of one made of two pictures."""
        if latents is None:
            raise ValueError("a pass brings its own noise")
        return latents.to(device, dtype), self.condition.to(device, dtype)


class WanI2V:
    """`WanImageToVideoPipeline` without `expand_timesteps`; implements `Family`."""

    cells = staticmethod(wan.cells)
    words = staticmethod(wan.words)
    encode = staticmethod(wan.encode)
    noise = staticmethod(wan.noise)
    levels = staticmethod(wan.levels)
    mixed = staticmethod(wan.mixed)
    decode = staticmethod(wan.decode)
    beside = staticmethod(wan.beside)

    def open(self, folder: Path, *, dtype: torch.dtype, device: str, loras: Sequence[Path]) -> Any:
        """The pipeline of a folder; the picture encoder stays in full precision."""
        given = wan.common(folder, dtype=dtype, distilled=bool(loras))
        given |= wan.networks(WanTransformer3DModel, folder, dtype)
        if given["transformer"].config.image_dim is not None:
            name = "image_encoder"
            given[name] = parts.module(CLIPVisionModel, folder, name, torch.float32)
            given["image_processor"] = parts.settings(CLIPImageProcessor, folder, "image_processor")
        return wan.finished(_Told(**given), loras, device)

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
        """The condition is put on the pipeline; the call gets what the picture encoder looks at."""
        pipe.condition = condition(pipe, wanted)
        both = pipe.transformer.config.pos_embed_seq_len is not None
        return {
            **wan.call(pipe, wanted, start, generator),
            "image": wan.pil(wanted.reference[0]),
            "last_image": wan.pil(wanted.reference[-1]) if both else None,
        }

    def onto_grid(self, pipe: Any, wanted: Pass, loop: torch.Tensor) -> torch.Tensor:
        """The loop's latents are the grid."""
        return loop

    def into_loop(
        self, pipe: Any, wanted: Pass, grid: torch.Tensor, loop: torch.Tensor
    ) -> torch.Tensor:
        """The loop's latents are the grid."""
        return grid


def condition(pipe: Any, wanted: Pass) -> torch.Tensor:
    """What the network is told to be known: `1 4+z f h w`, mask channels first.

    A mask channel stands for one frame of the four of a latent frame (the first picture for all
    four), 1 is known. Told are frames that are pinned whole and soft keyframes from `SHOWN` on;
    where there is none, but the first frame is the source's own in parts, that frame, as an anchor.
    """
    known = torch.zeros(wanted.frames)
    for frame in told(wanted):
        known[frame] = 1.0
    video = wan.pictures(wanted).permute(0, 2, 1, 3, 4) * 2 - 1
    latents = wan.encode(pipe, video * known[None, None, :, None, None])
    groups = torch.cat([known[:1].repeat(wan.TEMPORAL), known[1:]]).view(-1, wan.TEMPORAL)
    mask = groups.T[None, :, :, None, None].to(latents.device)
    return torch.cat([mask.expand(-1, -1, -1, *latents.shape[-2:]), latents], dim=1)


def told(wanted: Pass) -> frozenset[int]:
    """Frames that the network is told."""
    near = (frame for frame, strength in wanted.strengths.items() if strength >= SHOWN)
    frames = wanted.pinned.union(near)
    if not frames and (wanted.hold[0] <= 0).any():
        return frozenset({0})
    return frames


FAMILY = WanI2V()
