"""What of a timeline lies there already: found by its plan, wherever the edit came back from."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from secondunit.jobs.standing import NEW, media_of, standing
from secondunit.place.takes import Shelf, Take, publish, unspoilt
from secondunit.plan.shot_plan import ShotPlan

from tests.plans import left_in, recorded_clip, shot_plan


def made(folder: Path, plan: ShotPlan) -> Take:
    return publish(*recorded_clip(folder.parent / "store", plan), folder)


def test_a_plan_finds_its_own_take_among_others(tmp_path: Path) -> None:
    folder = tmp_path / "cut.gen"
    plans = [shot_plan(seed=seed) for seed in (1, 2, 3)]
    takes = [made(folder, plan) for plan in plans[:2]]

    found = standing(plans, folder)

    assert [one.take for one in found] == [*takes, None]
    assert [one.reasons for one in found] == [(), (), ("the seed is 3, was 2",)]


def test_a_shot_that_was_never_made_says_so(tmp_path: Path) -> None:
    (one,) = standing([shot_plan()], tmp_path / "nowhere")

    assert (one.take, one.reasons) == (None, (NEW,))


def test_a_take_whose_file_was_changed_or_lost_is_made_again(tmp_path: Path) -> None:
    plan = shot_plan()
    take = made(tmp_path / "cut.gen", plan)
    take.file.write_bytes(b"FRAMES")

    (one,) = standing([plan], tmp_path / "cut.gen")
    assert one.take is None and one.reasons == (f"'{take.file.name}' is not what was made",)

    take.file.unlink()
    (one,) = standing([plan], tmp_path / "cut.gen")
    assert one.reasons == (NEW,)


def test_a_changed_file_of_the_same_length_is_told_by_its_time(tmp_path: Path) -> None:
    take = made(tmp_path / "cut.gen", shot_plan())
    old = take.sidecar.stat().st_mtime_ns - 10**9
    os.utime(take.file, ns=(old, old))
    assert unspoilt(take)

    take.file.write_bytes(b"FRAMES")  # now younger than its record

    assert not unspoilt(take)


def test_the_takes_of_an_edit_that_came_back_are_found_where_they_lie(tmp_path: Path) -> None:
    plan = shot_plan()
    first = made(tmp_path / "cut.gen", plan)
    back = replace(plan, place=replace(plan.place, takes=tmp_path / "cut.gen"))

    (one,) = standing([back], tmp_path / "cut_v2.gen")
    assert one.take == first
    (other,) = standing([back], tmp_path / "cut_v2.gen", within=(tmp_path / "elsewhere",))
    assert other.take is None, "it lies where this caller has nothing to read"

    clip, record = recorded_clip(tmp_path / "store", replace(back, seed=9))
    next_one = publish(clip, record, tmp_path / "cut_v2.gen", earlier=Shelf(tmp_path / "cut.gen"))
    assert next_one.label == "v002", "versions go on where the earlier round stopped"
    assert len(left_in(tmp_path / "cut.gen")) == 2


def test_the_folder_of_the_takes_is_named_after_the_new_timeline(tmp_path: Path) -> None:
    cut = tmp_path / "cut.otio"
    assert media_of(cut) == tmp_path / "cut.gen"
    assert media_of(cut, tmp_path / "review.otio") == tmp_path / "review"
    assert media_of(cut, tmp_path / "review.otio", tmp_path / "media") == tmp_path / "media"
