"""LedgerService: what work has cost, and the budgets that stop it before it starts."""

# ruff: noqa: N802  (methods have the names of the protocol)

from __future__ import annotations

import asyncio
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from secondunit.errors import Forbidden, Refused
from secondunit.jobs.accounts import Accounts
from secondunit.jobs.budgets import Budget, BudgetState
from secondunit.jobs.ledger import ReportLine
from secondunit.rpc import convert
from secondunit.rpc.principal import Principal, Scope, current
from secondunit.v1 import ledger_pb2 as pb
from secondunit.v1.ledger_pb2_grpc import LedgerServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]


class Ledgers(LedgerServiceServicer):
    """See proto/secondunit/v1/ledger.proto."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def GetReport(self, request: pb.GetReportRequest, context: Context) -> Any:
        """What was spent: everybody's for an operator, one's own for others."""
        caller = current()
        after, before = _seconds(request, "after"), _seconds(request, "before")
        if after is not None and before is not None and after >= before:
            raise Refused.single("`after` is not before `before`", "after")
        user = request.user if request.HasField("user") else None
        project = request.project if request.HasField("project") else None
        if not caller.may(Scope.ADMIN):
            if user not in (None, caller.user):
                return pb.GetReportResponse(total=pb.ReportLine())
            user = caller.user
        lines, total = await asyncio.to_thread(
            self._accounts.report, caller.tenant, project=project, user=user, after=after,
            before=before,
        )  # fmt: skip
        return pb.GetReportResponse(lines=[_line(line) for line in lines], total=_line(total))

    async def ListBudgets(self, request: pb.ListBudgetsRequest, context: Context) -> Any:
        """Every budget for an operator; one's own, and those of whole projects, for others."""
        caller = current()
        found = await asyncio.to_thread(self._accounts.budgets, caller.tenant)
        shown = [s for s in found if _may_see(caller, s.budget)]
        return pb.ListBudgetsResponse(budgets=[_state(state) for state in shown])

    async def SetBudget(self, request: pb.SetBudgetRequest, context: Context) -> Any:
        """Set one; it counts at once."""
        asked = request.budget
        budget = Budget(
            project=asked.project,
            user=asked.user,
            cost_micros=asked.cost.micros if asked.HasField("cost") else None,
            currency=asked.cost.currency,
            device_seconds=_length(asked.device_time) if asked.HasField("device_time") else None,
        )
        state = await asyncio.to_thread(self._accounts.set_budget, _operator().tenant, budget)
        return pb.SetBudgetResponse(budget=_state(state))

    async def DeleteBudget(self, request: pb.DeleteBudgetRequest, context: Context) -> Any:
        """Remove one; whoever waited for it is queued."""
        await asyncio.to_thread(
            self._accounts.remove_budget, _operator().tenant, request.project, request.user
        )
        return pb.DeleteBudgetResponse()


def _operator() -> Principal:
    caller = current()
    if not caller.may(Scope.ADMIN):
        raise Forbidden("budgets are set with the scope 'admin'")
    return caller


def _may_see(caller: Principal, budget: Budget) -> bool:
    return caller.may(Scope.ADMIN) or budget.user in ("", caller.user)


def _line(value: ReportLine) -> pb.ReportLine:
    return pb.ReportLine(
        project=value.project,
        timeline=value.timeline,
        shot_id=value.shot,
        name=value.name,
        takes=value.takes,
        reused=value.reused,
        unfinished=value.unfinished,
        frames=value.frames,
        finished_time=convert.duration(value.finished_seconds),
        device_time=convert.duration(value.device_seconds),
        cost=convert.money(value.cost_micros, value.currency),
        user=value.user,
    )


def _state(value: BudgetState) -> pb.BudgetState:
    budget = value.budget
    return pb.BudgetState(
        budget=pb.Budget(
            project=budget.project,
            user=budget.user,
            cost=convert.money(budget.cost_micros, budget.currency),
            device_time=None
            if budget.device_seconds is None
            else convert.duration(budget.device_seconds),
        ),
        spent=convert.money(value.spent_micros, budget.currency),
        spent_time=convert.duration(value.spent_seconds),
        reserved=convert.money(value.reserved_micros, budget.currency),
        reserved_time=convert.duration(value.reserved_seconds),
        waiting=value.waiting,
    )


def _seconds(request: pb.GetReportRequest, field: str) -> float | None:
    moment: Timestamp = getattr(request, field)
    if not request.HasField(field):  # pyright: ignore[reportArgumentType]
        return None
    return moment.seconds + moment.nanos / 1e9


def _length(value: Any) -> float:
    return value.seconds + value.nanos / 1e9
