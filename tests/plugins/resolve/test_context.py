"""What the editor looks at, in whole frames from the timeline's first."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from secondunit.v1 import hosts_pb2 as pb
from secondunit.v1 import units_pb2
from secondunit_resolve import clock

from tests.fakes.resolve.item import FakeItem
from tests.plugins.resolve.conftest import Edit


def context(edit: Edit, around: int = 0) -> pb.HostContext:
    reply = edit.ask(get_context={"around": around})
    assert reply.WhichOneof("answer") == "context", reply
    return reply.context


def test_it_names_the_timeline_its_rate_and_where_the_playhead_stands(edit: Edit) -> None:
    edit.timeline.now = "01:00:04:04"
    found = context(edit)
    assert (found.project, found.timeline, found.start_timecode) == (
        "The Film", "Reel 1", "01:00:00:00",
    )  # fmt: skip
    assert (found.rate.num, found.rate.den) == (24, 1)
    assert (found.frames, found.playhead) == (200, 100)
    assert (found.size.width, found.size.height) == (1920, 1080)
    assert found.colour_space == "Rec.709 Gamma 2.4" and not found.notices


def test_marks_count_from_the_first_frame_with_the_out_frame_in_them(edit: Edit) -> None:
    assert not context(edit).HasField("marks")
    edit.timeline.SetMarkInOut(100, 123)
    found = context(edit).marks
    assert (found.start, found.frames) == (100, 24)
    edit.timeline.marks = {"video": {"in": 100}}
    assert not context(edit).HasField("marks")


def test_clips_are_told_with_their_media_and_the_offset_that_can_be_trusted(edit: Edit) -> None:
    first, second = context(edit).items
    assert (first.name, first.track, first.path) == ("A014.mov", 0, "/f/A014.mov")
    assert (second.record.start, second.record.frames) == (124, 76)
    assert (second.source.start, second.source.frames) == (12, 76)
    assert not first.HasField("speed")


def test_what_is_selected_is_told_where_the_version_tells_it(edit: Edit) -> None:
    edit.timeline.selected = [edit.after]
    assert [item.selected for item in context(edit).items] == [False, True]


def test_an_older_version_takes_the_clip_colour_for_it_and_says_so(edit: Edit) -> None:
    edit.world.version = (21, 0, 3)
    edit.timeline.selected = [edit.after]
    edit.before.colour = "Chocolate"
    found = context(edit)
    assert [item.selected for item in found.items] == [True, False]
    assert "coloured Chocolate" in found.notices[0]


@pytest.mark.parametrize("version", [(20, 3, 2), (21, 1, 0)])
def test_a_transition_is_no_clip_and_a_title_is(edit: Edit, version: tuple[int, int, int]) -> None:
    edit.world.version = version
    edit.timeline.add(FakeItem(edit.world, None, 86490, 10, kind="transition", name="Dissolve"))
    edit.timeline.add(FakeItem(edit.world, None, 86410, 5, kind="title", name="Text+"))
    assert [item.name for item in context(edit).items] == ["A014.mov", "Text+", "A015.mov"]


def test_speed_is_told_and_a_file_of_another_rate_has_none(edit: Edit) -> None:
    assert edit.before.media is not None and edit.after.media is not None
    edit.before.shown = 200
    edit.after.media.properties["FPS"] = "30"
    edit.after.shown = 95
    first, second = context(edit).items
    assert first.speed == 2 and first.source.frames == 200
    assert not second.HasField("speed") and second.source.frames == 95


def test_a_long_timeline_lists_what_is_near_and_the_nearest_beyond(edit: Edit) -> None:
    for number in range(10):
        edit.clip(f"/f/B{number}.mov", 5000 + 100 * number, 100)
    edit.world.called.clear()
    names = [item.name for item in context(edit, around=50).items]
    assert names == ["A014.mov", "A015.mov", "B0.mov"]
    assert edit.world.called.count("GetLeftOffset") == 3, "each question costs a while"


def test_markers_that_ask_for_a_shot_are_told_and_others_are_the_editors(edit: Edit) -> None:
    edit.timeline.AddMarker(100, "Blue", "GEN bridge 24f", "", 24, "")
    edit.timeline.AddMarker(150, "Red", "check sound", "", 1, "")
    (found,) = context(edit).markers
    assert (found.record.start, found.record.frames, found.name) == (100, 24, "GEN bridge 24f")


def test_a_marker_is_set_and_one_on_its_frame_is_not_lost(edit: Edit) -> None:
    marker = pb.HostMarker(
        record=units_pb2.FrameRange(start=100, frames=24), name="GEN", note="gen: bridge"
    )
    assert edit.ask(add_marker=pb.AddMarker(marker=marker)).HasField("added_marker")
    assert edit.timeline.markers[100]["note"] == "gen: bridge"
    assert edit.ask(add_marker=pb.AddMarker(marker=marker)).fault.code == "HOST"


def test_no_timeline_and_no_number_are_said(edit: Edit) -> None:
    edit.timeline.settings["timelineFrameRate"] = ""
    assert "rate" in edit.ask(get_context={}).fault.what
    edit.resolve.manager.project.timeline = None
    assert edit.ask(get_context={}).fault.code == "NO_TIMELINE"


def test_a_picture_is_taken_at_its_frame_and_the_playhead_goes_back(
    edit: Edit, tmp_path: Path
) -> None:
    edit.timeline.now = "01:00:00:05"
    path = tmp_path / "still.png"
    reply = edit.ask(export_frame={"frame": 124, "path": str(path)})
    assert reply.exported_frame.graded and path.read_text() == "01:00:05:04"
    assert edit.timeline.now == "01:00:00:05"
    again = edit.ask(export_frame={"frame": 124, "path": str(path)})
    assert "exists already" in again.fault.what
    beyond = tmp_path / "beyond.png"
    edit.world.absent = frozenset({"SetCurrentTimecode"})
    assert edit.ask(export_frame={"frame": 9, "path": str(beyond)}).HasField("fault")
    assert not beyond.exists(), "a picture of another frame"
    astray = edit.ask(export_frame={"frame": 1, "path": "still.png"})
    assert "no absolute path" in astray.fault.what


def test_a_viewer_that_lags_is_waited_for(edit: Edit, tmp_path: Path) -> None:
    edit.world.viewer_lags = 3
    path = tmp_path / "still.png"
    assert edit.ask(export_frame={"frame": 124, "path": str(path)}).HasField("exported_frame")
    assert path.read_text() == "01:00:05:04"


def test_a_page_without_a_playhead_is_left_for_a_moment(edit: Edit, tmp_path: Path) -> None:
    edit.world.page = "fusion"
    reply = edit.ask(export_frame={"frame": 3, "path": str(tmp_path / "a.png")})
    assert reply.HasField("exported_frame") and edit.world.page == "fusion"


def test_the_timeline_is_written_once_to_a_name(edit: Edit, tmp_path: Path) -> None:
    asked = {"path": str(tmp_path / "cut.otio")}
    assert edit.ask(export_timeline=asked).HasField("exported_timeline")
    assert edit.ask(export_timeline=asked).HasField("fault")
    other = edit.ask(export_timeline={"path": str(tmp_path / "cut.aaf")})
    assert other.fault.code == "NOT_ABLE"


def test_the_playhead_is_moved(edit: Edit) -> None:
    assert edit.ask(seek={"frame": 30}).HasField("sought")
    assert edit.timeline.now == "01:00:01:06"


def test_what_it_cannot_do_is_refused_in_words(edit: Edit) -> None:
    assert edit.ask(audition={"path": "/m/a.mov"}).fault.code == "NOT_ABLE"


@pytest.mark.parametrize(
    ("said", "rate"),
    [
        (23.976, Fraction(24000, 1001)), ("29.97 DF", Fraction(30000, 1001)), ("25", Fraction(25)),
        (24.0, Fraction(24)), ("23.976024627685547", Fraction(24000, 1001)),
        ("59.94", Fraction(60000, 1001)), ("12.5", Fraction(25, 2)),
    ],
)  # fmt: skip
def test_rates_are_the_field_s_own(said: object, rate: Fraction) -> None:
    found = clock.rate_of(said)
    assert Fraction(found.num, found.den) == rate


@pytest.mark.parametrize("said", ["", None, "0", "nan", "fast"])
def test_what_is_no_rate_is_refused(said: object) -> None:
    with pytest.raises(ValueError):
        clock.rate_of(said)


@pytest.mark.parametrize(("num", "drop"), [(30000, True), (60000, True), (30000, False)])
def test_timecode_goes_there_and_back_over_dropped_numbers(num: int, drop: bool) -> None:
    rate = units_pb2.Rate(num=num, den=1001)
    for frame in (0, 1799, 1800, 1801, 3597, 3600, 17981, 17982, 107892, 215784, 215785):
        assert clock.frame_of(clock.timecode_of(frame, rate, drop=drop), rate, drop=drop) == frame
    if drop and num == 30000:
        assert clock.timecode_of(1800, rate, drop=True) == "00:01:00;02"
        assert clock.timecode_of(107892, rate, drop=True) == "01:00:00;00"
