"""A folder of a diffusers pipeline in, what its own files say of it out; nothing is loaded."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from secondunit.catalog.families import CODERS, FAMILIES, Family
from secondunit.catalog.loras import Lora, lora_faults
from secondunit.catalog.weight_files import Weights, folder_faults, json_of, weights_in
from secondunit.errors import Fault, Refused

INDEX = "model_index.json"
LIBRARIES = ("diffusers", "transformers")
"""Whose classes a pipeline may be made of; others would be code of its own."""
_PIPELINE = re.compile(r"[A-Z][A-Za-z0-9]{2,80}Pipeline")
_CLASS = re.compile(r"[A-Z][A-Za-z0-9_]{1,80}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_CONFIGS = ("config.json", "scheduler_config.json", "preprocessor_config.json",
            "processor_config.json", "tokenizer_config.json")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A pipeline's folder, as its own files describe it."""

    folder: Path
    kind: str
    """The pipeline's class."""
    options: Mapping[str, Any]
    """What model_index.json says besides components: `boundary_ratio`, `expand_timesteps`."""
    components: Mapping[str, str]
    """Class of each component that there is."""
    configs: Mapping[str, Mapping[str, Any]]
    """Configuration of each that has one."""
    weights: Mapping[str, Weights] = field(repr=False)
    """Of each that has some."""

    @property
    def family(self) -> Family:
        """Who drives it: by the class, and what tells two kinds of one class apart."""
        expands = bool(self.options.get("expand_timesteps"))
        for row in FAMILIES.values():
            # A T2V and a TI2V of Wan are one class: the one takes a picture, the other does not.
            if self.kind in row.classes and (row.name == "wan_ti2v") == (
                expands and self.kind.startswith("Wan")
            ):
                return row
        return FAMILIES["generic"]

    def config(self, component: str) -> Mapping[str, Any]:
        """Of a component; empty where there is none."""
        return self.configs.get(component, {})


def look(folder: Path, loras: tuple[Lora, ...] = ()) -> Checkpoint:
    """What the folder holds, and LoRAs to lay over it.

    Raises Refused with everything that keeps it from being loaded, each at its place below the
    folder.
    """
    if not folder.is_dir():
        raise Refused.single("there is no such folder", str(folder))
    if not (folder / INDEX).is_file():
        raise Refused.single(
            f"no {INDEX}: this is not the folder of a diffusers pipeline", str(folder)
        )
    faults = list(folder_faults(folder))
    try:
        index = json_of(folder / INDEX)
    except ValueError as exc:
        raise Refused([*faults, Fault(what=str(exc), path=INDEX)]) from exc
    kind = index.get("_class_name")
    if not isinstance(kind, str) or not _PIPELINE.fullmatch(kind):
        faults.append(
            Fault(what=f"'{kind}' is no pipeline of diffusers; one that brings code of its own is "
                  "not loaded", path=f"{INDEX}._class_name")
        )  # fmt: skip
        raise Refused(faults)
    components = dict(_components(index, faults))
    configs = dict(_configs(folder, components, faults))
    weights = {
        name: found
        for name, config in configs.items()
        if (folder / name / "config.json").is_file() and _is_model(components[name], config)
        if (found := weights_in(folder / name, name, faults)) is not None
    }
    options = {k: v for k, v in index.items() if not k.startswith("_") and not isinstance(v, list)}
    checkpoint = Checkpoint(
        folder=folder, kind=kind, options=options, components=components, configs=configs,
        weights=weights,
    )  # fmt: skip
    faults += _family_faults(checkpoint)
    if not faults:  # against a network that is whole
        faults += lora_faults(checkpoint.family, weights[checkpoint.family.network], loras)
    if faults:
        raise Refused(faults)
    return checkpoint


def _components(index: Mapping[str, Any], faults: list[Fault]) -> Iterator[tuple[str, str]]:
    for name, value in index.items():
        if name.startswith("_") or not isinstance(value, list):
            continue
        at = f"{INDEX}.{name}"
        if not _NAME.fullmatch(name) or len(value) != 2:
            faults.append(Fault(what="is no component", path=at))
        elif value[0] is None or value[1] is None:
            continue  # an optional part that this one does not have
        elif not _is_known(str(value[0])) or not _CLASS.fullmatch(str(value[1])):
            faults.append(
                Fault(what=f"'{value[0]}.{value[1]}' is neither of diffusers nor of transformers: "
                      "a checkpoint that brings code of its own is not loaded", path=at)
            )  # fmt: skip
        else:
            yield name, value[1]


def _configs(
    folder: Path, components: Mapping[str, str], faults: list[Fault]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name in components:
        place = folder / name
        if not place.is_dir():
            faults.append(
                Fault(what=f"the component's folder is not there: half a download, or not a whole "
                      f"pipeline ({components[name]})", path=name)
            )  # fmt: skip
            continue
        found: dict[str, Any] = {}
        for file in _CONFIGS:
            if not (place / file).is_file():
                continue
            try:
                found |= (config := json_of(place / file))
            except ValueError as exc:
                faults.append(Fault(what=str(exc), path=f"{name}/{file}"))
                continue
            for key in ("auto_map", "trust_remote_code", "custom_pipelines"):
                if config.get(key):
                    faults.append(
                        Fault(what=f"'{key}': it wants to run code of its own, which is never done",
                              path=f"{name}/{file}")
                    )  # fmt: skip
        yield name, found


def _is_known(library: str) -> bool:
    """Whether a library is one of `LIBRARIES`, or a part of diffusers that comes with a pipeline of
    its own (LTX-2's vocoder); nothing is imported."""
    if library in LIBRARIES:
        return True
    found = importlib.util.find_spec("diffusers")
    homes = (found and found.submodule_search_locations) or ()
    return bool(_NAME.fullmatch(library)) and any(
        (Path(home) / "pipelines" / library / "__init__.py").is_file() for home in homes
    )


def _is_model(kind: str, config: Mapping[str, Any]) -> bool:
    """Whether the component has weights; tokenizers and processors may have a config.json too."""
    none = ("Tokenizer", "TokenizerFast", "Processor", "ImageProcessor", "FeatureExtractor",
            "Scheduler")  # fmt: skip
    return bool(config) and not kind.endswith(none)


def _family_faults(found: Checkpoint) -> Iterator[Fault]:
    family = found.family
    if family.name == "generic" and found.components.get("vae") not in CODERS:
        known = sorted(name for row in FAMILIES.values() for name in row.classes)
        yield Fault(
            what=f"'{found.kind}' makes no video that this version knows of; known are "
            f"{', '.join(known)}, and others whose autoencoder is one of {', '.join(CODERS)}",
            path=f"{INDEX}._class_name",
        )
        return
    for part in (family.network, "vae", "scheduler"):
        if part not in found.components:
            yield Fault(what=f"a {found.kind} has a {part}, this one does not", path=INDEX)
    if family.network in found.components and family.network not in found.weights:
        config = found.configs.get(family.network)
        if config is not None and not config:
            yield Fault(what="its config.json is not there", path=family.network)
