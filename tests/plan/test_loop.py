"""Plans of loops: what lies outside the shown frames is one of them again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from secondunit.config import Config
from secondunit.plan.build import Options, plan_shot
from secondunit.plan.loop import there_and_back
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.shot import Ambient, CameraMove, Keyframe, Shot, Stroke
from secondunit.units import FrameRange, Operation

from tests.shots import media, neighbour, shot, still

CONFIG = Config(data=Path("/nowhere"))
WATER = (Ambient(region=still("water.png")),)


def planned(of: Shot) -> ShotPlan:
    found = plan_shot(of, Options(), CONFIG)
    assert not found.faults, found.faults
    return found.plans[0]


def refused(of: Shot) -> str:
    found = plan_shot(of, Options(), CONFIG)
    assert not found.plans
    return "; ".join(map(str, found.faults))


def footage(frames: int = 48, **changes: object) -> Shot:
    """A loop of a clip that shows a file from its frame 100 on."""
    own = neighbour(media("A014.mov"), range(100, 100 + frames))
    return shot(Operation.LOOP, frames=frames, before=own, still=None, **changes)


def test_the_end_of_footage_is_made_and_leads_back_into_its_first_frame() -> None:
    plan = planned(footage())
    assert plan.generate == (FrameRange(start=36, frames=12),)
    by_frame = {pin.frame: pin.index for pin in plan.pins}
    assert [by_frame[f] for f in range(36)] == list(range(100, 136))
    assert [by_frame[f] for f in range(48, 56)] == list(range(100, 108))
    assert all(f not in by_frame for f in range(-8, 0))  # the last ones made, again
    assert [plan.home(f) for f in (-8, -1, 0, 47, 48, 55)] == [40, 47, 0, 47, 0, 7]
    assert plan.future is not None and plan.future.indexes[0] == 101
    assert plan.past is not None and plan.past.indexes[-1] == 134
    assert "the last 12 of 48 frames are made anew" in plan.adaptations[0].what


def test_handles_longer_than_what_is_made_go_on_into_the_source() -> None:
    plan = planned(footage(frames=16, handles=8))
    assert plan.generate == (FrameRange(start=12, frames=4),)
    by_frame = {pin.frame: pin.index for pin in plan.pins}
    assert [by_frame[f] for f in range(-8, -4)] == [108, 109, 110, 111]
    assert -4 not in by_frame


@pytest.mark.parametrize(("frames", "made"), [(4, 2), (12, 3), (48, 12), (400, 24)])
def test_a_quarter_is_made_and_never_more_than_a_second(frames: int, made: int) -> None:
    assert planned(footage(frames)).generate[0].frames == made


def test_a_picture_is_made_whole_and_is_itself_when_the_loop_comes_round() -> None:
    plan = planned(shot(Operation.LOOP, frames=24, ambients=WATER))
    assert plan.generate == (FrameRange(start=1, frames=23),)
    assert [pin.frame for pin in plan.pins] == [0, 24]
    assert plan.from_one_picture


def test_a_stroke_goes_there_and_back_and_rests_at_both_ends() -> None:
    drawn = Stroke(points=((0.2, 0.5), (0.4, 0.5)), region=still("boat.png"), over=None)
    plan = planned(shot(Operation.LOOP, frames=24, strokes=(drawn,)))
    (way,) = plan.strokes
    assert way.over == FrameRange(start=0, frames=25)
    assert way.points[0] == way.points[-1] == (0.2, 0.5)
    assert way.points[len(way.points) // 2] == pytest.approx((0.4, 0.5))
    steps = [b[0] - a[0] for a, b in zip(way.points, way.points[1:], strict=False)]
    assert steps[0] < max(steps) / 4 and steps[-1] > min(steps) / 4
    assert any("there" in a.what or "back" in a.what for a in plan.adaptations)
    late = there_and_back(replace(drawn, over=FrameRange(start=10, frames=40)), 24)
    assert late.over == FrameRange(start=10, frames=15)  # back before the loop comes round


def test_what_cannot_go_round_is_refused() -> None:
    assert "a picture has nothing that could go round" in refused(shot(Operation.LOOP))
    moved = shot(Operation.LOOP, ambients=WATER, cameras=(CameraMove(pan=2),), frames=24)
    assert "a camera move ends elsewhere than it began" in refused(moved)
    assert "leave it out" in refused(
        replace(moved, request=replace(moved.request, cameras=(), frames=5))
    )
    assert "a loop of footage is held by its own frames" in refused(footage(ambients=WATER))
    pinned = footage(keyframes=(Keyframe(frame=3, image=still()),))
    assert "no place for a keyframe" in refused(pinned)
