"""Takes placed in edits that hosts wrote: whatever stood there stands there still."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit.config import Config
from secondunit.errors import TimelineUnreadable
from secondunit.place.relink import place
from secondunit.timeline.cut import CuttingRoom, rate_of
from secondunit.timeline.read import read
from secondunit.timeline.select import find_shots
from secondunit.timeline.shot import Place
from secondunit.units import FrameRange, Operation, Rate

from tests.place.edits import finished, plan_at, stock

EDITS = (
    "hiero/ayon_timeline.otio",
    "hiero/ayon_qt_timewarp.otio",
    "otio/multitrack.otio",
    "otio/nested_example.otio",
    "otio/screening_example.otio",
    "otio/transition_test.otio",
    "otio/generator_reference_test.otio",
    "resolve/ayon_movie_with_handles.otio",
    "resolve/ayon_qt_retimed_speed.otio",
    "resolve/resolve_effects_picchu.otio",
    "synthetic/rate_23.976.otio",
    "synthetic/rate_29.97.otio",
    "synthetic/resolve_shape_generator_transition.otio",
    "synthetic/resolve_shape_marker_requests.otio",
    "synthetic/retime_200_resolve_convention.otio",
    "tlrender/AudioTonesAndVideo.otio",
    "tlrender/Markers.otio",
    "tlrender/MissingMedia.otio",
    "tlrender/MultipleMediaRefs.otio",
    "tlrender/MultipleRates.otio",
    "tlrender/SingleClipSeq.otio",
    "tlrender/TransitionGap.otio",
    "toucan/Generator.otio",
)


def items(timeline: otio.schema.Timeline) -> list[list[Any]]:
    """The JSON of everything on each track but gaps, tracks of ours left out."""
    record = json.loads(timeline.to_json_string())
    return [
        [child for child in track["children"] if not child["OTIO_SCHEMA"].startswith("Gap")]
        for track in record["tracks"]["children"]
        if not track["name"].startswith("GEN")
    ]


@pytest.mark.parametrize("name", EDITS)
def test_a_clip_above_a_real_edit_changes_nothing_in_it(
    shared: Path, tmp_path: Path, name: str
) -> None:
    original = shared / "timelines" / name
    before = read(original)
    rate = rate_of(before)
    room = CuttingRoom(rate=rate, folder=tmp_path, config=Config(data=tmp_path), notices=[])
    start = before.global_start_time
    zero = 0 if start is None else round(room.frames(start))
    track = next(
        i for i, t in enumerate(before.tracks)
        if isinstance(t, otio.schema.Track) and t.kind == "Video"
    )  # fmt: skip
    plan = plan_at(
        10, 12, zero=zero, rate=rate, operation=Operation.ANIMATE,
        place=Place(track=track, item=0, path=f"tracks[{track}].children[0]"),
    )  # fmt: skip
    one = finished(tmp_path / "cut.gen", plan)

    result = place(original, tmp_path / "x.otio", [one], "otio", config=Config(data=tmp_path))

    after = stock(result.timeline)
    assert items(after) == items(before)
    (placement,) = result.placements
    gen = after.tracks[placement.track]
    assert [c.name for c in gen] == ["", one.chosen.file.name]
    assert placement.record == FrameRange(start=10, frames=12)


@pytest.mark.parametrize(
    ("name", "track", "rate"),
    [("tlrender/TransitionGap.otio", 0, Rate(num=30)), ("otio/multitrack.otio", 1, Rate(num=24))],
)
def test_a_bridge_fills_a_gap_that_a_host_left(
    shared: Path, tmp_path: Path, name: str, track: int, rate: Rate
) -> None:
    original = shared / "timelines" / name
    before = stock(original)
    home = before.tracks[track]
    index = next(i for i, c in enumerate(home) if isinstance(c, otio.schema.Gap))
    hole = home.range_of_child(home[index])
    plan = plan_at(
        int(hole.start_time.value), int(hole.duration.value), zero=0, rate=rate,
        place=Place(track=track, item=index, path=f"tracks[{track}].children[{index}]"),
    )  # fmt: skip
    one = finished(tmp_path / "cut.gen", plan)

    result = place(original, tmp_path / "x.otio", [one], "otio", config=Config(data=tmp_path))

    after = stock(result.timeline)
    now = after.tracks[track]
    assert now[index].name == one.chosen.file.name
    assert now.range_of_child(now[index]) == hole
    for number, (old, new) in enumerate(zip(home, now, strict=True)):
        if number != index:
            assert old.to_json_string() == new.to_json_string()


@pytest.mark.parametrize("name", ["truncated.otio", "zero_rate.otio", "custom_effect_schema.otio"])
def test_a_broken_edit_is_refused_and_nothing_is_written(
    shared: Path, tmp_path: Path, name: str
) -> None:
    original = shared / "timelines" / "malformed" / name
    one = finished(tmp_path / "cut.gen", plan_at(0, 8))

    with pytest.raises(TimelineUnreadable):
        place(original, tmp_path / "x.otio", [one], "otio", config=Config(data=tmp_path))

    assert not (tmp_path / "x.otio").exists()


def train(folder: Path, source: Path, between: int) -> Path:
    """Two cuts of the train around a gap, with the request on the timeline."""
    (folder / "train.m4v").write_bytes(source.read_bytes())
    rate = 24000 / 1001
    timeline = otio.schema.Timeline("Coast")

    def span(start: float, frames: float) -> otio.opentime.TimeRange:
        return otio.opentime.TimeRange(
            otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(frames, rate)
        )

    timeline.global_start_time = otio.opentime.RationalTime(86400, rate)
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    timeline.tracks.append(track)
    for index, start in enumerate((0, 40)):
        reference = otio.schema.ExternalReference("train.m4v")
        track.append(otio.schema.Clip(f"train {index}", reference, span(start, 16)))
    track.insert(1, otio.schema.Gap(source_range=span(0, between)))
    marker = otio.schema.Marker("ask", span(16, between), comment="gen: bridge")
    timeline.tracks.markers.append(marker)
    otio.adapters.write_to_file(timeline, str(folder / "cut.otio"))
    return folder / "cut.otio"


def test_reading_a_returned_edit_finds_the_same_shot_again(shared: Path, tmp_path: Path) -> None:
    config = Config(data=tmp_path)
    original = train(tmp_path, shared / "media" / "train.m4v", 24)
    (shot,) = find_shots(original, config=config).shots
    plan = plan_at(
        shot.record.start, shot.record.frames, zero=shot.timecode_start, rate=shot.rate,
        shot=shot.id, name=shot.name, place=shot.place,
    )  # fmt: skip
    one = finished(tmp_path / "cut.gen", plan)

    result = place(original, tmp_path / "cut.gen.otio", [one], "otio", config=config)

    again = find_shots(result.timeline, config=config)
    assert again.faults == ()
    (found,) = again.shots
    assert (found.id, found.record, found.request) == (shot.id, shot.record, shot.request)
    assert result.placements[0].marker == f"gen: bridge\nid: {shot.id}"
    assert result.placements[0].record == shot.record
    second = plan_at(
        found.record.start, found.record.frames, zero=found.timecode_start, rate=found.rate,
        shot=found.id, name=found.name, place=found.place, seed=99,
    )  # fmt: skip
    two = finished(tmp_path / "cut.gen", second)
    last = place(result.timeline, tmp_path / "again.otio", [two], "otio", config=config)
    track = stock(last.timeline).tracks[0]
    assert [c.name for c in track] == ["train 0", two.chosen.file.name, "train 1"]
    assert two.chosen.label == "v002"
    assert set(track[1].media_references()) == {"DEFAULT_MEDIA", "take_001"}


@pytest.mark.parametrize(
    ("note", "operation"), [("gen: extend; frames: 24", "extend"), ("gen: animate", "animate")]
)
def test_a_returned_extension_or_animation_is_the_same_shot_again(
    shared: Path, tmp_path: Path, note: str, operation: Operation
) -> None:
    config = Config(data=tmp_path)
    original = train(tmp_path, shared / "media" / "train.m4v", 24)
    timeline = stock(original)
    del timeline.tracks.markers[:]
    first = timeline.tracks[0][0]
    first.markers.append(
        otio.schema.Marker("ask", otio.opentime.TimeRange(first.source_range.start_time),
                           comment=note)
    )  # fmt: skip
    otio.adapters.write_to_file(timeline, str(original))
    (shot,) = find_shots(original, config=config).shots
    plan = plan_at(
        shot.record.start, shot.record.frames, zero=shot.timecode_start, rate=shot.rate,
        shot=shot.id, name=shot.name, place=shot.place, operation=Operation(operation),
    )  # fmt: skip
    one = finished(tmp_path / "cut.gen", plan)
    result = place(original, tmp_path / "cut.gen.otio", [one], "otio", config=config)

    again = find_shots(result.timeline, config=config)

    assert again.faults == ()
    assert [(s.id, s.record, s.place.track) for s in again.shots] == [(shot.id, shot.record, 0)]
    assert result.placements[0].track_name == ("V1" if operation == "extend" else "GEN")


def test_clips_without_any_range_are_measured_wherever_the_new_edit_lies(
    shared: Path, tmp_path: Path
) -> None:
    (tmp_path / "cut").mkdir()
    (tmp_path / "out").mkdir()
    original = train(tmp_path / "cut", shared / "media" / "train.m4v", 24)
    timeline = stock(original)
    timeline.tracks[0][2].source_range = None
    otio.adapters.write_to_file(timeline, str(original))
    config = Config(data=tmp_path)
    (shot,) = find_shots(original, config=config).shots
    plan = plan_at(
        shot.record.start, shot.record.frames, zero=shot.timecode_start, rate=shot.rate,
        shot=shot.id, name=shot.name, place=shot.place,
    )  # fmt: skip
    one = finished(tmp_path / "out" / "cut.gen", plan)

    result = place(original, tmp_path / "out" / "cut.gen.otio", [one], "otio", config=config)

    again = find_shots(result.timeline, config=Config(data=tmp_path, roots=(tmp_path,)))
    assert again.faults == ()
    assert [s.id for s in again.shots] == [shot.id]
