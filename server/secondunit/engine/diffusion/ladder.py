"""The ladder: ways to run one checkpoint in less and less memory, from the fastest down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diffusers.pipelines.pipeline_utils import DiffusionPipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One way."""

    name: str
    offload: bool = False
    """Parts of the pipeline are on the device only while they work."""
    eighth: bool = False
    """The transformer's weights are stored in 8 bits and widened layer by layer."""
    window: float = 1.0
    """Share of the longest pass that is asked for at once."""
    memory: float = 1.0
    """Share of the row's memory that it needs on a card, about."""
    alone: float = 1.0
    """The same where the processor is the device."""


RUNGS: tuple[Rung, ...] = (
    Rung(name="whole"),
    Rung(name="offload", offload=True, memory=0.75),
    Rung(name="offload-fp8", offload=True, eighth=True, memory=0.45, alone=0.6),
    Rung(name="offload-fp8-short", offload=True, eighth=True, window=0.5, memory=0.3, alone=0.5),
)
"""By memory plan: 0 is the first. Decoding in tiles is part of all of them. The shares are of bf16
weights and their activations; what a rung really takes is in the take's record."""


def rung_of(memory_plan: int) -> Rung:
    """The rung of a memory plan; past the last there is the last."""
    return RUNGS[min(memory_plan, len(RUNGS) - 1)]


def networks(pipe: DiffusionPipeline) -> list[Any]:
    """The networks of a pipeline that denoise, one or two."""
    parts = (pipe.components.get(name) for name in ("transformer", "transformer_2", "unet"))
    return [part for part in parts if part is not None]


def settled(pipe: DiffusionPipeline, rung: Rung, device: str) -> None:
    """Put a pipeline that is in the processor's memory onto a rung of a device."""
    import torch

    for name in ("vae", "video_vae"):
        part: Any = pipe.components.get(name)
        if hasattr(part, "use_tiling"):  # others have the method, which raises
            part.enable_tiling()
    if rung.eighth:
        for part in networks(pipe):
            if hasattr(part, "enable_layerwise_casting"):
                part.enable_layerwise_casting(
                    storage_dtype=torch.float8_e4m3fn, compute_dtype=part.dtype
                )
    if rung.offload and device != "cpu":
        pipe.enable_model_cpu_offload(device=device)
    else:
        pipe.to(device)
