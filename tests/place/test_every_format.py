"""Whatever the cut was written in, its takes come back in an .otio that holds the rest of it."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.config import Config
from secondunit.place.relink import place
from secondunit.timeline.select import find_shots
from secondunit.units import Rate

from tests.place.edits import TAKE, finished, plan_at, stock
from tests.timeline.cuts import bring
from tests.timeline.formats.one_cut import CUTS

R30 = Rate(num=30)


@pytest.mark.parametrize("format", CUTS)
def test_a_take_is_placed_into_every_format(shared: Path, tmp_path: Path, format: str) -> None:
    folder = tmp_path / "edit"
    folder.mkdir()
    bring(shared, folder, "train.m4v")
    cut = CUTS[format](folder)
    config = Config(data=tmp_path / "data", roots=(folder,))
    (shot,) = find_shots(cut, config=config, rate=R30).shots
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    plan = plan_at(48, 24, zero=108000, rate=R30, place=shot.place)
    out = folder / "cut.gen.otio"
    done = finished(tmp_path / "takes", plan)
    edit = place(cut, out, [done], "otio", config=config)
    assert edit.placements[0].name == TAKE
    new = stock(out)
    (track,) = [t for t in new.tracks if t.kind == otio.schema.TrackKind.Video]
    assert [item.name for item in track][1] == TAKE
    assert [item.trimmed_range().duration.value for item in track] == [48, 24, 48]
    after = {path: path.stat().st_mtime_ns for path in before}
    assert after == before  # neither the cut nor its media were touched
    again = find_shots(out, config=config)
    assert again.rate == R30 and again.timecode_start == 108000
    assert [item.source_range.start_time.value for item in track][::2] == [100, 172]


def test_media_of_a_bundle_are_found_from_the_new_timeline(shared: Path, tmp_path: Path) -> None:
    folder = tmp_path / "edit"
    folder.mkdir()
    bring(shared, folder, "train.m4v")
    cut = CUTS[".otioz"](folder)
    config = Config(data=tmp_path / "data")
    (shot,) = find_shots(cut, config=config).shots
    plan = plan_at(48, 24, zero=108000, rate=R30, place=shot.place)
    out = folder / "cut.gen.otio"
    place(cut, out, [finished(tmp_path / "takes", plan)], "otio", config=config)
    new = stock(out)
    urls = [clip.media_reference.target_url for clip in new.find_clips()]
    assert (out.parent / urls[0]).resolve().is_file()
