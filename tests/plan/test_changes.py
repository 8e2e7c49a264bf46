"""Why a shot would be made again, in words: each input that changed, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from secondunit.plan.changes import changes
from secondunit.plan.shot_plan import Pin, ShotPlan, canonical
from secondunit.timeline.shot import CameraMove, Media, Place, SourceFrames
from secondunit.units import ColourTags, FrameRange, Rate, Size

from tests.plans import shot_plan


def media(name: str, digest: str) -> Media:
    return Media(
        path=Path("/footage") / name, digest=digest * 64, still=False, rate=Rate(num=24),
        frames=500, start=0, size=Size(width=64, height=48), format="yuv420p",
        colour=ColourTags(), reel=None,
    )  # fmt: skip


A = media("A.mov", "a")


def pinned(first: int = 100, source: Media = A, **changes: Any) -> ShotPlan:
    """A bridge out of `source`, whose last shown frame is `first` + 1."""
    pins = tuple(Pin(frame=f, media=source, index=first + f + 2) for f in (-2, -1))
    past = SourceFrames(media=source, indexes=tuple(range(first - 24, first)))
    return shot_plan(pins=pins, past=past, **changes)


def record(plan: ShotPlan) -> dict[str, Any]:
    """As it stands in a sidecar."""
    return json.loads(json.dumps(canonical(plan)))


CHANGES: tuple[tuple[dict[str, Any], str], ...] = (
    ({"seed": 8}, "the seed is 8, was 7"),
    ({"engine": "wan"}, "the engine is wan, was motion"),
    ({"weights": "1" * 64}, "the engine has other weights"),
    ({"draft": True}, "it is a draft now"),
    ({"prompt": "fog"}, "the prompt is new"),
    ({"delivery": "ffv1"}, "the delivery is ffv1, was prores_422_hq"),
    ({"frames": 9, "generate": (FrameRange(start=0, frames=9),)},
     "the number of frames is 9, was 6"),
    ({"handles": (1, 2), "timecode": 86400 + 23}, "the handles are 1+2, was 2+2"),
    ({"size": Size(width=96, height=48)}, "the picture is 96x48, was 64x48"),
    ({"rate": Rate(num=24)}, "the timeline runs at 24, was 24000/1001"),
    ({"reel": "A002"}, "the reel is A002, was A001C002"),
    ({"cameras": (CameraMove(pan=3),)}, "the camera move is new"),
    ({"timecode": 86400 + 46},
     "its file starts at 01:00:01:22, was 01:00:00:22: the shot stands elsewhere"),
)  # fmt: skip


@pytest.mark.parametrize(("change", "said"), CHANGES, ids=[said for _, said in CHANGES])
def test_what_changed_is_said_and_nothing_else(change: dict[str, Any], said: str) -> None:
    before = pinned()
    after = replace(before, **change)

    assert changes(record(before), after) == (said,)
    assert before.digest != after.digest


def test_an_unchanged_plan_has_no_reason() -> None:
    before = pinned()
    moved = replace(
        before, place=Place(track=3, item=9, path="elsewhere", takes=Path("/x")), adaptations=()
    )

    assert changes(record(before), moved) == ()
    assert before.digest == moved.digest


def test_another_frame_at_the_cut_is_named_with_its_clip() -> None:
    assert changes(record(pinned(100)), pinned(96)) == (
        "the context before the cut is frames 72 to 95 of 'A.mov', was frames 76 to 99 of 'A.mov'",
        "the frame before the cut is frame 97 of 'A.mov', was frame 101 of 'A.mov'",
    )


def test_a_file_that_was_replaced_is_said_once() -> None:
    assert changes(record(pinned()), pinned(source=media("A.mov", "b"))) == (
        "'A.mov' is another file than it was",
    )


def test_footage_that_was_moved_is_no_change() -> None:
    elsewhere = replace(A, path=Path("/archive/A.mov"))

    assert changes(record(pinned()), pinned(source=elsewhere)) == ()


def test_every_change_of_the_digest_has_a_reason() -> None:
    """Whatever field a later version adds to the plan: it is not passed over in silence."""
    plan = pinned()
    for name, value in record(plan).items():
        if name not in ("place", "adaptations"):
            other = record(plan) | {name: "was something else" if value != "" else "x"}
            said = changes(other, plan)
            if name not in ("generate",):
                assert said, name


@pytest.mark.parametrize(
    "spoilt",
    [{}, {"version": None}, {"pins": 5, "handles": "x", "past": [1]}, {"rate": 24, "size": None}],
)
def test_a_record_of_another_version_or_none_is_borne(spoilt: dict[str, Any]) -> None:
    assert changes(spoilt, pinned())
    assert changes(record(pinned()) | spoilt, pinned()) or not spoilt
