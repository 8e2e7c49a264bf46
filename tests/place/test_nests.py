"""Takes go into nested sequences; nothing else moves, in them or around them."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.errors import PlacementError, Refused
from secondunit.place.kept import check_kept, contents
from secondunit.place.tracks import Layouts
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.cut import CuttingRoom
from secondunit.timeline.levels import path_of
from secondunit.timeline.shot import Place
from secondunit.units import Operation

from tests.place.edits import FILM, TAKE, clip, edit, gap, names, note, placed, plan_at, span, stock

WAYS = ((0, 1), (0, 3))


def nest(name: str = "nest") -> otio.schema.Stack:
    """A, a gap of 24 frames with a request, B, and a title above; trimmed."""
    stack = otio.schema.Stack(name=name, source_range=span(20, 60))
    stack.markers.append(note("grade me", 30))
    low = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    hole = gap(24)
    hole.markers.append(note("gen: bridge", 0))
    low.extend([clip("A", 48), hole, clip("B", 48)])
    top = otio.schema.Track("V2", kind=otio.schema.TrackKind.Video)
    top.append(clip("title", 12))
    stack.extend([low, top])
    return stack


def twice(folder: Path) -> Path:
    """The sequence, used twice, between gaps."""
    return edit(folder / "cut.otio", [gap(24), nest(), gap(10), nest(), clip("C", 20)])


def bridge(ways: tuple[tuple[int, ...], ...] = WAYS, start: int = 48, **more: object) -> ShotPlan:
    """The bridge in the gap of the nested sequence, which begins at timecode 0."""
    path = f"{path_of(ways[0])}.children[0].children[1].markers[0]"
    place = Place(track=0, item=1, path=path, ways=ways)
    return plan_at(start, 24, zero=0, place=place, **more)


def inside(path: Path, child: int, track: int = 0) -> list[str]:
    stack = stock(path).tracks[0][child]
    return names(stack[track])


def test_a_take_stands_in_every_use_of_the_sequence(tmp_path: Path) -> None:
    made = placed(twice(tmp_path), bridge())
    assert inside(made.timeline, 1) == ["A", TAKE, "B"] == inside(made.timeline, 3)
    assert [one.nested_in for one in made.placements] == ["tracks[0].children[1]",
                                                          "tracks[0].children[3]"]  # fmt: skip
    assert [one.record.start for one in made.placements] == [48, 48]
    before, now = stock(tmp_path / "cut.otio"), stock(made.timeline)
    assert names(now.tracks[0]) == names(before.tracks[0])
    assert now.tracks[0][1].source_range == before.tracks[0][1].source_range
    assert len(list((tmp_path / "cut.gen").glob("*.mov"))) == 1


def test_takes_of_the_timeline_and_of_a_sequence_in_it_go_in_together(tmp_path: Path) -> None:
    """The bridge in front of the sequence moves no number that the other one needs."""
    path = twice(tmp_path)
    outer = plan_at(4, 12, place=Place(track=0, item=0, path="tracks[0].children[0]"),
                    shot="k3v9q2aa", seed=5)  # fmt: skip
    made = placed(path, outer, bridge())
    now = stock(made.timeline)
    assert names(now.tracks[0])[:4] == [
        "Gap", "LAD_0010_bridge_k3v9q2aa_v001.mov", "Gap", "nest"
    ]  # fmt: skip
    assert [names(now.tracks[0][n][0])[1] for n in (3, 5)] == [TAKE, TAKE]
    assert [one.nested_in for one in made.placements] == [
        "", "tracks[0].children[3]", "tracks[0].children[5]"
    ]  # fmt: skip


def test_what_covers_footage_gets_a_track_in_the_sequence(tmp_path: Path) -> None:
    plan = bridge(((0, 1),), start=10, operation=Operation.ANIMATE)
    made = placed(twice(tmp_path), plan)
    now = stock(made.timeline)
    assert [track.name for track in now.tracks[0][1]] == ["V1", "V2", "GEN"]
    assert [track.name for track in now.tracks] == ["V1", "V2", "A1"]
    assert [track.name for track in now.tracks[0][3]] == ["V1", "V2"]
    (one,) = made.placements
    assert (one.track, one.track_name, one.record.start) == (2, "GEN", 10)


def test_a_take_that_came_back_is_swapped_in_its_sequence(tmp_path: Path) -> None:
    first = placed(twice(tmp_path), bridge())
    again = placed(first.timeline, bridge(seed=9), out=tmp_path / "again.gen.otio")
    for child in (1, 3):
        assert inside(again.timeline, child) == ["A", TAKE, "B"]


def test_a_sequence_in_a_sequence_gets_its_take(tmp_path: Path) -> None:
    outer = otio.schema.Stack(name="outer", source_range=span(0, 100))
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    track.extend([gap(12), nest("inner")])
    outer.append(track)
    path = edit(tmp_path / "cut.otio", [outer])
    made = placed(path, bridge(((0, 0, 0, 1),)))
    assert names(stock(made.timeline).tracks[0][0][0][1][0]) == ["A", TAKE, "B"]
    assert made.placements[0].nested_in == "tracks[0].children[0].children[0].children[1]"


def test_an_edit_whose_sequence_is_gone_is_refused(tmp_path: Path) -> None:
    path = edit(tmp_path / "cut.otio", [clip("A", 48), clip("B", 48)])
    for ways in (((0, 1),), ((7, 0),), ((0, 9),)):
        with pytest.raises(Refused, match="no sequence is nested here"):
            placed(path, bridge(ways))
    assert not path.with_name("cut.gen.otio").exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda stack: stack[0].pop(), "changes what stands at frame 72 of track 0"),
        (lambda stack: stack[1][0].metadata.update({"x": 1}), "stands at frame 0 of track 1"),
        (lambda stack: stack.markers.pop(), "at frame 24 of track 0"),
        (lambda stack: stack.pop(), "lost a track"),
        (lambda stack: setattr(stack, "source_range", span(0, 60)), "at frame 24 of track 0"),
    ],
)
def test_a_change_in_a_sequence_that_was_opened_is_seen(
    tmp_path: Path, change: object, says: str
) -> None:
    path = twice(tmp_path)
    timeline = stock(path)
    room = CuttingRoom(rate=FILM, folder=tmp_path, config=None, notices=[])  # type: ignore[arg-type]
    key = ((0, 24),)
    before = contents(timeline, Layouts(room), [key])
    check_kept(path, before, layouts=Layouts(room), created={}, replaced=())
    change(timeline.tracks[0][1])  # type: ignore[operator]
    otio.adapters.write_to_file(timeline, str(path))
    with pytest.raises(PlacementError, match=says):
        check_kept(path, before, layouts=Layouts(room), created={}, replaced=())


def test_the_exchange_files_hold_the_take_in_its_sequence(tmp_path: Path) -> None:
    made = placed(twice(tmp_path), bridge(), profile="resolve")
    assert {file.suffix for file in made.files} == {".fcpxml", ".xml"}
    for file in made.files:
        assert TAKE in file.read_text(encoding="utf-8")
