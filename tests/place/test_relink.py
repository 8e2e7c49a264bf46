"""Takes placed in edits: in their place, on their clock, and nothing else moved."""

from __future__ import annotations

import json
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.config import Config
from secondunit.place.relink import place
from secondunit.timeline.shot import Place
from secondunit.units import FrameRange, Operation, Rate, timecode

from tests.place.edits import (
    FILM,
    HOUR,
    ON_A,
    TAKE,
    bridged,
    clip,
    edit,
    finished,
    gap,
    lengths,
    names,
    note,
    placed,
    plan_at,
    span,
    stock,
    time,
)


def test_a_bridge_stands_where_its_gap_was(tmp_path: Path) -> None:
    result = placed(bridged(tmp_path), plan_at(48, 24))

    track = stock(result.timeline).tracks[0]
    assert names(track) == ["A", TAKE, "B"]
    assert track.range_of_child(track[1]) == span(48, 24)
    (placement,) = result.placements
    assert (placement.track, placement.track_name) == (0, "V1")
    assert placement.record == FrameRange(start=48, frames=24)
    assert placement.source == FrameRange(start=8, frames=24)
    assert placement.name == placement.file.name == TAKE
    assert result.notices == ()


def test_nothing_else_in_the_edit_changes(tmp_path: Path) -> None:
    original = bridged(tmp_path)
    before, bytes_before = json.loads(original.read_text()), original.read_bytes()

    result = placed(original, plan_at(48, 24))

    after = json.loads(result.timeline.read_text())
    old, new = before["tracks"]["children"], after["tracks"]["children"]
    assert [c for i, c in enumerate(new[0]["children"]) if i != 1] == [
        c for i, c in enumerate(old[0]["children"]) if i != 1
    ]
    assert new[1:] == old[1:]
    assert after["someone"] == before["someone"]
    assert after["metadata"]["Resolve_OTIO"] == before["metadata"]["Resolve_OTIO"]
    for key in ("name", "global_start_time"):
        assert after[key] == before[key]
    assert original.read_bytes() == bytes_before


@pytest.mark.parametrize(
    ("rate", "zero", "drop"),
    [
        (FILM, 86400, False),
        (Rate(num=25), 90000, False),
        (Rate(num=30000, den=1001), 107892, True),
        (Rate(num=30), 0, False),
        (Rate(num=24), 24 * 86400 - 10, False),
    ],
    ids=["23.976", "25", "29.97 drop frame", "30 from zero", "24 over midnight"],
)
def test_the_clip_counts_time_in_the_files_own_timecode(
    tmp_path: Path, rate: Rate, zero: int, drop: bool
) -> None:
    items = [clip("A", 48, rate), gap(24, rate), clip("B", 48, rate)]
    original = edit(tmp_path / "cut.otio", items, rate, zero)
    plan = plan_at(48, 24, zero=zero, rate=rate, drop_frame=drop)

    made = stock(placed(original, plan).timeline).tracks[0][1]

    day = 24 * 3600 * rate.nominal - (2592 if drop else 0)
    start = (zero + 40) % day
    assert made.media_reference.available_range == span(start, 40, rate)
    assert made.source_range == span(start + 8, 24, rate)
    assert made.source_range.start_time.rate == rate.num / rate.den
    said = otio.opentime.to_timecode(
        made.media_reference.available_range.start_time, rate.num / rate.den,
        drop_frame=drop,
    )  # fmt: skip
    assert said == timecode(zero + 40, rate, drop_frame=drop)


def test_a_bridge_of_part_of_a_gap_splits_it(tmp_path: Path) -> None:
    original = edit(tmp_path / "cut.otio", [clip("A", 48), gap(60), clip("B", 48)])

    track = stock(placed(original, plan_at(58, 24)).timeline).tracks[0]

    assert names(track) == ["A", "Gap", TAKE, "Gap", "B"]
    assert lengths(track) == [48, 10, 24, 26, 48]
    assert [c.source_range.start_time.value for c in track[1::2]] == [0, 34]


def test_a_tail_extension_uses_up_the_gap_behind_its_clip(tmp_path: Path) -> None:
    hole = gap(30)
    hole.markers.append(note("music starts", 26))
    original = edit(tmp_path / "cut.otio", [clip("A", 48), hole, clip("B", 48)])
    plan = plan_at(48, 24, operation=Operation.EXTEND, place=ON_A)

    track = stock(placed(original, plan).timeline).tracks[0]

    assert names(track) == ["A", "LAD_0010_extend_k3v9q2ab_v001.mov", "Gap", "B"]
    assert lengths(track) == [48, 24, 6, 48]
    (marker,) = track[2].markers
    assert track[2].transformed_time(marker.marked_range.start_time, track) == time(74)


def test_a_head_extension_uses_up_the_gap_before_its_clip(tmp_path: Path) -> None:
    original = edit(tmp_path / "cut.otio", [clip("A", 48), gap(24), clip("B", 48)])
    at_b = Place(track=0, item=2, path="tracks[0].children[2].markers[0]")
    plan = plan_at(60, 12, operation=Operation.EXTEND, place=at_b)

    track = stock(placed(original, plan).timeline).tracks[0]

    assert names(track) == ["A", "Gap", "LAD_0010_extend_k3v9q2ab_v001.mov", "B"]
    assert lengths(track) == [48, 12, 12, 48]


def test_an_extension_at_the_end_of_the_track_is_appended(tmp_path: Path) -> None:
    original = edit(tmp_path / "cut.otio", [clip("A", 48)])

    result = placed(original, plan_at(48, 24, operation=Operation.EXTEND, place=ON_A))

    assert lengths(stock(result.timeline).tracks[0]) == [48, 24]
    assert result.placements[0].track == 0


@pytest.mark.parametrize("room", [None, 23])
def test_an_extension_without_room_goes_above_and_moves_nothing(
    tmp_path: Path, room: int | None
) -> None:
    between = [gap(room)] if room else []
    original = edit(tmp_path / "cut.otio", [clip("A", 48), *between, clip("B", 48)])

    result = placed(original, plan_at(48, 24, operation=Operation.EXTEND, place=ON_A))

    tracks = stock(result.timeline).tracks
    assert [t.name for t in tracks] == ["V1", "V2", "GEN", "A1"]
    assert names(tracks[0]) == names(stock(original).tracks[0])
    assert lengths(tracks[2]) == [48, 24]
    (placement,) = result.placements
    assert (placement.track, placement.track_name) == (2, "GEN")
    assert placement.record == FrameRange(start=48, frames=24)


def test_what_covers_footage_shares_one_track_on_top_while_there_is_room(tmp_path: Path) -> None:
    original = bridged(tmp_path)
    plans = [
        plan_at(s, n, operation=Operation.ANIMATE, shot=shot, place=ON_A)
        for s, n, shot in ((72, 48, "bbbbbbbb"), (0, 48, "aaaaaaaa"), (90, 10, "cccccccc"))
    ]

    result = placed(original, *plans)

    timeline = stock(result.timeline)
    assert [t.name for t in timeline.tracks] == ["V1", "V2", "GEN", "GEN 2", "A1"]
    assert lengths(timeline.tracks[2]) == [48, 24, 48]
    assert lengths(timeline.tracks[3]) == [90, 10]
    assert {p.shot: (p.track, p.record.start) for p in result.placements} == {
        "aaaaaaaa": (2, 0), "bbbbbbbb": (2, 72), "cccccccc": (3, 90)
    }  # fmt: skip
    assert names(timeline.tracks[0]) == ["A", "Gap", "B"]


def test_an_editors_own_track_called_gen_is_left_alone(tmp_path: Path) -> None:
    original = bridged(tmp_path)
    timeline = stock(original)
    timeline.tracks[1].name = "GEN"
    otio.adapters.write_to_file(timeline, str(original))

    result = placed(
        original, plan_at(0, 20, operation=Operation.ANIMATE, place=ON_A)
    )  # fmt: skip

    timeline = stock(result.timeline)
    assert [t.name for t in timeline.tracks] == ["V1", "GEN", "GEN 2", "A1"]


@pytest.mark.parametrize(
    ("operation", "words", "track"),
    [
        (Operation.BRIDGE, "over", "GEN"),
        (Operation.BRIDGE, "new-track", "GEN"),
        (Operation.BRIDGE, "replace", "V1"),
        (Operation.EXTEND, "over", "GEN"),
        (Operation.EXTEND, "replace", "V1"),
    ],
)
def test_the_editor_may_say_where_a_take_goes(
    tmp_path: Path, operation: Operation, words: str, track: str
) -> None:
    first = clip("A", 48)
    first.markers.append(note(f"gen: {operation}\nframes: 24\nplace: {words}", HOUR + 101))
    original = edit(tmp_path / "cut.otio", [first, gap(24), clip("B", 48)])

    result = placed(original, plan_at(48, 24, operation=operation, place=ON_A))

    assert result.placements[0].track_name == track
    assert result.notices == ()


def test_new_track_means_a_track_of_its_own_each_time(tmp_path: Path) -> None:
    first = clip("A", 48)
    first.markers.append(note("gen: animate\nplace: new-track", HOUR + 101))
    original = edit(tmp_path / "cut.otio", [first, gap(24), clip("B", 48)])
    plans = [
        plan_at(s, 10, operation=Operation.ANIMATE, shot=shot, place=ON_A)
        for s, shot in ((0, "aaaaaaaa"), (20, "bbbbbbbb"))
    ]

    result = placed(original, *plans)

    assert [p.track_name for p in result.placements] == ["GEN", "GEN 2"]


def test_a_still_is_not_erased_even_when_asked_to_be_replaced(tmp_path: Path) -> None:
    still = clip("A", 48)
    still.markers.append(note("gen: animate\nplace: replace", HOUR + 101))
    original = edit(tmp_path / "cut.otio", [still, gap(24), clip("B", 48)])

    result = placed(original, plan_at(0, 48, operation=Operation.ANIMATE, place=ON_A))

    assert names(stock(result.timeline).tracks[0]) == ["A", "Gap", "B"]
    assert result.placements[0].track_name == "GEN"
    assert "no free place" in result.notices[0]


def test_a_placeholder_without_footage_makes_room(tmp_path: Path) -> None:
    asked = {"version": 1, "request": {"operation": "bridge"}}
    reference = otio.schema.GeneratorReference("wanted", "secondunit.bridge", span(0, 24))
    stand_in = otio.schema.Clip("GEN bridge", reference, span(0, 24), {"secondunit": asked})
    stand_in.markers.append(note("mind the gap", 5))
    original = edit(tmp_path / "cut.otio", [clip("A", 48), stand_in, clip("B", 48)])

    track = stock(placed(original, plan_at(48, 24)).timeline).tracks[0]

    assert names(track) == ["A", TAKE, "B"]
    assert [m.comment for m in track[1].markers][1:] == ["mind the gap"]
    moved = track[1].markers[1].marked_range.start_time
    assert track[1].transformed_time(moved, track) == time(53)


def test_transitions_beside_the_gap_stay_and_say_when_handles_are_short(tmp_path: Path) -> None:
    def dissolve(frames: int) -> otio.schema.Transition:
        return otio.schema.Transition("d", "SMPTE_Dissolve", time(frames), time(frames))

    items = [clip("A", 48), dissolve(6), gap(24), dissolve(12), clip("B", 48)]
    original = edit(tmp_path / "cut.otio", items)
    place_ = Place(track=0, item=2, path="tracks[0].children[2]")

    result = placed(original, plan_at(48, 24, place=place_))

    assert names(stock(result.timeline).tracks[0]) == ["A", "d", TAKE, "d", "B"]
    (notice,) = result.notices
    assert "needs 12 frames of handle, the clip has 8" in notice


def test_all_takes_are_with_the_clip_and_the_newest_is_shown(tmp_path: Path) -> None:
    original = bridged(tmp_path)
    placed(original, plan_at(48, 24, seed=1))
    placed(original, plan_at(48, 24, seed=2))

    result = placed(original, plan_at(48, 24, seed=3))

    made = stock(result.timeline).tracks[0][1]
    assert made.name == TAKE.replace("v001", "v003")
    assert {k: r.name[-8:-4] for k, r in made.media_references().items()} == {
        "DEFAULT_MEDIA": "v003", "take_001": "v001", "take_002": "v002"
    }  # fmt: skip
    assert made.active_media_reference_key == "DEFAULT_MEDIA"
    assert [t["seed"] for t in made.metadata["secondunit"]["takes"]] == [1, 2, 3]
    assert [t.label for t in result.placements[0].alternatives] == ["v001", "v002"]


def test_a_returned_edit_gets_its_next_take_in_the_same_place(tmp_path: Path) -> None:
    first = placed(bridged(tmp_path), plan_at(48, 24, seed=1)).timeline
    timeline = stock(first)
    timeline.tracks[0][1].markers.append(note("the director's", HOUR + 52))
    otio.adapters.write_to_file(timeline, str(tmp_path / "returned.otio"))
    plan = plan_at(
        48, 24, seed=2,
        place=Place(track=0, item=1, path="tracks[0].children[1].metadata.secondunit.request"),
    )  # fmt: skip

    result = placed(tmp_path / "returned.otio", plan, out=tmp_path / "second.gen.otio")

    track = stock(result.timeline).tracks[0]
    assert names(track) == ["A", TAKE, "B"], "its own media folder counts from v001 again"
    assert [m.comment for m in track[1].markers] == [
        "gen: bridge\nid: k3v9q2ab", "the director's"
    ]  # fmt: skip
    assert len(track[1].media_references()) == 1, "the same file name is the same take"


def test_the_new_timeline_may_go_to_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    out = tmp_path / "to" / "review" / "cut.gen.otio"
    original = bridged(tmp_path)
    done = finished(tmp_path / "media", plan_at(48, 24))

    result = place(original, out, [done], "otio", config=Config(data=tmp_path))

    url = stock(result.timeline).tracks[0][1].media_reference.target_url
    assert (out.parent / url).is_file()


def test_timecode_that_drops_frames_is_remembered(tmp_path: Path) -> None:
    """No field of an .otio says it: without this, the next round would count without."""
    ntsc = Rate(num=30000, den=1001)
    row = [clip("A", 48, ntsc), gap(24, ntsc), clip("B", 48, ntsc)]
    path = edit(tmp_path / "cut.otio", row, ntsc)
    made = placed(path, plan_at(48, 24, drop_frame=True, rate=ntsc))
    record = json.loads(made.timeline.read_text())["metadata"]["secondunit"]
    assert record["timebase"] == {"num": 30000, "den": 1001, "drop_frame": True}
