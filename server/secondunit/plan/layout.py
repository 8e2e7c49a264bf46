"""Layout: which frames of a shot's file are the source's own, and which are made."""

from __future__ import annotations

from dataclasses import dataclass

from secondunit.plan.shot_plan import Pin
from secondunit.timeline.shot import SourceFrames
from secondunit.units import FrameRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The frames of a file, counted from the first shown one. Fields as in `ShotPlan`."""

    handles: tuple[int, int]
    pins: tuple[Pin, ...]
    generate: tuple[FrameRange, ...]
    past: SourceFrames | None = None
    future: SourceFrames | None = None
    outgoing: SourceFrames | None = None
    incoming: SourceFrames | None = None


def run_of_pins(source: SourceFrames, start: int, indexes: tuple[int, ...]) -> tuple[Pin, ...]:
    """Consecutive frames of the shot, from `start` on, pinned to frames of one file."""
    return tuple(
        Pin(frame=start + offset, media=source.media, index=index)
        for offset, index in enumerate(indexes)
    )


def some(source: SourceFrames, indexes: tuple[int, ...]) -> SourceFrames | None:
    """Frames of one file; None for none."""
    return SourceFrames(media=source.media, indexes=indexes) if indexes else None
