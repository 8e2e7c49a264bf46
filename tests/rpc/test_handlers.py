"""Methods without gRPC's own listener: the same handlers, those of much data too."""

from __future__ import annotations

import asyncio
import hashlib
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from secondunit.config import Config, Limits
from secondunit.jobs.blobs import BlobStore
from secondunit.jobs.uploads import Uploads
from secondunit.rpc.blobs import CHUNK, Blobs, add_to_server
from secondunit.rpc.handlers import Methods
from secondunit.rpc.rules import Rules
from secondunit.v1 import blobs_pb2 as pb
from secondunit.v1 import units_pb2

SERVICE = "/secondunit.v1.BlobService/"


async def each(messages: Iterator[bytes]) -> AsyncIterator[bytes]:
    for message in messages:
        yield message


def test_a_blob_goes_in_and_out_by_any_door(tmp_path: Path) -> None:
    config = Config(data=tmp_path, limits=Limits(reserve_bytes=0))
    blobs = BlobStore(config)
    methods = Methods([Rules()])
    add_to_server(Blobs(blobs, Uploads(config, blobs), config), methods)  # type: ignore[arg-type]
    data = os.urandom(5 * CHUNK // 2)
    digest = units_pb2.Digest(sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
    upload = str(uuid.uuid4())

    def sent() -> Iterator[bytes]:
        for at in range(0, len(data), CHUNK):
            yield pb.WriteBlobRequest(
                upload_id=upload, digest=digest, offset=at, data=data[at : at + CHUNK],
                finish=at + CHUNK >= len(data),
            ).SerializeToString()  # fmt: skip

    async def call(name: str, requests: Iterator[bytes]) -> list[bytes]:
        answers = methods.answer(SERVICE + name, each(requests), metadata=(), peer="ipv4:127.0.0.1")
        return [answer async for answer in answers]

    (answer,) = asyncio.run(call("WriteBlob", sent()))
    assert pb.WriteBlobResponse.FromString(answer).committed_size == len(data)
    read = pb.ReadBlobRequest(digest=digest).SerializeToString()
    parts = asyncio.run(call("ReadBlob", iter([read])))
    assert b"".join(pb.ReadBlobResponse.FromString(part).data for part in parts) == data
    assert methods.services == ("secondunit.v1.BlobService",)
