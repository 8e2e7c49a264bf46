"""The first bytes of a DPX or OpenEXR file in; what they say of rate, colour and timecode out.

FFmpeg hands out the samples of these formats and little else. Layouts: SMPTE ST 268-1 (DPX) and
OpenEXR's "File Layout". Nothing here is believed further than it can be checked.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from secondunit.errors import MediaUnreadable
from secondunit.timeline import exr
from secondunit.units import Rate

UNKNOWN = "unknown"
"""Primaries that have no name here."""
_NO_CLOCK = 0xFFFFFFFF
_NEAR = 0.002
"""Of a chromaticity: writers round theirs to three places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a picture file says of itself; None where it says nothing that can be used."""

    rate: Rate | None = None
    timecode: str | None = None
    """As it stands there: `01:00:00:00`, `;` for drop frame."""
    reel: str | None = None
    primaries: str | None = None
    """A word of `ColourTags`."""
    space: str | None = None
    """A colour space, by the name that the file has for it."""
    transfer: str | None = None
    notes: tuple[str, ...] = ()
    apart: exr.Shown | None = None
    """Where the picture is a part or a layer that FFmpeg does not find by itself."""


_XY = {
    "bt709": (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290),
    "bt2020": (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290),
    "smpte432": (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290),
    "smpte431": (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351),
    "ACES2065-1": (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.0770, 0.32168, 0.33767),
    "ACEScg": (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767),
}
# Of one block, by the number of the compression: none, RLE, ZIPS, ZIP, PIZ, PXR24, B44(A), DWAA(B).
_LINES = {0: 1, 1: 1, 2: 1, 3: 16, 4: 32, 5: 16, 6: 32, 7: 32, 8: 32, 9: 256}
_DPX_TRANSFER = {1: "log", 2: "linear", 3: "log", 5: "bt709", 6: "bt709", 7: "smpte170m",
                 8: "smpte170m"}  # fmt: skip


def header_of(path: Path, container: str) -> Header:
    """What the file at `path`, of FFmpeg's demuxer `container`, says.

    Raises MediaUnreadable for kinds of OpenEXR that hold no one flat picture.
    """
    if container not in ("exr_pipe", "dpx_pipe"):
        return Header()
    with path.open("rb") as file:
        data = file.read(exr.LONGEST)
    try:
        return _of_exr(data, path) if container == "exr_pipe" else _of_dpx(data)
    except (struct.error, IndexError, KeyError, ValueError):
        return Header()  # what cannot be understood says nothing


def _of_exr(data: bytes, path: Path) -> Header:
    picture = exr.shown(data, path)
    found = picture.attributes
    (flags,) = struct.unpack_from("<I", data, 4)
    whole = flags & (exr.TILED | exr.PARTS) or _whole(path, found, picture.end)
    if not whole:
        raise MediaUnreadable(f"'{path}' is not whole: lines of its picture are missing")
    notes = list(picture.notes)
    data_window, shown = found.get("dataWindow"), found.get("displayWindow")
    if shown is not None and any(struct.unpack_from("<2i", shown)):
        raise MediaUnreadable(
            f"'{path}' has a display window that does not start at 0,0, which is not followed "
            "here; write it with one that does"
        )
    if data_window is not None and shown is not None and data_window != shown:
        notes.append(
            "its data window is not its display window: what lies outside the display window is "
            "left away, and black fills what it lacks"
        )
    rate = None
    if (value := found.get("framesPerSecond")) is not None:
        num, den = struct.unpack("<iI", value)
        rate = Rate(num=num, den=den) if 0 < num < 2**31 and 0 < den < 2**31 else None
    xy = struct.unpack("<8f", found["chromaticities"]) if "chromaticities" in found else None
    if xy is None:
        primaries = "bt709"  # OpenEXR's own rule for files that say nothing
    else:
        primaries = next((word for word, own in _XY.items() if _close(own, xy)), UNKNOWN)
    if primaries == UNKNOWN:
        notes.append(
            "its primaries have no name here; its numbers go through untouched, and other files "
            "are not matched to them: say `colour:`"
        )
    return Header(
        rate=rate,
        timecode=_smpte(struct.unpack_from("<I", found["timeCode"])[0])
        if len(found.get("timeCode", b"")) == 8
        else None,
        reel=_text(found.get("reelName", b"")),
        primaries=primaries,
        space=_text(found.get("colorInteropID", b"")),
        transfer="linear",
        notes=tuple(notes),
        apart=picture if picture.apart else None,
    )


def _whole(path: Path, found: Mapping[str, bytes], end: int) -> bool:
    """Whether the last block of lines that the table names lies inside the file.

    A renderer that is still at work leaves a file that decodes, with black where nothing is yet.
    """
    _, top, _, bottom = struct.unpack("<4i", found["dataWindow"])
    lines = _LINES.get(found["compression"][0])
    if lines is None or not 0 <= bottom - top < 1 << 20:
        return True
    count = (bottom - top) // lines + 1
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(end)
        table = file.read(8 * count)
        offsets = [at for (at,) in struct.iter_unpack("<Q", table[: len(table) // 8 * 8])]
        if len(offsets) < count or min(offsets) < end + 8 * count or max(offsets) + 8 > size:
            return False
        file.seek(max(offsets) + 4)
        (last,) = struct.unpack("<I", file.read(4))
    return max(offsets) + 8 + last <= size


def _of_dpx(data: bytes) -> Header:
    order = {b"SDPX": ">", b"XPDS": "<"}[data[:4]]
    (pixels,) = struct.unpack_from(f"{order}I", data, 4)
    rate, clock = None, _NO_CLOCK
    for at, end in ((1724, 1920), (1940, 2048)):  # of film, of television; many lack both
        (value,) = struct.unpack_from(f"{order}f", data, at) if pixels >= end else (math.nan,)
        if rate is None and math.isfinite(value) and 1 <= value <= 1000:
            rate = Rate.snap(value)
    if pixels >= 2048:
        (clock,) = struct.unpack_from(f"{order}I", data, 1920)
    transfer = _DPX_TRANSFER.get(data[801])
    notes = ()
    if transfer in ("log", "linear"):
        notes = (
            f"it says that its numbers are {'printing density' if transfer == 'log' else 'light'}: "
            "they go through untouched; say `colour:` to have other files matched to them",
        )
    return Header(
        rate=rate,
        timecode=None if clock == _NO_CLOCK else _smpte(clock, dpx=True),
        transfer=transfer if transfer not in ("log", "linear") else None,
        notes=notes,
    )


def _smpte(bits: int, *, dpx: bool = False) -> str | None:
    """SMPTE timecode of eight packed decimal digits (ST 12-1; OpenEXR keeps flags among them)."""
    tens = (15, 15, 15, 15) if dpx else (3, 7, 7, 3)
    parts = [
        (bits >> at & 15) + 10 * (bits >> (at + 4) & most)
        for at, most in zip((24, 16, 8, 0), tens, strict=True)
    ]
    if any(part > most for part, most in zip(parts, (23, 59, 59, 99), strict=True)):
        return None
    mark = ";" if not dpx and bits >> 6 & 1 else ":"
    return f"{parts[0]:02d}:{parts[1]:02d}:{parts[2]:02d}{mark}{parts[3]:02d}"


def _text(value: bytes) -> str | None:
    text = value.decode("utf-8", "replace").strip("\0 ")
    return text if text and len(text) <= 128 and text.isprintable() else None


def _close(own: tuple[float, ...], xy: tuple[float, ...]) -> bool:
    return all(abs(a - b) <= _NEAR for a, b in zip(own, xy, strict=True))
