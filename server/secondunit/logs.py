"""The log: one line an event, for people or for machines, that tells what happened and no secret.

What users write or own never stands in it: no prompt, no token, no path of media. An error of ours
is named by its code (its owner reads the sentence in the job), a foreign one by its type and the
lines of code that it came through.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType, TracebackType
from typing import Any, TextIO

from secondunit.errors import Refused, SecondUnitError

VARIABLE = "SECONDUNIT_LOG"
STYLES = ("text", "json")
FIELDS = (
    "job", "shot", "state", "engine", "operation", "stage", "device", "attempt", "seconds",
    "priority", "user", "method", "status", "code", "error_id", "reason",
)  # fmt: skip
"""What a line may carry beside its message, in this order; names of ours, ids and numbers only."""

_ABOUT: ContextVar[Mapping[str, Any]] = ContextVar("about", default=MappingProxyType({}))


@contextmanager
def about(**fields: Any) -> Iterator[None]:
    """Every line that is logged inside, in this thread or task, carries these fields."""
    token = _ABOUT.set({**_ABOUT.get(), **fields})
    try:
        yield
    finally:
        _ABOUT.reset(token)


def bind(**fields: Any) -> None:
    """The same for the rest of this thread or task: for one that is there for one thing alone."""
    _ABOUT.set({**_ABOUT.get(), **fields})


def configure(style: str, stream: TextIO | None = None) -> None:
    """Log to `stream` (standard error) as `text` or `json`; SECONDUNIT_LOG wins over `style`.

    Raises Refused for another style.
    """
    style = os.environ.get(VARIABLE) or style
    if style not in STYLES:
        raise Refused.single(f"'{style}' is no log: {', '.join(STYLES)}", VARIABLE)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Json() if style == "json" else Text())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    threading.excepthook = _thread_ended


class _Line(logging.Formatter):
    """What both styles share: the fields, and a trace without what was in the variables."""

    def fields(self, record: logging.LogRecord) -> dict[str, Any]:
        """Of the context, and over them those that came as `extra`."""
        given = {**_ABOUT.get(), **{k: v for k, v in vars(record).items() if k in FIELDS}}
        return {k: given[k] for k in FIELDS if given.get(k) not in (None, "")}

    def formatException(self, ei: Any) -> str:  # noqa: N802  (a method of logging)
        """The lines of code of an error and its causes; see `trace`."""
        return "" if ei[1] is None else trace(ei[1])


class Text(_Line):
    """`2026-05-04T10:11:12.345Z INFO jobs.runner job ended [job=3f2a… state=succeeded]`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and a trace below it where there is one."""
        fields = " ".join(f"{k}={v}" for k, v in self.fields(record).items())
        name = record.name.removeprefix("secondunit.")
        message = record.getMessage().replace("\n", "\\n")
        line = f"{_moment(record)} {record.levelname} {name} {message}"
        line += f" [{fields}]" if fields else ""
        return line + (f"\n{self.formatException(record.exc_info)}" if record.exc_info else "")


class Json(_Line):
    """`{"time": ..., "level": ..., "logger": ..., "message": ..., "job": ..., ...}`."""

    def format(self, record: logging.LogRecord) -> str:
        """One object on one line."""
        line: dict[str, Any] = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **self.fields(record),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def trace(error: BaseException) -> str:
    """An error and its causes: the lines of code, the types, and words that hold no user's text."""
    parts: list[str] = []
    one: BaseException | None = error
    while one is not None and len(parts) < 8:  # a cause may be its own cause
        frames = "".join(traceback.format_tb(one.__traceback__)).rstrip()
        parts.append(f"{frames}\n{type(one).__module__}.{type(one).__qualname__}{_words(one)}")
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return "\ncaused by\n".join(parts)


def _words(error: BaseException) -> str:
    # An error's text is made of the values that were wrong, and those may be anybody's. These are
    # known to speak of the machine alone.
    if isinstance(error, SecondUnitError):
        return f" ({error.code})"
    if isinstance(error, OSError):
        return f": {error.strerror}" if error.strerror else ""
    machine = isinstance(error, (sqlite3.Error, MemoryError)) or (
        type(error).__module__.partition(".")[0] == "torch"
    )
    return f": {error}" if machine else ""


def _moment(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    value, where = ended.exc_value, ended.exc_traceback
    if value is None or ended.exc_type is SystemExit:
        return
    raised: tuple[type[BaseException], BaseException, TracebackType | None] = (
        ended.exc_type, value, where,
    )  # fmt: skip
    logging.getLogger(__name__).error("a thread ended", exc_info=raised)
