"""Plans of the last minute: many jobs of one timeline cost one reading of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path

from secondunit.errors import MediaError
from secondunit.plan.planned import PlannedShots, TimelinePlan
from secondunit.plan.shot_plan import media_uses
from secondunit.timeline.read import file_of
from secondunit.timeline.sequence import is_pattern, listed

LIFE = 60.0
"""Seconds that a plan is remembered: files that were missing may have come, and say nothing."""
MOST = 8
"""Timelines."""
_RAW = 0.05
"""Seconds in which a file may be written twice and bear one time."""

Stamp = tuple[int, int, int, int]
"""Device, inode, time of the last change in ns, size."""
Read = Callable[[tuple[str, ...]], PlannedShots]
"""Plans the shots of these ids; all for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    planned: PlannedShots
    stamp: Stamp
    """Of the timeline, taken before it was read."""
    media: dict[str, tuple[tuple[Path, Stamp | None], ...]]
    """The files of each shot, as they were right after."""
    until: float


class PlanCache:
    """Remembers what planning a timeline gave as long as no file of it changes; thread-safe."""

    def __init__(self, life: float = LIFE) -> None:
        """`life`: seconds that a plan is remembered."""
        self._life = life
        self._kept: dict[Hashable, _Kept] = {}
        self._lock = threading.Lock()
        self._reading: dict[Hashable, threading.Lock] = {}

    def plan(
        self, timeline: Path, shots: tuple[str, ...], key: Hashable, read: Read
    ) -> TimelinePlan:
        """The plan of some shots of a timeline (none: of all), remembered or read now.

        `key`: all that the plan depends on beside the files. Calls for the same plan wait for the
        first of them. Raises what `read` raises; errors and faults are not remembered.
        """
        whole = (timeline, key)
        if (known := self._fresh(whole, timeline, shots)) is not None:
            return known.chosen(shots)
        with self._turn(whole):
            if (known := self._fresh(whole, timeline, shots)) is not None:
                return known.chosen(shots)
            # A second shot of the same timeline will be followed by its others.
            with self._lock:
                before = self._kept.get(whole)
            stamp = _stamp(file_of(timeline))
            again = before is not None and before.stamp == stamp
            found = read(() if again else shots)
            self._keep(whole, timeline, found, stamp)
            return found.chosen(shots)

    def _fresh(
        self, whole: Hashable, timeline: Path, shots: tuple[str, ...]
    ) -> PlannedShots | None:
        with self._lock:
            kept = self._kept.get(whole)
        if kept is None or time.monotonic() > kept.until or not kept.planned.covers(shots):
            return None
        wanted = [id for id in kept.planned.known if not shots or id in shots]
        if kept.planned.faults or any(kept.planned.shots[id].faults for id in wanted):
            return None
        if _stamp(file_of(timeline)) != kept.stamp:
            return None
        files = dict(pair for id in wanted for pair in kept.media[id])
        return kept.planned if all(_stamp(p) == s for p, s in files.items()) else None

    def _keep(
        self, whole: Hashable, timeline: Path, found: PlannedShots, stamp: Stamp | None
    ) -> None:
        if stamp is None or abs(time.time_ns() - stamp[2]) < _RAW * 1e9:
            return
        stamps: dict[Path, Stamp | None] = {}
        media = {
            id: tuple(_stamped(_files(shot.plans), stamps)) for id, shot in found.shots.items()
        }
        kept = _Kept(planned=found, stamp=stamp, media=media, until=time.monotonic() + self._life)
        with self._lock:
            self._kept.pop(whole, None)
            while len(self._kept) >= MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[whole] = kept

    def _turn(self, whole: Hashable) -> threading.Lock:
        with self._lock:
            while len(self._reading) >= 4 * MOST:
                del self._reading[next(iter(self._reading))]  # whoever holds it goes on with it
            return self._reading.setdefault(whole, threading.Lock())


def _files(plans: object) -> Iterable[Path]:
    return dict.fromkeys(media.path for media, _ in media_uses(plans))


def _stamped(
    files: Iterable[Path], stamps: dict[Path, Stamp | None]
) -> Iterable[tuple[Path, Stamp | None]]:
    for file in files:
        if file not in stamps:
            stamps[file] = _stamp(file)
        yield file, stamps[file]


def _stamp(path: Path) -> Stamp | None:
    try:
        if is_pattern(path):  # as many files as frames: any of them may change
            state = listed(path).state
            changed = max(time_ns for _, time_ns in state)
            return 0, len(state), changed, sum(size for size, _ in state)
        status = path.stat()
    except (OSError, ValueError, MediaError):
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size
