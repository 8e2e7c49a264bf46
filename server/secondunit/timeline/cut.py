"""Tracks in; whole frames out: where each item lies on the timeline, and which frames it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import opentimelineio as otio
from opentimelineio._otio import AnyDictionary, AnyVector

from secondunit.config import Config
from secondunit.errors import Fault, MediaForbidden, MediaMissing, MediaUnreadable, Refused
from secondunit.timeline import numbered
from secondunit.timeline.bound import holds
from secondunit.timeline.by_name import FileNames
from secondunit.timeline.colour import space_said
from secondunit.timeline.locate import Located, locate, roots_of
from secondunit.timeline.media import frame_at, probe, with_start
from secondunit.timeline.numbered import lacking
from secondunit.timeline.ramps import Ramp, ramp_of
from secondunit.timeline.retimes import Convention, speed_of
from secondunit.timeline.shot import Media, Neighbour, SourceFrames
from secondunit.units import FrameRange, Rate

_NEARLY_WHOLE = Fraction(1, 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """An item and its place on the timeline, in whole frames at the sequence rate."""

    item: otio.core.Composable
    track: int
    index: int
    record: FrameRange
    within: str = "tracks"
    """The tracks of its sequence, in words."""

    @property
    def path(self) -> str:
        """The item in words, for messages."""
        return f"{self.within}[{self.track}].children[{self.index}]"

    @property
    def name(self) -> str:
        """The item's name, or its place where it has none."""
        return self.item.name or self.path


Rows = dict[int, list[Laid]]
"""Items of the enabled video tracks, by number of the track in the top stack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a cut shows of a clip: a line from frames of the timeline to frames of the file."""

    name: str
    path: str
    media: Media
    origin: Fraction
    """Seconds of the file, from its first frame, at the clip's first frame."""
    pace: Fraction
    """Seconds of the file for each frame of the timeline; 0 for a freeze frame."""
    step: Fraction
    """The same, played at its own speed."""
    tick: Fraction
    """Seconds of a frame of the timeline."""
    frames: int
    """Frames of the timeline that the clip covers."""
    backwards: bool
    """The same frames, the last one first."""
    ramp: Ramp | None = None
    """Where the speed changes: what is true in place of `pace`."""

    def seconds(self, frame: int) -> Fraction | None:
        """Seconds of the file, from its first frame, at a frame of the clip; None if not known."""
        if self.ramp is None:
            if self.backwards:
                frame = self.frames - 1 - frame
            return self.origin + frame * self.pace
        there = self.ramp.at(frame * self.tick)
        return None if there is None else self.origin + there * self.step / self.tick

    def index(self, frame: int) -> int | None:
        """File frame at a frame of the clip (0 is its first; it may lie before or past the cut).

        None where the file has no frame.
        """
        if self.media.still:
            return 0
        at = self.seconds(frame)
        found = -1 if at is None else frame_at(self.media, at)
        return found if self.media.has(found) else None

    def run(self, frames: range) -> SourceFrames:
        """File frames for consecutive frames of the clip, up to the first that the file lacks."""
        found: list[int] = []
        for frame in frames:
            index = self.index(frame)
            if index is None:
                break
            found.append(index)
        return SourceFrames(media=self.media, indexes=tuple(found))

    def before(self, *, near: int, past: int) -> Neighbour:
        """The clip as the one that leads into a place at its end.

        `near` frames at most of what it shows, `past` at most of what the file has beyond.
        Raises Refused where the file has no frame at the cut.
        """
        last = self.frames - 1
        shown = self.run(range(last, max(last - near, -1), -1))
        shown = SourceFrames(media=self.media, indexes=shown.indexes[::-1])
        beyond = self.run(range(self.frames, self.frames + past))
        return self._neighbour(shown, beyond, "last")

    def after(self, *, near: int, past: int) -> Neighbour:
        """The clip as the one that a place at its start leads to; else like `before`."""
        shown = self.run(range(min(near, self.frames)))
        beyond = self.run(range(-1, -past - 1, -1))
        beyond = SourceFrames(media=self.media, indexes=beyond.indexes[::-1])
        return self._neighbour(shown, beyond, "first")

    def part(self, start: int, frames: int) -> Neighbour:
        """`frames` frames of the clip from its frame `start` on, whole.

        Raises Refused where the file lacks one of them.
        """
        shown = self.run(range(start, start + frames))
        if len(shown.indexes) < frames:
            raise Refused.single(
                f"'{self.name}' has no frame {start + len(shown.indexes)}: "
                f"'{self.media.path.name}' holds {self.media.frames} frames{lacking(self.media)}",
                f"{self.path}.source_range",
            )
        return Neighbour(
            name=self.name, shown=shown, beyond=SourceFrames(media=self.media, indexes=())
        )

    @property
    def one_picture(self) -> bool:
        """A still, or a frame that is held."""
        return self.media.still or self.pace == 0

    def _neighbour(self, shown: SourceFrames, beyond: SourceFrames, edge: str) -> Neighbour:
        if not shown.indexes:
            raise Refused.single(
                f"'{self.name}' has no frame at the cut: its {edge} frame on the timeline is not "
                f"among the {self.media.frames} frames of '{self.media.path.name}'"
                f"{lacking(self.media)}",
                f"{self.path}.source_range",
            )
        return Neighbour(name=self.name, shown=shown, beyond=beyond)


@dataclass(frozen=True, slots=True, kw_only=True)
class CuttingRoom:
    """The clock of a timeline and the folder its media is looked for from."""

    rate: Rate
    folder: Path
    config: Config
    notices: list[str]
    retimes: Convention = "record"
    """What the length of a clip with a speed is that of."""
    names: FileNames = field(default_factory=FileNames)

    def layout(
        self, track: otio.schema.Track, number: int, within: str = "tracks"
    ) -> tuple[list[Laid], list[Fault]]:
        """Items of a track on the timeline; transitions take no room (`record.frames` is 0).

        `within`: what the tracks are called in messages. Positions are summed exactly and rounded
        once, so that a long track does not drift.
        """
        laid: list[Laid] = []
        faults: list[Fault] = []
        at: Fraction | int = 0  # whole as long as it can be: fractions are slow
        if track.source_range is not None:  # a trimmed track starts somewhere inside
            at -= self.frames(track.source_range.start_time)
        for index, item in enumerate(track):
            start = round(at)
            if not isinstance(item, otio.schema.Transition):
                try:
                    length = self._length(item)
                    at += length.numerator if length.denominator == 1 else length
                except (Refused, MediaMissing, MediaUnreadable, otio.exceptions.OTIOError) as exc:
                    path = f"{within}[{number}].children[{index}]"
                    faults.append(Fault(what=f"how long is '{item.name}'? {exc}", path=path))
            record = FrameRange(start=start, frames=max(round(at) - start, 0))
            laid.append(Laid(item=item, track=number, index=index, record=record, within=within))
        return laid, faults

    def frames(self, time: otio.opentime.RationalTime) -> Fraction:
        """A time in frames of the sequence, exact, with nearly whole values made whole."""
        return frames_at(time, self.rate)

    def view(self, laid: Laid) -> View:
        """What the cut shows of a clip.

        Raises Refused for a retime that we do not follow, MediaError for its file.
        """
        clip = laid.item
        assert isinstance(clip, otio.schema.Clip)
        scalar, ramp = _scalar(clip, laid.path)
        media, known = self.media(clip, laid)
        source = clip.source_range
        media = self._coloured(media, clip, laid)
        tick = 1 / self.rate.fraction
        if media.rate is None:
            return View(
                name=laid.name, path=laid.path, media=media, origin=Fraction(0),
                pace=Fraction(0), step=Fraction(0), tick=tick, frames=laid.record.frames,
                backwards=False,
            )  # fmt: skip
        start = known if source is None else frames_at(source.start_time, media.rate)
        # Three clocks are in use: the reference's, the file's timecode, and plain frame numbers.
        clocks = [known, media.start, 0] if _has_range(clip) else [media.start, 0]
        zero = next((c for c in clocks if c <= start < c + media.frames), clocks[0])
        if scalar < 0 and "PremierePro_OTIO" in clip.metadata:
            self._say(
                f"'{laid.name}' plays backwards, and Premiere's .otio may count where it begins "
                "from the other end of its file: compare what is seen at the cut"
            )
        # At 24 and 24000/1001 an editor sees frame after frame, not one dropped in a thousand.
        together = media.rate.nominal == self.rate.nominal
        seconds_a_frame = 1 / (media.rate if together else self.rate).fraction
        if ramp is not None and ramp.eased:
            self._say(
                f"'{laid.name}' eases from speed to speed; it is followed along straight lines "
                "between the points of its ramp"
            )
        return View(
            name=laid.name,
            path=laid.path,
            media=with_start(media, round(zero)),
            origin=(start - zero) / media.rate.fraction,
            pace=seconds_a_frame * abs(scalar),
            step=seconds_a_frame,
            tick=tick,
            frames=laid.record.frames,
            backwards=scalar < 0,
            ramp=ramp,
        )

    def media(self, clip: otio.schema.Clip, laid: Laid) -> tuple[Media, Fraction]:
        """(the file of a clip, the frame number that the edit gives its first frame).

        Raises MediaError.
        """
        reference = clip.media_reference
        found = self._located(clip, laid)
        if found.relinked:
            self._say(f"'{laid.name}' was relinked by name to {found.path}")
        pattern = numbered.pattern_of(found.path, reference)
        if pattern is not None:
            return self._sequence(pattern, reference, laid)
        media = probe(found.path, self.config)
        if media.rate is None or reference.available_range is None:
            return media, Fraction(media.start)
        return media, frames_at(reference.available_range.start_time, media.rate)

    def _sequence(
        self, pattern: Path, reference: otio.core.MediaReference, laid: Laid
    ) -> tuple[Media, Fraction]:
        """Numbered pictures, and the number that the edit gives the lowest that is there."""
        span, own = reference.available_range, numbered.rate_of(reference) or self.rate
        whole = probe(pattern, self.config, rate=own)
        media = numbered.as_referenced(whole, reference)
        if said := numbered.told(media, whole):
            self._say(f"'{laid.name}': the sequence '{pattern.name}'; {said}")
        if span is None:
            return media, Fraction(media.start)
        return media, numbered.clock(reference, media, frames_at(span.start_time, own))

    def _say(self, notice: str) -> None:
        if notice not in self.notices:
            self.notices.append(notice)

    def _coloured(self, media: Media, clip: otio.schema.Clip, laid: Laid) -> Media:
        """The file with the colour space that the edit says it is in. Raises MediaUnreadable."""
        for place in (clip, clip.media_reference):
            if place is not None:
                word = ours(place).get("colour")
                space = space_said(media, word, place.metadata, laid.name)
                if space is not None:
                    return replace(media, space=space)
        return media

    def _located(self, clip: otio.schema.Clip, laid: Laid) -> Located:
        """The file of a clip, by its reference, or else by the names that an edit list has."""
        names = names_of(clip)
        try:
            return locate(_target(clip, laid), self.folder, self.config)
        except (MediaMissing, MediaForbidden) as exc:
            path = self.names.find(names, roots_of(self.folder, self.config)) if names else None
            if path is None:
                if not names:
                    raise
                said = ", ".join(f"'{name}'" for name in names)
                raise MediaMissing(
                    f"'{laid.name}' is known by name only ({said}), and no file of that name lies "
                    f"below {', '.join(str(r) for r in roots_of(self.folder, self.config))}"
                ) from exc
            return Located(path=locate(str(path), self.folder, self.config).path, relinked=True)

    def _length(self, item: otio.core.Composable) -> Fraction:
        if isinstance(item, otio.core.Item) and item.source_range is not None:
            frames = self.frames(item.source_range.duration)
            speed = abs(speed_of(item)) if self.retimes == "media" else 1
            return frames if speed in (0, 1) else frames / speed
        if isinstance(item, otio.schema.Clip):
            reference = item.media_reference
            if reference is not None and reference.available_range is not None:
                return self.frames(reference.available_range.duration)
            laid = Laid(item=item, track=0, index=0, record=FrameRange(start=0, frames=0))
            media, _ = self.media(item, laid)
            if media.rate is None:
                raise Refused.single("a still needs a source_range", "source_range")
            return Fraction(media.frames) / media.rate.fraction * self.rate.fraction
        return self.frames(item.duration())


def frames_at(time: otio.opentime.RationalTime, rate: Rate) -> Fraction:
    """A time in frames at a rate, exact, with nearly whole values made whole.

    Values keep their number between 24 and 24000/1001 and the like: an editor counts frames, and
    86400 stays 86400. Hosts write 20.000000000000004 or 909986.0387 for whole frames.
    """
    return _frames_at(time.value, time.rate, rate)


@lru_cache(maxsize=16384)  # an edit has few lengths, and asks for them ten thousand times
def _frames_at(count: float, own_rate: float, rate: Rate) -> Fraction:
    own, value = Rate.snap(own_rate), Fraction(count)
    if own.nominal != rate.nominal:
        value = _whole(value) / own.fraction * rate.fraction
    return _whole(value)


def rate_of(timeline: otio.schema.Timeline) -> Rate:
    """The sequence rate: of the start timecode, else as the host says, else the one most of the
    picture is cut at."""
    if timeline.global_start_time is not None:
        return Rate.snap(timeline.global_start_time.rate)
    return said_rate(timeline.tracks) or rate_of_tracks(timeline.tracks) or Rate(num=24)


def said_rate(stack: otio.schema.Stack) -> Rate | None:
    """The rate of a sequence in the words of the program that wrote it; None if it has none."""
    said = plain(stack.metadata)
    for host, key in (("Resolve_OTIO", "Sequence Fps"), ("PremierePro_OTIO", "VideoFrameRate")):
        part = said.get(host)
        value: Any = part.get(key) if isinstance(part, dict) else None
        try:
            return Rate.snap(float(value))
        except (TypeError, ValueError):
            continue
    return None


def rate_of_tracks(stack: otio.schema.Stack) -> Rate | None:
    """The rate that most of the picture is cut at; None where nothing is."""
    rates: Counter[Rate] = Counter()
    for track in stack:
        if not isinstance(track, otio.schema.Track) or track.kind != otio.schema.TrackKind.Video:
            continue
        for item in track:
            if isinstance(item, otio.core.Item) and item.source_range is not None:
                weight = 1000 if isinstance(item, otio.schema.Clip) else 1
                rates[Rate.snap(item.source_range.duration.rate)] += weight
    return rates.most_common(1)[0][0] if rates else None


def plain(value: Any) -> Any:
    """OTIO metadata as plain dicts and lists, safe to keep after the timeline is gone."""
    if isinstance(value, (AnyDictionary, Mapping)):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (AnyVector, list, tuple)):
        return [plain(v) for v in value]
    return value


def ours(carrier: otio.core.SerializableObjectWithMetadata) -> dict[str, Any]:
    """What our namespace says on an item, effect or timeline, as a plain dict; empty if nothing."""
    metadata = carrier.metadata
    record = plain(metadata["secondunit"]) if holds(metadata, "secondunit") else None
    return record if isinstance(record, dict) else {}


def names_of(clip: otio.schema.Clip) -> list[str]:
    """What a format without paths calls the file of a clip, the best name first."""
    reference = clip.media_reference
    record = ours(reference) if reference is not None else {}
    names = record.get("names")
    return [one for one in names if isinstance(one, str) and one] if isinstance(names, list) else []


def _whole(value: Fraction) -> Fraction:
    near = round(value)
    return Fraction(near) if abs(value - near) <= _NEARLY_WHOLE else value


def _has_range(clip: otio.schema.Clip) -> bool:
    return clip.media_reference.available_range is not None


def _scalar(clip: otio.schema.Clip, path: str) -> tuple[Fraction, Ramp | None]:
    """(the product of a clip's constant speeds, the one that changes)."""
    scalar, ramp = Fraction(1), None
    for number, effect in enumerate(clip.effects):
        if not getattr(effect, "enabled", True):
            continue
        if isinstance(effect, otio.schema.LinearTimeWarp):  # a FreezeFrame is one of speed 0
            scalar *= Fraction(effect.time_scalar).limit_denominator(1_000_000)
        elif isinstance(effect, otio.schema.TimeEffect):
            where = f"{path}.effects[{number}]"
            if ramp is not None:
                raise Refused.single(f"'{clip.name}' changes speed twice; bake one of them", where)
            ramp = ramp_of(effect, clip, where)
    if ramp is not None and scalar != 1:
        raise Refused.single(
            f"'{clip.name}' has a constant speed and one that changes; bake one of them", path
        )
    return scalar, ramp


def _target(clip: otio.schema.Clip, laid: Laid) -> str:
    reference = clip.media_reference
    if isinstance(reference, otio.schema.ExternalReference) and reference.target_url:
        return reference.target_url
    if isinstance(reference, otio.schema.ImageSequenceReference):
        return numbered.name_of(reference, laid.name)
    if isinstance(reference, otio.schema.GeneratorReference):
        raise MediaMissing(
            f"'{laid.name}' is made by '{reference.generator_kind}' and has no file; render it"
        )
    if reference is not None:  # Resolve keeps the path of offline media here
        offline = plain(reference.metadata).get("Resolve_OTIO")
        if isinstance(offline, dict) and isinstance(offline.get("Media Url"), str):
            return offline["Media Url"]
    raise MediaMissing(f"'{laid.name}' is offline: its reference names no file")
