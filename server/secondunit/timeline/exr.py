"""An OpenEXR file in; which of its parts and layers is the picture out, and that one decoded.

FFmpeg reads one part, and of that the channels R, G and B. A file of several parts is one table of
blocks after the other, so that one part alone is a file that it reads: nothing is decoded here.
Layout: OpenEXR's "File Layout". Headers are believed no further than they can be checked.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import av.error
from av.video.codeccontext import VideoCodecContext

from secondunit.errors import MediaUnreadable
from secondunit.timeline.containers import pixel_limit

LONGEST = 1 << 20
"""Bytes of the headers that are looked at."""
TILED, _LONG_NAMES, DEEP, PARTS = 0x200, 0x400, 0x800, 0x1000
_MAGIC = 20000630
_MOST_PARTS = 1024
_MOST_BLOCKS = 1 << 20
_MOST_BYTES = 1 << 31
"""Of the blocks of one part."""
_FIRST_CHOICES = ("rgba", "rgb", "beauty", "combined", "composite", "main")
"""What renderers call the picture that all others are for."""
_TYPES = {b"scanlineimage": 8, b"tiledimage": 20}
"""Flat parts, and the bytes between a block's number of its part and its data."""

Attributes = Mapping[str, tuple[bytes, bytes]]
"""(kind, value) by name, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The picture of a file."""

    attributes: Mapping[str, bytes]
    """Of its part, by name."""
    end: int
    """Where the headers end."""
    part: int | None
    """Its number in a file of several parts."""
    layer: str
    """What stands before its channels; empty for R, G, B, or Y."""
    notes: tuple[str, ...]

    @property
    def apart(self) -> bool:
        """FFmpeg does not find it by itself."""
        return self.part is not None or bool(self.layer)


def shown(data: bytes, path: Path) -> Shown:
    """The picture of the file that begins with `data`.

    Raises MediaUnreadable where it holds no flat picture, in words; ValueError, IndexError,
    KeyError or struct.error for damage.
    """
    (flags,) = struct.unpack_from("<I", data, 4)
    if not flags & PARTS:
        if flags & DEEP:
            raise MediaUnreadable(f"'{path}' holds deep samples; write one flat picture, relink it")
        found, end = _header(data, 8)
        layer, wrong = _layer(found["channels"][1])
        if layer is None:
            raise MediaUnreadable(f"'{path}' {wrong}")
        return _shown(found, end, None, layer)
    parts, end = _parts(data)
    reasons: list[str] = []
    flat: list[tuple[int, str]] = []
    for number, part in enumerate(parts):
        name = part["name"][1].decode("utf-8", "replace")
        if part["type"][1] not in _TYPES:
            reasons.append(f"'{name}' holds deep samples")
            continue
        layer, wrong = _layer(part["channels"][1])
        if layer is None:
            reasons.append(f"'{name}' {wrong}")
        else:
            flat.append((number, layer))
    if not flat:
        told = "; ".join(reasons[:6])
        raise MediaUnreadable(f"'{path}' holds several parts, and none is a flat picture: {told}")
    names = [parts[number]["name"][1].decode("utf-8", "replace").lower() for number, _ in flat]
    best = next((names.index(word) for word in _FIRST_CHOICES if word in names), 0)
    number, layer = flat[best]
    return _shown(parts[number], end, number, layer)


def _shown(found: Attributes, end: int, part: int | None, layer: str) -> Shown:
    notes: list[str] = []
    if part is not None:
        name = found["name"][1].decode("utf-8", "replace")
        notes.append(f"of its parts '{name}' is read, and no other")
    if layer:
        notes.append(f"of its layers '{layer}' is read, and no other")
    return Shown(
        attributes={name: value for name, (_, value) in found.items()}, end=end, part=part,
        layer=layer, notes=tuple(notes),
    )  # fmt: skip


def frame_of(path: Path, picture: Shown, max_pixels: int) -> av.VideoFrame:
    """The decoded frame of a file's picture. Raises MediaUnreadable."""
    try:
        left, top, right, bottom = struct.unpack("<4i", picture.attributes["displayWindow"])
        width, height = right - left + 1, bottom - top + 1
        if min(width, height) < 1 or width * height > max_pixels:
            raise MediaUnreadable(
                f"'{path}' is {width}x{height} pixels; {max_pixels} pixels at most are allowed"
            )
        data = path.read_bytes() if picture.part is None else alone(path, picture.part)
        codec = VideoCodecContext.create("exr", "r")
        codec.options = {**pixel_limit(max_pixels), "layer": picture.layer}
        frames = [*codec.decode(av.Packet(data)), *codec.decode(None)]
    except (av.error.FFmpegError, OSError, ValueError, IndexError, KeyError, struct.error) as exc:
        raise MediaUnreadable(f"'{path}' cannot be decoded: {exc}") from exc
    if not frames:
        raise MediaUnreadable(f"'{path}' holds no picture")
    return frames[0]


def alone(path: Path, number: int) -> bytes:
    """One part of a file as a file of its own. Raises ValueError and its kin for damage."""
    size = path.stat().st_size
    with path.open("rb") as file:
        data = file.read(LONGEST)
        (flags,) = struct.unpack_from("<I", data, 4)
        parts, end = _parts(data)
        counts = [struct.unpack("<i", part["chunkCount"][1])[0] for part in parts[: number + 1]]
        if min(counts) < 0 or max(counts) > _MOST_BLOCKS:
            raise ValueError("it says that it has more blocks than any picture")
        file.seek(end + 8 * sum(counts[:-1]))
        table = struct.unpack(f"<{counts[-1]}Q", file.read(8 * counts[-1]))
        part = parts[number]
        between = _TYPES[part["type"][1]]
        blocks: list[bytes] = []
        total = 0
        for offset in table:
            if not end <= offset < size:
                raise ValueError("it is not whole: blocks of its picture are missing")
            file.seek(offset)
            head = file.read(4 + between)
            (of,) = struct.unpack_from("<i", head)
            (length,) = struct.unpack_from("<i", head, between)
            total += 4 + between + length
            over = offset + 4 + between + length > size
            if of != number or length < 0 or over or total > _MOST_BYTES:
                raise ValueError("a block is not where its table says")
            blocks.append(head[4:] + file.read(length))
    tiled = TILED if part["type"][1] == b"tiledimage" else 0
    header = struct.pack("<II", _MAGIC, 2 | tiled | flags & _LONG_NAMES)
    header += b"".join(
        name.encode() + b"\0" + kind + b"\0" + struct.pack("<I", len(value)) + value
        for name, (kind, value) in part.items()
        if name not in ("type", "name", "chunkCount")
    ) + b"\0"  # fmt: skip
    at, own = len(header) + 8 * len(blocks), list[int]()
    for block in blocks:
        own.append(at)
        at += len(block)
    return b"".join((header, struct.pack(f"<{len(own)}Q", *own), *blocks))


def _parts(data: bytes) -> tuple[Sequence[Attributes], int]:
    """(the headers of all parts, where they end)."""
    parts: list[Attributes] = []
    at = 8
    while data[at]:
        if len(parts) == _MOST_PARTS:
            raise ValueError("it has more parts than any picture")
        found, at = _header(data, at)
        parts.append(found)
    return parts, at + 1


def _header(data: bytes, at: int) -> tuple[Attributes, int]:
    """(the attributes of the header at a place, where it ends)."""
    found: dict[str, tuple[bytes, bytes]] = {}
    while data[at]:
        name_end = data.index(b"\0", at, at + 257)
        kind_end = data.index(b"\0", name_end + 1, name_end + 258)
        (size,) = struct.unpack_from("<I", data, kind_end + 1)
        start = kind_end + 5
        if start + size > len(data):
            raise ValueError("the header goes on past what was read")
        kind = data[name_end + 1 : kind_end]
        found[data[at:name_end].decode()] = kind, data[start : start + size]
        at = start + size
    return found, at + 1


def _layer(listed: bytes) -> tuple[str | None, str]:
    """(what stands before the channels of the picture, ''), or (None, why there is no picture)."""
    channels: dict[str, tuple[int, int, int]] = {}
    at = 0
    while listed[at]:
        end = listed.index(b"\0", at)
        kind, across, down = struct.unpack_from("<i4xii", listed, end + 1)
        channels[listed[at:end].decode()] = kind, across, down
        at = end + 17
    layers = [name[:-1] for name in channels if name.rpartition(".")[2] == "R"]
    layers = [one for one in layers if {f"{one}G", f"{one}B"} <= channels.keys()]
    if "" in layers:
        layers = [""]
    if not layers and "Y" in channels and not {"RY", "A"} & channels.keys():
        return ("", "") if _flat([channels["Y"]]) else (None, _ODD)
    if not layers:
        return None, (
            f"has no channels R, G and B, nor Y alone, but {_list(channels)}: write the layer that "
            "is meant as R, G and B"
        )
    if len(layers) > 1:
        last = {one[:-1].rpartition(".")[2].lower(): one for one in reversed(layers)}
        named = next((last[word] for word in _FIRST_CHOICES if word in last), None)
        if named is None:
            return None, (
                f"has several layers, {_list([one[:-1] for one in layers])}: write the one that is "
                "meant as R, G and B"
            )
        layers = [named]
    if not _flat([channels[f"{layers[0]}{c}"] for c in "RGB"]):
        return None, _ODD
    return layers[0].removesuffix("."), ""


_ODD = "has colour channels of different kinds, of whole numbers or thinned"


def _flat(channels: Sequence[tuple[int, int, int]]) -> bool:
    """Half floats or floats, of one kind, in every pixel."""
    return len(set(channels)) == 1 and channels[0][0] in (1, 2) and channels[0][1:] == (1, 1)


def _list(names: Mapping[str, object] | Sequence[str]) -> str:
    return ", ".join(sorted(names)[:12])
