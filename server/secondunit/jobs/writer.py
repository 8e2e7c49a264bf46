"""The one writer of the store: all who come at once share one wait for the disk."""

from __future__ import annotations

import copy
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

MOST = 16
"""Transactions that go to the disk together: the first of them waits for the last."""


class _Batch:
    """Transactions that are committed as one, each done or undone by itself before that."""

    __slots__ = ("error", "kept", "over")

    def __init__(self) -> None:
        self.kept = 0
        self.over: threading.Event | None = None
        """Only where somebody waits for it."""
        self.error: sqlite3.Error | None = None


class Writer:
    """The one connection that writes; every thread's transactions go through it, in turn.

    While one is being written to disk others come and wait. The first of those leaves the commit to
    the next, and so on, so that one wait for the disk serves all of them (Gray and Reuter 1993,
    "group commit"). Nobody returns before what he did is on disk.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        """`db` is in autocommit mode, and nobody else writes by it."""
        self.db = db
        self._lock = threading.Lock()
        self._coming: deque[None] = deque()  # its methods are atomic, `+= 1` is not
        self._batch: _Batch | None = None

    def close(self) -> None:
        """Write what waits, and close the connection."""
        with self._lock:
            if self._batch is not None:
                self._commit(self._batch)
            self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing of what is done inside, on disk once this is left.

        Raises what the inside raises, and sqlite3.Error where it cannot be written.
        """
        self._coming.append(None)
        try:
            self._lock.acquire()
        finally:
            self._coming.pop()
        over = None
        try:
            batch = self._joined()
            try:
                yield
                self._keep(batch)
            except BaseException as exc:
                self._undo(batch, exc)
                raise
            finally:
                if self._batch is not None and (not self._coming or batch.kept >= MOST):
                    self._commit(self._batch)
                elif self._batch is not None:
                    over = batch.over = batch.over or threading.Event()
        finally:
            self._lock.release()
        if over is not None:
            over.wait()  # whoever comes next commits
        if batch.error is not None:
            raise copy.copy(batch.error)  # one for each: a traceback belongs to one thread

    def _joined(self) -> _Batch:
        if self._batch is None:
            self.db.execute("BEGIN IMMEDIATE")
            self._batch = _Batch()
        else:
            self.db.execute("SAVEPOINT move")
        return self._batch

    def _keep(self, batch: _Batch) -> None:
        if batch.kept:
            self.db.execute("RELEASE move")
        batch.kept += 1

    def _undo(self, batch: _Batch, exc: BaseException) -> None:
        try:
            if batch.kept and self.db.in_transaction:
                self.db.execute("ROLLBACK TO move")
                self.db.execute("RELEASE move")
                return
        except sqlite3.Error as also:
            exc = also
        # SQLite has undone all of it already, on a full disk say; or there is nobody else's in it.
        lost = exc if isinstance(exc, sqlite3.Error) else sqlite3.OperationalError(str(exc))
        self._drop(batch, lost)

    def _commit(self, batch: _Batch) -> None:
        try:
            self.db.execute("COMMIT")
        except sqlite3.Error as exc:
            self._drop(batch, exc)
        else:
            self._ended(batch)

    def _drop(self, batch: _Batch, error: sqlite3.Error) -> None:
        with suppress(sqlite3.Error):
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
        batch.error = error
        self._ended(batch)

    def _ended(self, batch: _Batch) -> None:
        self._batch = None
        if batch.over is not None:
            batch.over.set()
