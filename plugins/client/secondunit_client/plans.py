"""Plans: what a timeline or a request would lead to, before any compute.

plan = unit.plans.timeline(Path("cut.otio"), options(draft=True))
for shot in plan.plans:
    print(shot.name, shot.frames, shot.engine)
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from secondunit.v1 import plans_pb2 as pb
from secondunit.v1.plans_pb2_grpc import PlanServiceStub
from secondunit.v1.shots_pb2 import ShotRequest
from secondunit.v1.units_pb2 import Rate

from secondunit_client.calls import Caller


def options(
    *,
    engine: str = "",
    delivery: str = "",
    draft: bool = False,
    shots: Iterable[str] = (),
    seed: int | None = None,
    roots: Iterable[Path] = (),
    rate: tuple[int, int] | None = None,
    sequence: str = "",
    drop_frame: bool | None = None,
) -> pb.PlanOptions:
    """What the caller decides; what is left out is left to each request and to the server.

    `rate` is (frames, seconds) of a timeline that does not say its own: (24000, 1001). `sequence`
    is the name of the one that is meant, of a file that holds several; `drop_frame` whether
    timecode drops frames, for a file that does not say it (an .otio).
    """
    return pb.PlanOptions(
        engine=engine,
        delivery=delivery,
        draft=draft,
        shots=list(shots),
        seed=seed,
        roots=[str(root.absolute()) for root in roots],
        rate=None if rate is None else Rate(num=rate[0], den=rate[1]),
        sequence=sequence,
        drop_frame=drop_frame,
    )


class Plans:
    """PlanService."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._stub = PlanServiceStub(caller.channel)

    def timeline(
        self,
        path: Path,
        options: pb.PlanOptions | None = None,
        *,
        media: Path | None = None,
        compare: bool = False,
    ) -> pb.PlanTimelineResponse:
        """Plan every shot that a timeline asks for; faults are in the answer, not raised.

        `media`: the folder in which takes of earlier rounds lie, default `<name>.gen` beside the
        timeline; those that are still good are in `made` of their plans. `compare`: what each
        engine of the server would do is in `compared`.

        Raises Refused when there is no timeline at that path that the server can read.
        """
        request = pb.PlanTimelineRequest(
            timeline=str(path.absolute()),
            options=options,
            media_folder=str(media.absolute()) if media else "",
            compare=compare,
        )
        return self._caller.call(self._stub.PlanTimeline, request, timeout=300)

    def shot(
        self, request: ShotRequest, options: pb.PlanOptions | None = None
    ) -> pb.PlanShotResponse:
        """Plan one shot that carries its neighbouring clips."""
        asked = pb.PlanShotRequest(request=request, options=options)
        return self._caller.call(self._stub.PlanShot, asked, timeout=300)
