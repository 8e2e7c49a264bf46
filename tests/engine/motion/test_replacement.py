"""Regions of moving footage: frozen, steadied, carried away from what stands behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from secondunit.engine.engine import RGB
from secondunit.engine.motion.generate import MotionEngine, classical
from secondunit.errors import EngineFailed
from secondunit.plan.shot_plan import Pin
from secondunit.timeline.shot import Footage
from secondunit.units import FrameRange, Operation, Size

from tests.engine.pictures import MEDIA, Pictures, Plane, decibels, dots, moved_by, silent, stroke
from tests.plans import shot_plan

HEIGHT, WIDTH = 96, 160
GROUND = dots(HEIGHT + 40, WIDTH + 80)
THING = dots(24, 24, seed=9)[..., ::-1] * 0.4 + 0.6


def view(dx: float, dy: float = 0.0) -> RGB:
    """The ground as a camera that stands at (dx, dy) sees it."""
    matrix = np.array([[1, 0, -20 - dx], [0, 1, -20 - dy]], np.float32)
    return cv2.warpAffine(GROUND, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC).clip(0, 1)


def window(top: int, bottom: int, left: int, right: int) -> Plane:
    plane = np.zeros((HEIGHT, WIDTH), np.float32)
    plane[top:bottom, left:right] = 1
    return plane


def made(clip: Sequence[RGB], plane: Plane, region: Plane | None = None, **changes: Any) -> Any:
    """Frames 1.. of a shot that stands on a whole clip."""
    sources = Pictures(pins={0: clip[0]}, reel=clip, plane=plane)
    if region is not None:
        sources.regions["stroke", 0] = region
    frames, size = len(clip), Size(width=WIDTH, height=HEIGHT)
    footage = Footage(
        media=replace(MEDIA, frames=frames, still=False), lead=0, indexes=tuple(range(frames))
    )
    plan = shot_plan(
        operation=Operation.REPLACE, frames=frames, handles=(0, 0), size=size, work=size,
        generate=(FrameRange(start=1, frames=frames - 1),), footage=footage,
        pins=(Pin(frame=0, media=MEDIA, index=0),), **changes,
    )  # fmt: skip
    return dict(MotionEngine(classical).run(plan, sources, silent))


def test_a_frozen_region_holds_the_first_frame_and_leaves_the_rest() -> None:
    clip = [view(3 * n) for n in range(4)]
    plane = window(20, 70, 40, 120)
    found = made(clip, plane, motion="freeze")
    for frame in (1, 2, 3):
        assert np.array_equal(found[frame][plane == 0], clip[frame][plane == 0])
        assert np.allclose(found[frame][30:60, 50:110], clip[0][30:60, 50:110], atol=1e-6)


def test_shaking_content_stands_still_inside_its_mask() -> None:
    shake = [(0, 0), (1.5, -1), (-1, 1.25), (2, 0.5), (-1.5, -1.5), (0.5, 1)]
    clip = [view(*way) for way in shake]
    plane = window(0, HEIGHT, 0, 110)
    found = made(clip, plane, motion="steady")
    inner = np.s_[10:-10, 10:90]
    for frame in range(1, 6):
        assert decibels(found[frame][inner], clip[0][inner]) > 30
        assert decibels(found[frame][inner], clip[0][inner]) > 8 + decibels(
            clip[frame][inner], clip[0][inner]
        )
        assert np.array_equal(found[frame][:, 110:], clip[frame][:, 110:])


def test_what_a_steadied_frame_lacks_comes_from_its_neighbours() -> None:
    clip = [view(*way) for way in [(0, 0), (3, 0), (0, 0), (3, 0), (0, 0)]]
    found = made(clip, np.ones((HEIGHT, WIDTH), np.float32), motion="steady")
    assert decibels(found[1][10:-10, :4], clip[0][10:-10, :4]) > 28


def test_a_pan_stays_a_pan_without_its_shake() -> None:
    draw = np.random.default_rng(2)
    ways = [1.5 * n + (0 if n == 0 else float(draw.uniform(-1, 1))) for n in range(20)]
    clip = [view(way - 18) for way in ways]
    found = made(clip, np.ones((HEIGHT, WIDTH), np.float32), motion="steady")
    steps = []
    for a, b in zip(range(4, 15), range(5, 16), strict=True):
        steps.append(-moved_by(found[a], found[b], window(20, 76, 30, 130) > 0)[0])
    assert np.mean(steps) == pytest.approx(1.5, abs=0.35)
    assert np.std(steps) < 0.5 * np.std(np.diff(ways)[4:15])


def test_what_has_no_texture_cannot_be_steadied_and_says_so() -> None:
    blank = [np.full((HEIGHT, WIDTH, 3), 0.5, np.float32)] * 3
    with pytest.raises(EngineFailed, match="too little texture"):
        made(blank, window(20, 70, 40, 120), motion="steady")


def scene(n: int) -> tuple[RGB, RGB, tuple[int, int]]:
    """(ground alone, with a thing before it, the thing's corner): both pass the camera."""
    ground = view(2 * n)
    left, top = 60 + n, 40
    shown = ground.copy()
    shown[top : top + 24, left : left + 24] = THING
    return ground, shown, (left, top)


def test_a_stroke_carries_its_region_on_top_of_its_own_way_and_uncovers_the_ground() -> None:
    scenes = [scene(n) for n in range(14)]
    clip = [shown for _, shown, _ in scenes]
    plane = window(4, 92, 20, 150)
    found = made(
        clip, plane, region=window(39, 65, 59, 85),
        strokes=(stroke((0.4, 0.6), (0.4, 0.3)),),
    )  # fmt: skip
    last = 13
    ground, shown, (left, top) = scenes[last]
    up = round(0.3 * HEIGHT)
    there = np.s_[top - up + 3 : top - up + 21, left + 3 : left + 21]
    assert decibels(found[last][there], THING[3:21, 3:21]) > 26
    here = np.s_[top + 4 : top + 20, left + 4 : left + 20]
    assert decibels(found[last][here], ground[here]) > 24  # it was seen in other frames
    assert np.array_equal(found[last][plane == 0], shown[plane == 0])


def test_on_a_locked_off_shot_the_ground_behind_does_not_shimmer() -> None:
    ground = view(0)
    shown = ground.copy()
    shown[40:64, 60:84] = THING
    found = made(
        [shown] * 6, window(4, 92, 20, 150), region=window(39, 65, 59, 85),
        strokes=(stroke((0.4, 0.6), (0.7, 0.6), over=FrameRange(start=0, frames=2)),),
    )  # fmt: skip
    for frame in (2, 3, 4):
        assert np.allclose(found[frame], found[frame + 1], atol=2 / 255)
