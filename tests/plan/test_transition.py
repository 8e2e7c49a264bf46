"""Plans of transitions: handles and streams are the clips' own frames, to the frame."""

from __future__ import annotations

from pathlib import Path

from secondunit.config import Config
from secondunit.plan.build import Options, plan_shot
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.shot import CameraMove, Shot
from secondunit.units import FrameRange, Operation

from tests.shots import media, neighbour, shot

CONFIG = Config(data=Path("/nowhere"))


def planned(of: Shot) -> ShotPlan:
    found = plan_shot(of, Options(), CONFIG)
    assert not found.faults, found.faults
    return found.plans[0]


def refused(of: Shot) -> str:
    found = plan_shot(of, Options(), CONFIG)
    assert not found.plans
    return "; ".join(map(str, found.faults))


def test_both_streams_go_on_through_the_cut_and_the_handles_join_them() -> None:
    plan = planned(shot(Operation.TRANSITION, frames=12, cut=6))
    assert plan.generate == (FrameRange(start=0, frames=12),)
    assert plan.outgoing is not None and plan.incoming is not None
    assert plan.outgoing.indexes == tuple(range(94, 106))  # the cut is after frame 99
    assert plan.incoming.indexes == tuple(range(194, 206))  # and before frame 200
    by_frame = {pin.frame: pin.index for pin in plan.pins}
    assert [by_frame[f] for f in range(-8, 0)] == list(range(86, 94))
    assert [by_frame[f] for f in range(12, 20)] == list(range(206, 214))
    assert not plan.adaptations


def test_a_short_file_is_held_and_the_plan_says_for_how_long() -> None:
    before = neighbour(media("A014.mov"), range(60, 100), range(100, 102))
    after = neighbour(media("A015.mov"), range(40))
    plan = planned(shot(Operation.TRANSITION, frames=12, cut=6, before=before, after=after))
    assert plan.outgoing is not None and plan.incoming is not None
    assert plan.outgoing.indexes[5:] == (99, 100, 101, 101, 101, 101, 101)
    assert plan.incoming.indexes == (0,) * 6 + tuple(range(6))
    said = [str(a.what) for a in plan.adaptations]
    assert "A014.mov holds 2 of the 6 frames past the cut" in said[0]
    assert "A015.mov holds 0 of the 6 frames before the cut" in said[1]
    assert {str(a.level) for a in plan.adaptations} == {"rounded"}


def test_a_transition_all_after_the_cut_still_has_both_streams() -> None:
    plan = planned(shot(Operation.TRANSITION, frames=5, cut=0))
    assert plan.outgoing is not None and plan.incoming is not None
    assert plan.outgoing.indexes == tuple(range(100, 105))
    assert plan.incoming.indexes == tuple(range(200, 205))


def test_a_clip_with_nothing_left_beside_the_transition_is_refused() -> None:
    before = neighbour(media("A014.mov"), range(96, 100), range(100, 140))
    said = refused(shot(Operation.TRANSITION, frames=12, cut=6, before=before))
    assert "A014.mov has no frame of its own left before" in said


def test_controls_of_one_picture_have_no_place_in_a_transition() -> None:
    said = refused(shot(Operation.TRANSITION, cut=12, cameras=(CameraMove(pan=3),)))
    assert "no place for a camera: a transition is held by the two clips" in said


def test_another_stream_is_another_result() -> None:
    one = planned(shot(Operation.TRANSITION, frames=12, cut=6))
    other = planned(shot(Operation.TRANSITION, frames=12, cut=5))
    assert one.digest != other.digest
