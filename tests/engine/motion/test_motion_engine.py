"""The whole engine, on made-up pictures and on real footage."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from secondunit.engine.motion.engine import load
from secondunit.engine.motion.generate import MotionEngine, classical
from secondunit.engine.raster import scaled
from secondunit.errors import Cancelled, EngineFailed, EngineMissing
from secondunit.units import FrameRange, Operation

from tests.engine.pictures import (
    Pictures,
    animation,
    bridge,
    decibels,
    dots,
    extension,
    footage,
    moved_by,
    picture,
    plan_of,
    silent,
    stroke,
)

ENGINE = MotionEngine(classical)


def made(plan, sources) -> dict[int, np.ndarray]:
    return dict(ENGINE.run(plan, sources, silent))


@pytest.fixture(scope="module")
def train(shared: Path) -> list[np.ndarray]:
    return footage(shared / "media/train.m4v", 400)


def test_a_bridge_beats_the_dissolve_on_real_footage_by_more_than_a_decibel(train) -> None:
    gains = []
    for start in (40, 145, 180, 320):
        plan, sources = bridge(train, start, 8)
        for frame, shown in ENGINE.run(plan, sources, silent):
            share = (frame + 1) / 8
            dissolve = (1 - share) * train[start] + share * train[start + 8]
            true = train[start + 1 + frame]
            gains.append(decibels(shown, true) - decibels(dissolve, true))
    assert np.mean(gains) > 2.5


def test_the_middle_of_a_bridge_is_as_sharp_as_its_ends(train) -> None:
    def detail(shown: np.ndarray) -> float:
        return float(np.abs(np.diff(shown.mean(axis=2), axis=1)).mean())

    plan, sources = bridge(train, 145, 8)
    ends = (detail(train[145]) + detail(train[153])) / 2
    assert detail(made(plan, sources)[3]) > 0.85 * ends


def test_a_bridge_tends_to_its_pins(train) -> None:
    shown = made(*bridge(train, 40, 8))
    assert decibels(shown[0], train[41]) > decibels(shown[3], train[44]) - 1
    assert decibels(shown[0], train[40]) > decibels(shown[0], train[48])
    assert decibels(shown[6], train[48]) > decibels(shown[6], train[40])


def test_an_extension_beats_a_freeze_on_real_footage(train) -> None:
    gains = []
    for start in (40, 145, 180, 320):
        plan, sources = extension(train, start, 8)
        for frame, shown in ENGINE.run(plan, sources, silent):
            true = train[start + 1 + frame]
            gains.append(decibels(shown, true) - decibels(train[start], true))
    assert np.mean(gains) > 2


def test_a_head_extension_is_a_tail_extension_of_the_reversed_clip(train) -> None:
    clip = train[100:112]
    plan, sources = extension(clip[::-1], 6, 4)
    ahead = made(plan, sources)
    reversed_sources = Pictures(pins={4: sources.pins[-1]}, behind=sources.before[::-1])
    plan = plan_of(Operation.EXTEND, reversed_sources, 4, FrameRange(start=0, frames=4))
    behind = made(plan, reversed_sources)
    for frame in range(4):
        assert np.array_equal(ahead[frame], behind[3 - frame])


def test_a_stroke_moves_the_boats_of_the_scroll_and_nothing_else(shared: Path) -> None:
    still = picture(shared / "media/scroll.jpg")
    plane = (picture(shared / "media/scroll_mask.jpg")[..., 0] > 0.5).astype(np.float32)
    boat = plane.copy()
    boat[:350] = boat[500:] = 0
    asked = np.array([0.06, 0.02]) * still.shape[1::-1]
    plan, sources = animation(
        still, 7, plane=plane, strokes=(stroke((0.3, 0.65), (0.33, 0.66), (0.36, 0.67)),)
    )
    shown = made(plan, sources)
    for frame, share in ((3, 0.5), (6, 1.0)):
        inside = np.zeros(plane.shape, np.bool_)
        inside[380:460, 130:280] = True
        found = moved_by(still, shown[frame], inside)
        turn = math.degrees(math.atan2(found[1], found[0]) - math.atan2(asked[1], asked[0]))
        assert abs(turn) < 15
        assert 0.7 < np.hypot(*found) / (share * np.hypot(*asked)) < 1.3
        assert np.array_equal(shown[frame][plane == 0], still[plane == 0])


def test_a_still_without_controls_stays_still() -> None:
    still = dots(90, 160)
    for shown in made(*animation(still, 5)).values():
        assert np.array_equal(shown, still)


def test_every_frame_that_the_plan_wants_comes_once_and_in_order() -> None:
    still = dots(48, 64)
    sources = Pictures(pins={0: still, 4: still})
    wanted = FrameRange(start=1, frames=3), FrameRange(start=5, frames=2)
    plan = plan_of(Operation.ANIMATE, sources, 7, *wanted)
    seen = []
    frames = [f for f, _ in ENGINE.run(plan, sources, lambda *step: seen.append(step))]
    assert frames == [1, 2, 3, 5, 6]
    assert [step for step in seen if step[0] == "render"] == [("render", n, 5) for n in range(1, 6)]
    assert ("denoise", 6, 6) in seen


def test_frames_come_one_at_a_time() -> None:
    plan, sources = animation(dots(48, 64), 100, strokes=(stroke((0, 0), (0.1, 0)),))
    frames = ENGINE.run(plan, sources, silent)
    assert next(frames)[0] == 1  # and 98 more are not made


def test_the_same_plan_gives_the_same_bits() -> None:
    still = dots(90, 160)
    args = animation(still, 4, strokes=(stroke((0.2, 0.2), (0.4, 0.3)),))
    first, second = made(*args), made(*args)
    assert all(np.array_equal(first[f], second[f]) for f in first)


def test_progress_that_raises_ends_the_run() -> None:
    def stop(what: str, done: int, total: int) -> None:
        if what == "render" and done == 2:
            raise Cancelled("stopped by its owner")

    plan, sources = animation(dots(48, 64), 9)
    frames = ENGINE.run(plan, sources, stop)
    assert next(frames)[0] == 1
    with pytest.raises(Cancelled):
        next(frames)


def test_a_loaded_engine_gives_the_same_bits_on_any_number_of_cores() -> None:
    cv2.setNumThreads(4)
    load()
    assert cv2.getNumThreads() == 1


def test_missing_weights_are_named_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match=str(tmp_path)):
        load(weights=tmp_path)


def test_broken_weights_are_the_engines_failure(tmp_path: Path) -> None:
    (tmp_path / "transformer").mkdir()
    (tmp_path / "transformer/model.safetensors").write_bytes(b"no weights")
    with pytest.raises(EngineFailed, match="cannot be read"):
        load(weights=tmp_path)


def test_frames_made_side_by_side_are_the_same_bits(train) -> None:
    plan, sources = bridge(train, 145, 8)
    alone = dict(ENGINE.run(plan, sources, silent))
    together = dict(MotionEngine(classical, threads=4).run(plan, sources, silent))
    assert list(alone) == list(together)
    assert all(np.array_equal(alone[frame], together[frame]) for frame in alone)


def test_a_rough_picture_is_shown_before_the_network_is_asked(train) -> None:
    told: list[str] = []
    shown: list[tuple[int, np.ndarray]] = []

    def denoise(conditions, steps, seed, progress, keep):
        told.append("network")
        return classical(conditions, steps, seed, progress)

    def show(frame: int, rgb: np.ndarray, rough: bool = False) -> None:
        told.append("rough" if rough else "picture")
        shown.append((frame, rgb))

    plan, sources = bridge(train, 145, 8)
    frames = dict(MotionEngine(denoise).run(plan, sources, silent, show))
    assert told == ["rough", "network"]
    frame, rough = shown[0]
    assert decibels(rough, frames[frame]) > 30


def test_a_final_obeys_the_draft_that_was_approved(train) -> None:
    large = [cv2.resize(p, (640, 360), interpolation=cv2.INTER_CUBIC).clip(0, 1) for p in train]
    for make, start in ((bridge, 145), (extension, 40)):
        full, sources = make(large, start, 8)
        draft, few = make(train, start, 8)
        final = made(full, sources)
        for frame, shown in made(draft, few).items():
            reduced = scaled(final[frame], (320, 180), "area")
            assert decibels(shown, reduced) > 30, (make.__name__, frame)


def test_a_stop_is_heard_while_the_network_is_still_loaded(train) -> None:
    plan, sources = bridge(train, 145, 8)
    engine = load(threads=1, later=True)

    def stopped(doing: str, step: int, steps: int) -> None:
        if doing in ("load the network", "denoise"):
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        list(engine.run(plan, sources, stopped))


def test_weights_that_cannot_be_read_are_said_by_the_first_run(train, tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").write_bytes(b"no weights")
    plan, sources = bridge(train, 145, 8)
    with pytest.raises(EngineFailed, match="cannot be read"):
        list(load(weights=tmp_path, later=True).run(plan, sources, silent))
