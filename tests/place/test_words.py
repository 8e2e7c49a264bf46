"""The words on a placed clip: what the editor asked, and how to ask for it again."""

from __future__ import annotations

import json
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit.encode import sidecar
from secondunit.timeline.shot import Place

from tests.place.edits import (
    clip,
    edit,
    gap,
    note,
    placed,
    plan_at,
    span,
    stock,
)


def test_what_hung_on_a_gap_stays_at_its_frame_of_the_timeline(tmp_path: Path) -> None:
    hole = gap(60, metadata={"editor": {"keep": True}})
    hole.markers.extend([note("left", 3), note("middle", 15, 4), note("right", 50)])
    original = edit(tmp_path / "cut.otio", [clip("A", 48), hole, clip("B", 48)])

    timeline = stock(placed(original, plan_at(58, 24)).timeline)

    track = timeline.tracks[0]
    seen = {
        marker.comment: (item.transformed_time(marker.marked_range.start_time, track).value,
                         marker.marked_range.duration.value)
        for item in track for marker in item.markers
    }  # fmt: skip
    assert {k: seen[k] for k in ("left", "middle", "right")} == {
        "left": (51, 1), "middle": (63, 4), "right": (98, 1)
    }  # fmt: skip


def test_the_marker_that_asked_is_replaced_by_the_one_that_answers(tmp_path: Path) -> None:
    hole = gap(24, metadata={"editor": {"keep": True}})
    asked = "gen: bridge\nprompt: a slow push\n  through rain\nhandles: 8"
    hole.markers.extend([note("director likes this", 2), note(asked, 0)])
    original = edit(tmp_path / "cut.otio", [clip("A", 48), hole, clip("B", 48)])
    plan = plan_at(48, 24, place=Place(track=0, item=1, path="tracks[0].children[1].markers[1]"))

    made = stock(placed(original, plan).timeline).tracks[0][1]

    ours, theirs = made.markers
    assert ours.name == "GEN bridge v001"
    assert ours.comment == f"{asked}\nid: k3v9q2ab"
    assert ours.metadata["Resolve_OTIO"]["Note"] == ours.comment
    assert ours.metadata["fcp_xml"]["comment"] == ours.comment
    assert ours.color == "CYAN", "the colour the editor chose"
    assert ours.marked_range == span(made.source_range.start_time.value, 1)
    assert theirs.comment == "director likes this"
    assert made.metadata["editor"]["keep"] is True
    record = made.metadata["secondunit"]
    assert record["request"] == asked
    (sidecar_,) = (tmp_path / "cut.gen").glob("*.json")
    assert sidecar.read(sidecar_)["request"] == asked
    assert (record["version"], record["id"], record["take"]) == (1, "k3v9q2ab", "v001")
    assert record["operation"] == "bridge"
    assert record["report"]["T"]["pass"] is True


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("gen: bridge; seed: 4", "gen: bridge; seed: 4\nid: k3v9q2ab"),
        ("gen: bridge\nid: k3v9q2ab", "gen: bridge\nid: k3v9q2ab"),
        ('gen: bridge\n{"seed": 4}', 'gen: bridge\n{"seed": 4, "id": "k3v9q2ab"}'),
        ('{"gen": "bridge"}', '{"gen": "bridge", "id": "k3v9q2ab"}'),
        ("gen: bridge\nprompt: a {b}", "gen: bridge\nprompt: a {b}\nid: k3v9q2ab"),
    ],
)
def test_the_note_asks_for_the_same_shot_again(tmp_path: Path, text: str, again: str) -> None:
    hole = gap(24)
    hole.markers.append(note(text, 0))
    original = edit(tmp_path / "cut.otio", [clip("A", 48), hole, clip("B", 48)])
    plan = plan_at(48, 24, place=Place(track=0, item=1, path="tracks[0].children[1].markers[0]"))

    assert placed(original, plan).placements[0].marker == again


def test_a_request_in_a_markers_name_is_spelt_out(tmp_path: Path) -> None:
    hole = gap(24)
    hole.markers.append(otio.schema.Marker("GEN bridge 24f slow push", span(0, 24)))
    original = edit(tmp_path / "cut.otio", [clip("A", 48), hole, clip("B", 48)])
    plan = plan_at(48, 24, place=Place(track=0, item=1, path="tracks[0].children[1].markers[0]"))

    (placement,) = placed(original, plan).placements

    assert placement.marker == "gen: bridge\nframes: 24\nprompt: slow push\nid: k3v9q2ab"


def test_a_request_in_metadata_comes_back_as_it_was_written(tmp_path: Path) -> None:
    asked = {"operation": "bridge", "prompt": "rain", "stroke": [{"points": [[0, 0], [1, 1]]}]}
    hole = gap(24, metadata={"secondunit": {"version": 1, "request": asked}})
    original = edit(tmp_path / "cut.otio", [clip("A", 48), hole, clip("B", 48)])
    path = "tracks[0].children[1].metadata.secondunit.request"

    result = placed(original, plan_at(48, 24, place=Place(track=0, item=1, path=path)))

    made = json.loads(result.timeline.read_text())["tracks"]["children"][0]["children"][1]
    assert made["metadata"]["secondunit"]["request"] == asked
    assert json.loads(result.placements[0].marker.partition("\n")[2])["id"] == "k3v9q2ab"
