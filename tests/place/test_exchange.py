"""FCP7 XML and FCPXML: the placed edit once more, to the frame, in what hosts relink by."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import opentimelineio as otio
import pytest
from secondunit.config import Config
from secondunit.place.fcp7 import file_url, said
from secondunit.timeline.cut import CuttingRoom, rate_of
from secondunit.timeline.read import read
from secondunit.timeline.returned import generated
from secondunit.units import Operation, Rate

from tests.place.edits import (
    FILM,
    HOUR,
    ON_A,
    TAKE,
    clip,
    edit,
    gap,
    note,
    placed,
    plan_at,
    span,
    stock,
    time,
)

Node = ElementTree.Element


def dissolve(before: int, after: int) -> otio.schema.Transition:
    return otio.schema.Transition("d", "SMPTE_Dissolve", time(before), time(after))


def reel(folder: Path, rate: Rate = FILM) -> Path:
    """A, a gap, B, a dissolve, C at double speed; a title above, sound below."""
    fast = clip("C", 24, rate)
    fast.effects.append(otio.schema.LinearTimeWarp("fast", 2.0))
    items = [clip("A", 48, rate), gap(24, rate), clip("B", 48, rate), dissolve(6, 6), fast]
    return edit(folder / "cut.otio", items, rate)


def written(original: Path, suffix: str, **changes: Any) -> Node:
    result = placed(original, plan_at(48, 24, **changes), profile="resolve")
    (file,) = [file for file in result.files if file.suffix == suffix]
    return ElementTree.fromstring(file.read_bytes())


def number(node: Node, path: str) -> int:
    found = node.findtext(path)
    assert found is not None, path
    return int(found)


def test_fcp7_says_every_edit_point_to_the_frame(tmp_path: Path) -> None:
    root = written(reel(tmp_path), ".xml")

    assert (root.tag, root.get("version")) == ("xmeml", "5")
    tracks = root.findall("sequence/media/video/track")
    edges = [
        tuple(number(item, key) for key in ("start", "end", "in", "out"))
        for item in tracks[0].findall("clipitem")
    ]
    # Under the dissolve B has 6 frames more, and so has C, at half the count for its double speed.
    assert edges == [
        (0, 48, 100, 148), (48, 72, 8, 32), (72, -1, 100, 154), (-1, 144, 44, 74),
    ]  # fmt: skip
    (transition,) = tracks[0].findall("transitionitem")
    assert [number(transition, key) for key in ("start", "end")] == [114, 126]
    assert tracks[0].findtext("clipitem[4]/filter/effect/parameter[2]/value") == "200"
    title = tracks[1].find("clipitem")
    assert title is not None
    assert [number(title, key) for key in ("start", "end", "in", "out")] == [30, 42, 100, 112]
    assert [number(title, f"marker/{key}") for key in ("in", "out")] == [104, -1]
    sound = root.find("sequence/media/audio/track/clipitem")
    assert sound is not None and sound.findtext("file/media/audio") is not None


def test_fcp7_says_what_hosts_relink_by(tmp_path: Path) -> None:
    root = written(reel(tmp_path), ".xml")

    sequence = root.find("sequence")
    assert sequence is not None
    assert [sequence.findtext(f"rate/{key}") for key in ("timebase", "ntsc")] == ["24", "TRUE"]
    assert sequence.findtext("timecode/string") == "01:00:00:00"
    form = sequence.find("media/video/format/samplecharacteristics")
    assert form is not None and [number(form, k) for k in ("width", "height")] == [64, 48]
    take = sequence.find(f"media/video/track/clipitem[name='{TAKE}']")
    assert take is not None
    file = take.find("file")
    assert file is not None
    url = f"file://localhost{tmp_path}/cut.gen/{TAKE}"
    assert (file.findtext("name"), file.findtext("pathurl")) == (TAKE, url)
    assert (number(file, "duration"), number(file, "timecode/frame")) == (40, HOUR + 40)
    assert file.findtext("timecode/reel/name") == "A001C002"
    assert number(file, "media/video/samplecharacteristics/width") == 64
    assert take.findtext("marker/comment") == "gen: bridge\nid: k3v9q2ab"


@pytest.mark.parametrize(
    ("rate", "zero", "drop", "said_as"),
    [
        (Rate(num=30000, den=1001), 107892, True, ("DF", "01:00:01;10")),
        (Rate(num=30000, den=1001), 108000, False, ("NDF", "01:00:01:10")),
        (Rate(num=25), 90000, False, ("NDF", "01:00:01:15")),
    ],
)
def test_fcp7_says_how_timecode_is_counted(
    tmp_path: Path, rate: Rate, zero: int, drop: bool, said_as: tuple[str, str]
) -> None:
    items = [clip("A", 48, rate), gap(24, rate), clip("B", 48, rate)]
    original = edit(tmp_path / "cut.otio", items, rate, zero)

    root = written(original, ".xml", zero=zero, rate=rate, drop_frame=drop)

    clock = root.find(f"sequence/media/video/track/clipitem[name='{TAKE}']/file/timecode")
    assert clock is not None
    assert (clock.findtext("displayformat"), clock.findtext("string")) == said_as
    assert root.findtext("sequence/timecode/displayformat") == said_as[0]


def test_an_uneven_dissolve_is_whole_and_its_cut_is_found_again(tmp_path: Path) -> None:
    items = [clip("A", 48), gap(24), clip("B", 48), dissolve(9, 3), clip("C", 24)]
    result = placed(edit(tmp_path / "cut.otio", items), plan_at(48, 24), profile="premiere")
    (file,) = result.files

    root = ElementTree.fromstring(file.read_bytes())
    track = root.find("sequence/media/video/track")
    assert track is not None
    assert [number(track, f"transitionitem/{key}") for key in ("start", "end")] == [111, 123]
    # 9 frames of 24000/1001 a second.
    assert number(track, "transitionitem/cutPointTicks") == 9 * 254_016_000_000 * 1001 // 24000
    edges = [
        tuple(number(item, key) for key in ("start", "end", "in", "out"))
        for item in track.findall("clipitem")
    ]
    assert edges[2:] == [(72, -1, 100, 151), (-1, 144, 91, 124)]
    assert [n for n in result.notices if "dissolve" in n] == [
        "the dissolve at frame 120 has 9 frames before its cut and 3 after it: programs other than "
        "Premiere find the cut of the .xml in its middle; the pictures are the same"
    ]

    (video, *_) = read(file).video_tracks()
    (back,) = [item for item in video if isinstance(item, otio.schema.Transition)]
    assert (back.in_offset.value, back.out_offset.value) == (9, 3)
    lengths = [item.trimmed_range().duration.value for item in video if item is not back]
    assert lengths == [48, 24, 48, 24]


def test_a_host_without_premieres_ticks_sees_the_same_frames_under_a_dissolve(
    tmp_path: Path,
) -> None:
    items = [clip("A", 48), gap(24), clip("B", 48), dissolve(9, 3), clip("C", 24)]
    result = placed(edit(tmp_path / "cut.otio", items), plan_at(48, 24), profile="premiere")
    plain = tmp_path / "plain.xml"
    text = re.sub(r"<cutPointTicks>\d+</cutPointTicks>", "", result.files[0].read_text())
    plain.write_text(text)

    shown = []
    for file in (result.files[0], plain):
        (video, *_) = read(file).video_tracks()
        *_, before, mix, after = video
        # The frame of each file that is under the dissolve's first frame.
        out = before.source_range.end_time_exclusive().value - mix.in_offset.value
        into = after.source_range.start_time.value - mix.in_offset.value
        shown.append((out, into))
    assert shown[0] == shown[1]


def test_a_nested_sequence_stays_one(tmp_path: Path) -> None:
    inside = otio.schema.Stack("inside")
    inside.append(otio.schema.Track("V", children=[clip("N", 60)], kind="Video"))
    inside.source_range = span(10, 24)
    original = edit(tmp_path / "cut.otio", [clip("A", 48), gap(24), inside])

    fcp7 = written(original, ".xml")
    fcpxml = written(original, ".fcpxml")

    (nested,) = fcp7.findall("sequence/media/video/track/clipitem/sequence")
    assert nested.findtext("name") == "inside"
    assert nested.findtext("media/video/track/clipitem/name") == "N"
    holder = fcp7.find("sequence/media/video/track/clipitem[3]")
    assert holder is not None and [number(holder, k) for k in ("in", "out")] == [10, 34]
    (ref,) = fcpxml.findall("library/event/project/sequence/spine/ref-clip")
    (media,) = fcpxml.findall("resources/media")
    assert ref.get("ref") == media.get("id")
    assert seconds(ref, "start") == Fraction(10 * 1001, 24000)


def seconds(node: Node, key: str) -> Fraction:
    text = node.get(key)
    assert text is not None and text.endswith("s"), key
    return Fraction(text[:-1])


def frames(value: Fraction) -> Fraction:
    return value * 24000 / 1001


def test_fcpxml_says_every_edit_point_to_the_frame(tmp_path: Path) -> None:
    root = written(reel(tmp_path), ".fcpxml")

    assert (root.tag, root.get("version")) == ("fcpxml", "1.10")
    (sequence,) = root.findall("library/event/project/sequence")
    assert frames(seconds(sequence, "tcStart")) == HOUR
    assert frames(seconds(sequence, "duration")) == 144
    (spine,) = sequence.findall("spine")
    stand = [
        (one.tag, frames(seconds(one, "offset")) - HOUR, frames(seconds(one, "duration")))
        for one in spine
    ]
    assert stand == [
        ("asset-clip", 0, 48), ("asset-clip", 48, 24), ("asset-clip", 72, 48),
        ("transition", 114, 12), ("asset-clip", 120, 24),
    ]  # fmt: skip
    starts = [frames(seconds(one, "start")) for one in spine if one.tag == "asset-clip"]
    assert starts == [HOUR + 100, HOUR + 48, HOUR + 100, HOUR + 50]
    first, last = spine[4].findall("timeMap/timept")
    slope = (seconds(last, "value") - seconds(first, "value")) / (
        seconds(last, "time") - seconds(first, "time")
    )
    assert slope == 2


def test_fcpxml_connects_the_other_tracks_by_lanes(tmp_path: Path) -> None:
    root = written(reel(tmp_path), ".fcpxml")

    first = root.find("library/event/project/sequence/spine/asset-clip")
    assert first is not None
    title, sound = first.findall("asset-clip")
    assert (title.get("lane"), sound.get("lane")) == ("1", "-1")
    # The offset of what is connected counts on its holder's own clock.
    assert frames(seconds(title, "offset") - seconds(first, "start")) == 30
    assert frames(seconds(sound, "offset") - seconds(first, "start")) == 0
    assert sound.get("srcEnable") == "audio"


def test_fcpxml_says_what_hosts_relink_by(tmp_path: Path) -> None:
    root = written(reel(tmp_path), ".fcpxml")

    ids = [node.get("id") for node in root.iter() if node.get("id")]
    assert len(ids) == len(set(ids))
    (asset,) = root.findall(f"resources/asset[@name='{TAKE}']")
    (rep,) = asset.findall("media-rep")
    assert rep.get("src") == f"file://{tmp_path}/cut.gen/{TAKE}"
    assert frames(seconds(asset, "start")) == HOUR + 40
    assert frames(seconds(asset, "duration")) == 40
    form = root.find(f"resources/format[@id='{asset.get('format')}']")
    assert form is not None
    assert (form.get("frameDuration"), form.get("width")) == ("1001/24000s", "64")
    clips = root.findall(f".//asset-clip[@ref='{asset.get('id')}']")
    assert [one.find("marker") is not None for one in clips] == [True]
    for one in root.iter():
        assert one.get("ref") is None or one.get("ref") in ids


def test_a_clip_above_past_the_end_of_the_spine_has_a_gap_to_hold_it(tmp_path: Path) -> None:
    original = edit(tmp_path / "cut.otio", [clip("A", 20)])
    plan = plan_at(40, 24, operation=Operation.ANIMATE, place=ON_A)
    result = placed(original, plan, profile="resolve")
    (file,) = [file for file in result.files if file.suffix == ".fcpxml"]

    spine = ElementTree.fromstring(file.read_bytes()).find(".//spine")

    assert spine is not None and [one.tag for one in spine] == ["asset-clip", "gap"]
    (take,) = spine[1].findall("asset-clip[@lane='2']")
    assert frames(seconds(take, "offset") - seconds(spine[1], "start")) == 20


def test_dissolves_on_a_higher_track_keep_their_clips_together(tmp_path: Path) -> None:
    original = edit(tmp_path / "cut.otio", [clip("A", 48), gap(24), clip("B", 48)])
    timeline = stock(original)
    timeline.tracks[1].extend([dissolve(2, 2), clip("Z", 20)])
    otio.adapters.write_to_file(timeline, str(original))

    root = written(original, ".fcpxml")

    (story,) = root.findall(".//spine[@lane='1']")
    assert [one.tag for one in story] == ["asset-clip", "transition", "asset-clip"]
    assert [frames(seconds(one, "offset")) for one in story] == [0, 10, 12]


def test_what_no_xml_can_hold_is_replaced(tmp_path: Path) -> None:
    first = clip("A \x01 & <b>", 48)
    first.markers.append(note("look \x0b here ]]> & <there>", HOUR + 101))
    original = edit(tmp_path / "cut.otio", [first, gap(24), clip("B", 48)])

    for suffix in (".xml", ".fcpxml"):
        assert written(original, suffix).tag in ("xmeml", "fcpxml")
    assert said("a\x00b") == "a\ufffdb"


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/a/b c#1.mov", "file://localhost/a/b%20c%231.mov"),
        ("C:\\Art\\o.mov", "file://localhost/C%3A/Art/o.mov"),
        ("\\\\server\\share\\o.mov", "file://server/share/o.mov"),
    ],
)
def test_a_path_becomes_the_url_that_hosts_write(path: str, url: str) -> None:
    assert file_url(path) == url


@pytest.mark.parametrize("suffix", [".xml", ".fcpxml"])
def test_our_own_readers_find_the_same_edit_and_the_same_shot(tmp_path: Path, suffix: str) -> None:
    result = placed(reel(tmp_path), plan_at(48, 24), profile="resolve")
    (file,) = [file for file in result.files if file.suffix == suffix]

    found = read(file)

    assert rate_of(found) == FILM
    room = CuttingRoom(rate=FILM, folder=tmp_path, config=Config(data=tmp_path), notices=[])
    rows = [room.layout(track, 0)[0] for track in found.video_tracks()]
    assert [
        (laid.item.name, laid.record.start, laid.record.frames)
        for row in rows
        for laid in row
        if isinstance(laid.item, otio.schema.Clip)
    ] == [("A", 0, 48), (TAKE, 48, 24), ("B", 72, 48), ("C", 120, 24), ("title", 30, 12)]
    take = next(laid.item for laid in rows[0] if laid.item.name == TAKE)
    assert generated(take) == ("bridge", "k3v9q2ab")
    assert take.source_range.start_time.value == HOUR + 48
    assert "gen: bridge" in str(take.markers[0].metadata) + take.markers[0].comment
