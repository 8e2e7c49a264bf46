"""What the service costs beside the work it does: one table, with a bar for each figure.

    python -m bench.service [--quick] [--json]

Ratios are of figures of the same run, so that they hold on a slow machine too; what is in seconds
counts on a machine that has nothing else to do. Exits with 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table
from secondunit.config import Config
from secondunit.plan.build import Options, plan_timeline
from secondunit.plan.shot_plan import ShotPlan
from secondunit.rpc.carrier import plan_request

from bench.drawn import panning, save_clip
from bench.service import store, wire
from bench.service.row import Row

SIZES = {True: (180, 320), False: (720, 1280)}
"""Height and width of the real shot, quick or not."""


def measured(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Every row, as it is found."""
    height, width = SIZES[quick]
    small = save_clip(panning(64, 96, 30), folder / "small.mkv")
    large = save_clip(panning(height, width, 30), folder / "large.mkv")
    yield from store.rows(
        folder, _plan(small, folder), jobs=50 if quick else 400, many=1000 if quick else 10_000
    )
    yield from wire.rows(folder, large, f"{width}x{height}", quick=quick)


def _plan(movie: Path, folder: Path) -> ShotPlan:
    config = Config(data=folder, roots=(folder,))
    found = plan_request(wire.request(movie, 1, 24), Options(), config, plan_timeline)
    return found.shots[0]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="smaller, to see that it runs")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    given = parser.parse_args()
    found: list[Row] = []
    screen = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="secondunit-bench-") as folder:
        for row in measured(Path(folder), quick=given.quick):
            found.append(row)
            screen.print(f"{row.what}: {row.figure:.2f} {row.unit}", highlight=False)
    if given.json:
        print(json.dumps({"rows": [asdict(row) | {"holds": row.holds} for row in found]}))
    else:
        Console(highlight=False).print(table(found))
    return 0 if all(row.holds for row in found) else 1


def table(found: list[Row]) -> Table:
    """The figures with their bars."""
    made = Table("what", "figure", "bar", "", "beside", box=None, pad_edge=False)
    for row in found:
        made.add_row(
            row.what, f"{row.figure:.2f} {row.unit}", f"{row.must} {row.bar:g} {row.unit}",
            "holds" if row.holds else "MISSED", row.beside,
        )  # fmt: skip
    return made


if __name__ == "__main__":
    sys.exit(main())
