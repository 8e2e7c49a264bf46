"""A sequence in a sequence: what it shows at the cut, by a sweep over its tracks."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import opentimelineio as otio
import pytest
from secondunit.timeline.cut import CuttingRoom, Laid
from secondunit.timeline.nested import sweep
from secondunit.timeline.select import find_shots
from secondunit.units import FrameRange, Rate

from tests.timeline.cuts import asking, clip, config, gap, marker, save, shot, span


def track(*items: otio.core.Item, enabled: bool = True) -> otio.schema.Track:
    """A track of picture."""
    made = otio.schema.Track(kind=otio.schema.TrackKind.Video)
    made.enabled = enabled
    made.extend(items)
    return made


def stack(*tracks: otio.core.Item, start: float = 0, frames: float = 48) -> otio.schema.Stack:
    """A nested sequence, trimmed."""
    made = otio.schema.Stack(name="nest", source_range=span(start, frames))
    made.extend(tracks)
    return made


def seen(folder: Path, *tracks: otio.schema.Track) -> list[tuple[str, int, int]]:
    """(name, first frame, frames) of what is on top."""
    room = CuttingRoom(rate=Rate(num=30), folder=folder, config=config(folder), notices=[])
    nest = stack(*tracks)
    within = Laid(item=nest, track=0, index=0, record=FrameRange(start=0, frames=48))
    return [
        (one.laid.name, one.frames.start, one.frames.frames)
        for one in sweep(room, list(nest), within)
    ]


def test_the_topmost_clip_is_seen_and_gaps_are_looked_through(tmp_path: Path) -> None:
    low = track(clip("low.mov", 0, 100))
    top = track(gap(20), clip("top.mov", 0, 30))
    assert seen(tmp_path, low, top) == [("low", 0, 20), ("top", 20, 30), ("low", 50, 50)]


def test_what_is_disabled_or_sound_hides_nothing(tmp_path: Path) -> None:
    off = clip("off.mov", 0, 100)
    off.enabled = False
    sound = track(clip("a.wav", 0, 100))
    sound.kind = otio.schema.TrackKind.Audio
    hidden = track(clip("hidden.mov", 0, 100), enabled=False)
    assert seen(tmp_path, track(clip("low.mov", 0, 100)), track(off), hidden, sound) == [
        ("low", 0, 100)
    ]


def test_ten_thousand_clips_are_swept_in_a_breath(tmp_path: Path) -> None:
    rows = [track(*(clip(f"{n}.mov", 0, 7 + n) for _ in range(2500))) for n in range(4)]
    began = perf_counter()
    assert len(seen(tmp_path, *rows)) >= 2500
    assert perf_counter() - began < 5


@pytest.mark.parametrize(("start", "last"), [(0, 147), (10, 157)])
def test_the_frame_at_the_cut_is_the_one_that_the_trim_shows(
    train: Path, start: int, last: int
) -> None:
    nest = stack(track(clip("train.m4v", 100, 96)), start=start)
    found = shot(save(train, [nest, asking("gen: bridge"), clip("train.m4v", 300, 48)]))
    assert found.before is not None and found.before.shown.indexes[-1] == last
    assert found.before.beyond.indexes[0] == last + 1


def test_a_sequence_in_a_sequence_in_a_sequence_is_looked_into(train: Path) -> None:
    inner = stack(track(clip("train.m4v", 100, 96)), start=20)
    outer = stack(track(gap(10), inner), start=10)
    found = shot(save(train, [outer, asking("gen: bridge"), clip("train.m4v", 300, 48)]))
    assert found.before is not None and found.before.shown.indexes[-1] == 167


def test_a_nested_sequence_can_be_extended_at_an_edge(train: Path) -> None:
    nest = stack(track(clip("train.m4v", 100, 48)))
    nest.markers.append(marker("gen: extend; frames: 12; edge: head"))
    found = shot(save(train, [gap(20), nest]))
    assert found.record == FrameRange(start=8, frames=12)
    assert found.after is not None and found.after.shown.indexes[0] == 100


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("gen: replace", "is a nested sequence, of which one edge"),
        ("gen: extend; frames: 12; edge: both", "one edge can be extended at a time"),
    ],
)
def test_what_needs_a_clip_says_so_of_a_sequence(train: Path, words: str, says: str) -> None:
    nest = stack(track(clip("train.m4v", 100, 48)))
    nest.markers.append(marker(words))
    (fault,) = find_shots(save(train, [nest]), config=config(train)).faults
    assert says in str(fault)


@pytest.mark.parametrize(
    ("change", "says"),
    [("speed", "played at another speed"), ("empty", "shows nothing at its last frame")],
)
def test_a_sequence_that_shows_no_frame_that_we_know_is_refused(
    train: Path, change: str, says: str
) -> None:
    inner = [] if change == "empty" else [clip("train.m4v", 100, 48)]
    nest = stack(track(*inner))
    if change == "speed":
        nest.effects.append(otio.schema.LinearTimeWarp(time_scalar=2))
    path = save(train, [nest, asking("gen: bridge"), clip("train.m4v", 300, 48)])
    (fault,) = find_shots(path, config=config(train)).faults
    assert says in str(fault)
