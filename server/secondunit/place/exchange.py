"""A placed edit as plain facts that any exchange format can say: rows of entries, files, markers.

Read once from the OpenTimelineIO that was written; `fcp7` and `fcpxml` spell it out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

import opentimelineio as otio

from secondunit.place.links import bare_path
from secondunit.timeline.cut import CuttingRoom, frames_at, plain
from secondunit.units import FrameRange, Rate, Size

Kind = Literal["clip", "nested", "transition", "gap"]
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|[\\/]")
_DEEPEST = 8
"""Sequences in sequences: past it a file is a trap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file that the edit uses."""

    name: str
    path: str
    """Bare absolute path, in the words of the machine that wrote it."""
    rate: Rate
    range: FrameRange
    """All its frames, on its own clock at `rate`; of one that is not known, those in use."""
    size: Size | None
    """None: the host finds out."""
    reel: str | None
    drop_frame: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A marker on an entry (frames from the entry's first) or on a sequence (from its frame 0)."""

    name: str
    text: str
    frame: int
    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that stands on a row."""

    kind: Kind
    name: str
    record: FrameRange
    """Frames of the sequence; of a transition, from its first to its last."""
    cut: int = 0
    """Of a transition: the frame of the cut under it."""
    enabled: bool = True
    asset: Asset | None = None
    """Of a clip; None: it has no file, and stays offline."""
    start: int = 0
    """First shown frame, on the asset's clock or the nested sequence's, at its rate."""
    speed: Fraction = Fraction(1)
    """Against the file's own; negative: backwards. Never 0."""
    nested: Sequence | None = None
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A track; every frame up to its last is covered, by gaps if by nothing else."""

    name: str
    kind: Literal["video", "audio"]
    enabled: bool
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A timeline, or a stack inside one."""

    name: str
    rate: Rate
    size: Size
    pixel_aspect: tuple[int, int]
    start: int
    """Timecode of frame 0, as a frame number."""
    drop_frame: bool
    frames: int
    rows: tuple[Row, ...]
    marks: tuple[Mark, ...]


class Exchange:
    """Reads a placed timeline; what no exchange format can say is told in `notices`."""

    def __init__(
        self, room: CuttingRoom, *, size: Size, pixel_aspect: tuple[int, int], drop_frame: bool,
        known: Mapping[str, Asset], brackets: bool,
    ) -> None:  # fmt: skip
        """`known`: what is known of files, by bare path (of numbered pictures the first): our own
        takes. `brackets`: numbered pictures are called `sh.[1001-1040].exr`, as Resolve does, and
        not by their first one, as Premiere does.
        """
        self._room, self._known, self._brackets = room, known, brackets
        self._size, self._pixel_aspect, self._drop = size, pixel_aspect, drop_frame
        self.notices: list[str] = []

    def sequence(self, timeline: otio.schema.Timeline, name: str) -> Sequence:
        """The whole timeline."""
        start = timeline.global_start_time
        zero = 0 if start is None else round(self._room.frames(start))
        return self._sequence(timeline.tracks, name, zero, 0)

    def _sequence(self, stack: otio.schema.Stack, name: str, zero: int, depth: int) -> Sequence:
        rows: list[Row] = []
        for number, track in enumerate(stack):
            if not isinstance(track, otio.schema.Track):
                self._say(f"'{track.name}' stands among the tracks and is none; it was left out")
                continue
            rows.append(self._row(track, number, depth))
        return Sequence(
            name=name, rate=self._room.rate, size=self._size, pixel_aspect=self._pixel_aspect,
            start=zero, drop_frame=self._drop, rows=tuple(rows),
            frames=max((row.entries[-1].record.end for row in rows if row.entries), default=0),
            marks=tuple(self._marks(stack.markers, Fraction(0), 1)),
        )  # fmt: skip

    def _row(self, track: otio.schema.Track, number: int, depth: int) -> Row:
        laid, _ = self._room.layout(track, number)  # what cannot be measured was refused before
        entries: list[Entry] = []
        for one in laid:
            item, record = one.item, one.record
            if isinstance(item, otio.schema.Transition):
                before = round(self._room.frames(item.in_offset))
                after = round(self._room.frames(item.out_offset))
                span = FrameRange(start=record.start - before, frames=before + after)
                entries.append(
                    Entry(kind="transition", name=item.name, record=span, cut=record.start)
                )
                if item.transition_type not in ("", otio.schema.Transition.Type.SMPTE_Dissolve):
                    self._say(f"the transition '{item.name}' is written as a dissolve")
            elif not record.frames:
                continue
            elif isinstance(item, otio.schema.Clip):
                entries.append(self._clip(item, record))
            elif isinstance(item, (otio.schema.Stack, otio.schema.Track)):
                entries.append(self._nested(item, record, depth))
            else:
                entries.append(Entry(kind="gap", name="", record=record))
        audio = track.kind == otio.schema.TrackKind.Audio
        return Row(
            name=track.name, kind="audio" if audio else "video", enabled=track.enabled,
            entries=tuple(entries),
        )  # fmt: skip

    def _clip(self, clip: otio.schema.Clip, record: FrameRange) -> Entry:
        speed = Fraction(1)
        for effect in clip.effects:
            if isinstance(effect, otio.schema.FreezeFrame):
                self._say(f"the freeze frame of '{clip.name}' is not in the exchange file")
            elif isinstance(effect, otio.schema.LinearTimeWarp):
                scalar = Fraction(effect.time_scalar).limit_denominator(10_000)
                speed *= scalar or 1
            elif isinstance(effect, otio.schema.TimeEffect):
                self._say(f"the changing speed of '{clip.name}' is not in the exchange file")
        asset = self._asset(clip)
        source = clip.source_range or clip.media_reference.available_range
        start = 0
        if source is not None and asset is not None:
            start = round(frames_at(source.start_time, asset.rate))
        elif asset is not None:
            start = asset.range.start
        first = source.start_time if source is not None else None
        zero = Fraction(0) if first is None else self._room.frames(first)
        return Entry(
            kind="clip", name=clip.name, record=record, enabled=clip.enabled, asset=asset,
            start=start, speed=speed,
            marks=tuple(self._marks(clip.markers, zero, record.frames)),
        )  # fmt: skip

    def _nested(self, item: otio.core.Composition, record: FrameRange, depth: int) -> Entry:
        source = item.source_range
        start = 0 if source is None else round(self._room.frames(source.start_time))
        if depth == _DEEPEST:
            self._say(f"'{item.name}' is nested deeper than {_DEEPEST} levels and was left out")
            return Entry(kind="gap", name="", record=record)
        stack = item
        if isinstance(item, otio.schema.Track):
            stack = otio.schema.Stack(name=item.name)
            stack.append(item.deepcopy())
        assert isinstance(stack, otio.schema.Stack)
        name = item.name or "nested"
        return Entry(
            kind="nested", name=name, record=record, enabled=item.enabled, start=start,
            nested=self._sequence(stack, name, 0, depth + 1),
            marks=tuple(self._marks(item.markers, Fraction(start), record.frames)),
        )  # fmt: skip

    def _asset(self, clip: otio.schema.Clip) -> Asset | None:
        reference = clip.media_reference
        path = ""
        if isinstance(reference, otio.schema.ExternalReference):
            path = reference.target_url or ""
        elif isinstance(reference, otio.schema.ImageSequenceReference):
            path = reference.target_url_for_image_number(0) if reference.rate > 0 else ""
        elif reference is not None:
            offline = plain(reference.metadata).get("Resolve_OTIO")
            path = str(offline.get("Media Url", "")) if isinstance(offline, dict) else ""
        if not path or reference is None:
            self._say(f"'{clip.name}' has no file and is offline in the exchange file")
            return None
        path = bare_path(path, self._room.folder) or path
        if not _ABSOLUTE.match(path):  # offline: where it would be
            path = str(self._room.folder.absolute() / path)
        if path in self._known:
            return self._spelt(self._known[path], reference)
        available = reference.available_range or clip.source_range
        if available is None:
            rate, start, frames = self._room.rate, 0, 0
        else:
            rate = Rate.snap(available.start_time.rate)
            start = round(frames_at(available.start_time, rate))
            frames = round(frames_at(available.duration, rate))
        asset = Asset(
            name=reference.name or Path(path.replace("\\", "/")).name, path=path, rate=rate,
            range=FrameRange(start=start, frames=max(frames, 0)), size=None, reel=None,
            drop_frame=self._drop,
        )  # fmt: skip
        return self._spelt(asset, reference)

    def _spelt(self, asset: Asset, reference: otio.core.MediaReference) -> Asset:
        """The asset under the name that the host has for numbered pictures."""
        if not isinstance(reference, otio.schema.ImageSequenceReference) or not self._brackets:
            return asset
        digits, first = reference.frame_zero_padding, reference.start_frame
        last = first + max(asset.range.frames, 1) - 1
        name = (
            f"{reference.name_prefix}[{first:0{digits}d}-{last:0{digits}d}]{reference.name_suffix}"
        )
        one = f"{reference.name_prefix}{first:0{digits}d}{reference.name_suffix}"
        if not asset.path.endswith(one):  # percent signs of its own, or a clock of its own
            return asset
        return replace(asset, name=name, path=asset.path[: -len(one)] + name)

    def _marks(
        self, markers: list[otio.schema.Marker], zero: Fraction, frames: int
    ) -> list[Mark]:  # fmt: skip
        found: list[Mark] = []
        for marker in markers:
            at = round(self._room.frames(marker.marked_range.start_time) - zero)
            length = max(round(self._room.frames(marker.marked_range.duration)), 1)
            metadata = plain(marker.metadata)
            texts = [marker.comment]
            for key, name in (("Resolve_OTIO", "Note"), ("fcp_xml", "comment")):
                part = metadata.get(key)
                texts.append(part.get(name) if isinstance(part, dict) else None)
            text = next((t for t in texts if isinstance(t, str) and t), "")
            found.append(Mark(name=marker.name, text=text, frame=max(at, 0), frames=length))
        return found

    def _say(self, what: str) -> None:
        if what not in self.notices:
            self.notices.append(what)
