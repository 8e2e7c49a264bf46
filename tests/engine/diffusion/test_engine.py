"""An engine from a checkpoint: held, resumed, stopped, seen, mended, at any length."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from secondunit.engine.diffusion.engine import CheckpointEngine
from secondunit.engine.engine import RGB
from secondunit.engine.motion.generate import MotionEngine, classical
from secondunit.errors import Cancelled, EngineFailed, EngineMemory
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.shot import SourceFrames
from secondunit.units import FrameRange, Operation

from bench.drawn import texture
from tests.engine.keeping import interrupted
from tests.engine.pictures import MEDIA, Pictures, animation, bridge, extension, plan_of, silent
from tests.fakes.family import Dissolve, Readable, mean_squares, readable_row

STEPS = 6


def clip(frames: int, height: int = 64, width: int = 96) -> list[RGB]:
    whole = texture(height, width + 2 * frames)
    return [np.ascontiguousarray(whole[:, 2 * k : 2 * k + width]) for k in range(frames)]


def engine(family: Readable | None = None, **row: Any) -> CheckpointEngine:
    return CheckpointEngine(readable_row(**row), family or Readable(), Dissolve())


def of_model(plan: ShotPlan, **changes: Any) -> ShotPlan:
    return replace(plan, engine="readable", steps=STEPS, **changes)


def made(
    plan: ShotPlan, sources: Pictures, family: Readable | None = None, **row: Any
) -> dict[int, RGB]:
    return dict(engine(family, **row).run(of_model(plan), sources, silent))


def beside(frames: int) -> SourceFrames:
    return SourceFrames(media=MEDIA, indexes=tuple(range(frames)))


def same(one: dict[int, RGB], other: dict[int, RGB]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[n], other[n]) for n in one)


def test_every_frame_that_is_to_be_made_comes_once_at_the_work_size() -> None:
    plan, sources = bridge(clip(24), 6, 11)
    frames = list(engine().run(of_model(plan), sources, silent))
    assert [n for n, _ in frames] == list(range(10))
    assert {picture.shape for _, picture in frames} == {(64, 96, 3)}
    assert all(picture.min() >= 0 and picture.max() <= 1 for _, picture in frames)


def test_a_size_that_no_model_has_is_rimmed_and_cut_back() -> None:
    family = Readable()
    plan, sources = bridge(clip(24, 70, 90), 6, 11)
    frames = made(plan, sources, family)
    assert {picture.shape for picture in frames.values()} == {(70, 90, 3)}
    assert (family.told[0].size.width, family.told[0].size.height) == (96, 80)


def test_pinned_frames_go_in_and_come_out_of_the_model_as_they_are() -> None:
    """The state of held cells is the reference's own, without any error."""
    family = Readable()
    plan, sources = bridge(clip(30), 8, 9)
    plan = replace(plan, past=beside(4), future=beside(4))
    final: list[torch.Tensor] = []
    decode = family.decode
    family.decode = lambda pipe, grid: final.append(grid.clone()) or decode(pipe, grid)  # type: ignore[method-assign]
    made(plan, sources, family)
    wanted = family.told[0]
    clean = family.encode(
        family.pipe, torch.from_numpy(wanted.reference * 2 - 1).permute(3, 0, 1, 2)[None]
    )
    groups = family.cells(family.pipe, wanted).frames
    whole = [n for n, group in enumerate(groups) if wanted.pinned.issuperset(group)]
    assert len(whole) == 4  # two before it, two after it
    assert torch.equal(final[0][:, :, whole], clean[:, :, whole])
    free = [n for n, group in enumerate(groups) if not wanted.pinned.intersection(group)]
    assert not torch.allclose(final[0][:, :, free], clean[:, :, free], atol=0.1)


def test_what_the_mask_keeps_is_the_source_to_the_bit() -> None:
    still = clip(1)[0]
    plane = np.zeros((64, 96), np.float32)
    plane[16:48, 24:72] = 1
    plan, sources = animation(still, 9, plane=plane)
    plan = replace(plan, mask=plan.pins[0].media)
    frames = made(plan, sources)
    assert all(np.array_equal(frame[plane == 0], still[plane == 0]) for frame in frames.values())
    assert any(not np.allclose(f[plane > 0], still[plane > 0], atol=0.1) for f in frames.values())


def test_the_same_seed_gives_the_same_bits_and_another_seed_others() -> None:
    plan, sources = extension(clip(12), 8, 10)
    first = made(plan, sources)
    assert same(first, made(plan, sources))
    assert not same(first, made(replace(plan, seed=plan.seed + 1), sources))


@pytest.mark.parametrize("every", [2, 5])
def test_a_run_whose_power_is_cut_again_and_again_gives_the_same_bits(every: int) -> None:
    plan, sources = extension(clip(12, 32, 48), 8, 40)
    plan = of_model(plan)
    whole = dict(engine().run(plan, sources, silent))
    pieces, cuts = interrupted(engine(), plan, sources, every)
    assert cuts > 3
    assert same(whole, pieces)


def test_going_on_takes_only_the_steps_that_are_left() -> None:
    from tests.engine.keeping import PowerCut, Shelf

    plan, sources = animation(clip(1)[0], 9)
    shelf = Shelf(cut_after=2)  # the draft's motion, then the latents after four steps
    first, second = Readable(), Readable()
    with pytest.raises(PowerCut):
        list(engine(first).run(of_model(plan), sources, silent, keep=shelf))
    begun = first.pipe.transformer.calls
    shelf.cut_after = -1
    later = engine(second)
    frames = dict(later.run(of_model(plan), sources, silent, keep=shelf))
    assert begun + second.pipe.transformer.calls == STEPS
    assert later.ran["steps"] == second.pipe.transformer.calls
    assert same(frames, made(plan, sources))


def test_a_stop_takes_effect_within_a_step_and_leaves_nothing_behind() -> None:
    plan, sources = bridge(clip(24), 6, 11)
    plan = of_model(plan)
    family = Readable()
    one = engine(family)
    scheduler = type(family.pipe.scheduler)

    def stop(doing: str, step: int, steps: int) -> None:
        if doing == "denoise" and step == 2:
            raise Cancelled("by its owner")

    with pytest.raises(Cancelled):
        list(one.run(plan, sources, stop))
    assert family.pipe.transformer.calls == 2
    assert type(family.pipe.scheduler) is scheduler
    assert same(dict(one.run(plan, sources, silent)), dict(engine().run(plan, sources, silent)))


def test_progress_names_the_stages_in_order() -> None:
    seen: list[str] = []
    plan, sources = bridge(clip(24), 6, 11)
    list(engine().run(of_model(plan), sources, lambda what, done, of: seen.append(what)))
    order = [what for what in dict.fromkeys(seen) if not what.startswith("draft")]
    assert order == [
        "load the weights", "tell the model", "read the words", "encode the pictures", "denoise",
        "decode",
    ]  # fmt: skip


def test_previews_show_the_picture_that_is_coming() -> None:
    shown: list[tuple[int, RGB, bool]] = []
    family = Readable()
    plan, sources = bridge(clip(24), 6, 11)

    def show(frame: int, rgb: RGB, rough: bool = False) -> None:
        shown.append((frame, rgb, rough))

    frames = dict(engine(family).run(of_model(plan), sources, silent, show))
    assert [rough for _, _, rough in shown] == [True, *[False] * STEPS]
    frame, last, _ = shown[-1]
    assert frame in frames
    assert last.shape == (213, 320, 3)
    small = np.stack([last[11::27, 13::27, c][:8, :12] for c in range(3)], axis=-1)
    assert np.abs(small - mean_squares(frames[frame])).mean() < 0.1


def test_numbers_that_are_none_are_made_again_in_float32() -> None:
    family = Readable(torch.bfloat16)
    family.pipe.transformer.sick = lambda call, dtype: dtype is torch.bfloat16 and call == 2
    plan, sources = bridge(clip(24), 6, 11)
    one = engine(family)
    frames = dict(one.run(of_model(plan), sources, silent))
    assert all(np.isfinite(picture).all() for picture in frames.values())
    assert "step 3 of 6, in bfloat16" in one.ran["made_again"][0]
    assert family.pipe.transformer.dtype is torch.bfloat16


def test_numbers_that_are_none_in_float32_too_fail_by_name() -> None:
    family = Readable(torch.bfloat16)
    family.pipe.transformer.sick = lambda call, dtype: call >= 2
    plan, sources = bridge(clip(24), 6, 11)
    with pytest.raises(EngineFailed, match=r"NaN or infinite.* step 1 of 6, in float32"):
        made(plan, sources, family)


def test_too_little_memory_is_said_as_such() -> None:
    family = Readable()

    def full(call: int, dtype: torch.dtype) -> bool:
        raise torch.OutOfMemoryError("CUDA out of memory")

    family.pipe.transformer.sick = full
    plan, sources = bridge(clip(24), 6, 11)
    with pytest.raises(EngineMemory, match="readable"):
        made(plan, sources, family)


def test_words_are_read_once_for_many_shots() -> None:
    family = Readable()
    one = engine(family)
    plan, sources = bridge(clip(24), 6, 11)
    for prompt in ("rain", "rain", "snow", "rain"):
        list(one.run(of_model(plan, prompt=prompt), sources, silent))
    assert family.read == ["rain", "snow"]
    assert one.ran["words_found"] == 1


def windows_told(frames: int, **changes: Any) -> tuple[Readable, dict[int, RGB]]:
    pictures = clip(3, 32, 48)
    sources = Pictures(pins={-1: pictures[0], frames: pictures[2]})
    made_range = FrameRange(start=0, frames=frames)
    plan = plan_of(Operation.BRIDGE, sources, frames, made_range, **changes)
    family = Readable()
    return family, made(plan, sources, family)


def test_a_minute_is_made_at_a_cost_that_is_linear_in_its_length() -> None:
    work = {}
    for frames in (360, 720, 1440):
        family, pictures = windows_told(frames, strength=0.0)
        assert sorted(pictures) == list(range(frames))
        work[frames] = family.pipe.transformer.frames / frames
    assert max(work.values()) < 1.1 * min(work.values())


def test_windows_meet_in_a_picture_that_both_are_pinned_to() -> None:
    family, _ = windows_told(100)
    anchors, *fills = family.told
    assert len(fills) == 4
    assert float(anchors.rate) * 3 == float(fills[0].rate)  # spread over the whole shot
    for one, other in itertools.pairwise(fills):
        last, first = max(one.pinned), min(other.pinned)
        assert np.array_equal(one.reference[last], other.reference[first])
        assert not np.allclose(one.reference[last], 0.5)


def test_windows_that_follow_each_other_begin_with_what_came_before() -> None:
    plan, sources = extension(clip(12), 8, 70)
    family = Readable()
    frames = made(plan, sources, family)
    second = family.told[1]
    overlap = sorted(second.pinned)
    assert overlap == list(range(9))
    # The first window ends with frame 31, since it begins with the one known frame.
    for place in overlap:
        assert np.abs(second.reference[place] - frames[23 + place]).max() < 1e-4


def test_a_reference_seed_belongs_to_each_window() -> None:
    family, _ = windows_told(100)
    assert len({wanted.seed for wanted in family.told[1:]}) == len(family.told) - 1


def test_a_decoder_that_drifts_is_put_right_by_what_was_kept() -> None:
    family, plain = Readable(), Readable()
    family.drift = (0.94, 0.04)
    flat = [np.full((64, 96, 3), (0.3, 0.5, 0.7), np.float32) + 0.2 * (p - 0.5) for p in clip(30)]
    plan, sources = bridge(flat, 8, 9)
    mended, true = made(plan, sources, family), made(plan, sources, plain)
    for n in true:
        inside = (true[n] > 0.1) & (true[n] < 0.9)
        off = np.abs(mended[n] - true[n])[inside].mean()
        assert off < 0.5 * np.abs(true[n] * 0.94 + 0.04 - true[n])[inside].mean()


def test_nothing_to_start_from_is_grey_and_free() -> None:
    """`generate`: words alone."""
    sources = Pictures(pins={0: np.zeros((64, 96, 3), np.float32)})
    plan = replace(plan_of(Operation.GENERATE, sources, 9, FrameRange(start=0, frames=9)), pins=())
    family = Readable()
    frames = made(plan, sources, family)
    assert sorted(frames) == list(range(9))
    told = family.told[0]
    assert np.all(told.reference == 0.5)
    assert np.all(told.hold == 1)
    assert not told.pinned


def pinned_places(told: Sequence[Any]) -> list[list[int]]:
    return [sorted(wanted.pinned) for wanted in told]


def test_the_draft_is_what_the_model_is_told_to_follow() -> None:
    """The motion engine's own frames, with the seed of the final."""
    pictures = clip(24)
    plan, sources = bridge(pictures, 6, 11)
    family, motion = Readable(), MotionEngine(classical)
    one = CheckpointEngine(readable_row(), family, motion)
    list(one.run(of_model(plan), sources, silent))
    drafted = dict(motion.run(plan, sources, silent))
    told = family.told[0]
    for frame, picture in drafted.items():
        assert np.abs(told.reference[frame + 1] - picture).max() <= 1 / 65535
    # What was approved is followed strongly, but where the draft had to make it up.
    assert 0.93 < float(np.median(told.hold[1:11])) < 0.95


def test_a_keyframe_in_the_middle_is_pinned_where_it_is() -> None:
    pictures = clip(3)
    sources = Pictures(pins={-1: pictures[0], 6: pictures[1], 12: pictures[2]})
    parts = (FrameRange(start=0, frames=6), FrameRange(start=7, frames=5))
    plan = plan_of(Operation.BRIDGE, sources, 12, *parts)
    family = Readable()
    frames = made(plan, sources, family)
    assert sorted(frames) == [*range(6), *range(7, 12)]
    assert pinned_places(family.told) == [[0, 7, 13, 14, 15, 16]]
    assert np.array_equal(family.told[0].reference[7], pictures[1])
