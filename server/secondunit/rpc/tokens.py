"""Tokens: who may call, kept in one small file that the command line changes while a server runs.

`su_<id>_<secret>`; the id is public and stands in logs and lists, the secret is shown once. The
file is no part of the job store: that has one writer, the server, and a token must be revocable
without it.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from pathlib import Path
from typing import Any

from secondunit.errors import (
    Refused,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    Unauthenticated,
)
from secondunit.failpoints import failpoint
from secondunit.jobs.lock import FolderLock
from secondunit.rpc.principal import Principal, Scope
from secondunit.rpc.token_uses import Uses

FILE = "tokens.json"
PREFIX = "su"
SECRET_BYTES = 32
LOOK_AGAIN = 1.0
"""Seconds after which the file is looked at again: so long a revoked token may still serve."""
LONGEST_TOKEN = 200
LOCK_PATIENCE = 5.0
"""Seconds to wait while another command writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """What is kept of a secret."""

    sha256: str
    """Hexadecimal. One round and no salt are enough: a secret is 256 random bits and no password,
    so neither a dictionary nor a table of hashes finds it."""
    until: datetime | None = None
    """End of its overlap with the one that replaced it; None: as long as the token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One caller's right to call."""

    id: str
    name: str
    """What it is for, in the operator's words."""
    user: str
    tenant: str
    scope: Scope
    created: datetime
    expires: datetime | None
    """None: never."""
    revoked: datetime | None = None
    secrets: tuple[Secret, ...] = ()
    """The newest first."""

    def state(self, now: datetime) -> str:
        """`valid`, `expired` or `revoked`."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and now >= self.expires else "valid"


class Register:
    """The file of tokens in a data folder, for whoever changes it."""

    def __init__(self, data: Path) -> None:
        """Nothing is read or written yet."""
        self._file = data / FILE

    def all(self) -> tuple[Token, ...]:
        """Every token that was ever given, the oldest first. Raises StoreDamaged."""
        return _read(self._file)

    def add(
        self, name: str, *, user: str = "", tenant: str = "", scope: Scope, days: float | None
    ) -> tuple[Token, str]:
        """A new token and its text, which is kept nowhere. `days`: until it expires; None: never.

        Raises Refused for a name that is empty or in use, StoreError.
        """
        with self._changing() as tokens:
            now = _now()
            faults = [
                f"'{text}' is no {what}: printable, 100 characters at most"
                for what, text in (("name", name), ("user", user), ("tenant", tenant))
                if len(text) > 100 or not text.isprintable() or (what == "name" and not text)
            ]
            if any(t.name == name and t.state(now) == "valid" for t in tokens):
                faults.append(f"there is a valid token '{name}'; rotate or revoke it")
            if faults:
                raise Refused.single("; ".join(faults), "token")
            secret = secrets.token_urlsafe(SECRET_BYTES)
            token = Token(
                id=_fresh_id(tokens),
                name=name,
                user=user or name,
                tenant=tenant,
                scope=scope,
                created=now,
                expires=None if days is None else now + timedelta(days=days),
                secrets=(Secret(sha256=_hash(secret)),),
            )
            tokens.append(token)
        return token, f"{PREFIX}_{token.id}_{secret}"

    def revoke(self, id: str) -> Token:
        """End a token for good; one that is revoked stays so. Raises Refused for an unknown id."""
        with self._changing() as tokens:
            place = _place(tokens, id)
            tokens[place] = replace(tokens[place], revoked=tokens[place].revoked or _now())
            return tokens[place]

    def rotate(self, id: str, *, overlap: timedelta) -> tuple[Token, str]:
        """A new secret for a token; the old ones serve until the overlap is over.

        Its right to call and its expiry stay. Raises Refused for a token that is unknown, expired
        or revoked.
        """
        with self._changing() as tokens:
            place, now = _place(tokens, id), _now()
            token = tokens[place]
            if token.state(now) != "valid":
                raise Refused.single(f"token {id} is {token.state(now)}; add a new one", "token")
            secret, end = secrets.token_urlsafe(SECRET_BYTES), now + overlap
            older = tuple(
                replace(s, until=end if s.until is None else min(s.until, end))
                for s in token.secrets
                if s.until is None or s.until > now
            )
            token = replace(token, secrets=(Secret(sha256=_hash(secret)), *older))
            tokens[place] = token
        return token, f"{PREFIX}_{token.id}_{secret}"

    @contextmanager
    def _changing(self) -> Iterator[list[Token]]:
        """The tokens, written back whole when the block ends well."""
        data = self._file.parent
        try:
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            raise StoreError(f"the data folder {data} cannot be used: {exc.strerror}") from exc
        lock = _locked(data / "tokens.lock")
        try:
            tokens = list(_read(self._file))
            yield tokens
            _write(self._file, tokens)
        finally:
            lock.release()


class Keys:
    """The tokens as a server knows them: read again soon after the file has changed."""

    def __init__(self, data: Path, *, look_again: float = LOOK_AGAIN) -> None:
        """`look_again`: seconds between two looks at the file.

        Raises StoreDamaged for a file that cannot be read: no server starts without its rules.
        """
        self._file, self._look_again = data / FILE, look_again
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._stamp: tuple[int, ...] | None = None
        self._tokens: dict[str, Token] = {}
        self._damage: StoreDamaged | None = None
        self._ever = False
        self.uses = Uses(data)
        """When each was used last."""
        self._look()
        if self._damage is not None:
            raise self._damage

    @property
    def exist(self) -> bool:
        """A token was given once: from then on every call needs one.

        Until the server is started anew, that is so even when the file is removed.
        """
        self._look()
        return self._ever

    def principal(self, text: str) -> Principal:
        """Whom a token stands for.

        Raises Unauthenticated, in the same words for one that is unknown and one with another
        secret; StoreDamaged while the file cannot be read, so that nobody enters meanwhile.
        """
        self._look()
        if self._damage is not None:
            raise self._damage
        prefix, _, rest = text.partition("_")
        id, _, secret = rest.partition("_")
        token = self._tokens.get(id) if prefix == PREFIX and len(text) <= LONGEST_TOKEN else None
        now = _now()
        given = _hash(secret)
        if token is None or not _opens(token, given, now):
            raise Unauthenticated("the token is not known")
        if token.state(now) != "valid":
            raise Unauthenticated(f"token {token.id} is {token.state(now)}")
        self.uses.seen(token.id, now)
        return Principal(user=token.user, tenant=token.tenant, scope=token.scope)

    def _look(self) -> None:
        with self._lock:
            if time.monotonic() - self._looked < self._look_again:
                return
            self._looked = time.monotonic()
            try:
                status = self._file.stat()
                stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            except FileNotFoundError:
                stamp = ()
            except OSError as exc:
                self._damage = StoreDamaged(f"{self._file.name} cannot be read: {exc.strerror}")
                self._ever = True
                return
            if stamp == self._stamp:
                return
            try:
                self._tokens = {token.id: token for token in _read(self._file)}
                self._damage, self._stamp = None, stamp
                self._ever = self._ever or bool(self._tokens)
            except StoreDamaged as exc:
                self._damage, self._ever = exc, True


def _opens(token: Token, given: str, now: datetime) -> bool:
    matches = [
        compare_digest(s.sha256, given) and (s.until is None or now < s.until)
        for s in token.secrets
    ]
    return any(matches)


def _now() -> datetime:
    return datetime.now(UTC)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _fresh_id(tokens: list[Token]) -> str:
    taken = {token.id for token in tokens}
    while (id := secrets.token_hex(4)) in taken:
        pass
    return id


def _place(tokens: list[Token], id: str) -> int:
    for place, token in enumerate(tokens):
        if token.id == id:
            return place
    raise Refused.single(f"there is no token '{id}'; see `secondunit token list`", "token")


def _locked(folder: Path) -> FolderLock:
    end = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            return FolderLock(folder)
        except StoreBusy:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def _read(file: Path) -> tuple[Token, ...]:
    try:
        record = json.loads(file.read_bytes())
        if record["version"] != 1:
            raise StoreDamaged(f"{file} was written by a newer version")
        return tuple(_token(entry) for entry in record["tokens"])
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise StoreDamaged(
            f"{file} cannot be read ({type(exc).__name__}); put a copy back, or remove it and give "
            "new tokens"
        ) from exc


def _write(file: Path, tokens: list[Token]) -> None:
    record = {"version": 1, "tokens": [asdict(token) for token in tokens]}
    text = json.dumps(record, indent=1, default=datetime.isoformat)
    temporary = file.with_name(f".{file.name}.part")  # one name: only who has the lock writes
    try:
        temporary.unlink(missing_ok=True)
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            failpoint("tokens.fsync.before")
            os.fsync(out.fileno())
        failpoint("tokens.rename.before")
        temporary.replace(file)
        failpoint("tokens.rename.after")
    except OSError as exc:
        temporary.unlink(missing_ok=True)
        kind = StoreFull if exc.errno == errno.ENOSPC else StoreError
        raise kind(f"{file} cannot be written: {exc.strerror}") from exc


def _token(entry: dict[str, Any]) -> Token:
    return Token(
        id=str(entry["id"]),
        name=str(entry["name"]),
        user=str(entry["user"]),
        tenant=str(entry["tenant"]),
        scope=Scope(entry["scope"]),
        created=datetime.fromisoformat(entry["created"]),
        expires=_moment(entry["expires"]),
        revoked=_moment(entry["revoked"]),
        secrets=tuple(
            Secret(sha256=str(s["sha256"]), until=_moment(s["until"])) for s in entry["secrets"]
        ),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
