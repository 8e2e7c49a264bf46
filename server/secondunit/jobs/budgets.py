"""Budgets: how much work may be begun, for a project, a user, or a user in a project."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from secondunit.config import Price
from secondunit.errors import Fault, Refused
from secondunit.jobs.amounts import money_words, seconds_words
from secondunit.jobs.job import Estimate
from secondunit.plan.shot_plan import record_of_json

Read = Callable[[str, Any], Sequence[Any]]
"""Answers a query with rows."""

MATCHING = """SELECT * FROM budget WHERE tenant = :tenant
  AND (project = '' OR project = :project) AND (user = '' OR user = :user)
  ORDER BY project, user"""
OF_TENANT = "SELECT * FROM budget WHERE tenant = ? ORDER BY project, user"
SPENT = """SELECT coalesce(sum(iif(currency = :currency, cost, 0)), 0) AS cost,
  coalesce(sum(device_seconds), 0) AS device_seconds FROM spent WHERE tenant = :tenant
  AND (:project = '' OR project = :project) AND (:user = '' OR user = :user)"""
# What was begun and gave way holds its money too: it goes on before anything new is begun.
BEGUN = """SELECT id, tenant, project, user, estimate, device_seconds, cost FROM job
  WHERE attempt > 0 AND state IN ('queued', 'running')"""
HELD = """SELECT count(*) AS jobs FROM job WHERE state = 'waiting' AND held = 'budget'
  AND tenant = :tenant AND (:project = '' OR project = :project)
  AND (:user = '' OR user = :user)"""
WAITING = """SELECT id, tenant, project, user, estimate FROM job
  WHERE state = 'waiting' AND held = 'budget' ORDER BY priority, number"""
QUEUED = """SELECT id FROM job
  WHERE state = 'queued' AND attempt = 0 AND tenant = :tenant
  AND (:project = '' OR project = :project) AND (:user = '' OR user = :user)
  ORDER BY priority, number"""
SET = """INSERT OR REPLACE INTO budget (tenant, project, user, cost, currency, device_seconds)
  VALUES (:tenant, :project, :user, :cost, :currency, :device_seconds)"""
REMOVE = "DELETE FROM budget WHERE tenant = ? AND project = ? AND user = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much work may be begun."""

    project: str = ""
    """Empty: all of a user's."""
    user: str = ""
    """Empty: everybody's of a project."""
    cost_micros: int | None = None
    """Millionths of the currency; None: not limited so."""
    currency: str = ""
    device_seconds: float | None = None
    """None: not limited so."""

    @property
    def words(self) -> str:
        """Whose it is."""
        whose = [f"project '{self.project}'"] if self.project else []
        return " of ".join([f"user '{self.user}'", *whose] if self.user else whose)


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetState:
    """A budget and what is left of it."""

    budget: Budget
    spent_micros: int
    spent_seconds: float
    reserved_micros: int
    """Of jobs that were begun: what their estimates leave to be spent."""
    reserved_seconds: float
    waiting: int = 0
    """Jobs that wait for it."""

    @property
    def left_micros(self) -> float:
        """In money; infinite where that is not limited."""
        if self.budget.cost_micros is None:
            return float("inf")
        return self.budget.cost_micros - self.spent_micros - self.reserved_micros

    @property
    def left_seconds(self) -> float:
        """In time of devices; infinite where that is not limited."""
        if self.budget.device_seconds is None:
            return float("inf")
        return self.budget.device_seconds - self.spent_seconds - self.reserved_seconds


def checked(budget: Budget, price: Price) -> Budget:
    """The budget, if it can be kept; without a currency it is in the operator's.

    Raises Refused with everything that is wrong in it.
    """
    faults: list[Fault] = []
    currency = budget.currency or price.currency if budget.cost_micros is not None else ""
    budget = replace(budget, currency=currency)

    def wrong(what: str, field: str) -> None:
        faults.append(Fault(what=what, path=f"budget.{field}"))

    if not budget.project and not budget.user:
        wrong("a budget is for a project, a user, or a user in a project", "project")
    if budget.cost_micros is None and budget.device_seconds is None:
        wrong("a budget limits money, time of devices, or both", "cost")
    if budget.cost_micros is not None:
        if budget.cost_micros < 0:
            wrong("a limit is not negative", "cost.micros")
        if not price.device_hour:
            wrong(
                "the operator named no price, so that no amount is ever spent; limit the time of "
                "devices, or set device_hour in [price]",
                "cost",
            )
        elif budget.currency != price.currency:
            wrong(
                f"'{budget.currency}' is not the operator's currency; that is {price.currency}",
                "cost.currency",
            )
    if budget.device_seconds is not None and not 0 <= budget.device_seconds < float("inf"):
        wrong("a limit is not negative", "device_time")
    if faults:
        raise Refused(faults)
    return budget


def states(read: Read, tenant: str) -> list[BudgetState]:
    """Every budget of a tenant and what is left of it, by project and user."""
    begun = read(BEGUN, ())
    return [_state(read, row, begun, waiting=True) for row in read(OF_TENANT, (tenant,))]


def why_not(read: Read, row: Mapping[str, Any]) -> str:
    """Why no budget pays for a job's beginning, in words; empty where all that match do.

    What was begun already is never held back. A job without an estimate is paid for while
    anything is left.
    """
    if row["attempt"] or not (budgets := read(MATCHING, _whose(row))):
        return ""
    need, begun = _estimate(row), [r for r in read(BEGUN, ()) if r["id"] != row["id"]]
    for budget in budgets:
        if reason := _refusal(_state(read, budget, begun), need):
            return reason
    return ""


def payable(read: Read) -> list[str]:
    """Ids of waiting jobs that can be begun now, the first in line first.

    Each is counted against what those before it leave, so that no more are let go than can be
    paid for.
    """
    begun, found = read(BEGUN, ()), list[str]()
    left: dict[tuple[str, str, str], BudgetState] = {}
    for job in read(WAITING, ()):
        need, matching = _estimate(job), []
        for row in read(MATCHING, _whose(job)):
            key = (row["tenant"], row["project"], row["user"])
            if key not in left:
                left[key] = _state(read, row, begun)
            matching.append(key)
        if any(_refusal(left[key], need) for key in matching):
            continue
        found.append(job["id"])
        for key in matching:
            left[key] = _less(left[key], need)
    return found


def queued(tenant: str, budget: Budget) -> tuple[str, Mapping[str, Any]]:
    """The query for the queued jobs that a budget is for, and its values."""
    return QUEUED, {"tenant": tenant, "project": budget.project, "user": budget.user}


def row_of(tenant: str, budget: Budget) -> Mapping[str, Any]:
    """The values of `SET`."""
    return {
        "tenant": tenant, "project": budget.project, "user": budget.user,
        "cost": budget.cost_micros, "currency": budget.currency,
        "device_seconds": budget.device_seconds,
    }  # fmt: skip


def _state(
    read: Read, row: Mapping[str, Any], begun: Sequence[Any], *, waiting: bool = False
) -> BudgetState:
    whose = {"tenant": row["tenant"], "project": row["project"], "user": row["user"]}
    spent = read(SPENT, {**whose, "currency": row["currency"]})[0]
    micros, seconds = 0, 0.0
    for job in begun:
        if all(not row[k] or row[k] == job[k] for k in ("project", "user")) and (
            row["tenant"] == job["tenant"]
        ):
            need = _estimate(job)
            if need is not None and need.currency == row["currency"]:
                micros += max((need.cost_micros or 0) - job["cost"], 0)
            if need is not None:
                seconds += max((need.device_seconds or 0.0) - job["device_seconds"], 0.0)
    return BudgetState(
        budget=Budget(
            project=row["project"], user=row["user"], cost_micros=row["cost"],
            currency=row["currency"], device_seconds=row["device_seconds"],
        ),
        spent_micros=spent["cost"], spent_seconds=spent["device_seconds"],
        reserved_micros=micros, reserved_seconds=seconds,
        waiting=read(HELD, whose)[0]["jobs"] if waiting else 0,
    )  # fmt: skip


def _refusal(state: BudgetState, need: Estimate | None) -> str:
    budget = state.budget
    if budget.cost_micros is not None:
        known = need is not None and need.currency == budget.currency
        left, cost = state.left_micros, need.cost_micros if need and known else None
        if cost > left if cost is not None else left <= 0:
            of = money_words(budget.cost_micros, budget.currency)
            asked = "" if cost is None else money_words(cost, budget.currency)
            return _words(budget, money_words(max(round(left), 0), budget.currency), of, asked)
    if budget.device_seconds is not None:
        left, time = state.left_seconds, need.device_seconds if need else None
        if time > left if time is not None else left <= 0:
            of = seconds_words(budget.device_seconds)
            asked = "" if time is None else seconds_words(time)
            return _words(budget, seconds_words(max(left, 0.0)), of, asked)
    return ""


def _words(budget: Budget, left: str, of: str, asked: str) -> str:
    text = f"The budget of {budget.words} has {left} of {of} left"
    return f"{text}; this shot is expected to take {asked}." if asked else f"{text}."


def _less(state: BudgetState, need: Estimate | None) -> BudgetState:
    """What is left when one more is begun; one that nobody can foretell may take it all."""
    budget = state.budget
    micros, seconds = (need.cost_micros, need.device_seconds) if need else (None, None)
    if micros is None:
        micros = 0 if budget.cost_micros is None else max(round(state.left_micros), 0)
    if seconds is None:
        seconds = 0.0 if budget.device_seconds is None else max(state.left_seconds, 0.0)
    return replace(
        state,
        reserved_micros=state.reserved_micros + micros,
        reserved_seconds=state.reserved_seconds + seconds,
    )


def _whose(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"tenant": row["tenant"], "project": row["project"], "user": row["user"]}


def _estimate(row: Mapping[str, Any]) -> Estimate | None:
    text = row["estimate"]
    try:
        return record_of_json(Estimate, json.loads(text), "estimate") if text else None
    except (ValueError, Refused):  # another version's: as good as none
        return None
