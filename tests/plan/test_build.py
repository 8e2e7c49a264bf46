"""Planning: pins, handles, ranges, refusals and identity, from shots that never touch a disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from secondunit.catalog.weights import FOLDERS
from secondunit.config import Config
from secondunit.plan.build import Options, plan_shot
from secondunit.plan.shot_plan import Level, ShotPlan
from secondunit.timeline.shot import (
    Ambient,
    CameraMove,
    Keyframe,
    MaskTrack,
    Media,
    Shot,
    SourceFrames,
    Stroke,
)
from secondunit.units import ColourTags, FrameRange, Operation, Size

from tests.shots import media, neighbour, shot, still

CONFIG = Config(data=Path("/nowhere"))
ACROSS = Stroke(points=((0.2, 0.5), (0.4, 0.5)), region=still("boat.png"), over=None)


def planned(asked: Shot, options: Options | None = None) -> ShotPlan:
    found = plan_shot(asked, options or Options(), CONFIG)
    assert not found.faults, found.faults
    return found.plans[0]


def refused(asked: Shot, options: Options | None = None) -> str:
    found = plan_shot(asked, options or Options(), CONFIG)
    assert found.faults and not found.plans
    return "\n".join(map(str, found.faults))


def test_a_bridge_is_pinned_by_its_neighbours_own_frames() -> None:
    plan = planned(shot(Operation.BRIDGE))
    assert plan.generate == (FrameRange(start=0, frames=24),)
    assert plan.file_range == FrameRange(start=-8, frames=40)
    pins = {pin.frame: (pin.media.path.name, pin.index) for pin in plan.pins}
    assert pins[-1] == ("A014.mov", 99) and pins[-8] == ("A014.mov", 92)
    assert pins[24] == ("A015.mov", 200) and pins[31] == ("A015.mov", 207)
    assert plan.past is not None and plan.past.indexes[-1] == 98
    assert plan.future is not None and plan.future.indexes[0] == 201


def test_the_file_carries_record_timecode() -> None:
    assert planned(shot(Operation.BRIDGE)).timecode == 86400 + 100 - 8


def test_a_tail_extension_starts_from_the_clip_and_has_generated_handles() -> None:
    plan = planned(shot(Operation.EXTEND))
    assert plan.generate == (FrameRange(start=0, frames=32),)
    assert [pin.frame for pin in plan.pins] == list(range(-8, 0))


def test_a_head_extension_ends_on_the_clip() -> None:
    plan = planned(shot(Operation.EXTEND, edge="head"))
    assert plan.generate == (FrameRange(start=-8, frames=32),)
    assert [pin.frame for pin in plan.pins] == list(range(24, 32))


def test_an_animated_still_is_its_own_head_handle() -> None:
    plan = planned(shot(Operation.ANIMATE))
    assert [pin.frame for pin in plan.pins] == list(range(-8, 1))
    assert plan.generate == (FrameRange(start=1, frames=31),)
    assert plan.format == "gbrp"


def test_a_keyframe_inside_a_bridge_splits_it_in_two() -> None:
    pose = Keyframe(frame=10, image=still("pose.png"))
    plan = planned(shot(Operation.BRIDGE, keyframes=(pose,)))
    assert plan.generate == (FrameRange(start=0, frames=10), FrameRange(start=11, frames=13))


@pytest.mark.timeout(10)
def test_a_gap_of_a_billion_frames_is_refused_without_counting_them() -> None:
    assert "1000000000 frames in one pass" in refused(shot(Operation.BRIDGE, frames=10**9))


@pytest.mark.parametrize(("takes", "seed"), [(1, -1), (1, 2**63), (2, 2**63 - 1)])
def test_a_seed_that_no_message_can_carry_is_refused(takes: int, seed: int) -> None:
    asked = shot(Operation.BRIDGE, takes=takes)
    assert "seeds go from 0 to" in refused(asked, Options(seed=seed))
    assert planned(shot(Operation.BRIDGE), Options(seed=2**63 - 1)).seed == 2**63 - 1


def test_without_handles_the_cut_is_still_pinned() -> None:
    plan = planned(shot(Operation.BRIDGE, handles=0))
    assert [pin.frame for pin in plan.pins] == [-1, 24]
    assert plan.file_range.frames == 24


def test_a_short_neighbour_shortens_the_handle_and_says_so() -> None:
    asked = shot(Operation.BRIDGE, before=neighbour(media(), range(3)))
    plan = planned(asked)
    assert plan.handles == (3, 8)
    assert any(a.level is Level.ROUNDED and "head handle is 3" in a.what for a in plan.adaptations)


def test_every_take_has_a_seed_of_its_own() -> None:
    found = plan_shot(shot(Operation.BRIDGE, takes=3, seed=7), Options(), CONFIG)
    assert [plan.seed for plan in found.plans] == [7, 8, 9]
    assert len({plan.digest for plan in found.plans}) == 3


def test_the_same_request_is_the_same_plan_and_another_seed_is_another() -> None:
    first, again = planned(shot(Operation.BRIDGE)), planned(shot(Operation.BRIDGE))
    assert first.digest == again.digest
    assert planned(shot(Operation.BRIDGE), Options(seed=5)).digest != first.digest


def test_moving_a_file_or_a_shot_along_the_timeline_changes_no_pixels() -> None:
    plan = planned(shot(Operation.BRIDGE))
    moved = replace(plan, place=replace(plan.place, item=9))
    elsewhere = replace(
        plan,
        pins=tuple(
            replace(p, media=replace(p.media, path=Path("/other") / p.media.path.name))
            for p in plan.pins
        ),
    )
    assert plan.digest == moved.digest == elsewhere.digest


def test_a_changed_source_file_is_another_plan() -> None:
    other = neighbour(media("A014.mov", digest="re-graded"), range(60, 100))
    assert planned(shot(Operation.BRIDGE, before=other)).digest != (
        planned(shot(Operation.BRIDGE)).digest
    )


def test_a_draft_works_small_and_delivers_full_size() -> None:
    plan = planned(shot(Operation.BRIDGE), Options(draft=True))
    assert plan.work == Size(width=640, height=360) and plan.size == Size(width=1280, height=720)


def test_a_gap_longer_than_the_longest_pass_is_refused() -> None:
    assert "at most 240" in refused(shot(Operation.BRIDGE, frames=241))


def test_operations_the_engine_lacks_are_refused_with_who_could() -> None:
    text = refused(replace(shot(Operation.ANIMATE), request=shot(Operation.GENERATE).request))
    assert "engine 'motion' does not do 'generate'" in text


def test_unknown_engines_and_deliveries_are_named_with_the_choices() -> None:
    text = refused(shot(Operation.BRIDGE, engine="sora", delivery="betacam"))
    assert "no engine 'sora'; engines: motion" in text
    assert "no delivery 'betacam'; deliveries: prores_422_hq" in text


def test_a_clip_with_no_frames_at_the_cut_is_refused() -> None:
    empty = neighbour(media(), range(0))
    assert "no frame at the cut" in refused(shot(Operation.EXTEND, before=empty))


def test_a_head_extension_before_the_timeline_starts_is_refused() -> None:
    asked = shot(Operation.EXTEND, edge="head", record=FrameRange(start=-4, frames=24))
    assert "needs room before the clip; the timeline has 20" in refused(asked)


@pytest.mark.parametrize(
    ("controls", "reason"),
    [
        ({"strokes": (Stroke(points=((0.1, 0.1), (0.2, 0.2)), region=None, over=None),)},
         "a stroke needs a region"),
        ({"ambients": (Ambient(region=None),)}, "an ambient needs a region"),
        ({"mask": MaskTrack(files=(still("mask.png"),), follow=True)}, "nothing to follow"),
        ({"strokes": (ACROSS, replace(ACROSS, over=FrameRange(start=12, frames=6)))},
         "stroke 2 and stroke 1 take the same region two ways in frames 12-18"),
        ({"strokes": (ACROSS,), "keyframes": (Keyframe(frame=9, image=still()),)},
         "stroke 1 crosses the keyframe at frame 9"),
        ({"strokes": (replace(ACROSS, points=((1.2, 0.5), (1.5, 0.5))),)},
         "the whole way of stroke 1 lies outside the picture"),
        ({"keyframes": (Keyframe(frame="first", image=still(), strength=0.5),)},
         "frame 0 is the still itself"),
        ({"cameras": (CameraMove(pan=120),)}, "may be at most 55 degrees"),
        ({"cameras": (CameraMove(tilt=-80),)}, "tilt -80 turns away from the picture"),
        ({"keyframes": (Keyframe(frame=99, image=still()),)}, "keyframe 99 is outside"),
        ({"cameras": (CameraMove(pan=6), CameraMove(pan=6, over=FrameRange(start=24, frames=9)))},
         "the camera move begins at frame 24; the shot has frames 0-24 @ "
         "tracks[0].children[1].camera[1].over"),
        ({"keyframes": (Keyframe(frame=3, image=still(size=Size(width=4, height=4))),)},
         "the keyframe is 4x4"),
    ],
)  # fmt: skip
def test_controls_that_contradict_are_refused(controls: dict[str, Any], reason: str) -> None:
    assert reason in refused(shot(Operation.ANIMATE, **controls))


def test_a_picture_smaller_than_the_engine_sees_is_refused() -> None:
    assert "from 32 pixels a side on" in refused(
        shot(Operation.BRIDGE, size=Size(width=64, height=24))
    )


def test_drop_frame_at_a_rate_that_has_none_is_refused() -> None:
    assert "drop-frame" in refused(shot(Operation.BRIDGE, drop_frame=True))


def test_all_faults_come_at_once() -> None:
    text = refused(
        shot(Operation.BRIDGE, frames=500, mask=still("mask.png"), cameras=(CameraMove(pan=3),))
    )
    assert len(text.splitlines()) == 3


def test_a_prompt_is_dropped_aloud_and_is_no_part_of_the_identity() -> None:
    plan = planned(shot(Operation.BRIDGE, prompt="fog rolls in"))
    assert any(a.level is Level.DROPPED and "no words" in a.what for a in plan.adaptations)
    assert plan.digest == planned(shot(Operation.BRIDGE)).digest


def test_a_move_that_outlasts_its_shot_and_a_preset_are_said_to_be_cut_and_dropped() -> None:
    move = CameraMove(pan=6, over=FrameRange(start=0, frames=48))
    plan = planned(shot(Operation.ANIMATE, cameras=(move,), preset="fast"))
    said = {a.path.rpartition("].")[2]: (a.level, a.what) for a in plan.adaptations}
    assert said["over"] == (
        Level.ROUNDED,
        "the camera move goes on to frame 48, the shot ends at 24: the rest is cut off",
    )
    assert said["preset"] == (Level.DROPPED, "engine 'motion' has no presets")


def test_an_engine_without_its_weights_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FOLDERS, "motion", tmp_path)
    (tmp_path / "config.json").write_text("{}")
    assert "engine 'motion' has no weights here" in refused(shot(Operation.BRIDGE))
    (tmp_path / "model.safetensors").write_bytes(b"w")
    plan = planned(shot(Operation.BRIDGE))
    assert len(plan.weights) == 64 and plan.adaptations == ()


def test_neighbours_of_other_kinds_are_fitted_aloud() -> None:
    small = media("B002.mp4", size=Size(width=640, height=360), format="yuv420p",
                  colour=ColourTags(matrix="smpte170m"))  # fmt: skip
    plan = planned(shot(Operation.BRIDGE, after=neighbour(small, range(20))))
    said = " ".join(a.what for a in plan.adaptations)
    assert "is scaled to 1280x720" in said and "is converted" in said


def test_drawn_motion_where_clips_decide_it_is_refused_with_another_way() -> None:
    text = refused(shot(Operation.BRIDGE, cameras=(CameraMove(pan=3),)))
    assert "no place for a camera" in text and "keyframe" in text


def test_an_extension_takes_every_control() -> None:
    controls: dict[str, Any] = {
        "strokes": (ACROSS,), "ambients": (Ambient(region=still("m.png")),),
        "cameras": (CameraMove(pan=3),), "mask": still("mask.png"),
    }  # fmt: skip
    plan = planned(shot(Operation.EXTEND, **controls))
    assert (plan.strokes, plan.cameras, plan.mask) == tuple(
        controls[key] for key in ("strokes", "cameras", "mask")
    )


def test_strokes_of_one_region_may_follow_each_other() -> None:
    then = replace(ACROSS, over=FrameRange(start=12, frames=12))
    first = replace(ACROSS, over=FrameRange(start=0, frames=12))
    assert len(planned(shot(Operation.ANIMATE, strokes=(first, then))).strokes) == 2


def test_a_stroke_that_leaves_the_picture_says_how_far() -> None:
    out = replace(ACROSS, points=((0.5, 0.5), (1.25, 0.5)))
    (said,) = planned(shot(Operation.ANIMATE, strokes=(out,))).adaptations
    assert said.what == "stroke 1 leaves the picture by 25% of it at point 2"


def test_a_soft_keyframe_is_made_and_not_pinned() -> None:
    key = Keyframe(frame=12, image=still("key.png"), strength=0.4)
    plan = planned(shot(Operation.BRIDGE, keyframes=(key,)))
    assert plan.generate == (FrameRange(start=0, frames=24),)
    ((frame, strength),) = [(pull.frame, pull.strength) for pull in plan.pulls]
    assert (frame, strength) == (12, 0.4)
    assert any(a.level is Level.EMULATED for a in plan.adaptations)


def test_a_keyframe_of_no_strength_leaves_no_trace_but_a_word() -> None:
    key = Keyframe(frame=12, image=still("key.png"), strength=0)
    plan = planned(shot(Operation.BRIDGE, keyframes=(key,)))
    assert plan.digest == planned(shot(Operation.BRIDGE)).digest
    assert [a.level for a in plan.adaptations if "strength 0" in a.what] == [Level.DROPPED]


def test_a_mask_shorter_than_its_shot_is_held_and_said() -> None:
    plan = planned(shot(Operation.ANIMATE, mask=media("mask.mov", frames=10)))
    (said,) = plan.adaptations
    assert said.what == (
        "the mask has 10 pictures for 24 frames: its last one is held from frame 10 on"
    )


def test_a_mask_that_follows_says_over_how_many_frames() -> None:
    mask = MaskTrack(files=(still("mask.png"),), follow=True)
    plan = planned(shot(Operation.EXTEND, mask=mask))
    assert any("followed over 24 frames to the cut" in a.what for a in plan.adaptations)


LEFT, RIGHT = still("left.png"), still("right.png")


def drawn(*points: tuple[float, float], region: Media = LEFT, **more: Any) -> Stroke:
    return Stroke(points=points, region=region, over=more.pop("over", None), **more)


def adaptations(**request: Any) -> str:
    return "\n".join(f"{a.what} @ {a.path}" for a in planned(
        shot(Operation.ANIMATE, **request)).adaptations)  # fmt: skip


def test_a_stroke_without_length_is_told_the_word_for_it() -> None:
    said = adaptations(strokes=(drawn((0.4, 0.4), (0.4, 0.4)),))
    assert "stroke 1 goes nowhere" in said and "write `ambient`" in said


def test_keyframes_may_be_written_in_any_order() -> None:
    poses = [Keyframe(frame=f, image=still(f"{f}.png")) for f in (14, 5)]
    plan = planned(shot(Operation.BRIDGE, keyframes=tuple(poses)))
    assert [p.frame for p in plan.pins if 0 <= p.frame < 24] == [5, 14]
    assert plan.digest == planned(shot(Operation.BRIDGE, keyframes=tuple(poses[::-1]))).digest


@pytest.mark.parametrize("frame", [0, "first"])
def test_a_frame_that_is_pinned_twice_is_refused(frame: Any) -> None:
    poses = (Keyframe(frame=0, image=still("a.png")), Keyframe(frame=frame, image=still("b.png")))
    assert "two keyframes at frame 0" in refused(shot(Operation.BRIDGE, keyframes=poses))


def test_a_keyframe_on_a_handle_is_told_that_no_cut_shows_it() -> None:
    def said(frame: int) -> str:
        pose = Keyframe(frame=frame, image=still())
        return refused(shot(Operation.BRIDGE, keyframes=(pose,)))

    assert "outside the shot's frames 0-24; a handle is there, which no cut shows" in said(24)
    assert "a handle" not in said(32)


def test_turns_of_pixels_that_are_not_square_are_refused_and_straight_moves_are_not() -> None:
    wide = SourceFrames(media=still(pixel_aspect=(64, 45)), indexes=(0,))
    leaning = shot(Operation.ANIMATE, cameras=(CameraMove(pan=3, roll=2),), still=wide)
    assert "pan and roll would lean: the pixels are 64:45 wide" in refused(leaning)
    plan = planned(shot(Operation.ANIMATE, cameras=(CameraMove(dolly=9),), still=wide))
    assert plan.pixel_aspect == (64, 45)


def test_wide_pixels_are_refused_where_the_file_cannot_say_so() -> None:
    wide = neighbour(media(pixel_aspect=(4, 3)), range(20))
    text = refused(shot(Operation.BRIDGE, before=wide, delivery="ffv1"))
    assert "the pixels are 4:3 wide, which a file of 'ffv1' cannot say; these can: prores" in text


def test_neighbours_of_other_shapes_are_said_to_be_stretched() -> None:
    def said(**changes: Any) -> str:
        other = neighbour(media("B002.mov", **changes), range(20))
        plan = planned(shot(Operation.BRIDGE, after=other))
        return "\n".join(a.what for a in plan.adaptations)

    assert "is scaled to 1280x720, which stretches it" in said(size=Size(width=720, height=720))
    assert said(size=Size(width=640, height=360)).endswith("is scaled to 1280x720")
    assert "are 4:3 wide and are shown 1:1 wide" in said(pixel_aspect=(4, 3))


def test_a_proxy_is_planned_where_the_request_or_the_settings_ask_for_one() -> None:
    def planned(config: Config, **asked: Any) -> str:
        (plan,) = plan_shot(shot(Operation.BRIDGE, **asked), Options(), config).plans
        return plan.proxy

    settings = Config(data=Path("unused"), proxy="prores_422_proxy_half")
    assert planned(Config(data=Path("unused"))) == ""
    assert planned(settings) == "prores_422_proxy_half"
    assert planned(settings, proxy="none") == ""
    assert planned(settings, proxy="h264_quarter") == "h264_quarter"
    assert "no proxy 'tiny'; proxies: " in refused(shot(Operation.BRIDGE, proxy="tiny"))


@pytest.mark.parametrize(
    ("asked", "what", "named"),
    [
        ({"alpha": "made", "delivery": "h264"}, "'h264' holds no alpha", "prores_4444_alpha"),
        ({"alpha": "made"}, "'prores_422_hq' holds no alpha", "prores_4444_alpha"),
        ({"audio": "keep", "delivery": "h264"}, "holds no PCM", "prores_422_hq"),
        ({"delivery": "hevc_main10_pq"}, "these are in bt709", "hevc_main10"),
    ],
    ids=["alpha in H.264", "alpha in the default", "sound in mp4", "SDR as HDR10"],
)
def test_what_a_codec_cannot_hold_is_refused_with_one_that_can(
    asked: dict[str, Any], what: str, named: str
) -> None:
    text = refused(shot(Operation.BRIDGE, **asked))

    assert what in text and named in text.rpartition("these can: ")[2]


def test_the_plan_says_whether_sound_comes_with_the_pictures() -> None:
    assert planned(shot(Operation.BRIDGE, audio="keep")).audio == "keep"
    assert planned(shot(Operation.BRIDGE)).audio == "none"


def test_a_loop_says_that_it_comes_without_sound() -> None:
    plan = planned(shot(Operation.LOOP, audio="keep", strokes=(ACROSS,)))

    (said,) = (a for a in plan.adaptations if a.path.endswith("audio"))
    assert said.level is Level.DROPPED and "the edit's own audio stays" in said.what
