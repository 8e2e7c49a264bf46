"""A stroke passes when its region went the drawn way, and only then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from secondunit.finish.strokes import stroke_entry
from secondunit.timeline.shot import CameraMove
from secondunit.units import FrameRange

from tests.engine.pictures import MEDIA, animation, dots, stroke
from tests.finish.moving import about_centre, clip, moved, moved_region, shifted

H, W, FRAMES = 180, 320, 9
STILL = dots(H, W)
REGION = np.zeros((H, W), np.float32)
REGION[60:120, 60:140] = 1
RIGHT = stroke((0.3, 0.5), (0.4, 0.5))  # 32 pixels


def measured(
    dx: float, dy: float, *, asked: Any = RIGHT, grain: float = 0.0, **changes: Any
) -> dict[str, Any]:
    """The entry for a region that went (dx, dy) pixels, evenly, when `asked` was asked."""
    plan, sources = animation(STILL, FRAMES, strokes=(asked,), **changes)
    sources.regions[("stroke", 0)] = REGION

    def at(frame: int) -> Any:
        share = frame / (FRAMES - 1)
        return moved_region(STILL, REGION, dx * share, dy * share)

    entry = stroke_entry(plan, sources, clip(FRAMES, STILL, at, grain))
    assert entry is not None
    return entry


@pytest.mark.parametrize("grain", [0.0, 0.02])
def test_a_region_that_went_the_drawn_way_passes(grain: float) -> None:
    entry = measured(32, 0, grain=grain)
    (found,) = entry["measured"]["strokes"]
    assert entry["pass"] and found["pass"], found
    assert found["way"] == pytest.approx([0.1, 0], abs=0.001)
    assert found["direction"] < 1 and found["length"] == pytest.approx(1, abs=0.01)
    assert found["end_error"] < 0.001 and found["following"] > 0.95


@pytest.mark.parametrize(
    ("dx", "dy", "fails"),
    [
        (-32, 0, ("direction", "end_error")),
        (0, 32, ("direction", "end_error")),
        (16, 0, ("length", "end_error")),
        (0, 0, ("direction", "length", "end_error")),
        (44, 0, ("length", "end_error")),
    ],
    ids=["the wrong way", "downwards", "half as far", "not at all", "too far"],
)
def test_a_region_that_went_otherwise_fails(dx: float, dy: float, fails: tuple[str, ...]) -> None:
    entry = measured(dx, dy)
    (found,) = entry["measured"]["strokes"]
    assert not entry["pass"] and found["measurable"]
    bad = {
        "direction": found["direction"] > 15,
        "length": not 0.8 <= found["length"] <= 1.25,
        "end_error": found["end_error"] > 0.02,
    }
    assert all(bad[name] for name in fails), found


def test_strength_shortens_the_way_that_is_asked() -> None:
    half = stroke((0.3, 0.5), (0.4, 0.5), strength=0.5)
    assert measured(16, 0, asked=half)["pass"]
    assert not measured(32, 0, asked=half)["pass"]


def test_there_and_back_is_measured_leg_by_leg() -> None:
    asked = stroke((0.3, 0.5), (0.4, 0.5), (0.3, 0.5))
    plan, sources = animation(STILL, FRAMES, strokes=(asked,))
    sources.regions[("stroke", 0)] = REGION

    def bounced(sign: float) -> Any:
        def at(frame: int) -> Any:
            share = 1 - abs(frame / (FRAMES - 1) * 2 - 1)
            return moved_region(STILL, REGION, sign * 32 * share, 0)

        return stroke_entry(plan, sources, clip(FRAMES, STILL, at))

    there, wrong = bounced(1), bounced(-1)
    assert there is not None and wrong is not None
    assert there["pass"], there["measured"]
    assert there["measured"]["strokes"][0]["length"] == pytest.approx(1, abs=0.03)
    assert not wrong["pass"] and wrong["measured"]["strokes"][0]["direction"] > 170


def test_a_camera_carries_the_stroke_with_it() -> None:
    plan, sources = animation(STILL, FRAMES, strokes=(RIGHT,), cameras=(CameraMove(truck=10),))
    sources.regions[("stroke", 0)] = REGION

    def at(frame: int) -> Any:
        share = frame / (FRAMES - 1)
        return moved(moved_region(STILL, REGION, 32 * share, 0), shifted(-32 * share, 0))

    entry = stroke_entry(plan, sources, clip(FRAMES, STILL, at))
    assert entry is not None and entry["pass"], entry
    assert not measured(32, 0, cameras=(CameraMove(truck=10),))["pass"]


def test_a_stroke_rests_before_its_range() -> None:
    late = stroke((0.3, 0.5), (0.4, 0.5), over=FrameRange(start=4, frames=5))
    assert not measured(32, 0, asked=late)["pass"]
    plan, sources = animation(STILL, FRAMES, strokes=(late,))
    sources.regions[("stroke", 0)] = REGION
    entry = stroke_entry(
        plan, sources,
        clip(FRAMES, STILL, lambda f: moved_region(STILL, REGION, 8 * max(0, f - 4), 0)),
    )  # fmt: skip
    assert entry is not None and entry["pass"], entry


def test_each_stroke_is_judged_for_itself() -> None:
    other = np.zeros((H, W), np.float32)
    other[60:120, 200:260] = 1
    up = stroke((0.7, 0.5), (0.7, 0.4), region=MEDIA)
    plan, sources = animation(STILL, FRAMES, strokes=(RIGHT, up))
    sources.regions.update({("stroke", 0): REGION, ("stroke", 1): other})
    entry = stroke_entry(
        plan, sources, clip(FRAMES, STILL, lambda f: moved_region(STILL, REGION, 4 * f, 0))
    )
    assert entry is not None and not entry["pass"]
    assert [s["pass"] for s in entry["measured"]["strokes"]] == [True, False]


def test_a_region_without_texture_is_not_measurable_and_does_not_pass() -> None:
    flat = STILL * (1 - REGION[..., None]) + 0.5 * REGION[..., None]
    plan, sources = animation(flat, FRAMES, strokes=(RIGHT,))
    sources.regions[("stroke", 0)] = REGION
    entry = stroke_entry(
        plan, sources, clip(FRAMES, flat, lambda f: moved_region(flat, REGION, 4 * f, 0), 0.002)
    )
    assert entry is not None and not entry["pass"]
    (found,) = entry["measured"]["strokes"]
    assert found["measurable"] is False and "texture" in found["why"]


def test_a_region_that_dissolves_is_not_measurable_and_does_not_pass() -> None:
    plan, sources = animation(STILL, FRAMES, strokes=(RIGHT,))
    sources.regions[("stroke", 0)] = REGION
    entry = stroke_entry(
        plan, sources, clip(FRAMES, STILL, lambda f: STILL if f < 4 else dots(H, W, seed=f))
    )
    assert entry is not None and not entry["pass"]
    (found,) = entry["measured"]["strokes"]
    assert found["measurable"] is False and "followed past" in found["why"]


def test_a_region_on_its_way_out_of_the_picture_is_measured_while_it_is_seen() -> None:
    out = stroke((0.3, 0.5), (0.85, 0.5))
    entry = measured(176, 0, asked=out)
    assert entry["pass"], entry


def test_made_frames_before_a_clip_are_measured_backwards() -> None:
    way = stroke((0.3, 0.5), (0.4, 0.5))
    plan, sources = animation(STILL, FRAMES, strokes=(way,))
    sources.regions[("stroke", 0)] = REGION
    pins = (replace(plan.pins[0], frame=FRAMES - 1),)
    plan = replace(plan, pins=pins, generate=(FrameRange(start=0, frames=FRAMES - 1),))
    greys = clip(FRAMES, STILL, lambda f: moved_region(STILL, REGION, -4 * f, 0))
    entry = stroke_entry(plan, sources, {FRAMES - 1 - f: g for f, g in greys.items()})
    assert entry is not None and entry["pass"], entry


def test_a_zoom_of_a_still_stroke_region_is_the_cameras_business() -> None:
    still_stroke = stroke((0.3, 0.5), (0.301, 0.5))
    plan, sources = animation(
        STILL, FRAMES, strokes=(still_stroke,), cameras=(CameraMove(dolly=12),)
    )
    sources.regions[("stroke", 0)] = REGION
    entry = stroke_entry(
        plan, sources,
        clip(FRAMES, STILL, lambda f: moved(STILL, about_centre(STILL, 1 + 0.12 * f / 8))),
    )  # fmt: skip
    assert entry is not None and entry["pass"], entry
