"""Strokes on footage: the drawn way, left with the motion that the region has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from secondunit.engine import conditioning, strokes
from secondunit.engine.motion.generate import MotionEngine, classical
from secondunit.finish.camera_fit import camera_entry
from secondunit.finish.strokes import stroke_entry
from secondunit.finish.tracks import grey
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.shot import CameraMove, Stroke
from secondunit.units import FrameRange, Operation

from tests.engine.pictures import (
    MEDIA,
    Pictures,
    dots,
    extension,
    moved_by,
    plan_of,
    silent,
    similarity,
    stroke,
)

HEIGHT, WIDTH, FRAMES = 144, 256, 12
RATIO = HEIGHT / WIDTH
TEXTURE = dots(HEIGHT, WIDTH + 96)
CLIP = [TEXTURE[:, 80 - 2 * k : 80 - 2 * k + WIDTH] for k in range(6)]
"""A picture that goes right by two pixels a frame."""
REGION = np.zeros((HEIGHT, WIDTH), np.float32)
REGION[50:100, 80:140] = 1
DOWN = stroke((0.43, 0.5), (0.43, 0.7), region=MEDIA)


def footage_with(*asked: Stroke, **changes: object) -> tuple[ShotPlan, Pictures]:
    plan, sources = extension(CLIP, 5, FRAMES)
    sources.regions.update({("stroke", n): REGION for n in range(len(asked))})
    return replace(plan, strokes=asked, **changes), sources


def test_a_stroke_on_a_tail_starts_on_the_clips_last_frame() -> None:
    plan, _ = footage_with(DOWN)
    assert strokes.stroke_range(plan, DOWN) == FrameRange(start=-1, frames=FRAMES + 1)
    late = replace(DOWN, over=FrameRange(start=4, frames=4))
    assert strokes.stroke_range(plan, late) == late.over


def test_a_stroke_on_a_head_ends_on_the_clips_first_frame() -> None:
    sources = Pictures(pins={FRAMES: TEXTURE})
    plan = plan_of(Operation.EXTEND, sources, FRAMES, FrameRange(start=0, frames=FRAMES))
    plan = replace(plan, strokes=(DOWN,))
    assert strokes.stroke_range(plan, DOWN) == FrameRange(start=0, frames=FRAMES + 1)
    gone = strokes.region_shift(plan, 0, 0, FRAMES, RATIO)
    assert gone == pytest.approx((0, -0.2 * RATIO))


def test_a_region_leaves_with_its_own_speed_and_is_on_its_points_in_time() -> None:
    plan, sources = footage_with(DOWN)
    ((_, forth, back),) = conditioning.spans(plan)
    guide, _ = conditioning.guides(plan, sources, forth, back)
    assert guide is not None
    (layer,) = guide.layers
    first = guide.shift(layer, -0.9) / 0.1
    assert first[0] == pytest.approx(2 / WIDTH, abs=0.3 / WIDTH)
    assert guide.shift(layer, FRAMES - 1) == pytest.approx((0, 0.2 * RATIO))
    at = np.array([guide.shift(layer, f) for f in np.linspace(-1, FRAMES - 1, 200)])
    bends = np.abs(np.diff(at, n=2, axis=0)).max()
    assert bends < 2 * np.abs(np.diff(at, axis=0)).max() / 20  # no kink anywhere


def test_a_region_of_footage_goes_the_drawn_way_over_a_clip_that_goes_on() -> None:
    plan, sources = footage_with(DOWN)
    shown = dict(MotionEngine(classical).run(plan, sources, silent))
    greys = {frame: grey(picture) for frame, picture in {-1: CLIP[5], **shown}.items()}
    entry = stroke_entry(plan, sources, greys)
    assert entry is not None and entry["pass"], entry
    # Beside the region, two pixels a frame to the right as before, a little damped.
    below = np.zeros((HEIGHT, WIDTH), np.bool_)
    below[120:, 30:180] = True
    beside = moved_by(CLIP[5], shown[3], below)[0]
    assert beside == pytest.approx(8, abs=1.5)


def test_strokes_of_one_region_add_up_in_time() -> None:
    first = replace(DOWN, over=FrameRange(start=0, frames=6))
    then = stroke((0.43, 0.7), (0.63, 0.7), region=MEDIA, over=FrameRange(start=6, frames=6))
    plan, sources = footage_with(first, then)
    ((_, forth, back),) = conditioning.spans(plan)
    guide, _ = conditioning.guides(plan, sources, forth, back)
    assert guide is not None
    (layer,) = guide.layers
    assert guide.shift(layer, FRAMES - 1) == pytest.approx((0.2, 0.2 * RATIO))


def test_a_camera_moves_what_already_moves() -> None:
    plan, sources = extension(CLIP, 5, FRAMES)
    moved = replace(plan, cameras=(CameraMove(zoom=1.2),))
    with_, without = (dict(MotionEngine(classical).run(p, sources, silent)) for p in (moved, plan))
    found = similarity(without[FRAMES - 1], with_[FRAMES - 1])
    assert found["scale"] == pytest.approx(1.2, abs=0.02)
    assert found["dx"] == pytest.approx(0, abs=0.02)
    greys = {frame: grey(picture) for frame, picture in {-1: CLIP[5], **with_}.items()}
    entry = camera_entry(moved, sources, greys)
    assert entry is not None and entry["pass"], entry
    ignored = {frame: grey(picture) for frame, picture in {-1: CLIP[5], **without}.items()}
    entry = camera_entry(moved, sources, ignored)
    assert entry is not None and not entry["pass"]
