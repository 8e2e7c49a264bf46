"""Edit decision lists: rates, reels, transitions, speeds, comments, and damage."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.config import Config
from secondunit.errors import TimelineUnreadable
from secondunit.timeline.read import read, reading
from secondunit.timeline.select import find_shots
from secondunit.units import Rate

R24, R25, DF = Rate(num=24), Rate(num=25), Rate(num=30000, den=1001)
HEAD = "TITLE: cut\nFCM: NON-DROP FRAME\n"


def edl(folder: Path, body: str, head: str = HEAD) -> Path:
    """A list in a file."""
    path = folder / "cut.edl"
    path.write_text(head + body)
    return path


def event(number: int, source: str, record: str, *, reel: str = "A001", how: str = "C") -> str:
    """A line of a list; source and record are `in out`."""
    return f"{number:03d}  {reel}     V     {how}        {source} {record}\n"


def refused(path: Path, rate: Rate | None) -> str:
    with pytest.raises(TimelineUnreadable) as caught:
        read(path, rate=rate)
    return str(caught.value)


ONE = event(1, "01:00:00:00 01:00:01:00", "10:00:00:00 10:00:01:00")


@pytest.mark.parametrize(
    ("record", "head", "says"),
    [
        ("10:00:00:00 10:00:01:00", HEAD, "up to frame 0: give it, as in --rate 24"),
        ("10:00:00:00 10:00:00:24", HEAD, "up to frame 24: give it, as in --rate 25"),
        ("10:00:00:00 10:00:00:29", HEAD, "--rate 30"),
        ("10:00:00:00 10:00:00:49", HEAD, "--rate 50"),
        ("10:00:00:00 10:00:00:59", HEAD, "--rate 60"),
        ("10:00:00;00 10:00:01;00", HEAD, "counts drop frame: give it, as in --rate 29.97"),
        ("10:00:00:00 10:00:01:00", "FCM: DROP FRAME\n", "--rate 29.97"),
        ("10:00:00;00 10:00:00;59", HEAD, "--rate 59.94"),
    ],
)  # fmt: skip
def test_a_list_without_a_rate_names_the_likely_one(
    tmp_path: Path, record: str, head: str, says: str
) -> None:
    body = event(1, "01:00:00:00 01:00:01:00", record)
    assert says in refused(edl(tmp_path, body, head), None)


def test_drop_frame_is_counted_and_remembered(tmp_path: Path) -> None:
    path = edl(tmp_path, event(1, "00:59:59;28 01:01:00;04", "00:59:59;28 01:01:00;04"))
    edit = find_shots(path, config=Config(data=tmp_path), rate=DF)
    assert edit.drop_frame and edit.timecode_start == 107892 - 2
    (clip,) = read(path, rate=DF).find_clips()
    assert clip.source_range is not None and clip.source_range.duration.value == 1802 + 2


def test_drop_frame_at_a_rate_without_it_is_refused(tmp_path: Path) -> None:
    path = edl(tmp_path, event(1, "01:00:00;00 01:00:01;00", "01:00:00;00 01:00:01;00"))
    assert "does not exist at 25 frames per second" in refused(path, R25)


def test_a_dissolve_asks_for_the_tail_of_the_clip_before_it(tmp_path: Path) -> None:
    body = (
        event(1, "01:00:00:00 01:00:02:00", "10:00:00:00 10:00:02:00")
        + event(2, "01:00:02:00 01:00:02:00", "10:00:02:00 10:00:02:00")
        + event(2, "05:00:00:00 05:00:03:00", "10:00:02:00 10:00:05:00", reel="B001",
                how="D    012")
        + "* FROM CLIP NAME: one\n* TO CLIP NAME: two\n"
    )  # fmt: skip
    (track,) = read(edl(tmp_path, body), rate=R24).tracks
    first, dissolve, second = track
    assert isinstance(dissolve, otio.schema.Transition)
    assert (dissolve.in_offset.value, dissolve.out_offset.value) == (0, 12)
    assert (first.name, second.name) == ("A001", "two")


@pytest.mark.parametrize(
    ("speed", "scalar"), [("048.0", 2.0), ("-24.0", -1.0), ("012.0", 0.5), ("000.0", 0.0)]
)
def test_a_speed_is_that_of_its_m2_line(tmp_path: Path, speed: str, scalar: float) -> None:
    body = f"{ONE}M2   A001       {speed}                01:00:00:00\n"
    (clip,) = read(edl(tmp_path, body), rate=R24).find_clips()
    (warp,) = clip.effects
    assert isinstance(warp, otio.schema.LinearTimeWarp) and warp.time_scalar == scalar
    assert clip.source_range is not None and clip.source_range.duration.value == 24


def test_a_list_may_run_past_midnight(tmp_path: Path) -> None:
    body = event(1, "23:59:59:00 00:00:01:00", "10:00:00:00 10:00:02:00")
    (clip,) = read(edl(tmp_path, body), rate=R24).find_clips()
    assert clip.source_range is not None and clip.source_range.duration.value == 48


def test_what_stands_between_events_is_a_gap(tmp_path: Path) -> None:
    body = ONE + event(2, "01:00:00:00 01:00:01:00", "10:00:02:00 10:00:03:00", reel="BL")
    (track,) = read(edl(tmp_path, body), rate=R24).tracks
    assert [type(item).__name__ for item in track] == ["Clip", "Gap", "Gap"]


@pytest.mark.parametrize(
    ("comment", "asks"),
    [("* gen: extend; frames: 12", True), ("* COMMENT: gen: extend; frames: 12", True),
     ("* a nice shot", False)],
)  # fmt: skip
def test_a_comment_of_an_event_may_ask(tmp_path: Path, comment: str, asks: bool) -> None:
    edit = find_shots(edl(tmp_path, f"{ONE}{comment}\n"), config=Config(data=tmp_path), rate=R24)
    assert bool(edit.faults) == asks  # its footage is not there


def test_a_clip_is_found_by_its_reel(train: Path) -> None:
    (train / "footage").mkdir()
    (train / "train.m4v").rename(train / "footage" / "A001.m4v")
    body = event(1, "00:00:01:00 00:00:02:00", "10:00:00:00 10:00:01:00")
    path = edl(train, f"{body}* FROM CLIP NAME: sh010\n* gen: extend; frames: 12\n")
    edit = find_shots(path, config=Config(data=train / "data"), rate=Rate(num=30))
    (shot,) = edit.shots
    assert shot.before is not None and shot.before.shown.media.path.name == "A001.m4v"
    assert any("relinked by name" in notice for notice in edit.notices)


def test_two_files_of_one_name_are_not_guessed_between(train: Path) -> None:
    (train / "footage").mkdir()
    (train / "footage" / "A001.m4v").write_bytes((train / "train.m4v").read_bytes())
    (train / "train.m4v").rename(train / "A001.mov")
    path = edl(train, f"{ONE}* gen: extend; frames: 12\n")
    edit = find_shots(path, config=Config(data=train / "data"), rate=R24)
    assert "2 files are called so" in str(edit.faults[0])


def test_a_name_that_no_file_has_is_told_with_the_folders(tmp_path: Path) -> None:
    path = edl(tmp_path, f"{ONE}* gen: extend; frames: 12\n")
    (fault,) = find_shots(path, config=Config(data=tmp_path), rate=R24).faults
    assert "known by name only ('A001')" in str(fault) and str(tmp_path) in str(fault)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (ONE + event(2, "01:00:00:00 01:00:01:00", "10:00:00:12 10:00:01:12"),
         "begins at frame 12, before what stands there ends at frame 24 @ V"),
        (f"{ONE}002  A001  V  C  01:00:00:00 01:00:01:00 10:00:01:00\n",
         "an event has 4 timecodes; here are 3 @ line 4"),
        (event(1, "01:00:00:00 01:00:01:00", "10:00:01:00 10:00:00:00"),
         "event 001 ends before it begins @ line 3"),
        (f"{ONE}M2 A001 fast\n", "no M2 line"),
        (event(1, "01:00:00:30 01:00:01:00", "10:00:00:00 10:00:01:00"),
         "'01:00:00:30' does not exist at 24 frames per second"),
        ("gen: bridge\n", "holds no event"),
    ],
)  # fmt: skip
def test_damage_is_named_with_its_line(tmp_path: Path, body: str, says: str) -> None:
    assert says in refused(edl(tmp_path, body), R24)


def test_a_list_in_western_european_text_is_read_and_told(tmp_path: Path) -> None:
    path = tmp_path / "cut.edl"
    path.write_bytes((HEAD + ONE + "* FROM CLIP NAME: Café\n").encode("cp1252"))
    found = reading(path, rate=R24)
    (clip,) = found.timeline.find_clips()
    assert clip.name == "Café" and "Western European" in found.notices[0]


def test_sound_and_picture_of_one_event_are_two_tracks(tmp_path: Path) -> None:
    timeline = read(edl(tmp_path, ONE.replace(" V  ", " AA/V")), rate=R24)
    assert [(t.name, t.kind) for t in timeline.tracks] == [("V", "Video"), ("AA", "Audio")]
