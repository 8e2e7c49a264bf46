"""What cannot be done is refused, all at once, with what to do instead."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.errors import TimelineUnreadable
from secondunit.timeline.select import find_shots
from secondunit.units import Operation

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
    shots,
    span,
)


def test_all_faults_of_all_requests_come_at_once(shared: Path, train: Path) -> None:
    bring(shared, train, "scroll_mask.jpg")
    row = [
        clip("gone.mov", 0, 40),
        asking("gen: brigde"),
        clip("train.m4v", 0, 40),
        asking("gen: bridge; promt: fog; mask: scroll_mask.jpg; keyframe: first nowhere.png"),
        clip("http://example.com/a.mov", 0, 40),
        asking("gen: bridge; frames: 12"),
        clip("/etc/passwd", 0, 40),
    ]
    row[2].markers.append(marker("gen: extend", 20))
    found = faults(save(train, row))
    expected = [
        "unknown operation 'brigde'",
        "an extension says how long: frames: 24, or seconds: 1 @ "
        "tracks[0].children[2].markers[0].frames",
        "unknown key 'promt': did you mean 'prompt'? @ tracks[0].children[3].markers[0].promt",
        "'scroll_mask.jpg' is 810x608; the shot is 320x180, and its mask has the same shape @ "
        "tracks[0].children[3].markers[0].mask",
        "'nowhere.png' was not found; looked for",
        "is reached by the protocol 'http'; only files are read",
        "'/etc/passwd' lies outside the allowed folders",
    ]
    for words in expected:
        assert any(words in fault for fault in found), (words, found)


@pytest.mark.parametrize("rate", [0.4, 1000.0, 90000.0])
def test_a_rate_that_timecode_cannot_count_is_refused(tmp_path: Path, rate: float) -> None:
    path = save(tmp_path, around(asking_at("gen: bridge", 24, rate)), start=0, rate=rate)
    with pytest.raises(TimelineUnreadable, match="we count 1 to 999"):
        find_shots(path, config=config(tmp_path))


def test_a_place_behind_a_gap_of_centuries_is_refused(train: Path) -> None:
    (fault,) = faults(save(train, [gap(1e12), *around(asking("gen: bridge"))]))
    assert "is further than we count" in fault and "markers[0]" in fault


@pytest.mark.parametrize("id", ["../../../evil", "K3V9X2AB", "k3v9x2ab\n", 7])
def test_an_id_in_metadata_is_checked_like_one_in_a_note(train: Path, id: object) -> None:
    hole = gap(24)
    hole.metadata["secondunit"] = {"version": 1, "id": id, "request": {"operation": "bridge"}}
    edit = find_shots(save(train, around(hole)), config=config(train))
    (fault,) = edit.faults
    assert "eight lower-case letters and digits" in fault.what
    assert fault.path == "tracks[0].children[1].metadata.secondunit.id"


def test_both_sides_of_a_gap_may_lack_their_frame(train: Path) -> None:
    row = [clip("train.m4v", 690, 40), asking("gen: bridge"), clip("train.m4v", 900, 40)]
    first, second = faults(save(train, row))
    assert "its last frame" in first and "its first frame" in second


def test_a_mask_outside_the_folder_is_forbidden(train: Path) -> None:
    path = save(train, around(asking("gen: bridge\nmask: /etc/hostname")))
    (fault,) = faults(path)
    assert "'/etc/hostname' lies outside the allowed folders" in fault
    assert fault.endswith("@ tracks[0].children[1].markers[0].mask")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ([asking("gen: bridge"), clip("train.m4v", 0, 9)], "needs a clip on both sides"),
        ([clip("train.m4v", 0, 9), asking("gen: bridge")], "needs a clip on both sides"),
        ([clip("train.m4v", 0, 9), asking("gen: bridge"), gap(9)], "which is no clip in use"),
        ([asking("gen: extend; frames: 4"), clip("train.m4v", 0, 9)], "extend stands on a clip"),
        ([asking("gen: animate"), clip("train.m4v", 0, 9)], "animate stands on a clip"),
    ],
)
def test_a_request_in_the_wrong_place_is_refused(
    train: Path, row: list[otio.core.Item], says: str
) -> None:
    (fault,) = faults(save(train, row))
    assert says in fault


def test_a_marker_without_a_gap_says_what_to_do(train: Path) -> None:
    row = [clip("train.m4v", 0, 30), clip("train.m4v", 100, 30)]
    row[0].markers.append(marker("gen: bridge", 29))
    (fault,) = faults(save(train, row))
    assert "there is none beside 'train'; leave a gap" in fault
    row[0].markers.clear()
    (fault,) = faults(save(train, row, markers=[marker("gen: bridge", 25, 10)]))
    assert "the marker covers frames 25-35, and no video track has a gap there" in fault


def test_a_gap_that_two_requests_want_is_refused(train: Path) -> None:
    hole = asking("gen: bridge")
    hole.markers.append(marker("gen: bridge; seed: 2", 3))
    edit = find_shots(save(train, around(hole)), config=config(train))
    assert "bridge is asked for twice here; the other is" in str(edit.faults[0])


def test_a_bridge_has_the_length_of_its_gap(train: Path) -> None:
    (fault,) = faults(save(train, around(asking("gen: bridge; frames: 12"))))
    assert "the gap has 24 frames, not 12" in fault


def test_offline_media_of_resolve_is_found_by_its_old_path(train: Path) -> None:
    row = around(asking("gen: bridge"))
    row[0].media_reference = otio.schema.MissingReference(
        available_range=span(0, 704),
        metadata={"Resolve_OTIO": {"Media Url": "D:\\footage\\train.m4v"}},
    )
    edit = find_shots(save(train, row), config=config(train))
    assert not edit.faults and len(edit.shots) == 1
    assert any("'train' was relinked by name to" in notice for notice in edit.notices)


def test_a_real_resolve_export_with_requests_names_what_it_misses(shared: Path) -> None:
    path = shared / "timelines" / "synthetic" / "resolve_shape_marker_requests.otio"
    found = faults(path)
    assert len(found) == 2
    assert "'a.mov': '/m/a.mov' lies outside the allowed folders" in found[0]


def test_requests_that_nobody_can_make_yet_still_are_shots(train: Path) -> None:
    row = around(asking("gen: generate"))
    row[0].markers.append(marker("gen: replace; mask: none.png", 110))
    row[2].markers.append(marker("gen: loop", 180))
    (fault,) = [str(f) for f in find_shots(save(train, row), config=config(train)).faults]
    assert "none.png" in fault
    del row[0].markers[:]
    found = shots(save(train, row))
    assert [one.request.operation for one in found] == [Operation.GENERATE, Operation.LOOP]
