"""Takes are kept inside the clip, are switched without moving a cut, and go with it."""

from __future__ import annotations

import pytest

from tests.fakes.resolve.media import FakeMedia
from tests.fakes.resolve.world import File
from tests.plugins.resolve.conftest import TAKE, Edit, bridge, older

FILLED = [(0, 100), (100, 24), (124, 76)]
EARLIER = "/m/A014_v001.mov"


def with_takes(edit: Edit, frames: int = 36) -> str:
    """Name of the clip that was placed with the older take in it."""
    wish = bridge()
    wish.alternatives.append(older(frames))
    (one,) = edit.place(wish)
    assert one.item_id
    return one.item_id


def test_the_chosen_take_is_shown_and_the_older_is_beside_it(edit: Edit) -> None:
    with_takes(edit)
    item = edit.timeline.tracks[0].items[1]
    assert edit.spans() == FILLED
    assert [(media.path, start, end) for media, start, end in item.takes] == [
        (TAKE, 8, 32), (EARLIER, 6, 30),
    ]  # fmt: skip
    assert item.take == 1


def test_switching_shows_the_other_file_in_the_same_place(edit: Edit) -> None:
    name = with_takes(edit)
    reply = edit.ask(switch_take={"item_id": name, "file": EARLIER})
    assert reply.switched_take.item_id == name
    assert edit.timeline.tracks[0].items[1].take == 2 and edit.spans() == FILLED
    edit.ask(switch_take={"item_id": name, "take": 1})
    assert edit.timeline.tracks[0].items[1].take == 1


def test_what_is_asked_for_twice_is_placed_once(edit: Edit) -> None:
    (first,) = edit.place()
    edit.world.called.clear()
    (again,) = edit.place()
    assert again.item_id == first.item_id and again.verified
    assert again.note == "It stood there already."
    assert "AppendToTimeline" not in edit.world.called and edit.spans() == FILLED


def test_a_newer_take_goes_into_the_clip_that_stands_there(edit: Edit) -> None:
    (first,) = edit.place()
    edit.world.files["/m/A014_v003.mov"] = File(frames=40)
    newer = bridge(file="/m/A014_v003.mov", name="A014_v003")
    (again,) = edit.place(newer)
    item = edit.timeline.tracks[0].items[1]
    assert again.item_id == first.item_id and again.verified and len(edit.timeline.tracks) == 1
    assert [media.path for media, _, _ in item.takes] == [TAKE, "/m/A014_v003.mov"]
    assert item.take == 2 and edit.spans() == FILLED
    edit.ask(remove_placed={"shot_ids": ["s1"], "timeline_id": ""})
    assert edit.spans() == [(0, 100), (124, 76)]


def test_a_newer_take_stands_above_where_resolve_keeps_no_takes(edit: Edit) -> None:
    edit.place()
    edit.world.absent = frozenset({"AddTake"})
    edit.world.files["/m/A014_v003.mov"] = File(frames=40)
    (again,) = edit.place(bridge(file="/m/A014_v003.mov", name="A014_v003"))
    assert again.track == 1 and again.verified and edit.spans(2) == [(100, 24)]


def test_a_take_of_another_length_is_left_out_and_named(edit: Edit) -> None:
    wish = bridge()
    wish.alternatives.append(older(40))
    (one,) = edit.place(wish)
    assert one.verified and one.note == "Take v001 is of another length."
    assert edit.timeline.tracks[0].items[1].takes == []


def test_a_take_that_is_not_on_this_machine_does_not_cost_the_others(edit: Edit) -> None:
    del edit.world.files[EARLIER]
    wish = bridge()
    wish.alternatives.append(older())
    (one,) = edit.place(wish)
    assert one.verified and one.note.startswith("Take v001 is left out.")


def test_a_take_that_would_move_the_cut_is_not_switched_to(edit: Edit) -> None:
    name = with_takes(edit)
    item = edit.timeline.tracks[0].items[1]
    item.AddTake(FakeMedia(edit.world, "/m/long.mov", File()), 0, 60)
    item.SelectTakeByIndex(1)
    reply = edit.ask(switch_take={"item_id": name, "file": "/m/long.mov"})
    assert "would move the cut" in reply.fault.what
    assert edit.spans() == FILLED and item.take == 1


def test_colour_and_name_go_to_every_take(edit: Edit) -> None:
    assert edit.before.media is not None
    edit.before.media.properties["IDT"] = "ACEScct"
    with_takes(edit)
    clips = edit.pool.root.folders[0].clips
    assert [clip.properties["IDT"] for clip in clips] == ["ACEScct", "ACEScct"]
    assert [clip.hidden["secondunit.take"] for clip in clips] == ["d2", "d1"]


def test_a_version_without_takes_says_so(edit: Edit) -> None:
    edit.world.absent = frozenset({"AddTake"})
    wish = bridge()
    wish.alternatives.append(older())
    (one,) = edit.place(wish)
    assert one.verified and one.note == "This Resolve keeps no takes in a clip."


@pytest.mark.parametrize("asked", [{"item_id": "gone"}, {"item_id": "", "take": 1}])
def test_a_clip_that_went_is_not_switched(edit: Edit, asked: dict[str, object]) -> None:
    assert edit.ask(switch_take=asked).fault.code == "CHANGED"


def test_taking_back_removes_the_clip_and_leaves_every_other(edit: Edit) -> None:
    edit.world.page = "color"
    edit.place()
    reply = edit.ask(remove_placed={"shot_ids": ["s1"], "timeline_id": edit.timeline.id})
    assert list(reply.removed_placed.shot_ids) == ["s1"] and not reply.removed_placed.notices
    assert edit.spans() == [(0, 100), (124, 76)] and edit.world.page == "color"


def test_taking_back_finds_the_clip_whichever_take_it_shows(edit: Edit) -> None:
    name = with_takes(edit)
    edit.ask(switch_take={"item_id": name, "file": EARLIER})
    edit.timeline.tracks[0].items[1].markers.clear()  # Resolve may keep a marker with its take
    reply = edit.ask(remove_placed={"shot_ids": ["s1"], "timeline_id": ""})
    assert list(reply.removed_placed.shot_ids) == ["s1"]


def test_taking_back_leaves_what_the_editor_put_there_from_the_bin(edit: Edit) -> None:
    edit.place()
    (media,) = edit.pool.root.folders[0].clips
    own = edit.clip("/f/own.mov", 300, 24)
    own.media = media
    edit.ask(remove_placed={"shot_ids": ["s1"], "timeline_id": ""})
    assert own in edit.timeline.tracks[0].items


def test_taking_back_takes_our_track_where_it_is_empty_then(edit: Edit) -> None:
    edit.timeline.tracks[0].locked = True
    edit.place()
    assert len(edit.timeline.tracks) == 2
    edit.ask(remove_placed={"shot_ids": ["s1"], "timeline_id": ""})
    assert len(edit.timeline.tracks) == 1


def test_what_cannot_be_taken_back_is_named(edit: Edit) -> None:
    edit.place()
    edit.timeline.tracks[0].locked = True
    reply = edit.ask(remove_placed={"shot_ids": ["s1", "s9"], "timeline_id": ""})
    assert not reply.removed_placed.shot_ids
    assert list(reply.removed_placed.notices) == [
        "'A014_v002.mov' could not be removed: its track may be locked. Delete it by hand.",
        "Nothing of s9 stands on this timeline.",
    ]
