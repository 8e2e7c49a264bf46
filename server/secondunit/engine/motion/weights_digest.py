"""Identity of the built-in engine's weights, known without loading them."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

WEIGHTS = Path(__file__).resolve().parent / "weights"
"""The folder that the package ships: a saved `MotionPipeline`."""


@cache
def weights_digest(folder: Path = WEIGHTS) -> str:
    """Return the SHA-256 (hexadecimal) over every weight and configuration file of a folder.

    Empty text where the folder holds no weights: the engine is not there.
    """
    files = [*folder.rglob("*.safetensors"), *folder.rglob("*.json")]
    if not any(file.suffix == ".safetensors" for file in files):
        return ""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
