"""The timeline that is being cut: each take goes where its shot is, and nothing else moves."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import opentimelineio as otio

from secondunit.errors import Refused
from secondunit.place.chosen import editors_choice
from secondunit.place.clip import CHOSEN, VERSION, clip_of
from secondunit.place.kept import text_of
from secondunit.place.links import Profile
from secondunit.place.nests import Key, Nest
from secondunit.place.takes import Take
from secondunit.place.tracks import gap_of, lay, swap
from secondunit.place.words import Words
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.cut import plain
from secondunit.timeline.returned import generated
from secondunit.units import FrameRange, Operation

_OUR_MARKER = re.compile(r"GEN [a-z]+ v\d{3,}")
_ON_TOP = (
    Operation.ANIMATE,
    Operation.REPLACE,
    Operation.RETIME,
    Operation.TRANSITION,
    Operation.LOOP,
)
"""They cover footage, so they go above it, where the editor can switch them off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A shot whose takes are in the media folder."""

    plan: ShotPlan
    """Of the chosen take."""
    chosen: Take
    others: tuple[Take, ...] = ()
    """Earlier and alternative takes, oldest first."""
    new: bool = True
    """Made for this render; else it lay there, and an edit that came back may show another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What stands where, in terms that any editing program can carry out."""

    shot: str
    """The shot's id."""
    operation: Operation
    track: int
    """Index in the new timeline's stack."""
    track_name: str
    record: FrameRange
    """Frames it covers, counted from the timeline's frame 0."""
    source: FrameRange
    """Frames of the file that are shown, counted from the file's first frame."""
    file: Path
    name: str
    """Of the clip: its file's name."""
    marker: str
    """Text of the marker: the request and the id."""
    take: Take
    alternatives: tuple[Take, ...]
    key: Key = ()
    """Of the nested sequence that it stands in; empty: on the timeline itself."""
    nested_in: str = ""
    """The same in words of the new timeline: `tracks[0].children[2]`."""


class Table:
    """A sequence that is being cut: the timeline, or one that is nested in it."""

    def __init__(self, nest: Nest, zero: int, folder: Path, profile: Profile) -> None:
        """`zero`: timecode, as a frame number, of the sequence's frame 0."""
        self.nest, self.stack, self.layouts = nest, nest.stack, nest.layouts
        self.room, self.folder, self._zero = nest.layouts.room, folder, zero
        self.profile: Profile = profile
        self.notices = self.room.notices
        self.replaced: set[str] = set()
        """JSON of the placeholders and earlier takes that made room."""
        self._tracks = list(self.stack)  # as the plans count them
        self._put: list[tuple[Finished, Words, otio.schema.Track, otio.schema.Clip]] = []
        self._records: dict[int, FrameRange] = {}
        """By `id` of the clips in `_put`, which keeps them."""
        self._created: list[otio.schema.Track] = []

    def put(self, one: Finished, words: Words) -> None:
        """Cut the chosen take of one shot in."""
        plan = one.plan
        record = FrameRange(start=plan.timecode + plan.handles[0] - self._zero, frames=plan.frames)
        if record.start < 0:
            raise Refused.single(
                f"'{plan.name}' would start {-record.start} frames before the timeline",
                plan.place.path,
            )
        home = self._home(plan)
        earlier = self._earlier(plan, record, home)
        if earlier is not None and not one.new:
            one = self._as_chosen(one, earlier[1], words)
        clip = clip_of(one.chosen, one.others, words, self.folder, self.profile)
        track = self._lay(plan, record, clip, words, home, earlier)
        self._records[id(clip)] = record
        self._put.append((one, words, track, clip))

    def _as_chosen(self, one: Finished, old: otio.schema.Clip, words: Words) -> Finished:
        """The shot with the take that an editor chose for it."""
        takes = sorted((*one.others, one.chosen), key=lambda take: take.version)
        take = editors_choice(old, takes, words)
        if take is None or take.version == one.chosen.version:
            return one
        self.notices.append(
            f"'{one.plan.name}' goes on showing {take.label}, which the edit shows; its request "
            f"would show {one.chosen.label}"
        )
        others = tuple(other for other in takes if other.version != take.version)
        return replace(one, chosen=take, others=others)

    def _lay(
        self, plan: ShotPlan, record: FrameRange, clip: otio.schema.Clip, words: Words,
        home: otio.schema.Track, earlier: tuple[otio.schema.Track, otio.schema.Clip] | None,
    ) -> otio.schema.Track:  # fmt: skip
        """The track on which the clip now stands."""
        if earlier is not None:
            track, old = earlier
            self._keep_takes(old, clip)
            drop = tuple(m for m in old.markers if _OUR_MARKER.fullmatch(m.name))
            self.replaced.add(text_of(old))
            index = self.layouts.index(track, old, record)
            swap(track, index, clip, self.layouts, drop=(*drop, *_listed(words.marker)))
            return track
        wanted = words.place or ("over" if plan.operation in _ON_TOP else "replace")
        if wanted == "replace":
            if lay(home, clip, record, self.layouts, consumed=words.marker):
                self._check_handles(home, clip, record)
                return home
            if words.place or plan.operation not in (Operation.EXTEND, *_ON_TOP):
                self.notices.append(
                    f"'{clip.name}' has no free place on '{home.name or 'its track'}' and went "
                    "to a track above"
                )
        if wanted != "new-track":
            for track in self._on_top():
                if lay(track, clip, record, self.layouts):
                    return track
        track = self._new_track()
        lay(track, clip, record, self.layouts)
        return track

    def _home(self, plan: ShotPlan) -> otio.schema.Track:
        index = plan.place.track
        track = self._tracks[index] if 0 <= index < len(self._tracks) else None
        if not isinstance(track, otio.schema.Track):
            raise Refused.single(
                f"the edit has changed: it has no track {index} for '{plan.name}'",
                plan.place.path,
            )
        return track

    def _earlier(
        self, plan: ShotPlan, record: FrameRange, home: otio.schema.Track
    ) -> tuple[otio.schema.Track, otio.schema.Clip] | None:
        """An earlier take of the shot, or the placeholder that asked for it, at the same place."""
        for track in self._video_tracks():
            one = self.layouts.clip_at(track, record)
            if one is None:
                continue
            take = generated(one)
            if take is not None and take[1] == plan.shot:
                return track, one
            if track is home and take is None and _is_placeholder(one):
                return track, one
        return None

    def _keep_takes(self, old: otio.schema.Clip, clip: otio.schema.Clip) -> None:
        """Earlier takes of a returned edit stay with the clip, whatever folder they lie in."""
        if self.profile != "otio" or generated(old) is None:
            return
        references = clip.media_references()
        known = {reference.name for reference in references.values()}
        number = 0
        for reference in old.media_references().values():
            name = reference.name or old.name
            if name in known or isinstance(reference, otio.schema.MissingReference):
                continue
            known.add(name)
            match = re.search(r"_v(\d{3,})", name)
            number = int(match[1]) if match else 1
            while f"take_{number:03d}" in references:
                number += 1
            references[f"take_{number:03d}"] = reference.deepcopy()
        clip.set_media_references(references, CHOSEN)

    def _on_top(self) -> list[otio.schema.Track]:
        """Our own tracks with none of the editor's above them."""
        ours: list[otio.schema.Track] = []
        for track in reversed(self._video_tracks()):
            if not _is_ours(track):
                break
            ours.insert(0, track)
        return ours

    def _new_track(self) -> otio.schema.Track:
        names = {track.name for track in self.stack}
        name, number = "GEN", 1
        while name in names:
            number += 1
            name = f"GEN {number}"
        track = otio.schema.Track(name=name, kind=otio.schema.TrackKind.Video)
        track.metadata["secondunit"] = {"version": VERSION, "role": "generated"}
        if self.profile == "resolve":
            track.metadata["Resolve_OTIO"] = {"Locked": False}
        stack = self.stack
        above = 1 + max(
            (i for i, t in enumerate(stack)
             if isinstance(t, otio.schema.Track) and t.kind == otio.schema.TrackKind.Video),
            default=-1,
        )  # fmt: skip
        stack.insert(above, track)
        self._created.append(track)
        return track

    def _check_handles(
        self, track: otio.schema.Track, clip: otio.schema.Clip, record: FrameRange
    ) -> None:
        """Say where a transition beside the clip reaches past its handles."""
        index = self.layouts.index(track, clip, record)
        available, shown = clip.available_range(), clip.trimmed_range()
        head = shown.start_time.value - available.start_time.value
        tail = available.duration.value - shown.duration.value - head
        sides = (
            (index - 1, "in_offset", head, "before"),
            (index + 1, "out_offset", tail, "after"),
        )
        for at, field, has, side in sides:
            other = track[at] if 0 <= at < len(track) else None
            if isinstance(other, otio.schema.Transition):
                needs = round(self.room.frames(getattr(other, field)))
                if needs > has:
                    self.notices.append(
                        f"the transition {side} '{clip.name}' needs {needs} frames of handle, "
                        f"the clip has {has:g}; ask again with `handles: {needs}`"
                    )

    def pad(self) -> None:
        """Fill our own new tracks up to the timeline's end, as Resolve writes every track."""
        if self.profile != "resolve":
            return
        end = max((self.layouts.end(track) for track in self._all_tracks()), default=0)
        for track in self._created:
            if (left := end - self.layouts.end(track)) > 0:
                self.layouts.append(track, gap_of(left, self.room.rate))

    def _all_tracks(self) -> list[otio.schema.Track]:
        return [t for t in self.stack if isinstance(t, otio.schema.Track)]

    def _video_tracks(self) -> list[otio.schema.Track]:
        return [t for t in self._all_tracks() if t.kind == otio.schema.TrackKind.Video]

    def created(self) -> set[int]:
        """Numbers of the tracks that were not there before."""
        return {self.stack.index(track) for track in self._created}

    def shown(self) -> list[tuple[Finished, Words]]:
        """Every shot put so far, with the take that it shows, and what asked for it."""
        return [(one, words) for one, words, _, _ in self._put]

    def placements(self) -> tuple[Placement, ...]:
        """Every shot put so far, where it stands now."""
        stack = self.stack
        made: list[Placement] = []
        for one, words, track, clip in self._put:
            record, take = self._records[id(clip)], one.chosen
            made.append(
                Placement(
                    shot=take.shot, operation=take.operation, track=stack.index(track),
                    track_name=track.name, record=record,
                    source=FrameRange(
                        start=take.shown.start - take.range.start, frames=take.shown.frames
                    ),
                    file=take.file, name=clip.name, marker=words.text, take=take,
                    alternatives=one.others, key=self.nest.key,
                )
            )  # fmt: skip
        return tuple(made)


def _listed(marker: otio.schema.Marker | None) -> tuple[otio.schema.Marker, ...]:
    return () if marker is None else (marker,)


def _is_ours(track: otio.core.Composable) -> bool:
    record = plain(track.metadata).get("secondunit")
    return isinstance(record, dict) and record.get("role") == "generated"


def _is_placeholder(clip: otio.schema.Clip) -> bool:
    """A clip without footage that stands for the shot it asks for."""
    record = plain(clip.metadata).get("secondunit")
    asks = isinstance(record, dict) and "request" in record
    footage = (otio.schema.ExternalReference, otio.schema.ImageSequenceReference)
    return asks and not isinstance(clip.media_reference, footage)
