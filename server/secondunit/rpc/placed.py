"""A placed edit on the wire: what stands where, and every take of it."""

from __future__ import annotations

from typing import Any

from secondunit.jobs.placing import PlacedEdit, Placement, Take
from secondunit.rpc import convert
from secondunit.units import Rate, Size
from secondunit.v1 import deliveries_pb2, timeline_pb2


def response(edit: PlacedEdit) -> timeline_pb2.PlaceTimelineResponse:
    """The new timeline and its placements."""
    return timeline_pb2.PlaceTimelineResponse(
        timeline=str(edit.timeline),
        placements=[_placement(one) for one in edit.placements],
        notices=edit.notices,
        files=[str(file) for file in edit.files],
    )


def _placement(one: Placement) -> deliveries_pb2.Placement:
    return deliveries_pb2.Placement(
        shot_id=one.shot,
        operation=convert.OPERATIONS[one.operation],
        track=one.track,
        track_name=one.track_name,
        record=convert.frame_range(one.record),
        source=convert.frame_range(one.source),
        file=str(one.file),
        name=one.name,
        marker=one.marker,
        take=take(one.take),
        alternatives=[take(other) for other in one.alternatives],
        nested_in=one.nested_in,
    )


def take(made: Take) -> deliveries_pb2.Take:
    """A take in a media folder."""
    clip: dict[str, Any] = made.record["clip"]
    head, tail = clip["handles"]
    return deliveries_pb2.Take(
        shot_id=made.shot,
        take=made.record["plan"]["take"],
        version=made.version,
        file=str(made.file),
        sidecar=str(made.sidecar),
        proxy=str(made.proxy or ""),
        frames=clip["frames"],
        rate=convert.rate(Rate(**clip["rate"])),
        start_timecode=clip["timecode"],
        handles=convert.handles((head, tail)),
        size=convert.size(Size(**clip["size"])),
        plan_digest=made.digest,
        report=convert.report(made.record["report"]),
    )
