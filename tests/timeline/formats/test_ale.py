"""A bin: each clip is footage that may be asked about, with nothing beside it."""

from __future__ import annotations

from pathlib import Path

from secondunit.config import Config
from secondunit.timeline.select import find_shots
from secondunit.units import FrameRange

BIN = (
    "Heading\nFIELD_DELIM\tTABS\nFPS\t30\n\nColumn\nName\tStart\tEnd\tTape\tComments\n\nData\n"
    "train.m4v\t00:00:00:00\t00:00:23:14\tA001\tgen: extend; frames: 12\n"
    "other\t01:00:00:00\t01:00:01:00\tA002\tnice\n"
)


def test_a_clip_of_a_bin_is_extended_as_if_it_stood_alone(train: Path) -> None:
    path = train / "bin.ale"
    path.write_text(BIN)
    edit = find_shots(path, config=Config(data=train / "data"))
    assert edit.faults == ()
    (shot,) = edit.shots
    assert shot.record == FrameRange(start=704, frames=12) and shot.place.track == 0
    assert shot.before is not None and shot.before.shown.indexes[-1] == 703
