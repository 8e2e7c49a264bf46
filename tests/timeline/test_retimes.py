"""Two ways to count a clip with a speed: told apart by who wrote the file, and by its total."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.timeline.read import read
from secondunit.timeline.retimes import convention_of, speed_of

from tests.timeline.cuts import clip, gap, marker, save, shot


def fast(frames: float, speed: float = 2.0) -> otio.schema.Clip:
    """A clip of the train at a speed."""
    found = clip("train.m4v", 100, frames)
    found.effects.append(otio.schema.LinearTimeWarp(time_scalar=speed))
    return found


def edit(*tracks: list[otio.core.Item], namespace: str = "") -> otio.schema.Timeline:
    """A timeline as some program would write it."""
    timeline = otio.schema.Timeline()
    for items in tracks:
        track = otio.schema.Track(kind=otio.schema.TrackKind.Video)
        track.extend(items)
        timeline.tracks.append(track)
    if namespace:
        timeline.metadata[namespace] = {"version": 1}
    return timeline


@pytest.mark.parametrize(
    ("namespace", "other", "expected", "notices"),
    [
        ("Resolve_OTIO", None, "record", 0),
        ("PremierePro_OTIO", None, "media", 0),
        ("Resolve_OTIO", 48, "record", 0),
        ("Resolve_OTIO", 24, "record", 1),  # only the other way would the tracks end together
        ("PremierePro_OTIO", 24, "media", 0),
        ("PremierePro_OTIO", 48, "media", 1),
        ("", 48, "record", 0),
        ("", 24, "media", 1),
        ("", 77, "record", 1),
        ("", None, "record", 1),
    ],
)
def test_who_wrote_the_file_decides_and_the_total_is_checked(
    namespace: str, other: int | None, expected: str, notices: int
) -> None:
    tracks = [[fast(48)]] if other is None else [[fast(48)], [clip("train.m4v", 0, other), gap(9)]]
    said: list[str] = []
    assert convention_of(edit(*tracks, namespace=namespace), said) == expected
    assert len(said) == notices


def test_without_a_speed_there_is_nothing_to_tell_apart() -> None:
    said: list[str] = []
    assert convention_of(edit([clip("train.m4v", 0, 48)]), said) == "record" and said == []


def test_the_sample_of_resolve_is_counted_as_resolve_counts(shared: Path) -> None:
    path = shared / "timelines" / "synthetic" / "retime_200_resolve_convention.otio"
    timeline = read(path)
    assert convention_of(timeline, []) == "record"
    speeds = [speed_of(item) for item in timeline.find_clips()]
    assert Fraction(2) in speeds


@pytest.mark.parametrize(("namespace", "frames"), [("Resolve_OTIO", 48), ("PremierePro_OTIO", 96)])
def test_the_same_cut_in_both_conventions_is_one_shot(
    train: Path, namespace: str, frames: int
) -> None:
    """200 % of 96 frames of media, 48 on the timeline: what follows it begins at frame 48."""
    hole = gap(24)
    hole.markers.append(marker("gen: bridge"))
    path = save(train, [fast(frames), hole, clip("train.m4v", 300, 48)])
    timeline = read(path)
    timeline.metadata[namespace] = {"version": 1}
    otio.adapters.write_to_file(timeline, str(path))
    found = shot(path)
    assert (found.record.start, found.record.frames) == (48, 24)
    assert found.before is not None and found.before.shown.indexes[-1] == 100 + 2 * 47


def test_a_frame_that_is_held_has_the_length_of_the_cut(train: Path) -> None:
    held = clip("train.m4v", 100, 48)
    held.effects.append(otio.schema.FreezeFrame())
    hole = gap(24)
    hole.markers.append(marker("gen: bridge"))
    path = save(train, [held, hole, clip("train.m4v", 300, 48)])
    found = shot(path)
    assert found.record.start == 48
    assert found.before is not None and set(found.before.shown.indexes) == {100}
