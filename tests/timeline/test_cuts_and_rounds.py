"""Requests for transitions and loops: which cut, which frames, and what cannot be."""

from __future__ import annotations

import shutil
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.timeline.select import find_shots
from secondunit.units import FrameRange, Operation

from tests.timeline.clips import movie
from tests.timeline.cuts import clip, config, faults, gap, marker, save, shot, span, time


def jump(note: str = "gen: transition", at: int | None = None) -> list[otio.core.Item]:
    """Two cuts of the train that touch; the note stands on the first, at a frame of the file."""
    first, second = clip("train.m4v", 100, 48), clip("train.m4v", 200, 48, name="train two")
    if at is not None:
        first.markers.append(marker(note, at))
    return [first, second]


def dissolve(before: int, after: int, kind: str = "SMPTE_Dissolve") -> otio.schema.Transition:
    return otio.schema.Transition("d", kind, time(before), time(after))


def test_a_transition_runs_both_clips_through_the_cut(train: Path) -> None:
    found = shot(save(train, jump(at=147)))
    assert found.request.operation is Operation.TRANSITION
    assert (found.record, found.cut) == (FrameRange(start=42, frames=12), 6)
    assert found.before is not None and found.after is not None
    assert found.before.shown.indexes[-1] == 147
    assert found.before.beyond.indexes[:6] == tuple(range(148, 154))
    assert found.after.shown.indexes[0] == 200
    assert found.after.beyond.indexes[-6:] == tuple(range(194, 200))


def test_a_marker_near_the_cut_means_it_and_the_second_clip_may_carry_it(train: Path) -> None:
    near = save(train, jump(), markers=[marker("gen: transition; frames: 9", 40)], name="near")
    row = jump()
    row[1].markers.append(marker("gen: transition; frames: 9", 203))
    on_second = save(train, row, name="second")
    for path in (near, on_second):
        found = shot(path)
        assert (found.record, found.cut) == (FrameRange(start=44, frames=9), 4)


def test_a_dissolve_on_the_cut_says_how_long_unless_the_note_does(train: Path) -> None:
    first, second = jump(at=147)
    found = shot(save(train, [first, dissolve(10, 5), second]))
    assert (found.record, found.cut) == (FrameRange(start=38, frames=15), 10)
    first, second = jump("gen: transition; frames: 8", at=147)
    found = shot(save(train, [first, dissolve(10, 5), second]))
    assert (found.record, found.cut) == (FrameRange(start=44, frames=8), 4)
    first, second = jump(at=147)
    found = shot(save(train, [first, dissolve(10, 5, "Custom_Transition"), second]))
    assert (found.record, found.cut) == (FrameRange(start=42, frames=12), 6)


def test_a_cut_that_is_no_cut_is_refused_and_a_bridge_offered(train: Path) -> None:
    apart = jump(at=147)
    apart.insert(1, gap(24))
    (fault,) = faults(save(train, apart))
    assert "there is a gap beside it, which `gen: bridge` fills" in fault
    alone = clip("train.m4v", 100, 48)
    alone.markers.append(marker("gen: transition", 147))
    (fault,) = faults(save(train, [alone]))
    assert "no other clip touches it" in fault
    hole = gap(24)
    hole.markers.append(marker("gen: transition"))
    (fault,) = faults(save(train, [clip("train.m4v", 0, 20), hole, clip("train.m4v", 50, 20)]))
    assert "for a gap there is `gen: bridge`" in fault
    (fault,) = faults(save(train, jump(), markers=[marker("gen: transition", 5)]))
    assert "the nearest is at frame 48" in fault


def test_a_transition_longer_than_its_clips_names_both(train: Path) -> None:
    found = faults(save(train, jump("gen: transition; frames: 97", at=147)))
    assert len(found) == 2
    assert "takes 48 of 'train', which has 48" in found[0]
    assert "takes 49 of 'train two', which has 48" in found[1]


@pytest.mark.parametrize("operation", ["transition", "loop"])
def test_one_frame_is_refused(train: Path, operation: str) -> None:
    found = faults(save(train, jump(f"gen: {operation}; frames: 1", at=147)))
    assert f"a {operation} has at least 2 frames" in found[0]


def test_a_transition_that_came_back_alone_finds_its_cut_again(train: Path) -> None:
    shutil.copy(train / "train.m4v", train / "train_transition_k3v9x2ab_v001.mov")
    take = clip("train_transition_k3v9x2ab_v001.mov", 8, 10)
    take.markers.append(marker("gen: transition\nframes: 10\nid: k3v9x2ab", 8))
    found = shot(save(train, jump(), [gap(44), take]))
    assert found.id == "k3v9x2ab"
    assert (found.record, found.cut) == (FrameRange(start=44, frames=10), 4)
    assert found.before is not None and found.before.shown.indexes[-1] == 147


def test_a_loop_is_the_whole_clip_or_what_the_marker_covers(train: Path) -> None:
    whole = clip("train.m4v", 100, 48)
    whole.markers.append(marker("gen: loop", 110))
    found = shot(save(train, [gap(10), whole]))
    assert found.record == FrameRange(start=10, frames=48)
    assert found.before is not None
    assert found.before.shown.indexes == tuple(range(100, 148))
    part = clip("train.m4v", 100, 48)
    part.markers.append(marker("gen: loop", 110, 20))
    found = shot(save(train, [gap(10), part]))
    assert found.record == FrameRange(start=20, frames=20)
    assert found.before is not None
    assert found.before.shown.indexes == tuple(range(110, 130))
    past = save(train, [gap(10), clip("train.m4v", 100, 48)], markers=[marker("gen: loop", 50, 30)])
    edit = find_shots(past, config=config(train))
    assert edit.shots[0].record == FrameRange(start=50, frames=8)
    assert any("those will be the loop" in notice for notice in edit.notices)


def test_a_loop_too_short_or_made_whole_is_refused_with_every_fault(train: Path) -> None:
    short = clip("train.m4v", 100, 3)
    short.markers.append(marker("gen: loop; frames: 3", 100))
    found = faults(save(train, [short]))
    assert len(found) == 2
    assert "at least 4 frames; here are 3" in found[0]
    assert "3 of 3 leaves none to start from" in found[1]


def test_a_loop_longer_than_its_file_names_the_frame_that_is_missing(tmp_path: Path) -> None:
    movie(tmp_path / "short.mov", frames=10)
    long = clip("short.mov", 0, 20, rate=24, available=span(0, 10, 24))
    long.markers.append(marker("gen: loop", rate=24))
    (fault,) = faults(save(tmp_path, [long], rate=24))
    assert "has no frame 10" in fault
