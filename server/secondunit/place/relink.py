"""Takes go back into the edit: a new timeline beside the untouched original."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import opentimelineio as otio

from secondunit import __version__
from secondunit.catalog.deliveries import DELIVERIES, frame_name
from secondunit.config import Config
from secondunit.encode.durable import replacing, unwritten
from secondunit.errors import PlacementError, Refused
from secondunit.place.bundle import Kind as Bundle
from secondunit.place.bundle import bundle, check_bundle
from secondunit.place.clip import CHOSEN, VERSION, clip_of
from secondunit.place.exchange import Asset
from secondunit.place.exchanged import check_beside, exchanged
from secondunit.place.kept import check_kept, contents
from secondunit.place.links import Profile, rebase
from secondunit.place.nests import Key, Nest, nest_at, nest_of
from secondunit.place.shape import shape
from secondunit.place.takes import Take, keep_request
from secondunit.place.tracks import Layouts, gap_of, lay, swap
from secondunit.place.words import Words, words_of
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.cut import CuttingRoom, generated, plain, rate_of
from secondunit.timeline.levels import Way, path_of
from secondunit.timeline.read import reading
from secondunit.timeline.retimes import convention_of
from secondunit.units import FrameRange, Operation

_LARGEST = 2**30
"""Bytes; no timeline that we write has as many."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedEdit:
    """A new timeline."""

    timeline: Path
    placements: tuple[Placement, ...]
    notices: tuple[str, ...]
    """What an editor should know before cutting on."""
    files: tuple[Path, ...] = ()
    """Written beside it: the same edit in the formats that its host relinks by, and bundled."""


def place(
    timeline_path: Path,
    out_path: Path,
    finished: Sequence[Finished],
    profile: Profile,
    *,
    config: Config,
    bundled: Bundle | None = None,
) -> PlacedEdit:
    """Write `out_path`: the timeline as it was, with each shot's chosen take in its place.

    A bridge fills its gap; an extension stands beside its clip where there is room; what covers
    footage goes to a video track `GEN` on top. Nothing of the editor's is moved, erased or
    changed, which is checked on the file that was written before it gets its name.

    Raises Refused for an `out_path` that is not ours to replace and for an edit that does not
    fit the shots, TimelineUnreadable, PlacementError and StoreFull; then nothing is written.

    Beside it go the exchange files of the profile (`exchanged`), and where `bundled` asks for it
    the edit with all its media as one thing.
    """
    check_target(timeline_path, out_path)
    check_beside(out_path, profile)
    if bundled is not None:
        check_bundle(timeline_path, out_path, bundled)
    # A format that does not say its rate was planned at the one that its caller gave.
    rate = next((one.plan.rate for one in finished), None)
    original = reading(
        timeline_path, rate=rate, sequence=_sequence_of(finished), data=config.data
    )  # fmt: skip
    timeline = original.timeline
    notices: list[str] = []
    if moved := rebase(timeline, original.folder, out_path.parent):
        notices.append(f"{moved} relative media paths were rewritten to work from the new folder")
    room = CuttingRoom(
        rate=rate_of(timeline),
        folder=out_path.parent,  # where the references now lead from
        config=replace(config, roots=(*config.roots, timeline_path.parent, original.folder)),
        notices=notices,
        retimes=convention_of(timeline, []),
    )
    notices += shape(timeline, out_path.parent, room.rate, profile)
    start = timeline.global_start_time
    layouts = Layouts(room)
    # All ways and words first: each shot that is cut in shifts the places of the others.
    tables: dict[Way, _Table] = {}
    asked: list[tuple[Finished, Way, Words]] = []
    for one in finished:
        for way in one.plan.place.ways or ((),):
            if way not in tables:
                zero = 0 if way or start is None else round(room.frames(start))
                nest = nest_at(timeline, way, layouts)
                tables[way] = _Table(nest, zero, out_path.parent, profile)
            asked.append((one, way, words_of(timeline, one.plan, way)))
    before = contents(timeline, layouts, [table.nest.key for table in tables.values()])
    for one, way, words in sorted(asked, key=lambda ask: (ask[1], ask[0].plan.timecode)):
        tables[way].put(one, words)
    _sign(timeline, timeline_path, finished)
    for table in tables.values():
        table.pad()
    placements = tuple(one for way in sorted(tables) for one in tables[way].placements())
    try:
        out_path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(out_path) as temporary:
            temporary.write_text(timeline.to_json_string(indent=1) + "\n", encoding="utf-8")
            now = Layouts(room)
            written = check_kept(
                temporary,
                before,
                layouts=now,
                created={table.nest.key: table.created() for table in tables.values()},
                replaced={text for table in tables.values() for text in table.replaced},
            )
            placements = _checked(written, placements, now)
            for one, _, words in asked[::-1]:  # of several places the first
                keep_request(one.chosen, words.request)
    except OSError as exc:
        raise unwritten(f"{out_path} cannot be written", exc, PlacementError) from exc
    files, said = exchanged(
        written, out_path, profile, room, finished[0].plan, _assets(finished)
    )  # fmt: skip
    if bundled is not None:
        whole, missing = bundle(out_path, bundled, config=room.config)
        files, said = (*files, whole), (*said, *missing)
    return PlacedEdit(
        timeline=out_path, placements=placements, files=files,
        notices=tuple(dict.fromkeys((*notices, *said))),
    )  # fmt: skip


def _sequence_of(finished: Sequence[Finished]) -> str | None:
    """The sequence that all shots are of; None for that of a file with one. Raises Refused."""
    named = sorted({one.plan.place.sequence or "" for one in finished})
    if len(named) > 1:
        said = ", ".join(f"'{name}'" for name in named)
        raise Refused.single(
            f"the shots are of {len(named)} sequences ({said}); place those of each by themselves",
            "jobs",
        )
    return named[0] or None if named else None


def _assets(finished: Sequence[Finished]) -> list[Asset]:
    return [
        Asset(
            name=one.chosen.file.name, path=str(_first_file(one.chosen).absolute()),
            rate=one.chosen.rate, range=one.chosen.range, size=one.plan.size,
            reel=one.plan.reel, drop_frame=one.plan.drop_frame,
        )
        for one in finished
    ]  # fmt: skip


def _first_file(take: Take) -> Path:
    row = DELIVERIES[take.record["clip"]["delivery"]]
    return take.file / frame_name(take.file.name, 0, row.suffix) if row.sequence else take.file


def check_target(timeline_path: Path, out_path: Path) -> None:
    """Raises Refused where the new timeline would overwrite what is not ours to replace."""
    if out_path.suffix.lower() != ".otio":
        raise Refused.single(f"'{out_path.name}' must end in .otio", "out")
    if not out_path.exists():
        return
    same = timeline_path.exists() and out_path.samefile(timeline_path)
    if same or out_path.resolve() == timeline_path.resolve():
        raise Refused.single(f"'{out_path.name}' is the original, which is never changed", "out")
    if not _is_generated(out_path):
        raise Refused.single(
            f"'{out_path.name}' exists and was not made by Second Unit; choose another name", "out"
        )


def _is_generated(path: Path) -> bool:
    # Its JSON alone: whether it is a timeline that can be read is all the same here.
    try:
        if path.stat().st_size > _LARGEST:
            return False
        there = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    metadata = there.get("metadata") if isinstance(there, dict) else None
    record = metadata.get("secondunit") if isinstance(metadata, dict) else None
    return isinstance(record, dict) and "generated" in record


class _Table:
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
        clip = clip_of(one.chosen, one.others, words, self.folder, self.profile)
        track = self._lay(plan, record, clip, words)
        self._records[id(clip)] = record
        self._put.append((one, words, track, clip))

    def _lay(
        self, plan: ShotPlan, record: FrameRange, clip: otio.schema.Clip, words: Words
    ) -> otio.schema.Track:
        """The track on which the clip now stands."""
        home = self._home(plan)
        earlier = self._earlier(plan, record, home)
        if earlier is not None:
            track, old = earlier
            self._keep_takes(old, clip)
            drop = tuple(m for m in old.markers if _OUR_MARKER.fullmatch(m.name))
            self.replaced.add(old.to_json_string())
            swap(track, old, clip, self.layouts, drop=(*drop, *_listed(words.marker)))
            return track
        wanted = words.place or ("over" if plan.operation in _ON_TOP else "replace")
        if wanted == "replace":
            if lay(home, clip, record, self.layouts, consumed=words.marker):
                self._check_handles(home, clip)
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

    def _check_handles(self, track: otio.schema.Track, clip: otio.schema.Clip) -> None:
        """Say where a transition beside the clip reaches past its handles."""
        index = self.layouts.index(track, clip)
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


def _sign(
    timeline: otio.schema.Timeline, original: Path, finished: Sequence[Finished]
) -> None:  # fmt: skip
    record = plain(timeline.metadata).get("secondunit")
    dropping = next((one.plan.rate for one in finished if one.plan.drop_frame), None)
    base: dict[str, Any] = {}
    if dropping is not None:  # nothing else in an .otio says it, and its next round counts alike
        timebase = {"num": dropping.num, "den": dropping.den, "drop_frame": True}
        base = {"timebase": timebase}
    timeline.metadata["secondunit"] = {
        "version": VERSION,
        **(record if isinstance(record, dict) else {}),
        **base,
        "generated": {
            "from": original.name,
            "shots": sorted({one.plan.shot for one in finished}),
            "software": __version__,
        },
    }


def _checked(
    timeline: otio.schema.Timeline, placements: Sequence[Placement], layouts: Layouts
) -> tuple[Placement, ...]:
    """The placements, with their way in words. Raises PlacementError unless every clip stands
    where it should."""
    found: list[Placement] = []
    for placement in placements:
        nest, way = nest_of(timeline, placement.key, layouts)
        track = nest.stack[placement.track]
        assert isinstance(track, otio.schema.Track)
        clip = nest.layouts.clip_at(track, placement.record)
        if clip is None or clip.name != placement.name:
            raise PlacementError(f"'{placement.name}' does not stand where it should")
        found.append(replace(placement, nested_in=path_of(way)))
    return tuple(found)
