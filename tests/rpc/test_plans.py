"""PlanService and TimelineService: faults are data, and a plugin's request is a shot like any."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from secondunit.rpc.carrier import carry
from secondunit.timeline.shot import Media
from secondunit.v1 import plans_pb2, shots_pb2, units_pb2
from secondunit_client import options
from secondunit_client.errors import Refused

from tests import edits
from tests.rpc.conftest import Unit


def clip(file: Path, start: int, frames: int, **fields: object) -> shots_pb2.Clip:
    return shots_pb2.Clip(
        name=file.stem,
        media=units_pb2.File(path=str(file)),
        source=units_pb2.FrameRange(start=start, frames=frames),
        **fields,  # type: ignore[arg-type]
    )


def bridge_request(footage: Path) -> shots_pb2.ShotRequest:
    """What `edits.bridge` asks for, without the timeline."""
    return shots_pb2.ShotRequest(
        id="abcd2345",
        operation=units_pb2.OPERATION_BRIDGE,
        rate=units_pb2.Rate(num=30, den=1),
        record=units_pb2.FrameRange(start=60, frames=24),
        timeline_start="01:00:00:00",
        before=clip(footage, 100, 60),
        after=clip(footage, 200, 60),
    )


def test_a_plan_says_what_would_be_made_and_from_where(
    unit: Unit, footage: Path, tmp_path: Path
) -> None:
    timeline = edits.bridge(tmp_path, footage, "gen: bridge\ntakes: 2")
    answer = unit.client.plans.timeline(timeline, options(seed=5, delivery="ffv1", draft=True))
    assert (answer.timeline, answer.name, answer.rate.num) == (str(timeline), "bridge", 30)
    assert not answer.faults
    first, second = answer.plans
    assert (first.take, second.take, first.seed, second.seed) == (1, 2, 5, 6)
    assert first.digest != second.digest and len(first.digest) == 64
    assert first.delivery == "ffv1" and first.draft
    assert first.start_timecode == "01:00:01:22" and first.path.endswith("markers[0]")
    assert [(r.start, r.frames) for r in first.generated] == [(0, 24)]


def test_faults_of_a_plan_are_all_in_the_answer(unit: Unit, footage: Path, tmp_path: Path) -> None:
    note = "gen: bridge\npromt: fog\nhandles: -1\ncamera: pan far"
    answer = unit.client.plans.timeline(edits.bridge(tmp_path, footage, note))
    assert not answer.plans and len(answer.faults) == 3
    assert any("prompt" in fault.what for fault in answer.faults)


def test_a_timeline_is_inspected_without_planning(
    unit: Unit, footage: Path, tmp_path: Path
) -> None:
    answer = unit.client.inspect(edits.bridge(tmp_path, footage))
    (shot,) = answer.shots
    assert shot.operation == units_pb2.OPERATION_BRIDGE
    assert (shot.record.start, shot.record.frames) == (60, 24)
    assert shot.record_timecode == "01:00:02:00" and list(shot.clips) == [footage.stem] * 2


def test_a_timeline_that_does_not_say_all_is_inspected_as_its_caller_says(
    unit: Unit, tmp_path: Path
) -> None:
    """A list has no rate; a file with several sequences is asked for one; an .otio drops none."""
    path = tmp_path / "cut.edl"
    path.write_text("TITLE: one\n1 A V C 01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00\n")
    with pytest.raises(Refused, match="does not say its rate"):
        unit.client.inspect(path)
    answer = unit.client.inspect(path, rate=(30000, 1001), sequence="one", drop_frame=True)
    assert (answer.name, answer.rate.num, answer.rate.den) == ("one", 30000, 1001)
    with pytest.raises(Refused, match="no sequence 'two'; it holds one sequence: 'one'"):
        unit.client.inspect(path, rate=(25, 1), sequence="two")
    with pytest.raises(Refused, match="a rate is positive"):
        unit.client.inspect(path, rate=(0, 1))


def test_a_plugins_request_is_the_same_shot_as_the_timelines(
    unit: Unit, footage: Path, tmp_path: Path
) -> None:
    timeline = edits.bridge(tmp_path, footage, "gen: bridge\nid: abcd2345\nseed: 3")
    (marked,) = unit.client.plans.timeline(timeline).plans
    request = bridge_request(footage)
    request.seed = 3
    (asked,) = unit.client.plans.shot(request).plans
    assert asked.shot_id == marked.shot_id == "abcd2345"
    assert asked.digest == marked.digest
    assert asked.start_timecode == marked.start_timecode


def test_a_tail_extension_starts_where_the_clip_ends(unit: Unit, footage: Path) -> None:
    request = shots_pb2.ShotRequest(
        operation=units_pb2.OPERATION_EXTEND,
        edge=units_pb2.EDGE_TAIL,
        rate=units_pb2.Rate(num=30, den=1),
        record=units_pb2.FrameRange(start=90, frames=12),
        before=clip(footage, 10, 40),
    )
    answer = unit.client.plans.shot(request)
    assert not answer.faults
    (plan,) = answer.plans
    assert plan.frames == 12 and plan.start_timecode == "00:00:02:22"  # 90 - 8 handles


def test_a_head_extension_ends_where_the_clip_starts(unit: Unit, footage: Path) -> None:
    request = shots_pb2.ShotRequest(
        operation=units_pb2.OPERATION_EXTEND,
        edge=units_pb2.EDGE_HEAD,
        rate=units_pb2.Rate(num=30, den=1),
        record=units_pb2.FrameRange(start=90, frames=12),
        after=clip(footage, 10, 40),
        handles=4,
    )
    (plan,) = unit.client.plans.shot(request).plans
    assert plan.frames == 12 and plan.start_timecode == "00:00:02:26"
    assert (plan.handles.head, plan.handles.tail) == (4, 4)


def test_a_transition_covers_its_record_around_the_cut(unit: Unit, footage: Path) -> None:
    request = shots_pb2.ShotRequest(
        operation=units_pb2.OPERATION_TRANSITION,
        rate=units_pb2.Rate(num=30, den=1),
        record=units_pb2.FrameRange(start=84, frames=12),
        before=clip(footage, 100, 60),
        after=clip(footage, 200, 60),
        handles=0,
    )
    (plan,) = unit.client.plans.shot(request).plans
    assert (plan.frames, plan.start_timecode) == (12, "00:00:02:24")
    assert [(r.start, r.frames) for r in plan.generated] == [(0, 12)]
    request.ClearField("after")
    with pytest.raises(Refused, match=r"a clip on both sides of the cut @ request\.after"):
        unit.client.plans.shot(request)


def test_a_loop_says_how_many_of_its_frames_are_made(unit: Unit, footage: Path) -> None:
    request = shots_pb2.ShotRequest(
        operation=units_pb2.OPERATION_LOOP,
        rate=units_pb2.Rate(num=30, den=1),
        record=units_pb2.FrameRange(start=60, frames=40),
        still=clip(footage, 100, 40),
        loop_frames=6,
    )
    (plan,) = unit.client.plans.shot(request).plans
    assert [(r.start, r.frames) for r in plan.generated] == [(34, 6)]
    request.ClearField("loop_frames")
    (plan,) = unit.client.plans.shot(request).plans
    assert [(r.start, r.frames) for r in plan.generated] == [(30, 10)]
    request.ClearField("still")
    with pytest.raises(Refused, match=r"there is no clip to loop @ request\.still"):
        unit.client.plans.shot(request)


def test_every_control_of_a_request_reaches_the_plan(unit: Unit, footage: Path, mask: Path) -> None:
    region = shots_pb2.Mask(file=units_pb2.File(path=str(mask)))
    request = shots_pb2.ShotRequest(
        operation=units_pb2.OPERATION_ANIMATE,
        rate=units_pb2.Rate(num=24000, den=1001),
        record=units_pb2.FrameRange(start=24, frames=24),
        still=clip(footage, 7, 1, rate=units_pb2.Rate(num=30, den=1)),
        takes=2,
        strokes=[
            shots_pb2.Stroke(
                points=[shots_pb2.Point(x=0.2, y=0.5), shots_pb2.Point(x=0.4, y=0.5)],
                region=region,
                over=units_pb2.FrameRange(start=0, frames=12),
                strength=0.5,
            )
        ],
        ambients=[shots_pb2.Ambient(region=region, strength=0.25)],
        cameras=[shots_pb2.CameraMove(pan=3, zoom=1.2, ease=shots_pb2.EASE_IN_OUT)],
    )
    answer = unit.client.plans.shot(request)
    assert not answer.faults
    assert [plan.take for plan in answer.plans] == [1, 2]
    job = unit.client.jobs.create(request, take=2)
    plan = unit.desk.plan(job.id)
    assert plan.strokes[0].points == ((0.2, 0.5), (0.4, 0.5))
    assert plan.strokes[0].over is not None and plan.strokes[0].over.end == 12
    regions = (plan.strokes[0].region, plan.ambients[0].region)
    assert [isinstance(region, Media) and region.path for region in regions] == [mask, mask]
    assert plan.strokes[0].strength == 0.5 and plan.ambients[0].strength == 0.25
    (camera,) = plan.cameras
    assert (camera.pan, camera.zoom, camera.fov, camera.ease) == (3, 1.2, 50, "in-out")
    assert plan.take == 2 and plan.pins[0].index == 7


def test_a_mask_that_follows_says_so_in_the_words_of_a_note() -> None:
    mask = shots_pb2.Mask(file=units_pb2.File(path="/edit/mask.png"), follow=True)
    request = shots_pb2.ShotRequest(
        operation=units_pb2.OPERATION_EXTEND,
        rate=units_pb2.Rate(num=30, den=1),
        record=units_pb2.FrameRange(start=90, frames=12),
        before=clip(Path("/edit/a.mov"), 10, 40),
        mask=mask,
        ambients=[shots_pb2.Ambient(region=mask)],
    )
    carried = carry(request)  # held: OTIO's members die with their root
    (asked,) = [
        item.metadata["secondunit"]["request"]
        for item in carried.timeline.tracks[0]
        if "secondunit" in item.metadata
    ]
    assert asked["mask"] == {"file": "/edit/mask.png", "follow": True}
    assert asked["ambient"][0] == {"in": "/edit/mask.png", "follow": True}


def test_what_was_changed_to_fit_is_named_by_the_requests_field(unit: Unit, footage: Path) -> None:
    request = bridge_request(footage)
    request.prompt = "fog"
    request.before.source.CopyFrom(units_pb2.FrameRange(start=100, frames=3))
    (plan,) = unit.client.plans.shot(request).plans
    paths = {a.path for a in plan.adaptations}
    assert paths >= {"request.prompt", "request.handles"}
    assert all(path.startswith("request.") for path in paths)


@pytest.mark.parametrize(
    ("spoil", "path"),
    [
        (lambda r: r.ClearField("operation"), "request.operation"),
        (lambda r: r.ClearField("rate"), "request.rate"),
        (lambda r: r.ClearField("record"), "request.record"),
        (lambda r: setattr(r.record, "start", -4), "request.record"),
        (lambda r: setattr(r.record, "start", 4), "request.record"),
        (lambda r: setattr(r, "timeline_start", "1:00"), "request.timeline_start"),
        (lambda r: setattr(r.before.media, "path", "LAD_0010.mkv"), "request.before.media"),
        (lambda r: r.before.media.blob.CopyFrom(units_pb2.Digest()),
         "request.before.media.blob.sha256"),
        (lambda r: r.after.ClearField("source"), "request.after.source"),
        (lambda r: r.cameras.add(pan=math.nan), "request.cameras[0].pan"),
        (lambda r: setattr(r.before, "speed", math.inf), "request.before.speed"),
        (lambda r: setattr(r, "operation", units_pb2.OPERATION_EXTEND) or r.ClearField("before"),
         "request.before"),
        (lambda r: setattr(r, "operation", units_pb2.OPERATION_ANIMATE), "request.still"),
    ],
)  # fmt: skip
def test_a_request_that_is_no_shot_is_refused_by_its_field(
    unit: Unit, footage: Path, spoil: Callable[[shots_pb2.ShotRequest], None], path: str
) -> None:
    request = bridge_request(footage)
    spoil(request)
    with pytest.raises(Refused) as caught:
        unit.client.plans.shot(request)
    assert path in [fault.path for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("spoil", "path"),
    [
        (lambda r: setattr(r, "handles", -2), "request.handles"),
        (lambda r: setattr(r.after.media, "path", "/etc/hostname"), "request"),
        (lambda r: setattr(r, "engine", "sora"), "request.engine"),
        (lambda r: r.cameras.add(pan=900), "request.cameras[0].pan"),
        (lambda r: r.strokes.add(), "request.strokes[0].points"),
        (lambda r: r.ambients.add(), "request.ambients"),
    ],
)
def test_what_planning_finds_is_named_by_the_requests_field(
    unit: Unit, footage: Path, spoil: Callable[[shots_pb2.ShotRequest], None], path: str
) -> None:
    request = bridge_request(footage)
    spoil(request)
    answer: plans_pb2.PlanShotResponse = unit.client.plans.shot(request)
    assert not answer.plans
    assert any(fault.path.startswith(path) for fault in answer.faults), answer.faults
