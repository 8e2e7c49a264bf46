"""PlanService: what a timeline or a request would lead to."""

# ruff: noqa: N802  (methods have the names of the protocol)

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc

from secondunit.config import Config
from secondunit.jobs.accounts import Accounts
from secondunit.jobs.blobs import BlobStore
from secondunit.jobs.job import Estimate
from secondunit.jobs.reader import Reader
from secondunit.jobs.standing import media_of, standing
from secondunit.plan.planned import EngineChoice, Options, TimelinePlan
from secondunit.rpc import convert, placed
from secondunit.rpc.by_blob import plan_by_blob
from secondunit.rpc.carrier import plan_request
from secondunit.rpc.reach import allowed, file_within
from secondunit.v1 import plans_pb2 as pb
from secondunit.v1 import shots_pb2
from secondunit.v1.plans_pb2_grpc import PlanServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]


def plan_timeline_of(
    timeline: str, options: Options, config: Config, reader: Reader
) -> TimelinePlan:
    """The plan of a timeline named on the wire. Raises Refused, MediaForbidden for its path."""
    return reader.plan(file_within(timeline, "timeline", config), options, config)


class Plans(PlanServiceServicer):
    """See proto/secondunit/v1/plans.proto."""

    def __init__(
        self, config: Config, blobs: BlobStore, reader: Reader, accounts: Accounts
    ) -> None:
        self._config, self._blobs, self._reader = config, blobs, reader
        self._accounts = accounts

    async def PlanTimeline(self, request: pb.PlanTimelineRequest, context: Context) -> Any:
        """Plan every shot that a timeline asks for."""
        options = replace(convert.options(request.options, self._config), compare=request.compare)
        found = await self._reader.apart(
            plan_timeline_of, request.timeline, options, self._config, self._reader
        )
        media = request.media_folder
        folder = file_within(media, "media_folder", self._config) if media else None
        plans, expected = await asyncio.to_thread(
            self._with_takes, found, media_of(found.timeline, media=folder), allowed(self._config)
        )
        return pb.PlanTimelineResponse(
            timeline=str(found.timeline),
            name=found.name,
            rate=convert.rate(found.rate),
            plans=plans,
            faults=[convert.fault(fault) for fault in found.faults],
            notices=found.notices,
            estimate=convert.estimate(self._accounts.together(expected)),
            compared=await asyncio.to_thread(lambda: [self._choice(c) for c in found.compared]),
        )

    def _choice(self, choice: EngineChoice) -> pb.EnginePlans:
        """What one engine would do, with what that costs."""
        expected = self._accounts.estimates(choice.shots)
        return pb.EnginePlans(
            engine=choice.engine,
            plans=[convert.plan(*pair) for pair in zip(choice.shots, expected, strict=True)],
            faults=[convert.fault(fault) for fault in choice.faults],
            estimate=convert.estimate(self._accounts.together(expected)),
        )

    def _with_takes(
        self, found: TimelinePlan, folder: Path, within: tuple[Path, ...] | None
    ) -> tuple[list[pb.ShotPlan], list[Estimate]]:
        """Each plan with the take of it that lies there, or the reasons why it is made."""
        there = standing(found.shots, folder, within)
        expected = self._accounts.estimates(
            found.shots, [one.take is not None for one in there]
        )  # fmt: skip
        plans: list[pb.ShotPlan] = []
        for plan, estimate, one in zip(found.shots, expected, there, strict=True):
            message = convert.plan(plan, estimate)
            if one.take is not None:
                message.made.CopyFrom(placed.take(one.take))
            message.reasons.extend(one.reasons)
            plans.append(message)
        return plans, expected

    async def PlanShot(self, request: pb.PlanShotRequest, context: Context) -> Any:
        """Plan one shot that carries its neighbouring clips."""
        options = convert.options(request.options, self._config)
        found = await self._reader.apart(
            plan_by_blob, self._planned, request.request, options, self._blobs
        )
        expected = await asyncio.to_thread(self._accounts.estimates, found.shots)
        return pb.PlanShotResponse(
            plans=[convert.plan(*pair) for pair in zip(found.shots, expected, strict=True)],
            faults=[convert.fault(fault) for fault in found.faults],
            notices=found.notices,
            estimate=convert.estimate(self._accounts.together(expected)),
        )

    def _planned(self, request: shots_pb2.ShotRequest, options: Options) -> TimelinePlan:
        return plan_request(request, options, self._config, self._reader.plan)
