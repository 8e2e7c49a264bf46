"""Connection: one server, its services, and the way from a timeline to a rendered timeline.

from pathlib import Path
from secondunit_client import Connection

with Connection("127.0.0.1:50051") as unit:
    edit = unit.render(Path("cut.otio"))
print(edit.timeline)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from secondunit.v1 import capabilities_pb2, jobs_pb2, plans_pb2, timeline_pb2
from secondunit.v1.capabilities_pb2_grpc import CapabilityServiceStub
from secondunit.v1.timeline_pb2_grpc import TimelineServiceStub
from secondunit.v1.units_pb2 import Rate

from secondunit_client.access import Access
from secondunit_client.blobs import Blobs
from secondunit_client.calls import Caller
from secondunit_client.engines import Engines
from secondunit_client.errors import Refused
from secondunit_client.jobs import Jobs
from secondunit_client.ledger import Ledger
from secondunit_client.plans import Plans
from secondunit_client.rendered import Rendered

PROFILES = {
    "otio": timeline_pb2.PROFILE_OTIO,
    "resolve": timeline_pb2.PROFILE_RESOLVE,
    "premiere": timeline_pb2.PROFILE_PREMIERE,
}

BUNDLES = {
    "": timeline_pb2.BUNDLE_UNSPECIFIED,
    "otioz": timeline_pb2.BUNDLE_OTIOZ,
    "otiod": timeline_pb2.BUNDLE_OTIOD,
}

OnJobEvent = Callable[[jobs_pb2.Job, jobs_pb2.JobEvent], None]


class Connection:
    """A server at `host:port`. The channel is opened by the first call and mends itself."""

    def __init__(
        self, address: str, *, patience: float = 5.0, access: Access | None = None
    ) -> None:
        """`patience`: seconds to go on trying while no server answers.

        `access`: the token and the certificates, by default what the environment says; see Access.
        Raises Refused for files that cannot be read, and for a token that would go in the clear.
        """
        access = Access.from_environment() if access is None else access
        self._caller = Caller(address, patience=patience, access=access)
        self.plans = Plans(self._caller)
        self.jobs = Jobs(self._caller)
        self.blobs = Blobs(self._caller)
        self.ledger = Ledger(self._caller)
        self.engines = Engines(self._caller)
        self._timelines = TimelineServiceStub(self._caller.channel)
        self._capabilities = CapabilityServiceStub(self._caller.channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the channel. Jobs on the server go on."""
        self._caller.channel.close()

    def capabilities(self) -> capabilities_pb2.GetCapabilitiesResponse:
        """Engines, deliveries, versions and limits."""
        request = capabilities_pb2.GetCapabilitiesRequest()
        return self._caller.call(self._capabilities.GetCapabilities, request)

    def status(self) -> capabilities_pb2.GetServerStatusResponse:
        """What the server does now."""
        request = capabilities_pb2.GetServerStatusRequest()
        return self._caller.call(self._capabilities.GetServerStatus, request)

    def inspect(
        self,
        timeline: Path,
        *,
        rate: tuple[int, int] | None = None,
        sequence: str = "",
        drop_frame: bool | None = None,
    ) -> timeline_pb2.InspectTimelineResponse:
        """The shots that a timeline asks for, not planned. Raises Refused.

        `rate`, `sequence` and `drop_frame` as for `options`.
        """
        request = timeline_pb2.InspectTimelineRequest(
            timeline=str(timeline.absolute()),
            rate=None if rate is None else Rate(num=rate[0], den=rate[1]),
            sequence=sequence,
            drop_frame=drop_frame,
        )
        return self._caller.call(self._timelines.InspectTimeline, request, timeout=300)

    def place(
        self,
        timeline: Path,
        jobs: Iterable[str],
        *,
        out: Path | None = None,
        media: Path | None = None,
        profile: str = "otio",
        bundle: str = "",
        kept: Iterable[str] = (),
        options: plans_pb2.PlanOptions | None = None,
    ) -> timeline_pb2.PlaceTimelineResponse:
        """Write a new timeline with the takes of these jobs in place; the original stays.

        `out`: default `<name>.gen.otio` beside the original; `media`: folder of the clips, default
        `<name>.gen` beside `out`; `profile`: otio, resolve, premiere; `bundle`: otioz or otiod, to
        have the edit with all its media as one thing too. `kept`: digests of plans, made with
        `options`, whose takes lie in the media folder and are placed too.
        """
        request = timeline_pb2.PlaceTimelineRequest(
            timeline=str(timeline.absolute()),
            out=str(out.absolute()) if out else "",
            media_folder=str(media.absolute()) if media else "",
            profile=PROFILES[profile],
            job_ids=list(jobs),
            kept=list(kept),
            options=options,
            bundle=BUNDLES[bundle],
        )
        return self._caller.call(self._timelines.PlaceTimeline, request, timeout=600)

    def render(
        self,
        timeline: Path,
        *,
        options: plans_pb2.PlanOptions | None = None,
        out: Path | None = None,
        media: Path | None = None,
        profile: str = "otio",
        bundle: str = "",
        priority: str = "normal",
        project: str = "",
        user: str = "",
        on_plan: Callable[[plans_pb2.PlanTimelineResponse], None] | None = None,
        on_event: OnJobEvent | None = None,
    ) -> Rendered:
        """Make every shot that a timeline asks for and write the new timeline.

        `project` and `user`: whose the work is, in the ledger and for budgets.

        A take that lies in the media folder, made from the same plan, is placed as it is and costs
        no job: rendering an unchanged timeline does no work.

        A shot that fails does not keep the others back: see `Rendered.failed`. Raises Refused with
        every fault before any work. Interrupting leaves the jobs on the server; the same call
        later finds what they made.
        """
        folder = media or (out.with_suffix("") if out else None)
        plan = self.plans.timeline(timeline, options, media=folder)
        if plan.faults:
            words = "\n".join(f"{fault.what} @ {fault.path}" for fault in plan.faults)
            raise Refused(
                code="REFUSED",
                what=words,
                remedy="Mend the lines named above and send the request again.",
                faults=tuple(plan.faults),
            )
        if on_plan is not None:
            on_plan(plan)
        created = {
            shot.digest: self.jobs.create(
                timeline,
                shot.shot_id,
                take=shot.take,
                options=options,
                priority=priority,
                project=project,
                user=user,
            )
            for shot in plan.plans
            if not shot.HasField("made")
        }
        ended = {digest: self._follow(job, on_event) for digest, job in created.items()}
        done = [job.id for job in ended.values() if job.state == jobs_pb2.JOB_STATE_SUCCEEDED]
        kept = [shot.digest for shot in plan.plans if shot.HasField("made")]
        placed = None
        if done or kept:
            placed = self.place(
                timeline,
                done,
                out=out,
                media=media,
                profile=profile,
                bundle=bundle,
                kept=kept,
                options=options,
            )
        jobs = tuple(ended.get(shot.digest) or _kept(shot) for shot in plan.plans)
        return Rendered(plan=plan, jobs=jobs, placed=placed)

    def _follow(self, job: jobs_pb2.Job, on_event: OnJobEvent | None) -> jobs_pb2.Job:
        def tell(event: jobs_pb2.JobEvent) -> None:
            if on_event is not None:
                on_event(job, event)

        return self.jobs.wait(job.id, tell)


def _kept(shot: plans_pb2.ShotPlan) -> jobs_pb2.Job:
    """What stands for the job of a take that was there: it has no id, for there was no work."""
    return jobs_pb2.Job(
        shot_id=shot.shot_id,
        name=shot.name,
        operation=shot.operation,
        engine=shot.engine,
        take=shot.take,
        draft=shot.draft,
        state=jobs_pb2.JOB_STATE_SUCCEEDED,
        result=jobs_pb2.JobResult(take=shot.made, reused=True),
    )
