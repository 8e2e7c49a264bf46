"""Oddities of .otio files: Premiere's shape, markers on every level, metadata without end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit.timeline.cut import rate_of
from secondunit.timeline.read import read
from secondunit.timeline.select import find_shots
from secondunit.units import FrameRange, Rate

from tests.timeline.cuts import around, asking, clip, config, gap, marker, save, span


def time(value: float, rate: float = 30.0) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": rate, "value": value}


def time_range(start: float, frames: float) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": "TimeRange.1", "start_time": time(start), "duration": time(frames)
    }  # fmt: skip


def effect(match: str, name: str, value: Any) -> dict[str, Any]:
    """One of After Effects', its value at a moment a hundred hours before the clip."""
    at = {"Position": time(-10800000.0), "Value": value}
    parameter = {"DisplayName": name, "ID": 1, "StartValue": at}
    ours = {"IsIntrinsic": True, "MatchName": match, "Parameters": [parameter]}
    return {"OTIO_SCHEMA": "Effect.1", "name": name, "effect_name": name, "enabled": True,
            "metadata": {"PremierePro_OTIO": ours}}  # fmt: skip


def warp(scalar: float) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "LinearTimeWarp.1", "name": "Speed", "effect_name": "Speed",
            "enabled": True, "metadata": {}, "time_scalar": scalar}  # fmt: skip


def item(
    name: str, start: float, frames: float, *effects: dict[str, Any], link: int = 1,
    markers: list[dict[str, Any]] | None = None, reference: dict[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A clip as Premiere writes it: its range counts the media that it reads."""
    media = reference or {
        "OTIO_SCHEMA": "ExternalReference.1", "name": name, "metadata": {},
        "target_url": "file:///D:/media/train.m4v", "available_image_bounds": None,
        "available_range": time_range(0, 704),
    }  # fmt: skip
    return {
        "OTIO_SCHEMA": "Clip.2", "name": name, "enabled": True, "effects": list(effects),
        "markers": markers or [], "source_range": time_range(start, frames), "color": None,
        "active_media_reference_key": "DEFAULT_MEDIA", "media_references": {"DEFAULT_MEDIA": media},
        "metadata": {"PremierePro_OTIO": {
            "LinkID": link, "OriginalChannelGroupIndex": 0, "SourceClipIndex": 0,
        }},
    }  # fmt: skip


def premiere(
    folder: Path, *row: dict[str, Any], markers: list[dict[str, Any]] | None = None
) -> Path:
    """A sequence of Premiere's, after what is documented of its exports."""
    stack = {
        "OTIO_SCHEMA": "Stack.1", "name": "Sequence 01", "enabled": True, "effects": [],
        "markers": markers or [], "source_range": None, "color": None,
        "metadata": {"PremierePro_OTIO": {
            "AudioFrameRate": 48000.0, "PixelAspectRatio": 1.0, "VideoFrameRate": 30.0,
            "VideoResolution": {"width": 320, "height": 180},
        }},
        "children": [{
            "OTIO_SCHEMA": "Track.1", "name": "Video 1", "kind": "Video", "enabled": True,
            "effects": [], "markers": [], "source_range": None, "color": None, "metadata": {},
            "children": list(row),
        }],
    }  # fmt: skip
    timeline = {
        "OTIO_SCHEMA": "Timeline.1", "name": "", "global_start_time": None, "tracks": stack,
        "metadata": {"PremierePro_OTIO": {"MetadataVersion": "1.0"}},
    }  # fmt: skip
    path = folder / "premiere.otio"
    path.write_text(json.dumps(timeline))
    return path


def hole(frames: float) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "Gap.1", "name": "", "enabled": True, "effects": [], "markers": [],
            "source_range": time_range(0, frames), "metadata": {}, "color": None}  # fmt: skip


def mark(start: float, **words: str) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "Marker.2", "name": "", "color": "GREEN", "comment": "", "metadata": {},
            "marked_range": time_range(start, 0), **words}  # fmt: skip


def test_an_edit_of_premiere_s_is_read_as_premiere_counts_it(train: Path) -> None:
    """A 1x warp is none; 200 % of 96 frames covers 48; only names of sequence markers live."""
    path = premiere(
        train,
        item("train.m4v", 100, 48, effect("AE.ADBE Motion", "Scale", 100.0), warp(1.0)),
        item("train.m4v", 200, 96, warp(2.0), effect("AE.ADBE Opacity", "Opacity", 100.0), link=2),
        hole(24),
        item("train.m4v", 300, 60, link=3, markers=[mark(310, comment="gen: extend\nframes: 9")]),
        markers=[mark(100, name="GEN bridge")],
    )
    edit = find_shots(path, config=config(train))
    assert edit.faults == () and edit.rate == Rate(num=30)
    bridge, tail = edit.shots
    assert bridge.record == FrameRange(start=96, frames=24)
    assert tail.record == FrameRange(start=180, frames=9)
    assert bridge.before is not None and bridge.before.shown.indexes[-1] == 200 + 2 * 47
    assert bridge.after is not None and bridge.after.shown.indexes[0] == 300
    assert edit.notices == (f"'train.m4v' was relinked by name to {train / 'train.m4v'}",)


def test_the_rate_of_a_host_counts_where_no_timecode_says_it(train: Path) -> None:
    """Most of a sequence at 25 may be footage at 30."""
    path = premiere(train, item("train.m4v", 100, 48))
    record = json.loads(path.read_text())
    record["tracks"]["metadata"]["PremierePro_OTIO"]["VideoFrameRate"] = 25.0
    path.write_text(json.dumps(record))
    assert rate_of(read(path)) == Rate(num=25)


def test_a_title_of_premiere_s_may_hold_the_place(train: Path) -> None:
    title = {"OTIO_SCHEMA": "GeneratorReference.1", "name": "", "metadata": {}, "parameters": {},
             "generator_kind": "Title", "available_range": None,
             "available_image_bounds": None}  # fmt: skip
    path = premiere(
        train, item("train.m4v", 100, 48),
        item("GEN bridge slow push", 0, 24, effect("AE.ADBE Text", "Source Text", "AAAA"),
             reference=title),
        item("train.m4v", 172, 48),
    )  # fmt: skip
    (shot,) = find_shots(path, config=config(train)).shots
    assert shot.record == FrameRange(start=48, frames=24)
    assert shot.request.prompt == "slow push"


def test_a_reversed_clip_of_premiere_s_is_told_of(train: Path) -> None:
    path = premiere(
        train, item("train.m4v", 100, 48, warp(-1.0)), hole(24), item("train.m4v", 172, 48),
        markers=[mark(50, name="GEN bridge")],
    )  # fmt: skip
    edit = find_shots(path, config=config(train))
    (shot,) = edit.shots
    assert shot.before is not None and shot.before.shown.indexes[-1] == 100
    assert any("may count where it begins from the other end" in one for one in edit.notices)


@pytest.mark.parametrize("where", ["timeline", "track", "gap", "clip"])
def test_a_marker_asks_on_whatever_level_it_stands(train: Path, where: str) -> None:
    path = save(train, around(gap(24)))
    timeline = otio.adapters.read_from_file(str(path))
    track = timeline.tracks[0]
    place = {"timeline": timeline.tracks, "track": track, "gap": track[1], "clip": track[0]}[where]
    at = {"timeline": 50, "track": 50, "gap": 2, "clip": 147}[where]
    place.markers.append(marker("gen: bridge", at))
    otio.adapters.write_to_file(timeline, str(path))
    (shot,) = find_shots(path, config=config(train)).shots
    assert shot.record == FrameRange(start=48, frames=24)


def test_metadata_of_megabytes_is_passed_by(train: Path) -> None:
    path = save(train, around(asking("gen: bridge")))
    record = json.loads(path.read_text())
    record["metadata"] = {"Host": {"Log": ["x" * 4096] * 4096, "Deep": [[[[{"a": [1, 2]}]]]]}}
    path.write_text(json.dumps(record))
    assert path.stat().st_size > 16_000_000
    assert len(find_shots(path, config=config(train)).shots) == 1


def test_a_title_above_a_gap_means_the_gap(train: Path) -> None:
    title = otio.schema.Clip(
        name="GEN bridge", media_reference=otio.schema.GeneratorReference(generator_kind="title"),
        source_range=span(0, 20),
    )  # fmt: skip
    path = save(train, around(gap(24)), [gap(50), title])
    edit = find_shots(path, config=config(train))
    (shot,) = edit.shots
    assert shot.record == FrameRange(start=48, frames=24) and shot.place.track == 0
    assert "it stays above what is made, so switch it off" in " ".join(edit.notices)


def test_a_title_between_two_clips_of_its_own_track_means_its_own_place(train: Path) -> None:
    title = otio.schema.Clip(
        name="GEN bridge", media_reference=otio.schema.GeneratorReference(generator_kind="title"),
        source_range=span(0, 20),
    )  # fmt: skip
    top = [clip("train.m4v", 300, 50), title, clip("train.m4v", 400, 50)]
    (shot,) = find_shots(save(train, around(gap(24)), top), config=config(train)).shots
    assert shot.record == FrameRange(start=50, frames=20) and shot.place.track == 1
