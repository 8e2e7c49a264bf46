"""Camera moves: signs, sizes, time and composition, as numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from secondunit.engine import camera
from secondunit.timeline.shot import CameraMove
from secondunit.units import FrameRange

RATIO = 9 / 16
CENTRE = np.zeros(2)


def gone(move: CameraMove, place: tuple[float, float] = (0.0, 0.0), share: float = 1.0) -> list:
    start = np.asarray(place)
    return list(camera.carry(camera.homography(move, share, RATIO), start) - start)


def test_a_pan_to_the_right_moves_the_picture_left_by_the_tangent_of_its_angle() -> None:
    dx, dy = gone(CameraMove(pan=6))
    assert dx == pytest.approx(-0.5 / math.tan(math.radians(25)) * math.tan(math.radians(6)))
    assert dy == pytest.approx(0)


def test_a_wider_field_of_view_makes_the_same_pan_smaller() -> None:
    assert abs(gone(CameraMove(pan=6, fov=90))[0]) < abs(gone(CameraMove(pan=6))[0]) / 2


def test_a_tilt_up_moves_the_picture_down() -> None:
    dx, dy = gone(CameraMove(tilt=4))
    assert dy == pytest.approx(0.5 / math.tan(math.radians(25)) * math.tan(math.radians(4)))
    assert dx == pytest.approx(0)


def test_a_pan_stretches_the_side_that_it_leaves() -> None:
    # A rotating lens is a homography: what nears the edge of the picture moves faster.
    assert gone(CameraMove(pan=6), (-0.5, 0))[0] < gone(CameraMove(pan=6), (0.4, 0))[0] < 0


def test_a_roll_turns_the_picture_clockwise() -> None:
    dx, dy = gone(CameraMove(roll=90), (0.2, 0.0))
    assert (0.2 + dx, dy) == (pytest.approx(0), pytest.approx(0.2))  # right goes down


def test_truck_and_pedestal_are_per_cent_of_width_and_height() -> None:
    assert gone(CameraMove(truck=5)) == [pytest.approx(-0.05), pytest.approx(0)]
    assert gone(CameraMove(pedestal=5)) == [pytest.approx(0), pytest.approx(0.05 * RATIO)]


def test_dolly_and_zoom_enlarge_about_the_centre() -> None:
    assert gone(CameraMove(dolly=10), (0.3, -0.1)) == [pytest.approx(0.03), pytest.approx(-0.01)]
    assert gone(CameraMove(zoom=1.5), (0.2, 0.1)) == [pytest.approx(0.1), pytest.approx(0.05)]
    assert gone(CameraMove(zoom=1.5)) == [pytest.approx(0), pytest.approx(0)]


def test_half_a_linear_move_is_half_of_each_number() -> None:
    assert gone(CameraMove(truck=8), share=0.5)[0] == pytest.approx(-0.04)
    assert gone(CameraMove(zoom=1.2), (0.5, 0), 0.5)[0] == pytest.approx(0.05)


def test_a_move_starts_at_nothing_on_its_first_frame_and_is_whole_on_its_last() -> None:
    over = FrameRange(start=10, frames=5)
    move = (CameraMove(truck=10, over=over),)
    seen = [
        camera.carry(camera.at_frame(move, f, frames=100, ratio=RATIO), CENTRE)[0]
        for f in (0, 10, 12, 14, 99)
    ]
    assert seen == [0, 0, pytest.approx(-0.05), pytest.approx(-0.1), pytest.approx(-0.1)]


def test_a_move_without_a_range_takes_the_whole_shot() -> None:
    matrix = camera.at_frame((CameraMove(truck=10),), 23, frames=24, ratio=RATIO)
    assert camera.carry(matrix, CENTRE)[0] == pytest.approx(-0.1)


def test_several_moves_add_up() -> None:
    moves = (CameraMove(truck=10), CameraMove(truck=-4, pedestal=2))
    matrix = camera.at_frame(moves, 23, frames=24, ratio=1.0)
    assert list(camera.carry(matrix, CENTRE)) == [pytest.approx(-0.06), pytest.approx(0.02)]


def test_eases_share_their_ends_and_differ_between() -> None:
    for ease in ("linear", "in", "out", "in-out"):
        assert camera.eased(0, ease) == 0
        assert camera.eased(1, ease) == 1
    assert camera.eased(0.25, "in") < 0.25 < camera.eased(0.25, "out")
    assert camera.eased(0.25, "in-out") < 0.25
    assert camera.eased(0.75, "in-out") > 0.75
