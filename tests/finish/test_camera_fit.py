"""A camera move passes when the picture moved as the camera would, with the right sign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from secondunit.catalog.deliveries import DELIVERIES
from secondunit.encode.writer import write
from secondunit.engine import camera
from secondunit.engine.engine import RGB
from secondunit.finish.camera_fit import camera_entry
from secondunit.finish.tracks import grey
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.picture import picture_from_rgb, picture_of_frame
from secondunit.timeline.shot import CameraMove
from secondunit.units import ColourTags

from tests.engine.pictures import animation, dots, footage, picture, silent, stroke
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


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """The entry for a still under `move`, through a delivery's file, when `asked` was asked."""
    folder = tmp_path_factory.mktemp("delivered")

    def entry(still: RGB, move: CameraMove, asked: CameraMove, delivery: str) -> dict[str, Any]:
        plan, sources = animation(
            still, 5, cameras=(asked,), delivery=delivery, reel=None, colour=ColourTags()
        )
        greys = decoded(plan, [warped(still, move, f, 5) for f in range(5)], folder)
        found = camera_entry(plan, sources, greys | {0: grey(still)})
        assert found is not None
        (seen,) = found["measured"]["runs"]
        return {"pass": found["pass"], **seen}

    return entry


def warped(still: RGB, move: CameraMove, frame: int, frames: int) -> RGB:
    """The still as the lens of `engine.camera` shows it, without the engine."""
    height, width = still.shape[:2]
    lens = np.array([[width, 0, (width - 1) / 2], [0, width, (height - 1) / 2], [0, 0, 1]])
    way = lens @ camera.at_frame((move,), frame, frames=frames, ratio=height / width)
    way = np.asarray(way @ np.linalg.inv(lens), np.float64)
    shown = cv2.warpPerspective(
        np.asarray(still, np.float32), way, (width, height),
        flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT,
    )  # fmt: skip
    return np.clip(np.asarray(shown, np.float32), 0, 1)


def decoded(plan: ShotPlan, frames: list[RGB], folder: Path) -> dict[int, np.ndarray]:
    """What a host sees of frames 1.. in the delivered file."""
    path = folder / f"clip{DELIVERIES[plan.delivery].suffix}"
    shown = (picture_from_rgb(rgb, plan.format, plan.colour) for rgb in frames)
    facts = write(shown, plan, path, progress=silent).facts
    with av.open(str(path)) as source:
        greys = [
            grey(picture_of_frame(frame, colour=facts.colour).rgb())
            for frame in source.decode(video=0)
        ]
    return dict(enumerate(greys))


def drawn(height: int, width: int, shared: Callable[[], Path]) -> RGB:
    return dots(height, width)


def train(height: int, width: int, shared: Callable[[], Path]) -> RGB:
    still = footage(shared() / "media" / "train.m4v", 61)[60]
    still = np.asarray(still, np.float32)
    shown = cv2.resize(still, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(shown, np.float32)


def scroll(height: int, width: int, shared: Callable[[], Path]) -> RGB:
    still = picture(shared() / "media" / "scroll.jpg")
    still = np.asarray(still[: round(still.shape[1] * height / width)], np.float32)
    shown = cv2.resize(still, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(shown, np.float32)


@pytest.mark.parametrize("delivery", ["prores_422_hq", "ffv1"])
@pytest.mark.parametrize(
    ("still", "size", "straight"),
    [
        (drawn, (180, 320), CameraMove(pan=6)),
        (drawn, (720, 1280), CameraMove(zoom=1.1)),
        (train, (180, 320), CameraMove(roll=4)),
        (train, (180, 320), CameraMove(truck=1.5)),  # five pixels
        (scroll, (720, 1280), CameraMove(tilt=-3)),
        (scroll, (180, 320), CameraMove(dolly=8)),
    ],
)
def test_a_straight_move_where_an_eased_one_was_asked_fails_and_each_right_one_passes(
    still: Callable[..., RGB],
    size: tuple[int, int],
    straight: CameraMove,
    delivery: str,
    delivered: Callable[..., dict[str, Any]],
    request: pytest.FixtureRequest,
) -> None:
    shown = still(*size, lambda: request.getfixturevalue("shared"))
    eased = replace(straight, ease="in-out")

    for right in (straight, eased):
        seen = delivered(shown, right, right, delivery)
        assert seen["pass"] and seen["rms_error"] < 0.02, seen
    wrong = delivered(shown, straight, eased, delivery)
    assert not wrong["pass"] and wrong["wrong_way"] == 0, wrong
    assert wrong["rms_error"] == pytest.approx(0.0663, abs=0.01), "and by as much as eases differ"
