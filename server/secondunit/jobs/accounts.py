"""Accounts: estimates before, the report after, and budgets, over the store's own tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from secondunit.catalog import installed
from secondunit.config import Config
from secondunit.errors import Refused
from secondunit.jobs import budgets, ledger, rows
from secondunit.jobs.budgets import Budget, BudgetState
from secondunit.jobs.estimate import RUNS, Run, estimated, together
from secondunit.jobs.job import Estimate
from secondunit.jobs.ledger import ReportLine
from secondunit.jobs.store import Store
from secondunit.plan.shot_plan import ShotPlan

RESULT = "SELECT record FROM result WHERE digest = ?"


class Accounts:
    """What work will cost, has cost and may cost; safe to call from any thread."""

    def __init__(
        self, store: Store, config: Config, *, warm: Callable[[str], bool], wake: Callable[[], None]
    ) -> None:
        """`warm`: an engine is in memory now; `wake`: jobs were let go."""
        self._store, self._config, self._price = store, config, config.price
        self._warm, self._wake = warm, wake

    def estimates(self, plans: Sequence[ShotPlan], made: Sequence[bool] = ()) -> list[Estimate]:
        """What each will take and cost, as if one worker made one after the other.

        `made`: which of them are there already in the edit's own folder; none where not said.
        """
        known = {plan.digest for plan, there in zip(plans, made, strict=False) if there}

        def there(digest: str) -> bool:
            return digest in known or self._there(digest)

        return estimated(
            plans, self._runs, self._price, there=there, warm=self._warm,
            engines=installed.known(self._config),
        )  # fmt: skip

    def together(self, parts: Sequence[Estimate]) -> Estimate | None:
        """The same of a whole timeline; None of no shots."""
        return together(parts)

    def report(
        self, tenant: str, *, project: str | None = None, user: str | None = None,
        after: float | None = None, before: float | None = None,
    ) -> tuple[list[ReportLine], ReportLine]:  # fmt: skip
        """A line for each shot, and all together; times are seconds since 1970."""
        lines = ledger.report(
            self._store.read, tenant=tenant, project=project, user=user, after=after,
            before=before,
        )  # fmt: skip
        return lines, ledger.total(lines, self._price.currency)

    def budgets(self, tenant: str) -> list[BudgetState]:
        """Every budget and what is left of it, by project and user."""
        return budgets.states(self._store.read, tenant)

    def set_budget(self, tenant: str, budget: Budget) -> BudgetState:
        """Set a budget; it counts at once. Raises Refused with all that is wrong in it."""
        budget = budgets.checked(budget, self._price)
        self._store.set_budget(tenant, budget)
        self._wake()
        found = self.budgets(tenant)
        return next(s for s in found if s.budget == budget)

    def remove_budget(self, tenant: str, project: str, user: str) -> None:
        """Remove a budget, if there is one; jobs that waited for it are queued."""
        self._store.remove_budget(tenant, project, user)
        self._wake()

    def _runs(self, engine: str) -> list[Run]:
        return ledger.runs(self._store.read, engine, RUNS)

    def _there(self, digest: str) -> bool:
        found = self._store.read(RESULT, (digest,))
        if not found:
            return False
        try:
            result = rows.result(found[0]["record"], self._store.data)
        except Refused:  # another version's: it will be made again
            return False
        return result.file.is_file() and result.sidecar.is_file()
