"""A change of the edit touches the shots that depend on it, and no others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.plan.build import plan_timeline
from secondunit.plan.changes import changes
from secondunit.plan.planned import Options
from secondunit.plan.shot_plan import ShotPlan, canonical

from tests.timeline.cuts import asking, bring, clip, config, gap, marker, save, span


@pytest.fixture
def cut(shared: Path, tmp_path: Path) -> Path:
    """A gap of 24 at frame 60 between two cuts of 60 of the train; a clip above; sound below."""
    bring(shared, tmp_path, "train.m4v")
    words = asking("gen: bridge\ncontext: 12\nid: k3v9q2ab")
    items = [clip("train.m4v", 100, 60), words, clip("train.m4v", 200, 60, name="two")]
    path = save(tmp_path, items, [gap(10), clip("train.m4v", 0, 20, name="over")], start=108000)
    timeline = otio.adapters.read_from_file(str(path))
    sound = otio.schema.Track("A1", kind="Audio")
    sound.append(clip("train.m4v", 100, 144, name="sound"))
    timeline.tracks.append(sound)
    otio.adapters.write_to_file(timeline, str(path))
    return path


def planned(path: Path) -> ShotPlan:
    found = plan_timeline(path, Options(), config(path.parent))
    assert found.faults == ()
    (plan,) = found.shots
    return plan


def edited(path: Path, edit: Callable[[otio.schema.Timeline], object]) -> ShotPlan:
    timeline = otio.adapters.read_from_file(str(path))
    edit(timeline)
    otio.adapters.write_to_file(timeline, str(path))
    return planned(path)


def head_of_first(timeline: otio.schema.Timeline) -> None:
    """20 frames off the first clip's head; a gap keeps the rest in its place."""
    timeline.tracks[0][0].source_range = span(120, 40)
    timeline.tracks[0].insert(0, gap(20))


def tail_of_second(timeline: otio.schema.Timeline) -> None:
    timeline.tracks[0][2].source_range = span(200, 25)


def another_track(timeline: otio.schema.Timeline) -> None:
    timeline.tracks[1][1].source_range = span(30, 11)
    timeline.tracks[1].append(clip("train.m4v", 300, 30))


def the_sound(timeline: otio.schema.Timeline) -> None:
    timeline.tracks[2][0].source_range = span(0, 44)


def notes_and_names(timeline: otio.schema.Timeline) -> None:
    timeline.tracks.markers.append(marker("the director likes this", 70))
    timeline.tracks[0].name = "picture"
    timeline.tracks[0][2].metadata["studio"] = {"approved": True}
    timeline.name = "cut v2"


def more_behind(timeline: otio.schema.Timeline) -> None:
    timeline.tracks[0].append(clip("train.m4v", 500, 40, name="three"))


@pytest.mark.parametrize(
    "edit",
    [head_of_first, tail_of_second, another_track, the_sound, notes_and_names, more_behind],
)
def test_what_a_shot_does_not_depend_on_changes_nothing(
    cut: Path, edit: Callable[[otio.schema.Timeline], object]
) -> None:
    before = planned(cut)

    after = edited(cut, edit)

    assert changes(canonical(before), after) == ()
    assert after.digest == before.digest


def test_a_trim_at_the_cut_is_a_change_and_says_where(cut: Path) -> None:
    before = planned(cut)

    def roll(timeline: otio.schema.Timeline) -> None:
        timeline.tracks[0][0].source_range = span(104, 60)  # a slip: other frames, same place

    after = edited(cut, roll)

    assert after.digest != before.digest
    said = changes(canonical(before), after)
    assert "the frame before the cut is frame 163 of 'train.m4v', was frame 159 of 'train.m4v'" in (
        said
    )
    assert not [s for s in said if "after" in s]


def test_a_trim_inside_the_context_is_a_change(cut: Path) -> None:
    before = planned(cut)

    def trim(timeline: otio.schema.Timeline) -> None:
        timeline.tracks[0][0].source_range = span(152, 8)
        timeline.tracks[0].insert(0, gap(52))

    after = edited(cut, trim)

    assert any(
        s.startswith("the context before the cut") for s in changes(canonical(before), after)
    )


def test_a_ripple_moves_the_shot_and_so_its_files_timecode(cut: Path) -> None:
    before = planned(cut)

    def ripple(timeline: otio.schema.Timeline) -> None:
        timeline.tracks[0].insert(0, clip("train.m4v", 600, 30, name="new opening"))

    after = edited(cut, ripple)

    assert changes(canonical(before), after) == (
        "its file starts at 01:00:02:22, was 01:00:01:22: the shot stands elsewhere",
    )


def test_the_same_footage_elsewhere_is_no_change(cut: Path) -> None:
    before = planned(cut)
    folder = cut.parent / "archive"
    folder.mkdir()
    (cut.parent / "train.m4v").rename(folder / "train.m4v")

    def relink(timeline: otio.schema.Timeline) -> None:
        for each in timeline.find_clips():
            each.media_reference.target_url = "archive/train.m4v"

    assert edited(cut, relink).digest == before.digest
