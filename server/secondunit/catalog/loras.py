"""Weights that are laid over a model's own (LoRA): told from their headers whether they fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from secondunit.catalog.families import Family
from secondunit.catalog.weight_files import Tensor, Weights, header_of
from secondunit.errors import Fault

_DOWN = re.compile(r"(.+?)\.(lora_A|lora_down)(\.[\w]+)?\.weight")
_UP = re.compile(r"(.+?)\.(lora_B|lora_up)(\.[\w]+)?\.weight")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lora:
    """A LoRA that an engine was added with."""

    path: Path
    steps: int = 0
    """Denoise steps that it was distilled for, without guidance; 0: a style, for every tier."""


def lora_faults(family: Family, network: Weights, loras: tuple[Lora, ...]) -> Iterator[Fault]:
    """Why LoRAs do not go over a network: no LoRA, of another family, of another size."""
    for lora in loras:
        at = str(lora.path)
        if lora.path.suffix.lower() != ".safetensors":
            yield Fault(what="a LoRA is a .safetensors file: others may run code", path=at)
            continue
        try:
            tensors = header_of(lora.path)
        except ValueError as exc:
            yield Fault(what=str(exc), path=at)
            continue
        yield from _one(family, network, tensors, at)


def _one(
    family: Family, network: Weights, tensors: Mapping[str, Tensor], at: str
) -> Iterator[Fault]:
    down = {m[1]: t.shape for name, t in tensors.items() if (m := _DOWN.fullmatch(name))}
    up = {m[1]: t.shape for name, t in tensors.items() if (m := _UP.fullmatch(name))}
    if not down:
        yield Fault(what="holds no LoRA (no lora_A or lora_down weights)", path=at)
        return
    if down.keys() != up.keys():
        yield Fault(what="lacks half of its weights: lora_A and lora_B come in pairs", path=at)
        return
    # `blocks.3.self_attn.q` and `lora_unet_blocks_3_self_attn_q` are two writings of one name.
    inside = [
        name for name in down
        if any(re.search(rf"(^|[._]){block}[._]", name) for block in family.blocks)
    ]  # fmt: skip
    others = [name for name in down if "transformer_blocks" in name]
    if not inside or (family.blocks == ("blocks",) and len(others) == len(down)):
        yield Fault(
            what=f"is for another family: it has no layer of {family.title} "
            f"('{next(iter(down))}')", path=at,
        )  # fmt: skip
        return
    wide = set(_linear(network.tensors))
    odd = [
        name for name in inside
        if len(down[name]) == 2 and len(up[name]) == 2
        and (up[name][0], down[name][1]) not in wide
    ]  # fmt: skip
    if odd:
        name = odd[0]
        yield Fault(
            what=f"is for a model of another size: its '{name}' is {up[name][0]}x{down[name][1]}, "
            "of which this one has none", path=at,
        )  # fmt: skip


def _linear(tensors: Mapping[str, Tensor]) -> Iterator[tuple[int, int]]:
    for tensor in tensors.values():
        if len(tensor.shape) == 2:
            yield tensor.shape[0], tensor.shape[1]
