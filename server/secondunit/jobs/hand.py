"""The worker of one device as its runner knows it: hired when needed, heard, replaced."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from secondunit.config import Config
from secondunit.errors import SecondUnitError, WorkerLost
from secondunit.jobs.child import Child
from secondunit.jobs.devices import kind_of
from secondunit.plan.shot_plan import canonical

log = logging.getLogger(__name__)

SLEPT = 5.0
"""Seconds by which a wait may outlast its time; beyond that it is this process that was held."""


@dataclass(frozen=True, slots=True)
class _Errand:
    """Something to be done between two jobs, for somebody who waits."""

    order: Mapping[str, Any]
    answer: Future[None]


class Hand:
    """Starts a worker process when there is work for it; one thread gives it orders."""

    def __init__(self, factory: str, config: Config, device: str, silence: float) -> None:
        """`factory` is "module:callable"; `silence`: seconds without a word until it is dead."""
        self.device, self.silence = device, silence
        self._factory, self._config = factory, config
        self._inbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._errands: queue.SimpleQueue[_Errand] = queue.SimpleQueue()
        self._child: Child | None = None
        self.engines: tuple[str, ...] = ()
        """In the worker's memory, as far as it said."""
        self.loading = ""
        """The engine that is being loaded before it is needed."""
        self.memory_bytes = 0
        """Of the worker at its peak; 0 where that is not known."""
        self._heard = time.monotonic()

    @property
    def alive(self) -> bool:
        """The process runs."""
        child = self._child
        return child is not None and child.alive

    @property
    def silent(self) -> bool:
        """Nothing was heard of the worker for so long that it is taken for dead."""
        return time.monotonic() - self._heard > self.silence

    def wake(self) -> None:
        """Have `hear` return; safe from any thread, as `errand` and `watch` are."""
        self._inbox.put({"is": "wake"})

    def errand(self, order: Mapping[str, Any]) -> Future[None]:
        """Have the worker do something before the next job; work that runs goes first."""
        answer: Future[None] = Future()
        self._errands.put(_Errand(order, answer))
        self.wake()
        return answer

    def watch(self) -> None:
        """Kill a worker that is silent for so long that the runner seems to be stuck on it."""
        child = self._child
        if child and child.alive and time.monotonic() - child.heard > 2 * self.silence:
            log.error("the worker of %s is stuck; it is killed", self.device)
            child.kill()

    def ready(self) -> Child:
        """The worker, a new one if need be."""
        if self._child is None or not self._child.alive:
            self.forget()
            self._child = Child(self._factory, self._config.data, self._inbox, self.device)
        self._heard = time.monotonic()
        return self._child

    def hear(self, seconds: float | None) -> dict[str, Any] | None:
        """What the worker says next, or a wake; None if nothing came, or from an old worker."""
        began = time.monotonic()
        try:
            message = self._inbox.get(timeout=seconds)
        except queue.Empty:
            if time.monotonic() - began > (seconds or 0) + SLEPT:
                self._heard = time.monotonic()
            return None
        if message.get("from", self._child) is not self._child:
            return None
        if "from" in message:
            self._heard = time.monotonic()
        if "engines" in message:
            self.engines = tuple(message["engines"])
        self.memory_bytes = message.get("memory", self.memory_bytes)
        return message

    def idle(self) -> None:
        """Wait until something may have changed; an idle worker's heartbeats count as that."""
        message = self.hear(None)
        if message and message["is"] == "gone":
            self.forget()

    def drop(self) -> str:
        """Kill the worker, if there is one; says how it ended."""
        how = self._child.kill() if self._child else ""
        self.forget()
        return how

    def forget(self) -> None:
        """There is no worker any more."""
        self._child, self.engines, self.memory_bytes = None, (), 0

    def end(self, seconds: float) -> None:
        """Ask the worker to exit, and kill it if it does not in time."""
        while not self._errands.empty():
            self._errands.get().answer.set_exception(WorkerLost("The server is stopping."))
        if self._child:
            self._child.end(seconds)

    def run_errands(self, stopping: threading.Event) -> None:
        """Have done what was asked for meanwhile; what goes wrong is said to who asked for it."""
        while not self._errands.empty():
            errand = self._errands.get()
            if not errand.answer.set_running_or_notify_cancel():
                continue  # whoever waited for it does no more
            loads = errand.order["do"] == "load"
            self.loading = errand.order["engine"] if loads else ""
            try:
                if loads or self.alive:
                    self._run(errand.order, stopping)
            except SecondUnitError as exc:
                errand.answer.set_exception(exc)
            except BaseException as exc:
                errand.answer.set_exception(exc)
                raise
            else:
                errand.answer.set_result(None)
            finally:
                self.loading = ""

    def _run(self, order: Mapping[str, Any], stopping: threading.Event) -> None:
        """Raises what the worker said, or WorkerLost."""
        child = self.ready()
        config = canonical(self._config)
        ref = child.order({**order, "config": config, "device": kind_of(self.device)})
        while not stopping.is_set():
            message = self.hear(1.0)
            if message and "from" in message:
                if message["is"] == "gone":
                    raise WorkerLost(f"The worker ended ({self.drop()}).")
                if message.get("ref") == ref:
                    if message["is"] == "done":
                        return
                    if message.get("spent"):
                        self.drop()
                    raise _raised(message["error"])
            if self.silent:
                self.drop()
                raise WorkerLost("The worker went silent.")
        self.drop()
        raise WorkerLost("The server is stopping.")


def _raised(record: Mapping[str, Any]) -> SecondUnitError:
    """The error that a worker told of, as the class it was."""
    classes = {cls.code: cls for cls in _tree(SecondUnitError)}
    return classes.get(record["code"], SecondUnitError)(record["message"])


def _tree(root: type[SecondUnitError]) -> list[type[SecondUnitError]]:
    return [root, *(cls for child in root.__subclasses__() for cls in _tree(child))]
