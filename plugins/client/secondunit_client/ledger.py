"""The ledger: what work has cost, and the budgets that stop it before it starts.

report = unit.ledger.report(project="Harbour")
print(report.total.device_time.ToTimedelta(), report.total.cost.micros / 1e6)
"""

from __future__ import annotations

from datetime import datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from secondunit.v1 import ledger_pb2 as pb
from secondunit.v1.ledger_pb2_grpc import LedgerServiceStub
from secondunit.v1.units_pb2 import Money

from secondunit_client.calls import Caller


class Ledger:
    """LedgerService."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._stub = LedgerServiceStub(caller.channel)

    def report(
        self,
        *,
        project: str | None = None,
        user: str | None = None,
        after: datetime | None = None,
        before: datetime | None = None,
    ) -> pb.GetReportResponse:
        """What was spent, a line for each shot. Raises Refused when `after` is not before `before`.

        Moments carry their time zone; None is from the beginning, until now.
        """
        request = pb.GetReportRequest(
            project=project, user=user, after=_moment(after), before=_moment(before)
        )
        return self._caller.call(self._stub.GetReport, request, timeout=60)

    def budgets(self) -> list[pb.BudgetState]:
        """Every budget that the caller may see, and what is left of it."""
        return list(self._caller.call(self._stub.ListBudgets, pb.ListBudgetsRequest()).budgets)

    def set_budget(
        self,
        *,
        project: str = "",
        user: str = "",
        cost_micros: int | None = None,
        currency: str = "",
        device_seconds: float | None = None,
    ) -> pb.BudgetState:
        """Limit what may be begun for a project, a user, or a user in a project.

        It replaces the budget of the same two, and counts at once. Raises Refused, and Forbidden
        without the scope `admin`.
        """
        budget = pb.Budget(project=project, user=user)
        if cost_micros is not None:
            budget.cost.CopyFrom(Money(currency=currency, micros=cost_micros))
        if device_seconds is not None:
            length = Duration()
            length.FromTimedelta(timedelta(seconds=device_seconds))
            budget.device_time.CopyFrom(length)
        return self._caller.call(self._stub.SetBudget, pb.SetBudgetRequest(budget=budget)).budget

    def remove_budget(self, *, project: str = "", user: str = "") -> None:
        """Remove a budget, if there is one; jobs that waited for it are queued."""
        request = pb.DeleteBudgetRequest(project=project, user=user)
        self._caller.call(self._stub.DeleteBudget, request)


def _moment(value: datetime | None) -> Timestamp | None:
    if value is None:
        return None
    message = Timestamp()
    message.FromDatetime(value)
    return message
