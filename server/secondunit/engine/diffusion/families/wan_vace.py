"""Wan VACE: pictures at any frame, a mask in space and time, and references, all native but soft.

Jiang et al., "VACE: All-in-One Video Creation and Editing", 2025. White may change, black is kept,
grey is unknown. What is kept comes back redrawn, and the mask channel never looks at the first and
the last frame: the runner's hold map makes both exact in the latents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers.models.transformers.transformer_wan_vace import WanVACETransformer3DModel
from diffusers.pipelines.wan.pipeline_wan_vace import WanVACEPipeline

from secondunit.engine.diffusion import wan
from secondunit.engine.diffusion.family import Pass

UNKNOWN = 0.5
"""Grey of what is not known, 127.5 of 255: zero for the network (VACE's user guide)."""
SHOWN = 0.5
"""Strength from which on a soft keyframe is shown as known: the mask has two values only."""


class WanVace:
    """`WanVACEPipeline` of 2.1, and of 2.2 with its two networks; implements `Family`."""

    cells = staticmethod(wan.cells)
    words = staticmethod(wan.words)
    encode = staticmethod(wan.encode)
    noise = staticmethod(wan.noise)
    levels = staticmethod(wan.levels)
    mixed = staticmethod(wan.mixed)
    decode = staticmethod(wan.decode)

    def open(self, folder: Path, *, dtype: torch.dtype, device: str, loras: Sequence[Path]) -> Any:
        """The pipeline of a folder."""
        pipe = WanVACEPipeline(
            **wan.common(folder, dtype=dtype, distilled=bool(loras)),
            **wan.networks(WanVACETransformer3DModel, folder, dtype),
        )
        return wan.finished(pipe, loras, device)

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
        """The control video, its mask and the references; references stand before the clip."""
        video, mask = told(wanted)
        count = len(wanted.references)
        before = start[:, :, :1].expand(-1, -1, count, -1, -1)
        before = wan.noise(pipe, before, generator) if kept is None else kept["references"]
        latents = torch.cat([before.to(start), start], dim=2)
        return {
            **wan.call(pipe, wanted, latents, generator),
            "video": video,
            "mask": mask,
            "reference_images": [wan.pil(picture) for picture in wanted.references] or None,
        }

    def beside(self, pipe: Any, wanted: Pass, loop: torch.Tensor) -> Mapping[str, torch.Tensor]:
        """The latent frames of references, which are denoised too."""
        return {"references": loop[:, :, : len(wanted.references)]}

    def onto_grid(self, pipe: Any, wanted: Pass, loop: torch.Tensor) -> torch.Tensor:
        """The clip's latent frames: references come first."""
        return loop[:, :, len(wanted.references) :]

    def into_loop(
        self, pipe: Any, wanted: Pass, grid: torch.Tensor, loop: torch.Tensor
    ) -> torch.Tensor:
        """The loop's latents with the clip's part replaced."""
        return torch.cat([loop[:, :, : len(wanted.references)], grid], dim=2)


def told(wanted: Pass) -> tuple[torch.Tensor, torch.Tensor]:
    """The control video `1 f 3 h w` and its mask `1 f 1 h w`, both 0..1.

    Known are the pixels that are held to the end, and soft keyframes from `SHOWN` on; the rest is
    white in the mask, and grey.
    """
    known = wanted.hold <= 0
    for frame, strength in wanted.strengths.items():
        known[frame] |= strength >= SHOWN
    keep = torch.from_numpy(known)[None, :, None].to(torch.float32)
    video = wan.pictures(wanted) * keep + UNKNOWN * (1 - keep)
    return video, 1 - keep


FAMILY = WanVace()
