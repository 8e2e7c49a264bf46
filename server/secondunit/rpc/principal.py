"""Who calls: the principal of the call that is being answered."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum

from secondunit import logs


class Scope(StrEnum):
    """What a token allows; each includes the ones before it."""

    READ = "read"
    """Plan, list, watch, fetch what is one's own."""
    RENDER = "render"
    """Create, cancel and place jobs, upload."""
    ADMIN = "admin"
    """Everybody's jobs and spending, budgets, engines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A caller. Jobs and blobs belong to its tenant: who is of another does not see them."""

    user: str
    tenant: str
    """A team or a customer; empty for the one that a server without tokens has."""
    scope: Scope
    local: bool = False
    """A program of this machine that needs no token: it may name any file that the server's own
    user may read, as the command line does."""

    def may(self, scope: Scope) -> bool:
        """The caller has this scope."""
        order = list(Scope)
        return order.index(self.scope) >= order.index(scope)


LOCAL = Principal(user="", tenant="", scope=Scope.ADMIN, local=True)
"""Who calls a server that listens on its own machine only and knows no tokens."""

_CURRENT: ContextVar[Principal] = ContextVar("principal", default=LOCAL)


def current() -> Principal:
    """Who the call that is being answered comes from."""
    return _CURRENT.get()


def enter(principal: Principal) -> None:
    """What this task does from now on is done for this principal."""
    _CURRENT.set(principal)
    logs.bind(user=principal.user)
