"""PictureService: single frames of footage, for people who choose, paint and compare."""

# ruff: noqa: N802  (methods have the names of the protocol)

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import grpc

from secondunit.config import Config
from secondunit.errors import Refused
from secondunit.jobs.blobs import BlobStore
from secondunit.jobs.reader import Reader
from secondunit.rpc import convert
from secondunit.rpc.principal import current
from secondunit.rpc.reach import file_within
from secondunit.v1 import pictures_pb2 as pb
from secondunit.v1 import units_pb2
from secondunit.v1.pictures_pb2_grpc import PictureServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]
USUAL = 1280


class Pictures(PictureServiceServicer):
    """See proto/secondunit/v1/pictures.proto."""

    def __init__(self, config: Config, blobs: BlobStore, reader: Reader) -> None:
        self._config, self._blobs, self._reader = config, blobs, reader

    async def GetPicture(self, request: pb.GetPictureRequest, context: Context) -> Any:
        """One frame of a file."""
        path = await asyncio.to_thread(self._path, request.media, current().tenant)
        longest = request.longest_side or USUAL
        found = await self._reader.apart(self._reader.view, path, request.frame, longest)
        rate = found["rate"]
        return pb.GetPictureResponse(
            jpeg=base64.b64decode(found["jpeg"]),
            size=units_pb2.Size(width=found["width"], height=found["height"]),
            frames=found["frames"],
            rate=None if rate is None else units_pb2.Rate(num=rate[0], den=rate[1]),
        )

    def _path(self, file: units_pb2.File, tenant: str) -> Path:
        match file.WhichOneof("source"):
            case "path":
                return file_within(file.path, "media", self._config)
            case "blob":
                return self._blobs.use(tenant, convert.digest(file.blob))
            case _:
                raise Refused.single("no file is named", "media")
