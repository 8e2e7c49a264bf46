"""When each token was used last: kept by the server, shown by the command line, to the minute."""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path

log = logging.getLogger(__name__)

FILE = "token-uses.json"
WRITTEN = 60.0
"""Seconds between two times that the file is written: no call waits for it."""


def last_uses(data: Path) -> dict[str, datetime]:
    """When each token of a data folder was used last, as far as that was written; by its id.

    What cannot be read is as good as nothing: no right to call depends on it.
    """
    try:
        record = json.loads((data / FILE).read_bytes())["used"]
        return {str(id): datetime.fromisoformat(text) for id, text in record.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


class Uses:
    """The file as the one server of a data folder keeps it; `seen` is safe from any thread."""

    def __init__(self, data: Path) -> None:
        """Goes on from what an earlier server wrote."""
        self._file = data / FILE
        self._used = last_uses(data)
        self._written = dict(self._used)

    def seen(self, id: str, now: datetime) -> None:
        """A call came with this token. Nothing is written."""
        self._used[id] = now

    def write(self) -> None:
        """Write what changed; to be called once in a while, by one thread at a time.

        A disk that takes nothing is logged and no more: the calls were answered all the same.
        """
        used = dict(self._used)
        if used == self._written:
            return
        record = {"used": {id: at.isoformat(timespec="seconds") for id, at in used.items()}}
        temporary = self._file.with_name(f".{FILE}.part")
        try:
            temporary.unlink(missing_ok=True)
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(fd, "w", encoding="utf-8") as out:
                json.dump(record, out, indent=1)
            temporary.replace(self._file)
        except OSError as exc:
            log.warning("%s cannot be written: %s", self._file, exc.strerror)
        else:
            self._written = used


def words(at: datetime | None) -> str:
    """The moment for people."""
    return "-" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
