"""The job store: SQLite, one process, one writer; every move of a job is one transaction."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from secondunit.errors import (
    Conflict,
    JobUnknown,
    Refused,
    SecondUnitError,
    StoreDamaged,
    StoreError,
    StoreFull,
)
from secondunit.jobs import rows
from secondunit.jobs.job import (
    TRANSITIONS,
    Checkpoint,
    Event,
    Job,
    JobError,
    Kind,
    Lease,
    Page,
    Priority,
    Result,
    Stage,
    State,
)
from secondunit.jobs.lock import FolderLock
from secondunit.jobs.migrate import migrate
from secondunit.plan.shot_plan import ShotPlan, canonical, plan_of_json

PROGRESS_SECONDS = 0.25
"""Progress of one stage of a job is written at most this often."""

INSERT = """INSERT INTO job (id, user, request_id, request, project, timeline, shot, name,
  operation, engine, take, draft, plan, digest, priority, state, created)
  VALUES (:id, :user, :request_id, :request, :project, :timeline, :shot, :name,
  :operation, :engine, :take, :draft, :plan, :digest, :priority, 'queued', :created)"""
BY_ID = "SELECT * FROM job WHERE id = ?"
BY_REQUEST = "SELECT * FROM job WHERE user = ? AND request_id = ?"
BY_STATE = "SELECT * FROM job WHERE state = ? ORDER BY number"
FOLLOWERS = "SELECT * FROM job WHERE waits_for = ? ORDER BY number"
LEADER = """SELECT * FROM job WHERE digest = ? AND state IN ('queued', 'running')
  AND cancelling = 0 AND id <> ? ORDER BY number LIMIT 1"""
NEXT = "SELECT * FROM job WHERE state = 'queued' ORDER BY priority, number LIMIT 1"
URGENT = "SELECT 1 FROM job WHERE state = 'queued' AND priority < ? LIMIT 1"
LIST = """SELECT * FROM job WHERE number < :before
  AND (:states = '' OR instr(:states, '|' || state || '|'))
  AND (:project IS NULL OR project = :project) AND (:user IS NULL OR user = :user)
  AND (:timeline IS NULL OR timeline = :timeline) ORDER BY number DESC LIMIT :limit"""
UPDATE = """UPDATE job SET priority = :priority, state = :state, waits_for = :waits_for,
  stage = :stage, doing = :doing, step = :step, steps = :steps, attempt = :attempt,
  losses = :losses, cancelling = :cancelling, reused = :reused, error = :error,
  sequence = :sequence, timings = :timings, started = :started, finished = :finished
  WHERE id = :id"""
ADD_EVENT = "INSERT INTO event (job, sequence, time, kind, payload) VALUES (?, ?, ?, ?, ?)"
EVENTS = """SELECT * FROM event WHERE job = ? AND sequence > ? ORDER BY sequence LIMIT ?"""
ADD_CHECKPOINT = """INSERT OR REPLACE INTO checkpoint (job, stage, attempt, seconds, payload)
  VALUES (?, ?, ?, ?, ?)"""
CHECKPOINTS = "SELECT * FROM checkpoint WHERE job = ?"
ADD_RESULT = "INSERT OR REPLACE INTO result (digest, job, record, created) VALUES (?, ?, ?, ?)"
RESULT = "SELECT record FROM result WHERE digest = ?"


class Store:
    """Jobs, events, checkpoints and results of one data folder; safe to call from any thread."""

    def __init__(
        self, data: Path, *, address: str = "", told: Callable[[str, int], None] | None = None
    ) -> None:
        """Open or create the store. Raises StoreBusy if another process has it.

        `told(job, sequence)` is called after each commit that added events, in the thread that
        committed. Jobs that were running when the last owner died are queued again.
        """
        self.data = data
        self._told = told
        self._folder = FolderLock(data, address)
        self._lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._fresh: dict[str, int] = {}
        self._written: dict[str, tuple[float, Stage]] = {}
        try:
            with _translated(data):
                self._writer = migrate(data / "jobs.db")
                # The reader never writes and never checkpoints, so the one writer stays the
                # only one (SQLite before 3.51.3 can lose pages between two).
                self._reader = sqlite3.connect(
                    f"{(data / 'jobs.db').absolute().as_uri()}?mode=ro",
                    uri=True, isolation_level=None, check_same_thread=False,
                )  # fmt: skip
                self._reader.row_factory = sqlite3.Row
            self.recover("The server was started again.")
        except BaseException:
            self._folder.release()
            raise

    def close(self) -> None:
        """Close the files and give the folder back; nothing may be called afterwards."""
        with self._lock, self._read_lock:
            self._reader.close()
            self._writer.close()
        self._folder.release()

    def announce(self, address: str) -> None:
        """Leave the server's address for whoever finds the folder busy."""
        self._folder.announce(address)

    # --- what owners of jobs ask

    def create(
        self, plan: ShotPlan, *, request_id: str, timeline: str, priority: Priority,
        project: str = "", user: str = "",
    ) -> Job:  # fmt: skip
        """A job, on disk before this returns; the earlier one if the request was sent before.

        A take that is there already is handed over at once; one that another job is making is
        waited for. Raises Conflict if the request_id stood for another request.
        """
        body = canonical(plan)
        whole = json.dumps([body, timeline, project, int(priority)], sort_keys=True)
        request = hashlib.sha256(whole.encode()).hexdigest()
        with self._transaction() as db:
            earlier = db.execute(BY_REQUEST, (user, request_id)).fetchone()
            if earlier:
                if earlier["request"] != request:
                    raise Conflict(f"The request_id '{request_id}' stands for another request.")
                return rows.job(earlier)
            id, digest = secrets.token_hex(6), plan.digest
            db.execute(INSERT, {
                "id": id, "user": user, "request_id": request_id, "request": request,
                "project": project, "timeline": timeline, "shot": plan.shot, "name": plan.name,
                "operation": plan.operation, "engine": plan.engine, "take": plan.take,
                "draft": plan.draft, "plan": json.dumps(body), "digest": digest,
                "priority": priority, "created": time.time(),
            })  # fmt: skip
            row = self._row(id)
            self._tell(row, Kind.STATE, {"state": State.QUEUED, "attempt": 0})
            leader = db.execute(LEADER, (digest, id)).fetchone()
            if result := self._kept(digest):
                self._succeed(row, result, reused=True)
            elif leader:
                self._follow(row, dict(leader))
            return self._job(id)

    def get(self, id: str) -> Job:
        """The job; raises JobUnknown."""
        return rows.job(self._known(id))

    def plan(self, id: str) -> ShotPlan:
        """What was asked. Raises JobUnknown, or Refused for a plan of a version now gone."""
        return plan_of_json(json.loads(self._known(id)["plan"]))

    def result(self, id: str) -> Result | None:
        """The take of a job that succeeded, None before that; raises JobUnknown."""
        row = self._known(id)
        if row["state"] != State.SUCCEEDED:
            return None
        found = self._query(RESULT, (row["digest"],))
        return rows.result(found[0]["record"], self.data) if found else None

    def page(
        self, *, states: Sequence[State] = (), project: str | None = None,
        user: str | None = None, timeline: str | None = None, size: int = 50, token: str = "",
    ) -> Page:  # fmt: skip
        """A page of jobs, newest first. Raises Refused for a token that no page gave."""
        if token and not (token.isdecimal() and len(token) < 19):
            raise Refused.single("the token is not one that a page gave", "page_token")
        size = min(max(size, 1), 1000)
        found = self._query(LIST, {
            "before": int(token or 2**62), "states": "".join(f"|{s}|" for s in states),
            "project": project, "user": user, "timeline": timeline, "limit": size + 1,
        })  # fmt: skip
        more = str(found[size - 1]["number"]) if len(found) > size else ""
        return Page(jobs=tuple(rows.job(r) for r in found[:size]), next_token=more)

    def events(self, id: str, after: int = 0, limit: int = 100) -> tuple[Event, ...]:
        """What happened after event number `after`, in order; raises JobUnknown."""
        self._known(id)
        return tuple(rows.event(r) for r in self._query(EVENTS, (id, after, limit)))

    def cancel(self, id: str) -> Job:
        """Stop a job: at once if nobody works on it, else as soon as its worker confirms.

        A job that is final stays as it is. Raises JobUnknown.
        """
        with self._transaction():
            row = self._row(id)
            if row["state"] == State.RUNNING and not row["cancelling"]:
                row["cancelling"] = 1
                self._tell(row, Kind.LOG, {"text": "Stopped by its owner."})
            elif row["state"] in (State.QUEUED, State.WAITING):
                self._end_cancelled(row)
            return self._job(id)

    # --- what the runner asks

    def claim(self) -> Job | None:
        """The next job to work on, now running: by priority, then by age.

        A job whose take was made while it was queued succeeds instead: two can be queued for one
        take when the first that was making it was stopped.
        """
        with self._transaction() as db:
            while found := db.execute(NEXT).fetchone():
                row = dict(found)
                result = self._kept(row["digest"])
                if result is None:
                    break
                self._succeed(row, result, reused=True)
                for follower in self._followers(row["id"]):
                    self._succeed(follower, result, reused=True)
            else:
                return None
            row["attempt"] += 1
            row["started"] = row["started"] or time.time()
            self._move(row, State.RUNNING, attempt=row["attempt"])
            return self._job(row["id"])

    def more_urgent(self, priority: Priority) -> bool:
        """A job of a higher priority is queued."""
        return bool(self._query(URGENT, (int(priority),)))

    def checkpoints(self, id: str) -> tuple[Checkpoint, ...]:
        """The stages that are done, in their order."""
        found = {r["stage"]: rows.checkpoint(r) for r in self._query(CHECKPOINTS, (id,))}
        return tuple(found[stage] for stage in Stage if stage in found)

    def progress(self, lease: Lease, stage: Stage, doing: str, step: int, steps: int) -> bool:
        """Write how far a stage is, unless the last was just written; False if it was not."""
        before = self._written.get(lease.job)
        now = time.monotonic()
        if before and before[1] == stage and now - before[0] < PROGRESS_SECONDS:
            return False
        with self._leased(lease) as row:
            if row is None:
                return False
            row.update(stage=stage, doing=doing, step=step, steps=steps)
            what = {"stage": stage, "doing": doing, "step": step, "steps": steps}
            self._tell(row, Kind.PROGRESS, what)
            self._written[lease.job] = (now, stage)
            return True

    def checkpoint(self, lease: Lease, done: Checkpoint) -> bool:
        """A stage is done; False if the lease is no longer held."""
        with self._leased(lease) as row:
            if row is None:
                return False
            self._writer.execute(ADD_CHECKPOINT, (
                lease.job, done.stage, done.attempt, done.seconds, json.dumps(done.payload)
            ))  # fmt: skip
            timings = json.loads(row["timings"]) | {str(done.stage): round(done.seconds, 3)}
            row.update(losses=0, timings=json.dumps(timings))
            self._tell(row, Kind.STAGE, {"stage": done.stage, "seconds": round(done.seconds, 3)})
            return True

    def finish(self, lease: Lease, result: Result) -> bool:
        """The take is published; with it every job that waited for it succeeds.

        False, and nothing is written, if the lease is no longer held or the owner stopped the
        job: a cancel that was accepted is never followed by a success.
        """
        with self._leased(lease) as row:
            if row is None or row["cancelling"]:
                return False
            record = json.dumps(rows.record_of_result(result, self.data))
            self._writer.execute(ADD_RESULT, (result.digest, lease.job, record, time.time()))
            self._succeed(row, result, reused=False)
            for follower in self._followers(lease.job):
                self._succeed(follower, result, reused=True)
            return True

    def fail(self, lease: Lease, error: JobError) -> bool:
        """The job failed, and with it every job that waited for the same take."""
        with self._leased(lease) as row:
            if row is None:
                return False
            for one in (row, *self._followers(lease.job)):
                record = canonical(error)
                one.update(error=json.dumps(record))
                self._end(one, State.FAILED, error=record)
            return True

    def cancelled(self, lease: Lease) -> bool:
        """The worker confirmed that it stopped, or is no more."""
        with self._leased(lease) as row:
            if row is None:
                return False
            self._end_cancelled(row)
            return True

    def requeue(self, lease: Lease, reason: str, *, lost: bool = False) -> bool:
        """Give the job back, to go on from its last checkpoint; `lost` counts a dead worker."""
        with self._leased(lease) as row:
            if row is None:
                return False
            row["losses"] += lost
            self._requeue(row, reason)
            return True

    def recover(self, reason: str) -> None:
        """Queue again whatever is marked as running. Only while nothing runs."""
        with self._transaction() as db:
            for found in db.execute(BY_STATE, (State.RUNNING,)).fetchall():
                row = dict(found)
                if row["cancelling"]:
                    self._end_cancelled(row)
                else:
                    self._requeue(row, reason)

    def open_job(self, id: str) -> bool:
        """There is such a job, and it is not final."""
        found = self._query(BY_ID, (id,))
        return bool(found) and not State(found[0]["state"]).final

    # --- one transaction

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._fresh = {}
            with _translated(self.data):
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    yield self._writer
                    self._writer.execute("COMMIT")
                except BaseException:
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
                    raise
            fresh = self._fresh
        if self._told:
            for id, sequence in fresh.items():
                self._told(id, sequence)

    @contextmanager
    def _leased(self, lease: Lease) -> Iterator[dict[str, Any] | None]:
        with self._transaction():
            row = self._row(lease.job)
            held = row["state"] == State.RUNNING and row["attempt"] == lease.attempt
            yield row if held else None

    def _move(self, row: dict[str, Any], state: State, **told: Any) -> None:
        if state not in TRANSITIONS[State(row["state"])]:
            raise SecondUnitError(f"Job {row['id']} cannot go from {row['state']} to {state}.")
        row["state"] = state
        self._tell(row, Kind.STATE, {"state": state, **told})

    def _tell(self, row: dict[str, Any], kind: Kind, payload: Mapping[str, Any]) -> None:
        row["sequence"] += 1
        self._writer.execute(UPDATE, row)
        event = (row["id"], row["sequence"], time.time(), kind, json.dumps(payload))
        self._writer.execute(ADD_EVENT, event)
        self._fresh[row["id"]] = row["sequence"]

    def _end(self, row: dict[str, Any], state: State, **told: Any) -> None:
        row.update(finished=time.time(), stage=None, waits_for=None, doing="", step=0, steps=0)
        self._written.pop(row["id"], None)
        self._move(row, state, **told)

    def _succeed(self, row: dict[str, Any], result: Result, *, reused: bool) -> None:
        row.update(reused=int(reused))
        record = rows.record_of_result(result, self.data)
        self._end(row, State.SUCCEEDED, reused=reused, result=record)

    def _follow(self, row: dict[str, Any], leader: dict[str, Any]) -> None:
        row["waits_for"] = leader["id"]
        self._move(row, State.WAITING, reason="The same take is being made.", job=leader["id"])
        if row["priority"] < leader["priority"]:  # whoever waits must not wait behind batch work
            leader["priority"] = row["priority"]
            self._writer.execute(UPDATE, leader)

    def _end_cancelled(self, row: dict[str, Any]) -> None:
        followers = self._followers(row["id"])
        self._end(row, State.CANCELLED)
        for n, follower in enumerate(followers):
            follower["waits_for"] = None if n == 0 else followers[0]["id"]
            if n == 0:
                self._move(follower, State.QUEUED, reason="Goes on by itself.", attempt=0)
            else:
                self._tell(follower, Kind.LOG, {"text": f"Waits for {followers[0]['id']} now."})

    def _requeue(self, row: dict[str, Any], reason: str) -> None:
        row.update(stage=None, doing="", step=0, steps=0)
        self._move(row, State.QUEUED, reason=reason, attempt=row["attempt"])

    # --- reading

    def _query(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        with _translated(self.data), self._read_lock:
            return self._reader.execute(sql, values).fetchall()

    def _known(self, id: str) -> sqlite3.Row:
        found = self._query(BY_ID, (id,))
        if not found:
            raise JobUnknown(f"There is no job '{id}'.")
        return found[0]

    def _row(self, id: str) -> dict[str, Any]:
        found = self._writer.execute(BY_ID, (id,)).fetchone()
        if not found:
            raise JobUnknown(f"There is no job '{id}'.")
        return dict(found)

    def _job(self, id: str) -> Job:
        return rows.job(self._row(id))

    def _followers(self, id: str) -> list[dict[str, Any]]:
        return [dict(r) for r in self._writer.execute(FOLLOWERS, (id,)).fetchall()]

    def _kept(self, digest: str) -> Result | None:
        found = self._writer.execute(RESULT, (digest,)).fetchone()
        if not found:
            return None
        try:
            result = rows.result(found["record"], self.data)
        except Refused:  # another version's record: the take is made again
            return None
        return result if result.file.is_file() and result.sidecar.is_file() else None


@contextmanager
def _translated(data: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as exc:
        full = getattr(exc, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        broken = isinstance(exc, sqlite3.DatabaseError) and not isinstance(
            exc, sqlite3.OperationalError
        )
        kind = StoreFull if full else StoreDamaged if broken else StoreError
        raise kind(f"the job store in {data} does not work: {exc}") from exc
