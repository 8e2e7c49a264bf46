"""A laid-out timeline in; every request that it carries out, and where each was found."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from secondunit.errors import Fault, Refused
from secondunit.timeline.bound import members
from secondunit.timeline.cut import CuttingRoom, Laid, Rows, ours, plain
from secondunit.timeline.notes import (
    ID,
    Note,
    note_of_mapping,
    note_of_marker,
    note_of_name,
    note_of_text,
)
from secondunit.timeline.ramps import ramp_of
from secondunit.timeline.retimes import speed_of
from secondunit.timeline.returned import asks_by_name, generated
from secondunit.units import FrameRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request and where it was found."""

    note: Note
    laid: Laid | None
    """The clip or gap that carries it; None on a track or on the timeline."""
    track: int | None
    """The track that carries it; None on the timeline."""
    marked: FrameRange | None
    """Frames of the timeline under the marker, one at least; None for metadata."""
    id: str | None
    """The id that the request already has."""
    take: bool = False
    """`laid` is a take of ours, and this is the request that it was made for."""


def requests_in(
    stack: otio.schema.Stack, tracks: str, rows: Rows, room: CuttingRoom, timecode_start: int
) -> tuple[list[Asked], list[Fault], dict[str, Laid]]:
    """Every request on a sequence, its tracks and their items, takes that came back last;
    the faults; and the takes that stand in it, by the id of their shot.

    `tracks`: what its tracks are called. A take repeats the request it was made for, so the
    editor's own words go first.
    """
    asked: list[Asked] = []
    faults: list[Fault] = []
    standing: dict[str, Laid] = {}
    end = max((laid.record.end for row in rows.values() for laid in row), default=0)
    if tracks == "tracks":  # the markers of a nested one stand on the clip that it is outside
        asked += _on_the_timeline(stack, tracks, None, room, timecode_start, end)
    for number, row in rows.items():
        track = stack[number]
        assert isinstance(track, otio.schema.Track)
        path = f"{tracks}[{number}]"
        asked += _on_the_timeline(track, path, number, room, timecode_start, end)
        for laid in row:
            if not isinstance(laid.item, otio.core.Item):  # a transition
                continue
            record = ours(laid.item)
            made_for = generated(laid.item, record)
            if made_for is not None:
                standing[made_for[1]] = laid
            if not laid.item.enabled:
                continue
            found = [
                *_in_metadata(laid, laid.item, record, faults),
                *_in_markers(laid, laid.item, room),
            ]
            if made_for is None:
                asked += found or _in_name(laid)
            else:
                asked += _of_take(found, *made_for)
    asked.sort(key=lambda a: a.take)
    return asked, faults, standing


def asks(items: Iterable[otio.core.Composable]) -> bool:
    """Whether a request stands on one of these or in it, also one that is wrong or out of reach."""
    pending: list[Any] = list(items)
    while pending:
        item = pending.pop()
        if isinstance(item, otio.core.Composition):
            pending.extend(item)
        if not isinstance(item, otio.core.Item):
            continue
        if any("request" in ours(carrier) for carrier in (item, *members(item.effects))):
            return True
        if asks_by_name(item) or any(
            _note(marker, "") is not None for marker in members(item.markers)
        ):
            return True
    return False


def _in_name(laid: Laid) -> list[Asked]:
    """A generator that is called `GEN bridge ...` and says nothing else."""
    note = note_of_name(laid.name, laid.path) if asks_by_name(laid.item) else None
    return [Asked(note=note, laid=laid, track=laid.track, marked=None, id=None)] if note else []


def _of_take(found: list[Asked], operation: str, id: str) -> list[Asked]:
    """The requests on a take: the one it was made for, told once, and new ones about it."""
    own = [a for a in found if a.note.operation == operation and a.id in (None, id)]
    new = [a for a in found if a not in own]
    return [replace(a, id=id, take=True) for a in own[:1]] + new


def _on_the_timeline(
    item: otio.core.Item, path: str, track: int | None, room: CuttingRoom, zero: int, end: int
) -> Iterator[Asked]:
    for n, marker in enumerate(members(item.markers)):
        note = _note(marker, f"{path}.markers[{n}]")
        if note is None:
            continue
        start = round(room.frames(marker.marked_range.start_time))
        if start >= zero > 0 and start >= end:
            start -= zero  # written as timecode, not as frames from the timeline's start
        frames = round(room.frames(marker.marked_range.duration))
        yield Asked(
            note=note, laid=None, track=track, id=note.id,
            marked=FrameRange(start=start, frames=max(frames, 1)),
        )  # fmt: skip


def _in_markers(laid: Laid, item: otio.core.Item, room: CuttingRoom) -> Iterator[Asked]:
    for n, marker in enumerate(members(item.markers)):
        note = _note(marker, f"{laid.path}.markers[{n}]")
        if note is None:
            continue
        zero = item.source_range
        if zero is None and isinstance(item, otio.schema.Clip):
            zero = item.media_reference.available_range
        offset = room.frames(marker.marked_range.start_time)
        offset -= room.frames(zero.start_time) if zero is not None else 0
        offset = _played(item, offset, room)
        inside = min(max(offset.__floor__(), 0), max(laid.record.frames - 1, 0))
        frames = max(round(room.frames(marker.marked_range.duration)), 1)
        yield Asked(
            note=note, laid=laid, track=laid.track, id=note.id,
            marked=FrameRange(start=laid.record.start + inside, frames=frames),
        )  # fmt: skip


def _played(item: otio.core.Item, offset: Fraction, room: CuttingRoom) -> Fraction:
    """Frames of the timeline at which a clip comes to one of its media, where its markers count."""
    for effect in members(item.effects):
        if type(effect) is otio.schema.TimeEffect and isinstance(item, otio.schema.Clip):
            with contextlib.suppress(Refused):  # told where the clip is asked for
                found = ramp_of(effect, item, "").moment(offset / room.rate.fraction)
                return offset if found is None else found * room.rate.fraction
    speed = abs(speed_of(item))
    return offset / speed if speed else offset


def _in_metadata(
    laid: Laid, item: otio.core.Item, own: dict[str, Any], faults: list[Fault]
) -> Iterator[Asked]:
    """`own`: what our namespace says on the item itself."""
    carriers = [(own, "")]
    carriers += [(ours(effect), f".effects[{n}]") for n, effect in enumerate(members(item.effects))]
    for record, path in carriers:
        if "request" not in record:
            continue
        path = f"{laid.path}{path}.metadata.secondunit"
        if record.get("version", 1) != 1:
            what = f"a request of version {record['version']}; we know version 1"
            faults.append(Fault(what=what, path=f"{path}.version"))
            continue
        request, note = record["request"], None
        if isinstance(request, str):
            note = note_of_text(request, f"{path}.request")
        elif isinstance(request, Mapping):
            note = note_of_mapping(request, f"{path}.request")
        if note is None:
            what = "a request is an object with an operation, or a text that begins with gen:"
            faults.append(Fault(what=what, path=f"{path}.request"))
            continue
        known = record.get("id")
        if known is not None and not (isinstance(known, str) and ID.fullmatch(known)):
            what = f"id is {known!r:.40}; it is made of eight lower-case letters and digits"
            faults.append(Fault(what=what, path=f"{path}.id"))
            known = None
        yield Asked(note=note, laid=laid, track=laid.track, marked=None, id=note.id or known)


def _note(marker: otio.schema.Marker, path: str) -> Note | None:
    metadata = plain(marker.metadata)
    return note_of_marker(marker.name or "", marker.comment or "", metadata, path)
