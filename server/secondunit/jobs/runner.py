"""The runner: takes the next job, has a device's worker do its stages, remembers after each."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from secondunit import logs
from secondunit.config import Config
from secondunit.errors import EngineMemory, SecondUnitError, WorkerLost
from secondunit.jobs.child import log_name
from secondunit.jobs.devices import CPU, kind_of
from secondunit.jobs.hand import Hand
from secondunit.jobs.job import (
    Checkpoint,
    Job,
    JobError,
    Lease,
    Priority,
    Renewal,
    Result,
    Stage,
)
from secondunit.jobs.memory import fitting, smallest
from secondunit.jobs.store import Store
from secondunit.plan.shot_plan import ShotPlan, canonical, record_of_json

log = logging.getLogger(__name__)

RENEWALS = 6
"""So often within a lease a worker's heartbeat is brought to the store: each is a write to disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the runner waits for its worker, in seconds."""

    confirm: float = 5.0
    """From the order to stop to the worker's word; then it is killed."""
    silence: float | None = None
    """Without a heartbeat; then it is taken for dead. None: as long as its lease runs."""
    mishap: float = 2.0
    """After the store failed (disk full), before the next try."""


PATIENCE = Patience()

Shown = Callable[[str, Mapping[str, Any] | None], None]
"""(job, the worker's message of a picture); None: the job has ended, none is of use any more."""


class Peers(Protocol):
    """What a runner wants to know of the others that take from the same queue."""

    def may_give_way(self, device: str) -> bool:
        """Urgent work waits, no device is free for it, and no other one gives way already."""
        ...

    def gave_way(self, device: str) -> None:
        """It has taken another job, or there was none."""
        ...


class Alone:
    """A runner without others; implements `Peers`."""

    def may_give_way(self, device: str) -> bool:
        """Nobody else would."""
        return True

    def gave_way(self, device: str) -> None:
        """Nobody asks."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """How an order ended."""

    how: str
    """done, failed, halted, lost, or fenced: the job is another's by now."""
    payload: Any = None
    seconds: float = 0.0
    spent: bool = False
    """The worker is to be replaced."""


class Runner:
    """One thread, one worker and one device: one job at a time."""

    def __init__(
        self, store: Store, config: Config, stages: str, *, device: str = CPU,
        patience: Patience = PATIENCE, shown: Shown | None = None, peers: Peers | None = None,
    ) -> None:  # fmt: skip
        """`stages` is "module:callable" for the worker; `shown` is told of its pictures."""
        self.device = device
        self._shown = shown
        self._store, self._config = store, config
        self._patience, self._peers = patience, peers or Alone()
        self._thread = threading.Thread(target=self._loop, name=f"runner-{device}")
        self._stopping = threading.Event()
        self._stop_by = 0.0
        self._cancelling: set[str] = set()
        self.job: Job | None = None
        """That it has in work."""
        silence = self._patience.silence
        self.hand = Hand(
            stages, config, device, config.schedule.lease_seconds if silence is None else silence
        )
        """Its worker."""

    def start(self) -> None:
        """Begin with whatever is queued."""
        self._thread.start()

    def stop(self, grace: float) -> None:
        """End after at most `grace` seconds; the job in work is queued again."""
        self.stop_soon(grace)
        if self._thread.is_alive():
            self._thread.join()

    def stop_soon(self, grace: float) -> None:
        """The same, without waiting for it."""
        self._stop_by = time.monotonic() + grace
        self._stopping.set()
        self.wake()

    def wake(self) -> None:
        """Something changed in the store."""
        self.hand.wake()

    def cancel(self, id: str) -> None:
        """The owner of a running job, maybe another runner's, stopped it."""
        self._cancelling.add(id)
        self.wake()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                self.hand.run_errands(self._stopping)
                # What was stopped before this was not, and is not going to be, claimed here.
                self._cancelling.clear()
                self.job = self._store.claim(self.device, self.device, warm=self.hand.engines)
                self._peers.gave_way(self.device)
                logs.bind(device=self.device, job=self.job.id if self.job else None)
                if self.job is None:
                    self.hand.idle()
                    continue
                self._drive(self.job)
            except Exception:
                log.exception("the runner of %s failed; it begins again", self.device)
                self._begin_again()
            self.job = None
        self.hand.end(max(self._stop_by - time.monotonic(), 0.2))

    def _begin_again(self) -> None:
        """After a full disk, say: nothing runs here any more, so no job may say that it does."""
        self.hand.drop()
        job = self.job
        while not self._stopping.wait(self._patience.mishap) and job:
            try:
                lease = Lease(job=job.id, attempt=job.attempt)
                self._store.requeue(lease, "The server had to begin again.")
            except SecondUnitError:
                log.exception("the store still fails")
            else:
                return

    def _drive(self, job: Job) -> None:
        lease = Lease(job=job.id, attempt=job.attempt)
        folder = self._folder(job.id)
        done = self._done(job.id, folder)
        try:
            plan = self._store.plan(job.id)
        except SecondUnitError as exc:
            self._store.fail(lease, JobError.of(exc))
            return
        whole, memory_plan = canonical(plan), job.memory_plan
        for stage in list(Stage)[len(done) :]:
            if stage is Stage.ENGINE:
                try:
                    memory_plan = fitting(plan, self._config, self.device, memory_plan)
                except EngineMemory as exc:
                    self._store.fail(lease, JobError.of(exc))
                    break
            ended = self._stage(job, stage, {
                "do": "run", "job": str(folder), "data": str(self._config.data),
                "stage": stage, "attempt": job.attempt, "plan": whole,
                "config": canonical(self._config), "done": canonical(done),
                "device": kind_of(self.device), "memory_plan": memory_plan,
            })  # fmt: skip
            if ended.how != "done":
                self._give_up(job, lease, ended)
                break
            point = Checkpoint(
                stage=stage, attempt=job.attempt, seconds=ended.seconds, payload=ended.payload
            )
            if not self._store.checkpoint(lease, point):
                self.hand.drop()
                break
            done.append(point)
        else:
            self._publish(lease, job, done)
        self._tidy(job, plan, folder)

    def _publish(self, lease: Lease, job: Job, done: list[Checkpoint]) -> None:
        try:
            result = record_of_json(Result, done[-1].payload, "result")
        except SecondUnitError as exc:
            self._store.fail(lease, JobError.of(exc))
            return
        timings = {str(c.stage): round(c.seconds, 3) for c in done}
        if not self._store.finish(lease, replace(result, timings=timings)):
            self._store.cancelled(lease)

    def _tidy(self, job: Job, plan: ShotPlan, folder: Path) -> None:
        if not self._store.get(job.id).state.final:
            return
        if self._shown:
            self._shown(job.id, None)
        shutil.rmtree(folder, ignore_errors=True)
        # Of a take that was being published when its worker was killed.
        for leftover in (self._config.data / "takes").glob(f".{plan.digest}.*.new"):
            shutil.rmtree(leftover, ignore_errors=True)

    def _give_up(self, job: Job, lease: Lease, ended: _Ended) -> None:
        now = self._store.get(job.id)
        if ended.spent or ended.how == "fenced":
            self.hand.drop()
        if ended.how == "fenced":
            log.warning("job %s went on without %s", job.id, self.device)
        elif now.cancelling:
            self._store.cancelled(lease)
        elif ended.how == "failed":
            error = record_of_json(JobError, ended.payload, "error")
            if ended.spent and job.memory_plan < smallest(job.engine, self._config):
                text = "The device failed it; it is tried once more with less memory."
                self._store.requeue(lease, text, smaller=True)
            else:
                self._store.fail(lease, error)
        elif ended.how == "halted":
            self._store.requeue(lease, str(ended.payload))
        elif now.losses + 1 < self._config.max_attempts:
            # Twice in one place may be the kernel's own remedy for too little memory.
            last = smallest(job.engine, self._config)
            smaller = now.losses > 0 and job.memory_plan < last
            self._store.requeue(lease, str(ended.payload), lost=True, smaller=smaller)
        else:
            text = f"{ended.payload} {self._config.max_attempts} times; see "
            self._store.fail(lease, JobError.of(WorkerLost(f"{text}{log_name(self.device)}.")))

    def _stage(self, job: Job, stage: Stage, order: dict[str, Any]) -> _Ended:
        """Have the worker do one stage, and listen until it ends one way or another."""
        if why := self._reason_to_halt(job):
            return _Ended("halted", why)
        lease, began = Lease(job=job.id, attempt=job.attempt), time.monotonic()
        child = self.hand.ready()
        ref = child.order(order)
        asked, renewed, gained, why, last = None, began, False, "", None
        while True:
            message = self.hand.hear(0.25 if asked or last else 1.0)
            now = time.monotonic()
            if message and "from" in message:
                match message["is"]:
                    case "preview" if self._shown:
                        self._shown(job.id, message)
                    case "progress":
                        last = (message["doing"], message["step"], message["steps"])
                    case "kept" if not gained:
                        gained = self._gained(lease)
                    case "gone":
                        return _Ended("lost", f"The worker ended ({self.hand.drop()}) in {stage}")
                    case "done" | "failed" | "halted" if message["ref"] == ref:
                        if message["is"] == "halted":
                            return _Ended("halted", why)
                        payload = message.get("payload", message.get("error"))
                        spent = message.get("spent", False)
                        return _Ended(message["is"], payload, now - began, spent)
                # The lease is the worker's own: it runs on only while something is heard of it.
                if now - renewed >= self._config.schedule.lease_seconds / RENEWALS:
                    renewed = now
                    if self._renewal(lease) is Renewal.LOST:
                        return _Ended("fenced")
            if last and self._store.progress(lease, stage, *last):
                last = None
            if asked is None and (why := self._reason_to_halt(job)):
                child.halt()
                asked = now
            if asked and now > self._deadline(asked):
                self.hand.drop()
                return _Ended("halted", why)
            if self.hand.silent:
                self.hand.drop()
                return _Ended("lost", f"The worker went silent in {stage}")

    def _renewal(self, lease: Lease) -> Renewal:
        try:
            answer = self._store.renew(lease)
        except SecondUnitError:
            log.exception("the lease of %s cannot be renewed", lease.job)
            return Renewal.HELD  # nobody else can take it either
        if answer is Renewal.CANCELLING:
            self._cancelling.add(lease.job)
        return answer

    def _gained(self, lease: Lease) -> bool:
        with suppress(SecondUnitError):  # it is only counted, and there will be another
            return self._store.gained(lease)
        return False

    def _reason_to_halt(self, job: Job) -> str:
        if job.id in self._cancelling or job.cancelling:
            return "Stopped by its owner."
        if self._stopping.is_set():
            return "The server is stopping."
        if job.priority is Priority.BATCH and self._store.more_urgent(job.priority):
            return "Gives way to more urgent work." if self._peers.may_give_way(self.device) else ""
        return ""

    def _deadline(self, asked: float) -> float:
        patient = asked + self._patience.confirm
        return min(patient, self._stop_by) if self._stopping.is_set() else patient

    def _done(self, id: str, folder: Path) -> list[Checkpoint]:
        """The checkpoints whose files are still there, without a hole."""
        kept: list[Checkpoint] = []
        for stage, point in zip(Stage, self._store.checkpoints(id), strict=False):
            if point.stage is not stage or not point.folder(folder).is_dir():
                break
            kept.append(point)
        return kept

    def _folder(self, id: str) -> Path:
        return self._config.data / "jobs" / id
