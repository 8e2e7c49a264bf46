"""Blobs: bytes by their digest, of one tenant each; whole or not there, and checked when read."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from secondunit.config import Config
from secondunit.encode.durable import sync_folder
from secondunit.errors import (
    BlobDamaged,
    BlobRange,
    BlobTooLarge,
    BlobUnknown,
    LimitReached,
    StoreError,
    StoreFull,
)
from secondunit.failpoints import failpoint

log = logging.getLogger(__name__)

BINARY = getattr(os, "O_BINARY", 0)
"""Windows opens files as text otherwise."""
_HEX = re.compile(r"[0-9a-f]{64}")
_KNOWN_GOOD = 10_000
"""Blobs whose last check is remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The name of a blob."""

    sha256: str
    """Of its bytes, 64 lower-case hexadecimal digits."""
    size: int
    """Bytes."""

    @property
    def well_formed(self) -> bool:
        """It can be a digest; nothing else may become part of a path."""
        return _HEX.fullmatch(self.sha256) is not None and 0 <= self.size < 2**63

    def __str__(self) -> str:
        return f"blobs/{self.sha256}/{self.size}"


EMPTY = Digest(sha256=hashlib.sha256(b"").hexdigest(), size=0)
"""Always there: nobody needs to upload nothing."""

_Stamp = tuple[int, int, int]
"""Inode, bytes and time of a file: while they stay, nobody wrote to it by way of the system."""


class BlobStore:
    """The blobs of all tenants; safe from any thread, of one process alone.

    A blob is one file in a folder of its own (a playlist in disguise reads its siblings), and the
    folder's time is when the blob was last wanted. Whoever knows a digest has no more than a name:
    a tenant finds what it uploaded, and what its own jobs made.
    """

    def __init__(self, config: Config) -> None:
        """Nothing is made on disk before the first upload."""
        self._config = config
        self._root, self._damaged = config.data / "blobs", config.data / "damaged"
        self._good: dict[Path, _Stamp] = {}
        self._stored: dict[str, int] = {}
        # Over every step that gives a blob its name, says that it is wanted, or takes it away.
        self._lock = threading.Lock()

    def has(self, tenant: str, digest: Digest) -> bool:
        """The blob is there."""
        return digest == EMPTY or _bytes_of(self._file(tenant, digest)) == digest.size

    def missing(self, tenant: str, digests: Sequence[Digest]) -> tuple[Digest, ...]:
        """Those that are not there. The others are kept from now on as if they were new."""
        with self._lock:
            return tuple(d for d in digests if not (d == EMPTY or self._wanted(tenant, d)))

    def use(self, tenant: str, digest: Digest) -> Path:
        """The blob's file for a job, its bytes checked. Raises BlobUnknown, BlobDamaged."""
        os.close(self.open(tenant, digest))
        with self._lock:
            if not self._wanted(tenant, digest):
                raise _unknown(digest)
        return self._file(tenant, digest)

    def open(self, tenant: str, digest: Digest, offset: int = 0) -> int:
        """A descriptor for the caller to read the blob by, from `offset` on, and to close.

        The bytes are checked when nobody has read them since the start, or since the file was
        touched. Raises BlobUnknown, BlobRange for an `offset` past the end, and BlobDamaged: then
        the blob was put aside, and is missing from now on.
        """
        path = self._file(tenant, digest)
        if digest == EMPTY:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        try:
            descriptor = os.open(path, os.O_RDONLY | BINARY)
        except OSError as exc:
            raise _unknown(digest) from exc
        try:
            self._check(tenant, digest, path, descriptor)
            if not 0 <= offset <= digest.size:
                raise BlobRange(f"byte {offset} lies outside the blob, which has {digest.size}")
            os.lseek(descriptor, offset, os.SEEK_SET)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def grant(self, tenant: str, digest: Digest, file: Path) -> None:
        """Let a tenant read a file of the data folder as a blob: a second name, no copy.

        What cannot be linked is left out: the file itself stays where it is.
        """
        if self.has(tenant, digest):
            return
        path = self._file(tenant, digest)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            os.link(file, path)

    def adopt(self, tenant: str, digest: Digest, part: Path) -> None:
        """Give a finished and checked upload its name; one that has it already is kept instead."""
        path = self._file(tenant, digest)
        with self._lock:
            if _bytes_of(path) == digest.size:
                part.unlink(missing_ok=True)
                os.utime(path.parent)
                return
            folders = [f for f in (path.parent, *path.parent.parents[:3]) if not f.exists()]
            path.parent.mkdir(parents=True, exist_ok=True)
            failpoint("blobs.rename.before")
            part.replace(path)
            failpoint("blobs.rename.after")
            for folder in (path.parent, *(f.parent for f in folders)):
                sync_folder(folder)
            if (key := tenant_key(tenant)) in self._stored:
                self._stored[key] += digest.size
            self._remember(path, _stamp(path.stat()))

    def room_for(self, tenant: str, digest: Digest, *, kept: int, promised: int) -> None:
        """There is room for a blob of which `kept` bytes lie here already.

        `promised` bytes are still to come of other uploads. Raises BlobTooLarge, LimitReached,
        StoreFull.
        """
        limits = self._config.limits
        if digest.size > limits.blob_bytes:
            raise BlobTooLarge(
                f"the blob has {digest.size} bytes, and a blob may have {limits.blob_bytes}"
            )
        if limits.stored_bytes:
            used = self._used(tenant)
            if used + promised + digest.size > limits.stored_bytes:
                raise LimitReached(
                    f"{digest.size} bytes more than the {used} that are stored, and {promised} "
                    f"on their way, are over the limit of {limits.stored_bytes}"
                )
        free = shutil.disk_usage(_existing(self._config.data)).free
        if free - promised - (digest.size - kept) < limits.reserve_bytes:
            raise StoreFull(
                f"{digest.size - kept} bytes do not fit: {free} are free, {promised} of them "
                f"promised to other uploads, and {limits.reserve_bytes} stay free"
            )

    def collect(self, wanted: Callable[[], Collection[Path]], now: float | None = None) -> int:
        """Drop blobs that nobody has wanted for as long as they are kept; returns how many.

        `wanted` says which files open jobs need: asked once, and only when there is something to
        drop. What is a take's second name costs nothing and stays.
        """
        days = self._config.retention.blob_days
        if not days:
            return 0
        before = (time.time() if now is None else now) - days * 86400
        old = [path for path in self._files() if _old(path, before)]
        needed = wanted() if old else ()
        dropped = 0
        for path in old:
            with self._lock:
                if path in needed:
                    os.utime(path.parent)
                elif _old(path, before):  # nobody asked for it since
                    self._forget(path)
                    path.unlink(missing_ok=True)
                    with suppress(OSError):
                        path.parent.rmdir()
                    dropped += 1
        for folder in self._damaged.glob("*"):
            if folder.stat().st_mtime < before:
                shutil.rmtree(folder, ignore_errors=True)
        return dropped

    def _file(self, tenant: str, digest: Digest) -> Path:
        if not digest.well_formed:
            raise _unknown(digest)
        return self._root / tenant_key(tenant) / digest.sha256[:2] / digest.sha256 / "blob"

    def _wanted(self, tenant: str, digest: Digest) -> bool:
        path = self._file(tenant, digest)
        if _bytes_of(path) != digest.size:
            return False
        os.utime(path.parent)
        return True

    def _check(self, tenant: str, digest: Digest, path: Path, descriptor: int) -> None:
        stamp = _stamp(os.fstat(descriptor))
        if self._good.get(path) != stamp:
            if sha256_of(descriptor) != digest.sha256:
                self._put_aside(tenant, digest, path)
                raise BlobDamaged(f"the bytes stored for {digest} no longer have its digest")
            with self._lock:
                self._remember(path, stamp)
        if stamp[1] != digest.size:
            raise _unknown(digest)

    def _put_aside(self, tenant: str, digest: Digest, path: Path) -> None:
        # Not deleted: it may be the only copy, and its owner may know how to mend it.
        target = self._damaged / f"{tenant_key(tenant)}-{digest.sha256}-{secrets.token_hex(4)}"
        log.error("%s is damaged; it was moved to %s", path, target)
        with self._lock:
            self._forget(path)
            self._damaged.mkdir(parents=True, exist_ok=True)
            with suppress(OSError):  # another reader was first
                path.parent.rename(target)
                os.utime(target)

    def _forget(self, path: Path) -> None:
        self._good.pop(path, None)
        key = path.parents[2].name
        if key in self._stored and (size := _bytes_of(path)) is not None:
            self._stored[key] -= size

    def _remember(self, path: Path, stamp: _Stamp) -> None:
        while len(self._good) >= _KNOWN_GOOD:
            del self._good[next(iter(self._good))]
        self._good[path] = stamp

    def _used(self, tenant: str) -> int:
        key = tenant_key(tenant)
        with self._lock:
            if key not in self._stored:
                files = (p.stat() for p in self._files(key))
                self._stored[key] = sum(s.st_size for s in files if s.st_nlink == 1)
            return self._stored[key]

    def _files(self, key: str = "*") -> list[Path]:
        return list(self._root.glob(f"{key}/??/*/blob"))


def tenant_key(tenant: str) -> str:
    """The name of a tenant's folder: no tenant can spell that of another, or a way out."""
    return hashlib.sha256(tenant.encode()).hexdigest()[:32] if tenant else "own"


def sha256_of(descriptor: int) -> str:
    """SHA-256 of a whole file, wherever its descriptor stands; then it stands at the end."""
    found = hashlib.sha256()
    os.lseek(descriptor, 0, os.SEEK_SET)
    while data := os.read(descriptor, 2**20):
        found.update(data)
    return found.hexdigest()


def unwritable(exc: OSError, full: bool) -> StoreError:
    """The error for bytes that the disk did not take."""
    if full:
        return StoreFull("the disk is full: the upload cannot be written, and was dropped")
    return StoreError(f"the upload cannot be written, and was dropped: {exc.strerror}")


def _unknown(digest: Digest) -> BlobUnknown:
    return BlobUnknown(f"there is no {digest}")


def _bytes_of(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _stamp(status: os.stat_result) -> _Stamp:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _old(path: Path, before: float) -> bool:
    try:
        return path.parent.stat().st_mtime < before and path.stat().st_nlink == 1
    except OSError:
        return False


def _existing(folder: Path) -> Path:
    return next(f for f in (folder, *folder.absolute().parents) if f.exists())
