"""Control C: did the picture move as the asked camera would have moved it?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit.engine import camera
from secondunit.engine.conditioning import relative_camera
from secondunit.engine.engine import Sources
from secondunit.engine.follow import carried_on
from secondunit.engine.raster import depth_inside, grown, scaled
from secondunit.engine.strokes import region_shift
from secondunit.finish.thresholds import LIMITS
from secondunit.finish.tracks import Grey, Run, Tracker, features, grey, normalised, runs
from secondunit.plan.shot_plan import ShotPlan

_POINTS = 400
_FEWEST = 12  # points that agree on one motion
_AGREE = 0.4  # of the points that are followed
_RENEW = 0.5  # of its points are left: the tracker takes new ones
_RANSAC = 2.0  # pixels
# Pixels: smaller moves are held to the limit of one of this size. Points are followed to 0.04
# pixels (RMS, down to 320x180 and through any delivery), and a tenth must be told from that.
_FINEST = 2.0
_LOOK_BACK = 2  # frames of a clip that say how it moves at its end
_RIM = 7.0  # pixels from a mask's edge, where the window of a point sees what stays
_NAMES = ("dx", "dy", "scale", "roll")

Similarity = NDArray[np.float64]
"""`3 3`: places from the centre, in fractions of width, to places."""


@dataclass(kw_only=True)
class Curve:
    """A run's motion since its anchor, frame by frame."""

    run: Run
    asked: list[Similarity] = field(default_factory=list)
    found: list[Similarity] = field(default_factory=list)
    lost: int | None = None
    """First frame whose motion could not be fitted."""

    def in_pixels(self, picture: Grey) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(asked, found), each `f 4`: dx, dy, growth and turn, in pixels of `picture`.

        Growth and turn count by what they do at the frame's RMS radius.
        """
        height, width = picture.shape
        radius = math.sqrt((width**2 + height**2) / 12)

        def values(motions: list[Similarity]) -> NDArray[np.float64]:
            parts = [_parts(m) for m in motions]
            rows = [
                (dx * width, dy * width, math.log(s) * radius, r * radius) for dx, dy, s, r in parts
            ]
            return np.array(rows).reshape(-1, 4)

        return values(self.asked), values(self.found)


def camera_entry(
    plan: ShotPlan, sources: Sources, greys: Mapping[int, Grey]
) -> dict[str, Any] | None:
    """The asked and the measured camera over the frames (`greys`, by frame of the shot).

    Both are similarities fitted to the same points of the background (Umeyama 1991), so that the
    perspective of a pan counts on neither side. None where no frame was made.
    """
    limits = LIMITS["C"]
    asked: list[dict[str, Any]] = []
    measured: list[dict[str, Any]] = []
    passed = True
    for run in runs(plan):
        curve = camera_curve(plan, sources, greys, run)
        picture = greys[run.anchor]
        wish: dict[str, Any] = {"frames": str(run)}
        wish |= {name: limit.asked for name, limit in limits.items()}
        if curve.lost is not None:
            why = f"the background cannot be followed past frame {curve.lost}"
            asked.append(wish)
            measured.append({"measurable": False, "why": why, "pass": False})
            passed = False
            continue
        error, wrong = _difference(curve, picture)
        good = limits["rms_error"].holds(error) and limits["wrong_way"].holds(wrong)
        asked.append(wish | _words(curve.asked[-1], picture))
        measured.append(
            {
                "measurable": True,
                **_words(curve.found[-1], picture),
                "rms_error": round(error, 4),
                "wrong_way": wrong,
                "pass": good,
            }
        )
        passed = passed and good
    if not asked:
        return None
    return {"asked": {"runs": asked}, "measured": {"runs": measured}, "pass": passed}


def camera_curve(plan: ShotPlan, sources: Sources, greys: Mapping[int, Grey], run: Run) -> Curve:
    """The asked and the found motion of a run's background, up to where it is lost."""
    curve = Curve(run=run)
    last = greys[run.anchor]
    ratio = last.shape[0] / last.shape[1]

    own = _own_motion(plan, sources, run)

    def asked_at(frame: int) -> camera.Homography:
        goes_on = carried_on(own, abs(frame - run.anchor))
        return (
            relative_camera(plan.cameras, frame, run.anchor, frames=plan.frames, ratio=ratio)
            @ goes_on
        )

    regions = _regions(plan, sources, last)
    key, key_asked, key_found = run.anchor, np.eye(3), np.eye(3)
    inside = None
    if plan.mask is not None:
        # Only where the mask is white does the picture follow the whole move.
        white = scaled(sources.mask(run.anchor), (last.shape[1], last.shape[0]), "area") > 0.98
        inside = depth_inside(white) > _RIM
    tracker = Tracker(last, _background(plan, regions, run, key, key_found, last, inside))
    for frame in run.frames:
        picture = greys[frame]
        tracker.follow(picture)
        same = _agreed(tracker)
        if same is None:
            curve.lost = frame
            return curve
        start = normalised(tracker.start[same], picture)
        found = _similarity(start, normalised(tracker.places[same], picture)) @ key_found
        step = asked_at(frame) @ np.linalg.inv(asked_at(key))
        asked = _similarity(start, camera.carry(step, start)) @ key_asked
        curve.asked.append(asked)
        curve.found.append(found)
        if tracker.alive.sum() < _RENEW * len(tracker.alive):
            key, key_asked, key_found = frame, asked, found
            points = _background(plan, regions, run, key, key_found, picture, inside)
            tracker = Tracker(picture, points)
    return curve


def _own_motion(plan: ShotPlan, sources: Sources, run: Run) -> Similarity:
    """What a clip does by itself, a frame, away from the anchor: the camera moves on top of it."""
    if plan.from_one_picture:
        return np.eye(3)
    clip = sources.past(_LOOK_BACK) if run.anchor < 0 else sources.future(_LOOK_BACK)[::-1]
    if not clip:
        return np.eye(3)
    last = grey(sources.pin(run.anchor))
    tracker = Tracker(last, features(last, np.ones(last.shape, np.bool_), _POINTS))
    step = np.eye(3)
    for back, picture in enumerate(clip[::-1], 1):
        tracker.follow(grey(picture))
        same = _agreed(tracker)
        if same is None:
            break
        start, then = tracker.start[same], tracker.places[same]
        came = _similarity(normalised(then, last), normalised(start, last))
        step = np.eye(3) + (came - np.eye(3)) / back
    return step


def _agreed(tracker: Tracker) -> NDArray[np.intp] | None:
    """Points that are followed and move as one plane before a camera; None: too few do."""
    live = np.flatnonzero(tracker.alive)
    if len(live) < _FEWEST:
        return None
    start, now = tracker.start[live], tracker.places[live]
    _, kept = cv2.findHomography(start, now, cv2.RANSAC, _RANSAC)
    same = live[np.asarray(kept).reshape(-1) > 0] if kept is not None else live[:0]
    return same if len(same) >= max(_FEWEST, _AGREE * len(live)) else None


def _similarity(start: NDArray[np.float64], now: NDArray[np.float64]) -> Similarity:
    """The turn, growth and shift that bring `start` (n 2) nearest to `now`."""
    a, b = start - start.mean(axis=0), now - now.mean(axis=0)
    spread = float(np.sum(a * a))
    cosine = float(np.sum(a * b)) / spread
    sine = float(np.sum(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])) / spread
    turn = np.array([[cosine, -sine], [sine, cosine]])
    result = np.eye(3)
    result[:2, :2] = turn
    result[:2, 2] = now.mean(axis=0) - turn @ start.mean(axis=0)
    return result


def _parts(motion: Similarity) -> tuple[float, float, float, float]:
    """(dx, dy) in fractions of width, scale, roll in radians, clockwise."""
    cosine, sine = motion[0, 0], motion[1, 0]
    scale = math.hypot(cosine, sine)
    return float(motion[0, 2]), float(motion[1, 2]), scale, math.atan2(sine, cosine)


def _words(motion: Similarity, picture: Grey) -> dict[str, float]:
    """A motion of the picture as people say it: fractions of width and height, ratio, degrees."""
    dx, dy, scale, roll = _parts(motion)
    dy *= picture.shape[1] / picture.shape[0]
    values = dx, dy, scale, math.degrees(roll)
    return {name: round(v, 4) for name, v in zip(_NAMES, values, strict=True)}


def _difference(curve: Curve, picture: Grey) -> tuple[float, int]:
    """(RMS error over the size of the move, frames on which a part went the wrong way).

    A part that was asked counts against its own size, one that was not against the whole move's.
    """
    asked, found = curve.in_pixels(picture)
    peak = np.abs(asked).max(axis=0)
    size = np.where(peak >= 1, peak, peak.max())
    rms = np.sqrt(np.mean((found - asked) ** 2, axis=0))
    wrong = (np.abs(asked) >= 1) & (asked * found <= 0)
    return float(np.max(rms / np.maximum(size, _FINEST))), int(wrong.any(axis=1).sum())


def _regions(
    plan: ShotPlan, sources: Sources, picture: Grey
) -> list[tuple[int | None, NDArray[np.bool_]]]:
    """(number of the stroke, or None; `h w`): what moves on its own, with a rim."""
    size = picture.shape[1], picture.shape[0]
    asked = [(n, sources.region(n, "stroke")) for n in range(len(plan.strokes))]
    asked += [(None, sources.region(n, "ambient")) for n in range(len(plan.ambients))]
    return [(n, grown(scaled(r, size, "area") > 0.05, 8)) for n, r in asked]


def _background(
    plan: ShotPlan,
    regions: list[tuple[int | None, NDArray[np.bool_]]],
    run: Run,
    frame: int,
    motion: Similarity,
    picture: Grey,
    inside: NDArray[np.bool_] | None,
) -> NDArray[np.float32]:
    """Points of a frame that come from the anchor's picture and from no region of a control."""
    height, width = picture.shape
    ratio = height / width
    middle = np.array([[1, 0, (width - 1) / 2], [0, 1, (height - 1) / 2], [0, 0, 1]])
    lens = middle @ np.diag([width, width, 1.0])

    def carried(plane: NDArray[np.bool_], shift: NDArray[np.float64]) -> NDArray[np.bool_]:
        moved = np.eye(3)
        moved[:2, 2] = shift
        matrix = (lens @ motion @ moved @ np.linalg.inv(lens))[:2]
        warped = cv2.warpAffine(plane.astype(np.uint8), matrix, (width, height))
        return np.asarray(warped) > 0

    free = carried(np.ones(picture.shape, np.bool_), np.zeros(2))
    if inside is not None:  # a window stands while the view behind it moves
        free &= inside
    for number, region in regions:
        free &= ~carried(region, np.zeros(2))
        if number is not None:
            free &= ~carried(region, region_shift(plan, number, frame, run.anchor, ratio))
    return features(picture, free, _POINTS)
