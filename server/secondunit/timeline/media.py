"""A file in; what is in it out: its frames, rate, size, colour, timecode and digest."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from threading import Lock

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from secondunit.config import Config, Limits
from secondunit.errors import MediaMissing, MediaUnreadable
from secondunit.timeline.fields import Fields
from secondunit.timeline.first_look import first_look
from secondunit.timeline.picture import Picture
from secondunit.timeline.shot import Media
from secondunit.timeline.signs import told
from secondunit.timeline.stills import still_of
from secondunit.timeline.upright import AS_STORED, Orientation
from secondunit.units import Rate, Size, frame_of_timecode

_BRANDS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
_STILLS = ("jpeg_pipe", "png_pipe", "tiff_pipe", "webp_pipe", "bmp_pipe", "dpx_pipe")
_KNOWN = "mov, mp4, m4v, mxf, mkv, webm, avi, jpg, png, tif, webp, bmp, dpx"
_PART, _SIGN = 2**20, 2**28
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
    cutout: Picture | None = None
    """Of a still that is one colour and transparent: its alpha, which is what it shows."""
    notes: tuple[str, ...] = ()
    """What is done to the file's samples before anyone sees them, in words; mostly nothing."""


@dataclass(frozen=True, slots=True)
class _Stamp:
    path: Path
    bytes: int
    mtime_ns: int


_cache: dict[_Stamp, Index] = {}
_cache_lock = Lock()


def probe(path: Path, config: Config) -> Media:
    """Everything later stages need to know of a file.

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
        still=index.rate is None,
        rate=index.rate,
        frames=len(index.pts),
        start=index.start,
        size=size,
        format=index.first.format,
        colour=index.first.colour,
        reel=index.reel,
        pixel_aspect=index.pixel_aspect,
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
    index = index_of(media.path, media.size.width * media.size.height)
    position = seconds * media.rate.fraction
    if index.constant or seconds < 0:
        return (position + Fraction(1, 1000)).__floor__()
    ticks = seconds / index.time_base + index.pts[0].item() + Fraction(1, 2)
    frame = bisect_right(index.pts, ticks) - 1
    if frame == len(index.pts) - 1:  # past the last: count on at the mean rate
        over = (ticks - index.pts[-1].item()) * index.time_base * media.rate.fraction
        frame += over.__floor__()
    return frame


def position_at(media: Media, seconds: Fraction) -> Fraction:
    """The place in a movie so many seconds after its first frame, in frames, with its fraction.

    Exact where the file's rate is constant; elsewhere by the times of the two frames around it.
    May lie outside the file. A thousandth of a frame is forgiven, like in `frame_at`.
    """
    assert media.rate is not None
    index = index_of(media.path, media.size.width * media.size.height)
    position = seconds * media.rate.fraction
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
    try:
        status = path.stat()
    except OSError as exc:
        raise MediaMissing(f"'{path}' is not there any more") from exc
    stamp = _Stamp(path, status.st_size, status.st_mtime_ns)
    with _cache_lock:
        known = _cache.get(stamp)
    if known is None:
        known = _read_index(path, max_pixels, limits)
        with _cache_lock:
            while len(_cache) >= 256:
                del _cache[next(iter(_cache))]
            _cache[stamp] = known
    return known


@contextmanager
def opened(path: Path, container: str, max_pixels: int) -> Iterator[InputContainer]:
    """A container open for reading; FFmpeg's errors come out as MediaUnreadable.

    Always by path (a file object would let a playlist reach the network), with the demuxer named
    and both whitelists set, so that nothing but this one file is ever read.
    """
    told(path)
    options = {
        "format_whitelist": container,
        "protocol_whitelist": "file",
        **pixel_limit(max_pixels),  # for the frames FFmpeg decodes while it opens
    }
    try:
        with av.open(str(path), format=container, options=options) as source:
            if not isinstance(source, InputContainer):
                raise MediaUnreadable(f"'{path}' did not open for reading")
            yield source
    except (av.error.FFmpegError, ValueError, EOFError) as exc:
        raise MediaUnreadable(f"'{path}' cannot be decoded: {exc}") from exc


def pixel_limit(max_pixels: int) -> dict[str, str]:
    """The decoder option that keeps a small file from being a huge picture.

    FFmpeg counts the padding of a frame too, so it gets some room above what we allow.
    """
    return {"max_pixels": str(max_pixels + 2**20)}


def _read_index(path: Path, max_pixels: int, limits: Limits | None) -> Index:
    container, one_picture = _container_of(path)
    with opened(path, container, max_pixels) as source:
        if limits is not None:
            _check_header(source, path, limits)
        stream = _video_stream(source, path)
        context = stream.codec_context
        size = Size(width=context.width, height=context.height)
        if size.width * size.height > max_pixels:
            raise MediaUnreadable(
                f"'{path}' is {size} pixels; {max_pixels} pixels at most are allowed"
            )
        context.options = pixel_limit(max_pixels)
        if one_picture:
            frame = next(iter(source.decode(stream)), None)
            if frame is None:
                raise MediaUnreadable(f"'{path}' holds no picture")
            still = still_of(frame, path, container)
            return Index(
                digest=_digest(path), container=container, stream=stream.index,
                time_base=Fraction(1), pts=np.zeros(1, np.int64), keys=np.zeros(1, np.int64),
                rate=None, constant=True, start=0, reel=None, first=still.picture,
                cutout=still.cutout, notes=still.notes,
            )  # fmt: skip
        pts, keys = _table(source, stream, path)
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
        digest=_digest(path), container=container, stream=index, time_base=time_base, pts=pts,
        keys=keys, rate=rate, constant=constant, start=start, reel=reel, first=look.first,
        orientation=look.orientation, fields=look.fields, pixel_aspect=look.pixel_aspect,
        notes=look.notes,
    )  # fmt: skip


def _container_of(path: Path) -> tuple[str, bool]:
    """(demuxer, whether the file is one picture), by the first bytes and not by the name."""
    try:
        with path.open("rb") as file:
            head = file.read(65_536)
    except OSError as exc:
        raise MediaUnreadable(f"'{path}' cannot be read: {exc.strerror}") from exc
    starts = (
        (b"\xff\xd8\xff", "jpeg_pipe"), (b"\x89PNG\r\n\x1a\n", "png_pipe"),
        (b"II*\0", "tiff_pipe"), (b"MM\0*", "tiff_pipe"), (b"BM", "bmp_pipe"),
        (b"SDPX", "dpx_pipe"), (b"XPDS", "dpx_pipe"), (b"\x1a\x45\xdf\xa3", "matroska"),
    )  # fmt: skip
    for magic, container in starts:
        if head.startswith(magic):
            return container, container in _STILLS
    if head.startswith(b"RIFF") and head[8:12] in (b"WEBP", b"AVI "):
        return ("webp_pipe", True) if head[8:12] == b"WEBP" else ("avi", False)
    if head[4:8] in _BRANDS:
        return "mov", False
    # An MXF file may carry a run-in before its first partition pack (SMPTE ST 377-1, 6.5).
    if b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01" in head:
        return "mxf", False
    kind = "empty" if not head else "no footage that we read"
    raise MediaUnreadable(f"'{path}' is {kind}, whatever its name says; we read {_KNOWN}")


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


def _video_stream(source: InputContainer, path: Path) -> VideoStream:
    for stream in source.streams.video:
        if not int(stream.disposition) & 0x0400:  # AV_DISPOSITION_ATTACHED_PIC: cover art
            break
    else:
        raise MediaUnreadable(f"'{path}' has no picture, only sound or data")
    context = stream.codec_context
    if context is None:  # PyAV's answer to a codec that FFmpeg does not know
        raise MediaUnreadable(f"'{path}' is in a codec that we do not decode")
    if not context.width or not context.height:
        raise MediaUnreadable(
            f"'{path}' is damaged, or larger than the pixels allowed in one picture"
        )
    stream.thread_type = "AUTO"
    return stream


def _table(
    source: InputContainer, stream: VideoStream, path: Path
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(pts of every frame that is shown, pts of key frames), both rising."""
    shown: list[int] = []
    keys: list[int] = []
    read = 0
    for packet in source.demux(stream):
        if packet.size == 0:
            continue
        read += packet.size
        if read > _SIGN:
            told(path)
            read = 0
        pts = packet.pts if packet.pts is not None else packet.dts
        if pts is None:
            raise MediaUnreadable(f"frames of '{path}' do not say when they are shown")
        if packet.is_keyframe:
            keys.append(pts)
        if not packet.is_discard:  # an edit list hides those, though others are decoded from them
            shown.append(pts)
        if len(shown) > _MOST_FRAMES:
            raise MediaUnreadable(f"'{path}' has more than {_MOST_FRAMES} frames")
    if not shown:
        raise MediaUnreadable(f"'{path}' holds no frame")
    key = np.unique(np.array(keys or [min(shown)], np.int64))
    pts = np.unique(np.array(shown, np.int64))
    # Leading frames of an open GOP at the very start refer to frames that the file lacks.
    return pts[pts >= key[0]], key


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


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while part := file.read(_PART):
            found.update(part)
            if file.tell() % _SIGN < _PART:
                told(path)
    return found.hexdigest()


def with_start(media: Media, start: int) -> Media:
    """The same file with the number that an edit gives its first frame."""
    return replace(media, start=start)
