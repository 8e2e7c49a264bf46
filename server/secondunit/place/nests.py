"""Where a sequence is nested in an edit: by numbers before anything is cut, by frames after it."""

from __future__ import annotations

from typing import NamedTuple

import opentimelineio as otio

from secondunit.errors import PlacementError, Refused
from secondunit.place.tracks import Layouts
from secondunit.timeline.levels import Way, path_of

Key = tuple[tuple[int, int], ...]
"""From the timeline down to a nested sequence: (number of a video track, first frame on it).

Cutting clips in shifts the numbers of children; it moves no item, and no video track of the
editor's. Empty: the timeline itself."""


class Nest(NamedTuple):
    """A sequence of an edit."""

    stack: otio.schema.Stack
    layouts: Layouts
    key: Key


def nest_at(timeline: otio.schema.Timeline, way: Way, layouts: Layouts) -> Nest:
    """The sequence at the end of a way. Raises Refused where the edit has none there."""
    nest = Nest(timeline.tracks, layouts, ())
    for number, child in zip(way[::2], way[1::2], strict=True):
        track = nest.stack[number] if 0 <= number < len(nest.stack) else None
        standing = nest.layouts.of(track) if isinstance(track, otio.schema.Track) else []
        item = standing[child].item if 0 <= child < len(standing) else None
        if not isinstance(item, otio.schema.Stack):
            path = path_of(way)
            raise Refused.single("the edit has changed: no sequence is nested here", path)
        key = (*nest.key, (number, standing[child].record.start))
        nest = Nest(item, nest.layouts.inside(item), key)
    return nest


def nest_of(timeline: otio.schema.Timeline, key: Key, layouts: Layouts) -> tuple[Nest, Way]:
    """The same sequence in the edit that was written, and the way to it there.

    Raises PlacementError where it is gone.
    """
    nest, way = Nest(timeline.tracks, layouts, ()), ()
    for number, start in key:
        track = nest.stack[number]
        assert isinstance(track, otio.schema.Track)
        found = next(
            (
                (child, one.item)
                for child, one in enumerate(nest.layouts.of(track))
                if one.record.start == start and isinstance(one.item, otio.schema.Stack)
            ),
            None,
        )
        if found is None:
            raise PlacementError(f"the sequence that was nested at frame {start} is gone")
        child, stack = found
        assert isinstance(stack, otio.schema.Stack)
        nest = Nest(stack, nest.layouts.inside(stack), (*nest.key, (number, start)))
        way = (*way, number, child)
    return nest, way
