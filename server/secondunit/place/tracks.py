"""How a clip takes a free place on a track without moving anything else."""

from __future__ import annotations

from fractions import Fraction

import opentimelineio as otio

from secondunit.errors import Refused
from secondunit.timeline.cut import CuttingRoom, Laid
from secondunit.units import FrameRange, Rate


class Layouts:
    """Where everything stands, worked out once for each track until the track changes."""

    def __init__(self, room: CuttingRoom) -> None:
        self.room = room
        self._known: dict[int, tuple[otio.schema.Track, list[Laid]]] = {}

    def of(self, track: otio.schema.Track) -> list[Laid]:
        """The children of a track and the frames each covers.

        Raises Refused where a length cannot be known.
        """
        if id(track) not in self._known:
            laid, faults = self.room.layout(track, 0)
            if faults:
                raise Refused(faults)
            self._known[id(track)] = (track, laid)
        return self._known[id(track)][1]

    def changed(self, track: otio.schema.Track) -> None:
        """Forget a track that was cut."""
        self._known.pop(id(track), None)


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
    laid = layouts.of(track)
    end = laid[-1].record.end if laid else 0
    if record.start >= end:
        layouts.changed(track)
        if record.start > end:
            track.append(_gap(record.start - end, layouts.room.rate))
        track.append(clip)
        return True
    for one in laid:
        inside = one.record.start <= record.start and record.end <= one.record.end
        if inside and isinstance(one.item, otio.schema.Gap):
            layouts.changed(track)
            _split(track, one, one.item, clip, record, layouts.room, consumed)
            return True
    return False


def swap(
    track: otio.schema.Track,
    old: otio.schema.Clip,
    clip: otio.schema.Clip,
    layouts: Layouts,
    *,
    drop: tuple[otio.schema.Marker, ...],
) -> None:
    """Put `clip` where `old` stands; the editor's markers and foreign metadata go with it."""
    layouts.changed(track)
    index = track.index(old)
    start = old.trimmed_range().start_time
    kept = [marker for marker in old.markers if marker not in drop]
    _inherit(old, clip)
    for marker in kept:
        clip.markers.append(_moved(marker, start, 0, clip, layouts.room))
    del track[index]
    track.insert(index, clip)


def _split(
    track: otio.schema.Track, place: Laid, gap: otio.schema.Gap, clip: otio.schema.Clip,
    record: FrameRange, room: CuttingRoom, consumed: otio.schema.Marker | None,
) -> None:  # fmt: skip
    own = gap.trimmed_range()
    left, right = record.start - place.record.start, place.record.end - record.end
    pieces: list[otio.core.Item] = [clip]
    if left:
        length = _time(left, room.rate, own.duration.rate)
        pieces.insert(0, _piece(gap, own.start_time, length))
    if right:
        length = _time(right, room.rate, own.duration.rate)
        pieces.append(_piece(gap, own.start_time + own.duration - length, length))
    if not left and not right:
        _inherit(gap, clip)
    for marker in gap.markers:
        at = room.frames(marker.marked_range.start_time) - room.frames(own.start_time)
        if marker == consumed:
            continue
        if left and at < left:
            pieces[0].markers.append(marker.deepcopy())
        elif right and at >= left + record.frames:
            pieces[-1].markers.append(marker.deepcopy())
        else:
            clip.markers.append(_moved(marker, own.start_time, left, clip, room))
    del track[place.index]
    for offset, piece in enumerate(pieces):
        track.insert(place.index + offset, piece)


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


def _gap(frames: int, rate: Rate) -> otio.schema.Gap:
    start = otio.opentime.RationalTime(0, float(rate))
    length = otio.opentime.RationalTime(frames, float(rate))
    return otio.schema.Gap(source_range=otio.opentime.TimeRange(start, length))
