"""Plans of shots on moving footage: pins, ranges, refusals, and what is said of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from secondunit.catalog.weights import weights_digest
from secondunit.config import Config
from secondunit.plan.build import Options, PlannedShot, plan_shot
from secondunit.plan.shot_plan import canonical, media_uses, plan_of_json
from secondunit.timeline.media import probe
from secondunit.timeline.shot import (
    Ambient,
    CameraMove,
    Footage,
    Keyframe,
    MaskTrack,
    Media,
    Stroke,
)
from secondunit.units import FrameRange, Operation

from tests.shots import HD, media, shot, still

CONFIG = Config(data=Path("/nowhere"))
UNDER = Footage(media=media(), lead=8, indexes=tuple(range(92, 92 + 40)))
PATH = Stroke(points=((0.2, 0.5), (0.4, 0.5)), region=None, over=None)


def mask(folder: Path, value: int | None = None) -> Media:
    plane = np.zeros((HD.height, HD.width), np.uint8)
    plane[200:400, 200:600] = 255
    cv2.imwrite(str(folder / "mask.png"), plane if value is None else plane * 0 + value)
    return probe(folder / "mask.png", CONFIG)


def planned(operation: Operation, **changes: Any) -> PlannedShot:
    if not weights_digest("motion"):
        pytest.skip("no weights")
    return plan_shot(
        shot(operation, still=None, **{"footage": UNDER, **changes}), Options(), CONFIG
    )


def said(found: PlannedShot) -> str:
    assert not found.plans
    return "\n".join(map(str, found.faults))


def test_a_stroke_rests_in_its_head_handle(tmp_path: Path) -> None:
    (plan,) = planned(Operation.REPLACE, mask=mask(tmp_path), strokes=(PATH,)).plans
    assert [(pin.frame, pin.index) for pin in plan.pins] == [(n, 100 + n) for n in range(-8, 1)]
    assert plan.generate == (FrameRange(start=1, frames=31),)
    assert "cut off" in plan.adaptations[0].what


@pytest.mark.parametrize("motion", ["freeze", "steady"])
def test_what_is_held_is_held_in_both_handles(tmp_path: Path, motion: str) -> None:
    (plan,) = planned(Operation.REPLACE, mask=mask(tmp_path), motion=motion).plans
    assert [pin.frame for pin in plan.pins] == [0]
    assert plan.generate == (FrameRange(start=-8, frames=8), FrameRange(start=1, frames=31))
    assert plan_of_json(json.loads(json.dumps(canonical(plan)))) == plan


def test_a_retime_is_pinned_where_it_meets_a_frame() -> None:
    shares = tuple((n % 2, 2) for n in range(40))
    under = Footage(media=media(), lead=8, indexes=tuple(100 + (n - 8) // 2 for n in range(40)),
                    shares=shares)  # fmt: skip
    (plan,) = planned(Operation.RETIME, footage=under).plans
    assert [pin.frame for pin in plan.pins] == list(range(-8, 32, 2))
    assert {made.frames for made in plan.generate} == {1}
    used = {index for _, indexes in media_uses(plan) for index in indexes}
    assert used == set(range(96, 117))  # the frame after the last in-between is used too


def test_a_short_file_shortens_the_handles() -> None:
    under = Footage(media=media(), lead=2, indexes=tuple(range(30)), shares=((1, 3),) * 30)
    (plan,) = planned(Operation.RETIME, footage=under).plans
    assert plan.handles == (2, 4) and plan.footage is not None
    assert plan.footage.range == plan.file_range


def test_a_long_retime_is_no_single_pass() -> None:
    under = Footage(media=media(), lead=0, indexes=(0,) * 600, shares=((1, 3),) * 600)
    assert planned(Operation.RETIME, frames=600, footage=under).plans
    under = Footage(media=media(), lead=0, indexes=(0,) * 600)
    assert "at most 240: shorten the shot @" in said(
        planned(Operation.REPLACE, frames=600, footage=under)
    )


def test_all_that_is_wrong_with_a_replacement_is_said_at_once(tmp_path: Path) -> None:
    found = said(
        planned(
            Operation.REPLACE,
            strokes=(PATH,),
            motion="freeze",
            ambients=(Ambient(region=mask(tmp_path)),),
            cameras=(CameraMove(pan=3),),
            keyframes=(Keyframe(frame="last", image=still(size=HD)),),
        )
    )
    for word in ("needs a mask", "one after the other", "an ambient", "a camera", "a keyframe"):
        assert word in found


def test_a_mask_alone_says_what_could_be_asked(tmp_path: Path) -> None:
    found = said(planned(Operation.REPLACE, mask=mask(tmp_path)))
    assert "`stroke:" in found and "`motion: freeze`" in found and "`motion: steady`" in found


def test_a_mask_that_follows_is_refused_where_the_strokes_regions_do(tmp_path: Path) -> None:
    followed = MaskTrack(files=(mask(tmp_path),), follow=True)
    text = said(planned(Operation.REPLACE, mask=followed, motion="freeze"))
    assert "does not follow" in text and "movie" in text


def test_a_retime_takes_no_mask_and_no_controls(tmp_path: Path) -> None:
    found = said(planned(Operation.RETIME, mask=mask(tmp_path), strokes=(PATH,)))
    assert "takes no mask" in found and "no place for a stroke" in found
