"""Clips and their places in; tracks and timelines of OpenTimelineIO out, gaps filled in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from secondunit.errors import Fault, TimelineUnreadable
from secondunit.timeline.choosing import Candidate
from secondunit.timeline.ramps import carried, rising
from secondunit.units import Rate

MOST_ITEMS = 250_000
"""Clips, gaps and transitions of one file; ten hours of two-second shots are a tenth of it."""
_FURTHEST = 10**9
"""Frames: a year at 30 a second. Further numbers are damage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An item and the frames of its track that it covers."""

    item: otio.core.Item
    start: int
    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """A transition at a cut."""

    cut: int
    """Frame of the track at which one clip gives way to the next."""
    before: int
    """Frames of the transition that lie before the cut."""
    after: int
    name: str = ""
    kind: str = otio.schema.TransitionTypes.SMPTE_Dissolve


def time(value: Fraction | int, rate: Rate) -> otio.opentime.RationalTime:
    """A time in frames of a rate; whole where the value is."""
    if abs(value) > _FURTHEST:
        raise TimelineUnreadable.single(f"a time of {float(value):g} frames", "file")
    return otio.opentime.RationalTime(float(value), float(rate))


def span(
    start: Fraction | int, frames: int, rate: Rate, of: Rate | None = None
) -> otio.opentime.TimeRange:
    """Frames from `start`, which may count at a rate of its own (`of`: the source's)."""
    return otio.opentime.TimeRange(time(start, of or rate), time(frames, rate))


def track_of(
    placed: Iterable[Placed], rate: Rate, *, name: str, kind: str = otio.schema.TrackKind.Video,
    joins: Sequence[Join] = (), notices: list[str], path: str = "track",
) -> otio.schema.Track:  # fmt: skip
    """A track with each item in its place, gaps between them, and transitions at the cuts.

    Sounds may overlap, as editors write a crossfade of one channel: the earlier one is cut.
    Raises TimelineUnreadable where two pictures do.
    """
    track = otio.schema.Track(name=name, kind=kind)
    starts = {join.cut: join for join in joins}
    at = begun = 0
    row: list[otio.core.Composable] = []

    def join_here() -> None:
        found = starts.pop(at, None)
        if found is not None:
            row.append(
                otio.schema.Transition(
                    name=found.name,
                    transition_type=found.kind,
                    in_offset=time(found.before, rate),
                    out_offset=time(found.after, rate),
                )
            )

    for one in sorted(placed, key=lambda p: (p.start, p.start + p.frames)):
        if one.start < at and kind == otio.schema.TrackKind.Audio and one.start > begun:
            last = row[-1]
            assert isinstance(last, otio.core.Item) and last.source_range is not None
            last.source_range = otio.opentime.TimeRange(
                last.source_range.start_time, time(one.start - begun, rate)
            )
            at = one.start
            notices.append(f"sound overlaps on {path} at frame {at}; the earlier one is cut there")
        elif one.start < at:
            raise TimelineUnreadable.single(
                f"'{one.item.name}' begins at frame {one.start}, before what stands there ends "
                f"at frame {at}",
                path,
            )
        if one.start > at:
            join_here()
            row.append(gap(one.start - at, rate))
            at = one.start
        join_here()
        row.append(one.item)
        begun, at = at, at + one.frames
    join_here()
    if len(row) > MOST_ITEMS:
        raise too_many(len(row))
    track.extend(row)
    return track


def gap(frames: int, rate: Rate, name: str = "") -> otio.schema.Gap:
    """An empty stretch."""
    return otio.schema.Gap(name=name, source_range=span(0, frames, rate))


def marker(
    *, name: str, comment: str, start: Fraction | int, frames: int, rate: Rate,
    colour: str = otio.schema.MarkerColor.RED,
) -> otio.schema.Marker:  # fmt: skip
    """A marker, one frame long at least."""
    return otio.schema.Marker(
        name=name, comment=comment, marked_range=span(start, max(frames, 1), rate), color=colour
    )


def warped(item: otio.core.Item, speed: Fraction, name: str = "") -> None:
    """Give an item a constant speed: 1 is its own, 0 holds a frame, below 0 runs backwards."""
    if speed == 0:
        item.effects.append(otio.schema.FreezeFrame(name=name))
    elif speed != 1:
        item.effects.append(otio.schema.LinearTimeWarp(name=name, time_scalar=float(speed)))


def ramped(
    item: otio.core.Item, points: Sequence[tuple[Fraction, Fraction]], eased: bool, name: str
) -> None:
    """Give an item a speed that changes; without points it is only said that it does."""
    effect = otio.schema.TimeEffect(name=name, effect_name=name)
    if kept := rising(points):
        for key, value in carried(kept, eased).items():
            effect.metadata[key] = value
    item.effects.append(effect)


def timeline(
    name: str, rate: Rate, tracks: Iterable[otio.core.Composable], *, start: int = 0,
    drop_frame: bool = False, markers: Iterable[otio.schema.Marker] = (),
) -> otio.schema.Timeline:  # fmt: skip
    """A timeline that knows its rate, the timecode of its first frame and how that is counted."""
    made = otio.schema.Timeline(name=name, global_start_time=time(start, rate))
    made.tracks.extend(list(tracks))
    made.tracks.markers.extend(list(markers))
    base = {"num": rate.num, "den": rate.den, "drop_frame": drop_frame}
    made.metadata["secondunit"] = {"version": 1, "timebase": base, "retimes": "record"}
    return made


def sequences_in(root: Any, name: str) -> list[Candidate]:
    """The timelines that any root of OpenTimelineIO is or holds, also in collections of it.

    Clips of a bin stand each on a track of its own: nothing lies beside them.
    Raises TimelineUnreadable.
    """
    if not isinstance(root, otio.schema.SerializableCollection):
        return [Candidate(name=root.name or "", timeline=lambda: _timeline_around(root, name))]
    held = list(_held(root))
    timelines = [one for one in held if isinstance(one, otio.schema.Timeline)]
    if timelines:
        # The collection is kept by its candidates: its members die with it.
        return [
            Candidate(
                name=one.name or "",
                timeline=lambda one=one, root=root: _timeline_around(one.deepcopy(), name),
            )
            for one in timelines
        ]
    clips = [one for one in held if isinstance(one, otio.schema.Clip)]
    if not clips:
        raise TimelineUnreadable.single(
            "the file holds 0 timelines and no clip; it must hold one", "children"
        )
    made = bin_of([clip.deepcopy() for clip in clips], name)
    return [Candidate(name=root.name or "", timeline=lambda: made)]


def _held(root: otio.schema.SerializableCollection) -> Iterator[Any]:
    """What a collection and those in it hold, in order."""
    pending: list[Any] = list(root)[::-1]
    while pending:
        one = pending.pop()
        if isinstance(one, otio.schema.SerializableCollection):
            pending.extend(list(one)[::-1])
        else:
            yield one


def _timeline_around(root: Any, name: str) -> otio.schema.Timeline:
    if isinstance(root, otio.schema.Timeline):
        if root.tracks is None:
            raise TimelineUnreadable.single("the timeline has no tracks", "tracks")
        return root
    made = otio.schema.Timeline(name=name.rpartition(".")[0] or name)
    if isinstance(root, otio.schema.Stack):
        made.tracks = root
    elif isinstance(root, otio.schema.Track):
        made.tracks.append(root)
    else:
        track = otio.schema.Track(name=root.name, kind=otio.schema.TrackKind.Video)
        track.append(root)
        made.tracks.append(track)
    return made


def bin_of(clips: Sequence[otio.schema.Clip], name: str) -> otio.schema.Timeline:
    """A timeline of clips that no edit has put together, each on a track of its own."""
    made = otio.schema.Timeline(name=name.rpartition(".")[0] or name)
    for clip in clips:
        track = otio.schema.Track(name=clip.name, kind=otio.schema.TrackKind.Video)
        track.append(clip)
        made.tracks.append(track)
    return made


def too_many(count: int) -> TimelineUnreadable:
    """More items than an edit has."""
    return TimelineUnreadable(
        [Fault(what=f"the file holds {count} items; {MOST_ITEMS} at most", path="file")]
    )
