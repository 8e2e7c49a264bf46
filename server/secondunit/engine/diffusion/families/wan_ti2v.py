"""Wan TI2V-5B: each token has a noise level of its own, so what is pinned is native, anywhere.

The network is told the level of every token (`expand_timesteps`). The stock pipeline uses that for
a first picture; here every cell that is held to the end stands clean before the network at level 0,
and is put back after the last step (Wan team, Wan 2.2, 2025).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers.models.transformers.transformer_wan import WanTransformer3DModel
from diffusers.pipelines.wan.pipeline_wan_i2v import WanImageToVideoPipeline

from secondunit.engine import hold
from secondunit.engine.diffusion import wan
from secondunit.engine.diffusion.family import Cells, Pass


class _Held(WanImageToVideoPipeline):
    """The stock pipeline, with clean latents and their mask put on it before the call."""

    clean: torch.Tensor
    """R on the grid, of the pass that comes next."""
    free: torch.Tensor
    """`1 1 f h w`: 0 for cells that are R to the end."""

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
    ) -> Any:
        """The latents that were given, R, and the mask instead of one of the first frame."""
        if latents is None:
            raise ValueError("a pass brings its own noise")
        return tuple(part.to(device, dtype) for part in (latents, self.clean, self.free))


class WanTI2V:
    """A Wan checkpoint that says `expand_timesteps`; implements `Family`."""

    cells = staticmethod(wan.cells)
    words = staticmethod(wan.words)
    encode = staticmethod(wan.encode)
    noise = staticmethod(wan.noise)
    levels = staticmethod(wan.levels)
    mixed = staticmethod(wan.mixed)
    decode = staticmethod(wan.decode)
    beside = staticmethod(wan.beside)

    def open(self, folder: Path, *, dtype: torch.dtype, device: str, loras: Sequence[Path]) -> Any:
        """The pipeline of a folder, whichever of the two pipelines its index names."""
        pipe = _Held(
            **wan.common(folder, dtype=dtype, distilled=bool(loras)),
            **wan.networks(WanTransformer3DModel, folder, dtype),
            expand_timesteps=True,
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
        """R and its mask are put on the pipeline; the picture that the call wants is not used."""
        pipe.clean = clean
        pipe.free = free(wanted, self.cells(pipe, wanted))
        return {
            **wan.call(pipe, wanted, start, generator),
            "image": wan.pil(wanted.reference[0]),
        }

    def onto_grid(self, pipe: Any, wanted: Pass, loop: torch.Tensor) -> torch.Tensor:
        """The loop's latents are the grid."""
        return loop

    def into_loop(
        self, pipe: Any, wanted: Pass, grid: torch.Tensor, loop: torch.Tensor
    ) -> torch.Tensor:
        """The loop's latents are the grid."""
        return grid


def free(wanted: Pass, cells: Cells) -> torch.Tensor:
    """`1 1 f h w`: 0 where the network shall see R itself.

    A token is two by two cells and has one level: it is clean only if all four are held.
    """
    held = torch.from_numpy(hold.held_fully(hold.on_cells(wanted, cells)))
    f, h, w = held.shape
    tokens = held.view(f, h // 2, 2, w // 2, 2).all(dim=4).all(dim=2)
    spread = tokens.repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
    return 1 - spread[None, None].to(torch.float32)


FAMILY = WanTI2V()
