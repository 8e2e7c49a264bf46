"""Numbered pictures and OpenEXR files made in the test, odd ones too."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from tests.timeline.clips import frame_pixels

Box = tuple[int, int, int, int]


def numbered(
    folder: Path, pattern: str = "plate.%04d.png", numbers: Sequence[int] = range(1001, 1013), *,
    codec: str = "png", pixels: str = "rgb24", size: tuple[int, int] = (96, 64),
) -> Path:  # fmt: skip
    """A sequence of `frame_pixels` of the numbers; its pattern path."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        one_picture(folder / (pattern % number), frame_pixels(number, *size), codec, pixels)
    return folder / pattern


def one_picture(path: Path, rgb: NDArray[Any], codec: str, pixels: str) -> Path:
    """A file of `h w 3`: 8 or 16 bits, or float32 planes of light."""
    with av.open(str(path), "w", format="image2", options={"update": "1"}) as container:
        stream = container.add_stream(codec, rate=24)
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = rgb.shape[:2]
        stream.pix_fmt = pixels
        if rgb.dtype == np.uint8:
            frame = av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(format=pixels)
        else:
            frame = av.VideoFrame.from_ndarray(rgb, "rgb48le").reformat(format=pixels)
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def exr(
    path: Path, channels: Mapping[str, NDArray[np.generic]], *, data: Box | None = None,
    shown: Box | None = None, flags: int = 0, more: Mapping[str, tuple[str, bytes]] | None = None,
) -> Path:  # fmt: skip
    """An uncompressed file of float16 or float32 channels (`h w`), written by the format's book.

    Boxes are x and y of the first and the last pixel.
    """
    names = sorted(channels)
    height, width = channels[names[0]].shape
    data = data or (0, 0, width - 1, height - 1)
    head = struct.pack("<II", 20000630, 2 | flags) + _header(channels, data, shown or data, more)
    lines = _lines(channels)
    size = 8 + len(lines[0])
    table = [len(head) + 8 * height + size * n for n in range(height)]
    body = b"".join(
        struct.pack("<iI", data[1] + y, len(line)) + line for y, line in enumerate(lines)
    )
    path.write_bytes(head + struct.pack(f"<{height}Q", *table) + body)
    return path


def exr_of_parts(
    path: Path, parts: Mapping[str, Mapping[str, NDArray[np.generic]]], *, deep: Sequence[str] = ()
) -> Path:
    """The same of several parts by their names; those that are `deep` say so, and no more."""
    heads, lines = b"", list[tuple[int, int, bytes]]()
    for number, (name, channels) in enumerate(parts.items()):
        height, width = next(iter(channels.values())).shape
        box = (0, 0, width - 1, height - 1)
        kind = b"deepscanline" if name in deep else b"scanlineimage"
        more = {
            "name": ("string", name.encode()), "type": ("string", kind),
            "chunkCount": ("int", struct.pack("<i", height)),
        }  # fmt: skip
        heads += _header(channels, box, box, more)
        lines += [(number, y, line) for y, line in enumerate(_lines(channels))]
    head = struct.pack("<II", 20000630, 2 | 0x1000) + heads + b"\0"
    table, body, start = list[int](), b"", len(head) + 8 * len(lines)
    for number, y, line in lines:
        table.append(start + len(body))
        body += struct.pack("<iiI", number, y, len(line)) + line
    path.write_bytes(head + struct.pack(f"<{len(table)}Q", *table) + body)
    return path


def _header(
    channels: Mapping[str, NDArray[np.generic]], data: Box, shown: Box,
    more: Mapping[str, tuple[str, bytes]] | None,
) -> bytes:  # fmt: skip
    kinds = {np.dtype(np.float16): 1, np.dtype(np.float32): 2}
    listed = b"".join(
        name.encode() + b"\0" + struct.pack("<iB3xii", kinds[channels[name].dtype], 0, 1, 1)
        for name in sorted(channels)
    )
    rows = {
        "channels": ("chlist", listed + b"\0"),
        "compression": ("compression", b"\0"),
        "dataWindow": ("box2i", struct.pack("<4i", *data)),
        "displayWindow": ("box2i", struct.pack("<4i", *shown)),
        "lineOrder": ("lineOrder", b"\0"),
        "pixelAspectRatio": ("float", struct.pack("<f", 1)),
        "screenWindowCenter": ("v2f", struct.pack("<2f", 0, 0)),
        "screenWindowWidth": ("float", struct.pack("<f", 1)),
        **(more or {}),
    }
    return b"".join(
        name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<I", len(value)) + value
        for name, (kind, value) in rows.items()
    ) + b"\0"  # fmt: skip


def _lines(channels: Mapping[str, NDArray[np.generic]]) -> list[bytes]:
    names = sorted(channels)
    return [
        b"".join(np.ascontiguousarray(channels[name][y]).tobytes() for name in names)
        for y in range(len(channels[names[0]]))
    ]
