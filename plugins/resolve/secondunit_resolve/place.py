"""Takes onto the timeline, by the one call that Resolve has for it, and a look whether they stand.

AppendToTimeline answers things that are not so: a clip on a locked track or over another is
"placed" and is not there, a frame that is no integer drops the whole call, an item of a failed call
goes when the project is saved. So the place is looked at first, and the track is listed again
afterwards, before and after saving.
"""

from __future__ import annotations

from secondunit.v1 import deliveries_pb2, units_pb2
from secondunit.v1 import hosts_pb2 as pb

from secondunit_resolve import clock
from secondunit_resolve.api import Folder, MediaPoolItem, TimelineItem
from secondunit_resolve.bins import first_frame, home_of, imported, label, rate_of
from secondunit_resolve.context import OURS, span_of
from secondunit_resolve.desk import Desk, as_it_was, on_edit_page
from secondunit_resolve.edition import Edition
from secondunit_resolve.faults import HostError, silent
from secondunit_resolve.lanes import Lanes
from secondunit_resolve.remove import items_of, placed_shot
from secondunit_resolve.takes import gather, joined

VIDEO_ONLY = 1
"""`mediaType`: linked sound stays as it is, and without it a clip on a named track is black."""
MARKER = "Sand"


class Placer:
    """Places takes in one Resolve; remembers what it learnt of it."""

    def __init__(self, edition: Edition) -> None:
        """`edition`: what Resolve says it is."""
        self._exclusive = edition.end_is_exclusive
        """What `endFrame` means: as the version says, until a clip shows that it does not."""

    def place(self, desk: Desk, asked: pb.PlaceTakes) -> pb.PlacedTakes:
        """Put each take where it belongs, on a free track if need be. Raises HostError."""
        with as_it_was(desk):
            on_edit_page(desk)
            home, lanes = home_of(desk.pool), Lanes(desk)
            placed = [self._one(desk, home, lanes, one) for one in asked.placements]
            saved = bool(desk.manager.SaveProject())
        standing = {item.GetUniqueId(): (n, item) for n, item in items_of(desk)}
        for one, wish in zip(placed, asked.placements, strict=True):
            if not one.item_id:
                continue
            if one.item_id not in standing:
                one.item_id, one.note = "", "It was there, and went when the project was saved."
                continue
            # A track that was added below a clip has moved its number.
            one.track, item = standing[one.item_id]
            begin, frames = span_of(item, desk.start)
            one.record.CopyFrom(units_pb2.FrameRange(start=begin, frames=frames))
            one.verified = saved and one.record == wish.record
            if not saved:
                one.note = f"{one.note} Resolve did not save the project: save it.".strip()
        return pb.PlacedTakes(
            placed=placed,
            undo="Resolve has no undo for scripts: “take back” removes these clips and nothing "
            "else.",
        )

    def _one(
        self, desk: Desk, home: Folder, lanes: Lanes, wish: deliveries_pb2.Placement
    ) -> pb.Placed:
        answer = pb.Placed(shot_id=wish.shot_id, track=wish.track, record=wish.record)
        try:
            _placeable(wish)
            media = imported(desk, home, wish.file, wish.take.proxy)
            _at_rate(desk, media, wish)
            label(desk, media, wish, wish.take.plan_digest)
            item, note = self._standing(desk, media, wish) or self._new(desk, lanes, media, wish)
            answer.item_id = item.GetUniqueId() or ""
            answer.note = " ".join(filter(None, [note, *gather(desk, home, item, media, wish)]))
            if not _marked(item, wish):
                answer.note += " It has no marker, so “take back” does not find it."
        except HostError as error:
            answer.note = f"{error.fault.what} {error.fault.remedy}"
        except ValueError as exc:
            answer.note = f"Resolve gave no number where the clip should stand ({exc})."
        return answer

    def _standing(
        self, desk: Desk, media: MediaPoolItem, wish: deliveries_pb2.Placement
    ) -> tuple[TimelineItem, str] | None:
        """The clip of this shot that stands there, with this take in it: a placement may be asked
        for again, after a timeout or for a newer take.
        """
        for _, item in items_of(desk):
            try:
                there = span_of(item, desk.start)
            except ValueError:
                continue
            if there == (wish.record.start, wish.record.frames) and placed_shot(item) == (
                wish.shot_id
            ):
                note = joined(desk, item, media, wish)
                if note:
                    return item, note
        return None

    def _new(
        self, desk: Desk, lanes: Lanes, media: MediaPoolItem, wish: deliveries_pb2.Placement
    ) -> tuple[TimelineItem, str]:
        lane = lanes.choose(wish)
        try:
            return self._appended(desk, media, wish, lane.index), lane.note
        except HostError:
            lanes.drop(lane)  # an empty track that nobody asked for would be left behind
            raise

    def _appended(
        self, desk: Desk, media: MediaPoolItem, wish: deliveries_pb2.Placement, track: int
    ) -> TimelineItem:
        """The clip where it should stand, at the length that it should have. Raises HostError."""
        frames = 0
        for exclusive in (self._exclusive, not self._exclusive):
            there = {item.GetUniqueId() for _, item in items_of(desk)}
            first = first_frame(media) + wish.source.start
            last = first + wish.source.frames - (0 if exclusive else 1)
            answer = desk.pool.AppendToTimeline(
                [
                    {
                        "mediaPoolItem": media, "startFrame": int(first), "endFrame": int(last),
                        "mediaType": VIDEO_ONLY, "trackIndex": track + 1,
                        "recordFrame": int(desk.start + wish.record.start),
                    }
                ]
            )  # fmt: skip
            new = [(n, i) for n, i in items_of(desk) if i.GetUniqueId() not in there]
            for n, item in new:
                begin, frames = span_of(item, desk.start)
                right = n == track and begin == wish.record.start
                if right and frames == wish.record.frames:
                    self._exclusive = exclusive
                    return _showing(desk, item, wish)
            if new:
                desk.timeline.DeleteClips([item for _, item in new], False)
            elif answer is None:
                break  # not a matter of lengths: nothing was tried at all
        if frames and abs(frames - wish.record.frames) > 1:
            raise HostError(
                "HOST",
                f"Resolve gives '{wish.name}' {frames} frames where the cut has "
                f"{wish.record.frames}.",
                "Its file may be damaged: make the take again.",
            )
        raise silent(f"put '{wish.name}' on its track")


def _marked(item: TimelineItem, wish: deliveries_pb2.Placement) -> bool:
    if placed_shot(item) == wish.shot_id and item.GetMarkers():
        return True
    custom = f"{OURS}:{wish.shot_id}:{wish.name}"
    return item.AddMarker(0, MARKER, wish.name, wish.marker, 1, custom)


def _placeable(wish: deliveries_pb2.Placement) -> None:
    if wish.nested_in:
        raise HostError(
            "NOT_ABLE", f"'{wish.name}' belongs inside a nested timeline.",
            "Open that timeline and place it there, or import the rendered timeline.",
        )  # fmt: skip


def _at_rate(desk: Desk, media: MediaPoolItem, wish: deliveries_pb2.Placement) -> None:
    # Frames of another rate are floored to the timeline's, which leaves a hole of a frame.
    rate = rate_of(media, desk.rate)
    if rate != desk.rate:
        raise HostError(
            "HOST",
            f"'{wish.name}' runs at {clock.written(rate)} and the timeline at "
            f"{clock.written(desk.rate)}.",
            "Make it at the timeline's own rate, and see the clip's rate in its attributes.",
        )


def _showing(desk: Desk, item: TimelineItem, wish: deliveries_pb2.Placement) -> TimelineItem:
    """The clip, which shows the frames that it should. Raises HostError, and then it is gone."""
    left = clock.whole(item.GetLeftOffset() or 0)
    if left == wish.source.start:
        return item
    desk.timeline.DeleteClips([item], False)
    raise HostError(
        "HOST", f"Resolve begins '{wish.name}' at its frame {left}, not {wish.source.start}.",
        "Place it by hand from the bin “Second Unit”.",
    )  # fmt: skip
