"""A request for a transition in; the cut that it means out: two clips that touch."""

from __future__ import annotations

import opentimelineio as otio

from secondunit.errors import Refused
from secondunit.timeline.carriers import Asked
from secondunit.timeline.cut import CuttingRoom, Laid, Rows
from secondunit.timeline.returned import generated
from secondunit.units import FrameRange

NEAR = 24
"""Frames between a marker on the timeline and the cut that it may still mean."""
FRAMES = 12
"""Length of a transition that nobody gave a length, where no dissolve stands on the cut."""


def left_of_cut(asked: Asked, rows: Rows) -> Laid:
    """The clip before the cut that is meant. Raises Refused where nothing touches.

    A marker on a clip means the cut at its end, or the one at its start where its end has none. A
    marker on a track or the timeline means the nearest cut, of equals the topmost. A take means
    the cut under it.
    """
    path = asked.note.path
    if asked.laid is not None and not asked.take:
        return _of_clip(asked.laid, rows, path)
    where = asked.marked
    if asked.laid is not None:  # a take: its own range says where the cut was
        where = asked.laid.record
    assert where is not None
    tracks = [number for number in sorted(rows, reverse=True) if asked.track in (None, number)]
    if asked.laid is not None:
        tracks = [number for number in sorted(rows, reverse=True) if number < asked.laid.track]
    found = [
        (_apart(one.record.end, where), one)
        for number in tracks
        for one in rows[number]
        if _usable(one) and (right := _next(one, rows, +1)) is not None and _usable(right)
    ]
    apart, best = min(found, key=lambda pair: pair[0], default=(NEAR + 1, None))
    if best is None or apart > NEAR:
        nearest = "" if best is None else f"; the nearest is at frame {best.record.end}"
        raise Refused.single(
            f"a transition stands on a cut between two clips that touch, and there is none at "
            f"frames {where}{nearest}. For a gap there is `gen: bridge`",
            path,
        )
    return best


def right_of_cut(left: Laid, rows: Rows) -> Laid | None:
    """The clip after the cut that a clip ends at, a dissolve on it looked through."""
    return _next(left, rows, +1)


def dissolve_at(left: Laid, rows: Rows, room: CuttingRoom) -> tuple[int, int] | None:
    """Frames before and after the cut of the dissolve that stands on it; None where none does."""
    for laid in rows[left.track][left.index + 1 : left.index + 2]:
        item = laid.item
        if not isinstance(item, otio.schema.Transition):
            continue
        if item.transition_type in ("", otio.schema.Transition.Type.SMPTE_Dissolve):
            return round(room.frames(item.in_offset)), round(room.frames(item.out_offset))
    return None


def _of_clip(laid: Laid, rows: Rows, path: str) -> Laid:
    if not _usable(laid):
        raise Refused.single(
            f"a transition stands on the cut between two clips, and '{laid.name}' is no clip in "
            "use; for a gap there is `gen: bridge`",
            path,
        )
    left, right = _next(laid, rows, -1), _next(laid, rows, +1)
    if right is not None and _usable(right):
        return laid
    if left is not None and _usable(left):
        return left
    if any(isinstance(one.item, otio.schema.Gap) for one in (left, right) if one is not None):
        why = "there is a gap beside it, which `gen: bridge` fills"
    else:
        why = "no other clip touches it"
    raise Refused.single(f"a transition needs a clip on both sides of '{laid.name}': {why}", path)


def _usable(laid: Laid) -> bool:
    """An enabled clip; a take of ours serves as one, but not a take that stands for another cut."""
    item = laid.item
    if not isinstance(item, otio.schema.Clip) or not item.enabled or not laid.record.frames:
        return False
    take = generated(item)
    return take is None or take[0] != "transition"


def _next(laid: Laid, rows: Rows, step: int) -> Laid | None:
    row, at = rows[laid.track], laid.index + step
    while 0 <= at < len(row) and isinstance(row[at].item, otio.schema.Transition):
        at += step
    return row[at] if 0 <= at < len(row) else None


def _apart(cut: int, where: FrameRange) -> int:
    return max(where.start - cut, cut - where.end, 0)
