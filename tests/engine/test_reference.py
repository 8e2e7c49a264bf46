"""The reference animation: what is known around a shot, and what stands for the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from secondunit.engine.engine import UNKEPT
from secondunit.engine.motion.generate import MotionEngine, classical
from secondunit.engine.reference import GREY, Reference
from secondunit.errors import Cancelled
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.shot import Footage, SourceFrames
from secondunit.units import FrameRange, Operation, Rate

from bench.drawn import texture
from tests.engine.pictures import MEDIA, Pictures, animation, bridge, extension, plan_of, silent
from tests.fakes.family import Dissolve

CLIP = [np.ascontiguousarray(texture(48, 160)[:, 2 * k : 2 * k + 64]) for k in range(40)]
MOVIE = replace(MEDIA, still=False, rate=Rate(num=24), frames=len(CLIP))


def of(plan: ShotPlan, sources: Pictures, draft: Any = None, told: Any = silent) -> Reference:
    return Reference(plan, sources, draft or Dissolve(), told, UNKEPT)


def beside(frames: int) -> SourceFrames:
    return SourceFrames(media=MEDIA, indexes=tuple(range(frames)))


def test_context_lies_before_the_first_pin_and_behind_the_last() -> None:
    plan, sources = bridge(CLIP, 10, 9)  # pins at -1 and 8: frames 10 and 19 of the clip
    reference = of(replace(plan, past=beside(4), future=beside(4)), sources)
    assert reference.range == FrameRange(start=-5, frames=18)
    assert np.array_equal(reference.picture(-2), CLIP[9])
    assert np.array_equal(reference.picture(-5), CLIP[6])
    assert np.array_equal(reference.picture(9), CLIP[20])
    assert [reference.own(n) for n in (-6, -5, -1, 0, 7, 8, 12, 13)] == [
        False, True, True, False, False, True, True, False,
    ]  # fmt: skip


def test_beyond_what_is_known_the_nearest_frame_goes_on() -> None:
    plan, sources = extension(CLIP, 10, 6)
    reference = of(plan, sources)
    assert np.array_equal(reference.picture(40), reference.picture(5))


def test_frames_may_be_asked_for_in_any_order_and_are_the_drafts() -> None:
    plan, sources = bridge(CLIP, 10, 9)
    motion = MotionEngine(classical)
    drafted = dict(motion.run(plan, sources, silent))
    reference = of(plan, sources, motion)
    for frame in (5, 0, 7, 3):
        assert np.abs(reference.picture(frame) - drafted[frame]).max() <= 1 / 65535


def test_only_what_is_needed_is_drafted() -> None:
    plan, sources = extension(CLIP, 10, 40)
    made: list[int] = []
    reference = of(plan, sources, told=lambda what, step, steps: made.append(step))
    reference.only(range(30, 40))
    reference.picture(39)
    assert len(made) < 20


def test_a_stop_reaches_the_draft() -> None:
    def stop(doing: str, step: int, steps: int) -> None:
        raise Cancelled(doing)

    plan, sources = bridge(CLIP, 10, 9)
    with pytest.raises(Cancelled, match="draft: render"):
        of(plan, sources, told=stop).picture(3)


def test_a_region_that_nothing_moves_is_the_footage_and_free() -> None:
    """`replace` with words alone: what is there is a start, and nothing of it is kept."""
    plane = np.zeros((48, 64), np.float32)
    plane[10:30, 10:40] = 1
    sources = Pictures(pins={0: CLIP[8]}, reel=CLIP, plane=plane)
    footage = Footage(media=MOVIE, lead=0, indexes=tuple(range(8, 20)))
    plan = plan_of(
        Operation.REPLACE, sources, 12, FrameRange(start=1, frames=11), footage=footage, mask=MEDIA
    )
    reference = of(plan, sources)
    assert np.array_equal(reference.picture(5), CLIP[13])
    assert np.all(reference.holes(5) == 1)
    assert reference.own(-3)  # the file goes on beside the shot
    assert np.array_equal(reference.picture(-3), CLIP[5])
    assert np.array_equal(reference.picture(14), CLIP[22])
    kept = reference.kept(5)
    assert kept is not None
    assert np.array_equal(kept[0], CLIP[13])
    assert np.array_equal(kept[1], plane)


def test_footage_that_ends_has_nothing_beside_it() -> None:
    sources = Pictures(pins={0: CLIP[0]}, reel=CLIP)
    footage = Footage(media=MOVIE, lead=0, indexes=tuple(range(40)))
    plan = plan_of(
        Operation.REPLACE, sources, 40, FrameRange(start=1, frames=39), footage=footage, mask=MEDIA
    )
    assert of(plan, sources).range == FrameRange(start=0, frames=40)


def test_where_nothing_is_known_there_is_grey_and_freedom() -> None:
    sources = Pictures(pins={0: CLIP[0]})
    made = FrameRange(start=0, frames=5)
    plan = replace(plan_of(Operation.GENERATE, sources, 5, made), pins=())
    reference = of(plan, sources)
    assert np.all(reference.picture(2) == GREY)
    assert np.all(reference.holes(2) == 1)


def test_what_both_ends_show_is_known() -> None:
    plan, sources = bridge(CLIP, 10, 9)
    assert of(plan, sources, MotionEngine(classical)).holes(4).mean() < 0.2


def test_holes_do_not_depend_on_what_was_asked_before() -> None:
    plan, sources = bridge(CLIP, 10, 17)
    one, other = of(plan, sources), of(plan, sources)
    for frame in (2, 6, 14):
        one.holes(frame)
    one.begin()
    assert np.array_equal(one.holes(10), other.holes(10))


def test_a_still_that_is_masked_keeps_itself() -> None:
    plane = np.zeros((48, 64), np.float32)
    plan, sources = animation(CLIP[0], 5, plane=plane)
    kept = of(replace(plan, mask=MEDIA), sources).kept(3)
    assert kept is not None
    assert np.array_equal(kept[0], CLIP[0])
