"""A nested sequence in; what of it is seen at each frame out, by a sweep over its tracks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from heapq import heappop, heappush

import opentimelineio as otio

from secondunit.errors import Refused
from secondunit.timeline.cut import CuttingRoom, Laid, View
from secondunit.timeline.retimes import speed_of
from secondunit.units import FrameRange

_DEEPEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A run of frames in which one item is on top."""

    laid: Laid
    frames: FrameRange
    """Of the stack's own frames."""


def view_inside(room: CuttingRoom, laid: Laid, edge: str, depth: int = 0) -> View:
    """The clip that a nested sequence shows at an edge (`first` or `last`), as far as it goes.

    Raises Refused where nothing is seen there, or where the sequence has a speed or is too deep;
    MediaError for the clip's file.
    """
    stack = laid.item
    assert isinstance(stack, otio.core.Composition)
    if depth > _DEEPEST:
        raise Refused.single(f"'{laid.name}' is nested deeper than {_DEEPEST} levels", laid.path)
    if speed_of(stack) != 1 or any(
        isinstance(effect, otio.schema.TimeEffect) for effect in stack.effects
    ):
        raise Refused.single(
            f"'{laid.name}' is a nested sequence that is played at another speed, which we do not "
            "follow: render it to a movie, or give the speed to its clips",
            laid.path,
        )
    begin = 0
    if stack.source_range is not None:
        begin = round(room.frames(stack.source_range.start_time))
    shown = FrameRange(start=begin, frames=laid.record.frames)
    frame = shown.start if edge == "first" else shown.end - 1
    tracks = [stack] if isinstance(stack, otio.schema.Track) else list(stack)
    seen = next((one for one in sweep(room, tracks, laid) if frame in one.frames), None)
    if seen is None:
        raise Refused.single(
            f"'{laid.name}' is a nested sequence and shows nothing at its {edge} frame", laid.path
        )
    start, end = max(seen.frames.start, shown.start), min(seen.frames.end, shown.end)
    inner = seen.laid
    if isinstance(inner.item, otio.core.Composition):
        view = view_inside(room, inner, edge, depth + 1)
        # What the inner sequence shows at its edge is what is seen here, or nothing of it is.
        if (edge == "first" and start != inner.record.start) or (
            edge == "last" and end != inner.record.end
        ):
            raise Refused.single(
                f"'{laid.name}' cuts into a sequence that is nested in it; open that one and cut "
                "there",
                laid.path,
            )
        return view
    view = room.view(inner)
    return part_of(view, start - inner.record.start, end - start)


def part_of(view: View, start: int, frames: int) -> View:
    """Some frames of a clip, as if it had been cut there."""
    if view.ramp is not None:
        return replace(view, frames=frames, ramp=view.ramp.later(start * view.tick))
    skipped = view.frames - start - frames if view.backwards else start
    return replace(view, origin=view.origin + skipped * view.pace, frames=frames)


def sweep(room: CuttingRoom, tracks: list[otio.core.Composable], within: Laid) -> list[Seen]:
    """What is on top, in order: one pass over the edges of all items of all enabled tracks.

    A gap, a disabled item and a track of sound show what is below them. Raises Refused where a
    length cannot be known.
    """
    edges: list[tuple[int, int, Laid]] = []
    for number, track in enumerate(tracks):
        if not isinstance(track, otio.schema.Track):
            raise Refused.single(
                f"'{within.name}' holds a {track.schema_name()} beside its tracks; "
                "render it to a movie",
                within.path,
            )
        if track.kind != otio.schema.TrackKind.Video or not track.enabled:
            continue
        row, faults = room.layout(track, number, f"{within.path}.children")
        if faults:
            raise Refused(faults)
        for one in row:
            shows = isinstance(one.item, (otio.schema.Clip, otio.core.Composition))
            if shows and one.record.frames and getattr(one.item, "enabled", True):
                edges.append((one.record.start, -number, one))
    edges.sort(key=lambda edge: edge[:2])
    seen: list[Seen] = []
    waiting: list[tuple[int, int, Laid]] = []  # (the topmost first, start, item)
    next_edge, at = 0, 0
    while next_edge < len(edges) or waiting:
        if not waiting:
            at = edges[next_edge][0]
        while next_edge < len(edges) and edges[next_edge][0] <= at:
            start, below, one = edges[next_edge]
            heappush(waiting, (below, start, one))
            next_edge += 1
        while waiting and waiting[0][2].record.end <= at:
            heappop(waiting)
        if not waiting:
            continue
        top = waiting[0][2]
        until = top.record.end
        if next_edge < len(edges):
            until = min(until, edges[next_edge][0])
        if seen and seen[-1].laid is top and seen[-1].frames.end == at:
            at = seen.pop().frames.start
        seen.append(Seen(laid=top, frames=FrameRange(start=at, frames=until - at)))
        at = until
    return seen
