"""A timeline file in; its Shots out: every request found, placed and given its source frames."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import opentimelineio as otio

from secondunit.config import Config
from secondunit.errors import Fault, MediaError, Refused, TimelineUnreadable, one_line
from secondunit.timeline.carriers import Asked, requests_in
from secondunit.timeline.clock import drops_frames
from secondunit.timeline.cut import CuttingRoom, Laid, View, rate_of
from secondunit.timeline.footage import footage_of, span_on
from secondunit.timeline.levels import RATES, Level, levels_of
from secondunit.timeline.locate import locate
from secondunit.timeline.nested import view_inside
from secondunit.timeline.numbered import without_numbers
from secondunit.timeline.read import reading
from secondunit.timeline.requests import requests_of_note
from secondunit.timeline.retimes import convention_of
from secondunit.timeline.returned import generated, shelf_of
from secondunit.timeline.shot import (
    Edit,
    Footage,
    Media,
    Neighbour,
    Place,
    Request,
    Shot,
    SourceFrames,
)
from secondunit.timeline.spans import loop_span, transition_span
from secondunit.timeline.spots import ON_A_CLIP, Spot, is_footage, spot_of
from secondunit.units import FrameRange, Operation, Rate

_SEVERAL = (Operation.ANIMATE, Operation.REPLACE)
"""Operations of which a clip may have more than one, on different frames or regions."""
_ON_FOOTAGE = (Operation.REPLACE, Operation.RETIME)
_FILLS = {Operation.BRIDGE: "a bridge", Operation.GENERATE: "what is generated"}
_SPARE = 2
"""Frames kept beside context and handles, for a plan that rounds up."""
_END = 2**31
"""Frames of a timeline: past it no count fits the messages (two and a half years at 25)."""


def find_shots(
    timeline_path: Path, *, config: Config, rate: Rate | None = None,
    sequence: str | None = None, drop_frame: bool | None = None,
) -> Edit:  # fmt: skip
    """Every request of a timeline as a Shot, or as the faults that keep it from being one.

    `rate` is for a format that does not say its own (an EDL), `sequence` the name of the one that
    is meant, of a file that holds several, `drop_frame` whether timecode drops frames, for a file
    that does not say it (an .otio).
    Media is looked for below the timeline's folder and `config.roots`. Raises TimelineUnreadable
    if the file is no timeline; every other fault is in the Edit.
    """
    found = reading(timeline_path, rate=rate, sequence=sequence, data=config.data)
    timeline = found.timeline  # held to the end: OTIO's members die with their root
    rate = rate_of(timeline)
    if rate.nominal not in RATES:
        raise TimelineUnreadable.single(
            f"the timeline runs at {rate} frames per second; we count {RATES[0]} to {RATES[-1]}",
            "global_start_time.rate",
        )
    notices = list(found.notices)
    # What a bundle holds was unpacked into the data folder: that too is the timeline's own.
    room = CuttingRoom(
        rate=rate, folder=found.folder, config=config, notices=notices,
        retimes=convention_of(timeline, notices),
    )  # fmt: skip
    start = timeline.global_start_time
    timecode_start = 0 if start is None else round(room.frames(start))
    if abs(timecode_start) >= _END:
        raise TimelineUnreadable.single(
            f"the timeline starts at frame {timecode_start}, further than we count",
            "global_start_time.value",
        )
    said = drops_frames(timeline)
    drop_frame = bool(said) if drop_frame is None else drop_frame
    shots: list[Shot] = []
    faults: list[Fault] = []
    known = _Known()
    for level in levels_of(timeline, room):
        # Nobody says what timecode a nested sequence begins with, or how it counts.
        zero, drops = (0, False) if level.ways else (timecode_start, drop_frame)
        asked, wrong, standing = requests_in(
            level.stack, level.tracks, level.rows, level.room, zero
        )
        faults += wrong
        maker = _Maker(
            level=level, timecode_start=zero, drop_frame=drops, sequence=found.sequence,
            known=known, standing=standing,
        )  # fmt: skip
        for one in asked:
            try:
                shots += maker.shots(one)
            except Refused as exc:
                faults += exc.faults
    if shots and said is None and not drop_frame and rate.den == 1001 and not rate.nominal % 30:
        notices.append(
            f"the file does not say whether its timecode, at {rate} frames per second, drops "
            "frames; it is counted without: say so if it does, as in --drop-frame"
        )
    shots.sort(key=lambda s: (s.place.ways, s.record.start, s.place.track, s.id))
    return Edit(
        name=one_line(timeline.name or timeline_path.stem), rate=rate,
        timecode_start=timecode_start, drop_frame=drop_frame, shots=tuple(shots),
        faults=tuple(dict.fromkeys(faults)), notices=tuple(dict.fromkeys(map(one_line, notices))),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sources:
    before: Neighbour | None = None
    after: Neighbour | None = None
    still: SourceFrames | None = None
    footage: Footage | None = None


@dataclass(slots=True)
class _Known:
    """What is taken by the shots that were found, of whatever sequence."""

    ids: dict[str, str] = field(default_factory=dict)
    """Id of a shot: the place of its request."""
    equals: Counter[str] = field(default_factory=Counter)


class _Maker:
    """Makes Shots of one sequence, and sees to it that no two of them are the same."""

    def __init__(
        self, *, level: Level, timecode_start: int, drop_frame: bool, sequence: str | None,
        known: _Known, standing: dict[str, Laid],
    ) -> None:  # fmt: skip
        self.room, self.rows, self.unmeasured = level.room, level.rows, level.unmeasured
        self.timecode_start, self.drop_frame = timecode_start, drop_frame
        self.sequence, self.ways = sequence, level.ways
        self.ids, self.equals = known.ids, known.equals
        self.places: dict[tuple[Operation, str, int, int], str] = {}
        self.standing = standing

    def shots(self, asked: Asked) -> list[Shot]:
        """The Shots of one request: one; two for both edges; none for a take already found.

        Raises Refused with all the faults of the request.
        """
        note = asked.note
        if asked.take and asked.id in self.ids:
            return []
        faults: list[Fault] = list(note.faults)
        spot: Spot | None = None
        left = right = None
        if note.operation is not None:
            try:
                spot = spot_of(asked, note.operation, self.rows, self.room.notices)
            except Refused as exc:
                faults += exc.faults
        if spot is not None:
            faults += self.unmeasured[spot.laid.track]  # nobody knows where the place is, then
            first, second = self._clips(spot, asked)
            head = asked.note.operation is Operation.EXTEND and asked.note.edge == "head"
            left = self._view(first, asked, faults, "first" if head else "last")
            right = self._view(second, asked, faults, "first")
        like = None
        if spot is not None and note.operation is Operation.GENERATE:
            like = self._like(spot)
        size = next((v.media.size for v in (left, right) if v is not None), like and like.size)
        requests, wrong = requests_of_note(
            note, rate=self.room.rate, size=size, folder=self.room.folder,
            config=self.room.config, notices=self.room.notices,
        )  # fmt: skip
        faults += [f for f in wrong if f not in faults]
        if faults or spot is None:
            raise Refused(faults)
        made = [self._shot(asked, request, spot, left, right, like) for request in requests]
        return [shot for shot in made if shot is not None]

    def _clips(self, spot: Spot, asked: Asked) -> tuple[Laid | None, Laid | None]:
        if asked.note.operation in (Operation.BRIDGE, Operation.TRANSITION):
            return spot.left, spot.right
        if asked.note.operation is Operation.GENERATE:  # made from nothing that is in the cut
            return None, None
        return spot.laid, None

    def _like(self, spot: Spot) -> Media | None:
        """The footage nearest to a place that is filled from nothing, if it can be read."""
        others = [laid for row in self.rows.values() for laid in row]
        others.sort(key=lambda laid: (laid.track != spot.laid.track,
                                      abs(laid.record.start - spot.record.start)))  # fmt: skip
        for laid in others:
            if not is_footage(laid) or isinstance(laid.item, otio.core.Composition):
                continue
            try:
                return self.room.view(laid).media
            except (Refused, MediaError):  # it is not this shot's to complain of
                continue
        return None

    def _view(self, laid: Laid | None, asked: Asked, faults: list[Fault], edge: str) -> View | None:
        path, operation = asked.note.path, asked.note.operation
        shown = (otio.schema.Clip, otio.core.Composition)
        if laid is None or not isinstance(laid.item, shown) or not laid.item.enabled:
            if operation in (Operation.BRIDGE, Operation.TRANSITION):
                what = "nothing" if laid is None else f"'{laid.name}', which is no clip in use"
                faults.append(
                    Fault(what=f"{operation} needs a clip on both sides; there is {what}",
                          path=path)
                )  # fmt: skip
            return None
        try:
            if isinstance(laid.item, otio.core.Composition):
                return view_inside(self.room, laid, edge)
            return self.room.view(laid)
        except Refused as exc:
            faults += exc.faults
        except MediaError as exc:
            faults.append(Fault(what=f"'{laid.name}': {exc}", path=f"{laid.path}.media_reference"))
        return None

    def _shot(
        self, asked: Asked, request: Request, spot: Spot, left: View | None, right: View | None,
        like: Media | None,
    ) -> Shot | None:  # fmt: skip
        path = asked.note.path
        record = self._record(asked, request, spot, left)
        sources = self._sources(asked, request, spot, record, left, right)
        if record.end >= _END:
            raise Refused.single(
                f"frame {record.end} of the timeline is further than we count; "
                "something before it is far too long",
                path,
            )
        media = next((v.media for v in (left, right) if v is not None), None)
        if media is None and request.operation is Operation.GENERATE:
            images = (*(k.image for k in request.keyframes), *request.references)
            media = like = next((image for image in (like, *images) if image is not None), None)
        if media is None:
            what = f"{request.operation} has no footage to take its picture size from"
            raise Refused.single(what, path)
        found = self._identity(asked, request, spot, left, right)
        if found is None:
            return None
        return Shot(
            id=found,
            name=one_line(
                asked.note.shot
                or without_numbers(left.name if left is not None else spot.laid.item.name or "shot")
            ),
            request=request, rate=self.room.rate, size=media.size,
            record=record, timecode_start=self.timecode_start, drop_frame=self.drop_frame,
            before=sources.before, after=sources.after, still=sources.still,
            footage=sources.footage,
            place=Place(
                track=spot.laid.track, item=spot.laid.index, path=path, takes=self._takes(found),
                sequence=self.sequence, ways=self.ways,
            ),
            cut=max(0, spot.record.start - record.start), like=like,
        )  # fmt: skip

    def _takes(self, id: str) -> Path | None:
        """The folder of the take of a shot that stands in the edit already.

        None for one that came in a bundle: that was unpacked for a while, and belongs nowhere.
        """
        laid = self.standing.get(id)
        if laid is None or not isinstance(laid.item, otio.schema.Clip):
            return None
        reference = laid.item.media_reference
        url = getattr(reference, "target_url", None) or ""
        if isinstance(reference, otio.schema.ImageSequenceReference) and reference.rate > 0:
            url = reference.target_url_for_image_number(0)
        try:
            found = shelf_of(locate(url, self.room.folder, self.room.config).path)
        except MediaError:  # the take was not brought back; its shot can be made again
            return None
        return None if found.is_relative_to(self.room.config.data.resolve()) else found

    def _record(self, asked: Asked, request: Request, spot: Spot, view: View | None) -> FrameRange:
        """Frames of the timeline that the shot will cover."""
        if request.operation in _ON_FOOTAGE and view is not None and not asked.take:
            return span_on(view, spot.record, asked.marked, request, asked.note.path)
        record, frames = spot.record, request.frames or spot.record.frames
        if request.operation is Operation.EXTEND and not asked.take:
            start = record.end if request.edge == "tail" else record.start - frames
            return FrameRange(start=start, frames=frames)
        if request.operation in (Operation.EXTEND, Operation.ANIMATE):
            return FrameRange(start=record.start, frames=frames)
        if request.operation is Operation.TRANSITION:
            return transition_span(asked, request, spot, self.rows, self.room)
        fills = request.operation in (Operation.BRIDGE, Operation.GENERATE)
        if fills and frames != record.frames:
            raise Refused.single(
                f"the gap has {record.frames} frames, not {frames}; {_FILLS[request.operation]} "
                "fills its gap, so leave 'frames' out or trim the gap",
                f"{asked.note.path}.frames",
            )
        return record

    def _sources(
        self, asked: Asked, request: Request, spot: Spot, record: FrameRange,
        left: View | None, right: View | None,
    ) -> _Sources:  # fmt: skip
        """The frames that the shot is made from. Raises Refused for both sides at once."""
        if request.operation is Operation.ANIMATE and left is not None:
            return _Sources(still=self._still(asked, spot, left))
        if request.operation is Operation.LOOP and left is not None:
            if left.one_picture:
                return _Sources(still=self._still(asked, spot, left))
            loop_span(request, record, asked.note.path)
            return _Sources(before=left.part(record.start - spot.laid.record.start, record.frames))
        if request.operation in _ON_FOOTAGE and left is not None:
            first = record.start - spot.laid.record.start
            return _Sources(
                footage=footage_of(left, first, record.frames, request, asked.note.path)
            )
        if request.operation is Operation.EXTEND and request.edge == "head":
            left, right = None, left
        kept = {
            "near": request.context + request.handles + _SPARE,
            "past": request.context + request.handles,
        }
        if request.operation is Operation.TRANSITION:  # both run through the whole of it
            kept = {key: count + record.frames for key, count in kept.items()}
        before: Neighbour | None = None
        after: Neighbour | None = None
        faults: list[Fault] = []
        try:
            before = None if left is None else left.before(**kept)
        except Refused as exc:
            faults += exc.faults
        try:
            after = None if right is None else right.after(**kept)
        except Refused as exc:
            faults += exc.faults
        if faults:
            raise Refused(faults)
        return _Sources(before=before, after=after)

    def _still(self, asked: Asked, spot: Spot, view: View) -> SourceFrames:
        frame = 0
        if asked.marked is not None and not asked.take:
            frame = asked.marked.start - spot.record.start
        index = view.index(min(max(frame, 0), max(view.frames - 1, 0)))
        if index is None:
            raise Refused.single(
                f"'{view.name}' has no frame under the marker", f"{view.path}.source_range"
            )
        return SourceFrames(media=view.media, indexes=(index,))

    def _identity(
        self, asked: Asked, request: Request, spot: Spot, left: View | None, right: View | None
    ) -> str | None:
        """The shot's id, the same when only words, seed or length change; None for a double.

        Raises Refused where two requests want the same place or the same id.
        """
        edge = request.edge if request.operation is Operation.EXTEND else ""
        key = (request.operation, edge, spot.laid.track, spot.laid.index)
        path = asked.note.path
        if key in self.places and asked.take:
            return None
        if key in self.places and request.operation not in _SEVERAL:
            raise Refused.single(
                f"{request.operation} is asked for twice here; the other is {self.places[key]}",
                path,
            )
        names = [view.name for view in (left, right) if view is not None]
        words = "\n".join([request.operation, edge, str(spot.laid.track), *names])
        self.equals[words] += 1
        there = None if request.operation in ON_A_CLIP else generated(spot.laid.item)
        # A take that stands in the gap already has the id.
        found = asked.id or (there[1] if there is not None else None)
        if found is None or (asked.note.edge == "both" and edge == "head"):  # one id, one shot
            seed = f"{words}\n{asked.id or ''}\n{self.equals[words]}".encode()
            found = base64.b32encode(hashlib.sha256(seed).digest()).decode().lower()[:8]
        if found in self.ids:
            raise Refused.single(f"the id '{found}' is also that of {self.ids[found]}", path)
        self.ids[found] = path
        self.places[key] = path
        return found
