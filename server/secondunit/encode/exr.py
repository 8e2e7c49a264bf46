"""OpenEXR, one part, half floats in scan lines: written here, since FFmpeg's has no timecode.

File layout and predictor: OpenEXR's "File Layout" and "Technical Introduction"; the packing of
`timeCode` is SMPTE ST 12-1's, as OpenEXR's ImfTimeCode.h has it.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from secondunit.units import Rate

_MAGIC = struct.pack("<II", 20000630, 2)
_ZIP, _LINES = 3, 16
_LEVEL = 4  # of zlib: twice as fast as 6 on pictures, and 2 per cent larger


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the file says of its picture."""

    chromaticities: tuple[float, ...]
    """x and y of red, green, blue and white."""
    space: str
    """The colour space's name, in OpenColorIO's words."""
    rate: Rate
    timecode: str | None
    """None: at more than 30 frames per second there is none."""
    reel: str | None
    pixel_aspect: tuple[int, int] = (1, 1)


def packed(
    rgb: NDArray[np.float32], header: Header, alpha: NDArray[np.floating] | None = None
) -> bytes:
    """The bytes of a file of `h w 3` RGB, as half floats: what is beyond their range is clipped.

    With `alpha` (`h w`) it has a channel A; the colours are not multiplied by it.
    """
    h, w = rgb.shape[:2]
    half = np.clip(rgb, -65504, 65504).astype("<f2")
    # Of every line all of blue, then green, then red: channels stand in the order of their names.
    lines = half[..., ::-1].transpose(0, 2, 1)
    if alpha is not None:
        lines = np.concatenate([alpha[:, None].astype("<f2"), lines], axis=1)
    lines = np.ascontiguousarray(lines)
    blocks = [_block(y, lines[y : y + _LINES].tobytes()) for y in range(0, h, _LINES)]
    head = _head(w, h, header, "BGR" if alpha is None else "ABGR")
    offset, table = len(head) + 8 * len(blocks), []
    for block in blocks:
        table.append(offset)
        offset += len(block)
    return b"".join((head, struct.pack(f"<{len(table)}Q", *table), *blocks))


def attributes(path: Path) -> dict[str, bytes]:
    """The header of a file: the bytes of each attribute. Raises ValueError, OSError."""
    with path.open("rb") as file:
        data = file.read(65536)
    if not data.startswith(_MAGIC):
        raise ValueError(f"{path.name} is no OpenEXR file of one part in scan lines")
    found: dict[str, bytes] = {}
    at = len(_MAGIC)
    try:
        while data[at]:
            name, kind, rest = data[at:].split(b"\0", 2)
            at += len(name) + len(kind) + 2
            (size,) = struct.unpack_from("<I", data, at)
            found[name.decode()] = rest[4 : 4 + size]
            at += 4 + size
    except (IndexError, UnicodeDecodeError, struct.error) as exc:
        raise ValueError(f"the header of {path.name} is damaged") from exc
    return found


def timecode_of(value: bytes) -> str:
    """SMPTE timecode of a `timeCode` attribute."""
    (bits,) = struct.unpack_from("<I", value)

    def two(at: int, tens: int) -> int:
        return (bits >> at & 15) + 10 * (bits >> (at + 4) & tens)

    mark = ";" if bits >> 6 & 1 else ":"
    return f"{two(24, 3):02d}:{two(16, 7):02d}:{two(8, 7):02d}{mark}{two(0, 3):02d}"


def _timecode(text: str) -> bytes:
    hh, mm, ss, ff = (int(text[i : i + 2]) for i in (0, 3, 6, 9))
    bits = 0
    for at, number in ((24, hh), (16, mm), (8, ss), (0, ff)):
        bits |= (number % 10 | number // 10 << 4) << at
    return struct.pack("<II", bits | (text[8] == ";") << 6, 0)


def _block(y: int, raw: bytes) -> bytes:
    data = np.frombuffer(raw, np.uint8)
    parted = np.concatenate([data[0::2], data[1::2]])
    steps = parted.copy()
    steps[1:] = parted[1:] - parted[:-1] + np.uint8(128)
    small = zlib.compress(steps.tobytes(), _LEVEL)
    body = small if len(small) < len(raw) else raw
    return struct.pack("<iI", y, len(body)) + body


def _head(w: int, h: int, header: Header, channels: str) -> bytes:
    window = struct.pack("<4i", 0, 0, w - 1, h - 1)
    one = b"".join(
        name.encode() + b"\0" + struct.pack("<iB3xii", 1, 0, 1, 1) for name in channels
    )  # half, in every pixel
    wide, high = header.pixel_aspect
    rows = [
        ("channels", "chlist", one + b"\0"),
        ("chromaticities", "chromaticities", struct.pack("<8f", *header.chromaticities)),
        ("colorInteropID", "string", header.space.encode()),
        ("compression", "compression", bytes([_ZIP])),
        ("dataWindow", "box2i", window),
        ("displayWindow", "box2i", window),
        ("framesPerSecond", "rational", struct.pack("<iI", header.rate.num, header.rate.den)),
        ("lineOrder", "lineOrder", b"\0"),
        ("pixelAspectRatio", "float", struct.pack("<f", wide / high)),
        ("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0)),
        ("screenWindowWidth", "float", struct.pack("<f", 1)),
    ]
    if header.reel:
        rows.append(("reelName", "string", header.reel.encode()))
    if header.timecode:
        rows.append(("timeCode", "timecode", _timecode(header.timecode)))
    return _MAGIC + b"".join(
        name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<I", len(value)) + value
        for name, kind, value in rows
    ) + b"\0"  # fmt: skip
