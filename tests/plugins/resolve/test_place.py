"""Takes go where they belong, or nowhere, and what Resolve answers is never believed."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from secondunit.v1 import units_pb2

from tests.fakes.resolve.item import FakeItem
from tests.fakes.resolve.media import FakeMedia
from tests.fakes.resolve.timeline import Track
from tests.fakes.resolve.world import File
from tests.plugins.resolve.conftest import GAP, TAKE, Edit, bridge

EDIT = [(0, 100), (124, 76)]
FILLED = [(0, 100), (100, 24), (124, 76)]


def test_a_bridge_fills_its_gap_to_the_frame_without_its_handles(edit: Edit) -> None:
    (one,) = edit.place()
    assert edit.spans() == FILLED
    item = edit.timeline.tracks[0].items[1]
    assert (item.left, item.id) == (8, one.item_id)
    assert one.verified and one.note == "" and one.track == 0
    assert (one.record.start, one.record.frames) == GAP


def test_the_place_is_counted_from_the_hour_that_the_timeline_begins_at(edit: Edit) -> None:
    edit.place()
    assert edit.timeline.tracks[0].items[1].start == 86500


@pytest.mark.parametrize("version", [(18, 6, 6), (19, 0, 0), (21, 1, 1)])
@pytest.mark.parametrize("inclusive", [None, False, True])
def test_the_end_is_measured_where_the_version_does_not_tell_it(
    edit: Edit, version: tuple[int, int, int], inclusive: bool | None
) -> None:
    edit.world.version, edit.world.inclusive = version, inclusive
    (one,) = edit.place()
    assert edit.spans() == FILLED and one.verified
    edit.world.called.clear()
    later = units_pb2.FrameRange(start=300, frames=24)
    edit.place(bridge(shot_id="s2", record=later))
    assert edit.spans()[-1] == (300, 24)
    assert edit.world.called.count("AppendToTimeline") == 1, "what was learnt is kept"


@pytest.mark.parametrize("overlap", ["drop", "slide", "dead"])
def test_a_wrong_end_that_meets_the_next_clip_leaves_nothing_behind(
    edit: Edit, overlap: Literal["drop", "slide", "dead"]
) -> None:
    edit.world.inclusive = True
    edit.world.overlap = overlap
    (one,) = edit.place()
    assert edit.spans() == FILLED and one.verified


def test_a_locked_track_is_not_written_to_and_its_neighbour_is_said(edit: Edit) -> None:
    edit.timeline.tracks[0].locked = True
    (one,) = edit.place()
    assert edit.spans(1) == EDIT and edit.spans(2) == [GAP]
    assert one.track == 1 and one.verified
    assert one.note == "It stands on a new track: Video 1 is locked."
    assert edit.timeline.tracks[1].name == "Second Unit"


def test_a_new_track_stands_right_above_so_that_titles_stay_on_top(edit: Edit) -> None:
    edit.timeline.tracks.append(Track(name="Titles"))
    title = edit.clip("/f/title.mov", 20, 10, track=2)
    placed = edit.place(
        bridge(record=units_pb2.FrameRange(start=10, frames=24)),
        bridge(shot_id="s2", track=1, record=units_pb2.FrameRange(start=60, frames=24)),
        bridge(shot_id="s3", record=units_pb2.FrameRange(start=150, frames=24)),
    )
    assert [track.name for track in edit.timeline.tracks] == ["", "Second Unit", "Titles"]
    assert edit.spans(2) == [(10, 24), (150, 24)]
    assert edit.spans(3) == [(20, 10), (60, 24)], "its number meant the titles' track"
    assert title in edit.timeline.tracks[2].items
    assert [(one.track, one.verified) for one in placed] == [(1, True), (2, True), (1, True)]


def test_a_track_of_takes_is_named_as_the_rendered_timeline_names_it(edit: Edit) -> None:
    edit.place(bridge(track=1, track_name="GEN"))
    edit.place(bridge(track=1, track_name="GEN", record=units_pb2.FrameRange(start=0, frames=24)))
    assert [track.name for track in edit.timeline.tracks] == ["", "GEN"]
    assert edit.spans(2) == [(0, 24), (100, 24)]


def test_where_tracks_are_added_on_top_alone_it_is_said(edit: Edit) -> None:
    edit.world.tracks_on_top_only = True
    edit.timeline.tracks.append(Track(name="Titles"))
    edit.clip("/f/title.mov", 20, 10, track=2)
    (one,) = edit.place(bridge(record=units_pb2.FrameRange(start=10, frames=24)))
    assert one.track == 2 and "V3 hides others" in one.note


def test_a_track_that_is_switched_off_would_not_show_it(edit: Edit) -> None:
    edit.timeline.tracks[0].enabled = False
    (one,) = edit.place()
    assert one.note.endswith("Video 1 is switched off.") and one.verified


def test_a_take_that_could_not_be_placed_leaves_no_empty_track(edit: Edit) -> None:
    edit.timeline.tracks[0].locked = True
    edit.world.absent = frozenset({"AppendToTimeline"})
    (one,) = edit.place()
    assert len(edit.timeline.tracks) == 1
    assert one.item_id == "" and not one.verified
    assert "did not put 'A014_v002' on its track" in one.note


def test_one_that_fails_does_not_keep_the_next_back(edit: Edit) -> None:
    first, second = edit.place(bridge(file="/m/none.mov"), bridge())
    assert first.note.startswith("'/m/none.mov' is not on this machine.")
    assert second.verified and edit.spans() == FILLED


def test_a_clip_that_goes_when_the_project_is_saved_was_not_placed(edit: Edit) -> None:
    edit.world.forgets_on_save = True
    (one,) = edit.place()
    assert (one.item_id, one.verified) == ("", False)
    assert one.note == "It was there, and went when the project was saved."


def test_a_project_that_is_not_saved_proves_nothing(edit: Edit) -> None:
    edit.world.refuses_save = True
    (one,) = edit.place()
    assert one.item_id and not one.verified and "did not save" in one.note


def test_a_take_of_another_rate_is_refused_before_it_leaves_a_hole(edit: Edit) -> None:
    edit.world.files[TAKE] = File(frames=40, fps="25")
    (one,) = edit.place()
    assert edit.spans() == EDIT
    assert one.note.startswith("'A014_v002' runs at 25 and the timeline at 24.")


def test_rates_that_are_the_same_in_other_words_are_the_same(edit: Edit) -> None:
    edit.timeline.settings["timelineFrameRate"] = "23.976"
    edit.world.files[TAKE] = File(frames=40, fps="23.976024627685547")
    (one,) = edit.place()
    assert one.item_id


def test_a_nested_shot_is_refused_in_words(edit: Edit) -> None:
    (one,) = edit.place(bridge(nested_in="tracks[0].children[1]"))
    assert "nested timeline" in one.note and edit.spans() == EDIT


def test_numbered_pictures_count_from_their_own_first_number(edit: Edit, tmp_path: Path) -> None:
    for number in range(1001, 1041):
        (tmp_path / f"A014.{number}.exr").touch()
    wanted = str(tmp_path / "A014.%04d.exr")
    edit.world.files[wanted] = File()
    (one,) = edit.place(bridge(file=wanted))
    assert one.verified and edit.timeline.tracks[0].items[1].left == 8
    (media,) = edit.pool.root.folders[0].clips
    assert media.file == File(frames=40, start=1001)
    edit.place(bridge(file=wanted, shot_id="s2"))
    assert len(edit.pool.root.folders[0].clips) == 1, "a file is imported once"


def test_what_the_editor_had_set_stays_as_it_was(edit: Edit) -> None:
    edit.timeline.now, edit.world.page = "01:00:03:05", "color"
    edit.timeline.SetMarkInOut(100, 123)
    rushes = edit.pool.AddSubFolder(edit.pool.root, "Rushes")
    edit.pool.current = rushes
    edit.place()
    assert edit.timeline.now == "01:00:03:05" and edit.world.page == "color"
    assert edit.timeline.marks["video"] == {"in": 100, "out": 123}
    assert edit.pool.current is rushes
    assert [clip.path for clip in edit.pool.root.folders[1].clips] == [TAKE]
    assert not [name for name in edit.world.called if "Render" in name]


def test_colour_settings_are_the_neighbours(edit: Edit) -> None:
    assert edit.before.media is not None
    edit.before.media.properties["Input Color Space"] = "ARRI LogC4"
    edit.place()
    (media,) = edit.pool.root.folders[0].clips
    assert media.properties["Input Color Space"] == "ARRI LogC4"
    assert media.hidden == {"secondunit.shot": "s1", "secondunit.take": "d2"}


def test_a_proxy_beside_the_take_is_linked(edit: Edit, tmp_path: Path) -> None:
    take = tmp_path / "A014_v002.mov"
    edit.world.files[str(take)] = File(frames=40)
    proxy = tmp_path / "Proxy" / "A014_v002.mov"
    proxy.parent.mkdir()
    proxy.touch()
    edit.place(bridge(file=str(take)))
    (media,) = edit.pool.root.folders[0].clips
    assert media.proxy == str(proxy)


def test_the_takes_own_proxy_is_linked(edit: Edit) -> None:
    wish = bridge()
    wish.take.proxy = "/takes/A014_v002_proxy.mov"
    edit.place(wish)
    (media,) = edit.pool.root.folders[0].clips
    assert media.proxy == "/takes/A014_v002_proxy.mov"


def test_the_marker_keeps_the_request_and_hides_the_name(edit: Edit) -> None:
    edit.place()
    (mark,) = edit.timeline.tracks[0].items[1].markers.values()
    assert mark["note"] == "gen: bridge\nid: s1"
    assert mark["customData"] == "secondunit:s1:A014_v002"


def test_another_timeline_is_never_written_to(edit: Edit) -> None:
    asked = {"placements": [bridge()], "timeline_id": "timeline-of-yesterday"}
    reply = edit.ask(place_takes=asked)
    assert reply.fault.code == "CHANGED" and reply.fault.retryable
    assert edit.spans() == EDIT


def test_a_dialogue_is_named_as_what_may_be_in_the_way(edit: Edit) -> None:
    edit.place()
    edit.world.modal = True
    reply = edit.ask(place_takes={"placements": [bridge()], "timeline_id": ""})
    assert "dialogue" in reply.fault.remedy and reply.fault.retryable


def test_dead_clips_on_a_track_are_passed_over(edit: Edit) -> None:
    dead = FakeItem(edit.world, None, 0, 0)
    dead.GetStart = dead.GetDuration = lambda: None  # type: ignore[method-assign]
    edit.timeline.tracks[0].items.insert(0, dead)
    (one,) = edit.place()
    assert one.verified


def test_a_take_that_was_imported_by_hand_is_another_clip(edit: Edit) -> None:
    edit.pool.root.clips.append(FakeMedia(edit.world, TAKE, File(frames=40)))
    edit.place()
    assert [clip.path for clip in edit.pool.root.folders[0].clips] == [TAKE]
