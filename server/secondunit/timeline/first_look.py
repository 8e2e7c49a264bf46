"""The first frames of a movie in; what its pictures are out: which way up, woven, how wide."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from secondunit.errors import MediaUnreadable
from secondunit.timeline.fields import Fields, first_field, is_woven, may_be_woven
from secondunit.timeline.layouts import FORMATS
from secondunit.timeline.picture import Picture, picture_of_frame
from secondunit.timeline.upright import Orientation, upright
from secondunit.units import Rate

_PLACES, _LONG = 3, 3
"""How many stretches of how many frames are looked at for fields."""
_COLUMNS = 320
"""At least so many of them are looked at."""
_TURNS = {0: 0, -90: 1, 90: 3, 180: 2, -180: 2}
"""Quarter turns clockwise that undo the angle FFmpeg reports (counter-clockwise)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstLook:
    """What the frames of a movie are, and what is done before anyone sees them."""

    first: Picture
    """The first frame, upright."""
    orientation: Orientation
    fields: Fields
    pixel_aspect: tuple[int, int]
    notes: tuple[str, ...]


def first_look(
    source: InputContainer, stream: VideoStream, pts: NDArray[np.int64], rate: Rate, path: Path
) -> FirstLook:
    """Decode the first frame, and a few more where the footage may be interlaced.

    Raises MediaUnreadable for what cannot be shown upright or kept.
    """
    frame = next(iter(source.decode(stream)), None)
    if frame is None:
        raise MediaUnreadable(f"no frame of '{path}' decodes")
    stored = picture_of_frame(frame)
    if stored.format not in FORMATS:
        raise MediaUnreadable(f"'{path}' has pixels of a kind we do not keep ({frame.format.name})")
    notes: list[str] = []
    orientation = _orientation(frame, path)
    picture = upright(stored, orientation)
    if not orientation.upright:
        words = f"its pictures are {orientation.words()}, as its header asks"
        if picture.format != stored.format:
            words += f", and their colour is brought from {stored.format} to {picture.format}"
        notes.append(words)
    fields = _fields(source, stream, pts, rate, flagged=frame.interlaced_frame, notes=notes)
    if _transparent(frame):
        notes.append("it is transparent in places: its alpha is left away, no alpha comes out")
    return FirstLook(
        first=picture, orientation=orientation, fields=fields,
        pixel_aspect=_pixel_aspect(stream, orientation), notes=tuple(notes),
    )  # fmt: skip


def _orientation(frame: av.VideoFrame, path: Path) -> Orientation:
    if frame.rotation not in _TURNS:
        raise MediaUnreadable(
            f"'{path}' is stored turned by {frame.rotation} degrees; "
            "transcode it upright, since its pixels could not be kept exact"
        )
    return Orientation(turns=_TURNS[frame.rotation])


def _pixel_aspect(stream: VideoStream, orientation: Orientation) -> tuple[int, int]:
    said = stream.sample_aspect_ratio
    if not said:
        return 1, 1
    wide, high = said.numerator, said.denominator
    return (high, wide) if orientation.turns % 2 else (wide, high)


def _fields(
    source: InputContainer, stream: VideoStream, pts: NDArray[np.int64], rate: Rate, *,
    flagged: bool, notes: list[str],
) -> Fields:  # fmt: skip
    """Flags lie in both directions: whole pictures are sent as fields, and fields unflagged."""
    if not flagged and not may_be_woven(stream.codec_context.height, rate):
        return "none"
    stretches = [_luma(source, stream, int(pts[len(pts) * k // _PLACES])) for k in range(_PLACES)]
    bits = next((bits for _, bits in stretches), 8)
    found = [is_woven(planes, bits) for planes, _ in stretches]
    if True in found:
        planes = stretches[found.index(True)][0]
        if flagged:
            notes.append(f"it is interlaced: {_EVERY_SECOND}")
            return "flagged"
        order = first_field(planes, bits)
        notes.append(
            f"it is interlaced though nothing in it says so ({order} field first by measure): "
            f"{_EVERY_SECOND}"
        )
        return order
    if not flagged:
        return "none"
    if False in found:
        notes.append("it is marked as interlaced, but its pictures are whole and stay as they are")
        return "none"
    notes.append(f"it is marked as interlaced: {_EVERY_SECOND}")
    return "flagged"


_EVERY_SECOND = (
    "every second line of its pictures is made anew (bwdif), so they are not the file's own "
    "samples; the frame count stays"
)


def _luma(
    source: InputContainer, stream: VideoStream, at: int
) -> tuple[list[NDArray[np.unsignedinteger]], int]:
    """(luma of the first frames that decode from a key frame at or before `at`, bits)."""
    source.seek(at, stream=stream, backward=True)
    found, bits = [], 8
    for frame in islice(source.decode(stream), _LONG):
        picture = picture_of_frame(frame)
        bits = FORMATS[picture.format].bits
        found.append(picture.planes[0][:, :: max(1, picture.size.width // _COLUMNS)].copy())
    return found, bits


def _transparent(frame: av.VideoFrame) -> bool:
    parts = frame.format.components
    if not any(part.is_alpha for part in parts) or len(frame.planes) < 4:
        return False
    plane = frame.planes[3]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    wide = 1 if parts[3].bits == 8 else 2
    alpha = rows[: plane.height, : plane.width * wide].view(np.uint8 if wide == 1 else np.uint16)
    return bool(alpha.min() < 2 ** parts[3].bits - 1)
