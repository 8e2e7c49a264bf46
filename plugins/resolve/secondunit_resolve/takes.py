"""The takes of a shot inside one clip of the timeline, by Resolve's own take selector.

FinalizeTake is never called: it would throw the others away.
"""

from __future__ import annotations

from secondunit.v1 import hosts_pb2 as pb
from secondunit.v1.deliveries_pb2 import Placement

from secondunit_resolve.api import Folder, MediaPoolItem, TimelineItem, able
from secondunit_resolve.bins import first_frame, imported, label, path_of, same
from secondunit_resolve.context import span_of
from secondunit_resolve.desk import Desk
from secondunit_resolve.faults import HostError, silent


def joined(desk: Desk, item: TimelineItem, media: MediaPoolItem, wish: Placement) -> str:
    """Put a take into the clip of its shot that stands there already; what was done, in words.

    Empty: the clip does not take it, and is as it was.
    """
    if any(held.GetMediaId() == media.GetMediaId() for _, held in _held(item)):
        return "It stood there already."
    if not able(item, "AddTake"):
        return ""
    stands, shown = span_of(item, desk.start), item.GetSelectedTakeIndex() or 1
    first = first_frame(media) + wish.source.start
    if not item.AddTake(media, first, first + wish.source.frames):
        return ""
    _show(item, media)
    if span_of(item, desk.start) == stands:
        return "It is another take inside the clip that stands there."
    item.SelectTakeByIndex(shown)
    return ""


def gather(
    desk: Desk, home: Folder, item: TimelineItem, media: MediaPoolItem, wish: Placement
) -> list[str]:
    """Put the other takes into the clip, which shows the chosen one still; what could not be put.

    Each has its own handles, and the very length of the clip, so that switching moves no cut.
    """
    stands, left = span_of(item, desk.start), []
    paths = [path_of(held) for _, held in _held(item)]
    others = [t for t in wish.alternatives if not any(same(path, t.file) for path in paths)]
    if others and not able(item, "AddTake"):
        return ["This Resolve keeps no takes in a clip."]
    for take in others:
        name = f"v{take.version:03d}"
        if take.frames - take.handles.head - take.handles.tail != wish.source.frames:
            left.append(f"Take {name} is of another length.")
            continue
        try:
            other = imported(desk, home, take.file, take.proxy)
        except HostError as error:
            left.append(f"Take {name} is left out. {error.fault.what}")
            continue
        label(desk, other, wish, take.plan_digest)
        first = first_frame(other) + take.handles.head
        if not item.AddTake(other, first, first + wish.source.frames):
            left.append(f"Resolve did not take {name} into the clip.")
    if not _show(item, media):
        left.append("Another take than the chosen one is shown: switch it.")
    if span_of(item, desk.start) != stands:
        left.append("Its length changed with its takes: look at its end.")
    return left


def switch(item: TimelineItem, asked: pb.SwitchTake) -> None:
    """Show another take. Raises HostError, with the clip as it was."""
    stands = span_of(item, 0)
    shown = item.GetSelectedTakeIndex() or 0
    for index, held in _held(item):
        if same(path_of(held), asked.file) or (not asked.file and index == asked.take):
            if not item.SelectTakeByIndex(index):
                raise silent("switch the take")
            if span_of(item, 0) != stands:
                item.SelectTakeByIndex(shown)
                raise HostError(
                    "HOST", "That take would move the cut, so the clip shows the one it had.",
                    "Place the shot again.",
                )  # fmt: skip
            return
    raise HostError(
        "NOT_ABLE", "The clip does not hold that take.",
        "Place the shot again: it then holds all its takes.",
    )  # fmt: skip


def _held(item: TimelineItem) -> list[tuple[int, MediaPoolItem]]:
    """(index, clip) of the takes; of a clip without a selector itself, as 0."""
    found = []
    for index in range(1, (item.GetTakesCount() or 0) + 1):
        held = (item.GetTakeByIndex(index) or {}).get("mediaPoolItem")
        if held is not None:
            found.append((index, held))
    alone = None if found else item.GetMediaPoolItem()
    return found if alone is None else [(0, alone)]


def _show(item: TimelineItem, media: MediaPoolItem) -> bool:
    """Have the clip show a take that it holds; whether it does."""
    for index, held in _held(item):
        if held.GetMediaId() == media.GetMediaId():
            return index == 0 or bool(item.SelectTakeByIndex(index))
    return False
