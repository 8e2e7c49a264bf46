"""Conditions of an anchor: what a plan says, when and where the motion is sampled."""

from __future__ import annotations

import numpy as np
import pytest
from secondunit.engine import conditioning, strokes
from secondunit.engine.motion.conditions import FRAMES, grid_size
from secondunit.errors import EngineFailed
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.shot import Ambient, CameraMove
from secondunit.units import FrameRange, Operation

from tests.engine.pictures import Pictures, animation, bridge, dots, extension, plan_of, stroke

HEIGHT, WIDTH = 144, 256
TEXTURE = dots(HEIGHT + 64, WIDTH + 128)


def clip(frames: int, dx: int) -> list:
    """A window that travels over a texture: the picture goes right by dx pixels a frame."""
    return [TEXTURE[:HEIGHT, 64 - dx * k : 64 - dx * k + WIDTH] for k in range(frames)]


def seen(
    plan: ShotPlan, sources: Pictures
) -> tuple[conditioning.Guide | None, conditioning.Guide | None]:
    ((_, forth, back),) = conditioning.spans(plan)
    return conditioning.guides(plan, sources, forth, back)


def anchor(plan: ShotPlan, sources: Pictures) -> conditioning.Guide:
    guide, _ = seen(plan, sources)
    assert guide is not None
    return guide


def test_a_bridge_has_an_anchor_at_each_end_and_the_spans_meet() -> None:
    plan, _ = bridge(clip(13, 2), 4, 6)
    ((made, forth, back),) = conditioning.spans(plan)
    assert forth == conditioning.Span(pin=-1, end=5)
    assert back == conditioning.Span(pin=5, end=-1)
    assert forth is not None
    assert back is not None
    for frame in range(made.start, made.end):
        assert forth.share(frame) == pytest.approx(1 - back.share(frame))


def test_a_pin_in_the_middle_cuts_the_work_in_two() -> None:
    sources = Pictures(pins={0: TEXTURE, 12: TEXTURE, 24: TEXTURE})
    made = FrameRange(start=1, frames=11), FrameRange(start=13, frames=11)
    plan = plan_of(Operation.ANIMATE, sources, 25, *made)
    ends = [(forth.pin, back.pin) for _, forth, back in conditioning.spans(plan) if forth and back]
    assert ends == [(0, 12), (12, 24)]


def test_a_tail_runs_to_its_last_handle_and_a_head_runs_backwards() -> None:
    tail = Pictures(pins={-1: TEXTURE})
    plan = plan_of(Operation.EXTEND, tail, 8, FrameRange(start=0, frames=12))
    assert conditioning.spans(plan)[0][1:] == (conditioning.Span(pin=-1, end=11), None)
    head = Pictures(pins={8: TEXTURE})
    plan = plan_of(Operation.EXTEND, head, 8, FrameRange(start=-4, frames=12))
    assert conditioning.spans(plan)[0][1:] == (None, conditioning.Span(pin=8, end=-4))


def test_a_range_without_any_pin_is_said_and_not_invented() -> None:
    plan = plan_of(
        Operation.EXTEND, Pictures(pins={0: TEXTURE}), 8, FrameRange(start=1, frames=7), pins=()
    )
    with pytest.raises(EngineFailed, match="no picture is given for frames 1-8"):
        conditioning.spans(plan)


def test_both_anchors_of_a_bridge_know_the_end_and_both_velocities() -> None:
    forth, back = seen(*bridge(clip(14, 2), 4, 6))
    assert forth is not None
    assert back is not None
    for guide, way in ((forth, 12 / WIDTH), (back, -12 / WIDTH)):
        told = guide.conditions
        for field, sure in (
            (told.end_displacement, told.end_confidence),
            (told.past_velocity, told.past_confidence),
            (told.end_velocity, told.end_velocity_confidence),
        ):
            assert np.median(field[..., 0]) == pytest.approx(way, abs=1e-3)
            assert np.median(sure) > 0.8


def test_an_extension_knows_the_past_and_no_end() -> None:
    forth, back = seen(*extension(clip(6, 3), 5, 8))
    assert forth is not None
    assert back is None
    told = forth.conditions
    assert np.median(told.past_velocity[..., 0]) == pytest.approx(3 * 8 / WIDTH, abs=2e-3)
    assert told.end_confidence.max() == 0


def test_a_head_extension_knows_its_future_as_a_past() -> None:
    shown = clip(6, 3)
    sources = Pictures(pins={8: shown[0]}, behind=shown[1:])
    plan = plan_of(Operation.EXTEND, sources, 8, FrameRange(start=0, frames=8))
    forth, back = seen(plan, sources)
    assert forth is None
    assert back is not None
    # Backwards in time the picture goes left.
    velocity = np.median(back.conditions.past_velocity[..., 0])
    assert velocity == pytest.approx(-3 * 8 / WIDTH, abs=2e-3)


def test_a_stroke_is_on_its_points_at_their_times_and_still_outside_its_range() -> None:
    way = stroke((0.2, 0.5), (0.3, 0.5), (0.3, 0.7), over=FrameRange(start=4, frames=9))
    at = [strokes.relative_shift(way, f, 0, frames=24, ratio=0.5) for f in (0, 4, 8, 12, 13, 23)]
    assert [tuple(np.round(a, 6)) for a in at] == [
        (0, 0), (0, 0), (0.1, 0), (0.1, 0.1), (0.1, 0.1), (0.1, 0.1),
    ]  # fmt: skip


def test_a_stroke_never_swings_past_its_points() -> None:
    points = ((0.0, 0.0), (0.1, 0.0), (0.5, 0.0), (0.5, 0.2))
    xs = [strokes.path(points, share)[0] for share in np.linspace(0, 1, 100)]
    assert max(xs) == pytest.approx(0.5)
    assert np.all(np.diff(xs) >= -1e-12)


def test_strength_scales_a_stroke_and_a_mask_bounds_it() -> None:
    plane = np.zeros((HEIGHT, WIDTH), np.float32)
    plane[:, WIDTH // 2 :] = 1
    plan, sources = animation(
        TEXTURE[:HEIGHT, :WIDTH], 9, plane=plane, strokes=(stroke((0, 0), (0.1, 0), strength=0.5),)
    )
    told = anchor(plan, sources).conditions
    columns = grid_size(WIDTH, HEIGHT)[1] // 2
    assert told.stroke.shape == (FRAMES, *grid_size(WIDTH, HEIGHT), 2)
    assert np.allclose(told.stroke[-1, :, columns:, 0], 0.05)
    assert np.allclose(told.stroke[3, :, columns:, 0], 0.025)  # half of the time, half of the way
    assert not told.stroke[:, :, :columns].any()
    assert not told.stroke_weight[:, :columns].any()
    assert told.mask[:, columns:].min() == 1


def test_a_stroke_is_carried_by_the_camera_too() -> None:
    plan, sources = animation(
        TEXTURE[:HEIGHT, :WIDTH], 9, strokes=(stroke((0, 0), (0.1, 0)),),
        cameras=(CameraMove(truck=10),),
    )  # fmt: skip
    told = anchor(plan, sources).conditions
    assert told.camera_given
    assert np.allclose(told.camera[-1], (-0.1, 0), atol=1e-6)
    assert np.allclose(told.stroke, 0, atol=1e-6)


def test_controls_count_from_the_anchor_whatever_its_frame() -> None:
    sources = Pictures(pins={0: TEXTURE, 12: TEXTURE, 24: TEXTURE})
    made = FrameRange(start=1, frames=11), FrameRange(start=13, frames=11)
    plan = plan_of(
        Operation.ANIMATE, sources, 25, *made, cameras=(CameraMove(truck=12),),
        strokes=(stroke((0, 0), (0.24, 0)),),
    )  # fmt: skip
    _, (_, forth, back) = conditioning.spans(plan)
    late, early = conditioning.guides(plan, sources, forth, back)
    assert late is not None
    assert early is not None
    assert late.camera(12)[0, 2] == pytest.approx(0)
    assert late.camera(24)[0, 2] == pytest.approx(-0.06)
    assert early.camera(12)[0, 2] == pytest.approx(0.06)
    assert late.shift(late.layers[0], 24)[0] == pytest.approx(0.12)
    assert early.shift(early.layers[0], 12)[0] == pytest.approx(-0.12)


def test_ambient_motion_is_wished_for_in_its_region_only() -> None:
    plan, sources = animation(
        TEXTURE[:HEIGHT, :WIDTH], 9, ambients=(Ambient(region=None, strength=0.5),)
    )
    region = np.zeros((HEIGHT, WIDTH), np.float32)
    region[HEIGHT // 2 :] = 1
    sources.regions["ambient", 0] = region
    told = anchor(plan, sources).conditions
    rows = told.ambient.shape[0] // 2
    assert not told.ambient[:rows].any()
    assert np.all(told.ambient[rows:] == 0.5)
