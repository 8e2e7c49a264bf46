"""A picture file's header and frame in; its picture as it is meant to be seen out, alpha settled.

FFmpeg hands out a file's samples and leaves what they mean to us: which way up it is, whether four
channels are inks, and whether colours are already multiplied by their alpha.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np

from secondunit.errors import MediaUnreadable
from secondunit.timeline.headers import header_of
from secondunit.timeline.layouts import FORMATS
from secondunit.timeline.picture import Picture, picture_of_frame, planes_of
from secondunit.timeline.upright import AS_STORED, Orientation, orientation_of_exif, upright

_LONGEST_HEADER = 1 << 20
_ORIENTATION, _PHOTOMETRIC, _EXTRA_SAMPLES = 274, 262, 338  # TIFF 6.0
_INKS, _ASSOCIATED = 5, 1
_FRAMES_OF_JPEG = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # ITU-T T.81, table B.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """A picture file, decoded."""

    picture: Picture
    """RGB, upright, transparency laid over black."""
    cutout: Picture | None
    """The alpha as grey, where all that is seen is one colour: such a file is a mask by its alpha.
    """
    notes: tuple[str, ...]
    """What was done to the samples of the file, in words; empty: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    orientation: Orientation = AS_STORED
    inks: bool = False
    associated: bool = False
    """Colours are already multiplied by alpha."""


def still_of(frame: av.VideoFrame, path: Path, container: str) -> Still:
    """A decoded still as RGB, which is what a picture file means: 8 bits as gbrp, more as gbrp16le.

    8-bit samples are exactly those of PyAV's `to_ndarray(format="rgb24")`, so that anyone who
    compares our pinned pixels with the file finds them equal. Where the file is transparent its
    colours lie over black, as on an empty track. Raises MediaUnreadable for inks (CMYK): what
    they look like depends on a press.
    """
    if container in ("exr_pipe", "dpx_pipe"):
        return _of_scan_or_light(frame, path, container)
    header = _header(path, container)
    if header.inks:
        raise MediaUnreadable(
            f"'{path}' is made of inks (CMYK), whose colours depend on a press; save it as RGB"
        )
    notes: list[str] = []
    deep = max(c.bits for c in frame.format.components) > 8
    names = ("gbrap16le", "gbrp16le") if deep else ("gbrap", "gbrp")
    cutout = None
    if any(c.is_alpha for c in frame.format.components) or frame.format.has_palette:
        *colours, alpha = planes_of(_with_alpha(frame, names[0]), FORMATS[names[1]])
        top = 2 ** FORMATS[names[1]].bits - 1
        if alpha.min() < top:
            picture = picture_of_frame(frame.reformat(format=names[1]))
            seen = alpha > 0
            if all(not seen.any() or np.ptp(plane[seen]) == 0 for plane in colours):
                cutout = Picture(format=names[1], colour=picture.colour, planes=(alpha,) * 3)
            if not header.associated:
                colours = [_over_black(plane, alpha, top) for plane in colours]
            notes.append("it is transparent in places: black lies under it, and no alpha comes out")
            picture = Picture(format=names[1], colour=picture.colour, planes=tuple(colours))
        else:
            picture = picture_of_frame(frame.reformat(format=names[1]))
    else:
        picture = picture_of_frame(frame.reformat(format=names[1]))
    if not header.orientation.upright:
        notes.append(f"it is {header.orientation.words()}, as its header asks")
        picture = upright(picture, header.orientation)
        cutout = None if cutout is None else upright(cutout, header.orientation)
    return Still(picture=picture, cutout=cutout, notes=tuple(notes))


def _of_scan_or_light(frame: av.VideoFrame, path: Path, container: str) -> Still:
    """A picture of OpenEXR or DPX: its own samples, with what its header says of their colour."""
    header = header_of(path, container)
    notes = list(header.notes)
    if any(c.is_alpha for c in frame.format.components):  # colours are multiplied already
        notes.append("it has an alpha, which is left away: black lies under it")
    light = "f16" in frame.format.name or "f32" in frame.format.name
    if light:
        picture = picture_of_frame(frame)
    else:
        deep = max(c.bits for c in frame.format.components)
        name = {8: "gbrp", 10: "gbrp10le", 12: "gbrp12le"}.get(deep, "gbrp16le")
        if frame.format.name != name:  # packed, or the other end first: the same samples
            frame = frame.reformat(format=name)
        picture = picture_of_frame(frame)
    said = replace(
        picture.colour,
        primaries=(header.primaries or "bt709") if light else picture.colour.primaries,
        transfer=header.transfer or ("linear" if light else picture.colour.transfer),
    )
    return Still(picture=replace(picture, colour=said), cutout=None, notes=tuple(notes))


def _with_alpha(frame: av.VideoFrame, name: str) -> av.VideoFrame:
    if frame.format.has_palette:  # swscale reads palettes into packed RGB only
        frame = frame.reformat(format="rgba")
    return frame.reformat(format=name)


def _over_black(plane: np.ndarray, alpha: np.ndarray, top: int) -> np.ndarray:
    product = plane.astype(np.uint64) * alpha
    return ((product + top // 2) // top).astype(plane.dtype)


def _header(path: Path, container: str) -> _Header:
    with path.open("rb") as file:
        data = file.read(_LONGEST_HEADER)
    try:
        if container == "jpeg_pipe":
            return _of_jpeg(data)
        if container == "tiff_pipe":
            with path.open("rb") as file:  # its directory may stand at the very end
                return _of_directory(_directory(file.read()))
        if container == "png_pipe":
            return _of_chunks(data[8:], ">I4s", b"eXIf", after=4)
        if container == "webp_pipe":
            return _of_chunks(data[12:], "<4sI", b"EXIF", after=0)
    except (struct.error, IndexError):  # what cannot be understood says nothing
        pass
    return _Header()


def _of_jpeg(data: bytes) -> _Header:
    at, orientation, inks = 2, AS_STORED, False
    while at + 4 <= len(data) and data[at] == 0xFF:
        kind, length = data[at + 1], struct.unpack_from(">H", data, at + 2)[0]
        body = data[at + 4 : at + 2 + length]
        if kind == 0xE1 and body.startswith(b"Exif\0\0"):
            orientation = _of_directory(_directory(body[6:])).orientation
        if kind in _FRAMES_OF_JPEG:
            inks = body[5] == 4
            break
        at += 2 + length
    return _Header(orientation=orientation, inks=inks)


def _of_chunks(data: bytes, layout: str, wanted: bytes, *, after: int) -> _Header:
    """The Exif chunk of a PNG (length first) or of a WebP (name first)."""
    at = 0
    while at + 8 <= len(data):
        pair = struct.unpack_from(layout, data, at)
        name, length = pair if isinstance(pair[0], bytes) else pair[::-1]
        if name == wanted:
            body = data[at + 8 : at + 8 + length].removeprefix(b"Exif\0\0")
            return _Header(orientation=_of_directory(_directory(body)).orientation)
        at += 8 + length + after + (length % 2 if after == 0 else 0)
    return _Header()


def _of_directory(tags: dict[int, int]) -> _Header:
    return _Header(
        orientation=orientation_of_exif(tags.get(_ORIENTATION, 1)),
        inks=tags.get(_PHOTOMETRIC) == _INKS,
        associated=tags.get(_EXTRA_SAMPLES) == _ASSOCIATED,
    )


def _directory(data: bytes) -> dict[int, int]:
    """The short numbers of a TIFF's first directory (TIFF 6.0, section 2), by tag."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None:
        return {}
    at = struct.unpack_from(f"{order}I", data, 4)[0]
    count = struct.unpack_from(f"{order}H", data, at)[0]
    tags: dict[int, int] = {}
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, values = struct.unpack_from(f"{order}HHI", data, entry)
        if kind == 3 and values == 1:
            tags[tag] = struct.unpack_from(f"{order}H", data, entry + 8)[0]
    return tags
