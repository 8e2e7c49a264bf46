"""Pairing: a panel on this machine shows that its user can read the server's folder.

`secondunit serve` and `secondunit pair` write a short code into the data folder, which only its
owner can read, and show it. A panel that says the code is given a token of its own, once. Servers
that have tokens for callers want one of those instead.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from pathlib import Path
from typing import Any

from secondunit.errors import Refused, StoreDamaged, StoreError, Unauthenticated

CODE = "pairing.json"
PANELS = "panels.json"
PREFIX = "sup"
DIGITS = 6
LASTS = timedelta(minutes=10)
TRIES = 5
"""Wrong codes, after which the right one serves no more."""
MOST_PANELS = 64
"""Older ones are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A panel that was paired."""

    id: str
    name: str
    """What it said it is."""
    sha256: str
    """Of its secret, which is 256 random bits."""
    paired: str
    """When, ISO 8601."""


def new_code(data: Path) -> str:
    """A code that a panel may be paired with, in the place of any other. Raises StoreError."""
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    until = datetime.now(UTC) + LASTS
    _write(data / CODE, {"code": code, "until": until.isoformat()})
    return code


def panels(data: Path) -> tuple[Panel, ...]:
    """Those that were paired, the oldest first. Raises StoreDamaged."""
    try:
        record = json.loads((data / PANELS).read_bytes())
        return tuple(Panel(**{k: str(v) for k, v in one.items()}) for one in record["panels"])
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise StoreDamaged(f"{data / PANELS} cannot be read; remove it and pair again") from exc


def forget(data: Path, id: str) -> None:
    """Have a panel pair again before it may call. Raises Refused for an unknown id."""
    kept = [panel for panel in panels(data) if panel.id != id]
    if len(kept) == len(panels(data)):
        raise Refused.single(
            f"no panel '{id}' was paired; see `secondunit pair --list`", "--forget"
        )
    _write(data / PANELS, {"panels": [asdict(panel) for panel in kept]})


class Pairing:
    """What a server knows of its panels."""

    def __init__(self, data: Path) -> None:
        """Nothing is read yet."""
        self._data = data
        self._lock = threading.Lock()
        self._wrong: dict[str, int] = {}
        self._stamp: tuple[int, int] | None = None
        self._known: Mapping[str, Panel] = {}

    def pair(self, code: str, name: str) -> str:
        """The token of a new panel. Raises Unauthenticated for a code that is wrong or old."""
        with self._lock:
            right = self._code()
            if right is None:
                raise Unauthenticated("there is no code to pair with; `secondunit pair` shows one")
            if not compare_digest(code.strip().encode(), right.encode()):
                self._wrong[right] = self._wrong.get(right, 0) + 1
                if self._wrong[right] >= TRIES:
                    (self._data / CODE).unlink(missing_ok=True)
                raise Unauthenticated("that is not the code; `secondunit pair` shows a new one")
            (self._data / CODE).unlink(missing_ok=True)
            secret = secrets.token_urlsafe(32)
            panel = Panel(
                id=secrets.token_hex(4),
                name="".join(c for c in name if c.isprintable())[:100] or "a panel",
                sha256=_hash(secret),
                paired=datetime.now(UTC).isoformat(timespec="seconds"),
            )
            all_of_them = [*panels(self._data), panel][-MOST_PANELS:]
            _write(self._data / PANELS, {"panels": [asdict(one) for one in all_of_them]})
            return f"{PREFIX}_{panel.id}_{secret}"

    def knows(self, token: str) -> bool:
        """A token that was given, and not taken back."""
        self._look()
        prefix, _, rest = token.partition("_")
        id, _, secret = rest.partition("_")
        panel = self._known.get(id) if prefix == PREFIX else None
        return panel is not None and compare_digest(panel.sha256, _hash(secret))

    def _look(self) -> None:
        try:
            status = (self._data / PANELS).stat()
            stamp = (status.st_mtime_ns, status.st_size)
        except FileNotFoundError:
            stamp = (0, 0)
        if stamp != self._stamp:
            self._known = {panel.id: panel for panel in panels(self._data)}
            self._stamp = stamp

    def _code(self) -> str | None:
        try:
            record = json.loads((self._data / CODE).read_bytes())
            until = datetime.fromisoformat(record["until"])
            return str(record["code"]) if datetime.now(UTC) < until else None
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _write(file: Path, record: Mapping[str, Any]) -> None:
    temporary = file.with_name(f".{file.name}.{os.getpid()}.{time.monotonic_ns()}.part")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as out:
            json.dump(record, out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)
    except OSError as exc:
        temporary.unlink(missing_ok=True)
        raise StoreError(f"{file} cannot be written: {exc.strerror}") from exc
