"""Workers: a runner for each device, over one queue."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum

from secondunit.catalog.installed import known, lacking
from secondunit.config import Config
from secondunit.errors import EngineBusy, EngineMissing, Refused
from secondunit.jobs.devices import devices
from secondunit.jobs.runner import PATIENCE, Patience, Runner, Shown
from secondunit.jobs.store import Store


class Warmth(StrEnum):
    """Whether an engine is in memory."""

    COLD = "cold"
    LOADING = "loading"
    WARM = "warm"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOnDevice:
    """An engine on one device."""

    engine: str
    device: str
    warmth: Warmth
    what: str
    """Why it cannot be loaded; empty where it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStatus:
    """A worker at this moment."""

    device: str
    engine: str
    """In memory; empty for none."""
    job: str
    """Id of the job in work; empty for none."""
    tenant: str
    """Whose job that is."""
    alive: bool
    memory_bytes: int
    """At its peak; 0 where that is not known."""


class Workers:
    """A runner for each device; safe from any thread. Implements `runner.Peers`."""

    def __init__(
        self, store: Store, config: Config, stages: str, *, patience: Patience = PATIENCE,
        shown: Shown | None = None,
    ) -> None:  # fmt: skip
        """`stages` is "module:callable" for the worker processes."""
        self._store, self._config = store, config
        self._runners = [
            Runner(
                store, config, stages, device=device, patience=patience, shown=shown, peers=self
            )
            for device in devices(config)
        ]  # fmt: skip
        self._lock = threading.Lock()
        self._yielding = ""

    @property
    def devices(self) -> tuple[str, ...]:
        """In the order of the settings."""
        return tuple(runner.device for runner in self._runners)

    def start(self) -> None:
        """Begin with whatever is queued."""
        self._sweep()
        for runner in self._runners:
            runner.start()

    def stop(self, grace: float) -> None:
        """End after at most `grace` seconds; jobs in work are queued again."""
        end = time.monotonic() + grace
        for runner in self._runners:
            runner.stop_soon(grace)
        for runner in self._runners:
            runner.stop(max(end - time.monotonic(), 0.0))

    def wake(self) -> None:
        """Something changed in the store."""
        for runner in self._runners:
            runner.wake()

    def cancel(self, id: str) -> None:
        """The owner of a running job stopped it."""
        # To all: which of them has it may change this very moment.
        for runner in self._runners:
            runner.cancel(id)

    def warm(self, engine: str) -> bool:
        """A worker has the engine in memory, so that its next job need not wait for it."""
        return any(runner.hand.alive and engine in runner.hand.engines for runner in self._runners)

    def may_give_way(self, device: str) -> bool:
        """No device is free for urgent work, and no other one gives way already."""
        with self._lock:
            if self._yielding not in ("", device):
                return False
            if any(r.job is None for r in self._runners if r.device != device):
                return False
            self._yielding = device
            return True

    def gave_way(self, device: str) -> None:
        """A device has taken another job, or there was none."""
        with self._lock:
            if self._yielding == device:
                self._yielding = ""

    def watch(self) -> None:
        """To be called every few seconds: no thread may be stuck on a worker for ever."""
        for runner in self._runners:
            runner.hand.watch()

    def status(self) -> tuple[WorkerStatus, ...]:
        """What each worker does."""
        return tuple(_status(runner) for runner in self._runners)

    def engines(self, engine: str = "", device: str = "") -> tuple[EngineOnDevice, ...]:
        """Every engine of the catalogue on every device, or those named."""
        rows = sorted(known(self._config).values(), key=lambda row: row.name != self._config.engine)
        return tuple(
            self._engine_on(row.name, runner)
            for row in rows
            for runner in self._runners
            if engine in ("", row.name) and device in ("", runner.device)
        )

    def load(self, engine: str, device: str = "") -> Sequence[Future[None]]:
        """Have an engine in memory, on one device or on all, as soon as running work allows.

        Each future is done when it is. Raises Refused for a name that is none, and EngineMissing.
        """
        meant = self._meant(engine, device)
        if why := self._missing(engine):
            raise EngineMissing(f"The engine '{engine}' cannot be loaded: {why}.")
        cold = [runner for runner in meant if engine not in runner.hand.engines]
        return [runner.hand.errand({"do": "load", "engine": engine}) for runner in cold]

    def unload(self, engine: str, device: str = "") -> Sequence[Future[None]]:
        """Free an engine's memory. Raises Refused, and EngineBusy while a job is using it."""
        meant = self._meant(engine, device)
        for runner in meant:
            if (job := runner.job) and job.engine == engine:
                raise EngineBusy(f"Job {job.id} is using '{engine}' on {runner.device}.")
        return [runner.hand.errand({"do": "unload", "engine": engine}) for runner in meant]

    def _meant(self, engine: str, device: str) -> list[Runner]:
        if engine not in known(self._config):
            names = ", ".join(known(self._config))
            raise Refused.single(f"there is no engine '{engine}'; here are {names}", "engine")
        if device not in ("", *self.devices):
            names = ", ".join(self.devices)
            raise Refused.single(f"there is no device '{device}'; here are {names}", "device")
        return [runner for runner in self._runners if device in ("", runner.device)]

    def _engine_on(self, engine: str, runner: Runner) -> EngineOnDevice:
        why = self._missing(engine)
        if why:
            warmth = Warmth.MISSING
        elif engine in runner.hand.engines:
            warmth = Warmth.WARM
        else:
            warmth = Warmth.LOADING if runner.hand.loading == engine else Warmth.COLD
        return EngineOnDevice(engine=engine, device=runner.device, warmth=warmth, what=why)

    def _missing(self, engine: str) -> str:
        """Why an engine cannot be loaded here; empty where it can."""
        row = known(self._config).get(engine)
        return "it was removed" if row is None else lacking(row, self._config)

    def _sweep(self) -> None:
        """Drop the folders of jobs that ended while nobody could."""
        for folder in (self._config.data / "jobs").glob("*"):
            if not self._store.open_job(folder.name):
                shutil.rmtree(folder, ignore_errors=True)


def _status(runner: Runner) -> WorkerStatus:
    job = runner.job  # once: the runner goes on meanwhile
    return WorkerStatus(
        device=runner.device, engine=next(iter(runner.hand.engines), ""),
        job=job.id if job else "", tenant=job.tenant if job else "", alive=runner.hand.alive,
        memory_bytes=runner.hand.memory_bytes,
    )  # fmt: skip
