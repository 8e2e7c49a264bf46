"""The book that jobs are written in: SQLite, one process, one writer, one transaction a move."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from secondunit.config import Config
from secondunit.encode.durable import disk_full
from secondunit.errors import JobUnknown, SecondUnitError, StoreDamaged, StoreError, StoreFull
from secondunit.failpoints import failpoint
from secondunit.jobs import budgets, off_peak, rows
from secondunit.jobs.job import TRANSITIONS, Held, Job, Kind, Lease, Result, Stage, State
from secondunit.jobs.ledger import Ledger, Outcome
from secondunit.jobs.lock import FolderLock
from secondunit.jobs.migrate import migrate
from secondunit.jobs.news import News
from secondunit.jobs.writer import Writer

BY_ID = "SELECT * FROM job WHERE id = ?"
BY_NUMBER = "SELECT * FROM job WHERE number = ?"
FOLLOWERS = "SELECT * FROM job WHERE waits_for = ? ORDER BY number"
LEADER = """SELECT * FROM job WHERE digest = ? AND state IN ('queued', 'running')
  AND cancelling = 0 AND id <> ? ORDER BY number LIMIT 1"""
UPDATE = """UPDATE job SET priority = :priority, state = :state, held = :held,
  waits_for = :waits_for, not_before = :not_before, queued = :queued, owner = :owner,
  device = :device, lease_until = :lease_until, begun = :begun, stage = :stage, doing = :doing,
  step = :step, steps = :steps, attempt = :attempt, losses = :losses, memory_plan = :memory_plan,
  cancelling = :cancelling, reused = :reused, error = :error, sequence = :sequence,
  timings = :timings, device_seconds = :device_seconds, cost = :cost, currency = :currency,
  started = :started, finished = :finished WHERE number = :number"""
# What changes while the state stays; none of it is in an index.
GO_ON = """UPDATE job SET stage = :stage, doing = :doing, step = :step, steps = :steps,
  losses = :losses, cancelling = :cancelling, timings = :timings, sequence = :sequence,
  device_seconds = :device_seconds, cost = :cost, currency = :currency WHERE number = :number"""
ADD_EVENT = "INSERT INTO event (job, sequence, time, kind, payload) VALUES (?, ?, ?, ?, ?)"
PEAK = "SELECT * FROM job WHERE state = 'queued' AND off_peak = 1 ORDER BY number"
OPENED = """SELECT * FROM job WHERE state = 'waiting' AND held = 'off-peak' AND not_before <= ?
  ORDER BY number"""
PROBE = "PRAGMA user_version = {}"

_OUTCOMES = {
    State.SUCCEEDED: Outcome.DONE,
    State.FAILED: Outcome.FAILED,
    State.CANCELLED: Outcome.CANCELLED,
}

Row = dict[str, Any]
"""A row of `job` that is being changed."""


class Book:
    """Rows, events and the one way in which they change; `Store` says what may be asked of it.

    `clock` gives seconds for leases and never goes back; `now` is seconds since 1970, which may
    jump: it is written for people, and orders the queue.
    """

    def __init__(
        self, data: Path, *, config: Config, address: str = "",
        told: Callable[[str, int], None] | None = None,
        clock: Callable[[], float] = time.monotonic, now: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        """Open or create. Raises StoreBusy, StoreDamaged, StoreError, Refused (a setting)."""
        self.data, self._config = data, config
        self._told, self._clock, self._now = told, clock, now
        self._spans = off_peak.parsed(config.schedule.off_peak)
        self._read_lock = threading.Lock()
        self._fresh: dict[str, int] = {}
        self._news = News()
        self._written: dict[str, tuple[float, Stage]] = {}
        self._ledger = Ledger(config.price, clock=clock, now=now)
        self._freed = False
        self._trouble = ""
        self._folder = FolderLock(data, address)
        try:
            with translated(data):
                self._writer = migrate(data / "jobs.db")
                self._writing = Writer(self._writer)
                # The reader never writes and never checkpoints, so the one writer stays the
                # only one (SQLite before 3.51.3 can lose pages between two).
                self._reader = read_only(data / "jobs.db")
        except BaseException:
            self._folder.release()
            raise

    def close(self) -> None:
        """Close the files and give the folder back; nothing may be called afterwards."""
        with self._read_lock:
            self._reader.close()
        self._writing.close()
        self._folder.release()

    def announce(self, address: str) -> None:
        """Leave the server's address for whoever finds the folder busy."""
        self._folder.announce(address)

    # --- one transaction

    @contextmanager
    def _transaction(self, name: str) -> Iterator[sqlite3.Connection]:
        try:
            with translated(self.data):
                with self._writing.transaction():
                    self._fresh, self._news, self._freed = {}, News(), False
                    yield self._writer
                    if self._freed:
                        self._let_go()
                    failpoint(f"store.{name}.before")
                    fresh, news = self._fresh, self._news
                failpoint(f"store.{name}.after")
        except BaseException as exc:
            self._written.clear()
            if isinstance(exc, StoreError):
                self._trouble = f"{exc} {exc.remedy}"
            raise
        self._trouble = ""
        news.tell()
        if self._told:
            for id, sequence in fresh.items():
                self._told(id, sequence)

    def _probe(self) -> None:
        """Write something of no meaning, to learn whether writing works again."""
        with self._transaction("probe") as db:
            before = db.execute("PRAGMA user_version").fetchone()[0]
            db.execute(PROBE.format(1 - before))

    @contextmanager
    def _leased(self, lease: Lease, name: str) -> Iterator[Row | None]:
        with self._transaction(name) as db:
            found = db.execute(BY_ID, (lease.job,)).fetchone()  # none: it ended, and was forgotten
            row = dict(found) if found else None
            held = row and row["state"] == State.RUNNING and row["attempt"] == lease.attempt
            yield row if held else None

    # --- moves; each is called in a transaction

    def _move(self, row: Row, state: State, *, lost: bool = False, **told: Any) -> None:
        """`lost`: a job goes back to the queue because its worker is no more."""
        before = State(row["state"])
        if state not in TRANSITIONS[before]:
            raise SecondUnitError(f"Job {row['id']} cannot go from {before} to {state}.")
        if before is State.RUNNING or state.final:
            outcome = _OUTCOMES.get(state, Outcome.LOST if lost else Outcome.STOPPED)
            if before is not State.RUNNING and state is State.SUCCEEDED:
                outcome = Outcome.REUSED
            held = self._ledger.end(self._writer, row, outcome, last=state.final)
            self._news.device_held(row, held)
            row.update(lease_until=None, begun=None)
            self._freed = True
        row["state"] = state
        if state is not State.WAITING:
            row.update(held="", not_before=None, waits_for=None)
        if state is State.QUEUED:
            row["queued"] = row["queued"] or self._now()
        self._tell(row, Kind.STATE, {"state": state, **told}, UPDATE)

    def _tell(self, row: Row, kind: Kind, payload: Mapping[str, Any], sql: str = GO_ON) -> None:
        row["sequence"] += 1
        self._writer.execute(sql, row)
        event = (row["id"], row["sequence"], self._now(), kind, json.dumps(payload))
        self._writer.execute(ADD_EVENT, event)
        self._fresh[row["id"]] = row["sequence"]
        if kind is Kind.STATE:
            self._news.moved(row, payload, self._now())
        elif kind is Kind.STAGE:
            self._news.stage_done(row, payload)

    def _hold(self, row: Row, held: Held, reason: str, **told: Any) -> None:
        """A queued job waits for what is not its turn."""
        row["held"] = held
        self._move(row, State.WAITING, reason=reason, held=held, **told)

    def _release(self, row: Row, reason: str) -> None:
        """A job that was held back is queued."""
        self._move(row, State.QUEUED, reason=reason, attempt=row["attempt"])

    def _requeue(self, row: Row, reason: str, *, lost: bool = False) -> None:
        row.update(stage=None, doing="", step=0, steps=0)
        self._move(row, State.QUEUED, lost=lost, reason=reason, attempt=row["attempt"])

    def _end(self, row: Row, state: State, **told: Any) -> None:
        row.update(finished=self._now(), stage=None, doing="", step=0, steps=0)
        self._written.pop(row["id"], None)
        self._move(row, state, **told)

    def _succeed(self, row: Row, result: Result, *, reused: bool) -> None:
        row.update(reused=int(reused))
        record = rows.record_of_result(result, self.data)
        self._end(row, State.SUCCEEDED, reused=reused, result=record)

    def _end_failed(self, row: Row, error: Mapping[str, Any]) -> None:
        """With it fails every job that waited for the same take."""
        for one in (row, *self._followers(row["id"])):
            one.update(error=json.dumps(error))
            self._end(one, State.FAILED, error=error)

    def _end_cancelled(self, row: Row) -> None:
        followers = self._followers(row["id"])
        self._end(row, State.CANCELLED)
        self._pass_on(followers)

    def _pass_on(self, followers: list[Row]) -> None:
        """The first of those that waited for a job makes the take; the others wait for that."""
        if not followers:
            return
        first, others = followers[0], followers[1:]
        self._release(first, "Goes on by itself.")
        for other in others:
            other["waits_for"] = first["id"]
            same = other["tenant"] == first["tenant"]
            text = f"Waits for {first['id']} now." if same else "Waits for another job now."
            self._tell(other, Kind.LOG, {"text": text}, UPDATE)

    def _follow(self, row: Row, leader: Row) -> None:
        row["waits_for"] = leader["id"]
        # Another tenant's job is not named: it is none of this one's business.
        named = {"job": leader["id"]} if row["tenant"] == leader["tenant"] else {}
        self._hold(row, Held.TAKE, "The same take is being made.", **named)
        if row["priority"] < leader["priority"]:  # whoever waits must not wait behind batch work
            leader["priority"] = row["priority"]
            self._writer.execute(UPDATE, leader)

    def _keep_hours(self) -> bool:
        """Off-peak jobs wait while it is not their time, and are queued when it is."""
        now, spans = self._now(), self._spans
        if off_peak.in_off_peak(spans, now):
            opened = self._writer.execute(OPENED, (now,)).fetchall()
            for row in map(dict, opened):
                self._release(row, "The off-peak hours have begun.")
            return bool(opened)
        for row in map(dict, self._writer.execute(PEAK).fetchall()):
            row["not_before"] = off_peak.next_opening(spans, now)
            followers = self._followers(row["id"])
            self._hold(row, Held.OFF_PEAK, "Begins in the off-peak hours.")
            self._pass_on(followers)  # they need not wait so long
        return False

    def _unpaid(self, row: Row) -> bool:
        """A queued job waits if a budget does not pay for its beginning."""
        if not (reason := budgets.why_not(self._seen, row)):
            return False
        followers = self._followers(row["id"])
        self._hold(row, Held.BUDGET, reason)
        self._pass_on(followers)  # theirs may be another budget
        return True

    def _let_go(self) -> None:
        """Jobs that a budget can pay for by now are queued."""
        for id in budgets.payable(self._seen):
            row = self._row(id)
            self._release(row, "Its budget pays for it now.")
            if leader := self._writer.execute(LEADER, (row["digest"], id)).fetchone():
                self._follow(row, dict(leader))

    # --- reading

    def read(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        """The rows of a query, as of the last commit."""
        return self._query(sql, values)

    def _seen(self, sql: str, values: Any = ()) -> list[sqlite3.Row]:
        """The rows of a query, as this transaction sees them."""
        return self._writer.execute(sql, values).fetchall()

    def _query(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        with translated(self.data), self._read_lock:
            return self._reader.execute(sql, values).fetchall()

    def _known(self, id: str) -> sqlite3.Row:
        found = self._query(BY_ID, (id,))
        if not found:
            raise JobUnknown(f"There is no job '{id}'.")
        return found[0]

    def _row(self, id: str) -> Row:
        found = self._writer.execute(BY_ID, (id,)).fetchone()
        if not found:
            raise JobUnknown(f"There is no job '{id}'.")
        return dict(found)

    def _job(self, id: str) -> Job:
        return rows.job(self._row(id))

    def _followers(self, id: str) -> list[Row]:
        return [dict(r) for r in self._writer.execute(FOLLOWERS, (id,)).fetchall()]


def read_only(file: Path) -> sqlite3.Connection:
    """A connection that reads the store beside its writer, from any process."""
    db = sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None,
        check_same_thread=False,
    )  # fmt: skip
    db.row_factory = sqlite3.Row
    return db


@contextmanager
def translated(data: Path) -> Iterator[None]:
    """Errors of SQLite and of the disk as ours; raises StoreFull, StoreDamaged, StoreError."""
    try:
        yield
    except sqlite3.Error as exc:
        full = getattr(exc, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        broken = isinstance(exc, sqlite3.DatabaseError) and not isinstance(
            exc, sqlite3.OperationalError
        )
        kind = StoreFull if full else StoreDamaged if broken else StoreError
        raise kind(f"the job store in {data} does not work: {exc}") from exc
    except OSError as exc:
        kind = StoreFull if disk_full(exc) else StoreError
        raise kind(f"the job store in {data} does not work: {exc}") from exc
