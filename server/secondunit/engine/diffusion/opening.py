"""Opening the folder of a checkpoint: local, safetensors only, none of its code, all of its keys."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import torch
from diffusers import DiffusionPipeline, ModelMixin
from safetensors import SafetensorError

from secondunit.errors import EngineFailed, EngineMemory

P = TypeVar("P", bound=DiffusionPipeline)

_HEADER_MOST = 64 << 20
"""Bytes of the longest header of a weight file that is read."""
_RENAMED = (".attentions.", "mid_block.attentions")
"""Parts that diffusers renames while it loads older files, where their names prove nothing."""


def opened(
    kind: type[P], folder: Path, *, dtype: torch.dtype, device: str, exact: Sequence[str] = ()
) -> P:
    """Return the pipeline of a local folder on a device, for inference, progress bars off.

    Args:
        kind: the class whose components the folder must have; `DiffusionPipeline` itself takes
            the one that the folder names.
        folder: of `model_index.json`.
        dtype: of the weights.
        device: `cpu` or `cuda`.
        exact: components whose weights stay in float32.

    Raises EngineFailed where the files do not fit the classes, EngineMemory where they do not fit
    the device.
    """
    kinds = {"default": dtype} | dict.fromkeys(exact, torch.float32)
    try:
        pipe = kind.from_pretrained(
            str(folder),
            torch_dtype=kinds,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
        )
        _check_whole(pipe, folder)
        for part in pipe.components.values():
            if isinstance(part, torch.nn.Module):
                part.eval().requires_grad_(False)
        pipe.to(device)
    except torch.OutOfMemoryError as exc:
        raise EngineMemory(f"The weights of {folder.name} do not fit the device: {exc}") from exc
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        RuntimeError,
        AttributeError,
        ImportError,
        SafetensorError,
    ) as exc:
        raise EngineFailed(f"The checkpoint {folder.name} cannot be loaded: {exc}") from exc
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _check_whole(pipe: DiffusionPipeline, folder: Path) -> None:
    # What a shard lacks is filled with random numbers and one line in a log, which nobody reads.
    for name, part in pipe.components.items():
        if not isinstance(part, ModelMixin):
            continue
        files = sorted((folder / name).glob("*.safetensors"))
        held = set[str]().union(*map(_keys, files))
        lacks = sorted(
            key for key in part.state_dict() if key not in held and not _is_renamed(key)
        )
        if lacks:
            raise EngineFailed(
                f"The {name} of the checkpoint {folder.name} lacks {len(lacks)} of its weights, "
                f"{lacks[0]} among them: the download is not whole, or of another model."
            )


def _is_renamed(key: str) -> bool:
    return any(part in key for part in _RENAMED)


def _keys(file: Path) -> set[str]:
    with file.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        if length > _HEADER_MOST:
            raise EngineFailed(f"{file.name} is no weight file: its header is too long.")
        header = json.loads(stream.read(length))
    return {key for key in header if key != "__metadata__"}
