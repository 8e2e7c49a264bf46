"""Work on several pictures at once, with results in order and the same bits on any machine."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_ceiling: int | None = None

T = TypeVar("T")
R = TypeVar("R")

MOST = 4
"""Items at once where nobody says how many: a machine of many cores has no more memory for it."""


def cores() -> int:
    """Processors that this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def at_most(items: int | None) -> None:
    """From now on, work on at most so many items at once in this process; None: as each wishes."""
    global _ceiling
    _ceiling = items


def in_order(work: Callable[[T], R], items: Iterable[T], at_once: int | None = None) -> Iterator[R]:
    """Yield `work(item)` for each item, in the order of the items; the caller's thread is free.

    At most `at_once` items (None: one for each core, up to `MOST`), and no more than `at_most`
    allows, are in work or done and not yet taken, so that memory stays bounded. Each result depends
    on its item alone, and therefore not on how many are made at once. What `work` or `items` raises
    comes out in its place; leaving the loop drops what has not begun and waits for what has.
    """
    count = at_once or min(cores(), MOST)
    if _ceiling is not None:
        count = min(count, _ceiling)
    if count == 1:
        yield from map(work, items)
        return
    pending: deque[Future[R]] = deque()
    with ThreadPoolExecutor(count, thread_name_prefix="pictures") as pool:
        try:
            for item in items:
                pending.append(pool.submit(work, item))
                if len(pending) == count:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
