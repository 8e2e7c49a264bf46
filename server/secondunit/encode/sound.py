"""The sound under a take: PCM of the very frames it shows, silence where it was made.

Sample s of the take belongs to frame n where s lies in `span(n)`: 2002 samples to a frame at
24000/1001. Nothing is copied packet by packet, which would start it up to 1023 samples off.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from numpy.typing import NDArray

from secondunit.errors import MediaUnreadable
from secondunit.plan.controls import SILENT
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.media import index_of, opened
from secondunit.timeline.shot import Media
from secondunit.units import FrameRange, Rate

HZ = 48_000
_BITS = 24
_MOST_TRACKS = 32
_MOST_CHANNELS = 16
_USUAL = {1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}

Samples = NDArray[np.float32]
"""`s c`, -1..1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """One stream of sound, as long as the pictures."""

    layout: str
    """FFmpeg's name of the channels: mono, stereo, 5.1."""
    samples: Samples


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sound:
    """All that a take sounds like."""

    rate: Rate
    """Of the pictures."""
    tracks: tuple[Track, ...]

    def codes(self, track: Track, first: int = 0, end: int | None = None) -> NDArray[np.int32]:
        """`s c`: samples of a track as 24 bits in the high end of 32."""
        top = np.float64(2 ** (_BITS - 1))
        part = np.rint(track.samples[first:end] * top)
        return np.clip(part, -top, top - 1).astype(np.int32) << (32 - _BITS)

    def frame(self, track: Track, number: int) -> av.AudioFrame:
        """The sound of picture `number`, counted from 0."""
        first, end = span(number, self.rate)
        codes = np.ascontiguousarray(self.codes(track, first, end)).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(codes, format="s32", layout=track.layout)
        frame.sample_rate, frame.pts, frame.time_base = HZ, first, Fraction(1, HZ)
        return frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of frames of a take that sounds like a run of a file."""

    frames: FrameRange
    """Of the take's file, counted from 0."""
    media: Media
    index: int
    """Frame of the media's file that the run begins with."""
    fade: tuple[float, float] = (1.0, 1.0)
    """Loudness at both ends."""


def span(number: int, rate: Rate) -> tuple[int, int]:
    """(first, end) of the samples of a picture, counted from the first picture's first."""
    return round(number * HZ / rate.fraction), round((number + 1) * HZ / rate.fraction)


def pieces(plan: ShotPlan) -> tuple[Piece, ...]:
    """What of a take has a sound, and whose.

    Frames that a file shows have that file's own sound, in real time; frames that were made have
    none, and so have those of a file that is played at another speed than its own. A transition
    goes from one clip's sound to the other's.
    """
    if plan.operation in SILENT:
        return ()
    head = plan.handles[0]
    shown: dict[int, tuple[Media, int]] = {}
    if plan.footage is not None:
        for n, index in enumerate(plan.footage.indexes):
            shown[n + head - plan.footage.lead] = (plan.footage.media, index)
    else:
        for pin in plan.pins:
            # A keyframe inside the shot is a picture, even where it is one of a movie.
            if not 0 <= pin.frame < plan.frames:
                shown[pin.frame + head] = (pin.media, pin.index)
    whole = {n: shown[n] for n in sorted(shown) if 0 <= n < plan.file_range.frames}
    return (*_runs(whole, plan.rate), *_across(plan))


def _across(plan: ShotPlan) -> Iterator[Piece]:
    for side, fade in ((plan.outgoing, (1.0, 0.0)), (plan.incoming, (0.0, 1.0))):
        if side is not None and _real_time(side.indexes, side.media, plan.rate):
            yield Piece(
                frames=FrameRange(start=plan.handles[0], frames=plan.frames), media=side.media,
                index=side.indexes[0], fade=fade,
            )  # fmt: skip


def _runs(shown: Mapping[int, tuple[Media, int]], rate: Rate) -> Iterator[Piece]:
    """Runs of frames that a file shows one after the other, in real time."""
    runs: list[tuple[int, Media, list[int]]] = []
    for number, (media, index) in shown.items():
        if runs:
            first, of, indexes = runs[-1]
            next_one = number == first + len(indexes) and media.digest == of.digest
            if next_one and _real_time([*indexes, index], media, rate):
                indexes.append(index)
                continue
        runs.append((number, media, [index]))
    for first, media, indexes in runs:
        # One frame alone of several is a frozen or a sped-up file, which sounds like nothing.
        alone = len(indexes) == 1 and len(shown) > 1
        if media.rate is not None and not alone:
            frames = FrameRange(start=first, frames=len(indexes))
            yield Piece(frames=frames, media=media, index=indexes[0])


def _real_time(indexes: Sequence[int], media: Media, rate: Rate) -> bool:
    if media.rate is None or not indexes:
        return False
    step = media.rate.fraction / rate.fraction
    frozen = len(set(indexes)) == 1 < len(indexes) * step
    return not frozen and all(abs(i - indexes[0] - n * step) <= 1 for n, i in enumerate(indexes))


def sound_of(plan: ShotPlan) -> Sound | None:
    """The sound of a take as long as its pictures; None where none is asked, or none is there.

    Raises MediaMissing, MediaUnreadable.
    """
    if plan.audio == "none":
        return None
    heard = [(piece, _read(piece, plan.rate)) for piece in pieces(plan)]
    layouts: list[str] = []
    for _, own in heard:  # the first file that has a track says how it is laid out
        layouts += [track.layout for track in own[len(layouts) :]]
    if not layouts:
        return None
    end = span(plan.file_range.frames - 1, plan.rate)[1]
    tracks: list[Track] = []
    for n, layout in enumerate(layouts):
        whole = np.zeros((end, av.AudioLayout(layout).nb_channels), np.float32)
        for piece, own in heard:
            if n < len(own):
                first = span(piece.frames.start, plan.rate)[0]
                part = _laid_out(own[n], layout) * _fade(piece, len(own[n].samples))
                whole[first : first + len(part)] += part
        tracks.append(Track(layout=layout, samples=whole))
    return Sound(rate=plan.rate, tracks=tuple(tracks))


def add_sound(container: OutputContainer, sound: Sound) -> tuple[AudioStream, ...]:
    """A stream of 24-bit PCM for each track, in order."""
    streams = []
    for track in sound.tracks:
        stream = container.add_stream("pcm_s24le", rate=HZ, layout=track.layout, format="s32")
        stream.time_base = Fraction(1, HZ)
        streams.append(stream)
    return tuple(streams)


def digest_of_sound(tracks: Iterable[NDArray[np.int32]]) -> str:
    """SHA-256 of the samples of every track: 24 bits in the high end of 32, little endian."""
    whole = hashlib.sha256()
    for samples in tracks:
        whole.update(samples.astype("<i4").tobytes())
    return whole.hexdigest()


def _fade(piece: Piece, samples: int) -> Samples:
    return np.linspace(*piece.fade, samples, dtype=np.float32)[:, None]


def _laid_out(track: Track, layout: str) -> Samples:
    if track.layout == layout:
        return track.samples
    mixer = AudioResampler(format="flt", layout=layout, rate=HZ)
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(track.samples).reshape(1, -1), format="flt", layout=track.layout
    )
    frame.sample_rate = HZ
    channels = av.AudioLayout(layout).nb_channels
    parts = [f.to_ndarray().reshape(-1, channels) for f in (*mixer.resample(frame),)]
    return np.concatenate(parts)[: len(track.samples)].astype(np.float32)


def _read(piece: Piece, rate: Rate) -> tuple[Track, ...]:
    """Every track of a piece's file, over the piece."""
    media = piece.media
    if not media.path.is_file():  # numbered pictures are silent
        return ()
    pixels = media.size.width * media.size.height
    index = index_of(media.path, pixels)
    zero = int(index.pts[0]) * index.time_base
    at = zero + (int(index.pts[piece.index]) - int(index.pts[0])) * index.time_base
    if index.constant and media.rate is not None:  # without the rounding of the file's clock
        at = zero + piece.index / media.rate.fraction
    last = piece.frames.end - 1
    samples = span(last, rate)[1] - span(piece.frames.start, rate)[0]
    with opened(media.path, index.container, pixels) as source:
        streams = source.streams.audio[:_MOST_TRACKS]
        heard = [_heard(source, stream, at, samples, media.path) for stream in streams]
    return tuple(track for samples in heard for track in _tracks(*samples))


def _tracks(layout: str, samples: Samples) -> Iterator[Track]:
    """A stream as a track; channels that nobody says the use of are taken as usual."""
    count = samples.shape[1]
    if "channels" in layout:
        layout = _USUAL.get(count, "")
    if layout:
        yield Track(layout=layout, samples=samples)
    else:
        for n in range(count):
            yield Track(layout="mono", samples=samples[:, n : n + 1])


def _heard(
    source: InputContainer, stream: AudioStream, start: Fraction, samples: int, path: Path
) -> tuple[str, Samples]:
    """(layout, `samples` of a stream from `start` on, in seconds); silence where it has none."""
    context = stream.codec_context
    if context is None or not 0 < context.channels <= _MOST_CHANNELS:
        raise MediaUnreadable(f"the sound of '{path}' is in a codec that we do not decode")
    layout = context.layout.name
    whole = np.zeros((samples, context.channels), np.float32)
    source.seek(int(max(start - 1, 0) * 1_000_000))
    resampler = AudioResampler(format="flt", layout=layout, rate=HZ)
    at: int | None = None  # where the next sample lies in `whole`
    for frame in source.decode(stream):
        for ready in resampler.resample(frame):
            if ready.pts is not None:
                seconds = ready.pts * Fraction(ready.time_base or Fraction(1, HZ))
                said = round((seconds - start) * HZ)
                # A clock in milliseconds cannot say it better; a larger step is a hole.
                at = said if at is None or abs(said - at) > HZ // 500 else at
            at = at or 0
            part = ready.to_ndarray().reshape(-1, context.channels)
            first, end = max(at, 0), min(at + len(part), samples)
            if end > first:
                whole[first:end] = part[first - at : end - at]
            at += len(part)
        if at is not None and at >= samples:
            break
    return layout, whole
