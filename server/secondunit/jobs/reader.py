"""The server's side of reading: untrusted files are decoded in processes that may die of them."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from secondunit.catalog import installed
from secondunit.config import Config
from secondunit.errors import Draining, LimitReached, SecondUnitError
from secondunit.jobs.plan_cache import PlanCache
from secondunit.jobs.reading_child import ReadingChild
from secondunit.plan.planned import Options, PlannedShots, TimelinePlan
from secondunit.plan.shot_plan import canonical, record_of_json
from secondunit.timeline.formats.bundle import unpacked
from secondunit.timeline.shot import Edit
from secondunit.units import Rate

T = TypeVar("T")
P = ParamSpec("P")

PROCESSES = 2
"""One goes on when the other has a hard file."""
WAITING = 32
"""Calls that are read for or wait for it; more are told to come again."""


class Reader:
    """Plans and inspects in confined processes, and remembers plans for a short while.

        reader = Reader(config)
        reader.start()
        plan = reader.plan(path, Options(), config)
        reader.stop()

    Every method may be called from any thread, and waits for its answer.
    """

    def __init__(self, config: Config) -> None:
        """Starts nothing: see `start`; the first order starts what it needs too."""
        self._config = config
        limits = config.limits
        self._children = [
            ReadingChild(seconds=limits.plan_seconds, memory_mib=limits.plan_memory_mib)
            for _ in range(PROCESSES)
        ]
        # The last one back goes out first: it has the footage's tables in its memory.
        self._idle: queue.LifoQueue[ReadingChild] = queue.LifoQueue()
        for child in reversed(self._children):
            self._idle.put(child)
        self._cache = PlanCache()
        self._threads = ThreadPoolExecutor(WAITING, thread_name_prefix="reader")
        self._calls = threading.BoundedSemaphore(WAITING)
        self.readings = 0
        """Orders that went to a process; what the cache knew is not among them."""

    def start(self) -> None:
        """Start one process without waiting for it, so that the first caller need not."""
        threading.Thread(target=self._begin, daemon=True, name="reader").start()

    def stop(self) -> None:
        """End the processes; whoever waits for one of them is told that it ended."""
        for child in self._children:
            child.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _begin(self) -> None:
        # What keeps it from starting is told to the first who needs it; here it may be that it
        # was stopped before it had begun.
        with contextlib.suppress(SecondUnitError):
            self._children[0].start()

    @property
    def confined(self) -> str:
        """What the processes gave up, in words; empty before the first one was started."""
        return next((child.confined for child in self._children if child.confined), "")

    def plan(self, timeline: Path, options: Options, config: Config | None = None) -> TimelinePlan:
        """What `plan_timeline` gives; `config` in place of the reader's own.

        Raises what it raises; and Refused or MediaUnreadable for a file that the process died of,
        or was too slow or too large for, and LimitReached.
        """

        def read(shots: tuple[str, ...]) -> PlannedShots:
            found = self._ask(
                "plan", timeline, config, options=canonical(replace(options, shots=shots))
            )
            return record_of_json(PlannedShots, found, "plan")

        own = config or self._config
        key = (replace(options, shots=()), own, installed.stamp(own))
        return self._cache.plan(timeline, options.shots, key, read)

    def read(self, timeline: Path, options: Options, config: Config | None = None) -> PlannedShots:
        """What `plan_shots` gives, read now and not remembered. Raises as `plan` does."""
        found = self._ask("plan", timeline, config, options=canonical(options))
        return record_of_json(PlannedShots, found, "plan")

    def inspect(
        self, timeline: Path, config: Config | None = None, rate: Rate | None = None,
        sequence: str | None = None, drop_frame: bool | None = None,
    ) -> Edit:  # fmt: skip
        """What `find_shots` gives. Raises as `plan` does."""
        meant = _meant(rate, sequence)
        found = self._ask("inspect", timeline, config, **meant, drop_frame=drop_frame)
        return record_of_json(Edit, found, "edit")

    def check(
        self, timeline: Path, config: Config | None = None, rate: Rate | None = None,
        sequence: str | None = None,
    ) -> None:  # fmt: skip
        """Raise what `read` raises, and what `plan` does; no footage is looked at."""
        self._ask("check", timeline, config, **_meant(rate, sequence))

    def view(self, path: Path, frame: int, longest: int) -> Any:
        """What `view.view` gives of a file's frame. Raises what it raises, and as `plan` does."""
        return self._ask("view", path, None, frame=frame, longest=longest)

    async def apart(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Await a call that waits for the reader, in a thread of its own kind.

        Elsewhere calls that wait for a hard file would take the threads of all others. Raises
        LimitReached when too many wait.
        """
        if not self._calls.acquire(blocking=False):
            raise LimitReached(f"{WAITING} timelines are being read, and no more at once")
        context = contextvars.copy_context()  # says who calls
        try:
            future = self._threads.submit(context.run, call, *args, **kwargs)
        except RuntimeError as exc:
            self._calls.release()
            raise Draining("the server is about to stop") from exc
        future.add_done_callback(lambda _: self._calls.release())  # of one cancelled unbegun too
        return await asyncio.wrap_future(future)

    def _ask(self, do: str, timeline: Path, config: Config | None, **more: Any) -> Any:
        try:
            child = self._idle.get(timeout=2 * self._config.limits.plan_seconds)
        except queue.Empty:
            raise LimitReached("the processes that read timelines are busy") from None
        try:
            self.readings += 1
            if timeline.suffix.lower() == ".otioz":
                # Here, not there: the process that reads may not write.
                unpacked(timeline, (config or self._config).data)
            record = canonical(config or self._config)
            order = {"do": do, "timeline": str(timeline), "config": record, **more}
            return child.ask(order, timeline)
        finally:
            self._idle.put(child)


def _meant(rate: Rate | None, sequence: str | None) -> dict[str, Any]:
    return {"rate": None if rate is None else [rate.num, rate.den], "sequence": sequence}
