"""TimelineService: what a timeline asks for, and the new one with the takes in place."""

# ruff: noqa: N802  (methods have the names of the protocol)

from __future__ import annotations

import asyncio
from typing import Any

import grpc

from secondunit.config import Config
from secondunit.errors import Fault, Refused
from secondunit.jobs.desk import Desk
from secondunit.jobs.placing import Bundle, Profile, place_jobs
from secondunit.jobs.reader import Reader
from secondunit.plan.planned import Options
from secondunit.plan.shot_plan import ShotPlan
from secondunit.rpc import convert, placed
from secondunit.rpc.jobs import own
from secondunit.rpc.plans import plan_timeline_of
from secondunit.rpc.reach import allowed, file_within
from secondunit.v1 import timeline_pb2 as pb
from secondunit.v1.timeline_pb2_grpc import TimelineServiceServicer

PROFILES: dict[int, Profile] = {
    pb.PROFILE_UNSPECIFIED: "otio",
    pb.PROFILE_OTIO: "otio",
    pb.PROFILE_RESOLVE: "resolve",
    pb.PROFILE_PREMIERE: "premiere",
}

BUNDLES: dict[int, Bundle] = {pb.BUNDLE_OTIOZ: "otioz", pb.BUNDLE_OTIOD: "otiod"}

Context = grpc.aio.ServicerContext[Any, Any]


class Timelines(TimelineServiceServicer):
    """See proto/secondunit/v1/timeline.proto."""

    def __init__(self, desk: Desk, config: Config, reader: Reader) -> None:
        self._desk, self._config, self._reader = desk, config, reader

    async def InspectTimeline(self, request: pb.InspectTimelineRequest, context: Context) -> Any:
        """The shots that a timeline asks for."""
        path = file_within(request.timeline, "timeline", self._config)
        rate = convert.given(request.rate, "rate") if request.HasField("rate") else None
        drops = request.drop_frame if request.HasField("drop_frame") else None
        edit = await self._reader.apart(
            self._reader.inspect, path, self._config, rate, request.sequence or None, drops
        )
        return pb.InspectTimelineResponse(
            timeline=str(path),
            name=edit.name,
            rate=convert.rate(edit.rate),
            shots=[convert.shot(shot) for shot in edit.shots],
            faults=[convert.fault(fault) for fault in edit.faults],
            notices=edit.notices,
        )

    async def PlaceTimeline(self, request: pb.PlaceTimelineRequest, context: Context) -> Any:
        """Write the new timeline with the takes of some jobs in place."""
        for id in request.job_ids:
            own(self._desk, id)
        config = self._config
        timeline = file_within(request.timeline, "timeline", config)
        out = file_within(request.out, "out", config) if request.out else None
        media = request.media_folder
        folder = file_within(media, "media_folder", config) if media else None
        kept: list[ShotPlan] = []
        if request.kept:
            options = convert.options(request.options, config)
            kept = await self._reader.apart(
                _kept, request.timeline, list(request.kept), options, config, self._reader
            )
        # It is read again here, by a process that may write: first by one that may die of it. That
        # one has where plans were asked for: those are of the file as it is now.
        if not kept:
            plan = next((self._desk.plan(id) for id in request.job_ids), None)
            meant = (None, None) if plan is None else (plan.rate, plan.place.sequence)
            await self._reader.apart(self._reader.check, timeline, config, *meant)
        edit = await asyncio.to_thread(
            place_jobs,
            self._desk,
            config,
            timeline=timeline,
            jobs=list(request.job_ids),
            kept=kept,
            out=out,
            media=folder,
            profile=PROFILES.get(request.profile, "otio"),
            bundled=BUNDLES.get(request.bundle),
            within=allowed(config),
        )
        return placed.response(edit)


def _kept(
    timeline: str, digests: list[str], options: Options, config: Config, reader: Reader
) -> list[ShotPlan]:
    """The plans of a timeline that have these digests. Raises Refused for one that has none."""
    found = {
        plan.digest: plan for plan in plan_timeline_of(timeline, options, config, reader).shots
    }
    faults = [
        Fault(what=f"the timeline asks for no shot with the plan {digest[:12]}",
              path=f"kept[{number}]")
        for number, digest in enumerate(digests)
        if digest not in found
    ]  # fmt: skip
    if faults:
        raise Refused(faults)
    return [found[digest] for digest in dict.fromkeys(digests)]
