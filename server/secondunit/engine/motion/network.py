"""Network: conditions to motion by the trained transformer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.utils import logging

from secondunit.engine.engine import Progress
from secondunit.engine.motion.conditions import DEFINITE, FRAMES, AnchorConditions, Field
from secondunit.engine.motion.pipeline import MotionPipeline
from secondunit.engine.motion.trajectory import Seen, Trajectory
from secondunit.engine.motion.trajectory_model import found
from secondunit.errors import EngineFailed

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
    """A loaded `MotionPipeline`; implements `generate.Denoiser`, `navigator` the other one."""

    def __init__(self, folder: Path) -> None:
        """Load a saved pipeline from a folder of this machine; nothing is fetched."""
        logging.disable_progress_bar()
        self._pipeline = MotionPipeline.from_pretrained(
            folder, local_files_only=True, dtype=torch.float32
        )
        self._pipeline.set_progress_bar_config(disable=True)

    @property
    def navigator(self) -> Callable[[Seen], Trajectory] | None:
        """What finds the footage's own motion (`generate.Navigator`), where it is in the folder."""
        model = self._pipeline.trajectory
        return None if model is None else partial(found, model)

    def __call__(
        self, conditions: Sequence[AnchorConditions], steps: int, seed: int, progress: Progress
    ) -> Sequence[Field]:
        """Return T gh gw 2 for each anchor; all anchors are denoised together."""

        def stepped(_: Any, index: int, __: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            progress("denoise", index + 1, steps)
            return tensors

        generator = torch.Generator("cpu").manual_seed(seed % 2**63)
        shape = (len(conditions), FRAMES, *conditions[0].mask.shape, 2)
        warmth = torch.from_numpy(np.stack([_warmth(c) for c in conditions]))
        noise = warmth[:, None, :, :, None] * torch.randn(shape, generator=generator)
        try:
            output = self._pipeline(
                list(conditions),
                num_inference_steps=steps,
                latents=noise,
                callback_on_step_end=stepped,
            )
        except torch.OutOfMemoryError as exc:
            raise EngineFailed(f"not enough memory for the motion network: {exc}") from exc
        except RuntimeError as exc:
            raise EngineFailed(f"the motion network failed: {exc}") from exc
        return [np.asarray(motion, np.float32) for motion in output.displacement]
