"""The job store: what owners (see `orders`), the runner and time itself may do to a job."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from secondunit.config import Config
from secondunit.errors import (
    WorkerLost,
)
from secondunit.jobs import kept, rows
from secondunit.jobs.book import BY_ID, BY_NUMBER, Row
from secondunit.jobs.job import (
    Checkpoint,
    Job,
    JobError,
    Kind,
    Lease,
    Priority,
    Renewal,
    Result,
    Stage,
    State,
)
from secondunit.jobs.off_peak import DAY
from secondunit.jobs.orders import FORGET, RESULT, Kept, Orders
from secondunit.jobs.turns import SERVE, next_turn
from secondunit.plan.shot_plan import canonical

PROGRESS_SECONDS = 0.5
"""Progress of one stage of a job is written at most this often."""
RENEW_AT = 2 / 3
"""A lease is written anew once less than this part of it is left: most heartbeats cost nothing."""

RUNNING = "SELECT * FROM job WHERE state = 'running' ORDER BY number"
URGENT = "SELECT 1 FROM job WHERE state = 'queued' AND priority < ? LIMIT 1"
PORTION = 200
"""Jobs that are swept in one transaction: others wait for it."""
LEFTOVER_SECONDS = 3600.0
"""After which nobody is publishing what has an unfinished name."""
ENDED = "SELECT id FROM job WHERE finished < ? ORDER BY finished LIMIT ?"
TOLD = """SELECT id FROM job WHERE finished < ? AND oldest < sequence ORDER BY finished LIMIT ?"""
COMPACT = (
    """DELETE FROM event WHERE job = ?1
      AND sequence < (SELECT sequence FROM job WHERE id = ?1)""",
    "UPDATE job SET oldest = sequence WHERE id = ?",
)
EXPIRED = "SELECT * FROM job WHERE state = 'running' AND lease_until <= ? ORDER BY lease_until"
GAINED = "UPDATE job SET losses = 0 WHERE id = ?"
RENEW = "UPDATE job SET lease_until = ? WHERE id = ?"
CALM = """UPDATE job SET priority = 1 WHERE priority = 0
  AND state IN ('queued', 'waiting')"""
ADD_CHECKPOINT = """INSERT OR REPLACE INTO checkpoint (job, stage, attempt, seconds, payload)
  VALUES (?, ?, ?, ?, ?)"""
CHECKPOINTS = "SELECT * FROM checkpoint WHERE job = ?"
ADD_RESULT = "INSERT OR REPLACE INTO result (digest, job, record, created) VALUES (?, ?, ?, ?)"


class Store(Orders):
    """Jobs, events, checkpoints and results of one data folder; safe to call from any thread."""

    def __init__(
        self, data: Path, *, config: Config | None = None, address: str = "",
        told: Callable[[str, int], None] | None = None,
        clock: Callable[[], float] = time.monotonic, now: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        """Open or create the store. Raises StoreBusy if another process has it.

        `told(job, sequence)` is called after each commit that added events, in the thread that
        committed. Jobs that were running when the last owner died are queued again: the lock on
        the folder proves that every lease of an earlier process is void.
        """
        super().__init__(
            data, config=config or Config(data=data), address=address, told=told, clock=clock,
            now=now,
        )  # fmt: skip
        try:
            self.recover("The server was started again.")
        except BaseException:
            self.close()
            raise

    # --- what the runner asks

    def claim(
        self, worker: str = "", device: str = "", *, warm: Collection[str] = ()
    ) -> Job | None:
        """The next job to work on (see `turns`), now running and leased to `worker`.

        The priority of the job returned is the one that it goes in: above its own if it waited
        long, so that it is not stopped again for what it went before. `warm` names the engines
        that the worker has in memory. A job whose take was made while it was queued succeeds
        instead: two can be queued for one take when the first that was making it was stopped.
        """
        checked: dict[str, Kept] = {}
        while True:
            with self._transaction("claim") as db:
                if self._spans:
                    self._keep_hours()
                turn = next_turn(db, self._config.schedule, self._now(), warm)
                if turn is None:
                    return None
                row: Row = dict(db.execute(BY_NUMBER, (turn.number,)).fetchone())
                digest: str = row["digest"]
                found = db.execute(RESULT, (digest,)).fetchone()
                known = checked.get(digest)
                if not found or (known and not self._usable(row, known)):
                    if self._unpaid(row):
                        continue
                    return replace(self._begin(row, worker, device), priority=turn.priority)
                if known and known.record == found["record"] and known.result:
                    for one in (row, *self._followers(row["id"])):
                        self._succeed(one, known.result, reused=True)
                    continue
            known = self._read_through(digest)  # not in a transaction: clips are large
            if known:
                checked[digest] = known

    def renew(self, lease: Lease) -> Renewal:
        """The worker lives; says whether it still has the job."""
        found = self._query(BY_ID, (lease.job,))
        row = found[0] if found else None
        if row is None or row["state"] != State.RUNNING or row["attempt"] != lease.attempt:
            return Renewal.LOST
        whole = self._config.schedule.lease_seconds
        if row["lease_until"] - self._clock() < whole * RENEW_AT:
            with self._leased(lease, "renew") as held:
                if held is None:
                    return Renewal.LOST
                self._writer.execute(RENEW, (self._clock() + whole, lease.job))
                row = held
        return Renewal.CANCELLING if row["cancelling"] else Renewal.HELD

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
        with self._leased(lease, "progress") as row:
            if row is None:
                return False
            row.update(stage=stage, doing=doing, step=step, steps=steps)
            what = {"stage": stage, "doing": doing, "step": step, "steps": steps}
            self._tell(row, Kind.PROGRESS, what)
            self._written[lease.job] = (now, stage)
            return True

    def note(self, lease: Lease, text: str) -> bool:
        """A line for people; False if the lease is no longer held."""
        with self._leased(lease, "note") as row:
            if row is None:
                return False
            self._tell(row, Kind.LOG, {"text": text})
            return True

    def checkpoint(self, lease: Lease, done: Checkpoint) -> bool:
        """A stage is done; False if the lease is no longer held."""
        with self._leased(lease, "checkpoint") as row:
            if row is None:
                return False
            self._writer.execute(ADD_CHECKPOINT, (
                lease.job, done.stage, done.attempt, done.seconds, json.dumps(done.payload)
            ))  # fmt: skip
            timings = json.loads(row["timings"]) | {str(done.stage): round(done.seconds, 3)}
            row.update(losses=0, timings=json.dumps(timings))
            held = self._ledger.stage(self._writer, row, done.stage, done.seconds)
            self._news.device_held(row, held)
            self._tell(row, Kind.STAGE, {"stage": done.stage, "seconds": round(done.seconds, 3)})
            return True

    def gained(self, lease: Lease) -> bool:
        """The attempt came further than those before it, so that their losses no longer count."""
        with self._leased(lease, "gained") as row:
            if row is None:
                return False
            self._writer.execute(GAINED, (lease.job,))
            return True

    def finish(self, lease: Lease, result: Result) -> bool:
        """The take is published; with it every job that waited for it succeeds.

        False, and nothing is written, if the lease is no longer held or the owner stopped the
        job: a cancel that was accepted is never followed by a success.
        """
        result = kept.with_digests(result)
        with self._leased(lease, "finish") as row:
            if row is None or row["cancelling"]:
                return False
            record = json.dumps(rows.record_of_result(result, self.data))
            self._writer.execute(ADD_RESULT, (result.digest, lease.job, record, self._now()))
            self._succeed(row, result, reused=False)
            self._ledger.remember(self._writer, row, result.clip.bytes if result.clip else 0)
            for follower in self._followers(lease.job):
                self._succeed(follower, result, reused=True)
            return True

    def fail(self, lease: Lease, error: JobError) -> bool:
        """The job failed, and with it every job that waited for the same take."""
        with self._leased(lease, "fail") as row:
            if row is None:
                return False
            if row["cancelling"]:  # whatever else happened, it ends as its owner wanted
                self._end_cancelled(row)
            else:
                self._end_failed(row, canonical(error))
            return True

    def cancelled(self, lease: Lease) -> bool:
        """The worker confirmed that it stopped, or is no more."""
        with self._leased(lease, "cancelled") as row:
            if row is None:
                return False
            self._end_cancelled(row)
            return True

    def requeue(
        self, lease: Lease, reason: str, *, lost: bool = False, smaller: bool = False
    ) -> bool:
        """Give the job back, to go on from its last checkpoint.

        `lost` counts a dead worker, and sends the job to the end of its line; `smaller` asks for
        the next smaller memory plan.
        """
        with self._leased(lease, "requeue") as row:
            if row is None:
                return False
            row["memory_plan"] += smaller
            if row["cancelling"]:
                self._end_cancelled(row)
            else:
                self._give_back(row, reason, lost=lost)
            return True

    # --- what time does

    def tend(self) -> bool:
        """Leases that ran out, hours that began or ended; to be called every few seconds.

        Also tries to write again after trouble. True if there may be a job to begin.
        """
        if self._trouble:
            self._probe()
        changed = self.expire() > 0
        with self._transaction("tend"):
            return self._keep_hours() or changed

    def expire(self) -> int:
        """Take jobs back whose lease ran out; how many. One that was lost too often fails."""
        if not self._query(EXPIRED, (self._clock(),)):
            return 0
        with self._transaction("expire") as db:
            found = db.execute(EXPIRED, (self._clock(),)).fetchall()
            for row in map(dict, found):
                if row["cancelling"]:
                    self._end_cancelled(row)
                elif row["losses"] + 1 < self._config.max_attempts:
                    self._give_back(row, "Its worker was not heard of any more.", lost=True)
                else:
                    text = f"Its worker went silent, {self._config.max_attempts} times in a row."
                    self._end_failed(row, canonical(JobError.of(WorkerLost(text))))
            return len(found)

    def sweep(self) -> int:
        """Forget what is older than `[retention]` allows; how many jobs lost something.

        Takes are kept for ever. Of the events of a job that ended long ago the last is kept.
        """
        keep, now = self._config.retention, self._now()
        count = 0
        for days, sql, part in (
            (keep.job_days, ENDED, self._forget), (keep.event_days, TOLD, self._compact),
        ):  # fmt: skip
            while days and (found := self._query(sql, (now - days * DAY, PORTION))):
                with self._transaction("sweep"):
                    for row in found:
                        part(row["id"])
                count += len(found)
                if len(found) < PORTION:
                    break
        kept.drop_leftovers(self.data / "takes", before=now - LEFTOVER_SECONDS)
        return count

    def recover(self, reason: str) -> None:
        """Queue again whatever is marked as running. Only while nothing runs."""
        with self._transaction("recover") as db:
            for row in map(dict, db.execute(RUNNING).fetchall()):
                if row["cancelling"]:
                    self._end_cancelled(row)
                else:
                    self._requeue(row, reason, lost=True)

    def calm(self) -> None:
        """Nobody waits for what is queued: it goes on behind what is asked for from now on.

        Whoever asks for the same again lends it its priority.
        """
        with self._transaction("calm") as db:
            db.execute(CALM)

    def open_job(self, id: str) -> bool:
        """There is such a job, and it is not final."""
        found = self._query("SELECT state FROM job WHERE id = ?", (id,))
        return bool(found) and not State(found[0]["state"]).final

    # --- parts of a transaction

    def _begin(self, row: Row, worker: str, device: str) -> Job:
        now, clock = self._now(), self._clock()
        row["attempt"] += 1
        row.update(
            started=row["started"] or now, begun=now, owner=worker, device=device,
            lease_until=clock + self._config.schedule.lease_seconds,
        )  # fmt: skip
        self._ledger.begin(row)
        self._writer.execute(SERVE, {key: row[key] for key in ("tenant", "user", "priority")} | {
            "time": now,
        })  # fmt: skip
        self._move(row, State.RUNNING, attempt=row["attempt"])
        return rows.job(row)

    def _forget(self, id: str) -> None:
        for sql in FORGET:
            self._writer.execute(sql, (id,))

    def _compact(self, id: str) -> None:
        for sql in COMPACT:
            self._writer.execute(sql, (id,))

    def _give_back(self, row: Row, reason: str, *, lost: bool) -> None:
        if lost:
            self._news.worker_lost(row)
            row["losses"] += 1
            row["queued"] = self._now()
        self._requeue(row, reason, lost=lost)
