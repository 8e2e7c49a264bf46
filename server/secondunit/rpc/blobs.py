"""BlobService: bytes by their digest, up and down, in chunks of at most 1 MiB."""

# ruff: noqa: N802  (methods have the names of the protocol)

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

import grpc

from secondunit import measures
from secondunit.config import Config
from secondunit.errors import Fault, Refused, SecondUnitError, UploadIdle
from secondunit.jobs.blobs import BlobStore, Digest
from secondunit.jobs.uploads import Bytes, Part, Uploads
from secondunit.rpc import convert
from secondunit.rpc.chunk import parsed
from secondunit.rpc.principal import current
from secondunit.v1 import blobs_pb2 as pb
from secondunit.v1 import units_pb2
from secondunit.v1.blobs_pb2_grpc import (
    BlobServiceServicer,
    add_BlobServiceServicer_to_server,
)

CHUNK = 2**20
"""Bytes of a chunk: larger ones cost more CPU, and so do smaller ones."""
MOST_DIGESTS = 1000
_THREADS = 4
"""For all blobs: a disk gets no faster by more, and planning has threads of its own."""
_BATCH = 2 * CHUNK
"""Bytes that are kept of an upload while those before them are written: each hand-over to a thread
costs as much as writing a good part of a chunk. They are few, since a killed server loses them."""
_LIVELY = 64 * 1024
"""Bytes that an upload brings in its idle time, so that a trickle holds no place for ever."""

Context = grpc.aio.ServicerContext[Any, Any]
T = TypeVar("T")


class Blobs(BlobServiceServicer):
    """See proto/secondunit/v1/blobs.proto."""

    def __init__(self, blobs: BlobStore, uploads: Uploads, config: Config) -> None:
        self._blobs, self._uploads, self._config = blobs, uploads, config
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="blobs")

    async def FindMissingBlobs(self, request: pb.FindMissingBlobsRequest, context: Context) -> Any:
        """Those of the blobs that this caller would have to upload."""
        if len(request.digests) > MOST_DIGESTS:
            raise Refused.single(
                f"{len(request.digests)} digests were asked about; {MOST_DIGESTS} at most",
                "digests",
            )
        asked = _digests(request.digests, "digests[{}]")
        missing = await self.do(self._blobs.missing, current().tenant, asked)
        return pb.FindMissingBlobsResponse(missing=[convert.wire_digest(d) for d in missing])

    async def WriteBlob(self, request_iterator: AsyncIterator[bytes], context: Context) -> Any:
        """Take chunks until the last one, or until the stream breaks; what came is kept.

        They come as the bytes of WriteBlobRequest: a message would hold a copy of them.
        """
        incoming = _Incoming(self, current().tenant)
        idle = self._config.limits.idle_seconds
        try:
            async with asyncio.timeout(idle) as clock:
                loop = asyncio.get_running_loop()
                async for message in request_iterator:
                    if await incoming.take(*parsed(message)):
                        break
                    if incoming.lively():
                        clock.reschedule(loop.time() + idle)
            return pb.WriteBlobResponse(committed_size=await incoming.end())
        except TimeoutError as exc:
            raise UploadIdle(
                f"less than {_LIVELY} bytes came in {idle:g} seconds; what came is kept"
            ) from exc
        finally:
            await incoming.leave()

    async def WriteBlobChunk(self, request: pb.WriteBlobChunkRequest, context: Context) -> Any:
        """Take one chunk, and wait until it is safe."""
        incoming = _Incoming(self, current().tenant)
        try:
            await incoming.take(request, request.data)
            committed = await incoming.end()
        finally:
            await incoming.leave()
        return pb.WriteBlobChunkResponse(committed_size=committed, complete=incoming.complete)

    async def QueryWriteStatus(self, request: pb.QueryWriteStatusRequest, context: Context) -> Any:
        """How far an upload is."""
        digest = convert.digest(request.digest)
        size, complete = await self.do(
            self._uploads.status, current().tenant, request.upload_id, digest
        )
        return pb.QueryWriteStatusResponse(committed_size=size, complete=complete)

    async def ReadBlob(self, request: pb.ReadBlobRequest, context: Context) -> AsyncIterator[bytes]:
        """The blob from an offset on, as ReadBlobResponse messages that are bytes already.

        A message that is made of its bytes and then serialised costs two copies of them.
        """
        digest, at, end = self._span(request.digest, request.offset, request.limit)
        descriptor = await self.do(self._blobs.open, current().tenant, digest, at)
        chunk = memoryview(bytearray(min(CHUNK, end - at)))
        reading: Future[int] | None = None
        try:
            while at < end:
                wanted = chunk[: end - at]
                size = _read_cached(descriptor, wanted, at)
                if size is None:
                    reading = self._pool.submit(_read, descriptor, wanted, at)
                    size = await asyncio.wrap_future(reading)
                if not size:
                    return
                at += size
                _counted(size, "out")
                yield _framed(chunk[:size])
        finally:
            if reading is None:
                os.close(descriptor)
            else:  # by a thread that still reads, if need be: the number may mean another file soon
                reading.add_done_callback(lambda _: os.close(descriptor))

    async def ReadBlobRange(self, request: pb.ReadBlobRangeRequest, context: Context) -> Any:
        """One chunk of a blob."""
        digest, at, end = self._span(request.digest, request.offset, request.limit)
        data = await self.do(self._part, current().tenant, digest, at, min(CHUNK, end - at))
        _counted(len(data), "out")
        return pb.ReadBlobRangeResponse(data=data, end=at + len(data) == digest.size)

    def _part(self, tenant: str, digest: Digest, at: int, size: int) -> bytes:
        descriptor = self._blobs.open(tenant, digest, at)
        try:
            data = bytearray(size)
            return bytes(data[: _read(descriptor, memoryview(data), at)])
        finally:
            os.close(descriptor)

    def _span(self, name: units_pb2.Digest, offset: int, limit: int) -> tuple[Digest, int, int]:
        """(the blob, first byte, end), the latter two as they were asked for."""
        (digest,) = _digests([name], "digest")
        if limit < 0:
            raise Refused.single(f"{limit} is no number of bytes", "limit")
        end = min(digest.size, offset + limit) if limit else digest.size
        return digest, offset, max(end, offset)

    def begin(self, tenant: str, request: Any) -> asyncio.Future[Part | None]:
        """Open the upload that the first message names."""
        digest = convert.digest(request.digest)
        return self.do(self._uploads.begin, tenant, request.upload_id, digest, request.offset)

    def do(self, work: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        """Have a thread of the blobs do something."""
        return asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)


def add_to_server(blobs: Blobs, server: grpc.aio.Server) -> None:
    """Register the service: as it was generated, but for the messages that carry much."""
    read = grpc.unary_stream_rpc_method_handler(
        blobs.ReadBlob,
        request_deserializer=pb.ReadBlobRequest.FromString,
        response_serializer=None,  # they are bytes
    )
    write = grpc.stream_unary_rpc_method_handler(
        blobs.WriteBlob,
        request_deserializer=None,  # they are bytes
        response_serializer=pb.WriteBlobResponse.SerializeToString,
    )
    add_BlobServiceServicer_to_server(blobs, server)
    server.add_registered_method_handlers(
        "secondunit.v1.BlobService", {"ReadBlob": read, "WriteBlob": write}
    )


def _counted(size: int, direction: str) -> None:
    # Here and not around the calls: there each look at a chunk copies it.
    if (made := measures.current()) is not None:
        made.blob_bytes.labels(direction).inc(size)


def _framed(data: memoryview) -> bytes:
    """The bytes of a ReadBlobResponse: field 1, a length in base 128, the data."""
    head, left = bytearray((0x0A,)), len(data)
    while left > 127:
        head.append(left & 127 | 128)
        left >>= 7
    head.append(left)
    return b"".join((head, data))


def _read(descriptor: int, into: memoryview, at: int) -> int:
    os.lseek(descriptor, at, os.SEEK_SET)
    return io.FileIO(descriptor, closefd=False).readinto(into) or 0


def _read_cached(descriptor: int, into: memoryview, at: int) -> int | None:
    """Read what the system has in memory: no thread is worth waking for that.

    None where a disk would have to be waited for, or where the system cannot tell.
    """
    if not hasattr(os, "RWF_NOWAIT"):
        return None
    try:
        return os.preadv(descriptor, [into], at, os.RWF_NOWAIT)
    except OSError:
        return None


class _Incoming:
    """One call that uploads: what comes while something is written is written next, in one go."""

    def __init__(self, service: Blobs, tenant: str) -> None:
        self._service, self._tenant = service, tenant
        self._part: Part | None = None
        self._size = 0
        self._last = False
        self._writing: asyncio.Future[bool] | None = None
        self._waiting: list[Bytes] = []
        self._from = self._until = 0
        self._fresh = 0
        self.complete = False
        """The blob is there, whoever brought it."""

    async def take(self, request: Any, data: Bytes) -> bool:
        """One chunk; True when no more are wanted."""
        if len(data) > CHUNK:
            raise Refused.single(f"the chunk has {len(data)} bytes; {CHUNK} at most", "data")
        _counted(len(data), "in")
        if self._part is None:
            self._size = request.digest.size_bytes
            self._part = await self._service.begin(self._tenant, request)
            self.complete = self._part is None
        if self.complete:
            return True
        if self._waiting and request.offset != self._until:
            await self._flushed()  # what came before it counts; and then this is refused
        elif self._until - self._from + len(data) > _BATCH:
            await self._handed_over()
        if self.complete:
            return True
        if not self._waiting:
            self._from = request.offset
        self._waiting.append(data)
        self._until = request.offset + len(data)
        if self._writing is None or self._writing.done():
            await self._handed_over()
        self._fresh += len(data)
        self._last = request.finish
        return self._last or self.complete

    def lively(self) -> bool:
        """Enough came since this was last true."""
        if self._fresh < _LIVELY:
            return False
        self._fresh = 0
        return True

    async def end(self) -> int:
        """Bytes that are safe: all of them when the last chunk came and has made the blob."""
        if self._part is None and not self.complete:
            raise Refused.single("the first message names the upload and its digest", "upload_id")
        await self._flushed()
        if self._part is None or self.complete:
            return self._size
        if self._last:
            await self._service.do(self._part.finish)
            self.complete = True
            return self._size
        return await self._service.do(self._part.commit)

    async def leave(self) -> None:
        """Let go, however the call ended; what came is written first."""
        with suppress(SecondUnitError):  # it was told, or the call has ended otherwise
            await self._flushed()
        if self._part is not None:
            await self._service.do(self._part.leave)

    async def _flushed(self) -> None:
        """Everything that came is written."""
        await self._handed_over()
        await self._written()

    async def _handed_over(self) -> None:
        """What waits is being written; what was before it, is."""
        await self._written()
        if self._waiting and self._part is not None and not self.complete:
            data, self._waiting = self._waiting, []
            self._writing = self._service.do(self._part.write, self._from, *data)
            self._from = self._until

    async def _written(self) -> None:
        """Raises what went wrong, once."""
        if self._writing is None:
            return
        await asyncio.wait((self._writing,))  # which goes on when the call is cancelled
        writing, self._writing = self._writing, None
        if not writing.result():
            self.complete = True


def _digests(names: Sequence[units_pb2.Digest], field: str) -> tuple[Digest, ...]:
    """Raises Refused with every one that cannot be a digest."""
    found = tuple(convert.digest(name) for name in names)
    faults = [
        Fault(
            what="a digest is 64 lower-case hexadecimal digits and a size from 0 up",
            path=field.format(n),
        )
        for n, digest in enumerate(found)
        if not digest.well_formed
    ]
    if faults:
        raise Refused(faults)
    return found
