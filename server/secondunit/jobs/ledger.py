"""The ledger: what every attempt used and cost, a line a stage, written with the job's moves."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from secondunit.config import Price
from secondunit.jobs.estimate import Run, micros
from secondunit.units import Operation


class Outcome(StrEnum):
    """What became of the time that a line charges."""

    DONE = "done"
    """A stage was done; on a job's last line: the take was made."""
    LOST = "lost"
    """The worker died or fell silent."""
    STOPPED = "stopped"
    """The job was given back: it gave way, or the server stopped."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    REUSED = "reused"
    """The take was there, or another job made it: no time, no cost."""


class Database(Protocol):
    """A connection, or what reads like one."""

    def execute(self, sql: str, values: Any = ..., /) -> Any:
        """A cursor with `fetchone` and `fetchall`."""
        ...


ADD = """INSERT INTO ledger (time, job, tenant, user, project, timeline, shot, name, operation,
  engine, weights, take, draft, device, stage, attempt, last, seconds, device_seconds, frames,
  rate_num, rate_den, pixels, cost, currency, outcome)
  VALUES (:time, :id, :tenant, :user, :project, :timeline, :shot, :name, :operation, :engine,
  :weights, :take, :draft, :device, :stage_done, :attempt, :last, :stage_seconds, :held,
  :frames, :rate_num, :rate_den, :pixels, :charged, :currency, :outcome)"""
# The last word of an attempt whose worker and server are both gone.
LAST_WORD = """SELECT max(time) - (SELECT max(time) FROM event WHERE job = :id
  AND kind IN ('state', 'stage')) FROM event WHERE job = :id"""
PLAN = "SELECT record FROM plan WHERE job = ?"
ENGINE_LEFT = "SELECT payload FROM checkpoint WHERE job = ? AND stage = 'engine'"
ADD_RUN = """INSERT INTO run (time, engine, operation, draft, device, delivery, made, finished,
  cold, seconds, file_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
RUNS = "SELECT * FROM run WHERE engine = ? ORDER BY number DESC LIMIT ?"
REPORT = """SELECT project, timeline, shot, currency, max(name) AS name,
  group_concat(DISTINCT nullif(user, '')) AS users,
  sum(last AND outcome = 'done') AS takes, sum(last AND outcome = 'reused') AS reused,
  sum(last AND outcome IN ('failed', 'cancelled')) AS unfinished,
  max(iif(last AND NOT draft AND outcome IN ('done', 'reused'), frames, 0)) AS frames,
  max(iif(last AND NOT draft AND outcome IN ('done', 'reused'),
    1.0 * frames * rate_den / rate_num, 0)) AS finished,
  sum(device_seconds) AS device_seconds, sum(cost) AS cost
  FROM ledger WHERE tenant = :tenant AND time >= :after AND time < :before
  AND (:project IS NULL OR project = :project) AND (:user IS NULL OR user = :user)
  GROUP BY project, timeline, shot, currency ORDER BY project, timeline, min(number)"""


@dataclass(slots=True)
class _Attempt:
    """An attempt that this process saw begin."""

    number: int
    began: float
    before: float
    """Seconds that earlier attempts of the job were charged for."""
    plan: dict[str, Any] | None = None
    """Of the job, once it was needed: it never changes."""
    ended: bool = False


REMEMBERED = 64
"""Attempts that ended and are still known: what their end wrote may have been rolled back."""


class Ledger:
    """Charges attempts, each call inside the transaction of the move that it belongs to.

    A device is paid for while a worker holds it for a job, whatever the stage. So the time of an
    attempt is measured once, from its claim, and a line charges what no earlier line of the
    attempt has: a line that was rolled back is made good by the next.
    """

    def __init__(
        self, price: Price, *, clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        """`clock` never goes back; `now` is seconds since 1970."""
        self._price, self._clock, self._now = price, clock, now
        self._begun: dict[str, _Attempt] = {}

    def begin(self, row: Mapping[str, Any]) -> None:
        """An attempt was claimed; its device is held from now on."""
        if len(self._begun) > REMEMBERED:
            self._begun = {id: one for id, one in self._begun.items() if not one.ended}
        self._begun[row["id"]] = _Attempt(row["attempt"], self._clock(), row["device_seconds"])

    def stage(self, db: Database, row: dict[str, Any], stage: str, seconds: float) -> float:
        """A stage is done, in so many seconds of its own; the seconds that are charged for it."""
        return self._add(db, row, Outcome.DONE, stage=stage, seconds=seconds)

    def end(
        self, db: Database, row: dict[str, Any], outcome: Outcome, *, last: bool = True
    ) -> float:
        """An attempt ends, or a job that nobody works on; `last`: the job ends with it.

        Call it before the row's state changes: who is not running holds nothing. Returns the
        seconds that are charged.
        """
        held = self._add(db, row, outcome, last=last)
        if attempt := self._begun.get(row["id"]):
            attempt.ended = True
        return held

    def remember(self, db: Database, row: Mapping[str, Any], file_bytes: int) -> None:
        """Keep the run of a job that made its take, for estimates; call it after `end`.

        Only what was made in one go is kept: an attempt that went on from a checkpoint is no
        measure of the whole.
        """
        seconds = row["device_seconds"]
        if row["attempt"] != 1 or not seconds:
            return
        left = db.execute(ENGINE_LEFT, (row["id"],)).fetchone()
        cold = bool(left) and bool(json.loads(left[0]).get("cold", False))
        plan = self._plan(db, row["id"])
        head, tail = plan["handles"]
        made = sum(r["frames"] for r in plan["generate"])
        db.execute(ADD_RUN, (
            self._now(), row["engine"], row["operation"], row["draft"], row["device"],
            plan["delivery"], made * _pixels(plan["work"]) / 1e6,
            (head + plan["frames"] + tail) * _pixels(plan["size"]) / 1e6, cold, seconds,
            file_bytes,
        ))  # fmt: skip

    def _add(
        self, db: Database, row: dict[str, Any], outcome: Outcome, *, stage: str = "",
        seconds: float = 0.0, last: bool = False,
    ) -> float:  # fmt: skip
        held = self._held(db, row) if row["state"] == "running" else 0.0
        charged = micros(held, self._price)
        currency = self._price.currency if charged is not None else ""
        plan = self._plan(db, row["id"])
        db.execute(ADD, {
            **row, "time": self._now(), "weights": plan.get("weights", ""), "stage_done": stage,
            "last": int(last), "stage_seconds": seconds, "held": held, "frames": plan["frames"],
            "rate_num": plan["rate"]["num"], "rate_den": plan["rate"]["den"],
            "pixels": _pixels(plan["size"]), "charged": charged, "currency": currency,
            "outcome": outcome,
        })  # fmt: skip
        row["device_seconds"] += held
        row["cost"] += charged or 0
        row["currency"] = currency or row["currency"]
        return held

    def _held(self, db: Database, row: Mapping[str, Any]) -> float:
        """Seconds of this attempt that no line has charged yet."""
        attempt = self._begun.get(row["id"])
        if attempt is None or attempt.number != row["attempt"]:
            # The process that measured it is gone.
            found = db.execute(LAST_WORD, {"id": row["id"]}).fetchone()[0]
            return max(float(found or 0.0), 0.0)
        charged = row["device_seconds"] - attempt.before
        return max(self._clock() - attempt.began - charged, 0.0)

    def _plan(self, db: Database, id: str) -> dict[str, Any]:
        attempt = self._begun.get(id)
        if attempt is not None and attempt.plan is not None:
            return attempt.plan
        plan: dict[str, Any] = json.loads(db.execute(PLAN, (id,)).fetchone()[0])
        if attempt is not None:
            attempt.plan = plan
        return plan


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """What was spent on one shot of one project, or on all that were asked about."""

    project: str
    timeline: str
    shot: str
    name: str
    user: str
    """Who asked; several are separated by commas."""
    takes: int
    """That were made, drafts included."""
    reused: int
    unfinished: int
    """Jobs that failed or were cancelled; what they used is paid too."""
    frames: int
    """Of the longest finished take that is no draft, handles not counted."""
    finished_seconds: float
    """These frames at the shot's rate."""
    device_seconds: float
    cost_micros: int | None
    """None: the operator named no price when the work was done."""
    currency: str


def runs(read: Callable[[str, Sequence[Any]], Sequence[Any]], engine: str, most: int) -> list[Run]:
    """The newest runs of an engine; `read` answers a query with rows."""
    return [
        Run(
            engine=r["engine"], operation=Operation(r["operation"]), draft=bool(r["draft"]),
            device=r["device"], delivery=r["delivery"], made=r["made"], finished=r["finished"],
            cold=bool(r["cold"]), seconds=r["seconds"], file_bytes=r["file_bytes"],
        )
        for r in read(RUNS, (engine, most))
    ]  # fmt: skip


def report(
    read: Callable[[str, Any], Sequence[Any]], *, tenant: str = "", project: str | None = None,
    user: str | None = None, after: float | None = None, before: float | None = None,
) -> list[ReportLine]:  # fmt: skip
    """A line for each shot, by project and timeline; times are seconds since 1970."""
    lines: dict[tuple[str, str, str, str], ReportLine] = {}
    found = read(REPORT, {
        "tenant": tenant, "project": project, "user": user, "after": after or 0.0,
        "before": 1e18 if before is None else before,
    })  # fmt: skip
    priced = {(r["project"], r["timeline"], r["shot"]): r["currency"] for r in found}
    priced.update(
        {(r["project"], r["timeline"], r["shot"]): r["currency"] for r in found if r["currency"]}
    )
    for r in found:
        shot = (r["project"], r["timeline"], r["shot"])
        # What was done before a price was named stands in the shot's one line.
        key = (*shot, r["currency"] or priced[shot])
        line = ReportLine(
            project=r["project"], timeline=r["timeline"], shot=r["shot"], name=r["name"],
            user=r["users"] or "", takes=r["takes"], reused=r["reused"],
            unfinished=r["unfinished"], frames=r["frames"], finished_seconds=r["finished"],
            device_seconds=r["device_seconds"], cost_micros=r["cost"], currency=key[3],
        )  # fmt: skip
        lines[key] = _sum(lines[key], line) if key in lines else line
    return list(lines.values())


def total(lines: Sequence[ReportLine], currency: str) -> ReportLine:
    """All lines together; money of another currency than the one named is left out."""
    costs = [x.cost_micros for x in lines if x.cost_micros is not None and x.currency == currency]
    shots = {(x.project, x.timeline, x.shot): (x.frames, x.finished_seconds) for x in lines}
    return ReportLine(
        project="", timeline="", shot="", name="", user="", takes=sum(x.takes for x in lines),
        reused=sum(x.reused for x in lines), unfinished=sum(x.unfinished for x in lines),
        frames=sum(frames for frames, _ in shots.values()),
        finished_seconds=sum(seconds for _, seconds in shots.values()),
        device_seconds=sum(x.device_seconds for x in lines),
        cost_micros=sum(costs) if costs else None, currency=currency if costs else "",
    )  # fmt: skip


def _sum(one: ReportLine, two: ReportLine) -> ReportLine:
    costs = [x.cost_micros for x in (one, two) if x.cost_micros is not None]
    users = {u for x in (one, two) for u in x.user.split(",") if u}
    return ReportLine(
        project=one.project, timeline=one.timeline, shot=one.shot, name=one.name or two.name,
        user=",".join(sorted(users)), takes=one.takes + two.takes, reused=one.reused + two.reused,
        unfinished=one.unfinished + two.unfinished, frames=max(one.frames, two.frames),
        finished_seconds=max(one.finished_seconds, two.finished_seconds),
        device_seconds=one.device_seconds + two.device_seconds,
        cost_micros=sum(costs) if costs else None, currency=one.currency,
    )  # fmt: skip


def _pixels(size: Mapping[str, int]) -> int:
    return size["width"] * size["height"]
