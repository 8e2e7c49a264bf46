"""Whose turn it is: the job that is begun next, found without a look at the whole queue.

Priority comes first: interactive, normal, batch. Within a class the turn goes round among those who
asked: each person (of a tenant) is a line of its own, and the line that was served longest ago goes
first. A line that waited `ageing` seconds (since its first job was queued, and since it was served
last) goes up by one class, by two after twice that, and there before all that waited less: nobody
starves, and yet a hundred old batch jobs delay someone who waits at the screen by one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from secondunit.config import Schedule
from secondunit.jobs.job import Priority

# The first job of each line, one step in the index a line.
HEADS = """WITH RECURSIVE head (number) AS (
  SELECT (SELECT number FROM job INDEXED BY job_by_line WHERE state = 'queued' AND priority = :class
    ORDER BY tenant, user, queued, number LIMIT 1)
  UNION ALL
  SELECT coalesce(
    (SELECT n.number FROM job AS n INDEXED BY job_by_line WHERE n.state = 'queued'
      AND n.priority = :class AND n.tenant = at.tenant AND n.user > at.user
      ORDER BY n.user, n.queued, n.number LIMIT 1),
    (SELECT n.number FROM job AS n INDEXED BY job_by_line WHERE n.state = 'queued'
      AND n.priority = :class AND n.tenant > at.tenant
      ORDER BY n.tenant, n.user, n.queued, n.number LIMIT 1))
  FROM head JOIN job AS at ON at.number = head.number
)
SELECT job.number, job.priority, job.tenant, job.user, job.queued, job.engine,
    coalesce(served.time, 0) AS served
  FROM head JOIN job ON job.number = head.number LEFT JOIN served ON
    (served.tenant, served.user, served.priority) = (job.tenant, job.user, job.priority)"""
BEHIND = """SELECT number, engine FROM job INDEXED BY job_by_line WHERE state = 'queued'
  AND priority = :priority AND tenant = :tenant AND user = :user
  ORDER BY queued, number LIMIT :places"""
SERVE = """INSERT OR REPLACE INTO served (tenant, user, priority, time)
  VALUES (:tenant, :user, :priority, :time)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The job that is next."""

    number: int
    priority: Priority
    """The class that it goes in: above its own if it waited long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    head: sqlite3.Row
    priority: int
    aged: bool
    since: float

    @property
    def order(self) -> tuple[float, ...]:
        head = self.head
        first = self.since if self.aged else head["served"]
        return (self.priority, not self.aged, first, head["queued"], head["number"])


def next_turn(
    db: sqlite3.Connection, schedule: Schedule, now: float, warm: Collection[str]
) -> Turn | None:
    """The job whose turn it is; None if none is queued.

    One whose engine is in `warm` is preferred over those up to `schedule.lookahead` places before
    it in the same class, but never over one that waited for `schedule.ageing_seconds`.
    """
    heads = [head for c in Priority for head in db.execute(HEADS, {"class": int(c)}).fetchall()]
    if not heads:
        return None
    lines = sorted((_line(h, schedule.ageing_seconds, now) for h in heads), key=lambda n: n.order)
    first = lines[0]
    chosen = first.head["number"]
    if warm and not first.aged and first.head["engine"] not in warm:
        chosen = _warm_one(db, lines, schedule.lookahead, warm) or chosen
    return Turn(number=chosen, priority=Priority(first.priority))


def _line(head: sqlite3.Row, ageing: float, now: float) -> _Line:
    since = max(head["queued"], head["served"])
    lifts = int((now - since) // ageing) if ageing and now > since else 0
    priority = max(head["priority"] - lifts, min(Priority))
    return _Line(head=head, priority=priority, aged=lifts > 0, since=since)


def _warm_one(
    db: sqlite3.Connection, lines: list[_Line], places: int, warm: Collection[str]
) -> int | None:
    first = lines[0]
    near = [n for n in lines[:places] if n.priority == first.priority]
    for line in near:
        if line.head["engine"] in warm:
            return line.head["number"]
    asked = {key: first.head[key] for key in ("priority", "tenant", "user")} | {"places": places}
    behind = db.execute(BEHIND, asked).fetchall()
    return next((row["number"] for row in behind if row["engine"] in warm), None)
