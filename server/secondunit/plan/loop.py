"""A loop: its file goes round, so every frame outside the shown ones is one of the shown ones."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from secondunit.errors import Fault
from secondunit.plan.layout import Layout, run_of_pins, some
from secondunit.plan.shot_plan import Adaptation, Level, Pin
from secondunit.timeline.shot import Shot, Stroke
from secondunit.units import FrameRange

MOST = 24
"""Frames at the end of a loop of footage that are made unless the request says how many."""
_TURNS = 16
"""Points of a stroke that goes there and back."""


def loop_layout(shot: Shot) -> Layout:
    """The frames of a loop.

    Footage: the last frames are made, between the source's own frame before them and the first
    frame of the span, which is what comes next. A picture: all frames but the first are made. The
    tail handle is the first frames again, the head handle the last ones.
    """
    frames = shot.record.frames
    handle = min(shot.request.handles, frames)
    handles = handle, handle
    if shot.still is not None:
        once = (frames,) if handles[1] else ()
        pins = [Pin(frame=f, media=shot.still.media, index=shot.still.indexes[0])
                for f in (0, *once)]  # fmt: skip
        made = FrameRange(start=1, frames=max(frames - 1, 0))
        return Layout(handles=handles, pins=tuple(pins), generate=(made,))
    if shot.before is None:
        return Layout(handles=handles, pins=(), generate=())
    own = shot.before.shown
    kept = frames - made_of(shot)
    before = range(-handles[0], kept - frames)
    again = range(frames, frames + max(1, handles[1]))
    pins = (
        *(Pin(frame=f, media=own.media, index=own.indexes[f % frames]) for f in before),
        *run_of_pins(own, 0, own.indexes[:kept]),
        *(Pin(frame=f, media=own.media, index=own.indexes[f % frames])
          for f in again if f % frames < kept),
    )  # fmt: skip
    context = shot.request.context
    return Layout(
        handles=handles,
        pins=pins,
        generate=(FrameRange(start=kept, frames=frames - kept),),
        past=some(own, own.indexes[: kept - 1][-context:] if context else ()),
        future=some(own, own.indexes[1:kept][:context]),
    )


def made_of(shot: Shot) -> int:
    """Frames at the end of a loop of footage that are made."""
    frames = shot.record.frames
    return shot.request.frames or max(2, min(MOST, frames // 4))


def loop_faults(shot: Shot) -> Iterator[Fault]:
    """What a loop of a picture cannot do."""
    request, path = shot.request, shot.place.path
    if shot.still is None:
        return
    if not request.strokes and not request.ambients:
        yield Fault(
            what="a picture has nothing that could go round: say what moves with `ambient:` or "
            "`stroke:`",
            path=path,
        )
    if request.frames is not None:
        yield Fault(
            what="'frames' are the last ones of a loop of footage; of a picture all are made, so "
            "leave it out",
            path=f"{path}.frames",
        )
    if request.cameras:
        yield Fault(
            what="a camera move ends elsewhere than it began, and a loop does not; use animate",
            path=f"{path}.camera",
        )
    for i, stroke in enumerate(request.strokes):
        if stroke.over is not None and stroke.over.frames < 4:
            yield Fault(
                what="there and back takes a stroke at least 4 frames", path=f"{path}.stroke[{i}]"
            )


def loop_adaptations(shot: Shot) -> Iterator[Adaptation]:
    """How the loop is closed, in words."""
    path, frames = shot.place.path, shot.record.frames
    if shot.still is None:
        made = made_of(shot)
        yield Adaptation(
            level=Level.EXACT,
            what=f"the last {made} of {frames} frames are made anew and lead back into the first",
            path=path,
        )
    for i, _ in enumerate(shot.request.strokes):
        yield Adaptation(
            level=Level.EMULATED,
            what="the stroke is followed to its end and back, since a loop ends where it began",
            path=f"{path}.stroke[{i}]",
        )


def there_and_back(stroke: Stroke, frames: int) -> Stroke:
    """A stroke that is back where it began when the loop comes round, at rest at both ends."""
    over = stroke.over or FrameRange(start=0, frames=frames + 1)
    over = FrameRange(start=over.start, frames=min(over.end, frames + 1) - over.start)
    last = len(stroke.points) - 1
    way = []
    for step in range(_TURNS + 1):
        at = last * (1 - math.cos(2 * math.pi * step / _TURNS)) / 2
        k = min(int(at), last - 1)
        (x0, y0), (x1, y1) = stroke.points[k], stroke.points[k + 1]
        way.append((x0 + (at - k) * (x1 - x0), y0 + (at - k) * (y1 - y0)))
    return replace(stroke, points=tuple(way), over=over)
