"""TimelineService: what a timeline asks for, and the new one with the takes in place."""

# ruff: noqa: N802  (methods have the names of the protocol)

from __future__ import annotations

import asyncio
from typing import Any

import grpc

from secondunit.config import Config
from secondunit.jobs.desk import Desk
from secondunit.rpc import convert
from secondunit.timeline.select import find_shots
from secondunit.v1 import timeline_pb2 as pb
from secondunit.v1.timeline_pb2_grpc import TimelineServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]


class Timelines(TimelineServiceServicer):
    """See proto/secondunit/v1/timeline.proto."""

    def __init__(self, desk: Desk, config: Config) -> None:
        self._desk, self._config = desk, config

    async def InspectTimeline(self, request: pb.InspectTimelineRequest, context: Context) -> Any:
        """The shots that a timeline asks for."""
        path = convert.absolute(request.timeline, "timeline")
        edit = await asyncio.to_thread(find_shots, path, config=self._config)
        return pb.InspectTimelineResponse(
            timeline=str(path),
            name=edit.name,
            rate=convert.rate(edit.rate),
            shots=[convert.shot(shot) for shot in edit.shots],
            faults=[convert.fault(fault) for fault in edit.faults],
            notices=edit.notices,
        )
