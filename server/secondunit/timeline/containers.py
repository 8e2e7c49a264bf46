"""A file in; what FFmpeg may open it as out, and its one open door: by path, by name, alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from secondunit.errors import MediaUnreadable
from secondunit.timeline.signs import told

_BRANDS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
PICTURES = ("jpeg_pipe", "png_pipe", "tiff_pipe", "webp_pipe", "bmp_pipe", "dpx_pipe", "exr_pipe")
_KNOWN = "mov, mp4, m4v, mxf, mkv, webm, avi, ts, m2ts, jpg, png, tif, webp, bmp, dpx, exr"
_PART, SIGN = 2**20, 2**28
"""Bytes that are read at once, and after which whoever waits is told that we live."""


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


def container_of(path: Path) -> tuple[str, bool]:
    """(demuxer, whether the file is one picture), by the first bytes and not by the name."""
    try:
        with path.open("rb") as file:
            head = file.read(65_536)
    except OSError as exc:
        raise MediaUnreadable(f"'{path}' cannot be read: {exc.strerror}") from exc
    starts = (
        (b"\xff\xd8\xff", "jpeg_pipe"), (b"\x89PNG\r\n\x1a\n", "png_pipe"),
        (b"II*\0", "tiff_pipe"), (b"MM\0*", "tiff_pipe"), (b"BM", "bmp_pipe"),
        (b"SDPX", "dpx_pipe"), (b"XPDS", "dpx_pipe"), (b"v/1\x01", "exr_pipe"),
        (b"\x1a\x45\xdf\xa3", "matroska"),
    )  # fmt: skip
    for magic, container in starts:
        if head.startswith(magic):
            return container, container in PICTURES
    if head.startswith(b"RIFF") and head[8:12] in (b"WEBP", b"AVI "):
        return ("webp_pipe", True) if head[8:12] == b"WEBP" else ("avi", False)
    if head[4:8] in _BRANDS:
        return "mov", False
    if _is_transport_stream(head):
        return "mpegts", False
    # An MXF file may carry a run-in before its first partition pack (SMPTE ST 377-1, 6.5).
    if b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01" in head:
        return "mxf", False
    if head.startswith((b"PK\3\4", b"\x1f\x8b")) or head[257:262] == b"ustar":
        raise MediaUnreadable(
            f"'{path}' is an archive; numbered pictures are read from a folder, and are uploaded "
            "as a movie"
        )
    kind = "empty" if not head else "no footage that we read"
    raise MediaUnreadable(f"'{path}' is {kind}, whatever its name says; we read {_KNOWN}")


def _is_transport_stream(head: bytes) -> bool:
    """Packets of 188 bytes (ISO/IEC 13818-1), of 192 with a clock before each (BDAV)."""
    return any(
        len(head) >= first + 5 * length and all(head[first + n * length] == 0x47 for n in range(5))
        for length, first in ((188, 0), (192, 4))
    )


def video_stream(source: InputContainer, path: Path) -> VideoStream:
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


def digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while part := file.read(_PART):
            found.update(part)
            if file.tell() % SIGN < _PART:
                told(path)
    return found.hexdigest()
