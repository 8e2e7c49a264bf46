"""A take as a folder of numbered files, one a picture, with its sound in a .wav among them."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av
import av.container
import numpy as np
from av.video.codeccontext import VideoCodecContext

from secondunit.catalog.deliveries import FIRST_FRAME, Delivery, frame_name
from secondunit.encode import dpx, exr
from secondunit.encode.durable import sync
from secondunit.encode.light import Space, chromaticities, from_light, to_light
from secondunit.encode.movie import Alpha, translated, with_alpha
from secondunit.encode.sound import HZ, Sound, add_sound
from secondunit.errors import DeliveryError
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.layouts import FORMATS, HALF
from secondunit.timeline.picture import (
    Picture,
    picture_from_rgb,
    picture_of_frame,
    picture_of_light,
    planes_of,
)
from secondunit.units import ColourTags, Rate, timecode

_NUMBERED = re.compile(r"(.+)\.(\d{4,})\.\w+")
_FASTEST_CLOCK = 30
"""Frames per second that the timecode of a picture's header can count (ST 12-1)."""
_INTEROP = {"ACES2065-1": "lin_ap0_scene", "ACEScg": "lin_ap1_scene"}
_LAST = 9999 - FIRST_FRAME + 1


class HasClock(Protocol):
    """What a picture's header is compared with: `verify.Facts`."""

    @property
    def rate(self) -> Rate:
        """Of the sequence."""
        ...

    @property
    def reel(self) -> str | None:
        """None: none was asked."""
        ...


class Sequence:
    """A folder being filled."""

    def __init__(
        self, folder: Path, stem: str, plan: ShotPlan, row: Delivery, sound: Sound | None
    ) -> None:
        """`stem` begins the names of the files. Raises DeliveryError, StoreFull."""
        self._folder, self._stem, self._plan, self._row = folder, stem, plan, row
        self._sound = sound
        total = plan.file_range.frames
        if total > _LAST:
            raise DeliveryError(
                f"{plan.name} has {total} frames; numbers of four digits from {FIRST_FRAME} on end "
                f"at {_LAST}: use a movie delivery"
            )
        with translated(folder):
            folder.mkdir()

    def packed(
        self, named: Picture, fitted: Picture, number: int, alpha: Alpha | None
    ) -> bytes:  # fmt: skip
        """The bytes of picture `number`; called by several threads.

        `named` is the picture in its own layout, `fitted` the same in the row's. `alpha` of a row
        that has one; None: opaque.
        """
        plan, row, size = self._plan, self._row, fitted.size
        if row.alpha and alpha is None:
            alpha = np.ones((size.height, size.width), np.float32)
        clock = clock_of(plan.timecode + number, plan.rate, drop_frame=plan.drop_frame)
        if row.light is not None:
            header = exr.Header(
                chromaticities=chromaticities(row.light), space=_INTEROP[row.light],
                rate=plan.rate, timecode=clock, reel=plan.reel, pixel_aspect=plan.pixel_aspect,
            )  # fmt: skip
            colour = named.colour
            rgb = named.rgb(clipped=False)
            light = to_light(rgb, colour.transfer, colour.primaries, row.light)
            return exr.packed(light, header, alpha)
        if row.codec == "dpx":
            head = dpx.Header(
                name=frame_name(self._stem, number, row.suffix), number=FIRST_FRAME + number,
                frames=plan.file_range.frames, rate=plan.rate, timecode=clock, reel=plan.reel,
                pixel_aspect=plan.pixel_aspect,
            )  # fmt: skip
            return dpx.packed(fitted, head)
        with translated(self._folder):
            return _png(fitted, plan, alpha)

    def add(self, data: bytes, number: int) -> None:
        """Write the bytes of picture `number`, counted from 0."""
        with translated(self._folder):
            path = self._folder / frame_name(self._stem, number, self._row.suffix)
            path.write_bytes(data)
            sync(path)

    def finish(self) -> None:
        """Write the sound."""
        if self._sound is None:
            return
        one = len(self._sound.tracks) == 1
        for n, track in enumerate(self._sound.tracks, 1):
            path = self._folder / (f"{self._stem}.wav" if one else f"{self._stem}.a{n}.wav")
            with translated(self._folder):
                _wav(path, replace(self._sound, tracks=(track,)), self._plan)
                sync(path)

    def close(self) -> None:
        """Nothing is held open between two pictures."""


def clock_of(frame: int, rate: Rate, *, drop_frame: bool) -> str | None:
    """The timecode for a picture's own header; None where headers cannot count so fast."""
    fast = rate.nominal > _FASTEST_CLOCK
    return None if fast else timecode(frame, rate, drop_frame=drop_frame)


def numbered(folder: Path, suffix: str) -> tuple[Path, ...]:
    """The pictures of a folder in order. Raises DeliveryError where a number is not there."""
    found: dict[int, Path] = {}
    stems: set[str] = set()
    for path in folder.iterdir():
        match = _NUMBERED.fullmatch(path.name)
        if match and path.suffix == suffix and not path.name.startswith("."):
            stems.add(match[1])
            found[int(match[2])] = path
    if len(stems) > 1:
        raise DeliveryError(f"{folder.name} has pictures of several names: {', '.join(stems)}")
    numbers = sorted(found)
    for wanted, number in enumerate(numbers, FIRST_FRAME):
        if number != wanted:
            raise DeliveryError(f"{folder.name} has no picture {wanted}, but one {number}")
    return tuple(found[n] for n in numbers)


def pictures_in(
    files: tuple[Path, ...],
    row: Delivery,
    colour: ColourTags,
    format: str | None = None,
    opaque: list[float] | None = None,
) -> Iterator[Picture]:
    """The pictures of files, decoded by FFmpeg; scene-linear ones as the code values they were.

    `colour` tells the transfer and primaries of those, `format` their layout (None: the row's).
    `opaque` is told the mean of each picture's alpha, 0..1, where it has one. Raises FFmpegError,
    OSError.
    """
    for path in files:
        with av.open(
            str(path), format=row.demuxer,
            container_options={"format_whitelist": row.demuxer, "protocol_whitelist": "file"},
        ) as container:  # fmt: skip
            frame = next(container.decode(video=0))
            if opaque is not None and any(c.is_alpha for c in frame.format.components):
                opaque.append(_opaque(frame))
            if row.light is not None:
                yield _code_values(frame, row.light, format or row.format or HALF, colour)
            else:  # neither DPX nor PNG can say all the tags
                yield picture_of_frame(frame, colour=colour)


def header_differences(
    path: Path, row: Delivery, facts: HasClock, clock: str | None
) -> list[str]:  # fmt: skip
    """Where the header of one picture is not as it must be, in words. Raises OSError, ValueError.

    Of the rate, the timecode, the reel and the primaries, as far as the kind of file has them.
    """
    if row.codec == "exr" and row.light is not None:
        found = exr.attributes(path)
        rate = struct.unpack("<iI", found["framesPerSecond"]) if "framesPerSecond" in found else ()
        points = struct.pack("<8f", *chromaticities(row.light))
        reel = found["reelName"].decode() if "reelName" in found else None
        said = {
            "rate": (rate, (facts.rate.num, facts.rate.den)),
            "timecode": (
                exr.timecode_of(found["timeCode"]) if "timeCode" in found else None,
                clock,
            ),
            "reel": (reel, facts.reel),
            "primaries": (found.get("chromaticities") == points, True),
        }
    elif row.codec == "dpx":
        head = dpx.head_of(path)
        said = {
            "rate": (round(dpx.rate_of(head), 3), round(float(facts.rate), 3)),
            "timecode": (dpx.timecode_of(head), clock),
            "reel": (dpx.reel_of(head), facts.reel and facts.reel[:31]),
        }
    else:
        said = {}
    return [
        f"the {what} of {path.name} is {seen}, not {wanted}"
        for what, (seen, wanted) in said.items()
        if seen != wanted
    ]


def _opaque(frame: av.VideoFrame) -> float:
    """The mean of a frame's alpha, 0..1."""
    if "f16" in frame.format.name:
        return float(planes_of(frame, FORMATS[HALF])[3].mean(dtype=np.float64))
    alpha = planes_of(frame.reformat(format="gbrap16le"), FORMATS["gbrp16le"])[3]
    return float(alpha.mean()) / 65535


def _code_values(frame: av.VideoFrame, space: Space, format: str, colour: ColourTags) -> Picture:
    """A decoded half float frame as a picture in `colour`: code values, or the light itself."""
    g, b, r = (plane.astype(np.float32) for plane in planes_of(frame, FORMATS[HALF])[:3])
    light = np.stack([r, g, b], axis=-1)
    own = from_light(light, colour.transfer, colour.primaries, space)
    if FORMATS[format].light:
        return picture_of_light(own, format, colour)
    return picture_from_rgb(own, format, colour)


def _png(picture: Picture, plan: ShotPlan, alpha: Alpha | None) -> bytes:
    size = picture.size
    packed = "rgb48be" if alpha is None else "rgba64be"
    codec = VideoCodecContext.create("png", "w")
    codec.width, codec.height, codec.pix_fmt = size.width, size.height, packed
    codec.time_base = 1 / plan.rate.fraction
    codec.sample_aspect_ratio = Fraction(*plan.pixel_aspect)
    frame = picture.frame() if alpha is None else with_alpha(picture, alpha, "gbrap16le")
    frame = frame.reformat(format=packed)  # another order of the same samples
    return b"".join(bytes(packet) for packet in (*codec.encode(frame), *codec.encode(None)))


def _wav(path: Path, sound: Sound, plan: ShotPlan) -> None:
    """Broadcast Wave (EBU Tech 3285), whose clock is samples since midnight."""
    with av.open(str(path), "w", format="wav", options={"write_bext": "1"}) as container:
        container.flags |= av.container.Flags.bitexact.value
        midnight = round(plan.timecode * HZ / plan.rate.fraction)
        container.metadata["time_reference"] = str(midnight % (24 * 3600 * HZ))
        (stream,) = add_sound(container, sound)
        for number in range(plan.file_range.frames):
            container.mux(stream.encode(sound.frame(sound.tracks[0], number)))
        container.mux(stream.encode(None))
