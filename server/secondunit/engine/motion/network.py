"""Network: conditions to motion by the trained transformer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.utils import logging

from secondunit.engine.engine import UNKEPT, Keep, Progress
from secondunit.engine.memory import out_of_memory
from secondunit.engine.motion.conditions import DEFINITE, FRAMES, AnchorConditions, Field
from secondunit.engine.motion.pipeline import MotionPipeline
from secondunit.engine.motion.trajectory import Seen, Trajectory
from secondunit.engine.motion.trajectory_model import found
from secondunit.errors import EngineFailed, EngineMemory

MEASURED = 0.3
"""Share of the noise that a motion starts from where footage says how things move: low-temperature
sampling (Kingma and Dhariwal 2018), nearer to the likeliest motion than to a random one."""


def _measured(conditions: AnchorConditions) -> bool:
    return bool(max(conditions.end_confidence.max(), conditions.past_confidence.max()) > DEFINITE)


def _warmth(conditions: AnchorConditions) -> Field:
    """Share of the noise, gh gw; motion without direction is never a likeliest one."""
    if not _measured(conditions):
        return np.ones_like(conditions.mask)
    return np.where(conditions.ambient > 0, 1, MEASURED).astype(np.float32)


class Network:
    """A loaded `MotionPipeline`; implements `generate.Denoiser`, `navigate` a `Navigator`."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        """Load a saved pipeline from a folder of this machine; nothing is fetched."""
        logging.disable_progress_bar()
        self._pipeline = MotionPipeline.from_pretrained(
            folder, local_files_only=True, dtype=torch.float32
        )
        self._pipeline.set_progress_bar_config(disable=True)
        self._pipeline.to(device)

    def navigate(self, seen: Seen) -> Trajectory | None:
        """Return the footage's own motion; None where the folder has no network for it."""
        model = self._pipeline.trajectory
        return None if model is None else found(model, seen)

    def __call__(
        self,
        conditions: Sequence[AnchorConditions],
        steps: int,
        seed: int,
        progress: Progress,
        keep: Keep = UNKEPT,
    ) -> Sequence[Field]:
        """Return T gh gw 2 for each anchor; all anchors are denoised together.

        The latents are kept after each step, and the motion at the end.
        """
        if (made := keep.load("motion")) is not None:
            return [made[str(n)] for n in range(len(conditions))]

        def stepped(_: Any, index: int, __: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            state = tensors["latents"].cpu().numpy()
            keep.save("latents", {"latents": state, "done": np.array(index + 1)})
            progress("denoise", index + 1, steps)
            return tensors

        latents, done = self._begun(conditions, seed, keep)
        try:
            output = self._pipeline(
                list(conditions),
                num_inference_steps=steps,
                latents=latents,
                callback_on_step_end=stepped,
                first_step=done,
            )
        except (RuntimeError, MemoryError) as exc:
            if out_of_memory(exc):
                raise EngineMemory("there is not enough memory for the motion network") from exc
            raise EngineFailed(f"the motion network failed: {exc}") from exc
        motions = [np.asarray(motion, np.float32) for motion in output.displacement]
        keep.save("motion", {str(n): motion for n, motion in enumerate(motions)})
        return motions

    def _begun(
        self, conditions: Sequence[AnchorConditions], seed: int, keep: Keep
    ) -> tuple[torch.Tensor, int]:
        """The latents that a run goes on with, and the steps that are done."""
        if (kept := keep.load("latents")) is not None:
            # A copy: kernels round otherwise where memory lies at odd addresses.
            return torch.from_numpy(kept["latents"]).clone(), int(kept["done"])
        generator = torch.Generator("cpu").manual_seed(seed % 2**63)
        shape = (len(conditions), FRAMES, *conditions[0].mask.shape, 2)
        warmth = torch.from_numpy(np.stack([_warmth(c) for c in conditions]))
        return warmth[:, None, :, :, None] * torch.randn(shape, generator=generator), 0
