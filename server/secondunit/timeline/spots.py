"""A request in; the gap or clip that it means out, with the clips beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import opentimelineio as otio

from secondunit.errors import Refused
from secondunit.timeline.carriers import Asked
from secondunit.timeline.cut import Laid, Rows, ours
from secondunit.timeline.returned import asks_by_name, generated
from secondunit.timeline.touching import left_of_cut, right_of_cut
from secondunit.units import FrameRange, Operation

ON_A_CLIP = (
    Operation.EXTEND, Operation.ANIMATE, Operation.REPLACE, Operation.LOOP, Operation.RETIME,
)  # fmt: skip
"""Operations that are about one clip; the others are about what lies between two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a shot goes, and the clips it is made from."""

    laid: Laid
    """The gap (or what stands for one) that is filled, or the clip that the request is about."""
    record: FrameRange
    left: Laid | None = None
    right: Laid | None = None


def spot_of(asked: Asked, operation: Operation, rows: Rows, notices: list[str]) -> Spot:
    """The place that a request means. Raises Refused where there is none."""
    if operation in ON_A_CLIP:
        return _clip(asked, operation, rows, notices)
    if operation is Operation.TRANSITION:
        left = left_of_cut(asked, rows)
        record = FrameRange(start=left.record.end, frames=0)
        return Spot(laid=left, record=record, left=left, right=right_of_cut(left, rows))
    hole = _hole(asked, operation, rows, notices)
    left, right = beside(hole, rows)
    return Spot(laid=hole, record=hole.record, left=left, right=right)


def beside(laid: Laid, rows: Rows) -> tuple[Laid | None, Laid | None]:
    """The items before and after one on its track, transitions looked through."""
    row = rows[laid.track]
    lower, higher = range(laid.index - 1, -1, -1), range(laid.index + 1, len(row))
    left = next((row[n] for n in lower if not _is_transition(row[n])), None)
    right = next((row[n] for n in higher if not _is_transition(row[n])), None)
    return left, right


def is_hole(laid: Laid) -> bool:
    """A gap; or what was put in its place: a generator that asks, a bridge that came back."""
    item = laid.item
    if isinstance(item, otio.schema.Gap):
        return True
    if not isinstance(item, otio.schema.Clip):
        return False
    take = generated(item)
    if take is not None:
        return take[0] in (Operation.BRIDGE, Operation.TRANSITION, Operation.GENERATE)
    return _asks(item) and not isinstance(item.media_reference, otio.schema.ExternalReference)


def is_footage(laid: Laid) -> bool:
    """An enabled clip that is not of our making."""
    return _is_clip(laid) and generated(laid.item) is None


def _is_clip(laid: Laid) -> bool:
    """An enabled clip with a picture of its own: footage, or a take that serves as such."""
    item = laid.item
    if not isinstance(item, otio.schema.Clip) or not item.enabled:
        return False
    return generated(item) is not None or not is_hole(laid)


def _clip(asked: Asked, operation: Operation, rows: Rows, notices: list[str]) -> Spot:
    laid = asked.laid
    if laid is not None and asked.take:
        return _clip_of_take(laid, operation, rows)
    if laid is None:
        assert asked.marked is not None
        found = [one for one in _under(asked.marked.start, rows) if is_footage(one)]
        found = [one for one in found if asked.track in (None, one.track)]
        laid = found[0] if found else None
    if laid is not None and isinstance(laid.item, otio.core.Composition):
        if operation is Operation.EXTEND and asked.note.edge != "both":
            return Spot(laid=laid, record=laid.record)
        raise Refused.single(
            f"'{laid.name}' is a nested sequence, of which one edge can be extended at a time; "
            f"{operation} works on a clip: open the sequence and export it as a timeline",
            asked.note.path,
        )
    if laid is None or not _is_clip(laid):
        raise Refused.single(f"{operation} stands on a clip, and there is none here",
                             asked.note.path)  # fmt: skip
    record = laid.record
    if operation is Operation.LOOP:
        record = _marked_part(asked, record, notices)
    return Spot(laid=laid, record=record)


def _marked_part(asked: Asked, record: FrameRange, notices: list[str]) -> FrameRange:
    """The part of a clip that a marker with a length covers; all of it where it has none."""
    marked = asked.marked
    if marked is None or marked.frames < 2:
        return record
    start, end = max(marked.start, record.start), min(marked.end, record.end)
    if (start, end) != (marked.start, marked.end):
        notices.append(
            f"the marker {asked.note.path} covers frames {marked}, of which the clip has "
            f"{start}-{end}; those will be the loop"
        )
    return FrameRange(start=start, frames=end - start)


def _clip_of_take(laid: Laid, operation: Operation, rows: Rows) -> Spot:
    """The clip that a take was made from, found again beside it or under it."""
    if operation is Operation.EXTEND:
        found = [one for one in beside(laid, rows) if one is not None and is_footage(one)]
    else:
        found = [
            one for one in _under(laid.record.start, rows)
            if one.track < laid.track and is_footage(one)
        ]  # fmt: skip
    if not found:
        raise Refused.single(f"'{laid.name}' is a take, and the clip it was made from is gone",
                             laid.path)  # fmt: skip
    return Spot(laid=found[0], record=laid.record)


def _hole(asked: Asked, operation: Operation, rows: Rows, notices: list[str]) -> Laid:
    if asked.laid is None:
        return _hole_under(asked, operation, rows, notices)
    if is_hole(asked.laid):
        if asked.take and None in beside(asked.laid, rows):  # it stands on a track above
            under = [one for one in _under(asked.laid.record.start, rows) if is_hole(one)]
            return next((one for one in under if one.track < asked.laid.track), asked.laid)
        return _below(asked, asked.laid, operation, rows, notices) or asked.laid
    sides = [one for one in beside(asked.laid, rows)[::-1] if one is not None]  # right first
    middle = asked.laid.record.start + asked.laid.record.frames / 2
    if asked.marked is not None and asked.marked.start < middle:
        sides.reverse()
    for side in sides:
        if is_hole(side):
            return side
    raise Refused.single(
        f"{operation} fills a gap, and there is none beside '{asked.laid.name}'; "
        "leave a gap on the track, or put the marker on it",
        asked.note.path,
    )


def _below(
    asked: Asked, laid: Laid, operation: Operation, rows: Rows, notices: list[str]
) -> Laid | None:
    """The gap under a title that asks for it from a track above, where nothing stands beside it."""
    sides = [one for one in beside(laid, rows) if one is not None and _is_clip(one)]
    if asked.take or sides or not isinstance(laid.item, otio.schema.Clip):
        return None
    lower = {number: row for number, row in rows.items() if number < laid.track}
    above = replace(asked, laid=None, track=None, marked=laid.record)
    try:
        found = _hole_under(above, operation, lower, notices)
    except Refused:
        return None
    if None in beside(found, lower):
        return None
    notices.append(
        f"'{laid.name}' ({laid.path}) asks for the gap under it; it stays above what is made, so "
        "switch it off"
    )
    return found


def _hole_under(asked: Asked, operation: Operation, rows: Rows, notices: list[str]) -> Laid:
    """The gap that a marker on the timeline means.

    The one that the marker fits best; of equals the topmost. An upper track is mostly one long
    gap with nothing at its sides, so a gap between two clips is wanted first.
    """
    marked = asked.marked
    assert marked is not None
    holes = [
        one
        for number in sorted(rows, reverse=True)
        for one in rows[number]
        if asked.track in (None, number) and is_hole(one) and _common(one.record, marked)
    ]
    bounded = [one for one in holes if None not in beside(one, rows)]
    if operation is Operation.GENERATE:  # from words alone: it needs no neighbours
        bounded = bounded or holes
    if not bounded:
        why = "no video track has a gap there"
        if holes:
            why = "the gap there has a clip on one side only"
        raise Refused.single(
            f"{operation} fills a gap between two clips; the marker covers frames {marked}, and "
            f"{why}",
            asked.note.path,
        )
    best = max(bounded, key=lambda one: _likeness(one.record, marked))
    if marked.frames > 1 and best.record != marked:
        notices.append(
            f"the marker {asked.note.path} covers frames {marked}; "
            f"the whole gap, {best.record}, will be filled"
        )
    return best


def _under(frame: int, rows: Rows) -> list[Laid]:
    """Items at a frame, the topmost first."""
    return [
        one for number in sorted(rows, reverse=True) for one in rows[number] if frame in one.record
    ]


def _is_transition(laid: Laid) -> bool:
    return isinstance(laid.item, otio.schema.Transition)


def _asks(item: otio.core.Item) -> bool:
    return "request" in ours(item) or asks_by_name(item)


def _common(a: FrameRange, b: FrameRange) -> int:
    return max(0, min(a.end, b.end) - max(a.start, b.start))


def _likeness(a: FrameRange, b: FrameRange) -> float:
    both = _common(a, b)
    return both / (a.frames + b.frames - both)
