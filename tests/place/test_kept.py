"""The check that nothing of the editor's was moved, erased or changed finds each way it can be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.config import Config
from secondunit.errors import DeliveryError
from secondunit.place.kept import check_kept, contents
from secondunit.place.tracks import Layouts
from secondunit.timeline.cut import CuttingRoom

from tests.place.edits import FILM, HOUR, clip, edit, gap, note, span, stock

CHANGES: dict[str, Callable[[otio.schema.Timeline], object]] = {
    "a gap grew": lambda t: setattr(t.tracks[0][1], "source_range", span(0, 25)),
    "a clip is gone": lambda t: t.tracks[0].pop(2),
    "a clip slipped": lambda t: setattr(t.tracks[0][0], "source_range", span(HOUR + 101, 48)),
    "a clip was renamed": lambda t: setattr(t.tracks[0][0], "name", "a"),
    "a marker is gone": lambda t: t.tracks[1][1].markers.pop(),
    "metadata is gone": lambda t: t.tracks[1][1].metadata.clear(),
    "a clip was switched off": lambda t: setattr(t.tracks[0][2], "enabled", False),
    "a track is gone": lambda t: t.tracks.pop(2),
    "a track was renamed": lambda t: setattr(t.tracks[1], "name", "V3"),
    "a track was marked": lambda t: t.tracks[0].markers.append(note("new", 0)),
    "the edit was marked": lambda t: t.tracks.markers.append(note("new", 0)),
    "the start moved": lambda t: setattr(
        t, "global_start_time", otio.opentime.RationalTime(0, 24)
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_to_the_edit_is_found(tmp_path: Path, change: str) -> None:
    path = edit(tmp_path / "cut.otio", [clip("A", 48), gap(24), clip("B", 48)])
    room = CuttingRoom(rate=FILM, folder=tmp_path, config=Config(data=tmp_path), notices=[])
    timeline = stock(path)
    before = contents(timeline, Layouts(room))
    otio.adapters.write_to_file(timeline, str(path))
    check_kept(path, before, layouts=Layouts(room), created={}, replaced=())

    CHANGES[change](timeline)
    otio.adapters.write_to_file(timeline, str(path))

    with pytest.raises(DeliveryError):
        check_kept(path, before, layouts=Layouts(room), created={}, replaced=())
