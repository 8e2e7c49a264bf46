"""A folder of weights in, a row of the catalogue out: class and abilities from its own files."""

from __future__ import annotations

from pathlib import Path

from secondunit.catalog.abilities import engine_of
from secondunit.catalog.engines import Engine
from secondunit.catalog.loras import Lora
from secondunit.catalog.pipeline_folder import look


def read(folder: Path, name: str, loras: tuple[Lora, ...] = ()) -> Engine:
    """The row of the catalogue of a checkpoint, without torch and without loading it.

    Raises Refused with everything that keeps it from being loaded, each at its place below the
    folder.
    """
    return engine_of(look(folder, loras), name, loras)
