"""How a clip takes a free place on a track without moving anything else."""

from __future__ import annotations

from bisect import bisect_left
from fractions import Fraction
from typing import NamedTuple

import opentimelineio as otio

from secondunit.errors import Refused
from secondunit.timeline.cut import CuttingRoom
from secondunit.timeline.levels import room_inside
from secondunit.units import FrameRange, Rate


class Standing(NamedTuple):
    """An item of a track, and the frames it covers, counted from the timeline's frame 0."""

    item: otio.core.Composable
    record: FrameRange


class Layouts:
    """Where everything stands: worked out once for each track, then kept in step with the cuts.

    What stands where is found by bisection, for edits have tens of thousands of clips.
    """

    def __init__(self, room: CuttingRoom) -> None:
        self.room = room
        self._known: dict[int, tuple[otio.schema.Track, list[Standing]]] = {}
        self._inside: dict[int, tuple[otio.schema.Stack, Layouts]] = {}

    def of(self, track: otio.schema.Track) -> list[Standing]:
        """The children of a track in order.

        Raises Refused where a length cannot be known.
        """
        if id(track) not in self._known:
            laid, faults = self.room.layout(track, 0)
            if faults:
                raise Refused(faults)
            standing = [Standing(one.item, one.record) for one in laid]
            self._known[id(track)] = (track, standing)
        return self._known[id(track)][1]

    def inside(self, stack: otio.schema.Stack) -> Layouts:
        """Those of a nested sequence, on its own clock."""
        if id(stack) not in self._inside:
            self._inside[id(stack)] = (stack, Layouts(room_inside(self.room, stack)))
        return self._inside[id(stack)][1]

    def end(self, track: otio.schema.Track) -> int:
        """The first frame after everything on a track."""
        standing = self.of(track)
        return standing[-1].record.end if standing else 0

    def first_from(self, track: otio.schema.Track, frame: int) -> int:
        """Number of the first child that starts at or after a frame."""
        return bisect_left(self.of(track), frame, key=lambda one: one.record.start)

    def clip_at(self, track: otio.schema.Track, record: FrameRange) -> otio.schema.Clip | None:
        """The clip that covers exactly these frames."""
        standing = self.of(track)
        for index in range(self.first_from(track, record.start), len(standing)):
            one = standing[index]
            if one.record.start > record.start:
                return None
            if one.record == record and isinstance(one.item, otio.schema.Clip):
                return one.item
        return None

    def index(
        self, track: otio.schema.Track, item: otio.core.Composable, record: FrameRange
    ) -> int:
        """Number of a child that covers these frames."""
        standing = self.of(track)
        numbers = range(self.first_from(track, record.start), len(standing))
        return next(number for number in numbers if standing[number].item is item)

    def replace(self, track: otio.schema.Track, index: int, *pieces: otio.core.Item) -> None:
        """Put `pieces` in the place of child number `index`; together they cover what it did."""
        standing = self.of(track)
        start = standing[index].record.start
        laid: list[Standing] = []
        for piece in pieces:
            frames = round(self.room.frames(piece.trimmed_range().duration))
            laid.append(Standing(piece, FrameRange(start=start, frames=frames)))
            start += frames
        del track[index]
        for offset, piece in enumerate(pieces):
            track.insert(index + offset, piece)
        standing[index : index + 1] = laid

    def append(self, track: otio.schema.Track, item: otio.core.Item) -> None:
        """Put `item` at the end of a track."""
        standing = self.of(track)
        start = standing[-1].record.end if standing else 0
        frames = round(self.room.frames(item.trimmed_range().duration))
        track.append(item)
        standing.append(Standing(item, FrameRange(start=start, frames=frames)))


def lay(
    track: otio.schema.Track,
    clip: otio.schema.Clip,
    record: FrameRange,
    layouts: Layouts,
    *,
    consumed: otio.schema.Marker | None = None,
) -> bool:
    """Put `clip` at `record` if that place is free; whether it was. Nothing else moves.

    Free is the inside of one gap, which is then split, and everything past the track's end. What
    the editor hung on a gap stays where it was in time: on what is left of the gap, or on the
    clip. `consumed` is a marker that the clip replaces.
    """
    standing = layouts.of(track)
    end = standing[-1].record.end if standing else 0
    if record.start >= end:
        if record.start > end:
            layouts.append(track, gap_of(record.start - end, layouts.room.rate))
        layouts.append(track, clip)
        return True
    after = layouts.first_from(track, record.start + 1)
    for index in range(after - 1, -1, -1):
        one = standing[index]
        if one.record.frames and one.record.end <= record.start:
            break
        inside = one.record.start <= record.start and record.end <= one.record.end
        if inside and isinstance(one.item, otio.schema.Gap):
            left = record.start - one.record.start
            right = one.record.end - record.end
            pieces = _pieces(one.item, left, right, clip, layouts.room, consumed)
            layouts.replace(track, index, *pieces)
            return True
    return False


def swap(
    track: otio.schema.Track,
    index: int,
    clip: otio.schema.Clip,
    layouts: Layouts,
    *,
    drop: tuple[otio.schema.Marker, ...],
) -> None:
    """Put `clip` where child number `index` stands; what the editor hung on that goes with it."""
    old = track[index]
    assert isinstance(old, otio.schema.Clip)
    start = old.trimmed_range().start_time
    _inherit(old, clip)
    for marker in old.markers:
        if marker not in drop:
            clip.markers.append(_moved(marker, start, 0, clip, layouts.room))
    layouts.replace(track, index, clip)


def _pieces(
    gap: otio.schema.Gap, left: int, right: int, clip: otio.schema.Clip, room: CuttingRoom,
    consumed: otio.schema.Marker | None,
) -> list[otio.core.Item]:  # fmt: skip
    """What stands in a gap's place: `left` frames of it, the clip, `right` frames of it."""
    own = gap.trimmed_range()
    pieces: list[otio.core.Item] = [clip]
    if left:
        length = _time(left, room.rate, own.duration.rate)
        pieces.insert(0, _piece(gap, own.start_time, length))
    if right:
        length = _time(right, room.rate, own.duration.rate)
        pieces.append(_piece(gap, own.start_time + own.duration - length, length))
    if not left and not right:
        _inherit(gap, clip)
    shown = round(room.frames(clip.trimmed_range().duration))
    for marker in gap.markers:
        at = room.frames(marker.marked_range.start_time) - room.frames(own.start_time)
        if marker == consumed:
            continue
        if left and at < left:
            pieces[0].markers.append(marker.deepcopy())
        elif right and at >= left + shown:
            pieces[-1].markers.append(marker.deepcopy())
        else:
            clip.markers.append(_moved(marker, own.start_time, left, clip, room))
    return pieces


def _piece(
    gap: otio.schema.Gap, start: otio.opentime.RationalTime, length: otio.opentime.RationalTime
) -> otio.schema.Gap:
    """A part of a gap on the gap's own clock, without its markers and its request."""
    piece = gap.deepcopy()
    piece.source_range = otio.opentime.TimeRange(start, length)
    del piece.markers[:]
    if "secondunit" in piece.metadata:
        del piece.metadata["secondunit"]
    return piece


def _inherit(old: otio.core.Item, clip: otio.schema.Clip) -> None:
    for key, value in old.metadata.items():
        if key not in clip.metadata:
            clip.metadata[key] = value
    clip.effects.extend(effect.deepcopy() for effect in old.effects)


def _moved(
    marker: otio.schema.Marker, start: otio.opentime.RationalTime, skipped: int,
    clip: otio.schema.Clip, room: CuttingRoom,
) -> otio.schema.Marker:  # fmt: skip
    """The marker on the clip's clock, at the same frame of the timeline.

    `start` is the old item's, `skipped` the frames of it before the clip.
    """
    own = clip.trimmed_range().start_time
    at = room.frames(marker.marked_range.start_time) - room.frames(start) - skipped
    copy = marker.deepcopy()
    copy.marked_range = otio.opentime.TimeRange(
        otio.opentime.RationalTime(own.value + float(at), own.rate),
        otio.opentime.RationalTime(float(room.frames(marker.marked_range.duration)), own.rate),
    )
    return copy


def _time(frames: int, rate: Rate, own: float) -> otio.opentime.RationalTime:
    """`frames` of the timeline counted at the rate that an item is written in."""
    theirs = Rate.snap(own)
    value = Fraction(frames)
    if theirs.nominal != rate.nominal:
        value *= theirs.fraction / rate.fraction
    return otio.opentime.RationalTime(float(value), own)


def gap_of(frames: int, rate: Rate) -> otio.schema.Gap:
    """So many empty frames."""
    start = otio.opentime.RationalTime(0, float(rate))
    length = otio.opentime.RationalTime(frames, float(rate))
    return otio.schema.Gap(source_range=otio.opentime.TimeRange(start, length))
