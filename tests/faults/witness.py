"""A caller who never gives up, and writes down every answer for the model of histories."""

from __future__ import annotations

import hashlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, cast

import grpc
from secondunit.v1 import jobs_pb2 as pb
from secondunit.v1 import shots_pb2
from secondunit.v1.jobs_pb2_grpc import JobServiceStub
from secondunit.v1.units_pb2 import Digest
from secondunit_client import Connection, UnitError, state_name

from tests.faults.history import (
    FINAL,
    Accepted,
    Event,
    Forgotten,
    Found,
    History,
    Kept,
    Looked,
    Stopped,
    Stored,
    Watched,
)
from tests.faults.service import PATIENCE

Answer = TypeVar("Answer")
OPTIONS: list[tuple[str, int]] = [
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 100),  # the server is away often, and never for long
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
]
AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
"""What a call ends with when its server dies."""


class Witness:
    """Calls one server, whatever dies meanwhile. A thread for each watch, one for the rest."""

    def __init__(self, address: str, history: History, *, patience: float = PATIENCE) -> None:
        self.history = history
        self.newest: dict[str, int] = {}
        """The last event that is known of each job."""
        self._patience = patience
        self._channel = grpc.insecure_channel(address, options=OPTIONS)
        self._stub = JobServiceStub(self._channel)
        self._unit = Connection(address, patience=patience)
        self._blobs: dict[str, Digest] = {}
        self._watches: dict[str, threading.Thread] = {}
        self._over = threading.Event()
        self._trouble: list[BaseException] = []

    @contextmanager
    def there(self) -> Iterator[Witness]:
        """Until the end of the block; watches that still run are ended then."""
        try:
            yield self
        finally:
            self._over.set()
            self._channel.close()
            self._unit.close()
            for thread in self._watches.values():
                thread.join()

    def create(
        self, request_id: str, shot: shots_pb2.ShotRequest,
        priority: pb.Priority = pb.PRIORITY_NORMAL,
    ) -> str:  # fmt: skip
        """Ask until there is an answer, always under the same name; the job's id."""
        request = pb.CreateJobRequest(
            request_id=request_id, shot=pb.RequestTake(request=shot), priority=priority
        )
        job = self._insist(lambda: self._stub.CreateJob(request, timeout=PATIENCE).job)
        self.history.add(Accepted(request_id, job.id))
        return job.id

    def look(self, id: str) -> pb.Job:
        """The job as it stands."""
        request = pb.GetJobRequest(job_id=id)
        job = self._insist(lambda: self._stub.GetJob(request, timeout=10).job)
        self.history.add(Looked(id, state_name(job.state), job.sequence))
        self.newest[id] = max(job.sequence, self.newest.get(id, 0))
        return job

    def cancel(self, id: str) -> pb.Job:
        """Stop a job; the answer is written down only if there is one."""
        request = pb.CancelJobRequest(job_id=id)
        job = self._insist(lambda: self._stub.CancelJob(request, timeout=10).job)
        self.history.add(Stopped(id, state_name(job.state), job.cancelling))
        return job

    def delete(self, id: str) -> None:
        """Have a job that ended forgotten; "unknown" is an answer too, to who asks again."""
        self._joined(id)
        try:
            self._insist(lambda: self._stub.DeleteJob(pb.DeleteJobRequest(job_id=id), timeout=10))
        except grpc.RpcError as exc:
            if _code(exc) is not grpc.StatusCode.NOT_FOUND:
                raise
        self.history.add(Forgotten(id))

    def watch(self, id: str, after: int = 0) -> None:
        """Follow a job in a thread of its own, over as many streams as it needs."""
        thread = threading.Thread(target=self._follow, args=(id, after), name=f"watch-{id}")
        self._watches[id] = thread
        thread.start()

    def upload(self, file: Path) -> None:
        """Bring bytes to the server; that they are there is written down."""
        digest = self._unit.blobs.upload(file, patience=self._patience)
        self._blobs[f"blob {digest.sha256}"] = digest
        self.history.add(Stored(f"blob {digest.sha256}", digest.sha256))

    def budget(self, project: str, hours: float) -> None:
        """Set a budget, and see that it is the one that is kept."""
        seconds = 3600 * hours
        self._unit.ledger.set_budget(project=project, device_seconds=seconds)
        found = [b for b in self._unit.ledger.budgets() if b.budget.project == project]
        assert len(found) == 1 and found[0].budget.device_time.seconds == seconds, found

    def wait(self, id: str) -> pb.Job:
        """The job once it has ended; what it made is written down as acknowledged."""
        end = time.monotonic() + self._patience
        while not (job := self.look(id)).error.code and state_name(job.state) not in FINAL:
            assert time.monotonic() < end, f"job {id} did not end: {job}"
            time.sleep(0.05)
        if job.HasField("result"):
            for name in (job.result.take.file, job.result.take.sidecar):
                self.history.add(Stored(name, digest_of(Path(name))))
        return job

    def settle(self, jobs: Callable[[pb.Job], bool] = lambda job: True) -> dict[str, pb.Job]:
        """Wait for every job the server knows, and write down how it stands in the end.

        Returns the jobs by id. Watches must have ended by themselves by then.
        """
        found = {job.id: self.wait(job.id) for job in self._all() if jobs(job)}
        for id in self._watches:
            self._joined(id)
        if self._trouble:
            raise self._trouble[0]
        for job in found.values():
            events = tuple(self._events(job.id))
            kept = Kept(job.id, job.request_id, state_name(job.state), events)
            self.history.add(kept)
        for record in list(self.history.of(Stored)):
            name = cast(Stored, record).name
            found_now = self._downloaded(name) if name in self._blobs else digest_of(Path(name))
            self.history.add(Found(name, found_now))
        return found

    def _downloaded(self, name: str) -> str:
        with tempfile.TemporaryDirectory() as folder:
            try:
                file = self._unit.blobs.download(self._blobs[name], Path(folder) / "blob")
            except UnitError:
                return ""
            return digest_of(file)

    def _joined(self, id: str) -> None:
        if thread := self._watches.get(id):
            thread.join(self._patience)
            assert not thread.is_alive(), f"{thread.name} never ended"

    def _all(self) -> list[pb.Job]:
        request, jobs = pb.ListJobsRequest(page_size=200), list[pb.Job]()
        while True:
            page = self._insist(lambda: self._stub.ListJobs(request, timeout=10))
            jobs += page.jobs
            if not page.next_page_token:
                return jobs
            request.page_token = page.next_page_token

    def _events(self, id: str) -> Iterator[Event]:
        after = 0
        while True:
            request = pb.ListJobEventsRequest(job_id=id, after_sequence=after, limit=500)
            found = self._insist(lambda r=request: self._stub.ListJobEvents(r, timeout=10).events)
            if not found:
                return
            yield from map(event_of, found)
            after = found[-1].sequence

    def _follow(self, id: str, after: int) -> None:
        try:
            while not self._over.is_set():
                began, told, complete = after, list[Event](), False
                stream = self._stub.WatchJob(pb.WatchJobRequest(job_id=id, after_sequence=after))
                try:
                    for update in stream:
                        if update.event.sequence:
                            told.append(event_of(update.event))
                            self.newest[id] = after = update.event.sequence
                    complete = True
                except grpc.RpcError as exc:
                    if _code(exc) not in AWAY:
                        raise
                finally:
                    self.history.add(Watched(id, began, tuple(told), complete))
                if complete:
                    return
                self._over.wait(0.05)
        except BaseException as exc:
            self._trouble.append(exc)

    def _insist(self, call: Callable[[], Answer]) -> Answer:
        end = time.monotonic() + self._patience
        while True:
            try:
                return call()
            except grpc.RpcError as exc:
                if _code(exc) not in AWAY or time.monotonic() > end:
                    raise
            time.sleep(0.03)


def event_of(event: pb.JobEvent) -> Event:
    """An event of the wire as the model takes it."""
    kind = event.WhichOneof("event")
    body = event.SerializeToString(deterministic=True)
    if kind == "state":
        return Event(event.sequence, "state", state_name(event.state.state), body)
    return Event(event.sequence, {"stage_done": "stage"}.get(kind or "", kind or ""), "", body)


def digest_of(file: Path) -> str:
    """SHA-256 of a file; empty where there is none."""
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def _code(error: grpc.RpcError) -> grpc.StatusCode:
    return cast(grpc.Call, error).code()
