"""OpenTimelineIO's containers, read without their exceptions."""

from __future__ import annotations

import opentimelineio as otio
from secondunit.timeline.bound import holds, members


def test_members_are_those_that_a_loop_finds() -> None:
    clip = otio.schema.Clip()
    assert members(clip.markers) == []
    clip.markers.extend(otio.schema.Marker(name) for name in "ab")
    assert [marker.name for marker in members(clip.markers)] == ["a", "b"]


def test_a_key_is_found_wherever_it_stands_among_others() -> None:
    clip = otio.schema.Clip(metadata={"Resolve_OTIO": {}, "secondunit": {}, "zulu": {}})
    assert holds(clip.metadata, "secondunit")
    assert holds(clip.metadata, "zulu")
    assert not holds(clip.metadata, "fcp_xml")
    assert not holds(otio.schema.Clip().metadata, "secondunit")
