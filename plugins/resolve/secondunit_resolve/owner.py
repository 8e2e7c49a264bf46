"""One thread owns Resolve's interface, which is safe in one thread alone, and may not come back."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from typing import Any, TypeVar

from secondunit_resolve.faults import HostError

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds for one thing, unless who asks has more."""


class Owner:
    """Runs calls one after the other in a thread of its own."""

    def __init__(self) -> None:
        """The thread begins with the first call."""
        self._calls: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = (
            queue.SimpleQueue()
        )
        self._thread: threading.Thread | None = None
        self._since: float | None = None

    def call(self, what: Callable[[], T], seconds: float = PATIENCE) -> T:
        """The result of a call. Raises what it raises, and HostError where it does not come back.

        A call that was given up is still under way: what is asked after it waits for it, and is
        refused at once when it has been gone for longer than its own patience.
        """
        away = self.away
        if away > seconds:
            raise _stuck(away)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="resolve", daemon=True)
            self._thread.start()
        answer: Future[T] = Future()
        self._calls.put((what, answer))
        try:
            return answer.result(seconds)
        except Late:
            answer.cancel()  # if it has not begun, it shall not begin when nobody waits any more
            raise _stuck(seconds) from None

    @property
    def away(self) -> float:
        """Seconds since what it does now has begun; 0 while it does nothing."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since

    def stop(self) -> None:
        """End the thread after what it does now."""
        self._calls.put(None)

    def _run(self) -> None:
        while (order := self._calls.get()) is not None:
            what, answer = order
            if not answer.set_running_or_notify_cancel():
                continue
            self._since = time.monotonic()
            try:
                answer.set_result(what())
            except BaseException as exc:  # whatever it is belongs to who asked
                answer.set_exception(exc)
            finally:
                self._since = None


def _stuck(seconds: float) -> HostError:
    return HostError(
        "TIMEOUT", f"Resolve has not answered for {seconds:.0f} seconds.",
        "A dialogue may be open in Resolve, or it renders. Close it, or wait, and try again.",
        retryable=True,
    )  # fmt: skip
