"""Loading an engine whose weights are a checkpoint on disk."""

from __future__ import annotations

from secondunit.catalog.engines import Engine
from secondunit.engine.engine import LoadedEngine
from secondunit.errors import EngineMissing


def load(row: Engine, *, threads: int | None = None, device: str = "cpu") -> LoadedEngine:
    """Return an engine with its weights in memory.

    Args:
        row: of the catalogue, with the folder of the checkpoint.
        threads: of torch; None leaves torch as it is.
        device: `cpu` or `cuda`.

    Raises EngineMissing where the folder or a package is not there, EngineFailed where the weights
    cannot be read.
    """
    raise EngineMissing(f"The engine '{row.name}' is of the unknown family '{row.family}'.")
