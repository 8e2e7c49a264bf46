"""The hold map: what follows the reference, how far down, and what a latent cell makes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from secondunit.engine import hold
from secondunit.engine.diffusion.family import Cells, Pass
from secondunit.engine.engine import UNKEPT
from secondunit.engine.reference import Reference
from secondunit.plan.shot_plan import Pin, ShotPlan
from secondunit.timeline.shot import Ambient
from secondunit.units import FrameRange, Operation, Rate, Size

from bench.drawn import texture
from tests.engine.pictures import MEDIA, Pictures, animation, move, plan_of, silent, stroke
from tests.fakes.family import Dissolve

WIDTH, HEIGHT = 96, 64


def told(levels: np.ndarray, pinned: set[int], strengths: dict[int, float] | None = None) -> Pass:
    shape = levels.shape
    return Pass(
        frames=len(levels), size=Size(width=shape[2], height=shape[1]), rate=Rate(num=24),
        reference=np.zeros((*shape, 3), np.float32), hold=levels.astype(np.float32),
        pinned=frozenset(pinned), strengths=strengths or {}, references=(), prompt="", negative="",
        seed=0, steps=4, guidance=1.0,
    )  # fmt: skip


def groups(frames: int) -> Cells:
    parts = (range(1), *(range(n, n + 4) for n in range(1, frames, 4)))
    return Cells(frames=parts, height=2, width=3)


def asked(plan: ShotPlan, sources: Pictures, frame: int) -> np.ndarray:
    reference = Reference(plan, sources, Dissolve(), silent, UNKEPT)
    return hold.asked(plan, sources, reference, frame)


def still(**changes: Any) -> tuple[ShotPlan, Pictures]:
    return animation(texture(HEIGHT, WIDTH), 9, **changes)


def test_more_strength_holds_further_down() -> None:
    levels = [hold.followed(s) for s in (0, 0.25, 0.5, 1)]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] == 1
    assert levels[-1] == hold.STRONG
    near = [hold.drawn_near(s) for s in (0, 0.25, 0.5, 0.75, 1)]
    assert near == sorted(near, reverse=True)
    assert (near[0], near[-1]) == (1, 0)


def test_a_camera_is_followed_strongly_everywhere() -> None:
    plan, sources = still(cameras=(move(truck=4),))
    assert np.median(asked(plan, sources, 4)) == pytest.approx(hold.STRONG)


def test_a_stroke_is_followed_strongly_where_its_region_is_by_then() -> None:
    plan, sources = still(strokes=(stroke((0.3, 0.5), (0.7, 0.5)),))
    plane = np.zeros((HEIGHT, WIDTH), np.float32)
    plane[24:40, 20:36] = 1
    sources.regions["stroke", 0] = plane
    last = asked(plan, sources, 8)
    way = round(0.4 * WIDTH)
    assert last[32, 28 + way] == pytest.approx(hold.STRONG, abs=1e-4)
    assert last[4, 4] == pytest.approx(hold.WEAK, abs=1e-4)
    first = asked(plan, sources, 1)
    assert first[32, 28 + 4] < first[32, 28 + way]


def test_motion_without_direction_is_the_freer_the_stronger() -> None:
    level = {}
    for strength in (0.2, 1.0):
        plan, sources = still(ambients=(Ambient(region=None, strength=strength),))
        plane = np.zeros((HEIGHT, WIDTH), np.float32)
        plane[:, : WIDTH // 2] = 1
        sources.regions["ambient", 0] = plane
        level[strength] = asked(plan, sources, 4)
    assert level[1.0][32, 20] == 1
    assert hold.WEAK < level[0.2][32, 20] < 1
    assert level[1.0][32, 80] == pytest.approx(hold.WEAK, abs=1e-4)


def test_what_the_mask_keeps_is_held_to_the_end() -> None:
    plane = np.zeros((HEIGHT, WIDTH), np.float32)
    plane[20:40, 30:60] = 1
    plan, sources = still(plane=plane)
    level = asked(replace(plan, mask=MEDIA), sources, 4)
    assert np.all(level[plane == 0] == 0)
    assert np.all(level[plane > 0] > 0.9)


def test_a_soft_keyframe_is_held_by_its_strength() -> None:
    picture = texture(HEIGHT, WIDTH)
    sources = Pictures(pins={0: picture, 5: texture(HEIGHT, WIDTH, 9)})
    plan = plan_of(Operation.ANIMATE, sources, 9, FrameRange(start=1, frames=8))
    pull = Pin(frame=5, media=MEDIA, index=0, strength=0.5)
    plan = replace(plan, pins=plan.pins[:1], pulls=(pull,))
    assert asked(plan, sources, 5).max() == pytest.approx(hold.drawn_near(0.5))
    assert asked(plan, sources, 6).max() > 0.9


def test_what_the_draft_had_to_make_up_is_free() -> None:
    """A square leaves its place, and nothing of the source shows what was behind it."""
    behind, square = texture(HEIGHT, WIDTH, 5), texture(HEIGHT, WIDTH, 8)
    start = behind.copy()
    start[16:48, 16:48] = square[16:48, 16:48]
    later = texture(HEIGHT, WIDTH, 11) * 0 + behind
    later[16:48, 56:88] = square[16:48, 16:48]
    sources = Pictures(pins={0: start})
    plan = plan_of(Operation.ANIMATE, sources, 9, FrameRange(start=1, frames=8))

    class Moved(Dissolve):
        def run(self, plan: Any, *rest: Any, **more: Any) -> Any:
            return iter((n, later) for n in range(1, 9))

    reference = Reference(plan, sources, Moved(), silent, UNKEPT)
    holes = reference.holes(4)
    assert holes[20:44, 20:44].mean() > 0.6
    assert holes[:8].mean() < 0.3
    level = hold.asked(plan, sources, reference, 4)
    assert level[20:44, 20:44].mean() > level[:8].mean()


def test_what_may_change_spreads_into_what_may_not_but_never_into_a_pin() -> None:
    levels = np.zeros((4, HEIGHT, WIDTH), np.float32)
    levels[2, 32, 48] = 1
    wide = hold.dilated(levels, (8, 1), {0, 3})
    assert wide[2, 32, 48 + 8] == wide[2, 32 - 8, 48] == 1
    assert wide[2, 32, 48 + 10] == 0
    assert wide[1].max() == 1  # a frame beside it
    assert wide[0].max() == wide[3].max() == 0


def test_a_cell_is_as_free_as_the_freest_pixel_in_it() -> None:
    levels = np.full((9, 4, 6), 0.5, np.float32)
    levels[6, 3, 5] = 0.9
    cells = hold.on_cells(told(levels, set()), groups(9))
    assert cells.shape == (3, 2, 3)
    assert cells[2, 1, 2] == np.float32(0.9)
    assert np.count_nonzero(cells != 0.5) == 1


def test_a_picture_among_free_frames_is_seen_and_does_not_freeze_them() -> None:
    levels = np.ones((9, 4, 6), np.float32)
    levels[[0, 6]] = 0
    cells = hold.on_cells(told(levels, {0, 6}), groups(9))
    assert np.all(cells[0] == 0)
    assert np.all(cells[1] == 1)
    assert np.all(cells[2] == np.float32(hold.KEYED))


def test_a_group_that_is_pinned_whole_is_held_to_the_end() -> None:
    levels = np.ones((9, 4, 6), np.float32)
    levels[5:9] = 0
    cells = hold.on_cells(told(levels, {5, 6, 7, 8}), groups(9))
    assert np.all(cells[2] == 0)


def test_a_soft_keyframe_holds_its_latent_frame_no_deeper_than_a_pinned_one() -> None:
    levels = np.ones((9, 4, 6), np.float32)
    for strength in (0.3, 0.99):
        cells = hold.on_cells(told(levels, set(), {6: strength}), groups(9))
        wanted = max(hold.KEYED, hold.drawn_near(strength))
        assert np.allclose(cells[2], wanted)
