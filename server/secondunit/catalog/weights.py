"""Which weights an engine would run, told from their bytes without loading them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent

FOLDERS: dict[str, Path] = {"motion": _PACKAGE / "engine" / "motion" / "weights"}
"""Folder of each engine's weights, in the layout of diffusers' save_pretrained."""


def weights_digest(engine: str) -> str:
    """SHA-256 over the names and bytes of an engine's weights and configs; empty if it has none."""
    folder = FOLDERS.get(engine)
    if folder is None or not folder.is_dir():
        return ""
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".json", ".safetensors"))
    if not any(p.suffix == ".safetensors" for p in files):
        return ""
    stamp = tuple((str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in files)
    return _digest(stamp, folder)


@lru_cache(maxsize=16)
def _digest(stamp: tuple[tuple[str, int, int], ...], folder: Path) -> str:
    total = hashlib.sha256()
    for name, _, _ in stamp:
        total.update(Path(name).relative_to(folder).as_posix().encode())
        total.update(hashlib.sha256(Path(name).read_bytes()).digest())
    return total.hexdigest()
