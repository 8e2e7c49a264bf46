"""The desk: where jobs are handed in, asked after, watched and stopped."""

from __future__ import annotations

import asyncio
import base64
import builtins
import logging
import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from secondunit.config import Config
from secondunit.errors import Refused, SecondUnitError, StoreError
from secondunit.jobs import bundles
from secondunit.jobs.accounts import Accounts
from secondunit.jobs.blobs import BlobStore, Digest
from secondunit.jobs.job import Event, Job, Page, Preview, Priority, Result, State
from secondunit.jobs.runner import PATIENCE, Patience
from secondunit.jobs.store import Store
from secondunit.jobs.uploads import Uploads
from secondunit.jobs.workers import Workers
from secondunit.plan.shot_plan import ShotPlan, media_uses

log = logging.getLogger(__name__)

TEND_SECONDS = 2.0
"""How often leases and hours are looked at, and writing is tried again after trouble."""
SWEEP_SECONDS = 3600.0
"""How often what is too old is forgotten."""
STAGES = "secondunit.jobs.stages:stages"
"""What the worker does its work with."""


class Desk:
    """The one way to jobs, for the network and the program alike; safe from any thread.

        desk = Desk(config)
        desk.start()
        job = desk.create(plan, request_id="...", timeline="cut.otio")
        events = await desk.wait_events(job.id, after=0, timeout=25)
        desk.stop(grace=10)

    Every method that takes an id raises JobUnknown for one that is none.
    """

    def __init__(
        self, config: Config, *, stages: str = STAGES, address: str = "",
        patience: Patience = PATIENCE, alone: bool = False,
    ) -> None:  # fmt: skip
        """Open the data folder. Raises StoreBusy, naming the owner, if another server has it.

        `alone`: for one caller, in whose own process this is; whoever waited for earlier work was
        gone with the last one. To a server callers come back, so there jobs keep their priority.
        """
        self._config = config
        self._waiting: dict[str, builtins.set[_Waiter]] = {}
        self._waiting_lock = threading.Lock()
        self._store = Store(config.data, config=config, address=address, told=self._told)
        if alone:
            try:
                self._store.calm()
            except BaseException:
                self._store.close()
                raise
        self.workers = Workers(
            self._store, config, stages, patience=patience, shown=self._shown
        )  # fmt: skip
        self.blobs = BlobStore(config)
        self.uploads = Uploads(config, self.blobs)
        self.accounts = Accounts(
            self._store, config, warm=self.workers.warm, wake=self.workers.wake
        )
        """What work will cost, has cost and may cost."""
        self._previews: dict[str, Preview] = {}
        self._stopped = False
        self._over = threading.Event()
        self._tending = threading.Thread(target=self._tend, name="tending")

    def start(self) -> None:
        """Begin to work."""
        self.workers.start()
        self._tending.start()

    def halt(self, grace: float = 10.0) -> None:
        """Work no more, within `grace` seconds: what runs is left at its step and queued again.

        All else goes on: jobs can be asked after, and watchers hear of it. Called again meanwhile,
        a smaller grace is the one that counts.
        """
        self.workers.stop(grace)

    def stop(self, grace: float = 10.0) -> None:
        """Stop working within `grace` seconds and close; a running job is queued again."""
        if self._stopped:
            return
        self._stopped = True
        self._over.set()
        if self._tending.is_alive():
            self._tending.join()
        self.workers.stop(grace)
        self._store.close()
        self.rouse()

    def rouse(self) -> None:
        """Have whoever waits for events look up: something changed that is no event."""
        with self._waiting_lock:
            waiters = [w for ws in self._waiting.values() for w in ws]
        for waiter in waiters:
            waiter.wake()

    def announce(self, address: str) -> None:
        """Leave the server's address for whoever finds the data folder busy."""
        self._store.announce(address)

    def create(
        self, plan: ShotPlan, *, request_id: str, timeline: str,
        priority: Priority = Priority.NORMAL, project: str = "", user: str = "",
        tenant: str = "", off_peak: bool = False,
        request: str = "", limited: bool = False,
    ) -> Job:  # fmt: skip
        """A job, written to disk; the earlier one if this request was sent before.

        A take that exists is handed over at once (`reused`); one that is being made is waited
        for. `request`: a hash of all that was asked, by default made of the plan. `limited`: the
        caller may have `limits.open_jobs` at once. Raises Conflict if the request_id stood for
        another request of this user, LimitReached, and StoreFull.
        """
        job = self._store.create(
            plan, request_id=request_id, timeline=timeline, priority=priority,
            project=project, user=user, tenant=tenant, off_peak=off_peak,
            estimate=self.accounts.estimates([plan])[0], request=request, limited=limited,
        )  # fmt: skip
        self.workers.wake()
        return job

    def repeated(
        self, request_id: str, *, request: str, user: str = "", tenant: str = ""
    ) -> Job | None:
        """The job that this request made before; None if it is new. Raises Conflict."""
        return self._store.repeated(request_id, request=request, user=user, tenant=tenant)

    def get(self, id: str) -> Job:
        """The job as it stands."""
        return self._store.get(id)

    def plan(self, id: str) -> ShotPlan:
        """What was asked."""
        return self._store.plan(id)

    def result(self, id: str) -> Result | None:
        """The take; None unless the job succeeded."""
        return self._store.result(id)

    def give(self, tenant: str, result: Result) -> None:
        """Let a tenant whose job made this take read its files as blobs; a sequence is no file."""
        for made, file in ((result.clip, result.file), (result.record, result.sidecar)):
            if made is not None and not file.is_dir():
                self.blobs.grant(tenant, Digest(sha256=made.sha256, size=made.bytes), file)

    def collect(self) -> int:
        """Drop blobs, uploads and unpacked bundles that are no longer needed; returns how many.

        Raises StoreError.
        """
        try:
            old = bundles.collect(
                self._config.data, days=self._config.retention.bundle_days,
                needed=self._store.names, now=time.time(),
            )  # fmt: skip
            return old + self.uploads.collect() + self.blobs.collect(self._media_of_open_jobs)
        except OSError as exc:
            raise StoreError(f"what is too old cannot be dropped: {exc}") from exc

    def _media_of_open_jobs(self) -> builtins.set[Path]:
        files: builtins.set[Path] = set()
        open_states, token = [state for state in State if not state.final], ""
        while True:
            page = self._store.page(states=open_states, size=500, token=token)
            for job in page.jobs:
                with suppress(Refused):  # a plan that nobody can read any more will read no file
                    files |= {media.path for media, _ in media_uses(self._store.plan(job.id))}
            if not (token := page.next_token):
                return files

    def cancel(self, id: str) -> Job:
        """Stop a job: within a step of its work. A job that ended stays as it is.

        Until its worker has confirmed, the job returned is running and `cancelling`.
        """
        job = self._store.cancel(id)
        if job.state.final:
            shutil.rmtree(self._config.data / "jobs" / id, ignore_errors=True)
            self.workers.wake()  # another job may have waited for this one
        else:
            self.workers.cancel(id)
        return job

    def delete(self, id: str) -> None:
        """Forget a job that ended; its take stays. Raises JobOpen."""
        self._store.delete(id)
        shutil.rmtree(self._config.data / "jobs" / id, ignore_errors=True)

    @property
    def trouble(self) -> str:
        """Why no job is taken just now, and what mends it; empty when all is well."""
        return self._store.trouble

    def counts(self) -> Mapping[State, int]:
        """How many jobs are in each of the states that are not final."""
        return self._store.counts()

    def events(self, id: str, after: int = 0, limit: int = 100) -> tuple[Event, ...]:
        """What happened after event number `after`, in order, at most `limit`.

        Raises EventsGone if some of it is no longer kept.
        """
        return self._store.events(id, after, limit)

    async def wait_events(
        self,
        id: str,
        after: int = 0,
        timeout: float = 25.0,  # noqa: ASYNC109 - none is an answer here, not an error
        limit: int = 100,
        after_preview: int | None = None,
    ) -> tuple[Event, ...]:
        """The same, but waits up to `timeout` seconds for the first; empty if none came.

        Also returns, empty, when the desk stops or rouses whoever waits; and when there is a
        preview with a number greater than `after_preview`, where that is given.
        """
        waiter = _Waiter(asyncio.get_running_loop(), previews=after_preview is not None)
        with self._waiting_lock:
            self._waiting.setdefault(id, set()).add(waiter)
        try:
            if found := self._store.events(id, after, limit):
                return found
            if after_preview is not None and self.preview(id, after_preview):
                return ()
            try:
                async with asyncio.timeout(timeout):  # no task of its own: it happens at each event
                    await waiter.woken.wait()
            except TimeoutError:
                return ()
            return () if self._stopped else self._store.events(id, after, limit)
        finally:
            with self._waiting_lock:
                waiters = self._waiting[id]
                waiters.discard(waiter)
                if not waiters:
                    del self._waiting[id]

    def list(
        self, *, states: Sequence[State] = (), tenant: str | None = None,
        project: str | None = None, user: str | None = None, timeline: str | None = None,
        shot: str | None = None, since: datetime | None = None, until: datetime | None = None,
        page_size: int = 50, page_token: str = "",
    ) -> Page:  # fmt: skip
        """A page of jobs, newest first, of those accepted from `since` on and before `until`.

        Raises Refused for a token that no page gave.
        """
        return self._store.page(
            states=states, tenant=tenant, project=project, user=user, timeline=timeline,
            shot=shot, since=since, until=until, size=page_size, token=page_token,
        )  # fmt: skip

    def preview(self, id: str, after: int = 0) -> Preview | None:
        """The newest picture of a job in work, if its number is greater than `after`."""
        newest = self._previews.get(id)
        return newest if newest and newest.number > after else None

    def _tend(self) -> None:
        swept, trouble, last = time.monotonic(), "", time.monotonic()
        while not self._over.wait(TEND_SECONDS):
            late, last = time.monotonic() - last - TEND_SECONDS, time.monotonic()
            if late > self._config.schedule.lease_seconds / 2:
                continue  # this process was held: its workers are heard first
            self.workers.watch()
            try:
                if self._store.tend():
                    self.workers.wake()
                if time.monotonic() - swept > SWEEP_SECONDS:
                    swept = time.monotonic()
                    self._store.sweep()
                    self.collect()
                trouble = ""
            except SecondUnitError as exc:
                if str(exc) != trouble:  # once, not at every try
                    log.warning("the store has trouble: %s", exc)
                trouble = str(exc)

    def _shown(self, id: str, message: Mapping[str, Any] | None) -> None:
        # In memory alone: a picture of work in progress is worth nothing after a crash.
        if message is None:
            self._previews.pop(id, None)
            return
        now = datetime.now(UTC)
        before = self._previews.get(id)
        # By the clock, so that the numbers go on rising when a server takes the job up again.
        number = max(int(now.timestamp() * 1000), before.number + 1 if before else 0)
        self._previews[id] = Preview(
            number=number, time=now, frame=message["frame"], rough=message["rough"],
            jpeg=base64.b64decode(message["jpeg"]),
        )  # fmt: skip
        self._wake(id, previews=True)

    def _told(self, id: str, sequence: int) -> None:
        self._wake(id)

    def _wake(self, id: str, *, previews: bool = False) -> None:
        with self._waiting_lock:
            waiters = tuple(self._waiting.get(id, ()))
        for waiter in waiters:
            if waiter.previews or not previews:
                waiter.wake()


class _Waiter:
    """A coroutine that waits for events, woken from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, previews: bool = False) -> None:
        self._loop = loop
        self.previews = previews
        self.woken = asyncio.Event()

    def wake(self) -> None:
        """Let it look again."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.woken.set)
