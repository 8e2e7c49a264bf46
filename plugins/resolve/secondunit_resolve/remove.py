"""Taking back what was placed: the clips that carry our name, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from secondunit.v1 import hosts_pb2 as pb

from secondunit_resolve.api import TimelineItem
from secondunit_resolve.bins import shot_of
from secondunit_resolve.context import OURS
from secondunit_resolve.desk import Desk, as_it_was, on_edit_page
from secondunit_resolve.lanes import ours


def items_of(desk: Desk) -> Iterator[tuple[int, TimelineItem]]:
    """(index of its track, clip) of all on video tracks."""
    for n in range(1, (desk.timeline.GetTrackCount("video") or 0) + 1):
        for item in desk.timeline.GetItemListInTrack("video", n) or ():
            yield n - 1, item


def placed_shot(item: TimelineItem) -> str:
    """Id of the shot that we placed as this clip; empty for any other clip.

    The marker that we set says so. Who drags a take in by hand sets none, and keeps it. A take
    selector's marker may belong to a take that is not shown, so its file says it.
    """
    for mark in (item.GetMarkers() or {}).values():
        custom = str(mark.get("customData", ""))
        if custom.startswith(f"{OURS}:"):
            return custom.split(":")[1]
    media = item.GetMediaPoolItem()
    return shot_of(media) if media is not None and (item.GetTakesCount() or 0) > 1 else ""


def remove(desk: Desk, shots: Collection[str]) -> pb.RemovedPlaced:
    """Delete the clips of these shots, and our own tracks where that leaves them empty."""
    wanted, notices = set(shots), []
    found = [(track, item, placed_shot(item)) for track, item in items_of(desk)]
    found = [(track, item, shot) for track, item, shot in found if shot in wanted]
    with as_it_was(desk):
        on_edit_page(desk)
        for _, item, _ in found:
            desk.timeline.DeleteClips([item], False)
        left = {item.GetUniqueId() for _, item in items_of(desk)}
        kept = [(item, shot) for _, item, shot in found if item.GetUniqueId() in left]
        for track in sorted({track for track, _, _ in found}, reverse=True):
            named = ours(desk.timeline.GetTrackName("video", track + 1) or "")
            if named and not desk.timeline.GetItemListInTrack("video", track + 1):
                desk.timeline.DeleteTrack("video", track + 1)
        desk.manager.SaveProject()
    for item, _ in kept:
        notices.append(
            f"'{item.GetName()}' could not be removed: its track may be locked. Delete it by hand."
        )
    gone = {shot for _, _, shot in found} - {shot for _, shot in kept}
    missing = wanted - {shot for _, _, shot in found}
    notices += [f"Nothing of {one} stands on this timeline." for one in sorted(missing)]
    return pb.RemovedPlaced(shot_ids=sorted(gone), notices=notices)
