"""Strokes that contradict each other, a fixed picture or the frame: said before any work."""

from __future__ import annotations

from collections.abc import Iterator

from secondunit.errors import Fault
from secondunit.plan.grid import keyframe_frame
from secondunit.plan.shot_plan import Adaptation, Level
from secondunit.timeline.shot import Shot, Stroke
from secondunit.units import FrameRange


def stroke_faults(shot: Shot) -> Iterator[Fault]:
    """Strokes that cannot be obeyed together, with the keyframes, or inside the picture."""
    request, path = shot.request, shot.place.path
    for i, stroke in enumerate(request.strokes):
        where = f"{path}.stroke[{i}]"
        over = _over(stroke, shot)
        for j, other in enumerate(request.strokes[:i]):
            both = _both(over, _over(other, shot))
            if other.region == stroke.region and both is not None:
                yield Fault(
                    what=f"stroke {i + 1} and stroke {j + 1} take the same region two ways in "
                    f"frames {both}: give one of them another region (`in FILE`) or another time "
                    "(`over`)",
                    path=where,
                )
        for keyframe in request.keyframes:
            at = keyframe_frame(keyframe.frame, shot.record.frames)
            if keyframe.strength == 1 and over.start < at < over.end:
                yield Fault(
                    what=f"stroke {i + 1} crosses the keyframe at frame {at}, whose picture is "
                    f"fixed: end it before (`over {over.start}-{at}`), or lower the keyframe's "
                    "strength",
                    path=where,
                )
        if all(_beyond(point) > 0 for point in stroke.points):
            yield Fault(
                what=f"the whole way of stroke {i + 1} lies outside the picture, which is 0..1 of "
                "its width and height",
                path=f"{where}.points",
            )


def stroke_adaptations(shot: Shot) -> Iterator[Adaptation]:
    """How far a stroke leaves the picture, or that it goes nowhere."""
    for i, stroke in enumerate(shot.request.strokes):
        beyond = [_beyond(point) for point in stroke.points]
        if max(beyond) > 0:
            yield Adaptation(
                level=Level.EXACT, what=f"stroke {i + 1} leaves the picture by "
                f"{max(beyond):.0%} of it at point {beyond.index(max(beyond)) + 1}",
                path=f"{shot.place.path}.stroke[{i}].points",
            )  # fmt: skip
        if len(set(stroke.points)) == 1:
            yield Adaptation(
                level=Level.EXACT, what=f"stroke {i + 1} goes nowhere: its region is held still; "
                "for motion without a direction write `ambient`",
                path=f"{shot.place.path}.stroke[{i}].points",
            )  # fmt: skip


def _over(stroke: Stroke, shot: Shot) -> FrameRange:
    return stroke.over or FrameRange(start=0, frames=shot.record.frames)


def _both(one: FrameRange, other: FrameRange) -> FrameRange | None:
    start, end = max(one.start, other.start), min(one.end, other.end)
    return FrameRange(start=start, frames=end - start) if end > start else None


def _beyond(point: tuple[float, float]) -> float:
    """How far a point lies outside the picture, in fractions of its width or height."""
    return max(0.0, *(-value for value in point), *(value - 1 for value in point))
