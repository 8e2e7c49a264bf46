"""Which track a take goes to: its own where that is free, else one right above it, never another's.

A clip over a clip is dropped, slid away or dead, and one on a locked track is not there, so a place
is free before anything is put into it. A new track goes directly above the one that was asked for:
on top of all it would hide titles.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from secondunit.v1 import deliveries_pb2
from secondunit.v1 import hosts_pb2 as pb

from secondunit_resolve.context import span_of, tracks_of
from secondunit_resolve.desk import Desk
from secondunit_resolve.faults import silent

TRACK = "Second Unit"
_OURS = re.compile(r"Second Unit|GEN( \d+)?")


def ours(name: str) -> bool:
    """A track of this name is for takes: our own, or one of a rendered timeline."""
    return _OURS.fullmatch(name) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Where a take goes."""

    index: int
    """Of the track, from 0 at the bottom."""
    note: str
    """What is otherwise than asked; empty where nothing is."""
    made: bool
    """The track was added for it."""


@dataclass(slots=True)
class Lanes:
    """The tracks while a list of takes is placed; their numbers as the list means them."""

    desk: Desk
    added: list[int] = field(default_factory=list)
    """Indices at which tracks were added, in the order in which they were."""

    def choose(self, wish: deliveries_pb2.Placement) -> Lane:
        """A free place for it. Raises HostError where Resolve adds no track."""
        asked = wish.track
        for at in self.added:
            asked += at <= asked
        tracks = list(tracks_of(self.desk))
        span = (wish.record.start, wish.record.start + wish.record.frames)
        if asked < len(tracks) and self._free(tracks[asked], span):
            return Lane(index=asked, note="", made=False)
        above = asked + 1
        if above < len(tracks) and ours(tracks[above].name) and self._free(tracks[above], span):
            note = f"It stands on {tracks[above].name}: {self._why(tracks[asked])}."
            return Lane(index=above, note=note, made=False)
        if asked >= len(tracks):
            return Lane(index=self._add(len(tracks), wish.track_name or TRACK), note="", made=True)
        index = self._add(above, TRACK)
        note = f"It stands on a new track: {self._why(tracks[asked])}."
        if index != above:
            note += f" Resolve put it on top: see whether V{index + 1} hides others."
        return Lane(index=index, note=note, made=True)

    def drop(self, lane: Lane) -> None:
        """Take a track away again that was added for a take which is not there."""
        if lane.made and not self.desk.timeline.GetItemListInTrack("video", lane.index + 1):
            self.desk.timeline.DeleteTrack("video", lane.index + 1)
            self.added.remove(lane.index)

    def _add(self, wanted: int, name: str) -> int:
        timeline, before = self.desk.timeline, self._filled()
        done = wanted < len(before) and timeline.AddTrack("video", {"index": wanted + 1})
        if not done and not timeline.AddTrack("video"):
            raise silent("add a track")
        index = _new(before, self._filled(), wanted)
        self.added.append(index)
        timeline.SetTrackName("video", index + 1, name)
        return index

    def _free(self, track: pb.HostTrack, span: tuple[int, int]) -> bool:
        if track.locked or not track.enabled:
            return False
        for item in self.desk.timeline.GetItemListInTrack("video", track.index + 1) or ():
            try:
                begin, frames = span_of(item, self.desk.start)
            except ValueError:
                continue
            if begin < span[1] and begin + frames > span[0]:
                return False
        return True

    def _filled(self) -> list[list[str]]:
        timeline = self.desk.timeline
        return [
            [i.GetUniqueId() or "" for i in timeline.GetItemListInTrack("video", n) or ()]
            for n in range(1, (timeline.GetTrackCount("video") or 0) + 1)
        ]

    def _why(self, track: pb.HostTrack) -> str:
        if track.locked:
            return f"{track.name} is locked"
        return f"{track.name} is {'not free there' if track.enabled else 'switched off'}"


def _new(before: Sequence[object], after: Sequence[object], wanted: int) -> int:
    """Index of the track that was added; Resolve does not say. Raises HostError."""
    order = sorted(range(len(after)), key=lambda n: (n != wanted, -n))
    for n in order:
        if not after[n] and [*after[:n], *after[n + 1 :]] == [*before]:
            return n
    raise silent("add a track")
