"""Final Cut Pro 7's XML: clips under transitions, speeds, nested sequences, markers."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.config import Config
from secondunit.errors import TimelineUnreadable
from secondunit.timeline.read import read
from secondunit.timeline.select import find_shots
from secondunit.timeline.shot import Shot

RATE = "<rate><timebase>30</timebase><ntsc>FALSE</ntsc></rate>"
FILE = f'<file id="f"><name>train.m4v</name><pathurl>train.m4v</pathurl>{RATE}' \
       "<duration>704</duration></file>"  # fmt: skip
DISSOLVE = "<transitionitem><start>40</start><end>56</end><alignment>{}</alignment>" \
           f"{RATE}<effect><name>Cross Dissolve</name></effect></transitionitem>"  # fmt: skip


def item(start: int, end: int, into: int, out: int, more: str = "", name: str = "train") -> str:
    """A clip of the train."""
    return (
        f"<clipitem><name>{name}</name>{RATE}<start>{start}</start><end>{end}</end><in>{into}</in>"
        f"<out>{out}</out><duration>704</duration>{FILE}{more}</clipitem>"
    )


def sequence(*tracks: str, rate: str = RATE, name: str = "cut", code: str = "") -> str:
    """A sequence of video tracks."""
    rows = "".join(f"<track>{track}</track>" for track in tracks)
    return (
        f"<sequence id='{name}'><name>{name}</name>{rate}{code}<media><video>{rows}</video></media>"
        "</sequence>"
    )


def save(folder: Path, inside: str) -> Path:
    """An .xml file."""
    path = folder / "cut.xml"
    path.write_text(f'<?xml version="1.0"?><!DOCTYPE xmeml><xmeml version="5">{inside}</xmeml>')
    return path


def row(folder: Path, *items: str) -> list[otio.core.Composable]:
    """The items of the only track; copies, which live on without their timeline."""
    timeline = read(save(folder, sequence("".join(items))))
    return [one.deepcopy() for one in timeline.tracks[0]]


def shot(folder: Path, inside: str) -> Shot:
    """The only shot."""
    edit = find_shots(save(folder, inside), config=Config(data=folder / "data"))
    assert edit.faults == ()
    (only,) = edit.shots
    return only


def source(one: otio.core.Composable) -> tuple[float, float]:
    """(first frame, frames)."""
    assert isinstance(one, otio.core.Item) and one.source_range is not None
    return one.source_range.start_time.value, one.source_range.duration.value


@pytest.mark.parametrize(
    ("aligned", "first", "second", "offsets"),
    [
        ("center", (100, 48), (208, 52), (8, 8)),
        ("start", (100, 40), (200, 60), (0, 16)),
        ("end", (100, 56), (216, 44), (16, 0)),
    ],
)
def test_a_clip_under_a_transition_is_cut_where_that_is_aligned(
    tmp_path: Path, aligned: str, first: object, second: object, offsets: object
) -> None:
    a, dissolve, b = row(
        tmp_path, item(0, -1, 100, 156), DISSOLVE.format(aligned), item(-1, 100, 200, 260)
    )
    assert (source(a), source(b)) == (first, second)
    assert isinstance(dissolve, otio.schema.Transition)
    assert (dissolve.in_offset.value, dissolve.out_offset.value) == offsets


def test_an_edge_without_a_transition_to_cover_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TimelineUnreadable, match="'train' has no start, and no transition there"):
        read(save(tmp_path, sequence(item(-1, 100, 200, 260))))


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("speed=200", ("LinearTimeWarp", 2.0, 200)),
        ("speed=50", ("LinearTimeWarp", 0.5, 50)),
        ("speed=100 reverse=TRUE", ("LinearTimeWarp", -1.0, 704 - 100 - 48)),
        ("speed=0", ("FreezeFrame", 0.0, 0)),
        ("speed=100 variablespeed=1", ("TimeEffect", None, 100)),
    ],
)
def test_a_speed_counts_in_the_clip_that_it_leaves(
    tmp_path: Path, parameters: str, expected: object
) -> None:
    said = "".join(
        f"<parameter><parameterid>{key}</parameterid><value>{value}</value></parameter>"
        for key, _, value in (word.partition("=") for word in parameters.split())
    )
    remap = f"<filter><effect><effectid>timeremap</effectid>{said}</effect></filter>"
    (clip,) = row(tmp_path, item(0, 48, 100, 148, remap))
    assert isinstance(clip, otio.schema.Clip)
    (effect,) = clip.effects
    kind = type(effect).__name__
    assert (kind, getattr(effect, "time_scalar", None), source(clip)[0]) == expected
    assert source(clip)[1] == 48


def test_a_clip_may_count_at_a_rate_of_its_own(tmp_path: Path) -> None:
    slow = item(0, 100, 10, 60).replace("<timebase>30", "<timebase>15", 1)
    (clip,) = row(tmp_path, slow)
    assert source(clip) == (20, 100)


def test_timecode_of_files_and_sequences_is_kept(tmp_path: Path) -> None:
    ntsc = "<rate><timebase>30</timebase><ntsc>TRUE</ntsc></rate>"
    code = f"<timecode>{ntsc}<frame>107892</frame><displayformat>DF</displayformat></timecode>"
    clip = item(0, 48, 100, 148).replace(
        "</file>", f"<timecode>{RATE}<frame>9000</frame><reel><name>A7</name></reel></timecode>"
        "</file>"
    )  # fmt: skip
    path = save(tmp_path, sequence(clip, rate=ntsc, code=code))
    edit = find_shots(path, config=Config(data=tmp_path))
    assert (str(edit.rate), edit.timecode_start, edit.drop_frame) == ("30000/1001", 107892, True)
    (found,) = read(path).find_clips()
    assert source(found)[0] == 9100
    assert found.media_reference.metadata["secondunit"]["reel"] == "A7"


def test_disabled_clips_and_tracks_stay_disabled(tmp_path: Path) -> None:
    off = "<enabled>FALSE</enabled>"
    timeline = read(save(tmp_path, sequence(item(0, 48, 0, 48, off), item(0, 48, 0, 48) + off)))
    assert not timeline.tracks[0][0].enabled and not timeline.tracks[1].enabled


def test_a_marker_of_a_clip_asks_at_its_frame_of_the_file(train: Path) -> None:
    words = "<marker><name/><comment>gen: animate; frames: 12</comment><in>110</in><out>-1</out>" \
            "</marker>"  # fmt: skip
    found = shot(train, sequence(item(0, 48, 100, 148, words)))
    assert found.still is not None and found.still.indexes == (110,)


def test_a_nested_sequence_is_footage_for_its_neighbours(train: Path) -> None:
    inner = sequence(item(0, 30, 300, 330) + item(30, 60, 400, 430), name="inner")
    nest = f"<clipitem><name>nest</name>{RATE}<start>0</start><end>40</end><in>10</in>" \
           f"<out>50</out>{inner}</clipitem>"  # fmt: skip
    words = "<marker><comment>gen: bridge</comment><name/><in>45</in><out>-1</out></marker>"
    outer = sequence(nest + item(64, 100, 172, 208)).removesuffix("</sequence>")
    outer += f"{words}</sequence>"
    found = shot(train, outer)
    assert found.before is not None
    assert found.before.shown.indexes[-1] == 419 and found.before.beyond.indexes[0] == 420
    assert found.before.shown.indexes[0] == 400  # further back is another clip
    assert found.record.start == 40 and found.record.frames == 24


def test_a_generator_that_is_called_gen_holds_a_place(train: Path) -> None:
    matte = (
        f"<generatoritem><name>GEN bridge slow push</name>{RATE}<start>48</start><end>72</end>"
        "<in>0</in><out>24</out><effect><effectid>Color</effectid></effect></generatoritem>"
    )
    found = shot(train, sequence(item(0, 48, 100, 148) + matte + item(72, 120, 172, 220)))
    assert (found.record.start, found.record.frames) == (48, 24)
    assert found.request.prompt == "slow push"


def test_a_sequence_in_a_project_is_found_and_the_one_that_it_uses_is_not_another(
    tmp_path: Path,
) -> None:
    inner = sequence(item(0, 30, 300, 330), name="inner")
    use = f"<clipitem><name>n</name>{RATE}<start>0</start><end>30</end><in>0</in><out>30</out>" \
          "<sequence id='inner'/></clipitem>"  # fmt: skip
    outer = sequence(use, name="outer")
    path = save(tmp_path, f"<project><children>{inner}<bin><children>{outer}</children></bin>"
                          "</children></project>")  # fmt: skip
    timeline = read(path)
    assert timeline.name == "outer" and isinstance(timeline.tracks[0][0], otio.schema.Stack)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("<start>0</start>", "<start>soon</start>", "<start> of 'train' is 'soon'"),
        ("<timebase>30</timebase>", "<timebase>0</timebase>", "timebase '0'"),
        ("<timebase>30</timebase>", "", "timebase ''"),
        ("<in>100</in>", "<in>99999999999</in>", "is 99999999999"),
    ],
)
def test_damage_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = save(tmp_path, sequence(item(0, 48, 100, 148)).replace(old, new))
    with pytest.raises(TimelineUnreadable) as caught:
        read(path)
    assert says in str(caught.value)


def test_a_sequence_that_holds_itself_is_refused(tmp_path: Path) -> None:
    use = f"<clipitem><name>n</name>{RATE}<start>0</start><end>30</end><in>0</in><out>30</out>" \
          "<sequence id='cut'/></clipitem>"  # fmt: skip
    with pytest.raises(TimelineUnreadable, match="nested deeper than 20 sequences"):
        read(save(tmp_path, sequence(use)))
