"""Takes onto the timeline, by the one call that Resolve has for it, and a look whether they stand.

AppendToTimeline answers things that are not so: a clip on a locked track or over another is
"placed" and is not there, a frame that is no integer drops the whole call, an item of a failed call
goes when the project is saved. So the place is looked at first, and the track is listed again
afterwards, before and after saving.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from secondunit.v1 import deliveries_pb2, units_pb2
from secondunit.v1 import hosts_pb2 as pb

from secondunit_resolve.api import Folder, MediaPoolItem, TimelineItem, able
from secondunit_resolve.context import OURS, span_of, tracks_of
from secondunit_resolve.desk import Desk, as_it_was
from secondunit_resolve.edition import Edition
from secondunit_resolve.faults import HostError, silent

BIN = "Second Unit"
TRACK = "Second Unit"
VIDEO_ONLY = 1
"""`mediaType`: linked sound stays as it is."""
MARKER = "Sand"
SHOT, TAKE = f"{OURS}.shot", f"{OURS}.take"
"""Third-party metadata of what we placed."""
COLOURS = ("Input Color Space", "Input Gamma", "IDT", "Data Level")
"""Clip properties that say how a clip's colour is meant; the neighbour's hold for its take."""
_NUMBERED = re.compile(r"%0(\d)d")


@dataclass(slots=True)
class _Ends:
    """What `endFrame` means here: as the version says, until a clip shows that it does not."""

    exclusive: bool


class Placer:
    """Places takes in one Resolve; remembers what it learnt of it."""

    def __init__(self, edition: Edition) -> None:
        """`edition`: what Resolve says it is."""
        self._ends = _Ends(edition.end_is_exclusive)

    def place(self, desk: Desk, asked: pb.PlaceTakes) -> pb.PlacedTakes:
        """Put each take where it belongs, on a free track if need be. Raises HostError."""
        with as_it_was(desk):
            home = _bin(desk)
            placed = [self._one(desk, home, one) for one in asked.placements]
            saved = desk.manager.SaveProject()
        for one, wish in zip(placed, asked.placements, strict=True):
            there = _standing(desk, one) if one.item_id else None
            one.verified = bool(saved) and there is not None and one.record == wish.record
            if one.item_id and there is None:
                one.item_id, one.note = "", "It was there, and went when the project was saved."
        return pb.PlacedTakes(
            placed=placed,
            undo="Resolve has no undo for scripts: “take back” removes these clips and nothing "
            "else.",
        )

    def _one(self, desk: Desk, home: Folder, wish: deliveries_pb2.Placement) -> pb.Placed:
        answer = pb.Placed(shot_id=wish.shot_id, track=wish.track, record=wish.record)
        try:
            media = _imported(desk, home, wish.file)
            _labelled(desk, media, wish)
            track, note, made = _track(desk, wish)
            answer.track, answer.note = track, note
            try:
                item = self._appended(desk, media, wish, track)
            except HostError:
                if made:  # an empty track that nobody asked for would be left behind
                    desk.timeline.DeleteTrack("video", track + 1)
                raise
            _taken(desk, home, item, media, wish)
            item.AddMarker(
                0, MARKER, wish.name, wish.marker, 1, f"{OURS}:{wish.shot_id}:{wish.name}"
            )
            answer.item_id = item.GetUniqueId() or ""
            begin, frames = span_of(item, desk.start)
            answer.record.CopyFrom(units_pb2.FrameRange(start=begin, frames=frames))
        except HostError as error:
            answer.note = f"{error.fault.what} {error.fault.remedy}"
        except ValueError as exc:
            answer.note = f"Resolve gave no number where the clip should stand ({exc})."
        return answer

    def _appended(
        self, desk: Desk, media: MediaPoolItem, wish: deliveries_pb2.Placement, track: int
    ) -> TimelineItem:
        """The clip where it should stand, at the length that it should have. Raises HostError."""
        for exclusive in (self._ends.exclusive, not self._ends.exclusive):
            first = wish.source.start
            last = first + wish.source.frames - (0 if exclusive else 1)
            desk.pool.AppendToTimeline(
                [
                    {
                        "mediaPoolItem": media, "startFrame": int(first), "endFrame": int(last),
                        "mediaType": VIDEO_ONLY, "trackIndex": track + 1,
                        "recordFrame": int(desk.start + wish.record.start),
                    }
                ]
            )  # fmt: skip
            item = _at(desk, track, wish.record.start, media)
            if item is None:
                raise silent(f"put '{wish.name}' on its track")
            frames = span_of(item, desk.start)[1]
            if frames == wish.record.frames:
                self._ends.exclusive = exclusive
                return item
            desk.timeline.DeleteClips([item], False)
            if abs(frames - wish.record.frames) != 1:
                break
        raise HostError(
            "HOST",
            f"Resolve gives '{wish.name}' {frames} frames where the cut has {wish.record.frames}.",
            "Its rate may differ from the timeline's: deliver at the timeline's own rate.",
        )


def _bin(desk: Desk) -> Folder:
    root = desk.pool.GetRootFolder()
    if root is None:
        raise silent("show its bins")
    for folder in root.GetSubFolderList() or ():
        if folder.GetName() == BIN:
            return folder
    made = desk.pool.AddSubFolder(root, BIN)
    if made is None:
        raise silent(f"make the bin '{BIN}'")
    return made


def _imported(desk: Desk, home: Folder, file: str) -> MediaPoolItem:
    """The file in our bin, imported if it is not there. Raises HostError."""
    for one in home.GetClipList() or ():
        if _same(str(one.GetClipProperty("File Path") or ""), file):
            return one
    if not desk.pool.SetCurrentFolder(home):  # what is imported lands in the current one
        raise silent(f"open the bin '{BIN}'")
    found = desk.pool.ImportMedia([_wanted(file)])
    if not found:
        there = Path(file).exists() or _NUMBERED.search(file) is not None
        if not there:
            raise HostError(
                "HOST", f"'{file}' is not on this machine.",
                "Give the server a media folder that this machine sees under the same path.",
            )  # fmt: skip
        raise silent(f"import '{Path(file).name}'")
    return found[0]


def _wanted(file: str) -> object:
    """A movie by its path; numbered pictures by their name and numbers."""
    path = Path(file)
    if _NUMBERED.search(path.name) is None:
        return file
    before, _, after = path.name.partition(_NUMBERED.search(path.name)[0])  # type: ignore[index]
    numbers = sorted(
        int(digits)
        for one in (path.parent.iterdir() if path.parent.is_dir() else ())
        if one.name.startswith(before)
        and one.name.endswith(after)
        and (digits := one.name[len(before) : len(one.name) - len(after)]).isdecimal()
    )
    if not numbers:
        return file
    return {"FilePath": file, "StartIndex": numbers[0], "EndIndex": numbers[-1]}


def _same(shown: str, file: str) -> bool:
    # Resolve writes a sequence as name_[1001-1048].exr.
    plain = re.sub(r"\[\d+-\d+\]", "#", shown)
    return shown == file or plain == _NUMBERED.sub("#", file)


def _labelled(desk: Desk, media: MediaPoolItem, wish: deliveries_pb2.Placement) -> None:
    """Our hidden names, and the colour settings of the clip beside it."""
    media.SetThirdPartyMetadata({SHOT: wish.shot_id, TAKE: wish.take.plan_digest})
    beside = _neighbour(desk, wish)
    if beside is None:
        return
    for name in COLOURS:
        value = beside.GetClipProperty(name)
        if value and value != media.GetClipProperty(name):
            media.SetClipProperty(name, str(value))


def _neighbour(desk: Desk, wish: deliveries_pb2.Placement) -> MediaPoolItem | None:
    end = wish.record.start + wish.record.frames
    for n in range(1, (desk.timeline.GetTrackCount("video") or 0) + 1):
        for item in desk.timeline.GetItemListInTrack("video", n) or ():
            try:
                begin, frames = span_of(item, desk.start)
            except ValueError:
                continue
            media = item.GetMediaPoolItem()
            if media is not None and begin <= end and begin + frames >= wish.record.start:
                return media
    return None


def _track(desk: Desk, wish: deliveries_pb2.Placement) -> tuple[int, str, bool]:
    """(index from 0, what was done otherwise than asked, whether it is new). Raises HostError."""
    span = (wish.record.start, wish.record.start + wish.record.frames)
    tracks = list(tracks_of(desk))
    for track in tracks[wish.track :]:
        if track.locked or _covered(desk, track.index, span):
            continue
        if track.index == wish.track:
            return track.index, "", False
        return track.index, f"It stands on {track.name}: {_why(tracks, wish)}.", False
    if not desk.timeline.AddTrack("video"):
        raise silent("add a track")
    index = (desk.timeline.GetTrackCount("video") or 0) - 1
    desk.timeline.SetTrackName("video", index + 1, TRACK)
    why = f"It stands on a new track: {_why(tracks, wish)}." if wish.track < len(tracks) else ""
    return index, why, True


def _why(tracks: Sequence[pb.HostTrack], wish: deliveries_pb2.Placement) -> str:
    asked = tracks[wish.track]
    return f"{asked.name} is locked" if asked.locked else f"{asked.name} is not free there"


def _covered(desk: Desk, track: int, span: tuple[int, int]) -> bool:
    for item in desk.timeline.GetItemListInTrack("video", track + 1) or ():
        try:
            begin, frames = span_of(item, desk.start)
        except ValueError:
            continue
        if begin < span[1] and begin + frames > span[0]:
            return True
    return False


def _at(
    desk: Desk, track: int, start: int, media: MediaPoolItem
) -> TimelineItem | None:  # fmt: skip
    """The item of ours that begins at a frame of a track."""
    for item in desk.timeline.GetItemListInTrack("video", track + 1) or ():
        try:
            begin, _ = span_of(item, desk.start)
        except ValueError:
            continue
        shown = item.GetMediaPoolItem()
        if begin == start and shown is not None and shown.GetMediaId() == media.GetMediaId():
            return item
    return None


def _taken(
    desk: Desk, home: Folder, item: TimelineItem, media: MediaPoolItem,
    wish: deliveries_pb2.Placement,
) -> None:  # fmt: skip
    """The other takes inside the clip, to be switched to without moving it; the chosen one shown.

    FinalizeTake is never called: it would throw the others away.
    """
    if not wish.alternatives or not able(item, "AddTake"):
        return
    first, end = wish.source.start, wish.source.start + wish.source.frames
    for take in wish.alternatives:
        other = _imported(desk, home, take.file)
        other.SetThirdPartyMetadata({SHOT: wish.shot_id, TAKE: take.plan_digest})
        item.AddTake(other, first, end)
    chosen = media.GetMediaId()
    for index in range(1, (item.GetTakesCount() or 0) + 1):
        held = (item.GetTakeByIndex(index) or {}).get("mediaPoolItem")
        if held is not None and held.GetMediaId() == chosen:
            item.SelectTakeByIndex(index)


def _standing(desk: Desk, placed: pb.Placed) -> TimelineItem | None:
    return next((i for i in items_of(desk) if i.GetUniqueId() == placed.item_id), None)


def items_of(desk: Desk) -> Iterator[TimelineItem]:
    """Every clip on every video track."""
    for n in range(1, (desk.timeline.GetTrackCount("video") or 0) + 1):
        yield from desk.timeline.GetItemListInTrack("video", n) or ()
