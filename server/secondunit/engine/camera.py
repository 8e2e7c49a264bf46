"""Camera moves as exact geometry: where a move takes each place of the picture.

Places are (x, y) in fractions of the frame's width on both axes, from the frame's centre, x right,
y down. Every number of a move is visible as it was asked: the picture turns and grows about its
centre, pan and tilt carry the centre as a lens of the given field of view would (Hartley and
Zisserman 2004, section 8.4: a rotating camera moves the picture by K R K^-1), truck and pedestal
carry it straight.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from secondunit.timeline.shot import CameraMove, Ease
from secondunit.units import FrameRange

Homography = NDArray[np.float64]
"""`3 3`, maps a place before the move to the place after it."""


def eased(fraction: float, ease: Ease) -> float:
    """Return the share of a move that is done at a share 0..1 of its time.

    `in` starts slowly, `out` ends slowly, `in-out` does both.
    """
    f = min(max(fraction, 0.0), 1.0)
    if ease == "in":
        return f * f
    if ease == "out":
        return f * (2 - f)
    if ease == "in-out":
        return f * f * (3 - 2 * f)
    return f


def elapsed(frame: float, over: FrameRange) -> float:
    """Return the share 0..1 of a range's time at a frame: 0 on its first frame, 1 on its last."""
    if over.frames < 2:
        return 1.0 if frame >= over.start else 0.0
    return min(max((frame - over.start) / (over.frames - 1), 0.0), 1.0)


def homography(move: CameraMove, share: float, ratio: float) -> Homography:
    """Return where a move takes the picture when a share 0..1 of it is done.

    `ratio` is picture height / width.
    """
    focal = 0.5 / math.tan(math.radians(move.fov) / 2)
    pan, tilt, roll = (math.radians(share * angle) for angle in (move.pan, move.tilt, move.roll))
    scale = (1 + share * move.dolly / 100) * (1 + share * (move.zoom - 1))
    grown = scale * np.array(
        [
            [math.cos(roll), -math.sin(roll), 0],
            [math.sin(roll), math.cos(roll), 0],
            [0, 0, 1 / scale],
        ]
    )
    to_right = np.array(
        [[math.cos(pan), 0, -math.sin(pan)], [0, 1, 0], [math.sin(pan), 0, math.cos(pan)]]
    )
    upwards = np.array(
        [[1, 0, 0], [0, math.cos(tilt), math.sin(tilt)], [0, -math.sin(tilt), math.cos(tilt)]]
    )
    lens = np.diag([focal, focal, 1.0])
    turned = lens @ upwards @ to_right @ np.linalg.inv(lens)
    carried = np.array(
        [
            [1, 0, -share * move.truck / 100],
            [0, 1, share * move.pedestal / 100 * ratio],
            [0, 0, 1],
        ]
    )
    return carried @ turned @ grown


def at_frame(moves: Sequence[CameraMove], frame: float, *, frames: int, ratio: float) -> Homography:
    """Return where all moves together have taken the picture at a frame of the shot.

    `frames` is what a move without a range runs over: the shot as the cut shows it. Moves compose
    in the order in which they are written; before its range a move does nothing, after it, it
    rests. At frame 0 of a shot whose moves start there, this is the identity.
    """
    total = np.eye(3)
    for move in moves:
        over = move.over or FrameRange(start=0, frames=frames)
        share = eased(elapsed(frame, over), move.ease)
        total = homography(move, share, ratio) @ total
    return total


def carry(matrix: Homography, places: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the places (... 2), from the centre, after a homography."""
    moved = places @ matrix[:2, :2].T + matrix[:2, 2]
    depth = places @ matrix[2, :2] + matrix[2, 2]
    return moved / depth[..., None]
