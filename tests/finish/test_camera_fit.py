"""A camera move passes when the picture moved as the camera would, with the right sign."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from secondunit.finish.camera_fit import camera_entry
from secondunit.timeline.shot import CameraMove

from tests.engine.pictures import animation, dots, stroke
from tests.finish.moving import Affine, about_centre, clip, moved, moved_region, shifted

H, W, FRAMES = 180, 320, 9
STILL = dots(H, W)


def measured(
    move: CameraMove, at: Callable[[float], Affine], *, frames: int = FRAMES, grain: float = 0.0
) -> dict[str, Any]:
    """The entry for a picture that goes `at(share of the time)` when `move` was asked."""
    plan, sources = animation(STILL, frames, cameras=(move,))
    entry = camera_entry(
        plan, sources,
        clip(frames, STILL, lambda f: moved(STILL, at(f / (frames - 1))), grain),
    )  # fmt: skip
    assert entry is not None
    return entry


def grown(amount: float) -> Callable[[float], Affine]:
    return lambda share: about_centre(STILL, 1 + amount * share)


def turned(degrees: float) -> Callable[[float], Affine]:
    return lambda share: about_centre(STILL, clockwise=degrees * share)


def gone(dx: float, dy: float) -> Callable[[float], Affine]:
    return lambda share: shifted(dx * share, dy * share)


# What the words of a camera mean in pixels of the picture, worked out by hand.
RIGHT_WAYS = [
    (CameraMove(truck=10), gone(-32, 0)),
    (CameraMove(pedestal=10), gone(0, 18)),
    (CameraMove(dolly=12), grown(0.12)),
    (CameraMove(zoom=1.2), grown(0.2)),
    (CameraMove(zoom=0.9), grown(-0.1)),
    (CameraMove(roll=6), turned(6)),
]
NAMES = ["truck", "pedestal", "dolly", "zoom in", "zoom out", "roll"]


@pytest.mark.parametrize(("move", "at"), RIGHT_WAYS, ids=NAMES)
def test_a_picture_that_moved_as_asked_passes(
    move: CameraMove, at: Callable[[float], Affine]
) -> None:
    entry = measured(move, at)
    (found,) = entry["measured"]["runs"]
    assert entry["pass"], entry
    assert found["rms_error"] < 0.02 and found["wrong_way"] == 0
    (asked,) = entry["asked"]["runs"]
    for name in ("dx", "dy", "scale", "roll"):
        assert found[name] == pytest.approx(asked[name], abs=0.05 if name == "roll" else 0.002)


@pytest.mark.parametrize(("move", "at"), RIGHT_WAYS, ids=NAMES)
def test_a_picture_that_moved_the_other_way_fails(
    move: CameraMove, at: Callable[[float], Affine]
) -> None:
    entry = measured(move, lambda share: at(-share))
    (found,) = entry["measured"]["runs"]
    assert not entry["pass"]
    assert found["measurable"] and found["wrong_way"] >= FRAMES - 4


@pytest.mark.parametrize(("move", "at"), RIGHT_WAYS, ids=NAMES)
def test_a_picture_that_moved_half_as_far_fails(
    move: CameraMove, at: Callable[[float], Affine]
) -> None:
    entry = measured(move, lambda share: at(share / 2))
    (found,) = entry["measured"]["runs"]
    assert not entry["pass"] and found["wrong_way"] == 0
    assert found["rms_error"] > 0.2


def test_a_picture_that_stood_still_fails() -> None:
    assert not measured(CameraMove(pan=6), gone(0, 0))["pass"]


def test_the_right_end_by_the_wrong_curve_fails() -> None:
    move = CameraMove(truck=10, ease="in")
    assert not measured(move, gone(-32, 0))["pass"]
    assert measured(move, lambda s: shifted(-32 * s * s, 0))["pass"]


def test_a_move_nobody_asked_for_fails() -> None:
    entry = measured(
        CameraMove(truck=10),
        lambda s: (
            np.vstack([about_centre(STILL, clockwise=4 * s), [0, 0, 1]])[:2]
            + np.array([[0, 0, -32 * s], [0, 0, 0]])
        ),
    )
    assert not entry["pass"]


def test_a_long_move_through_grain_does_not_drift() -> None:
    entry = measured(CameraMove(truck=10), gone(-32, 0), frames=60, grain=0.02)
    (found,) = entry["measured"]["runs"]
    assert entry["pass"] and found["rms_error"] < 0.02, found


def test_a_move_that_leaves_its_first_picture_behind_is_still_followed() -> None:
    wide = dots(H, 3 * W, seed=4)

    def view(share: float) -> np.ndarray:
        left = round(1.5 * W * share)
        return wide[:, left : left + W]

    plan, sources = animation(view(0), 25, cameras=(CameraMove(truck=150),))
    entry = camera_entry(plan, sources, clip(25, view(0), lambda f: view(f / 24)))
    assert entry is not None
    # What comes in was never part of the first picture, so there is nothing to compare it with.
    (found,) = entry["measured"]["runs"]
    assert not entry["pass"] and found["measurable"] is False
    assert int(found["why"].rpartition(" ")[2]) > 12


def test_what_a_stroke_moves_is_no_camera() -> None:
    region = np.zeros((H, W), np.float32)
    region[20:160, 30:200] = 1  # nearly half of the picture
    plan, sources = animation(
        STILL, FRAMES, cameras=(CameraMove(truck=5),), strokes=(stroke((0.2, 0.5), (0.35, 0.5)),)
    )
    sources.regions[("stroke", 0)] = region

    def at(frame: int) -> Any:
        share = frame / (FRAMES - 1)
        return moved(moved_region(STILL, region, 48 * share, 0), shifted(-16 * share, 0))

    entry = camera_entry(plan, sources, clip(FRAMES, STILL, at))
    assert entry is not None and entry["pass"], entry


def test_a_picture_without_texture_is_not_measurable_and_does_not_pass() -> None:
    flat = np.full((H, W, 3), 0.5, np.float32)
    plan, sources = animation(flat, FRAMES, cameras=(CameraMove(pan=3),))
    entry = camera_entry(plan, sources, clip(FRAMES, flat, lambda f: flat, 0.002))
    assert entry is not None and not entry["pass"]
    assert entry["measured"]["runs"][0]["measurable"] is False
