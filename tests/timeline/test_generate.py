"""A gap that is filled from words and references: no neighbour is needed, and none has a say."""

from __future__ import annotations

import shutil
from pathlib import Path

from secondunit.units import FrameRange, Operation, Size

from tests.timeline.cuts import asking, bring, clip, faults, gap, save, shot


def test_a_gap_with_nothing_beside_it_takes_the_shape_of_the_nearest_footage(
    shared: Path, tmp_path: Path
) -> None:
    bring(shared, tmp_path, "train.m4v")
    items = [clip("train.m4v", 100, 24), gap(24), asking("gen: generate\nprompt: dusk", 16)]
    made = shot(save(tmp_path, items))
    assert made.request.operation is Operation.GENERATE
    assert (made.before, made.after, made.still) == (None, None, None)
    assert made.like is not None and made.like.path.name == "train.m4v"
    assert made.size == Size(width=320, height=180)
    assert made.record == FrameRange(start=48, frames=16)


def test_without_any_footage_the_first_picture_that_is_named_gives_the_shape(
    shared: Path, tmp_path: Path
) -> None:
    shutil.copy(shared / "media" / "scroll.jpg", tmp_path / "hero.jpg")
    made = shot(save(tmp_path, [asking("gen: generate\nreference: hero.jpg", 16)]))
    (reference,) = made.request.references
    assert made.like == reference and made.size == reference.size


def test_with_nothing_to_take_a_size_from_it_is_refused(tmp_path: Path) -> None:
    found = faults(save(tmp_path, [asking("gen: generate\nprompt: dusk", 16)]))
    assert any("no footage to take its picture size from" in fault for fault in found)


def test_what_is_generated_fills_its_gap(shared: Path, tmp_path: Path) -> None:
    bring(shared, tmp_path, "train.m4v")
    items = [clip("train.m4v", 0, 24), asking("gen: generate\nprompt: dusk\nframes: 9", 16)]
    assert any("leave 'frames' out" in fault for fault in faults(save(tmp_path, items)))


def test_a_reference_that_is_not_there_is_named(shared: Path, tmp_path: Path) -> None:
    bring(shared, tmp_path, "train.m4v")
    items = [clip("train.m4v", 0, 24), asking("gen: generate\nreference: gone.png", 16)]
    found = faults(save(tmp_path, items))
    assert any("gone.png" in fault and "reference[0]" in fault for fault in found)
