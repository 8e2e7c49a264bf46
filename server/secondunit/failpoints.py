"""Failpoints: named places where a test kills, stalls or fails the program, to see what is left.

    SECONDUNIT_FAILPOINTS="store.commit.before=kill@3, spool.rename.after=sleep:0.5"

Each pair names a place and what happens there: `kill` (the process dies as by SIGKILL), `abort`
(it breaks down, as by a fault in a library), `stop` (as by SIGSTOP), `raise` (OSError), `full`
(OSError: no space left), `sleep:SECONDS`, `note` (nothing); `@N`: only the N-th time in a process;
`@once`: once in all processes together, those that are started after the first has died too. The
place `*` is every place that is not named itself. SECONDUNIT_FAILPOINTS_SEEN is a folder in which
each place that something happened at leaves an empty file of its name; `once` needs it. Without
the variable a place costs one look into an empty table.
"""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from secondunit.errors import Refused

VARIABLE = "SECONDUNIT_FAILPOINTS"
SEEN = "SECONDUNIT_FAILPOINTS_SEEN"
DEEDS = ("kill", "abort", "stop", "raise", "full", "sleep", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """What happens at a place."""

    does: str
    seconds: float = 0.0
    time: int = 0
    """Which passage it happens at, from 1; 0: every one."""
    once: bool = False
    """In all processes together."""


def mishaps(text: str) -> dict[str, Mishap]:
    """The table of a value of the variable. Raises Refused for one that is not understood."""
    table: dict[str, Mishap] = {}
    for pair in filter(None, (p.strip() for p in text.split(","))):
        name, _, what = pair.partition("=")
        what, _, count = what.partition("@")
        does, _, seconds = what.partition(":")
        try:
            once = count == "once"
            nth = 0 if once else int(count or 0)
            mishap = Mishap(does=does, seconds=float(seconds or 0), time=nth, once=once)
        except ValueError:
            mishap = Mishap(does="")
        if not name or mishap.does not in DEEDS:
            raise Refused.single(f"'{pair}' is no failpoint: PLACE={'|'.join(DEEDS)}", VARIABLE)
        if mishap.once and not os.environ.get(SEEN):
            raise Refused.single(f"'{pair}' needs a folder in {SEEN}", VARIABLE)
        table[name] = mishap
    return table


_TABLE = mishaps(os.environ.get(VARIABLE, ""))
_PASSED: Counter[str] = Counter()
_LOCK = threading.Lock()


def failpoint(place: str) -> None:
    """Have happen what the environment asks for at this place: nothing, outside tests."""
    if not _TABLE or (mishap := _TABLE.get(place) or _TABLE.get("*")) is None:
        return
    with _LOCK:
        _PASSED[place] += 1
        if mishap.time not in (0, _PASSED[place]):
            return
    if not _first(place) and mishap.once:
        return
    match mishap.does:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "abort":
            os.abort()
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "raise":
            raise OSError(errno.EIO, f"failpoint {place}")
        case "full":
            raise OSError(errno.ENOSPC, f"failpoint {place}")
        case "sleep":
            time.sleep(mishap.seconds)
        case _:
            return


def _first(place: str) -> bool:
    """Leave word that something happens here; False if some process did already."""
    folder = os.environ.get(SEEN)
    if not folder:
        return True
    try:
        (Path(folder) / place).touch(exist_ok=False)
    except OSError:
        return False  # it is there; or the process may write no file, and cannot promise `once`
    return True
