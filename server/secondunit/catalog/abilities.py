"""What a checkpoint can do, from its configurations and the sizes of its files: never its name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

from secondunit.catalog.engines import Engine, Tier
from secondunit.catalog.families import CODERS, Family
from secondunit.catalog.licences import LICENCES
from secondunit.catalog.loras import Lora
from secondunit.catalog.pipeline_folder import Checkpoint
from secondunit.units import Operation

EVALUATIONS = 80
"""Of the network, to which an engine's `pace` counts its pictures: 40 steps with guidance."""
_FLOPS = 0.35 * 989e12
"""A second of the machine that `pace` is told for: an H100 as plain diffusers uses it (35 % of its
dense bf16; shared facts of published times). Estimates take the proportions, never the figures."""
_READ = 2e9
"""Bytes a second of loading."""
_TEXT = ("text_encoder", "text_encoder_2", "text_encoder_3")
_HELD = frozenset({
    Operation.BRIDGE, Operation.EXTEND, Operation.ANIMATE, Operation.TRANSITION, Operation.LOOP,
    Operation.REPLACE,
})  # fmt: skip
"""What a model that is held to a reference animation can make: everything that has pictures."""


def engine_of(found: Checkpoint, name: str, loras: tuple[Lora, ...] = ()) -> Engine:
    """The row of a checkpoint that is whole."""
    family = _FITTED.get(found.family.name, _as_it_is)(found.family, found)
    if not any(part in found.components for part in _TEXT):
        family = replace(family, words=0)
    tiers = _tiers(family, loras)
    return Engine(
        name=name,
        title=f"{family.title} ({_billions(found)})",
        licence=LICENCES[family.licence].title,
        limits=LICENCES[family.licence].limits,
        packages=family.packages,
        operations=_operations(family),
        frame_step=family.frame_step,
        frame_offset=family.frame_offset,
        longest=family.longest,
        size_multiple=family.multiple,
        smallest=32 if family.held else 64,
        native_rate=family.native_rate,
        keyframes=_keyframes(family),
        mask="soft",  # the composite at the end is; what the model itself knows is in `native`
        strokes=family.held,
        ambient=family.held,
        camera=family.held,
        prompt=family.words > 0,
        steps=tiers[-1].steps,
        memory_mib=_memory(family, found) // 2**20 + 1,
        pace=_pace(family, found),
        family=family.name,
        folder=found.folder,
        held=family.held,
        native=family.native,
        dilate=family.dilate,
        most_pixels=family.most_pixels,
        only_size=family.only_size,
        words=family.words,
        references=family.references,
        tiers=tiers,
    )


def _operations(family: Family) -> frozenset[Operation]:
    able = set(_HELD) if family.held else {Operation.REPLACE}
    if "first" in family.native:
        able |= {Operation.ANIMATE, Operation.EXTEND}
    if family.words or family.references:
        able.add(Operation.GENERATE)
    return frozenset(able)


def _keyframes(family: Family) -> Literal["any", "first", "first_last", "none"]:
    if {"first", "middle", "last"} <= family.native:
        return "any"
    if {"first", "last"} <= family.native:
        return "first_last"
    return "first" if "first" in family.native else "none"


def _tiers(family: Family, loras: tuple[Lora, ...]) -> tuple[Tier, ...]:
    """The family's own; with few-step weights laid over, those below `full` are theirs."""
    styles = tuple(lora.path for lora in loras if not lora.steps)
    few = [lora for lora in loras if lora.steps]
    tiers = [replace(tier, loras=styles) for tier in family.tiers]
    if few:
        steps, over = max(lora.steps for lora in few), tuple(lora.path for lora in few)
        tiers = [
            Tier(name=name, steps=count, guidance=family.few_guidance, loras=(*styles, *over))
            for name, count in (("draft", steps), ("fast", min(2 * steps, tiers[-1].steps)))
        ] + tiers[-1:]
    return tuple(tiers)


def _as_it_is(family: Family, found: Checkpoint) -> Family:
    return family


def _inner(config: Mapping[str, Any]) -> int:
    """Width of the network: heads times the width of one."""
    return _whole(config, "num_attention_heads", 1) * _whole(config, "attention_head_dim", 1)


def _whole(config: Mapping[str, Any], key: str, other: int) -> int:
    value = config.get(key)
    if isinstance(value, list):
        value = value[-1] if value else None
    return value if isinstance(value, int) and 0 < value < 2**31 else other


def _sum(config: Mapping[str, Any], key: str, other: int) -> int:
    value = config.get(key)
    return sum(map(bool, value)) if isinstance(value, list) else other


def _grid(family: Family, step: int, spatial: int, patch: int, **more: Any) -> Family:
    """The family with the frame and size rules of an autoencoder and a network."""
    longest = more.pop("longest", family.longest)
    offset = family.frame_offset
    return replace(
        family, frame_step=step, multiple=spatial * patch, patch=patch,
        longest=max((longest - offset) // step, 1) * step + offset, **more,
    )  # fmt: skip


def _wan(family: Family, found: Checkpoint, **more: Any) -> Family:
    vae, network = found.config("vae"), found.config("transformer")
    halvings = vae.get("temperal_downsample")
    step = 2 ** _sum(vae, "temperal_downsample", 2)
    spatial = 2 ** len(halvings) if isinstance(halvings, list) else 8
    return _grid(
        family, _whole(vae, "scale_factor_temporal", step),
        _whole(vae, "scale_factor_spatial", spatial), _whole(network, "patch_size", 2), **more,
    )  # fmt: skip


def _small_wan(found: Checkpoint) -> bool:
    """The 1.3B models were trained at 480 lines alone."""
    return _inner(found.config("transformer")) < 3072


def _wan_by_size(family: Family, found: Checkpoint) -> Family:
    return _wan(family, found, **({"most_pixels": 832 * 480} if _small_wan(found) else {}))


def _wan_i2v(family: Family, found: Checkpoint) -> Family:
    # With CLIP a last picture needs places for two in `pos_embed_seq_len`; without CLIP it is told
    # through the mask channels, which every such model was trained with.
    network = found.config("transformer")
    last = not network.get("image_dim") or bool(network.get("pos_embed_seq_len"))
    native = family.native | ({"last"} if last else set())
    two = "transformer_2" in found.components
    tiers = tuple(replace(t, guidance=3.5) for t in family.tiers) if two else family.tiers
    return _wan(family, found, native=native, tiers=tiers)


def _ltx(family: Family, found: Checkpoint) -> Family:
    native = family.native
    if found.kind == "LTXConditionPipeline":
        native |= {"last", "middle", "prefix", "strength", "mask"}
    return _lightricks(family, found, native=native)


def _lightricks(family: Family, found: Checkpoint, **more: Any) -> Family:
    vae, network = found.config("vae"), found.config("transformer")
    halvings = _sum(vae, "spatio_temporal_scaling", 3)
    step = _whole(vae, "patch_size_t", 1) * 2**halvings
    spatial = _whole(vae, "patch_size", 4) * 2**halvings
    return _grid(
        family, _whole(vae, "temporal_compression_ratio", step),
        _whole(vae, "spatial_compression_ratio", spatial), _whole(network, "patch_size", 1), **more,
    )  # fmt: skip


def _cogvideox(family: Family, found: Checkpoint) -> Family:
    vae, network = found.config("vae"), found.config("transformer")
    blocks = vae.get("block_out_channels")
    spatial = 2 ** (len(blocks) - 1) if isinstance(blocks, list) and blocks else 8
    later = bool(network.get("patch_size_t"))  # CogVideoX 1.5
    width = _whole(network, "sample_width", 90) * spatial
    height = _whole(network, "sample_height", 60) * spatial
    longest = _whole(network, "sample_frames", family.longest)
    # Places that were learnt one by one fit one size, and are right for one count of frames.
    learned = bool(network.get("use_learned_positional_embeddings"))
    frames = 2 * _whole(vae, "temporal_compression_ratio", 4)
    pictures = found.kind == "CogVideoXImageToVideoPipeline"
    return _grid(
        # Its decoder takes latent frames by twos after the first: only an odd number of them gives
        # back as many frames as went in.
        family, longest - 1 if learned else frames, spatial, _whole(network, "patch_size", 2),
        longest=longest,
        native=frozenset({"first"} if pictures else ()),
        native_rate=16.0 if later else family.native_rate,
        most_pixels=width * height,
        only_size=(width, height) if learned else (0, 0),
        words=_whole(network, "max_text_seq_length", family.words),
    )  # fmt: skip


def _svd(family: Family, found: Checkpoint) -> Family:
    def halvings(component: str, other: int) -> int:
        blocks = found.config(component).get("block_out_channels")
        return len(blocks) - 1 if isinstance(blocks, list) and blocks else other

    return replace(
        family, longest=_whole(found.config("unet"), "num_frames", family.longest),
        multiple=2 ** (halvings("vae", 3) + halvings("unet", 3)),
    )  # fmt: skip


def _generic(family: Family, found: Checkpoint) -> Family:
    coder = CODERS[found.components["vae"]]
    rule = replace(family, frame_offset=coder.frame_offset, title=f"{found.kind}, composite only")
    longest = (family.longest // coder.frame_step) * coder.frame_step + coder.frame_offset
    return replace(rule, frame_step=coder.frame_step, multiple=coder.multiple, longest=longest)


_FITTED: Mapping[str, Callable[[Family, Checkpoint], Family]] = {
    "wan_vace": _wan_by_size, "wan_t2v": _wan_by_size, "wan_i2v": _wan_i2v, "wan_ti2v": _wan,
    "ltx": _ltx, "ltx2": _lightricks, "cogvideox": _cogvideox, "svd": _svd, "generic": _generic,
}  # fmt: skip


def _networks(family: Family, found: Checkpoint) -> list[str]:
    return [n for n in (family.network, f"{family.network}_2") if n in found.weights]


def _billions(found: Checkpoint) -> str:
    counts = [found.weights[n].parameters / 1e9 for n in _networks(found.family, found)]
    return " + ".join(f"{count:.1f}B" if count >= 0.1 else "tiny" for count in counts)


def _tokens(family: Family) -> float:
    """Of the longest pass at the largest size: N of the formulas below."""
    frames = ((family.at_once or family.longest) - family.frame_offset) // family.frame_step + 1
    return frames * family.most_pixels / family.multiple**2


def _memory(family: Family, found: Checkpoint) -> int:
    """Bytes of everything on the device: weights in bf16 (autoencoders in fp32), the activations
    of the largest pass (eight rows of the network's width and two of its feed-forward a token, in
    bf16) and the pictures that come out."""
    weights = sum(
        part.parameters * (4 if "vae" in name else 2) for name, part in found.weights.items()
    )
    config = found.config(family.network)
    inner = max(_inner(config), 64)
    activations = _tokens(family) * (8 * inner + 2 * _whole(config, "ffn_dim", 4 * inner)) * 2
    pictures = (family.at_once or family.longest) * family.most_pixels * 3 * 4 * 4
    return int(weights + activations + pictures)


def _pace(family: Family, found: Checkpoint) -> tuple[float, float, float, float]:
    """By 2 N P for the weights and 4 N (N + words) d L for attention, a pass of the network."""
    config = found.config(family.network)
    tokens, inner = _tokens(family), max(_inner(config), 64)
    layers = _whole(config, "num_layers", 24)
    names = _networks(family, found)
    parameters = sum(found.weights[n].parameters for n in names) / max(len(names), 1)
    flops = 2 * tokens * parameters + 4 * tokens * (tokens + family.words) * inner * layers
    megapixels = (family.at_once or family.longest) * family.most_pixels / 1e6
    seconds = EVALUATIONS * flops / _FLOPS
    size = sum(part.parameters * 2 for part in found.weights.values())
    floor = 1e-4  # a tiny model is still run by a program
    load = math.ceil(10 * size / _READ) / 10 + 1
    return 0.5, max(seconds / megapixels, floor), 0.02, load
