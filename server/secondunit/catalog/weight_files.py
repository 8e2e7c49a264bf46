"""What lies in a folder of weights, told from names and headers: nothing is loaded, nothing run."""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from secondunit.errors import Fault

MOST_FILES = 10_000
"""Files and folders of one checkpoint; the largest known has some hundreds."""
LONGEST_JSON = 16 * 2**20
"""Bytes of a configuration or of a list of shards."""
LONGEST_HEADER = 64 * 2**20
"""Bytes of a safetensors header; the largest known has one."""
PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle", ".joblib", ".dill")
"""Files that run code when they are read."""
CODE = (".py", ".pyc", ".so", ".dll", ".dylib", ".sh")
_BYTES = {
    "F64": 8.0, "F32": 4.0, "F16": 2.0, "BF16": 2.0, "I64": 8.0, "I32": 4.0, "I16": 2.0, "I8": 1.0,
    "U64": 8.0, "U32": 4.0, "U16": 2.0, "U8": 1.0, "BOOL": 1.0, "F8_E4M3": 1.0, "F8_E5M2": 1.0,
    "F8_E8M0": 1.0, "F4": 0.5, "F6_E2M3": 0.75, "F6_E3M2": 0.75, "C64": 8.0,
}  # fmt: skip
LOADABLE = ("F64", "F32", "F16", "BF16")
"""What weights are computed with; others are of a quantiser whose code we do not bring."""
_COUNTERS = ("I64", "I32", "BOOL", "U8")
"""Small tables beside weights (positions, masks) that every loader takes."""
_COUNTER_VALUES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """One entry of a header."""

    kind: str
    """F32, BF16, ..."""
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The weights of one component."""

    files: tuple[Path, ...]
    tensors: Mapping[str, Tensor]

    @property
    def parameters(self) -> int:
        """Numbers in all of it."""
        return sum(math.prod(tensor.shape) for tensor in self.tensors.values())


def json_of(path: Path) -> Mapping[str, Any]:
    """A JSON object in a file. Raises ValueError with what is wrong."""
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST_JSON + 1)
    except OSError as exc:
        raise ValueError(f"cannot be read: {exc.strerror}") from exc
    if len(data) > LONGEST_JSON:
        raise ValueError(f"is larger than {LONGEST_JSON // 2**20} MiB")
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise ValueError("is no JSON") from exc
    if not isinstance(found, dict):
        raise ValueError("is no JSON object")
    return found


def header_of(path: Path) -> Mapping[str, Tensor]:
    """The tensors that a .safetensors file holds, whose bytes are all there.

    By the format's own page (huggingface/safetensors): eight bytes of length, little-endian, JSON,
    then the data without holes. Raises ValueError with what is wrong.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or not 2 <= length <= min(size - 8, LONGEST_HEADER):
                raise ValueError("is no safetensors file, or not all of one")
            head = json.loads(file.read(length))
    except OSError as exc:
        raise ValueError(f"cannot be read: {exc.strerror}") from exc
    except (ValueError, RecursionError) as exc:
        raise ValueError("is no safetensors file, or not all of one") from exc
    if not isinstance(head, dict):
        raise ValueError("is no safetensors file")
    found: dict[str, Tensor] = {}
    end = 0
    for name, entry in head.items():
        if name == "__metadata__":
            continue
        found[name], last = _entry(entry)
        end = max(end, last)
    if 8 + length + end != size:
        raise ValueError(
            f"has {size} bytes, its header says {8 + length + end}: it was not copied whole"
        )
    return found


def _entry(entry: Any) -> tuple[Tensor, int]:
    try:
        kind, shape = entry["dtype"], tuple(entry["shape"])
        start, end = entry["data_offsets"]
        whole = all(isinstance(n, int) and n >= 0 for n in (*shape, start, end))
        if not whole or end - start != math.ceil(math.prod(shape) * _BYTES[kind]):
            raise ValueError
    except (KeyError, TypeError, ValueError) as exc:
        raise ValueError("has a header that contradicts itself") from exc
    return Tensor(kind=kind, shape=shape), end


def folder_faults(folder: Path) -> Iterator[Fault]:
    """What may not lie in a checkpoint: pickles, code, links out of it, things that are no file."""
    for count, (path, kind) in enumerate(_walk(folder)):
        at = str(path.relative_to(folder))
        if count >= MOST_FILES:
            yield Fault(what=f"more than {MOST_FILES} files: this is no checkpoint", path=at)
            return
        if kind is not None:
            yield Fault(what=kind, path=at)
        elif path.suffix.lower() in PICKLES:
            yield Fault(
                what="a pickle, which runs code when it is read: only .safetensors is loaded; "
                "take it out of the folder", path=at,
            )  # fmt: skip
        elif path.suffix.lower() in CODE:
            yield Fault(
                what="code in a checkpoint is not run, and one that needs it is not loaded",
                path=at,
            )


def _walk(folder: Path) -> Iterator[tuple[Path, str | None]]:
    """(every file below, what is wrong with it being there)."""
    root = folder.resolve()
    stack = [folder]
    while stack:
        try:
            entries = sorted(stack.pop().iterdir())
        except OSError as exc:
            yield folder, f"cannot be looked into: {exc.strerror}"
            return
        for entry in entries:
            if entry.name.startswith(".") and entry.is_dir() and not entry.is_symlink():
                continue  # .git, .cache of a downloader: nothing of it is loaded
            try:
                status = entry.lstat()
                if stat.S_ISLNK(status.st_mode):
                    if not entry.resolve().is_relative_to(root):
                        yield entry, "a link that leads out of the folder: copy the file itself"
                        continue
                    status = entry.stat()
            except (OSError, RuntimeError):
                yield entry, "a link that leads nowhere"
                continue
            if stat.S_ISDIR(status.st_mode):
                if not entry.is_symlink():
                    stack.append(entry)
            elif stat.S_ISREG(status.st_mode):
                yield entry, None
            else:
                yield entry, "is no ordinary file"


def weights_in(folder: Path, at: str, faults: list[Fault]) -> Weights | None:
    """The weights that a component's folder holds whole; None, and why, where it does not."""
    lists = sorted(folder.glob("*.safetensors.index.json"))
    plain = [f for f in lists if f.name.count(".") == 3]  # without a variant in its name
    if plain:
        return _sharded(folder, plain[0], at, faults)
    whole = [f for f in sorted(folder.glob("*.safetensors")) if f.name.count(".") == 1]
    shards = [f for f in whole if "-of-" in f.name]
    if shards:
        faults.append(
            Fault(what="shards without their list (*.safetensors.index.json): half a download",
                  path=at)
        )  # fmt: skip
        return None
    if not whole:
        faults.append(Fault(what=_none(folder), path=at))
        return None
    return _weights({whole[0]: None}, at, faults)


def _none(folder: Path) -> str:
    variants = {f.name.split(".")[1] for f in folder.glob("*.safetensors") if f.name.count(".") > 1}
    if variants:
        return (
            f"only the variant {', '.join(sorted(variants))} of its weights: the plain "
            "*.safetensors are loaded"
        )
    if any(f.suffix in PICKLES for f in folder.glob("*")):
        return "its weights are pickles: only .safetensors is loaded"
    return "its weights are not there (*.safetensors): half a download"


def _sharded(folder: Path, index: Path, at: str, faults: list[Fault]) -> Weights | None:
    try:
        said = json_of(index).get("weight_map")
    except ValueError as exc:
        faults.append(Fault(what=str(exc), path=f"{at}/{index.name}"))
        return None
    if not isinstance(said, dict) or not said:
        faults.append(Fault(what="lists no weights", path=f"{at}/{index.name}"))
        return None
    shards: dict[Path, set[str] | None] = {}
    for tensor, shard in said.items():
        if not isinstance(shard, str) or Path(shard).name != shard:
            faults.append(Fault(what=f"'{shard}' is no name of a shard", path=f"{at}/{index.name}"))
            return None
        names = shards.setdefault(folder / shard, set())
        assert names is not None
        names.add(str(tensor))
    missing = [shard.name for shard in shards if not shard.is_file()]
    if missing:
        faults.append(
            Fault(what=f"{len(missing)} of {len(shards)} shards are not there, first "
                  f"'{sorted(missing)[0]}': half a download", path=at)
        )  # fmt: skip
        return None
    return _weights(shards, at, faults)


def _weights(files: Mapping[Path, set[str] | None], at: str, faults: list[Fault]) -> Weights | None:
    found: dict[str, Tensor] = {}
    before = len(faults)
    for file, names in files.items():
        where = f"{at}/{file.name}"
        try:
            tensors = header_of(file)
        except ValueError as exc:
            faults.append(Fault(what=str(exc), path=where))
            continue
        if names is not None and names != tensors.keys():
            faults.append(
                Fault(what="a wrong shard: it holds other weights than the list says", path=where)
            )
        odd = {
            tensor.kind
            for tensor in tensors.values()
            if tensor.kind not in LOADABLE
            and not (tensor.kind in _COUNTERS and math.prod(tensor.shape) <= _COUNTER_VALUES)
        }
        if odd:
            faults.append(
                Fault(what=f"weights in {', '.join(sorted(odd))}, which need a quantiser: take "
                      "those in bf16, fp16 or fp32", path=where)
            )  # fmt: skip
        found.update(tensors)
    return None if len(faults) > before else Weights(files=tuple(files), tensors=found)
