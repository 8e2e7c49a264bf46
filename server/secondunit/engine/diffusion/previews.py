"""Previews: latents seen as small pictures by a linear map, which costs nothing beside a step."""

from __future__ import annotations

import numpy as np
import torch
from diffusers.pipelines.pipeline_utils import DiffusionPipeline

from secondunit.engine.diffusion.family import Family
from secondunit.engine.engine import RGB
from secondunit.engine.raster import scaled

CARD = 8
"""Size multiples a side of the picture that the map is learnt from."""
_CALM = 1e-3
"""Ridge, as a share of the channels' mean power: more channels than colours."""


class Colours:
    """The map from a latent cell's channels to the mean colour of its pixels."""

    def __init__(self, pipe: DiffusionPipeline, family: Family, multiple: int, frames: int) -> None:
        """Learn it from a picture of soft colours: any model's encoder has seen such.

        `multiple`: legal sides are multiples of it; `frames`: the fewest legal.
        """
        side = CARD * max(multiple, 8)
        colours = np.random.default_rng(0).random((CARD, CARD, 3)).astype(np.float32)
        card = np.clip(scaled(colours, (side, side), "cubic"), 0, 1)
        video = torch.from_numpy(card * 2 - 1).permute(2, 0, 1)[None, :, None]
        with torch.no_grad():
            latents = family.encode(pipe, video.repeat(1, 1, frames, 1, 1))[0, :, 0]
        cells = latents.permute(1, 2, 0).double().cpu().numpy()
        seen = scaled(card, (cells.shape[1], cells.shape[0]), "area").reshape(-1, 3)
        told = _with_one(cells.reshape(-1, cells.shape[-1]))
        calm = _CALM * float((told**2).mean()) * len(told)
        square = told.T @ told + calm * np.eye(told.shape[1])
        self._map = np.linalg.solve(square, told.T @ seen)

    def picture(self, latents: torch.Tensor) -> RGB:
        """`H W 3`, 0..1 display-referred, of one latent frame `c H W`."""
        cells = latents.permute(1, 2, 0).double().cpu().numpy()
        shown = _with_one(cells) @ self._map
        return np.clip(shown, 0, 1).astype(np.float32)


def _with_one(cells: np.ndarray) -> np.ndarray:
    return np.concatenate([cells, np.ones_like(cells[..., :1])], axis=-1)
