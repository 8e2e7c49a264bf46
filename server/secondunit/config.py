"""Config: what the operator decides, from the environment and the command line."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from secondunit.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings of one process; every field has a safe default for one person on one machine."""

    data: Path
    """Folder of the job store, checkpoints and finished takes. Never on a network share."""
    roots: tuple[Path, ...] = ()
    """Folders that media may be read from, beside the timeline's own folder."""
    engine: str = "motion"
    delivery: str = "prores_422_hq"
    max_pixels: int = 8192 * 4320
    """Larger pictures are refused before they are decoded."""
    max_attempts: int = 3
    """Times a job may lose its worker before it fails."""
    threads: int = 0
    """Threads an engine may use; 0 lets torch decide."""

    @classmethod
    def from_environment(cls) -> Config:
        """SECONDUNIT_DATA, SECONDUNIT_ROOTS (separated like PATH), SECONDUNIT_THREADS.

        Raises Refused for a number of threads that is none.
        """
        home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
        data = Path(os.environ.get("SECONDUNIT_DATA") or Path(home) / "secondunit")
        roots = os.environ.get("SECONDUNIT_ROOTS", "")
        threads = os.environ.get("SECONDUNIT_THREADS") or "0"
        if not threads.isdecimal():
            raise Refused.single(f"'{threads}' is no number of threads", "SECONDUNIT_THREADS")
        return cls(
            data=data,
            roots=tuple(Path(r) for r in roots.split(os.pathsep) if r),
            threads=int(threads),
        )
