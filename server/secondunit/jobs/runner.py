"""The runner: takes the next job, has a worker do its stages, remembers after each."""

from __future__ import annotations

import logging
import queue
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from secondunit.config import Config
from secondunit.errors import SecondUnitError, WorkerLost
from secondunit.jobs.child import Child
from secondunit.jobs.job import Checkpoint, Job, JobError, Lease, Priority, Result, Stage
from secondunit.jobs.store import Store
from secondunit.plan.shot_plan import canonical, record_of_json

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the runner waits for its worker, in seconds."""

    confirm: float = 5.0
    """From the order to stop to the worker's word; then it is killed."""
    silence: float = 60.0
    """Without a heartbeat; then it is taken for dead."""
    mishap: float = 2.0
    """After the store failed (disk full), before the next try."""


PATIENCE = Patience()

Shown = Callable[[str, Mapping[str, Any] | None], None]
"""(job, the worker's message of a picture); None: the job has ended, none is of use any more."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a stage ended."""

    how: str
    """done, failed, halted or lost."""
    payload: Any = None
    seconds: float = 0.0


class Runner:
    """One thread and one worker: one job at a time."""

    def __init__(
        self, store: Store, config: Config, stages: str, *, patience: Patience = PATIENCE,
        shown: Shown | None = None,
    ) -> None:  # fmt: skip
        """`stages` is "module:callable" for the worker; `shown` is told of its pictures."""
        self._shown = shown
        self._store, self._config, self._factory = store, config, stages
        self._patience = patience
        self._inbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name="runner")
        self._stopping = threading.Event()
        self._stop_by = 0.0
        self._cancelling: set[str] = set()
        self._child: Child | None = None

    def start(self) -> None:
        """Begin with whatever is queued."""
        self._sweep()
        self._thread.start()

    def stop(self, grace: float) -> None:
        """End after at most `grace` seconds; the job in work is queued again."""
        self._stop_by = time.monotonic() + grace
        self._stopping.set()
        self.wake()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self) -> None:
        """Something changed in the store."""
        self._inbox.put({"is": "wake"})

    def cancel(self, id: str) -> None:
        """The owner of a running job stopped it."""
        self._cancelling.add(id)
        self.wake()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                job = self._store.claim()
                if job is None:
                    self._hear(None)
                    continue
                self._drive(job)
            except Exception:
                log.exception("the runner failed; it begins again")
                self._begin_again()
        if self._child:
            self._child.end(max(self._stop_by - time.monotonic(), 0.2))

    def _begin_again(self) -> None:
        """After a full disk, say: nothing runs any more, so no job may say that it does."""
        if self._child:
            self._child.kill()
            self._child = None
        self._stopping.wait(self._patience.mishap)
        try:
            self._store.recover("The server had to begin again.")
        except SecondUnitError:
            log.exception("the store still fails")

    def _drive(self, job: Job) -> None:
        lease = Lease(job=job.id, attempt=job.attempt)
        folder = self._folder(job.id)
        done = self._done(job.id, folder)
        try:
            plan = canonical(self._store.plan(job.id))
        except SecondUnitError as exc:
            self._store.fail(lease, JobError.of(exc))
            return
        for stage in list(Stage)[len(done) :]:
            ended = self._stage(job, stage, {
                "do": "run", "job": str(folder), "data": str(self._config.data),
                "stage": stage, "attempt": job.attempt, "plan": plan,
                "config": canonical(self._config), "done": canonical(done),
            })  # fmt: skip
            if ended.how != "done":
                self._give_up(job, lease, ended)
                break
            point = Checkpoint(
                stage=stage, attempt=job.attempt, seconds=ended.seconds, payload=ended.payload
            )
            if not self._store.checkpoint(lease, point):
                break
            done.append(point)
        else:
            self._publish(lease, job, done)
        if self._store.get(job.id).state.final:
            self._cancelling.discard(job.id)
            if self._shown:
                self._shown(job.id, None)
            shutil.rmtree(folder, ignore_errors=True)

    def _publish(self, lease: Lease, job: Job, done: list[Checkpoint]) -> None:
        try:
            result = record_of_json(Result, done[-1].payload, "result")
        except SecondUnitError as exc:
            self._store.fail(lease, JobError.of(exc))
            return
        timings = {str(c.stage): round(c.seconds, 3) for c in done}
        if not self._store.finish(lease, replace(result, timings=timings)):
            self._store.cancelled(lease)

    def _give_up(self, job: Job, lease: Lease, ended: _Ended) -> None:
        if self._store.get(job.id).cancelling:
            self._store.cancelled(lease)
        elif ended.how == "failed":
            self._store.fail(lease, record_of_json(JobError, ended.payload, "error"))
        elif ended.how == "halted":
            self._store.requeue(lease, str(ended.payload))
        elif job.losses + 1 < self._config.max_attempts:
            self._store.requeue(lease, str(ended.payload), lost=True)
        else:
            text = f"{ended.payload} {self._config.max_attempts} times; see worker.log."
            self._store.fail(lease, JobError.of(WorkerLost(text)))

    def _stage(self, job: Job, stage: Stage, order: dict[str, Any]) -> _Ended:
        """Have the worker do one stage, and listen until it ends one way or another."""
        if why := self._reason_to_halt(job):
            return _Ended("halted", why)
        lease, began = Lease(job=job.id, attempt=job.attempt), time.monotonic()
        child = self._ready()
        ref = child.order(order)
        heard, asked, why, last = began, None, "", None
        while True:
            message = self._hear(0.25 if asked or last else 1.0)
            now = time.monotonic()
            if message and message.get("from") is child:
                heard = now
                self._store.renew(lease)
                match message["is"]:
                    case "preview" if self._shown:
                        self._shown(job.id, message)
                    case "progress":
                        last = (message["doing"], message["step"], message["steps"])
                    case "gone":
                        return self._lost(f"The worker ended ({child.kill()}) in {stage}")
                    case "done" | "failed" | "halted" if message["ref"] == ref:
                        if message["is"] == "halted":
                            return _Ended("halted", why)
                        payload = message.get("payload", message.get("error"))
                        return _Ended(message["is"], payload, now - began)
            if last and self._store.progress(lease, stage, *last):
                last = None
            if asked is None and (why := self._reason_to_halt(job)):
                child.halt()
                asked = now
            if asked and now > self._deadline(asked):
                child.kill()
                self._child = None
                return _Ended("halted", why)
            if now - heard > self._patience.silence:
                child.kill()
                return self._lost(f"The worker went silent in {stage}")

    def _reason_to_halt(self, job: Job) -> str:
        if job.id in self._cancelling or job.cancelling:
            return "Stopped by its owner."
        if self._stopping.is_set():
            return "The server is stopping."
        if job.priority is Priority.BATCH and self._store.more_urgent(job.priority):
            return "Gives way to more urgent work."
        return ""

    def _deadline(self, asked: float) -> float:
        patient = asked + self._patience.confirm
        return min(patient, self._stop_by) if self._stopping.is_set() else patient

    def _lost(self, what: str) -> _Ended:
        self._child = None
        return _Ended("lost", what)

    def _ready(self) -> Child:
        if self._child is None or not self._child.alive:
            self._child = Child(self._factory, self._config.data, self._inbox)
        return self._child

    def _hear(self, seconds: float | None) -> dict[str, Any] | None:
        try:
            return self._inbox.get(timeout=seconds)
        except queue.Empty:
            return None

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

    def _sweep(self) -> None:
        """Drop the folders of jobs that ended while nobody could."""
        for folder in (self._config.data / "jobs").glob("*"):
            if not self._store.open_job(folder.name):
                shutil.rmtree(folder, ignore_errors=True)
