"""Blobs: files on their way to a server that shares no disk with this machine, and back.

request.before.media.CopyFrom(unit.blobs.file(Path("A001.mov")))
take = unit.jobs.take(unit.jobs.create(request).id)
unit.blobs.download(take.clip, Path("A001_made.mov"))
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import cast

import grpc
from secondunit.v1 import blobs_pb2 as pb
from secondunit.v1.blobs_pb2_grpc import BlobServiceStub
from secondunit.v1.units_pb2 import Digest, File

from secondunit_client.calls import STRETCH, Caller
from secondunit_client.errors import Refused, ServerFault, error_of

CHUNK = 2**20
"""Bytes of a chunk; the server takes no larger ones."""
PATIENCE = 120.0
"""Seconds to go on trying without a further byte: a server may be started anew in that time."""
_ASKED = 1000
"""Digests in one question."""

OnBytes = Callable[[int, int], None]
"""(bytes that are over, of how many)."""


class Blobs:
    """BlobService."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._stub = BlobServiceStub(caller.channel)

    def file(self, path: Path, on_bytes: OnBytes | None = None) -> File:
        """A file of this machine for a request: uploaded, if the server lacks it."""
        return File(blob=self.upload(path, on_bytes))

    def missing(self, digests: Iterable[Digest]) -> list[Digest]:
        """Those that would have to be uploaded."""
        asked = list(digests)
        found: list[Digest] = []
        for start in range(0, len(asked), _ASKED):
            request = pb.FindMissingBlobsRequest(digests=asked[start : start + _ASKED])
            found += self._caller.call(self._stub.FindMissingBlobs, request).missing
        return found

    def upload(
        self, path: Path, on_bytes: OnBytes | None = None, *, patience: float = PATIENCE
    ) -> Digest:
        """Bring a file to the server; returns at once when it is there.

        A lost connection is taken up again where it was, and so is an upload of the same file by
        an earlier program that died. Raises Refused for a file that changed meanwhile, Busy where
        the server has no room, Unreachable after `patience` seconds without a further byte.
        """
        digest = digest_of(path)
        if not self.missing([digest]):
            return digest
        name = f"{uuid.getnode():x}:{path.absolute()}:{digest.sha256}"
        upload = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
        pauses, best = self._caller.pauses(patience), 0
        while True:
            if path.stat().st_size != digest.size_bytes:
                raise Refused(
                    code="FILE_CHANGED",
                    what=f"'{path}' has changed while it was uploaded",
                    remedy="Upload it again when nobody writes it.",
                )
            try:
                committed = self._committed(upload, digest)
                if committed > best:
                    pauses, best = self._caller.pauses(patience), committed
                chunks = _chunks(path, upload, digest, committed, on_bytes)
                # Longer ones are cut here, and go on at the byte.
                answer = self._stub.WriteBlob(chunks, timeout=STRETCH)
                if answer.committed_size == digest.size_bytes:
                    return digest
            except grpc.RpcError as exc:
                pause = next(pauses) if _code(exc) in _AGAIN else None
                if pause is None:
                    raise error_of(exc, self._caller.address) from exc
                time.sleep(pause)

    def download(
        self, digest: Digest, path: Path, on_bytes: OnBytes | None = None, *,
        patience: float = PATIENCE,
    ) -> Path:  # fmt: skip
        """Fetch a blob into a file, which appears whole and checked, or not at all.

        A lost connection is taken up again where it was; what an earlier program fetched lies in
        a hidden file beside `path` and is used. Raises NotFound, ServerFault, Unreachable.
        """
        part = path.with_name(f".{path.name}.{digest.sha256[:12]}.part")
        while True:
            earlier = part.stat().st_size if part.exists() else 0
            self._fetch(digest, part, on_bytes, patience)
            if digest_of(part) == digest:
                part.replace(path)
                return path
            part.unlink()
            if not earlier:
                raise ServerFault(
                    code="BLOB_DAMAGED",
                    what=f"the bytes that came are not those of blob {digest.sha256}",
                    remedy="Try again; if it happens again, tell the operator.",
                    retryable=True,
                )

    def _committed(self, upload: str, digest: Digest) -> int:
        request = pb.QueryWriteStatusRequest(upload_id=upload, digest=digest)
        try:
            return self._stub.QueryWriteStatus(request, timeout=30).committed_size
        except grpc.RpcError as exc:
            if _code(exc) is grpc.StatusCode.NOT_FOUND:
                return 0
            raise

    def _fetch(
        self, digest: Digest, part: Path, on_bytes: OnBytes | None, patience: float
    ) -> None:  # fmt: skip
        pauses = self._caller.pauses(patience)
        with part.open("ab") as file:
            at = file.tell()
            if at > digest.size_bytes:
                at = file.truncate(0)
            while at < digest.size_bytes:
                request = pb.ReadBlobRequest(digest=digest, offset=at)
                stream = self._stub.ReadBlob(request, timeout=STRETCH)
                try:
                    for answer in stream:
                        data = answer.data
                        at += file.write(data)
                        pauses = self._caller.pauses(patience)
                        if on_bytes is not None:
                            on_bytes(at, digest.size_bytes)
                except grpc.RpcError as exc:
                    pause = next(pauses) if _code(exc) in _AGAIN else None
                    if pause is None:
                        raise error_of(exc, self._caller.address) from exc
                    time.sleep(pause)
                finally:
                    stream.cancel()
            file.flush()
            os.fsync(file.fileno())


_AGAIN = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.ABORTED,  # the server still waits for the connection that was lost
    grpc.StatusCode.OUT_OF_RANGE,  # it has more than it had said, or less
)


def digest_of(path: Path) -> Digest:
    """The name of a file's bytes."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256")
        return Digest(sha256=found.hexdigest(), size_bytes=file.tell())


def _chunks(
    path: Path, upload: str, digest: Digest, at: int, on_bytes: OnBytes | None
) -> Iterator[pb.WriteBlobRequest]:
    first = True
    with path.open("rb") as file:
        file.seek(at)
        while first or at < digest.size_bytes:
            data = file.read(CHUNK)
            if not data and at < digest.size_bytes:
                return  # it has become shorter: the server keeps waiting for what is not there
            message = pb.WriteBlobRequest(
                offset=at, data=data, finish=at + len(data) >= digest.size_bytes
            )
            if first:
                message.upload_id = upload
                message.digest.CopyFrom(digest)
                first = False
            yield message
            at += len(data)
            if on_bytes is not None:
                on_bytes(at, digest.size_bytes)


def _code(error: grpc.RpcError) -> grpc.StatusCode:
    return cast("grpc.Call", error).code()
