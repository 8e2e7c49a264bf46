"""What owners of jobs ask of the store: hand in, look up, list, stop, forget."""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from secondunit.errors import (
    Conflict,
    EventsGone,
    JobOpen,
    JobUnknown,
    LimitReached,
    Refused,
    StoreError,
    StoreFull,
)
from secondunit.jobs import budgets, kept, rows
from secondunit.jobs.book import LEADER, Book, Row
from secondunit.jobs.budgets import Budget
from secondunit.jobs.job import Estimate, Event, Job, Kind, Page, Priority, Result, State
from secondunit.plan.shot_plan import ShotPlan, canonical, plan_of_json

INSERT = """INSERT INTO job (id, tenant, user, request_id, request, project, timeline, shot, name,
  operation, engine, take, draft, digest, priority, off_peak, state, queued, estimate,
  created) VALUES (:id, :tenant, :user, :request_id, :request, :project, :timeline, :shot, :name,
  :operation, :engine, :take, :draft, :digest, :priority, :off_peak, 'queued', :created,
  :estimate, :created)"""
BY_REQUEST = "SELECT * FROM job WHERE tenant = ? AND user = ? AND request_id = ?"
OPEN_OF_ONE = """SELECT count(*) FROM job WHERE tenant = ? AND user = ?
  AND state IN ('queued', 'running', 'waiting')"""
COUNTS = """SELECT state, count(*) FROM job WHERE state IN ('queued', 'running', 'waiting')
  GROUP BY state"""
LIST = """SELECT * FROM job WHERE number < :before
  AND (:states = '' OR instr(:states, '|' || state || '|'))
  AND (:tenant IS NULL OR tenant = :tenant)
  AND (:project IS NULL OR project = :project) AND (:user IS NULL OR user = :user)
  AND (:timeline IS NULL OR timeline = :timeline) AND (:shot IS NULL OR shot = :shot)
  AND (:since IS NULL OR created >= :since) AND (:until IS NULL OR created < :until)
  ORDER BY number DESC LIMIT :limit"""
OLDEST = "SELECT oldest FROM job WHERE id = ?"
EVENTS = """SELECT * FROM event WHERE job = ? AND sequence > ? ORDER BY sequence LIMIT ?"""
RESULT = "SELECT record FROM result WHERE digest = ?"
ADD_PLAN = "INSERT INTO plan (job, record) VALUES (?, ?)"
PLAN = "SELECT record FROM plan WHERE job = ?"
NAMING = "SELECT 1 FROM plan WHERE instr(record, ?) LIMIT 1"
FORGET = (
    "DELETE FROM event WHERE job = ?",
    "DELETE FROM checkpoint WHERE job = ?",
    "DELETE FROM plan WHERE job = ?",
    "DELETE FROM job WHERE id = ?",
)
"""Everything of one job; its take and its lines in the ledger are not its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is recorded for a digest, its files read through."""

    record: str
    result: Result | None
    """None: it must be made again, for the reason in `damage`."""
    damage: str = ""


class Orders(Book):
    """The half of the store that owners of jobs see."""

    def repeated(
        self, request_id: str, *, request: str, user: str = "", tenant: str = ""
    ) -> Job | None:
        """The job that this request made before; `request` is the hash given to `create`.

        Raises Conflict if the request_id stood for another request.
        """
        found = self._query(BY_REQUEST, (tenant, user, request_id))
        return self._same(found[0], request_id, request) if found else None

    def create(
        self, plan: ShotPlan, *, request_id: str, timeline: str, priority: Priority,
        project: str = "", user: str = "", tenant: str = "", off_peak: bool = False,
        estimate: Estimate | None = None, request: str = "", limited: bool = False,
    ) -> Job:  # fmt: skip
        """A job, on disk before this returns; the earlier one if the request was sent before.

        A take that is there already is handed over at once; one that another job is making is
        waited for. `request` is a hash of all that was asked, by default of the plan and what
        goes with it. `limited`: the caller may have `limits.open_jobs` at once. Raises Conflict
        if the request_id stood for another request, LimitReached and StoreFull.
        """
        body = canonical(plan)
        whole = [body, timeline, project, int(priority), off_peak]
        request = request or hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
        if earlier := self.repeated(request_id, request=request, user=user, tenant=tenant):
            return earlier
        self._check_room()
        known = self._read_through(plan.digest)
        with self._transaction("create") as db:
            if earlier := db.execute(BY_REQUEST, (tenant, user, request_id)).fetchone():
                return self._same(earlier, request_id, request)
            self._check_limits(tenant, user, limited=limited)
            id = secrets.token_hex(6)
            db.execute(INSERT, {
                "id": id, "tenant": tenant, "user": user, "request_id": request_id,
                "request": request, "project": project, "timeline": timeline, "shot": plan.shot,
                "name": plan.name, "operation": plan.operation, "engine": plan.engine,
                "take": plan.take, "draft": plan.draft, "digest": plan.digest,
                "priority": priority, "off_peak": off_peak,
                "estimate": json.dumps(canonical(estimate)) if estimate else None,
                "created": self._now(),
            })  # fmt: skip
            db.execute(ADD_PLAN, (id, json.dumps(body)))
            row = self._row(id)
            self._tell(row, Kind.STATE, {"state": State.QUEUED, "attempt": 0})
            self._admit(row, known)
            return self._job(id)

    def get(self, id: str) -> Job:
        """The job; raises JobUnknown."""
        return rows.job(self._known(id))

    def plan(self, id: str) -> ShotPlan:
        """What was asked. Raises JobUnknown, or Refused for a plan of a version now gone."""
        found = self._query(PLAN, (id,))
        if not found:
            raise JobUnknown(f"There is no job '{id}'.")
        return plan_of_json(json.loads(found[0]["record"]))

    def names(self, words: str) -> bool:
        """The plan of a job that is kept has these words in it, which JSON writes as they are."""
        return bool(self._query(NAMING, (words,)))

    def result(self, id: str) -> Result | None:
        """The take of a job that succeeded, None before that.

        Raises JobUnknown, or Refused for a record of a version now gone.
        """
        row = self._known(id)
        if row["state"] != State.SUCCEEDED:
            return None
        found = self._query(RESULT, (row["digest"],))
        return rows.result(found[0]["record"], self.data) if found else None

    def page(
        self, *, states: Sequence[State] = (), tenant: str | None = None,
        project: str | None = None, user: str | None = None, timeline: str | None = None,
        shot: str | None = None, since: datetime | None = None, until: datetime | None = None,
        size: int = 50, token: str = "",
    ) -> Page:  # fmt: skip
        """A page of jobs, newest first. Raises Refused for a token that no page gave."""
        if token and not (token.isdecimal() and len(token) < 19):
            raise Refused.single("the token is not one that a page gave", "page_token")
        size = min(max(size, 1), 1000)
        found = self._query(LIST, {
            "before": int(token or 2**62), "states": "".join(f"|{s}|" for s in states),
            "tenant": tenant, "project": project, "user": user, "timeline": timeline,
            "shot": shot, "since": since.timestamp() if since else None,
            "until": until.timestamp() if until else None, "limit": size + 1,
        })  # fmt: skip
        more = str(found[size - 1]["number"]) if len(found) > size else ""
        return Page(jobs=tuple(rows.job(r) for r in found[:size]), next_token=more)

    def counts(self) -> Mapping[State, int]:
        """How many jobs are in each of the states that are not final."""
        found = {row[0]: row[1] for row in self._query(COUNTS)}
        return {state: found.get(state, 0) for state in State if not state.final}

    def events(self, id: str, after: int = 0, limit: int = 100) -> tuple[Event, ...]:
        """What happened after event number `after`, in order.

        Raises JobUnknown, and EventsGone if some of it is no longer kept.
        """
        known = self._query(OLDEST, (id,))
        if not known:
            raise JobUnknown(f"There is no job '{id}'.")
        oldest = known[0]["oldest"]
        if after < oldest - 1:
            raise EventsGone(f"the events of job {id} before {oldest} are no longer kept", oldest)
        return tuple(rows.event(r) for r in self._query(EVENTS, (id, after, limit)))

    def cancel(self, id: str) -> Job:
        """Stop a job: at once if nobody works on it, else as soon as its worker confirms.

        A job that is final stays as it is. Raises JobUnknown.
        """
        with self._transaction("cancel"):
            row = self._row(id)
            if row["state"] == State.RUNNING and not row["cancelling"]:
                row["cancelling"] = 1
                self._tell(row, Kind.LOG, {"text": "Stopped by its owner."})
            elif row["state"] in (State.QUEUED, State.WAITING):
                self._end_cancelled(row)
            return self._job(id)

    def delete(self, id: str) -> None:
        """Forget a job that ended, with its events; its take stays. Raises JobUnknown, JobOpen."""
        with self._transaction("delete") as db:
            row = self._row(id)
            if not State(row["state"]).final:
                raise JobOpen(f"Job {id} is {row['state']}; only jobs that ended are forgotten.")
            for sql in FORGET:
                db.execute(sql, (id,))

    def set_budget(self, tenant: str, budget: Budget) -> None:
        """Set a budget; queued jobs that it does not pay for wait, others are let go."""
        with self._transaction("budget") as db:
            db.execute(budgets.SET, budgets.row_of(tenant, budget))
            for id in [r["id"] for r in self._seen(*budgets.queued(tenant, budget))]:
                row = self._row(id)
                if row["state"] == State.QUEUED:  # not one that the last one let follow
                    self._unpaid(row)
            self._let_go()

    def remove_budget(self, tenant: str, project: str, user: str) -> None:
        """Remove a budget, if there is one; jobs that waited for it are queued."""
        with self._transaction("budget") as db:
            db.execute(budgets.REMOVE, (tenant, project, user))
            self._let_go()

    @property
    def trouble(self) -> str:
        """Why no job is taken just now, and what mends it; empty when all is well."""
        try:
            self._check_room()
        except StoreError as exc:
            return f"{exc} {exc.remedy}"
        return self._trouble

    # --- parts of a transaction

    def _same(self, row: Any, request_id: str, request: str) -> Job:
        if row["request"] not in ("", request):
            raise Conflict(f"The request_id '{request_id}' stands for another request.")
        return rows.job(row)

    def _check_room(self) -> None:
        try:
            free = shutil.disk_usage(self.data).free
        except OSError as exc:
            raise StoreError(f"the data folder {self.data} cannot be used: {exc}") from exc
        if free < (reserve := self._config.limits.reserve_bytes):
            raise StoreFull(
                f"the disk of {self.data} has {free // 2**20} MiB free; new jobs are taken from "
                f"{reserve // 2**20} MiB on"
            )

    def _check_limits(self, tenant: str, user: str, *, limited: bool) -> None:
        limits = self._config.limits
        count = self._writer.execute(OPEN_OF_ONE, (tenant, user)).fetchone()[0]
        if limited and count >= limits.open_jobs:
            raise LimitReached(f"{count} jobs of one caller have not ended; no more are taken.")
        everybody = sum(row[1] for row in self._writer.execute(COUNTS))
        if everybody >= limits.queue:
            raise LimitReached(f"{everybody} jobs have not ended; this server takes no more.")

    def _admit(self, row: Row, known: Kept | None) -> None:
        """What becomes of a new job that is queued: done at once, held back, or left in line."""
        if known and (result := self._usable(row, known)):
            self._succeed(row, result, reused=True)
        elif leader := self._writer.execute(LEADER, (row["digest"], row["id"])).fetchone():
            self._follow(row, dict(leader))
        elif not self._unpaid(row) and row["off_peak"]:
            self._keep_hours()

    def _usable(self, row: Row, known: Kept) -> Result | None:
        """The take, if it may be handed over; if not, its record goes, and the job says why."""
        gone = "DELETE FROM result WHERE digest = ? AND record = ?"
        if known.result is None and (
            self._writer.execute(gone, (row["digest"], known.record)).rowcount
        ):
            text = f"The take that was kept is made again: {known.damage}."
            self._tell(row, Kind.LOG, {"text": text})
        return known.result

    def _read_through(self, digest: str) -> Kept | None:
        """What is recorded for a digest, its files read and compared; None if nothing is."""
        found = self._query(RESULT, (digest,))
        if not found:
            return None
        record = found[0]["record"]
        try:
            result = rows.result(record, self.data)
        except Refused:
            return Kept(record=record, result=None, damage="another version recorded it")
        if damage := kept.damage(result):
            return Kept(record=record, result=None, damage=damage)
        if result.clip is None or result.record is None:
            result = kept.with_digests(result)
            whole = json.dumps(rows.record_of_result(result, self.data))
            with self._transaction("rehash") as db:
                db.execute("UPDATE result SET record = ? WHERE digest = ?", (whole, digest))
            record = whole
        return Kept(record=record, result=result)
