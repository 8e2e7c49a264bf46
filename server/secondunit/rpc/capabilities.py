"""CapabilityService: both catalogues as data, and what the server does now."""

# ruff: noqa: N802  (methods have the names of the protocol)

from __future__ import annotations

import asyncio
import shutil
import time
from typing import Any

import av
import grpc

from secondunit import __version__
from secondunit.catalog.deliveries import DELIVERIES, Delivery
from secondunit.catalog.engines import Engine, missing_packages
from secondunit.catalog.installed import known, lacking, weights_of
from secondunit.config import Config
from secondunit.jobs.desk import Desk
from secondunit.jobs.job import State
from secondunit.jobs.workers import WorkerStatus
from secondunit.rpc import convert
from secondunit.rpc.jobs import LONGEST_PAGE, LONGEST_WAIT
from secondunit.rpc.principal import current
from secondunit.v1 import capabilities_pb2 as pb
from secondunit.v1 import deliveries_pb2
from secondunit.v1.capabilities_pb2_grpc import CapabilityServiceServicer

MESSAGE_BYTES = 4 * 1024 * 1024
"""Largest message the server takes; larger things are files or streams."""

Context = grpc.aio.ServicerContext[Any, Any]

KEYFRAMES = {
    "any": pb.KEYFRAME_SUPPORT_ANY,
    "first": pb.KEYFRAME_SUPPORT_FIRST,
    "first_last": pb.KEYFRAME_SUPPORT_FIRST_LAST,
}
MASKS = {
    "none": pb.MASK_SUPPORT_NONE,
    "binary": pb.MASK_SUPPORT_BINARY,
    "soft": pb.MASK_SUPPORT_SOFT,
}


class Capabilities(CapabilityServiceServicer):
    """See proto/secondunit/v1/capabilities.proto."""

    def __init__(self, desk: Desk, config: Config, draining: asyncio.Event) -> None:
        self._desk, self._config, self._draining = desk, config, draining
        self._started = time.monotonic()

    async def GetCapabilities(self, request: pb.GetCapabilitiesRequest, context: Context) -> Any:
        """What the server can do."""
        default = self._config.engine
        found = known(self._config)
        rows = sorted(found.values(), key=lambda row: row.name != default)
        return pb.GetCapabilitiesResponse(
            version=__version__,
            api_versions=["secondunit.v1"],
            engines=await asyncio.to_thread(
                lambda: [self._engine(row, default=row.name == default) for row in rows]
            ),
            deliveries=[_delivery(row) for row in DELIVERIES.values()],
            default_delivery=self._config.delivery,
            limits=pb.Limits(
                message_bytes=MESSAGE_BYTES,
                blob_bytes=self._config.limits.blob_bytes,
                picture_pixels=self._config.max_pixels,
                event_wait=convert.duration(LONGEST_WAIT),
                page_size=LONGEST_PAGE,
            ),
        )

    async def GetServerStatus(self, request: pb.GetServerStatusRequest, context: Context) -> Any:
        """What the server does now."""
        counts, trouble = self._desk.counts(), self._desk.trouble
        return pb.GetServerStatusResponse(
            uptime=convert.duration(time.monotonic() - self._started),
            draining=self._draining.is_set(),
            queued=counts[State.QUEUED] + counts[State.WAITING],
            running=counts[State.RUNNING],
            free_bytes=shutil.disk_usage(self._config.data).free,
            healthy=not trouble,
            trouble=trouble,
            workers=[self._worker(one) for one in self._desk.workers.status()],
        )

    def _worker(self, worker: WorkerStatus) -> pb.Worker:
        return pb.Worker(
            device=worker.device,
            engine=worker.engine,
            # Who asks need not know that another tenant's job is there.
            job_id=worker.job if worker.tenant == current().tenant else "",
            alive=worker.alive,
            memory_bytes=worker.memory_bytes,
        )

    def _engine(self, row: Engine, *, default: bool) -> pb.Engine:
        why = lacking(row, self._config)
        return _engine(row, why, default=default)


def _engine(row: Engine, why: str, *, default: bool) -> pb.Engine:
    return pb.Engine(
        name=row.name,
        title=row.title,
        licence=row.licence,
        operations=[convert.OPERATIONS[operation] for operation in sorted(row.operations)],
        frame_step=row.frame_step,
        frame_offset=row.frame_offset,
        longest_frames=row.longest,
        size_multiple=row.size_multiple,
        smallest_side=row.smallest,
        native_rate=row.native_rate or 0.0,
        keyframes=KEYFRAMES[row.keyframes],
        mask=MASKS[row.mask],
        strokes=row.strokes,
        ambient=row.ambient,
        camera=row.camera,
        prompt=row.prompt,
        steps=row.steps,
        memory_bytes=row.memory_mib * 1024 * 1024,
        available=not why,
        missing_packages=missing_packages(row),
        default=default,
        family=row.family,
        native_controls=sorted(row.native),
        held=row.held,
        tiers=[
            pb.EngineTier(name=tier.name, steps=tier.steps, guidance=tier.guidance)
            for tier in row.tiers
        ],
        licence_limits=row.limits,
        most_pixels=row.most_pixels,
        words=row.words,
        references=row.references,
        weights=weights_of(row),
        unavailable=why,
    )


def _delivery(row: Delivery) -> deliveries_pb2.Delivery:
    return deliveries_pb2.Delivery(
        name=row.name,
        title=row.title,
        codec=row.codec,
        container=row.container,
        suffix=row.suffix,
        pixel_format=row.format or "",
        exact=row.exact,
        even=row.even,
        available=row.codec in av.codecs_available,
    )
