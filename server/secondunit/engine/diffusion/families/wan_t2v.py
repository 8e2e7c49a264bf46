"""Wan text to video: its weights know words only; pictures, masks and motion are held (`hold`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers.models.transformers.transformer_wan import WanTransformer3DModel
from diffusers.pipelines.wan.pipeline_wan import WanPipeline

from secondunit.engine.diffusion import wan
from secondunit.engine.diffusion.family import Pass


class WanT2V:
    """`WanPipeline` without `expand_timesteps`; implements `Family`."""

    cells = staticmethod(wan.cells)
    words = staticmethod(wan.words)
    encode = staticmethod(wan.encode)
    noise = staticmethod(wan.noise)
    levels = staticmethod(wan.levels)
    mixed = staticmethod(wan.mixed)
    decode = staticmethod(wan.decode)
    beside = staticmethod(wan.beside)

    def open(self, folder: Path, *, dtype: torch.dtype, device: str, loras: Sequence[Path]) -> Any:
        """The pipeline of a folder."""
        pipe = WanPipeline(
            **wan.common(folder, dtype=dtype, distilled=bool(loras)),
            **wan.networks(WanTransformer3DModel, folder, dtype),
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
        """Size and latents: it can be told nothing else."""
        return wan.call(pipe, wanted, start, generator)

    def onto_grid(self, pipe: Any, wanted: Pass, loop: torch.Tensor) -> torch.Tensor:
        """The loop's latents are the grid."""
        return loop

    def into_loop(
        self, pipe: Any, wanted: Pass, grid: torch.Tensor, loop: torch.Tensor
    ) -> torch.Tensor:
        """The loop's latents are the grid."""
        return grid


FAMILY = WanT2V()
