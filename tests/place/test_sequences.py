"""A file with several sequences: the takes go into the one that they were asked in."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.errors import Refused
from secondunit.timeline.shot import Place

from tests.place.edits import TAKE, bridged, names, placed, plan_at, stock

PATH = "tracks[0].children[1]"


def two(folder: Path) -> Path:
    """The same cut twice in one file, `Reel 1` and `Reel 2`."""
    reel = stock(bridged(folder))
    again = reel.deepcopy()
    again.name = "Reel 2"
    held = otio.schema.SerializableCollection(children=[reel, again])
    path = folder / "cut.otio"
    otio.adapters.write_to_file(held, str(path))
    return path


def test_a_take_goes_into_the_sequence_that_asked(tmp_path: Path) -> None:
    plan = plan_at(48, 24, place=Place(track=0, item=1, path=PATH, sequence="Reel 2"))
    made = stock(placed(two(tmp_path), plan).timeline)
    assert made.name == "Reel 2"
    assert names(made.tracks[0]) == ["A", TAKE, "B"]


def test_takes_of_two_sequences_are_not_placed_together(tmp_path: Path) -> None:
    path = two(tmp_path)
    plans = [
        plan_at(48, 24, shot=shot, place=Place(track=0, item=1, path=PATH, sequence=name))
        for shot, name in (("k3v9q2ab", "Reel 1"), ("k3v9q2ac", "Reel 2"))
    ]
    with pytest.raises(Refused, match=r"of 2 sequences \('Reel 1', 'Reel 2'\)"):
        placed(path, *plans)
    assert not path.with_name("cut.gen.otio").exists()
