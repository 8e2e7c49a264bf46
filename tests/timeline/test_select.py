"""Requests on a timeline become Shots with the right frames, names and places."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit.timeline.select import find_shots
from secondunit.timeline.shot import Media, Shot, mask_frames
from secondunit.units import FrameRange, Operation, Rate, Size

from tests.timeline.clips import movie
from tests.timeline.cuts import (
    around,
    asking,
    asking_at,
    bring,
    clip,
    config,
    faults,
    gap,
    marker,
    save,
    shot,
    shots,
    span,
    time,
)


def test_a_marker_over_a_gap_is_a_bridge_between_the_frames_at_the_cut(
    shared: Path, tmp_path: Path
) -> None:
    bring(shared, tmp_path, "train.m4v")
    path = save(
        tmp_path,
        [clip("train.m4v", 100, 48), gap(24), clip("train.m4v", 172, 48)],
        start=108000,
        markers=[marker("gen: bridge", 48, 24)],
    )
    edit = find_shots(path, config=config(tmp_path))
    assert edit.faults == ()
    (shot,) = edit.shots
    assert (shot.request.operation, shot.rate, shot.size) == (
        Operation.BRIDGE, Rate(num=30), Size(width=320, height=180),
    )  # fmt: skip
    assert shot.record == FrameRange(start=48, frames=24)
    assert shot.timecode_start == 108000
    assert shot.before is not None and shot.after is not None
    assert shot.before.shown.indexes == tuple(range(148 - 34, 148))
    assert shot.before.beyond.indexes == tuple(range(148, 148 + 32))
    assert shot.after.shown.indexes == tuple(range(172, 172 + 34))
    assert shot.after.beyond.indexes == tuple(range(172 - 32, 172))
    assert shot.name == "train"
    assert (shot.place.track, shot.place.item) == (0, 1)
    assert len(shot.id) == 8


def test_a_clip_too_short_gets_a_tail(shared: Path, tmp_path: Path) -> None:
    bring(shared, tmp_path, "train.m4v")
    short = clip("train.m4v", 10, 30)
    short.markers.append(marker("gen: extend\nedge: tail\nframes: 24", 39))
    edit = find_shots(save(tmp_path, [short]), config=config(tmp_path))
    assert edit.faults == ()
    (shot,) = edit.shots
    assert shot.record == FrameRange(start=30, frames=24)
    assert shot.before is not None and shot.after is None
    assert shot.before.shown.indexes == tuple(range(10, 40))
    assert shot.before.beyond.indexes == tuple(range(40, 72))


def test_a_still_is_animated_inside_its_mask_along_a_stroke(shared: Path, tmp_path: Path) -> None:
    bring(shared, tmp_path, "scroll.jpg", "scroll_mask.jpg")
    still = clip("scroll.jpg", 0, 48, rate=24, available=span(0, 1, 24))
    still.markers.append(
        marker(
            "gen: animate\nmask: scroll_mask.jpg\nstroke: 0.2,0.5 > 0.3,0.5 over 0-24\n"
            "prompt: boats drift",
            rate=24,
        )
    )
    edit = find_shots(save(tmp_path, [still], rate=24, start=86400), config=config(tmp_path))
    assert edit.faults == ()
    (shot,) = edit.shots
    assert shot.still is not None and shot.still.indexes == (0,)
    assert shot.size == Size(width=810, height=608)
    assert shot.record == FrameRange(start=0, frames=48)
    mask = shot.request.mask
    assert isinstance(mask, Media) and mask.size == shot.size
    (stroke,) = shot.request.strokes
    assert stroke.points == ((0.2, 0.5), (0.3, 0.5))
    assert stroke.over == FrameRange(start=0, frames=24)
    assert shot.request.prompt == "boats drift"


def request(operation: str, **more: Any) -> dict[str, Any]:
    """The metadata form of a request."""
    return {"secondunit": {"version": 1, "request": {"operation": operation, **more}}}


# -- where a request may stand ----------------------------------------------------------------


def test_every_carrier_of_a_bridge_means_the_same_shot(train: Path) -> None:
    found: list[Shot] = []
    by_metadata = gap(24)
    by_metadata.metadata.update(request("bridge"))
    generator = otio.schema.Clip(
        name="black", source_range=span(0, 24), metadata=request("bridge"),
        media_reference=otio.schema.GeneratorReference(generator_kind="secondunit.bridge"),
    )  # fmt: skip
    missing = otio.schema.Clip(name="slate", source_range=span(0, 24), metadata=request("bridge"))
    on_clip = around(gap(24))
    on_clip[0].markers.append(marker("gen: bridge", 147))
    on_next = around(gap(24))
    on_next[2].markers.append(marker("gen: bridge", 172))
    by_name = around(gap(24))
    by_name[1].markers.append(marker("", name="GEN bridge 24f"))
    rows = {
        "gap marker": around(asking("gen: bridge")),
        "gap metadata": around(by_metadata),
        "generator": around(generator),
        "offline placeholder": around(missing),
        "marker on the clip before": on_clip,
        "marker on the clip after": on_next,
        "marker name": by_name,
    }
    for name, row in rows.items():
        found.append(shot(save(train, row, name=name)))
    timeline_marker = save(train, around(gap(24)), markers=[marker("gen: bridge", 60, 1)])
    found.append(shot(timeline_marker))
    track = otio.adapters.read_from_file(str(timeline_marker))
    track.tracks[0].markers.extend([m.deepcopy() for m in track.tracks.markers])
    del track.tracks.markers[:]
    otio.adapters.write_to_file(track, str(train / "track.otio"))
    found.append(shot(train / "track.otio"))
    assert len({one.id for one in found}) == 1
    for one in found:
        assert one.record == FrameRange(start=48, frames=24)
        assert one.before is not None and one.before.shown.indexes[-1] == 147
        assert one.after is not None and one.after.shown.indexes[0] == 172
        assert (one.place.track, one.place.item) == (0, 1)


def test_an_effect_can_ask_to_animate_its_clip(shared: Path, tmp_path: Path) -> None:
    bring(shared, tmp_path, "scroll.jpg")
    still = clip("scroll.jpg", 0, 24, rate=24, available=span(0, 24, 24))
    effect = otio.schema.Effect(effect_name="secondunit.animate")
    effect.metadata.update(request("animate", prompt="drift", camera={"pan": 3}))
    still.effects.append(effect)
    found = shot(save(tmp_path, [still], rate=24))
    assert found.request.cameras[0].pan == 3
    assert found.place.path == "tracks[0].children[0].effects[0].metadata.secondunit.request"


def test_a_marker_on_the_timeline_means_the_gap_between_two_clips(train: Path) -> None:
    titles = [gap(10), clip("train.m4v", 0, 10, name="title"), gap(90)]
    path = save(train, around(gap(24)), titles, markers=[marker("gen: bridge", 48, 24)])
    assert shot(path).place.track == 0
    other = [clip("train.m4v", 0, 40), gap(40), clip("train.m4v", 80, 40)]
    path = save(train, around(gap(24)), other, markers=[marker("gen: bridge", 40, 40)])
    assert shot(path).place.track == 1


def test_a_marker_in_timecode_is_understood(train: Path) -> None:
    marked = [marker("gen: bridge", 108000 + 50, 4)]
    path = save(train, around(gap(24)), start=108000, markers=marked)
    edit = find_shots(path, config=config(train))
    assert edit.shots[0].record == FrameRange(start=48, frames=24)
    assert edit.notices == (
        "the marker tracks.markers[0] covers frames 50-54; the whole gap, 48-72, will be filled",
    )


def test_what_is_switched_off_asks_for_nothing(train: Path) -> None:
    off = asking("gen: bridge")
    off.enabled = False
    assert shots(save(train, around(off))) == ()
    path = save(train, around(asking("gen: bridge")))
    timeline = otio.adapters.read_from_file(str(path))
    timeline.tracks[0].enabled = False
    otio.adapters.write_to_file(timeline, str(path))
    assert shots(path) == ()


def test_a_timeline_without_requests_has_no_shots_and_needs_no_media(shared: Path) -> None:
    for path in sorted((shared / "timelines").glob("*/*.otio")):
        if path.parent.name in ("malformed", "synthetic"):
            continue
        edit = find_shots(path, config=config(path.parent))
        assert (edit.shots, edit.faults) == ((), ()), path


# -- the frames -------------------------------------------------------------------------------


def test_context_and_handles_say_how_many_frames_are_kept(train: Path) -> None:
    found = shot(save(train, around(asking("gen: bridge; context: 4; handles: 2"))))
    assert found.before is not None and found.after is not None
    assert found.before.shown.indexes == tuple(range(140, 148))
    assert found.before.beyond.indexes == tuple(range(148, 154))
    assert found.after.beyond.indexes == tuple(range(166, 172))


def test_beyond_ends_where_the_file_ends(train: Path) -> None:
    row = [clip("train.m4v", 690, 10), asking("gen: bridge"), clip("train.m4v", 3, 40)]
    found = shot(save(train, row))
    assert found.before is not None and found.after is not None
    assert found.before.shown.indexes == tuple(range(690, 700))
    assert found.before.beyond.indexes == (700, 701, 702, 703)
    assert found.after.beyond.indexes == (0, 1, 2)


def test_a_clip_without_a_frame_at_the_cut_is_a_fault(train: Path) -> None:
    row = [clip("train.m4v", 690, 40), asking("gen: bridge"), clip("train.m4v", 3, 40)]
    (fault,) = faults(save(train, row))
    assert "'train' has no frame at the cut" in fault and "704 frames of 'train.m4v'" in fault
    assert fault.endswith("@ tracks[0].children[0].source_range")


@pytest.mark.parametrize(
    ("available", "start"), [(None, 3700), (3600, 3700), (0, 100), (0, 3700), (90000, 90100)]
)
def test_any_clock_of_the_source_finds_the_frame(
    tmp_path: Path, available: int | None, start: int
) -> None:
    """The file's timecode starts at 3600 frames; hosts count from it, from 0 or as they like."""
    movie(tmp_path / "a.mov", "prores_ks", "yuv422p10le", frames=200, rate=Fraction(24),
          metadata={"timecode": "00:02:30:00"}, size=(32, 16))  # fmt: skip
    given = None if available is None else span(available, 200, 24)
    first = clip("a.mov", start, 20, rate=24, available=given)
    row = [first, asking_at("gen: bridge", 24, 24), clip("a.mov", 3750, 20, rate=24)]
    found = shot(save(tmp_path, row, rate=24, start=0))
    assert found.before is not None and found.before.shown.indexes == tuple(range(100, 120))
    assert found.after is not None and found.after.shown.indexes == tuple(range(150, 170))


def test_footage_of_another_rate_is_mapped_by_time(train: Path) -> None:
    """30 fps footage in a 25 fps timeline: frame 0, 1, 2, 3, 4, 6, 7 ... are shown."""
    row = [
        clip("train.m4v", 100, 25, rate=25, available=span(0, 704, 30)),
        asking_at("gen: bridge", 10, 25),
        clip("train.m4v", 6, 5, rate=30, available=span(0, 704, 30)),
    ]
    found = shot(save(train, row, rate=25, start=0))
    assert found.before is not None and found.after is not None
    assert found.before.shown.indexes == tuple(120 + n * 6 // 5 for n in range(25))
    assert found.record == FrameRange(start=25, frames=10)
    assert found.after.shown.indexes == (6, 7, 8, 9)  # 5 frames at 30 are 4.17 at 25


@pytest.mark.parametrize("written", [23.976, 23.97602397602398, 23.976024627685547, 24.0])
def test_ntsc_in_any_spelling_is_counted_frame_by_frame(tmp_path: Path, written: float) -> None:
    movie(tmp_path / "a.mov", "prores_ks", "yuv422p10le", frames=120, rate=Fraction(24000, 1001),
          metadata={"timecode": "01:00:00:00"}, size=(32, 16))  # fmt: skip
    row = [
        clip("a.mov", 86400.02, 50, rate=written, available=span(86400, 120, written)),
        asking_at("gen: bridge", 24, 23.976),
        clip("a.mov", 86460, 50.00000000004, rate=written),
    ]
    found = shot(save(tmp_path, row, rate=23.976, start=86400))
    assert found.rate == Rate(num=24000, den=1001)
    assert found.timecode_start == 86400
    assert found.record == FrameRange(start=50, frames=24)
    assert found.before is not None and found.after is not None
    assert found.before.shown.indexes == tuple(range(16, 50))
    assert found.before.shown.media.start == 86400
    assert found.after.shown.indexes[:3] == (60, 61, 62)


@pytest.mark.parametrize(
    ("scalar", "indexes"),
    [
        (2.0, tuple(range(100, 148, 2))),
        (0.5, tuple(100 + n // 2 for n in range(24))),
        (0.0, (100,) * 24),
        (-1.0, tuple(range(123, 99, -1))),
    ],
)
def test_a_constant_retime_is_followed_with_the_cut_in_record_frames(
    train: Path, scalar: float, indexes: tuple[int, ...]
) -> None:
    row = around(asking("gen: bridge"))
    row[0] = clip("train.m4v", 100, 24)
    warp = otio.schema.FreezeFrame() if not scalar else otio.schema.LinearTimeWarp()
    warp.time_scalar = scalar
    row[0].effects.append(warp)
    found = shot(save(train, row))
    assert found.record.start == 24
    assert found.before is not None and found.before.shown.indexes == indexes


def test_a_changing_speed_is_a_fault(train: Path) -> None:
    row = around(asking("gen: bridge"))
    row[0].effects.append(otio.schema.TimeEffect(effect_name="TimeWarp"))
    (fault,) = faults(save(train, row))
    assert "'train' changes speed by 'TimeWarp'" in fault and fault.endswith("effects[0]")


def test_transitions_take_no_room(train: Path) -> None:
    row = around(asking("gen: bridge"))
    row.insert(1, otio.schema.Transition(in_offset=time(6), out_offset=time(4)))
    found = shot(save(train, row))
    assert found.record == FrameRange(start=48, frames=24)
    assert found.before is not None and found.before.shown.indexes[-1] == 147
    assert found.place.item == 2


def test_a_long_track_of_broken_frames_does_not_drift(train: Path) -> None:
    """A hundred cuts of 0.5 frames each and then some: positions are summed, then rounded."""
    row: list[otio.core.Item] = [clip("train.m4v", n, 10.5) for n in range(100)]
    row += [asking("gen: bridge"), clip("train.m4v", 400, 10)]
    assert shot(save(train, row)).record.start == 1050


def test_without_a_start_the_rate_is_that_of_most_clips(train: Path) -> None:
    row = [clip("train.m4v", 10, 30), clip("train.m4v", 10, 30), clip("train.m4v", 10, 25, rate=25)]
    row[0].markers.append(marker("gen: extend; frames: 8", 10))
    assert shot(save(train, row)).rate == Rate(num=30)


# -- extend and animate -----------------------------------------------------------------------


def test_both_edges_are_two_shots(train: Path) -> None:
    short = clip("train.m4v", 100, 30)
    short.markers.append(marker("gen: extend\nedge: both\nseconds: 0.5\nid: abcd1234", 110))
    head, tail = shots(save(train, [gap(60), short]))
    assert (head.record, tail.record) == (
        FrameRange(start=45, frames=15), FrameRange(start=90, frames=15),
    )  # fmt: skip
    assert head.after is not None and head.before is None
    assert head.after.shown.indexes[0] == 100 and head.after.beyond.indexes[-1] == 99
    assert tail.before is not None and tail.before.shown.indexes[-1] == 129
    assert tail.id == "abcd1234" != head.id


def test_a_frame_under_the_marker_is_animated(train: Path) -> None:
    taken = clip("train.m4v", 100, 30)
    taken.markers.append(marker("gen: animate\ncamera: zoom 1.2", 112))
    found = shot(save(train, [gap(10), taken]))
    assert found.still is not None and found.still.indexes == (112,)
    assert found.record == FrameRange(start=10, frames=30)
    on_timeline = save(train, [gap(10), clip("train.m4v", 100, 30)],
                       markers=[marker("gen: animate; frames: 50", 25)])  # fmt: skip
    found = shot(on_timeline)
    assert found.still is not None and found.still.indexes == (115,)
    assert found.record == FrameRange(start=10, frames=50)


def test_a_marker_past_the_clip_means_its_nearest_frame(train: Path) -> None:
    taken = clip("train.m4v", 100, 30)
    taken.markers.append(marker("gen: animate", 500))
    found = shot(save(train, [taken]))
    assert found.still is not None and found.still.indexes == (129,)


# -- names and ids ----------------------------------------------------------------------------


def test_the_id_stays_when_words_seed_and_length_change(train: Path) -> None:
    notes = ("gen: bridge", "gen: bridge; seed: 4; prompt: fog", "GEN bridge; takes: 3")
    found = {shot(save(train, around(asking(text.replace("GEN", "gen:"))))).id for text in notes}
    assert len(found) == 1
    assert shot(save(train, around(asking("gen: bridge", 12)))).id in found
    (only,) = found
    assert len(only) == 8 and only.isalnum() and only == only.lower()
    row = around(asking("gen: bridge"))
    row[2].name = "another"
    assert shot(save(train, row)).id not in found


def test_equal_places_get_ids_of_their_own(train: Path) -> None:
    row = [clip("train.m4v", 0, 40), asking("gen: bridge"), clip("train.m4v", 80, 40),
           asking("gen: bridge"), clip("train.m4v", 160, 40)]  # fmt: skip
    first, second = shots(save(train, row))
    assert first.id != second.id and first.record.start < second.record.start


def test_an_id_and_a_name_can_be_given(train: Path) -> None:
    found = shot(save(train, around(asking("gen: bridge; id: k3v9q2ma; shot: SC010_0020"))))
    assert (found.id, found.name) == ("k3v9q2ma", "SC010_0020")
    row = [*around(asking("gen: bridge; id: k3v9q2ma")), asking("gen: bridge; id: k3v9q2ma"),
           clip("train.m4v", 300, 10)]  # fmt: skip
    edit = find_shots(save(train, row), config=config(train))
    assert "the id 'k3v9q2ma' is also that of tracks[0].children[1].markers[0]" in str(
        edit.faults[0]
    )


def test_drop_frame_is_what_our_metadata_says(train: Path) -> None:
    path = save(train, around(asking("gen: bridge")), start=107892, rate=29.97)
    timeline = otio.adapters.read_from_file(str(path))
    timeline.metadata["secondunit"] = {"timebase": {"drop_frame": True}}
    otio.adapters.write_to_file(timeline, str(path))
    found = shot(path)
    assert found.drop_frame and found.timecode_start == 107892
    assert found.rate == Rate(num=30000, den=1001)


@pytest.mark.parametrize("name", ["mask.####.jpg", "mask.%04d.jpg", "mask.mkv"])
def test_a_mask_may_have_a_picture_for_every_frame(shared: Path, tmp_path: Path, name: str) -> None:
    bring(shared, tmp_path, "scroll.jpg")
    for number in (1, 2, 4):
        shutil.copy(shared / "media" / "scroll_mask.jpg", tmp_path / f"mask.{number:04d}.jpg")
    movie(tmp_path / "mask.mkv", "ffv1", "gray", frames=4, size=(810, 608))
    still = clip("scroll.jpg", 0, 24)
    still.markers.append(marker(f"gen: animate; mask: {name}"))
    edit = find_shots(save(tmp_path, [still]), config=config(tmp_path))
    mask = edit.shots[0].request.mask
    assert edit.faults == () and mask is not None and mask_frames(mask) == 4
    gap = f"the mask '{name}' lacks 1 of its numbers from 1 to 4; the picture before a gap stands"
    assert edit.notices == (() if name == "mask.mkv" else (f"{gap} for it",))


def test_a_mask_with_a_picture_for_every_frame_cannot_follow_too(
    shared: Path, tmp_path: Path
) -> None:
    bring(shared, tmp_path, "scroll.jpg")
    movie(tmp_path / "mask.mkv", "ffv1", "gray", frames=2, size=(810, 608))
    still = clip("scroll.jpg", 0, 24)
    still.markers.append(marker("gen: animate; mask: mask.mkv follow"))
    edit = find_shots(save(tmp_path, [still]), config=config(tmp_path))
    assert "only a still mask can follow" in str(edit.faults[0])
