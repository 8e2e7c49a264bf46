"""A plan as JSON and back: equal, with the same identity; what is no plan is refused whole."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from secondunit.errors import Refused
from secondunit.plan.shot_plan import (
    Adaptation,
    Level,
    Pin,
    ShotPlan,
    canonical,
    plan_of_json,
)
from secondunit.timeline.shot import Ambient, CameraMove, Media, Place, SourceFrames, Stroke
from secondunit.units import ColourTags, FrameRange, Rate, Size

from tests.plans import shot_plan


def media(path: str = "/footage/train.m4v", digest: str = "ab" * 32) -> Media:
    return Media(
        path=Path(path), digest=digest, still=False, rate=Rate(num=24000, den=1001), frames=75,
        start=86400, size=Size(width=640, height=360), format="yuv420p", colour=ColourTags(),
        reel=None,
    )  # fmt: skip


def full_plan(path: str = "/footage/train.m4v") -> ShotPlan:
    """Every field filled, floats that are whole numbers among them."""
    source = media(path)
    return shot_plan(
        pins=(Pin(frame=-1, media=source, index=23), Pin(frame=6, media=source, index=31)),
        past=SourceFrames(media=source, indexes=(20, 21, 22)),
        future=None,
        mask=replace(source, still=True, rate=None),
        strokes=(
            Stroke(points=((0, 0.5), (0.25, 0.5)), region=None, over=FrameRange(start=0, frames=4)),
            Stroke(points=((0.1, 0.1),), region=source, over=None, strength=1),
        ),
        ambients=(Ambient(region=None, strength=0.4),),
        cameras=(CameraMove(pan=6, zoom=1.2, ease="in-out"),),
        prompt="rain, “slow”",
        adaptations=(Adaptation(level=Level.ROUNDED, what="81 frames", path="frames"),),
    )


def through_text(plan: ShotPlan) -> ShotPlan:
    return plan_of_json(json.loads(json.dumps(canonical(plan))))


def test_a_plan_survives_json_and_keeps_its_digest() -> None:
    plan = full_plan()
    again = through_text(plan)
    assert again == plan
    assert again.digest == plan.digest
    assert isinstance(again.pins[0].media.path, Path) and again.strokes[0].points[0] == (0, 0.5)


def test_the_digest_is_the_same_in_every_run() -> None:
    assert shot_plan().digest == shot_plan().digest
    assert len(shot_plan().digest) == 64


def test_where_a_file_lies_and_where_the_shot_stands_are_not_its_identity() -> None:
    plan = full_plan()
    assert full_plan("/elsewhere/train.m4v").digest == plan.digest
    moved = replace(plan, place=Place(track=3, item=9, path="tracks[3].children[9]"))
    assert moved.digest == plan.digest
    assert replace(plan, adaptations=()).digest == plan.digest


@pytest.mark.parametrize(
    "change",
    [{"seed": 8}, {"take": 2}, {"weights": "1" * 64}, {"steps": 7}, {"prompt": "x"},
     {"delivery": "ffv1"}, {"handles": (2, 3)}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_whatever_changes_the_picture_changes_the_digest(change: dict[str, Any]) -> None:
    assert replace(full_plan(), **change).digest != full_plan().digest


def test_another_file_is_another_plan() -> None:
    plan = full_plan()
    pins = tuple(replace(p, media=media(digest="cd" * 32)) for p in plan.pins)
    assert replace(plan, pins=pins).digest != plan.digest


def test_every_fault_of_a_record_is_told_at_once() -> None:
    record = canonical(full_plan())
    record["operation"] = "explode"
    record["seed"] = "seven"
    record["draft"] = 0
    record["strength"] = float("nan")
    record["handles"] = [1]
    record["pins"][1]["media"]["path"] = 7
    record["cameras"][0]["ease"] = "bounce"
    record["rate"] = {"num": 0, "den": 1}
    record["surprise"] = 1
    del record["name"]
    with pytest.raises(Refused) as caught:
        plan_of_json(record)
    assert {fault.path for fault in caught.value.faults} == {
        "plan.operation", "plan.seed", "plan.draft", "plan.strength", "plan.handles",
        "plan.pins[1].media.path", "plan.cameras[0].ease", "plan.rate", "plan.surprise",
        "plan.name",
    }  # fmt: skip


@pytest.mark.parametrize("value", [None, [], "plan", 3])
def test_what_is_no_object_is_no_plan(value: Any) -> None:
    with pytest.raises(Refused, match="is no object @ plan"):
        plan_of_json(value)
