"""What of a timeline lies there already: found by its plan, wherever the edit came back from."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from secondunit.config import Config
from secondunit.jobs.desk import Desk
from secondunit.jobs.placing import place_jobs
from secondunit.jobs.standing import NEW, Shelves, media_of, standing
from secondunit.place.takes import Shelf, Take, publish, unspoilt
from secondunit.plan.shot_plan import ShotPlan

from tests.place import edits
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


def test_a_shot_that_the_cut_only_moved_keeps_its_take_and_says_so(tmp_path: Path) -> None:
    plan = shot_plan()
    take = made(tmp_path / "cut.gen", plan)
    moved = replace(plan, timecode=plan.timecode + 24)

    (one,) = standing([moved], tmp_path / "cut.gen")

    assert one.take == take
    assert one.reasons == (
        f"the shot was moved, its pictures are the same: '{take.file.name}' keeps its timecode "
        "01:00:00:22 (made anew, it would be 01:00:01:22)",
    )
    assert Shelves(tmp_path / "cut.gen").whole(moved) == take, "and placing finds it too"


def test_a_take_of_the_very_place_goes_before_one_that_was_moved(tmp_path: Path) -> None:
    here = shot_plan()
    there = replace(here, timecode=here.timecode + 24)
    first, second = (made(tmp_path / "cut.gen", plan) for plan in (here, there))

    found = standing([here, there], tmp_path / "cut.gen")

    assert [(one.take, one.reasons) for one in found] == [(first, ()), (second, ())]


def test_a_moved_shot_is_made_again_where_its_pictures_change_or_its_record_was_edited(
    tmp_path: Path,
) -> None:
    plan = shot_plan()
    take = made(tmp_path / "cut.gen", plan)
    other = replace(plan, timecode=plan.timecode + 24, seed=8)
    (one,) = standing([other], tmp_path / "cut.gen")
    assert one.take is None and len(one.reasons) == 2

    text = take.sidecar.read_text()
    take.sidecar.write_text(text.replace('"seed": 7', '"seed": 8'))
    (one,) = standing([other], tmp_path / "cut.gen")
    assert one.take is None, "its plan is not the one whose digest it bears"


def test_a_moved_take_stands_at_its_new_place_on_its_own_clock(tmp_path: Path) -> None:
    longer = [edits.clip("A", 60), edits.gap(24), edits.clip("B", 48)]  # A grew by 12 frames
    cut = edits.edit(tmp_path / "cut.otio", longer)
    before = edits.plan_at(48, 24)
    take = edits.finished(tmp_path / "cut.gen", before).chosen
    desk = Desk(Config(data=tmp_path / "data"))
    try:
        placed = place_jobs(
            desk, Config(data=tmp_path / "data"), timeline=cut, jobs=[],
            kept=[edits.plan_at(60, 24)],
        )  # fmt: skip
    finally:
        desk.stop()

    (one,) = placed.placements
    assert (one.file, one.record.start) == (take.file, 60)
    (clip,) = [c for c in edits.stock(placed.timeline).find_clips() if c.name == take.file.name]
    assert clip.source_range.start_time.value == before.timecode + 8
    assert clip.media_reference.available_range.start_time.value == before.timecode
    assert len(left_in(tmp_path / "cut.gen")) == 2, "nothing was made"
