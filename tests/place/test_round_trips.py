"""A take in every delivery and every exchange file is found again and shows the same frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import opentimelineio as otio
import pytest
from secondunit.catalog.deliveries import DELIVERIES
from secondunit.config import Config
from secondunit.encode import sidecar
from secondunit.encode.writer import write
from secondunit.place.links import Profile
from secondunit.place.relink import Finished, PlacedEdit, place
from secondunit.place.takes import publish
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.cut import CuttingRoom, rate_of
from secondunit.timeline.frames import decode
from secondunit.timeline.read import reading
from secondunit.timeline.returned import generated
from secondunit.timeline.select import find_shots
from secondunit.units import FrameRange, Rate

from tests.place.edits import plan_at
from tests.plans import number_in, numbered_pictures, silent
from tests.timeline.cuts import bring
from tests.timeline.formats.one_cut import CUTS

R30 = Rate(num=30)
DELIVERED = ("exr_half", "dpx", "png", "ffv1", "prores_422_hq")
SHOWN = list(range(8, 32))
"""Numbers of the file's pictures that the cut shows: all but the handles."""


def delivered(store: Path, plan: ShotPlan, media: Path) -> Finished:
    """A take with pictures: each bears its number."""
    store.mkdir(parents=True, exist_ok=True)
    clip = store / DELIVERIES[plan.delivery].name_of("clip")
    encoded = write(numbered_pictures(plan), plan, clip, progress=silent)
    record = sidecar.compose(plan, encoded, request={}, report={}, timings={}, versions={})
    sidecar.write(record, store / "clip.json")
    return Finished(plan=plan, chosen=publish(clip, store / "clip.json", media))


def cut_with(
    shared: Path, tmp_path: Path, delivery: str, profile: Profile,
    bundled: Literal["otioz", "otiod"] | None = None,
) -> tuple[PlacedEdit, Config]:  # fmt: skip
    """A gap of 24 frames between two clips, filled."""
    folder = tmp_path / "edit"
    folder.mkdir()
    bring(shared, folder, "train.m4v")
    cut = CUTS[".otio"](folder)
    config = Config(data=tmp_path / "data", roots=(folder,))
    (shot,) = find_shots(cut, config=config).shots
    plan = plan_at(
        48, 24, zero=108000, rate=R30, place=shot.place, shot=shot.id, delivery=delivery,
        format="gbrp" if DELIVERIES[delivery].sequence else "yuv422p10le",
        generate=(FrameRange(start=0, frames=24),),
    )  # fmt: skip
    out = folder / "cut.gen.otio"
    done = delivered(tmp_path / "store", plan, folder / "cut.gen")
    return place(cut, out, [done], profile, config=config, bundled=bundled), config


def shown_of(file: Path, id: str, config: Config) -> tuple[FrameRange, list[int]]:
    """(where the take of a shot stands in an edit, the numbers in the pictures that it shows)."""
    found = reading(file, data=config.data)
    room = CuttingRoom(
        rate=rate_of(found.timeline), folder=found.folder, config=config, notices=[]
    )  # fmt: skip
    rows = [room.layout(track, n)[0] for n, track in enumerate(found.timeline.video_tracks())]
    (laid,) = [one for row in rows for one in row if generated(one.item) == ("bridge", id)]
    view = room.view(laid)
    frames = view.run(range(laid.record.frames)).indexes
    pictures = decode(view.media, frames)
    return laid.record, [number_in(pictures[frame]) for frame in frames]


def check(files: Sequence[Path], edit: PlacedEdit, config: Config) -> None:
    (one,) = edit.placements
    for file in files:
        record, numbers = shown_of(file, one.shot, config)
        assert (file.name, record, numbers) == (file.name, FrameRange(start=48, frames=24), SHOWN)
        again = find_shots(file, config=replace(config, roots=(file.parent,)))
        assert not again.faults
        (shot,) = again.shots
        assert (shot.id, shot.place.takes) == (one.shot, edit.timeline.with_suffix("")), file.name


@pytest.mark.parametrize("delivery", DELIVERED)
@pytest.mark.parametrize("profile", ["otio", "resolve", "premiere"])
def test_a_take_is_found_again_in_every_file_that_is_written(
    shared: Path, tmp_path: Path, delivery: str, profile: Profile
) -> None:
    edit, config = cut_with(shared, tmp_path, delivery, profile)

    assert {file.suffix for file in edit.files} == {
        "otio": set(), "resolve": {".xml", ".fcpxml"}, "premiere": {".xml"},
    }[profile]  # fmt: skip
    check([edit.timeline, *edit.files], edit, config)


@pytest.mark.parametrize("delivery", ["exr_half", "dpx", "png"])
@pytest.mark.parametrize("kind", ["otioz", "otiod"])
def test_a_bundle_carries_a_sequence_that_shows_the_same_frames_elsewhere(
    shared: Path, tmp_path: Path, delivery: str, kind: Literal["otioz", "otiod"]
) -> None:
    edit, _ = cut_with(shared, tmp_path, delivery, "otio", bundled=kind)
    (one,) = edit.placements
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    moved = elsewhere / edit.files[0].name
    edit.files[0].rename(moved)
    (tmp_path / "edit").rename(tmp_path / "gone")

    record, numbers = shown_of(moved, one.shot, Config(data=tmp_path / "other"))

    assert (record, numbers) == (FrameRange(start=48, frames=24), SHOWN)
    stock = otio.adapters.read_from_file(str(moved))
    (clip,) = [clip for clip in stock.find_clips() if generated(clip) is not None]
    assert isinstance(clip.media_reference, otio.schema.ImageSequenceReference)
    first = clip.media_reference.target_url_for_image_number(0)
    assert first == f"media/{one.name}/{one.name}.1001{DELIVERIES[delivery].suffix}"


def test_numbered_pictures_are_called_as_each_host_calls_them(shared: Path, tmp_path: Path) -> None:
    names = {}
    for profile in ("resolve", "premiere"):
        folder = tmp_path / profile
        folder.mkdir()
        edit, _ = cut_with(shared, folder, "dpx", profile)
        (xml,) = [file for file in edit.files if file.suffix == ".xml"]
        names[profile] = [
            line.rpartition("/cut.gen/")[2].partition("<")[0]
            for line in xml.read_text().splitlines() if "/cut.gen/" in line
        ]  # fmt: skip
        take = edit.placements[0].name
        ends = {"resolve": "%5B1001-1040%5D", "premiere": "1001"}[profile]
        assert names[profile] == [f"{take}/{take}.{ends}.dpx"]
