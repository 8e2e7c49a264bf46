"""One cut in every format is one shot: the same frames of the same file, at the same place."""

from __future__ import annotations

from pathlib import Path

import pytest
from secondunit.config import Config
from secondunit.timeline.select import find_shots
from secondunit.units import FrameRange, Rate

from tests.timeline.formats.one_cut import CUTS


@pytest.mark.parametrize("format", CUTS)
def test_one_cut_in_every_format_is_one_shot(train: Path, format: str) -> None:
    cut = CUTS[format](train)
    config = Config(data=train / "data", roots=(train,))
    edit = find_shots(cut, config=config, rate=Rate(num=30) if ".edl" in format else None)
    assert edit.faults == ()
    (shot,) = edit.shots
    assert (edit.rate, edit.timecode_start, edit.drop_frame) == (Rate(num=30), 108000, False)
    assert shot.record == FrameRange(start=48, frames=24)
    assert (shot.request.operation, shot.request.seed) == ("bridge", 7)
    assert shot.before is not None and shot.after is not None
    assert shot.before.shown.indexes[-1] == 147 and shot.before.beyond.indexes[0] == 148
    assert shot.after.shown.indexes[0] == 172 and shot.after.beyond.indexes[-1] == 171
    assert shot.before.shown.media.path.name == "train.m4v"


def test_media_of_a_bundle_lie_in_the_data_folder_and_are_unpacked_once(train: Path) -> None:
    cut = CUTS[".otioz"](train)
    config = Config(data=train / "data")
    (first,) = find_shots(cut, config=config).shots
    assert first.before is not None
    media = first.before.shown.media.path
    assert media.is_relative_to(config.data) and media.stat().st_nlink == 1
    written = media.stat().st_mtime_ns
    (again,) = find_shots(cut, config=config).shots
    assert again == first and media.stat().st_mtime_ns == written
    assert sorted(p.name for p in train.iterdir()) == ["cut.otioz", "data"]
