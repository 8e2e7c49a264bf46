"""The folder of a pipeline without torch: layout, configurations and headers of a Wan VACE."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

SIZES = {"F32": 4, "BF16": 2, "I8": 1}


def safetensors(path: Path, tensors: Mapping[str, tuple[int, ...]], kind: str = "F32") -> Path:
    """A whole .safetensors file of zeros."""
    head: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in tensors.items():
        start, end = end, end + prod(shape) * SIZES[kind]
        head[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(head).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(end))
    return path


NETWORK = {
    "blocks.0.attn1.to_q.weight": (32, 32),
    "blocks.0.ffn.net.0.proj.weight": (64, 32),
    "vace_blocks.0.attn1.to_q.weight": (32, 32),
}
"""Of the transformer: width 32, feed-forward 64."""


def vace(folder: Path, **index: Any) -> Path:
    """A folder that is whole; `index` replaces or adds keys of model_index.json."""
    said = {
        "_class_name": "WanVACEPipeline",
        "_diffusers_version": "0.42.1",
        "scheduler": ["diffusers", "UniPCMultistepScheduler"],
        "text_encoder": ["transformers", "UMT5EncoderModel"],
        "tokenizer": ["transformers", "T5TokenizerFast"],
        "transformer": ["diffusers", "WanVACETransformer3DModel"],
        "transformer_2": [None, None],
        "vae": ["diffusers", "AutoencoderKLWan"],
    } | index
    _json(folder / "model_index.json", said)
    network = {"num_attention_heads": 2, "attention_head_dim": 16, "num_layers": 1,
               "ffn_dim": 64, "patch_size": [1, 2, 2], "vace_layers": [0]}  # fmt: skip
    _json(folder / "transformer" / "config.json", network)
    safetensors(folder / "transformer" / "diffusion_pytorch_model.safetensors", NETWORK)
    _json(folder / "vae" / "config.json", {"temperal_downsample": [False, True, True]})
    safetensors(folder / "vae" / "diffusion_pytorch_model.safetensors", {"conv.weight": (4, 4)})
    _json(folder / "text_encoder" / "config.json", {"d_model": 8})
    safetensors(folder / "text_encoder" / "model.safetensors", {"shared.weight": (16, 8)})
    _json(folder / "scheduler" / "scheduler_config.json", {"flow_shift": 3.0})
    _json(folder / "tokenizer" / "tokenizer_config.json", {"model_max_length": 512})
    return folder


def lora(path: Path, layer: str = "blocks.0.attn1.to_q", size: tuple[int, int] = (32, 32)) -> Path:
    """A LoRA of rank 2 over one layer."""
    out, into = size
    return safetensors(path, {f"transformer.{layer}.lora_A.weight": (2, into),
                              f"transformer.{layer}.lora_B.weight": (out, 2)})  # fmt: skip


def _json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
