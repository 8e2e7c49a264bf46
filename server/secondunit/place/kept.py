"""The promise that nothing of the editor's is moved, erased or changed, checked on the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import opentimelineio as otio

from secondunit.errors import PlacementError
from secondunit.place.nests import Key
from secondunit.place.tracks import Layouts


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a sequence holds, gaps left out: they are what is filled."""

    tracks: tuple[Counter[tuple[int, str]], ...]
    """For each track, (first frame, JSON) of every item; of a nested sequence that takes went
    into, the JSON of what it carries itself."""
    frames: tuple[tuple[str, ...], ...]
    """JSON of what each track, the stack and the timeline carry themselves."""
    nested: Mapping[tuple[int, int], Contents]
    """By (track, first frame): what is in those nested sequences."""


def contents(
    timeline: otio.schema.Timeline, layouts: Layouts, opened: Collection[Key] = ()
) -> Contents:
    """Everything in the edit and where it stands, as values that can be compared.

    `opened`: the nested sequences that takes go into.
    """
    start = timeline.global_start_time
    found = _contents(timeline.tracks, layouts, opened, ())
    named = (timeline.name, "" if start is None else repr(start))
    return replace(found, frames=(*found.frames, named))


def _contents(
    stack: otio.schema.Stack, layouts: Layouts, opened: Collection[Key], key: Key
) -> Contents:
    tracks: list[Counter[tuple[int, str]]] = []
    nested: dict[tuple[int, int], Contents] = {}
    within = {one[: len(key) + 1] for one in opened if len(one) > len(key)}
    for number, track in enumerate(stack):
        if not isinstance(track, otio.schema.Track):
            tracks.append(Counter([(0, text_of(track))]))
            continue
        items: Counter[tuple[int, str]] = Counter()
        for item, record in layouts.of(track):
            place = (number, record.start)
            if isinstance(item, otio.schema.Stack) and (*key, place) in within:
                nested[place] = _contents(item, layouts.inside(item), opened, (*key, place))
                items[record.start, "\n".join(_own(item))] += 1
            elif not isinstance(item, otio.schema.Gap):
                items[record.start, text_of(item)] += 1
        tracks.append(items)
    own = [_own(track) if isinstance(track, otio.core.Composition) else () for track in stack]
    return Contents(tracks=tuple(tracks), frames=(*own, _own(stack)), nested=nested)


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
    created: Mapping[Key, Collection[int]],
    replaced: Collection[str],
) -> otio.schema.Timeline:
    """Read the new edit with stock OpenTimelineIO and compare; the edit, as read.

    `layouts` are new ones, which know nothing of the edit before. `created` are the numbers of the
    tracks that are new in each sequence, `replaced` the JSON of placeholders and earlier takes that
    made room. Raises PlacementError.
    """
    try:
        timeline = otio.adapters.read_from_file(str(path), adapter_name="otio_json")
    except Exception as exc:  # OTIO's C++ core throws whatever it likes
        raise PlacementError(f"the new timeline cannot be read again: {exc}") from exc
    _compare(before, contents(timeline, layouts, _opened(before, ())), (), created, replaced)
    return timeline


def _opened(before: Contents, key: Key) -> list[Key]:
    found: list[Key] = []
    for place, inside in before.nested.items():
        found += [(*key, place), *_opened(inside, (*key, place))]
    return found


def _compare(
    before: Contents, now: Contents, key: Key, created: Mapping[Key, Collection[int]],
    replaced: Collection[str],
) -> None:  # fmt: skip
    new_tracks = created.get(key, ())
    tracks = [items for number, items in enumerate(now.tracks) if number not in new_tracks]
    if len(tracks) != len(before.tracks):
        raise PlacementError("the new timeline has lost a track")
    for number, (old, new) in enumerate(zip(before.tracks, tracks, strict=True)):
        lost = [start for start, text in old - new if text not in replaced]
        if lost:
            raise PlacementError(
                f"the new timeline changes what stands at frame {min(lost)} of track {number}"
            )
    own = list(now.frames)
    for number in sorted(new_tracks, reverse=True):
        del own[number]
    if tuple(own) != before.frames:
        raise PlacementError("the new timeline changes the markers or metadata of a track")
    for place, inside in before.nested.items():
        if place not in now.nested:
            raise PlacementError(f"the sequence that was nested at frame {place[1]} is gone")
        _compare(inside, now.nested[place], (*key, place), created, replaced)
