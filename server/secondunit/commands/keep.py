"""What keeps the work safe: a backup of the data folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from secondunit.commands.flags import SOME_FAILED, SUCCEEDED, config_of, place_flags, print_json


def register(add: Any) -> None:
    """backup."""
    sub = add("backup", backup, "Copy a data folder; its server may run meanwhile.")
    sub.add_argument("folder", type=Path, metavar="DIR", help="where; it must not be there yet")
    place_flags(sub)


def backup(options: argparse.Namespace) -> int:
    """Copy the data folder and check the copy; 1 where it found a take damaged."""
    from secondunit.jobs.backup import backup as copied

    made = copied(config_of(options).data, options.folder.absolute())
    if options.json:
        print_json(
            {
                "folder": made.folder,
                "jobs": made.jobs,
                "takes": made.takes,
                "bytes": made.bytes,
                "damaged": list(made.damaged),
            }
        )
    else:
        size = f"{made.bytes / 1e6:.1f} MB" if made.bytes < 1e9 else f"{made.bytes / 1e9:.1f} GB"
        print(f"{made.folder}: {made.jobs} jobs, {made.takes} takes, {size}, checked")
        for one in made.damaged:
            print(f"damaged: {one}; it is made again when it is asked for", file=sys.stderr)
    return SOME_FAILED if made.damaged else SUCCEEDED
