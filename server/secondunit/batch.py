"""Several timelines in one command: one server, a line for each, and none keeps the others back."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from secondunit.config import Config
from secondunit.errors import Fault, Refused
from secondunit.session import connected, line_of, outcome, wanted


def batch(config: Config, flags: argparse.Namespace) -> dict[str, Any]:
    """Render one timeline after the other; the record that `--json` prints.

    Raises Refused before any work where two of them are one.
    """
    outs = targets(flags.timeline)
    asked = wanted(config, flags)
    records: list[dict[str, Any]] = []
    with connected(config, flags, read=True) as unit:
        for timeline, out in zip(flags.timeline, outs, strict=True):
            records.append(outcome(unit, timeline, out, asked))
            if not flags.json:
                print(line_of(records[-1]), flush=True)
    return {"timelines": records}


def targets(timelines: Sequence[Path]) -> list[Path]:
    """Where the new timelines go: beside theirs, apart from those of namesakes. Raises Refused."""
    found: dict[Path, Path] = {}
    faults: list[Fault] = []
    for timeline in timelines:
        absolute = timeline.absolute()
        out = absolute.with_name(f"{timeline.stem}.gen.otio")
        if out in found.values():
            out = absolute.with_name(f"{timeline.stem}_{timeline.suffix[1:].lower()}.gen.otio")
        if absolute in found:
            faults.append(Fault(what="the timeline is named twice", path=str(timeline)))
        found[absolute] = out
    if faults:
        raise Refused(faults)
    return list(found.values())
