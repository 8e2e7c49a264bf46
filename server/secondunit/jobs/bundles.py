"""Unpacked bundles: dropped when nobody read them for long and no job that is kept needs them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from secondunit.timeline.formats.bundle import FOLDER

UNFINISHED = 3600.0
"""Seconds after which nobody is unpacking into a folder any more."""


def collect(data: Path, *, days: float, needed: Callable[[str], bool], now: float) -> int:
    """Drop folders that were not read for `days` (0: none); returns how many.

    `needed(name)`: a plan that is kept names the folder, so that its job, or one that repeats it,
    will read from there. Asked only of what is old. `now`: seconds since 1970. What is dropped and
    read again is unpacked again. Raises OSError.
    """
    dropped = 0
    for folder in (data / FOLDER).glob("*"):
        if folder.name.startswith("."):
            if _older(folder, now - UNFINISHED):
                shutil.rmtree(folder, ignore_errors=True)
        elif days and _older(folder, now - days * 86400) and not needed(folder.name):
            dropped += _dropped(folder, now - days * 86400)
    return dropped


def _dropped(folder: Path, before: float) -> bool:
    # By another name first: whoever finds the folder now has said so by its time before that.
    aside = folder.with_name(f".{folder.name}.old")
    folder.rename(aside)
    if not _older(aside, before):
        with suppress(OSError):  # it was unpacked anew already
            aside.rename(folder)
            return False
    shutil.rmtree(aside, ignore_errors=True)
    return True


def _older(folder: Path, before: float) -> bool:
    try:
        return folder.stat().st_mtime < before
    except OSError:
        return False
