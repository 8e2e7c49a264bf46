"""What LTX and LTX-2 share: cells of eight frames, and key pictures as tokens of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from secondunit.engine.diffusion import legal
from secondunit.engine.diffusion.family import Cells, Family, Pass


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPicture:
    """A frame that gets tokens of its own."""

    frame: int
    strength: float
    """1: it stays as it is. Below: it is denoised too, from noise level 1 - strength on."""
    latents: torch.Tensor
    """Clean, `1 c 1 h w`."""
    noise: torch.Tensor


def cells(pipe: Any, wanted: Pass) -> Cells:
    """One latent frame for the first picture, then one for each eight.

    Raises EngineFailed for a pass that the pipelines would round, or run wrongly, without a word.
    """
    step, side = pipe.vae_temporal_compression_ratio, pipe.vae_spatial_compression_ratio
    legal.check(pipe, wanted, step=step, base=side)
    groups = (range(k, k + step) for k in range(1, wanted.frames, step))
    size = wanted.size
    return Cells(frames=(range(1), *groups), height=size.height // side, width=size.width // side)


def key_frames(wanted: Pass, cells: Cells) -> dict[int, float]:
    """Frames, with their strengths, that the grid cannot show exactly: others share their cell.

    Of pinned frames in a row only those beside a free one are taken: the rest adds cost alone.
    """
    found = {}
    for group in cells.frames:
        asked = {frame: 1.0 for frame in group if frame in wanted.pinned}
        if len(asked) == len(group):
            continue
        for frame in asked:
            if {frame - 1, frame + 1} - wanted.pinned or frame in (0, wanted.frames - 1):
                found[frame] = 1.0
        if len(group) > 1:
            found |= {f: s for f, s in wanted.strengths.items() if f in group}
    return dict(sorted(found.items()))


def key_pictures(
    family: Family, pipe: Any, wanted: Pass, cells: Cells, generator: torch.Generator
) -> tuple[KeyPicture, ...]:
    """The pictures of `key_frames`, encoded one by one: each is the first of a video of its own."""
    found = []
    for frame, strength in key_frames(wanted, cells).items():
        picture = np.ascontiguousarray(wanted.reference[frame].transpose(2, 0, 1))
        latents = family.encode(pipe, torch.from_numpy(picture)[None, :, None] * 2 - 1)
        noise = family.noise(pipe, latents, generator)
        found.append(KeyPicture(frame=frame, strength=strength, latents=latents, noise=noise))
    return tuple(found)


def words(pipe: Any, wanted: Pass, longest: int) -> Mapping[str, torch.Tensor | None]:
    """The embeddings of both prompts and their masks; those of the negative None without guidance.

    `longest` is in tokens.
    """
    found = pipe.encode_prompt(
        wanted.prompt,
        wanted.negative,
        do_classifier_free_guidance=wanted.guidance > 1,
        max_sequence_length=longest,
    )
    names = (
        "prompt_embeds",
        "prompt_attention_mask",
        "negative_prompt_embeds",
        "negative_prompt_attention_mask",
    )
    return dict(zip(names, found, strict=True))


def shown(decoded: torch.Tensor) -> torch.Tensor:
    """Pictures `f h w 3` in 0..1, float32, on the processor, of `1 3 f h w` in -1..1."""
    return (decoded[0].float() / 2 + 0.5).clamp(0, 1).permute(1, 2, 3, 0).cpu()
