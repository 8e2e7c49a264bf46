"""A call without a network: what is done for whom."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from secondunit.rpc.principal import Principal, current, enter


@contextmanager
def acting(principal: Principal) -> Iterator[None]:
    """What is called inside is done for this principal, in threads started by asyncio too."""
    before = current()
    enter(principal)
    try:
        yield
    finally:
        enter(before)
