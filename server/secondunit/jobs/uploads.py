"""Uploads: parts of blobs on their way in; all that is known of one lies on the disk."""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from secondunit.config import Config
from secondunit.encode.durable import disk_full, sync_folder
from secondunit.errors import BlobUnknown, Refused, UploadBusy, UploadOffset
from secondunit.failpoints import failpoint
from secondunit.jobs.blobs import BINARY, BlobStore, Digest, sha256_of, tenant_key, unwritable

SYNCED = 8 * 2**20
"""Bytes that are written between two waits for the disk."""
_SILENT = 5.0
"""Seconds without a byte after which another call may take an upload over: the first one's
connection is lost, and only the server does not know yet."""
Bytes = bytes | memoryview
_NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Uploads:
    """The unfinished uploads of all tenants; safe from any thread, of one process alone.

    A part is named by upload and digest, so nothing has to be remembered about it: its length is
    how far it is, whenever and however the last server ended.
    """

    def __init__(self, config: Config, blobs: BlobStore) -> None:
        """`blobs` is where finished uploads go."""
        self._folder, self._config = config.data / "uploads", config
        self._blobs = blobs
        self._writing: dict[Path, Part] = {}
        self._lock = threading.Lock()

    def begin(self, tenant: str, upload: str, digest: Digest, offset: int) -> Part | None:
        """The part, open for the bytes from `offset` on; None: the blob is there already.

        Raises Refused, UploadOffset, UploadBusy (another call writes this upload), BlobTooLarge,
        LimitReached, StoreFull.
        """
        path = self._path(tenant, upload, digest)
        if self._blobs.has(tenant, digest):
            path.unlink(missing_ok=True)
            return None
        with self._lock:
            if (other := self._writing.get(path)) is not None:
                if time.monotonic() - other.heard < _SILENT:
                    raise UploadBusy(f"another call is writing the upload {upload}")
                other.leave()
            kept = _length(path)
            if offset != kept:
                raise UploadOffset(f"{kept} bytes are committed, and the chunk is for {offset}")
            others = [p for p in list(self._writing.values()) if p.path != path]
            promised = sum(p.digest.size - p.size for p in others)
            self._blobs.room_for(tenant, digest, kept=kept, promised=promised)
            part = Part(self._blobs, tenant, digest, path, kept, left=self._left)
            self._writing[path] = part
            return part

    def status(self, tenant: str, upload: str, digest: Digest) -> tuple[int, bool]:
        """(bytes that are safe on disk, the blob is complete). Raises Refused, BlobUnknown."""
        path = self._path(tenant, upload, digest)
        if self._blobs.has(tenant, digest):
            return digest.size, True
        try:
            descriptor = os.open(path, os.O_RDWR | BINARY)
        except OSError as exc:
            raise BlobUnknown(f"there is no upload {upload} of {digest}") from exc
        try:
            size = os.fstat(descriptor).st_size
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return size, False

    def collect(self, now: float | None = None) -> int:
        """Drop uploads that got no byte for as long as they are kept; returns how many."""
        before = (time.time() if now is None else now) - self._config.retention.upload_hours * 3600
        dropped = 0
        for path in self._folder.glob("*/*.part"):
            with self._lock:
                if path not in self._writing and path.stat().st_mtime < before:
                    path.unlink(missing_ok=True)
                    dropped += 1
        return dropped

    def _path(self, tenant: str, upload: str, digest: Digest) -> Path:
        wrong = []
        if not _NAME.fullmatch(upload):
            wrong += Refused.single(f"'{upload[:64]}' is no UUID", "upload_id").faults
        if not digest.well_formed:
            wrong += Refused.single(
                "a digest is 64 lower-case hexadecimal digits and a size from 0 up", "digest"
            ).faults
        if wrong:
            raise Refused(wrong)
        return self._folder / tenant_key(tenant) / f"{digest.sha256}-{upload}.part"

    def _left(self, part: Part) -> None:
        with suppress(KeyError):
            if self._writing[part.path] is part:
                del self._writing[part.path]


class Part:
    """One call that writes one upload, from where it stands on; used by one thread at a time."""

    def __init__(
        self, blobs: BlobStore, tenant: str, digest: Digest, path: Path, size: int, *,
        left: Callable[[Part], None],
    ) -> None:  # fmt: skip
        """`size`: bytes that the file at `path` has. Raises StoreFull, StoreError."""
        self.path, self.digest, self.size = path, digest, size
        self.heard = time.monotonic()
        self._blobs, self._tenant, self._left = blobs, tenant, left
        self._synced = size
        # What was there before was written by somebody else: it is read again at the end.
        self._sum = hashlib.sha256() if size == 0 else None
        self._lock = threading.Lock()
        self._open = True
        try:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | BINARY
            self._file = os.open(path, flags, 0o600)
            sync_folder(path.parent)
        except OSError as exc:
            raise unwritable(exc, disk_full(exc)) from exc

    def write(self, offset: int, *data: Bytes) -> bool:
        """Append bytes, in one piece or more; False when another has finished the blob meanwhile.

        Raises UploadOffset where they do not follow, UploadBusy when another call has taken the
        upload over; and, with the upload dropped, Refused when they are more than declared,
        StoreFull and StoreError when the disk does not take them.
        """
        with self._lock:
            self._mine()
            if offset != self.size:
                raise UploadOffset(f"{self.size} bytes are there, and the chunk is for {offset}")
            if self.size + sum(map(len, data)) > self.digest.size:
                self._drop()
                raise Refused.single(
                    f"more bytes came than the {self.digest.size} declared; the upload was dropped",
                    "data",
                )
            with self._kept_or_dropped():
                failpoint("blobs.write.before")
                self._append(data)
                failpoint("blobs.write.after")
                if self.size - self._synced < SYNCED:
                    return True
                self._sync()
            if self._blobs.has(self._tenant, self.digest):
                self._drop()
                return False
            return True

    def commit(self) -> int:
        """Wait until what came is safe on disk; returns its bytes. Raises as `write` does."""
        with self._lock:
            self._mine()
            with self._kept_or_dropped():
                self._sync()
            return self.size

    def finish(self) -> None:
        """Check the digest and give the blob its name.

        Raises Refused when bytes lack (what came is kept) or have another digest (dropped).
        """
        with self._lock:
            self._mine()
            if self.size < self.digest.size:
                raise Refused.single(
                    f"the end came at {self.size} of {self.digest.size} bytes; go on from there",
                    "finish",
                )
            found = self._sum.hexdigest() if self._sum else sha256_of(self._file)
            if found != self.digest.sha256:
                self._drop()
                raise Refused.single(
                    f"the bytes have the digest {found}, not {self.digest.sha256}; the upload was "
                    "dropped",
                    "digest",
                )
            with self._kept_or_dropped():
                self._sync()
                self._close()  # some systems rename no file that is open
                self._blobs.adopt(self._tenant, self.digest, self.path)

    def leave(self) -> None:
        """Let go of the upload; what came stays."""
        with self._lock:
            self._close()

    def _append(self, data: Sequence[Bytes]) -> None:
        for piece in data:
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(self._file, rest) :]
            if self._sum is not None:
                self._sum.update(piece)
            self.size += len(piece)
            if piece:
                self.heard = time.monotonic()

    def _sync(self) -> None:
        failpoint("blobs.fsync.before")
        os.fsync(self._file)
        failpoint("blobs.fsync.after")
        self._synced = self.size

    @contextmanager
    def _kept_or_dropped(self) -> Iterator[None]:
        # What a disk has refused once cannot be relied on, though it may read like the rest until
        # the power fails; and a full disk needs the room.
        try:
            yield
        except OSError as exc:
            self._drop()
            raise unwritable(exc, disk_full(exc)) from exc

    def _mine(self) -> None:
        if not self._open:
            raise UploadBusy("another call has taken this upload over")

    def _drop(self) -> None:
        self._close()
        self.path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._open:
            self._open = False
            os.close(self._file)
            self._left(self)


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
