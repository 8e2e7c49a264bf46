"""A returned edit is read again: its takes are the shots that they were made for."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.timeline.returned import generated
from secondunit.timeline.shot import Shot
from secondunit.units import FrameRange

from tests.timeline.cuts import (
    around,
    asking,
    bring,
    clip,
    gap,
    marker,
    save,
    shot,
    shots,
    span,
)


def take(found: Shot, name: str, frames: int, *, bare: bool) -> otio.schema.Clip:
    """The clip that a placed take is; `bare` as a host leaves it, without our metadata."""
    operation = found.request.operation.value
    made = clip(f"{name}_{operation}_{found.id}_v001.mov", 86400, frames)
    made.name = f"{name}_{operation}_{found.id}_v001.mov"
    text = f"gen: {operation}\nid: {found.id}"
    if operation == "extend":
        text += f"\nframes: {frames}"
    made.markers.append(marker(text, 86400, name=f"GEN {operation} v001"))
    if not bare:
        made.metadata["secondunit"] = {
            "version": 1, "id": found.id, "operation": operation, "take": "v001", "request": text,
        }  # fmt: skip
    return made


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("marked", ["on the gap", "on the timeline"])
def test_a_bridge_that_came_back_is_the_same_shot(train: Path, marked: str, bare: bool) -> None:
    words = [marker("gen: bridge", 48, 24)] if marked == "on the timeline" else []
    hole = gap(24) if words else asking("gen: bridge")
    before = shot(save(train, around(hole), markers=words))
    made = take(before, "train", 24, bare=bare)
    after = shot(save(train, around(made), markers=words))
    assert (after.id, after.record, after.size) == (before.id, before.record, before.size)
    assert after.before == before.before and after.after == before.after


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("kept", [True, False])
def test_an_extension_that_came_back_is_the_same_shot(train: Path, kept: bool, bare: bool) -> None:
    short = clip("train.m4v", 100, 30)
    if kept:
        short.markers.append(marker("gen: extend; frames: 24", 129))
    asked = short.deepcopy()
    if not kept:
        asked.markers.append(marker("gen: extend; frames: 24", 129))
    before = shot(save(train, [asked]))
    after = shot(save(train, [short, take(before, "train", 24, bare=bare)]))
    assert (after.id, after.record, after.before) == (before.id, before.record, before.before)


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("kept", [True, False])
def test_an_animation_that_came_back_is_the_same_shot(
    shared: Path, tmp_path: Path, kept: bool, bare: bool
) -> None:
    bring(shared, tmp_path, "scroll.jpg")
    still = clip("scroll.jpg", 0, 24)
    asked = still.deepcopy()
    asked.markers.append(marker("gen: animate"))
    before = shot(save(tmp_path, [gap(6), asked]))
    made = take(before, "scroll", 24, bare=bare)
    path = save(tmp_path, [gap(6), asked if kept else still], [gap(6), made])
    after = shot(path)
    assert (after.id, after.record, after.still) == (before.id, before.record, before.still)


def test_a_facilitys_own_versions_are_no_takes_of_ours(train: Path) -> None:
    plate = clip("train.m4v", 100, 30, name="sh010_comp_approved_v012.mov")
    words = marker("gen: extend; frames: 24", 10)
    found = shot(save(train, [plate], markers=[words]))
    assert found.record == FrameRange(start=30, frames=24)


def test_a_take_is_footage_for_the_next_request(train: Path) -> None:
    first = shot(save(train, around(asking("gen: bridge"))))
    made = take(first, "train", 24, bare=False)
    made.name = f"train_bridge_{first.id}_v001.mov"
    made.media_reference = otio.schema.ExternalReference(target_url="train.m4v")
    made.source_range = span(148, 24)
    made.markers.append(marker("gen: extend; frames: 9; place: over", 171))
    again, extension = shots(save(train, around(made)))
    assert again.id == first.id != extension.id
    assert extension.record == FrameRange(start=72, frames=9)
    assert extension.before is not None
    assert extension.before.shown.indexes[-1] == 171


@pytest.mark.parametrize("left", ["its file's name", "its marker", "its note in Resolve's field"])
def test_a_take_that_was_renamed_is_found_by_what_is_left(train: Path, left: str) -> None:
    before = shot(save(train, around(asking("gen: bridge"))))
    made = take(before, "train", 24, bare=True)
    made.name = "the good one"
    if left == "its file's name":
        del made.markers[:]
    else:
        reference = made.media_reference
        assert isinstance(reference, otio.schema.ExternalReference)
        reference.target_url = "consolidated_0001.mov"
    if left == "its note in Resolve's field":
        mark = made.markers[0]
        mark.metadata["Resolve_OTIO"] = {"Keywords": [], "Note": mark.comment}
        mark.comment = ""
    assert generated(made) == ("bridge", before.id)

    path = save(train, around(made), markers=[marker("gen: bridge", 48, 24)])

    assert (shot(path).id, shot(path).record) == (before.id, before.record)


def test_a_returned_edit_says_where_its_takes_lie(train: Path) -> None:
    words = [marker("gen: bridge", 48, 24)]
    before = shot(save(train, around(gap(24)), markers=words))
    assert before.place.takes is None
    made = take(before, "train", 24, bare=True)
    reference = made.media_reference
    assert isinstance(reference, otio.schema.ExternalReference)
    reference.target_url = f"cut.gen/{reference.target_url}"

    missing = shot(save(train, around(made), markers=words))
    assert missing.place.takes is None, "the take was not brought back"
    (train / "cut.gen").mkdir()
    (train / reference.target_url).write_bytes(b"a take")

    assert shot(save(train, around(made), markers=words)).place.takes == train / "cut.gen"
