"""What makes a model faster on a card: attention kernels, compiled blocks, steps that are reused.

The first two change last bits only and are always on; reuse changes the picture, and belongs to the
tier `fast`. On a processor there is nothing of it: the plain way is the fastest there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.hooks.first_block_cache import FirstBlockCacheConfig
from diffusers.pipelines.pipeline_utils import DiffusionPipeline

from secondunit.engine.diffusion.ladder import Rung, networks

ATTENTION = ("_flash_3", "flash", "_native_cudnn", "native")
"""Attention backends of diffusers from the fastest on; the first that is there is taken. Those that
would fetch a kernel from the Hub are not among them."""
REUSED = 0.08
"""Relative change of the first block's residual below which a step's other blocks are not computed
again (first block cache)."""
FEWEST_STEPS = 12
"""Below, each step does something else: weights for few steps and reuse do not go together."""
_DOUBLED = ("WanVACETransformer3DModel",)
"""Networks on which a reused step is wrong in diffusers 0.42.1: the control's hints are part of
what is reused, and are added once more."""


def settled(pipe: DiffusionPipeline, device: str, rung: Rung) -> dict[str, Any]:
    """Take the fastest lossless way that there is, and say which it is."""
    if device == "cpu":
        return {"attention": "native", "compiled": "no: on a processor"}
    parts = networks(pipe)
    return {"attention": _attention(parts), "compiled": _compiled(parts, rung)}


def _attention(parts: list[Any]) -> str:
    for name in ATTENTION:
        try:
            for part in parts:
                part.set_attention_backend(name)
        except (RuntimeError, ValueError, ImportError):
            continue
        return name
    return "as it is"


def _compiled(parts: list[Any], rung: Rung) -> str:
    if rung.offload:
        return "no: its parts move"
    for part in parts:
        if not getattr(part, "_repeated_blocks", None):
            return f"no: {type(part).__name__} names no repeated blocks"
        # Shapes are few: sizes and lengths come in legal steps, and each is compiled once.
        part.compile_repeated_blocks(fullgraph=True, dynamic=False)
    return "repeated blocks"


@dataclass(kw_only=True)
class Reuse:
    """Of one pass."""

    calls: int = 0
    """Times that a network was asked."""
    computed: int = 0
    """Times that all of it was computed."""
    refused: str = ""
    """Why nothing is reused; empty where it is."""


@contextmanager
def reused(pipe: DiffusionPipeline, steps: int, threshold: float = REUSED) -> Iterator[Reuse]:
    """Reuse steps that change little while this lasts, where that is right, and count them."""
    parts = networks(pipe)
    found = Reuse(refused=_why_not(parts, steps))
    if found.refused:
        yield found
        return
    hooks, on = [], []
    try:
        for part in parts:
            part.enable_cache(FirstBlockCacheConfig(threshold=threshold))
            on.append(part)
            hooks.append(part.register_forward_hook(lambda *_: _count(found, "calls")))
            # Deep inside the last block: reused steps call the block, but compute nothing of it.
            inner = next(iter(_last_block(part).children()))
            hooks.append(inner.register_forward_hook(lambda *_: _count(found, "computed")))
        yield found
    finally:
        for hook in hooks:
            hook.remove()
        for part in on:
            part.disable_cache()


def _count(found: Reuse, what: str) -> None:
    setattr(found, what, getattr(found, what) + 1)


def _why_not(parts: list[Any], steps: int) -> str:
    if steps < FEWEST_STEPS:
        return f"{steps} steps are too few"
    for part in parts:
        name = type(part).__name__
        if name in _DOUBLED:
            return f"{name} would add its control twice"
        if not hasattr(part, "enable_cache") or _last_block(part) is None:
            return f"{name} has no blocks that are known"
        if not _registered(_last_block(part)):
            return f"{name} has blocks that the cache does not know"
    return ""


def _last_block(part: Any) -> Any:
    for name in ("blocks", "transformer_blocks"):
        blocks = getattr(part, name, None)
        if isinstance(blocks, torch.nn.ModuleList) and len(blocks) > 1:
            return blocks[-1]
    return None


def _registered(block: Any) -> bool:
    from diffusers.hooks._helpers import TransformerBlockRegistry

    try:
        TransformerBlockRegistry.get(type(block))
    except ValueError:
        return False
    return True
