"""A file in; what is in it out: its frames, rate, size, colour, timecode and digest."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from threading import Lock

import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from secondunit.config import Config, Limits
from secondunit.errors import MediaMissing, MediaUnreadable
from secondunit.timeline import sequence
from secondunit.timeline.colour import space_named
from secondunit.timeline.containers import (
    SIGN,
    container_of,
    digest,
    opened,
    pixel_limit,
    video_stream,
)
from secondunit.timeline.fields import Fields
from secondunit.timeline.first_look import first_look
from secondunit.timeline.headers import UNKNOWN, Header, header_of
from secondunit.timeline.picture import Picture
from secondunit.timeline.shot import Media
from secondunit.timeline.signs import told
from secondunit.timeline.upright import AS_STORED, Orientation
from secondunit.units import Rate, Size, frame_of_timecode

_MOST_FRAMES = 5_000_000  # two days at 24 frames per second; a table of more is an attack


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Index:
    """Where the frames of a movie lie in time, from a demux pass; headers are not believed."""

    digest: str
    """SHA-256 of the file's bytes."""
    container: str
    """FFmpeg's name of the demuxer, told by the first bytes and never guessed by FFmpeg."""
    stream: int
    """Index of the video stream in the container."""
    time_base: Fraction
    pts: NDArray[np.int64]
    """Of each shown frame, rising, in `time_base`; one entry for a still."""
    keys: NDArray[np.int64]
    """Of the frames that can be decoded without others, rising."""
    places: tuple[int, ...]
    """Of the `keys`, in bytes, where the container cannot be sought in by time; else empty."""
    rate: Rate | None
    """None for a still."""
    constant: bool
    """Frame n is shown n / rate after the first; if not, only `pts` says when."""
    start: int
    """Frame number of the first frame by the file's own timecode; 0 where it has none."""
    reel: str | None
    first: Picture
    """The first frame, upright, which shows what decoding gives."""
    orientation: Orientation = AS_STORED
    """Of the stored pictures of a movie."""
    fields: Fields = "none"
    pixel_aspect: tuple[int, int] = (1, 1)
    """Width to height of one pixel."""
    space: str | None = None
    """OpenColorIO's name of the colour space, where the file names one that its tags do not."""
    cutout: Picture | None = None
    """Of a still that is one colour and transparent: its alpha, which is what it shows."""
    sequence: sequence.Listing | None = None
    """The files of numbered pictures, one for each frame; `rate` is what the first one says."""
    notes: tuple[str, ...] = ()
    """What is done to the file's samples before anyone sees them, in words; mostly nothing."""


Stamp = tuple[Path, tuple[tuple[int, int], ...]]
"""A file, or a sequence, and the (bytes, time of change in ns) of what it consists of."""

_cache: dict[Stamp, Index] = {}
_cache_lock = Lock()


def probe(path: Path, config: Config, *, rate: Rate | None = None) -> Media:
    """Everything later stages need to know of a file, or of a sequence (`plate.%04d.exr`).

    A sequence plays at `rate`, else at what its first file says, else at 24; its frames have the
    numbers of their files.

    Decodes one frame, demuxes and hashes the rest; the answer is kept while the file's size and
    time stay the same. The path must have come through `locate`.

    Raises MediaMissing, or MediaUnreadable for anything that is no footage we decode.
    """
    index = index_of(path, config.max_pixels, config.limits)
    size = index.first.size
    if size.width * size.height > config.max_pixels:
        raise MediaUnreadable(
            f"'{path}' is {size} pixels; {config.max_pixels} pixels at most are allowed"
        )
    return Media(
        path=path,
        digest=index.digest,
        still=index.rate is None and index.sequence is None,
        rate=index.rate if index.sequence is None else rate or index.rate or Rate(num=24),
        frames=len(index.pts),
        start=index.start,
        size=size,
        format=index.first.format,
        colour=index.first.colour,
        reel=index.reel,
        pixel_aspect=index.pixel_aspect,
        space=index.space,
        sequence=index.sequence is not None,
        first=0 if index.sequence is None else index.sequence.first,
        gaps=() if index.sequence is None else index.sequence.gaps,
    )


def notes_of(media: Media) -> tuple[str, ...]:
    """What is done to a file's samples before anyone sees them, in words. Raises MediaError."""
    return index_of(media.path, media.size.width * media.size.height).notes


def has_cutout(media: Media) -> bool:
    """Whether a still shows but one colour, through its alpha. Raises MediaError."""
    return index_of(media.path, media.size.width * media.size.height).cutout is not None


def frame_at(media: Media, seconds: Fraction) -> int:
    """The frame that is on screen so many seconds after the first; may lie outside the file.

    Negative before the first frame, `media.frames` or more after the last. A thousandth of a
    frame is forgiven, since editors write times as floats.
    """
    if media.rate is None:
        return 0
    if media.sequence:
        return _forgiven(seconds, media.rate)
    index = index_of(media.path, media.size.width * media.size.height)
    if index.constant or seconds < 0:
        return _forgiven(seconds, media.rate)
    ticks = seconds / index.time_base + index.pts[0].item() + Fraction(1, 2)
    frame = bisect_right(index.pts, ticks) - 1
    if frame == len(index.pts) - 1:  # past the last: count on at the mean rate
        over = (ticks - index.pts[-1].item()) * index.time_base * media.rate.fraction
        frame += over.__floor__()
    return frame


def _forgiven(seconds: Fraction, rate: Rate) -> int:
    # In whole numbers: it is asked for every frame of every shot, and fractions are slow.
    frames, whole = seconds.numerator * rate.num, seconds.denominator * rate.den
    return (1000 * frames + whole) // (1000 * whole)


def position_at(media: Media, seconds: Fraction) -> Fraction:
    """The place in a movie so many seconds after its first frame, in frames, with its fraction.

    Exact where the file's rate is constant; elsewhere by the times of the two frames around it.
    May lie outside the file. A thousandth of a frame is forgiven, like in `frame_at`.
    """
    assert media.rate is not None
    position = seconds * media.rate.fraction
    if media.sequence:
        near = round(position)
        return Fraction(near) if abs(position - near) <= Fraction(1, 1000) else position
    index = index_of(media.path, media.size.width * media.size.height)
    last = len(index.pts) - 1
    if not index.constant and position >= 0 and last:
        ticks = seconds / index.time_base + index.pts[0].item()
        before = min(bisect_right(index.pts, ticks) - 1, last)
        if before == last:
            position = last + (ticks - index.pts[last].item()) * index.time_base * (
                media.rate.fraction
            )
        else:
            start, end = index.pts[before].item(), index.pts[before + 1].item()
            position = before + (ticks - start) / (end - start)
    near = round(position)
    return Fraction(near) if abs(position - near) <= Fraction(1, 1000) else position


def index_of(path: Path, max_pixels: int, limits: Limits | None = None) -> Index:
    """The Index of a file, read once for each state of the file.

    `limits`: for a file that nobody has looked at yet. Raises MediaMissing, MediaUnreadable.
    """
    listing = sequence.listed(path) if sequence.is_pattern(path) else None
    if listing is not None:
        stamp = (path, listing.state)
    else:
        try:
            status = path.stat()
        except OSError as exc:
            raise MediaMissing(f"'{path}' is not there any more") from exc
        stamp = (path, ((status.st_size, status.st_mtime_ns),))
    with _cache_lock:
        known = _cache.get(stamp)
    if known is None:
        if listing is not None:
            known = _index_of_numbered(path, listing, max_pixels)
        else:
            known = _read_index(path, max_pixels, limits)
        with _cache_lock:
            while len(_cache) >= 256:
                del _cache[next(iter(_cache))]
            _cache[stamp] = known
    return known


def _read_index(path: Path, max_pixels: int, limits: Limits | None) -> Index:
    container, one_picture = container_of(path)
    if one_picture:
        return _index_of_picture(path, container, max_pixels)
    with opened(path, container, max_pixels) as source:
        if limits is not None:
            _check_header(source, path, limits)
        stream = video_stream(source, path)
        context = stream.codec_context
        size = Size(width=context.width, height=context.height)
        if size.width * size.height > max_pixels:
            raise MediaUnreadable(
                f"'{path}' is {size} pixels; {max_pixels} pixels at most are allowed"
            )
        context.options = pixel_limit(max_pixels)
        pts, keys, places = _table(source, stream, path)
        time_base = stream.time_base or Fraction(1)
        rate, constant = _rate_of(pts, time_base, stream)
        start, reel = _timecode_of(source, stream, rate)
        index = stream.index
    with opened(path, container, max_pixels) as source:
        stream = source.streams[index]
        assert isinstance(stream, VideoStream)
        stream.codec_context.options = pixel_limit(max_pixels)
        look = first_look(source, stream, pts, rate, path)
    return Index(
        digest=digest(path), container=container, stream=index, time_base=time_base, pts=pts,
        keys=keys, places=places if container == "mpegts" else (), rate=rate, constant=constant,
        start=start, reel=reel, first=look.first, orientation=look.orientation,
        fields=look.fields, pixel_aspect=look.pixel_aspect, notes=look.notes,
    )  # fmt: skip


def _index_of_picture(path: Path, container: str, max_pixels: int) -> Index:
    still = sequence.picture(path, container, max_pixels)
    return Index(
        digest=digest(path), container=container, stream=0, time_base=Fraction(1),
        pts=np.zeros(1, np.int64), keys=np.zeros(1, np.int64), places=(), rate=None,
        constant=True, start=0,
        reel=None, first=still.picture, cutout=still.cutout, notes=still.notes,
        space=_space_in(header_of(path, container)),
    )  # fmt: skip


def _space_in(header: Header) -> str | None:
    """The colour space that a header names, where its primaries do not say it already."""
    said = header.space if header.primaries == UNKNOWN else None
    return None if said is None else space_named(said)


def _index_of_numbered(path: Path, listing: sequence.Listing, max_pixels: int) -> Index:
    read = sequence.read(path, listing, max_pixels)
    frames = np.arange(len(listing.files))
    return Index(
        digest=read.digest, container=read.container, stream=0, time_base=Fraction(1), pts=frames,
        keys=frames, places=(), rate=read.header.rate, constant=True, start=listing.first,
        reel=read.header.reel, first=read.first.picture, sequence=listing, notes=read.first.notes,
        space=_space_in(read.header),
    )  # fmt: skip


def _check_header(source: InputContainer, path: Path, limits: Limits) -> None:
    """Refuse what would take too long, before a packet is read. Raises MediaUnreadable.

    A header that lies about it is found out by the demux pass, or by whoever counts the time.
    """
    count, most = len(source.streams), limits.source_streams
    if count > most:
        raise MediaUnreadable(f"'{path}' has {count} streams; {most} at most are allowed")
    ticks = Fraction(source.duration or 0, 1_000_000)
    lengths = (
        Fraction(s.duration or 0) * s.time_base for s in source.streams if s.time_base is not None
    )
    length = float(max((ticks, *lengths)))
    if length > limits.source_seconds:
        raise MediaUnreadable(
            f"'{path}' lasts {length:.0f} s by its header; {limits.source_seconds:.0f} s at most "
            "are read"
        )


def _table(
    source: InputContainer, stream: VideoStream, path: Path
) -> tuple[NDArray[np.int64], NDArray[np.int64], tuple[int, ...]]:
    """(pts of every frame that is shown, pts of key frames, their places in bytes), all rising."""
    shown: list[int] = []
    keys: dict[int, int] = {}
    read = 0
    for packet in source.demux(stream):
        if packet.size == 0:
            continue
        read += packet.size
        if read > SIGN:
            told(path)
            read = 0
        pts = packet.pts if packet.pts is not None else packet.dts
        if pts is None:
            raise MediaUnreadable(f"frames of '{path}' do not say when they are shown")
        if packet.is_keyframe:
            keys.setdefault(pts, packet.pos or 0)
        if not packet.is_discard:  # an edit list hides those, though others are decoded from them
            shown.append(pts)
        if len(shown) > _MOST_FRAMES:
            raise MediaUnreadable(f"'{path}' has more than {_MOST_FRAMES} frames")
    if not shown:
        raise MediaUnreadable(f"'{path}' holds no frame")
    key = np.array(sorted(keys or [min(shown)]), np.int64)
    pts = np.unique(np.array(shown, np.int64))
    # Leading frames of an open GOP at the very start refer to frames that the file lacks.
    return pts[pts >= key[0]], key, tuple(keys.get(int(at), 0) for at in key)


def _rate_of(pts: NDArray[np.int64], time_base: Fraction, stream: VideoStream) -> tuple[Rate, bool]:
    said = stream.average_rate or stream.guessed_rate or Fraction(24)
    if len(pts) < 2:
        return Rate.snap(float(said)), True
    span = Fraction(int(pts[-1] - pts[0])) * time_base
    for value in (float((len(pts) - 1) / span), float(said)):
        rate = Rate.snap(value)
        ideal = np.arange(len(pts)) / float(rate) / float(time_base)
        # Half a tick is rounding of the time base (1/1000 in mkv); more is another clock.
        if np.abs(pts - pts[0] - ideal).max() <= max(1.0, 0.02 / float(rate) / float(time_base)):
            return rate, True
    return Rate.snap(float((len(pts) - 1) / span)), False


def _timecode_of(source: InputContainer, stream: VideoStream, rate: Rate) -> tuple[int, str | None]:
    places = [stream.metadata, *(s.metadata for s in source.streams), source.metadata]
    reel = next((m["reel_name"] for m in places if m.get("reel_name")), None)
    for metadata in places:
        if metadata.get("timecode"):
            try:
                return frame_of_timecode(metadata["timecode"], rate), reel
            except ValueError:  # a timecode of another rate says nothing about this file
                return 0, reel
    return 0, reel


def with_start(media: Media, start: int) -> Media:
    """The same file with the number that an edit gives its first frame."""
    return replace(media, start=start)
