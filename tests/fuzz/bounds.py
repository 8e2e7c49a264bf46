"""How many examples: few and always the same, or as many as SECONDUNIT_FUZZ says and new ones."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, settings

MANY = int(os.environ.get("SECONDUNIT_FUZZ", "0"))
"""Examples of each test of a longer run (`make soak`); 0: the short run of every day."""


def bounded(examples: int) -> settings:
    """So many examples, or those of the longer run."""
    return settings(
        max_examples=MANY or examples,
        deadline=None,  # the machine may be busy: hanging is told by the calls' own deadlines
        derandomize=not MANY,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def resident() -> int:
    """MiB of this process, which is the server."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20
