"""The promise that nothing of the editor's is moved, erased or changed, checked on the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import opentimelineio as otio

from secondunit.errors import PlacementError
from secondunit.place.tracks import Layouts


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What an edit holds, gaps left out: they are what is filled."""

    tracks: tuple[Counter[tuple[int, str]], ...]
    """For each track, (first frame, JSON) of every item."""
    frames: tuple[tuple[str, ...], ...]
    """JSON of what each track, the stack and the timeline carry themselves."""


def contents(timeline: otio.schema.Timeline, layouts: Layouts) -> Contents:
    """Everything in the edit and where it stands, as values that can be compared."""
    stack = timeline.tracks
    start = timeline.global_start_time
    return Contents(
        tracks=tuple(
            Counter(
                (one.record.start, text_of(one.item))
                for one in layouts.of(track)
                if not isinstance(one.item, otio.schema.Gap)
            )
            if isinstance(track, otio.schema.Track)
            else Counter([(0, text_of(track))])
            for track in stack
        ),
        frames=(
            *(_own(track) if isinstance(track, otio.core.Composition) else () for track in stack),
            _own(stack),
            (timeline.name, "" if start is None else repr(start)),
        ),
    )


def text_of(item: otio.core.SerializableObject) -> str:
    """An item as JSON in which two that are equal are equal."""
    return item.to_json_string(indent=-1)


def _own(item: otio.core.Composition) -> tuple[str, ...]:
    carried = otio.schema.Clip(name=item.name, metadata=dict(item.metadata))
    carried.source_range, carried.enabled = item.source_range, item.enabled
    carried.markers.extend(marker.deepcopy() for marker in item.markers)
    carried.effects.extend(effect.deepcopy() for effect in item.effects)
    kind = item.kind if isinstance(item, otio.schema.Track) else ""
    return (kind, text_of(carried))


def check_kept(
    path: Path,
    before: Contents,
    *,
    layouts: Layouts,
    created: Collection[int],
    replaced: Collection[str],
) -> otio.schema.Timeline:
    """Read the new edit with stock OpenTimelineIO and compare; the edit, as read.

    `layouts` are new ones, which know nothing of the edit before. `created` are the numbers of the
    tracks that are new, `replaced` the JSON of placeholders and earlier takes that made room.
    Raises PlacementError.
    """
    try:
        timeline = otio.adapters.read_from_file(str(path), adapter_name="otio_json")
    except Exception as exc:  # OTIO's C++ core throws whatever it likes
        raise PlacementError(f"the new timeline cannot be read again: {exc}") from exc
    now = contents(timeline, layouts)
    tracks = [items for number, items in enumerate(now.tracks) if number not in created]
    if len(tracks) != len(before.tracks):
        raise PlacementError("the new timeline has lost a track")
    for number, (old, new) in enumerate(zip(before.tracks, tracks, strict=True)):
        lost = [start for start, text in old - new if text not in replaced]
        if lost:
            raise PlacementError(
                f"the new timeline changes what stands at frame {min(lost)} of track {number}"
            )
    own = list(now.frames)
    for number in sorted(created, reverse=True):
        del own[number]
    if tuple(own) != before.frames:
        raise PlacementError("the new timeline changes the markers or metadata of a track")
    return timeline
