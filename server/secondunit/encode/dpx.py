"""DPX (SMPTE ST 268-1), 10-bit RGB in filled words: FFmpeg's own has no timecode and no reel."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from secondunit.timeline.picture import Picture
from secondunit.units import Rate

_HEAD = 2048
_UNSET = 0xFFFFFFFF
_UNSAID = b"\xff" * 4
# Transfer and colorimetry share a table: 5 SMPTE 274M, 6 BT.709, 8 BT.601 525, 7 BT.601 625.
_CODES = {"linear": 2, "bt709": 6, "bt470bg": 7, "smpte170m": 8, "smpte240m": 5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the file says of its picture."""

    name: str
    """Of the file."""
    number: int
    """Of the frame in its sequence."""
    frames: int
    """In the sequence."""
    rate: Rate
    timecode: str | None
    """None: at more than 30 frames per second there is none."""
    reel: str | None
    pixel_aspect: tuple[int, int] = (1, 1)


def packed(picture: Picture, header: Header) -> bytes:
    """The bytes of a file of a `gbrp10le` picture."""
    g, b, r = (plane.astype(np.uint32) for plane in picture.planes)
    words = (r << 22 | g << 12 | b << 2).astype(">u4")
    return _head(picture, header, words.nbytes) + words.tobytes()


def timecode_of(head: bytes) -> str | None:
    """SMPTE timecode of the first 2048 bytes of a file; None where it has none."""
    (bits,) = struct.unpack_from(">I", head, 1920)
    if bits == _UNSET:
        return None
    hh, mm, ss, ff = (f"{bits >> at & mask:02x}" for at, mask in
                      ((24, 0x3F), (16, 0x7F), (8, 0x7F), (0, 0x3F)))  # fmt: skip
    return f"{hh}:{mm}:{ss}{';' if bits & 0x40 else ':'}{ff}"


def rate_of(head: bytes) -> float:
    """Frames per second, as near as single precision comes."""
    return struct.unpack_from(">f", head, 1724)[0]


def reel_of(head: bytes) -> str | None:
    """The device that the picture came from, which is where a reel is looked for."""
    return head[1556:1588].split(b"\0")[0].decode("utf-8", "replace") or None


def head_of(path: Path) -> bytes:
    """The header of a file. Raises ValueError, OSError."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if len(head) < _HEAD or not head.startswith(b"SDPX"):
        raise ValueError(f"{path.name} is no DPX file of ours")
    return head


def _head(picture: Picture, header: Header, size: int) -> bytes:
    width, height, colour = picture.size.width, picture.size.height, picture.colour
    reel = (header.reel or "").encode()
    wide, high = header.pixel_aspect
    bits = _UNSET
    if header.timecode:
        hh, mm, ss, ff = (int(header.timecode[i : i + 2], 16) for i in (0, 3, 6, 9))
        bits = hh << 24 | mm << 16 | ss << 8 | ff | (header.timecode[8] == ";") << 6
    file = struct.pack(
        ">4sI8s5I100s24s100s200s200sI104x", b"SDPX", _HEAD, b"V2.0", _HEAD + size, 1, 1664, 384, 0,
        header.name.encode()[-99:], b"", b"Second Unit", b"", b"", _UNSET,
    )  # fmt: skip
    image = struct.pack(
        ">HHII IIfIf4BHHIII32s", 0, 1, width, height,
        0, 0, 0.0, 1023, 1.0, 50, _CODES.get(colour.transfer, 0), _CODES.get(colour.primaries, 0),
        10, 1, 0, _HEAD, 0, 0, b"",
    ) + bytes(7 * 72 + 52)  # fmt: skip
    origin = struct.pack(
        ">IIffII100s24s32s32s4HII28x", 0, 0, 0.0, 0.0, width, height, b"", b"", reel[:31], b"",
        0, 0, 0, 0, wide, high,
    )  # fmt: skip
    film = struct.pack(
        ">2s2s2s6s4s32sIIIff32s100s56x", b"", b"", b"", b"", b"", b"", header.number,
        header.frames, 1, float(header.rate), 0.0, b"", reel[:99],
    )  # fmt: skip
    television = struct.pack(">II4B", bits, _UNSET, 0, 0, 0, 0) + _UNSAID * 2
    television += struct.pack(">f", float(header.rate)) + _UNSAID * 7 + bytes(76)
    return file + image + origin + film + television
