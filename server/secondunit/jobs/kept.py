"""Takes that were kept: whether their files are still what they were."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from secondunit.encode import durable
from secondunit.jobs.job import FileDigest, Result


def digest_of(path: Path) -> FileDigest | None:
    """The digest of a file's bytes, or of a sequence's; None if it cannot be read."""
    try:
        sha256, size = durable.digest_of(path)
    except OSError:
        return None
    return FileDigest(sha256=sha256, bytes=size)


def with_digests(result: Result) -> Result:
    """The result, knowing its files by their bytes; read here where it did not."""
    return replace(
        result,
        clip=result.clip or digest_of(result.file),
        record=result.record or digest_of(result.sidecar),
    )


def drop_leftovers(takes: Path, before: float) -> None:
    """Remove what an interrupted publication left, if untouched since `before` (epoch seconds)."""
    for pattern in (".*.new", ".*.old"):
        for folder in takes.glob(pattern):
            if folder.stat().st_mtime < before:
                shutil.rmtree(folder, ignore_errors=True)


def damage(result: Result) -> str:
    """What is wrong with a take's files, read whole; empty if nothing is.

    Where a digest was not kept, the file needs only to be there.
    """
    for path, known in ((result.file, result.clip), (result.sidecar, result.record)):
        found = digest_of(path)
        if found is None:
            return f"{path.name} is gone"
        if known is not None and found != known:
            return f"{path.name} is no longer what was made"
    return ""
