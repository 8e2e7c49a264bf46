"""Passes for tests of families, and the shortest way to run one: hold after each step, no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from secondunit.engine import hold
from secondunit.engine.diffusion.family import Family, Pass
from secondunit.units import Rate, Size

Seen = Callable[[int, torch.Tensor], None]
"""(step that was done, latents of the grid before they are held)."""


def a_pass(
    *,
    frames: int = 9,
    width: int = 96,
    height: int = 64,
    pinned: tuple[int, ...] = (0,),
    **changes: Any,
) -> Pass:
    """A square that moves over a slope, in steps of 1/255; all but `pinned` is free."""
    y, x = np.mgrid[:height, :width]
    reference = np.empty((frames, height, width, 3), np.float32)
    for frame in range(frames):
        inside = (abs(x - 20 - 4 * frame) < 12) & (abs(y - height // 2) < 12)
        reference[frame] = np.stack([x / width, y / height, np.where(inside, 0.9, 0.2)], axis=-1)
    held = np.ones((frames, height, width), np.float32)
    held[list(pinned)] = 0
    fields: dict[str, Any] = {
        "frames": frames,
        "size": Size(width=width, height=height),
        "rate": Rate(num=24, den=1),
        "reference": np.rint(reference * 255).astype(np.float32) / 255,
        "hold": held,
        "pinned": frozenset(pinned),
        "strengths": {},
        "references": (),
        "prompt": "a boat",
        "negative": "blur",
        "seed": 7,
        "steps": 4,
        "guidance": 1.0,
    }
    return Pass(**fields | changes)


def drive(
    family: Family,
    pipe: Any,
    wanted: Pass,
    *,
    held: bool = True,
    packed: bool = False,
    seen: Seen | None = None,
    changes: dict[str, Any] | None = None,
) -> torch.Tensor:
    """Run a pass from pure noise and return the latents on the grid.

    `packed`: the pipeline returns them otherwise than its loop has them, so the loop's are taken.
    """
    with torch.no_grad():
        video = torch.from_numpy(wanted.reference).permute(3, 0, 1, 2)[None] * 2 - 1
        clean = family.encode(pipe, video)
        generator = torch.Generator().manual_seed(wanted.seed)
        noise = family.noise(pipe, clean, generator)
        levels = torch.from_numpy(hold.on_cells(wanted, family.cells(pipe, wanted)))[None, None]

        state = noise

        def after(_: Any, step: int, time: Any, given: dict[str, torch.Tensor]) -> dict[str, Any]:
            grid = family.onto_grid(pipe, wanted, given["latents"])
            if seen is not None:
                seen(step, grid)
            if held:
                follow = family.levels(pipe)[step + 1] >= levels
                grid = torch.where(follow, family.mixed(pipe, clean, noise, step + 1), grid)
            loop = family.into_loop(pipe, wanted, grid, given["latents"])
            nonlocal state
            state = family.onto_grid(pipe, wanted, loop)
            return {"latents": loop}

        told = dict(family.arguments(pipe, wanted, clean, noise, noise, None, generator))
        done = pipe(
            **told | (changes or {}),
            **family.words(pipe, wanted),
            num_inference_steps=wanted.steps,
            output_type="latent",
            return_dict=False,
            callback_on_step_end=after,
        )
        return state if packed else family.onto_grid(pipe, wanted, done[0])
