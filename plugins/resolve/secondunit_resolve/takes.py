"""The takes of a shot inside one clip of the timeline, by Resolve's own take selector.

FinalizeTake is never called: it would throw the others away.
"""

from __future__ import annotations

from secondunit.v1 import deliveries_pb2
from secondunit.v1 import hosts_pb2 as pb

from secondunit_resolve.api import Folder, MediaPoolItem, TimelineItem, able
from secondunit_resolve.bins import first_frame, imported, label, path_of, same
from secondunit_resolve.context import span_of
from secondunit_resolve.desk import Desk
from secondunit_resolve.faults import HostError, silent


def gather(
    desk: Desk, home: Folder, item: TimelineItem, media: MediaPoolItem,
    wish: deliveries_pb2.Placement,
) -> list[str]:  # fmt: skip
    """Put the other takes into the clip, which shows the chosen one still; what could not be put.

    Each has its own handles, and the very length of the clip, so that switching moves no cut.
    """
    if not wish.alternatives:
        return []
    if not able(item, "AddTake"):
        return ["This Resolve keeps no takes in a clip."]
    stands, left = span_of(item, desk.start), []
    for take in wish.alternatives:
        name = f"v{take.version:03d}"
        if take.frames - take.handles.head - take.handles.tail != wish.source.frames:
            left.append(f"Take {name} is of another length.")
            continue
        try:
            other = imported(desk, home, take.file)
        except HostError as error:
            left.append(f"Take {name} is left out. {error.fault.what}")
            continue
        label(desk, other, wish, take.plan_digest)
        first = first_frame(other) + take.handles.head
        if not item.AddTake(other, first, first + wish.source.frames):
            left.append(f"Resolve did not take {name} into the clip.")
    chosen = media.GetMediaId()
    for index, held in _takes(item):
        if held.GetMediaId() == chosen and not item.SelectTakeByIndex(index):
            left.append("Another take than the chosen one is shown: switch it.")
    if span_of(item, desk.start) != stands:
        left.append("Its length changed with its takes: look at its end.")
    return left


def switch(item: TimelineItem, asked: pb.SwitchTake) -> None:
    """Show another take. Raises HostError, with the clip as it was."""
    stands = span_of(item, 0)
    shown = item.GetSelectedTakeIndex() or 0
    for index, held in _takes(item):
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


def _takes(item: TimelineItem) -> list[tuple[int, MediaPoolItem]]:
    found = []
    for index in range(1, (item.GetTakesCount() or 0) + 1):
        held = (item.GetTakeByIndex(index) or {}).get("mediaPoolItem")
        if held is not None:
            found.append((index, held))
    return found
