"""The contact sheet shows every control, says what was missed, and is always the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from secondunit.engine.sources import PlanSources
from secondunit.finish.contact_sheet import WIDTH, contact_sheet, frames_wanted
from secondunit.finish.overlay import CAMERA, MASK, STROKES, asked_picture
from secondunit.finish.wording import lines
from secondunit.plan.shot_plan import Adaptation, Level, Pin, ShotPlan
from secondunit.timeline.shot import CameraMove
from secondunit.units import FrameRange, Operation, Size

from tests.engine.pictures import dots, stroke
from tests.finish.test_report import H, W, still
from tests.plans import SRGB, shot_plan

HELD, MISSED = (92, 184, 122), (232, 96, 84)
GOOD = {"T": {"asked": {"frames": 6, "rate": [24, 1]}, "measured": {"frames": 6}, "pass": True}}
STROKE = {
    "asked": {"strokes": [{"stroke": 1, "way": [0.1, 0.0]}]},
    "measured": {"strokes": [{"stroke": 1, "measurable": False, "why": "no texture",
                              "pass": False}]},
    "pass": False,
}  # fmt: skip


@pytest.fixture
def plan(tmp_path: Path) -> ShotPlan:
    """Six frames of a still with every control."""
    mask = np.zeros((H, W, 3), np.float32)
    mask[20:60, 20:80] = 1
    source = still(tmp_path, dots(H, W), "still")
    return shot_plan(
        operation=Operation.ANIMATE, frames=6, handles=(0, 0), size=Size(width=W, height=H),
        work=Size(width=W, height=H), format="gbrp", colour=SRGB,
        pins=(Pin(frame=0, media=source, index=0),), generate=(FrameRange(start=1, frames=5),),
        mask=still(tmp_path, mask, "mask"), strokes=(stroke((0.2, 0.4), (0.5, 0.5)),),
    )  # fmt: skip


def sheet(plan: ShotPlan, report: dict[str, Any]) -> np.ndarray:
    shown = {f: np.full((H, W, 3), 20 * abs(f), np.uint8) for f in frames_wanted(plan)}
    return contact_sheet(plan, PlanSources(plan), report, shown)


def share(image: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float((image == np.array(colour, np.uint8)).all(axis=-1).mean())


def test_a_sheet_says_in_colour_and_words_that_a_control_was_missed(plan: ShotPlan) -> None:
    good, bad = sheet(plan, GOOD), sheet(plan, GOOD | {"B": STROKE})
    assert good.shape[1] == WIDTH and good.dtype == np.uint8
    assert share(good, MISSED) == 0 and share(good, HELD) > 0.003
    assert share(bad, MISSED) > 0.003
    assert np.array_equal(good, sheet(plan, GOOD))


def test_a_bridge_has_a_sheet_too_and_long_words_stay_on_it(plan: ShotPlan) -> None:
    pins = tuple(replace(plan.pins[0], frame=frame) for frame in (-1, 6))
    bridge = replace(
        plan, operation=Operation.BRIDGE, mask=None, strokes=(), pins=pins, handles=(1, 1),
        generate=(FrameRange(start=0, frames=6),), name="A_VERY_LONG_NAME_" * 8,
        adaptations=(Adaptation(level=Level.ROUNDED, what="so many words " * 30, path="x"),) * 3,
    )  # fmt: skip
    image = sheet(bridge, GOOD)
    assert image.shape[1] == WIDTH
    paper = image[:132, WIDTH - 20 :]
    assert (paper == paper[0, 0]).all(), "the header runs into the margin"


def test_what_was_asked_is_drawn_on_the_picture(plan: ShotPlan) -> None:
    pin, image, key = asked_picture(plan, PlanSources(plan), 512, 384)
    assert pin.frame == 0 and image.shape == (384, 512, 3)
    assert share(image, MASK) > 0.002 and share(image, STROKES[0]) > 0.002
    assert [words for _, words in key] == ["mask: may change", "stroke"]
    # The arrow ends where the path does.
    near = image[384 // 2 - 12 : 384 // 2 + 12, 512 // 2 - 12 : 512 // 2 + 12]
    assert share(near, STROKES[0]) > 0.1


@pytest.mark.parametrize(("pan", "side"), [(8.0, "right"), (-8.0, "left")])
def test_the_cameras_frame_lies_where_it_looks_at_the_end(
    plan: ShotPlan, pan: float, side: str
) -> None:
    moves = (CameraMove(pan=pan, dolly=40),)
    _, image, _ = asked_picture(
        replace(plan, mask=None, strokes=(), cameras=moves), PlanSources(plan), 512, 384
    )
    columns = np.flatnonzero((image == np.array(CAMERA, np.uint8)).all(axis=-1).any(axis=0))
    middle = (columns.min() + columns.max()) / 2
    assert middle > 270 if side == "right" else middle < 242


def test_the_report_in_words_has_a_line_for_every_stroke_and_control() -> None:
    two = {
        "asked": {"strokes": [{"way": [0.1, 0.0]}, {"way": [0.0, -0.05]}]},
        "measured": {"strokes": [
            {"measurable": True, "way": [0.1, 0.0], "direction": 0.4, "length": 1.0, "pass": True},
            {"measurable": False, "why": "its region is empty", "pass": False},
        ]},
        "pass": False,
    }  # fmt: skip
    strange = {"asked": "x", "measured": 3, "pass": True}
    said = lines({"Z": strange, "B": two, **GOOD})
    assert [line.control for line in said] == ["T", "B1", "B2", "Z"]
    assert [line.passed for line in said] == [True, True, False, True]
    assert said[1].measured == "+10.0% across, 0 down, 0.4° off, 1.00 of its length"
    assert said[2].measured == "not measurable: its region is empty"
