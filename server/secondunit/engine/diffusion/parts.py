"""The parts of a checkpoint's folder, each loaded as the class that its family names."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import diffusers.utils.logging as diffusers_logging
import torch
import transformers.utils.logging as transformers_logging
from transformers import AutoTokenizer

from secondunit.errors import EngineFailed

NAMED = 3
"""Tensors that a message names before it counts the rest."""


def index(folder: Path) -> dict[str, Any]:
    """What the folder's `model_index.json` says.

    Raises EngineFailed where it is missing or is no index.
    """
    with _read(folder, "index"):
        found = json.loads((folder / "model_index.json").read_text("utf-8"))
        if not isinstance(found, dict) or "_class_name" not in found:
            raise ValueError("model_index.json names no pipeline")
        return found


def module(cls: Any, folder: Path, name: str, dtype: torch.dtype) -> Any:
    """A network of the folder in memory, ready to be asked.

    Only safetensors are read, and no code of the folder is run, whatever its index says: the class
    comes from the caller.

    Args:
        cls: of diffusers or transformers.
        folder: of the whole checkpoint.
        name: of the component, a folder in it.
        dtype: that the weights are turned to.

    Raises EngineFailed for files that are missing, damaged or of another network.
    """
    said = "torch_dtype" if cls.__module__.startswith("diffusers") else "dtype"
    with _read(folder, name):
        part, found = cls.from_pretrained(
            folder,
            subfolder=name,
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
            **{said: dtype},
        )
    # both libraries fill what is missing with random numbers, and say so in a log only
    for problem, keys in (("lacks", found["missing_keys"]), ("misfits", found["mismatched_keys"])):
        if keys:
            raise EngineFailed(f"{folder / name} {problem} {_named(keys)} of {cls.__name__}.")
    return part.eval()


def words(folder: Path) -> Any:
    """The folder's tokenizer. Raises EngineFailed where it cannot be read."""
    with _read(folder, "tokenizer"):
        return AutoTokenizer.from_pretrained(
            folder, subfolder="tokenizer", local_files_only=True, trust_remote_code=False
        )


def settings(cls: Any, folder: Path, name: str) -> Any:
    """A part without weights: a scheduler or a picture processor.

    Raises EngineFailed where it cannot be read.
    """
    with _read(folder, name):
        return cls.from_pretrained(folder, subfolder=name, local_files_only=True)


def scheduler(folder: Path, classes: tuple[Any, ...]) -> Any:
    """The scheduler that the folder brings, which must be one of `classes`.

    Raises EngineFailed for another one, or where it cannot be read.
    """
    with _read(folder, "scheduler"):
        text = (folder / "scheduler" / "scheduler_config.json").read_text("utf-8")
        named = str(json.loads(text).get("_class_name"))
    for cls in classes:
        if cls.__name__ == named:
            return settings(cls, folder, "scheduler")
    known = ", ".join(cls.__name__ for cls in classes)
    raise EngineFailed(f"{folder / 'scheduler'} is a '{named}'; this family knows {known}.")


def has(folder: Path, name: str) -> bool:
    """Whether the index names a component that is there."""
    entry = index(folder).get(name)
    return isinstance(entry, list) and entry[:1] != [None]


def lay_over(pipe: Any, loras: tuple[Path, ...], modules: tuple[str, ...]) -> None:
    """Load LoRAs over a pipeline's networks, all at full strength.

    Where there are two networks, two files in succession with the same layers are a pair, of which
    the first is for high noise and the second for low; a single one is laid over both.

    Args:
        pipe: with diffusers' LoRA loader.
        loras: local safetensors files.
        modules: its networks, one or two; that of high noise comes first.

    Raises EngineFailed, naming keys, for a file of another network.
    """
    found = [(path, _lora(pipe, path)) for path in loras]
    names: dict[str, list[str]] = {name: [] for name in modules}
    for number, (path, tensors) in enumerate(found):
        for name in _over(number, [_layers(each) for _, each in found], modules):
            _refuse_strangers(path, tensors, getattr(pipe, name))
            names[name].append(f"lora{number}")
            with _read(path.parent, path.name):
                into = {"load_into_transformer_2": True} if name == "transformer_2" else {}
                pipe.load_lora_weights(dict(tensors), adapter_name=names[name][-1], **into)
    for name, adapters in names.items():
        if adapters:
            getattr(pipe, name).set_adapters(adapters, [1.0] * len(adapters))


def _lora(pipe: Any, path: Path) -> dict[str, torch.Tensor]:
    with _read(path.parent, path.name):
        if path.suffix != ".safetensors":
            raise ValueError("LoRAs are read from .safetensors files only")
        return pipe.lora_state_dict(
            str(path.parent), weight_name=path.name, use_safetensors=True, local_files_only=True
        )


def _layers(tensors: dict[str, torch.Tensor]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(tensor.shape) for key, tensor in tensors.items()}


def _over(number: int, layers: list[Any], modules: tuple[str, ...]) -> tuple[str, ...]:
    """The networks that one of several LoRAs goes over."""
    if len(modules) == 1:
        return modules
    place = 0
    while place <= number:
        pair = layers[place] == layers[place + 1] if place + 1 < len(layers) else False
        if number == place:
            return modules[:1] if pair else modules
        if pair and number == place + 1:
            return modules[1:]
        place += 2 if pair else 1
    return modules


def _refuse_strangers(path: Path, found: dict[str, torch.Tensor], network: Any) -> None:
    """A LoRA must fit the network key by key: loaders skip what they do not know."""
    layers = dict(network.named_modules())
    strange = []
    for key, value in found.items():
        name, _, rest = key.removeprefix("transformer.").partition(".lora_")
        layer = layers.get(name)
        side = {"A.weight": ("in_features", 1), "B.weight": ("out_features", 0)}.get(rest)
        size = getattr(layer, side[0], None) if side else None
        fits = layer is not None and (
            side is None or size is None or value.ndim != 2 or value.shape[side[1]] == size
        )
        if not fits:
            strange.append(key)
    if strange or not found:
        raise EngineFailed(
            f"The LoRA {path.name} is of another model than {type(network).__name__}: "
            + (f"{_named(strange)} have no place in it." if strange else "it has no weights.")
        )


def _named(keys: Any) -> str:
    names = sorted(str(key[0] if isinstance(key, tuple) else key) for key in keys)
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + rest


@contextmanager
def _read(folder: Path, name: str) -> Iterator[None]:
    """The edge at which what diffusers, transformers and safetensors raise becomes ours."""
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecations between the libraries themselves
            yield
    except EngineFailed:
        raise
    except Exception as exc:  # each library has its own dozen, none with a common root
        text = " ".join(str(exc).split())
        raise EngineFailed(f"Cannot load {name} of {folder}: {text[:300]}") from exc
