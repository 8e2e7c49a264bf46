"""An edit that comes back shows the take that its editor chose, render after render."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.config import Config
from secondunit.place.relink import PlacedEdit, place
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.shot import Place

from tests.place.edits import TAKE, bridged, finished, placed, plan_at, stock

ON_TAKE = Place(track=0, item=1, path="tracks[0].children[1].markers[0]")


def called(version: int) -> str:
    return TAKE.replace("v001", f"v{version:03d}")


def with_takes(tmp_path: Path, count: int) -> Path:
    """An edit that shows the last of so many takes, in a file that an editor saves it to."""
    seeds = range(1, count + 1)
    edits = [placed(bridged(tmp_path), plan_at(48, 24, seed=seed)) for seed in seeds]
    return edits[-1].timeline


def by_key(clip: otio.schema.Clip, version: int) -> None:
    """As a program does that knows of several media references."""
    clip.active_media_reference_key = f"take_{version:03d}"


def by_file(clip: otio.schema.Clip, version: int) -> None:
    """As a host does: another file under the clip, and what it does not know is lost."""
    url = clip.media_reference.target_url.replace(clip.media_reference.name, called(version))
    range_ = clip.media_reference.available_range
    clip.media_reference = otio.schema.ExternalReference(url, range_)
    clip.name = called(version)
    clip.metadata.clear()


def returned(edit: Path, change: Callable[[otio.schema.Clip], None] | None = None) -> Path:
    """The edit as its editor sends it back."""
    timeline = stock(edit)
    if change is not None:
        change(timeline.tracks[0][1])
    path = edit.with_name("returned.otio")
    otio.adapters.write_to_file(timeline, str(path))
    return path


def again(original: Path, plan: ShotPlan, *, new: bool = False) -> PlacedEdit:
    """Placed once more into the folder where its takes lie."""
    plan = replace(plan, place=ON_TAKE)
    done = replace(finished(original.with_name("cut.gen"), plan), new=new)
    return place(
        original, original.with_name("cut.gen.otio"), [done], "otio",
        config=Config(data=original.parent),
    )  # fmt: skip


@pytest.mark.parametrize("choose", [by_key, by_file])
def test_the_editors_choice_goes_on_being_shown(
    tmp_path: Path, choose: Callable[[otio.schema.Clip, int], None]
) -> None:
    edit = with_takes(tmp_path, 3)

    result = again(returned(edit, lambda clip: choose(clip, 1)), plan_at(48, 24, seed=3))

    (one,) = result.placements
    assert (one.name, one.take.label) == (called(1), "v001")
    assert sorted(take.label for take in one.alternatives) == ["v002", "v003"]
    assert [n for n in result.notices if "goes on showing" in n] == [
        "'LAD_0010' goes on showing v001, which the edit shows; its request would show v003"
    ]
    clip = stock(result.timeline).tracks[0][1]
    assert clip.active_media_reference_key == "DEFAULT_MEDIA"
    assert clip.media_reference.name == clip.name == called(1)

    third = again(returned(result.timeline), plan_at(48, 24, seed=3))
    assert third.placements[0].name == called(1), "also when nothing tells it any more"


def test_a_new_take_is_shown_and_has_the_next_number(tmp_path: Path) -> None:
    edit = with_takes(tmp_path, 3)

    back = returned(edit, lambda clip: by_key(clip, 2))
    result = again(back, plan_at(48, 24, seed=9), new=True)

    (one,) = result.placements
    assert (one.take.label, one.take.record["engine"]["seed"]) == ("v004", 9)
    assert sorted(take.label for take in one.alternatives) == ["v001", "v002", "v003"]


def test_a_request_that_was_changed_decides_again(tmp_path: Path) -> None:
    edit = with_takes(tmp_path, 3)

    def words(clip: otio.schema.Clip) -> None:
        clip.markers[0].comment = "gen: bridge\nseed: 1\nid: k3v9q2ab"

    result = again(returned(edit, words), plan_at(48, 24, seed=1))

    assert result.placements[0].name == called(1), "it asks for an earlier take"
    assert not any("goes on showing" in notice for notice in result.notices)


def test_a_choice_whose_file_was_changed_is_not_shown(tmp_path: Path) -> None:
    edit = with_takes(tmp_path, 2)
    (tmp_path / "cut.gen" / called(1)).write_bytes(b"graded")

    back = returned(edit, lambda clip: by_key(clip, 1))

    assert again(back, plan_at(48, 24, seed=2)).placements[0].name == called(2)
