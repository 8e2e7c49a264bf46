"""Files that are no timeline are refused with everything that is wrong; the others are read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit.errors import TimelineUnreadable
from secondunit.timeline.read import read

from tests.timeline.cuts import clip, gap, marker, save, span


def refused(path: Path) -> list[str]:
    with pytest.raises(TimelineUnreadable) as caught:
        read(path)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("active_key_absent", "no media reference 'take_9'; there are: 'DEFAULT_MEDIA' @ "
         "tracks.children[0].children[0].active_media_reference_key"),
        ("bom", "byte order mark"),
        ("custom_effect_schema", "unknown schema GenerativeEffect.1"),
        ("empty_file", "is empty"),
        ("nan_value", "nan is no number that JSON or time knows @ "
         "tracks.children[0].children[0].source_range.start_time.value"),
        ("truncated", "the file breaks off"),
        ("zero_rate", "a rate of 0 frames per second @ "
         "tracks.children[0].children[0].source_range.duration.rate"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_refused_with_its_place(shared: Path, name: str, says: str) -> None:
    faults = refused(shared / "timelines" / "malformed" / f"{name}.otio")
    assert any(says in fault for fault in faults), faults


def test_markers_of_the_coming_schema_are_read(shared: Path) -> None:
    timeline = read(shared / "timelines" / "malformed" / "marker3_future_schema.otio")
    (found,) = timeline.tracks[0][0].markers
    assert isinstance(found, otio.schema.Marker)
    assert isinstance(found.color, str) and found.color


@pytest.mark.parametrize("folder", ["otio", "resolve", "hiero", "tlrender", "raven", "toucan",
                                    "aswf", "synthetic"])  # fmt: skip
def test_real_exports_are_read(shared: Path, folder: str) -> None:
    paths = sorted((shared / "timelines" / folder).glob("*.otio"))
    assert paths
    for path in paths:
        assert len(read(path).tracks), path


def test_a_lone_clip_gets_a_timeline_around_it(shared: Path) -> None:
    timeline = read(shared / "timelines" / "resolve" / "ayon_movie_with_handles.otio")
    assert isinstance(timeline.tracks[0][0], otio.schema.Clip)
    assert timeline.tracks[0].kind == "Video"


def test_a_kind_of_file_that_is_not_read_is_told_what_is(tmp_path: Path) -> None:
    path = tmp_path / "cut.prproj"
    path.write_bytes(b"x")
    assert refused(path) == [
        "'cut.prproj' is no kind of timeline that we read; we read .otio, .edl, .xml, .fcpxml, "
        ".ale, .aaf, .otioz, .otiod, .fcpxmld @ file"
    ]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (fault,) = refused(tmp_path / "gone.otio")
    assert "gone.otio" in fault and "No such file" in fault


def test_latin_1_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cut.otio"
    path.write_bytes('{"OTIO_SCHEMA": "Timeline.1", "name": "Café"}'.encode("latin-1"))
    (fault,) = refused(path)
    assert "not UTF-8" in fault and "0xe9" in fault


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"tracks": []}', "no OTIO_SCHEMA"),
        ("[1, 2]", "no OTIO_SCHEMA"),
        ('{"OTIO_SCHEMA": "Marker.2"}', "the file holds a Marker"),
        ("[" * 100_000, "nested deeper"),
        ('{"OTIO_SCHEMA": "Timeline.1", "metadata": ' + '{"a":' * 300 + "1" + "}" * 301,
         "nested deeper"),
        ('{"OTIO_SCHEMA": "Timeline.1", "metadata": {"n": 1e999}}', "inf is no number"),
        ('{"OTIO_SCHEMA": "Timeline.1", "metadata": {"n": 9223372036854775808}}', "64 bits"),
        ('{"OTIO_SCHEMA": "Timeline.1", "metadata": {"n": ' + "9" * 5000 + "}}", "thousands of"),
        ('{"OTIO_SCHEMA": "Timeline.1", "metadata": {"n": ' + "9" * 400 + "}}", "400 digits"),
        ('{"OTIO_SCHEMA": "Timeline.1", "global_start_time": {"OTIO_SCHEMA": "RationalTime.1", '
         '"rate": 24, "value": ' + "9" * 400 + "}}", "400 digits"),
        ('{"OTIO_SCHEMA": "Timeline.' + "9" * 5000 + '"}', "no OTIO_SCHEMA"),
        ('{"OTIO_SCHEMA": "Timeline.2", "tracks": null}', "Timeline.2 is newer than Timeline.1"),
        ('{"OTIO_SCHEMA": "Timeline.1", "tracks": 5}', "OpenTimelineIO refuses it"),
        ('{"OTIO_SCHEMA": "Timeline.1"', "breaks off"),
        ("gen: bridge", "is no JSON"),
    ],
)  # fmt: skip
def test_what_is_no_timeline_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "cut.otio"
    path.write_text(text)
    faults = refused(path)
    assert any(says in fault for fault in faults), faults


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are a thing of POSIX")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "cut.otio")
    (fault,) = refused(tmp_path / "cut.otio")
    assert "is no file" in fault


def edited(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A good timeline with its JSON changed."""
    first = clip("a.mov", 0, 10, available=span(0, 100))
    first.markers.append(marker("note"))
    path = save(folder, [first, gap(5), clip("b.mov", 0, 10)])
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
    return path


def test_all_faults_of_a_file_come_at_once(tmp_path: Path) -> None:
    def spoil(data: dict[str, Any]) -> None:
        first, hole, second = data["tracks"]["children"][0]["children"]
        first["source_range"]["duration"]["value"] = -4
        first["metadata"] = None
        first["OTIO_SCHEMA"] = "Clip.9"
        first["markers"][0]["marked_range"]["start_time"]["rate"] = -1
        hole["effects"] = [{"OTIO_SCHEMA": "Clip.2", "media_references": {},
                            "active_media_reference_key": "DEFAULT_MEDIA"}]  # fmt: skip
        second["media_references"] = None
        second["active_media_reference_key"] = 3

    assert refused(edited(tmp_path, spoil)) == [
        "Clip.9 is newer than Clip.2, the newest we know; export for an older version of "
        "OpenTimelineIO @ tracks.children[0].children[0].OTIO_SCHEMA",
        "a duration of -4 frames @ tracks.children[0].children[0].source_range.duration.value",
        "a rate of -1 frames per second @ "
        "tracks.children[0].children[0].markers[0].marked_range.start_time.rate",
        "a Clip cannot stand here @ tracks.children[0].children[1].effects[0]",
        "no media reference 'DEFAULT_MEDIA'; there are: none @ "
        "tracks.children[0].children[1].effects[0].active_media_reference_key",
        "'media_references' of a Clip cannot be null @ "
        "tracks.children[0].children[2].media_references",
    ]


def test_null_is_refused_where_it_has_no_meaning(tmp_path: Path) -> None:
    def spoil(data: dict[str, Any]) -> None:
        item = data["tracks"]["children"][0]["children"][1]
        for key in ("metadata", "effects", "markers", "enabled"):
            item[key] = None

    assert len(refused(edited(tmp_path, spoil))) == 4


def test_a_field_that_is_missing_is_named(tmp_path: Path) -> None:
    def spoil(data: dict[str, Any]) -> None:
        del data["tracks"]["children"][0]["kind"]
        del data["tracks"]["children"][0]["children"][0]["markers"][0]["marked_range"]

    assert refused(edited(tmp_path, spoil)) == [
        "a Track needs 'kind' @ tracks.children[0].kind",
        "a Marker needs 'marked_range' @ tracks.children[0].children[0].markers[0].marked_range",
    ]


def test_a_coloured_marker_of_the_future_keeps_its_colour(tmp_path: Path) -> None:
    def colour(data: dict[str, Any]) -> None:
        found = data["tracks"]["children"][0]["children"][0]["markers"][0]
        found["OTIO_SCHEMA"] = "Marker.3"
        found["color"] = {"OTIO_SCHEMA": "Color.1", "name": "", "r": 1.0, "g": 0.5, "b": 0,
                          "a": 1}  # fmt: skip

    timeline = read(edited(tmp_path, colour))
    assert timeline.tracks[0][0].markers[0].color == "#ff8000"
    assert timeline.tracks[0][0].markers[0].comment == "note"


def test_metadata_of_others_may_hold_schemas_nobody_knows(tmp_path: Path) -> None:
    def add(data: dict[str, Any]) -> None:
        data["metadata"]["other"] = {"OTIO_SCHEMA": "Secret.7", "value": None}

    assert read(edited(tmp_path, add)).name == "cut"


def test_a_collection_of_one_timeline_is_that_timeline(tmp_path: Path) -> None:
    path = save(tmp_path, [clip("a.mov", 0, 10)])
    collection = otio.schema.SerializableCollection(
        children=[otio.schema.Clip("bin"), otio.adapters.read_from_file(str(path))]
    )
    otio.adapters.write_to_file(collection, str(path))
    assert read(path).tracks[0][0].name == "a"
    collection.append(otio.schema.Timeline("two"))
    otio.adapters.write_to_file(collection, str(path))
    assert read(path).tracks[0][0].name == "a"
    assert read(path, sequence="two").name == "two"


def test_the_file_is_not_touched(tmp_path: Path) -> None:
    path = save(tmp_path, [clip("a.mov", 0, 10)])
    before = path.read_bytes(), path.stat().st_mtime_ns
    read(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_field_of_someone_elses_is_kept_unread(tmp_path: Path) -> None:
    path = tmp_path / "cut.otio"
    record = json.loads(otio.schema.Timeline("cut").to_json_string())
    record["studio"] = {"reel": 4, "notes": [{"by": "me"}]}
    path.write_text(json.dumps(record))
    assert read(path).name == "cut"
