"""Whether timecode drops frames: as a file says it, or its caller, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit.plan.build import plan_timeline
from secondunit.plan.planned import Options
from secondunit.timeline.clock import drops_frames
from secondunit.timeline.select import find_shots

from tests.timeline.cuts import asking_at, clip, config, save

NTSC = 30000 / 1001


def cut(folder: Path, metadata: dict[str, Any] | None = None, *, rate: float = NTSC) -> Path:
    """A cut that starts at 01:00:00;00, as far as its metadata say so."""
    rows = [
        clip("train.m4v", 100, 48, rate=rate), asking_at("gen: bridge", 24, rate),
        clip("train.m4v", 172, 48, rate=rate),
    ]  # fmt: skip
    path = save(folder, rows, start=107892, rate=rate)
    timeline = otio.adapters.read_from_file(str(path))
    timeline.metadata.update(metadata or {})
    otio.adapters.write_to_file(timeline, str(path))
    return path


@pytest.mark.parametrize(
    ("metadata", "drops"),
    [
        ({}, None),
        ({"secondunit": {"timebase": {"num": 30000, "den": 1001, "drop_frame": True}}}, True),
        ({"secondunit": {"drop_frame": False}, "other": {"drop_frame": True}}, False),
        ({"fcp_xml": {"timecode": {"displayformat": "DF"}}}, True),
        ({"fcp_xml": {"timecode": {"displayformat": "NDF"}}}, False),
        ({"Resolve_OTIO": {"Timecode Drop Frame": True}}, True),
        ({"Host": {"Project": {"Settings": {"timelineDropFrameTimecode": "1"}}}}, True),
        ({"Host": {"dropFrame": "perhaps"}}, None),
        ({"Host": ["dropFrame"], "dropFrame": True}, None),
    ],
)
def test_whoever_wrote_the_file_may_say_it(metadata: dict[str, Any], drops: bool | None) -> None:
    timeline = otio.schema.Timeline(metadata=metadata)
    assert drops_frames(timeline) is drops


def test_a_file_that_does_not_say_it_is_counted_without_and_that_is_said(train: Path) -> None:
    path = cut(train)
    edit = find_shots(path, config=config(train))
    assert not edit.drop_frame and "--drop-frame" in edit.notices[-1]
    told = find_shots(path, config=config(train), drop_frame=True)
    assert told.drop_frame and told.shots[0].drop_frame and told.notices == ()


def test_a_file_that_says_it_gets_no_notice(train: Path) -> None:
    edit = find_shots(cut(train, {"Host": {"drop_frame": True}}), config=config(train))
    assert edit.drop_frame and edit.notices == ()
    edit = find_shots(cut(train, {"Host": {"drop_frame": False}}), config=config(train))
    assert not edit.drop_frame and edit.notices == ()


def test_frames_cannot_be_dropped_at_every_rate(train: Path) -> None:
    path = cut(train, rate=25)
    found = plan_timeline(path, Options(drop_frame=True), config(train))
    (fault,) = found.faults
    assert "drop-frame timecode does not exist at 25" in fault.what
