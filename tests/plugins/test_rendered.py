"""The record that scripts read: one entry per shot, whatever became of its takes."""

from __future__ import annotations

from pathlib import Path

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Value
from secondunit.v1 import deliveries_pb2, jobs_pb2, plans_pb2, timeline_pb2, units_pb2
from secondunit.v1.errors_pb2 import ErrorDetail
from secondunit_client import Rendered


def plan(shot: str, take: int = 1) -> plans_pb2.ShotPlan:
    return plans_pb2.ShotPlan(
        shot_id=shot, take=take, name="LAD_0010", engine="motion", track=1,
        operation=units_pb2.OPERATION_BRIDGE,
    )  # fmt: skip


def take_of(shot: str, take: int, version: int = 0) -> deliveries_pb2.Take:
    report = deliveries_pb2.ControlResult(
        control="T",
        asked=json_format.ParseDict({"frames": 40, "rate": [24000, 1001]}, Value()),
        measured=json_format.ParseDict({"frames": 40.5}, Value()),
    )
    setattr(report, "pass", True)
    return deliveries_pb2.Take(
        shot_id=shot, take=take, version=version, file=f"/m/{shot}_v{version:03d}.mov", frames=40,
        rate=units_pb2.Rate(num=24000, den=1001), start_timecode="01:00:00:00",
        handles=units_pb2.Handles(head=8, tail=6), size=units_pb2.Size(width=64, height=48),
        report=[report],
    )  # fmt: skip


def good(shot: str, take: int = 1) -> jobs_pb2.Job:
    result = jobs_pb2.JobResult(take=take_of(shot, take), reused=take == 2)
    return jobs_pb2.Job(id=f"{shot}{take}", state=jobs_pb2.JOB_STATE_SUCCEEDED, result=result)


def bad(shot: str) -> jobs_pb2.Job:
    error = ErrorDetail(code="ENGINE_FAILED", what="no motion", remedy="Try again.", retryable=True)
    return jobs_pb2.Job(id=shot, state=jobs_pb2.JOB_STATE_FAILED, error=error)


def placed(*shots: str) -> timeline_pb2.PlaceTimelineResponse:
    return timeline_pb2.PlaceTimelineResponse(
        timeline="/e/cut.gen.otio",
        placements=[
            deliveries_pb2.Placement(
                shot_id=shot, track=2, take=take_of(shot, 2, 4), alternatives=[take_of(shot, 1, 3)]
            )
            for shot in shots
        ],
    )


def test_a_shot_has_its_newest_take_on_top_and_all_in_a_list() -> None:
    made = Rendered(
        plan=plans_pb2.PlanTimelineResponse(plans=[plan("a"), plan("a", 2)]),
        jobs=(good("a"), good("a", 2)),
        placed=placed("a"),
    )
    record = made.record()
    assert made.timeline == Path("/e/cut.gen.otio") and made.failed == ()
    (shot,) = record["shots"]
    assert (shot["id"], shot["state"], shot["operation"]) == ("a", "succeeded", "bridge")
    assert (shot["track"], shot["take"], shot["reused"]) == (2, 2, True)
    assert shot["file"] == "/m/a_v004.mov" and shot["rate"] == [24000, 1001]
    assert shot["handles"] == [8, 6] and (shot["width"], shot["height"]) == (64, 48)
    assert [take["version"] for take in shot["takes"]] == [3, 4]
    assert shot["error"] is None
    entry = shot["report"]["T"]
    assert shot["missed"] == []
    assert entry["asked"] == {"frames": 40, "rate": [24000, 1001]}
    assert repr(entry["asked"]["frames"]) == "40" and entry["measured"] == {"frames": 40.5}
    assert entry["pass"] is True


def test_a_shot_that_failed_stands_beside_those_that_did_not() -> None:
    made = Rendered(
        plan=plans_pb2.PlanTimelineResponse(plans=[plan("a"), plan("b")]),
        jobs=(good("a"), bad("b")),
        placed=placed("a"),
    )
    first, second = made.record()["shots"]
    assert first["state"] == "succeeded" and second["state"] == "failed"
    assert second["file"] is None and second["takes"] == [] and second["track"] == 1
    assert second["error"]["code"] == "ENGINE_FAILED" and second["error"]["remedy"]
    assert [job.id for job in made.failed] == ["b"]


def test_one_take_of_two_that_failed_is_told_and_the_other_delivered() -> None:
    made = Rendered(
        plan=plans_pb2.PlanTimelineResponse(plans=[plan("a"), plan("a", 2)]),
        jobs=(good("a"), bad("a")),
        placed=placed("a"),
    )
    (shot,) = made.record()["shots"]
    assert shot["state"] == "failed" and shot["error"]["what"] == "no motion"
    assert shot["file"]


def test_without_any_take_there_is_no_timeline() -> None:
    made = Rendered(
        plan=plans_pb2.PlanTimelineResponse(plans=[plan("b")]), jobs=(bad("b"),), placed=None
    )
    record = made.record()
    assert made.timeline is None and record["timeline"] is None
    assert record["shots"][0]["state"] == "failed"
