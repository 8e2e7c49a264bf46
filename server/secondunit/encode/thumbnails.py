"""Small PNGs of a finished clip: a poster, a strip of frames side by side, a contact sheet."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from secondunit.catalog.deliveries import DELIVERIES
from secondunit.encode.durable import replacing, unwritten
from secondunit.encode.sequence import numbered, pictures_in
from secondunit.encode.verify import Facts
from secondunit.errors import DeliveryError
from secondunit.finish.drawing import Canvas, width_of
from secondunit.timeline.picture import Picture, picture_of_frame
from secondunit.units import Size

_GAP = 2  # black pixels between the pictures of a strip
_LABEL, _INK = (232, 178, 76), (24, 25, 27)


def poster(
    clip: Path, target: Path, *, frame: int, height: int = 360, draft: bool = False,
    facts: Facts | None = None,
) -> None:  # fmt: skip
    """Write frame number `frame` of a clip, at most `height` pixels high. Raises DeliveryError.

    A draft says that it is one.
    """
    (shown,) = pictures(clip, (frame,), height, facts=facts)
    save(stamped(shown) if draft else shown, target)


def strip(
    clip: Path, target: Path, *, frames: tuple[int, ...], height: int = 96, draft: bool = False,
    facts: Facts | None = None,
) -> None:  # fmt: skip
    """Write the numbered frames of a clip (from 0) side by side. Raises DeliveryError.

    A draft says that it is one, on its first picture.
    """
    shown = pictures(clip, frames, height, facts=facts)
    if draft:
        shown[0] = stamped(shown[0])
    tall = shown[0].shape[0]
    between = np.zeros((tall, _GAP, 3), np.uint8)
    row = [piece for picture in shown for piece in (picture, between)][:-1]
    save(np.concatenate(row, axis=1), target)


def spread(frames: int, count: int) -> tuple[int, ...]:
    """`count` frame numbers, evenly over 0..frames-1, the first and the last among them."""
    return tuple(sorted({round(i * (frames - 1) / max(1, count - 1)) for i in range(count)}))


def pictures(
    clip: Path, frames: tuple[int, ...], height: int, *, facts: Facts | None = None
) -> list[NDArray[np.uint8]]:
    """The numbered frames of a clip (from 0) as `h w 3` 8-bit RGB, in the order asked.

    At most `height` pixels high. A clip that is a folder needs its `facts`. Raises DeliveryError.
    """
    try:
        if facts is not None and DELIVERIES[facts.delivery].sequence:
            found = _of_folder(clip, frames, height, facts)
        else:
            found = _of_movie(clip, frames, height)
    except (av.error.FFmpegError, OSError, ValueError, IndexError) as exc:
        raise DeliveryError(f"no thumbnail of {clip.name}: {exc}") from exc
    if missing := set(frames) - set(found):
        raise DeliveryError(f"no thumbnail of {clip.name}: it has no frame {min(missing)}")
    return [found[number] for number in frames]


def _of_folder(
    clip: Path, frames: tuple[int, ...], height: int, facts: Facts
) -> dict[int, NDArray[np.uint8]]:
    row = DELIVERIES[facts.delivery]
    files = numbered(clip, row.suffix)
    wanted = sorted({n for n in frames if n < len(files)})
    shown = pictures_in(tuple(files[n] for n in wanted), row, facts.colour, facts.format)
    return {n: _small(picture, height) for n, picture in zip(wanted, shown, strict=True)}


def _of_movie(clip: Path, frames: tuple[int, ...], height: int) -> dict[int, NDArray[np.uint8]]:
    found: dict[int, NDArray[np.uint8]] = {}
    with av.open(
        str(clip),
        container_options={"format_whitelist": "mov,matroska,mxf", "protocol_whitelist": "file"},
    ) as container:
        video = container.streams.video[0]
        tick, rate = Fraction(video.time_base or 1), Fraction(video.average_rate or 1)
        for number in sorted(set(frames)):
            container.seek(int(number / rate / tick), stream=video)
            for frame in container.decode(video):
                if (frame.pts or 0) * tick > (number - Fraction(1, 2)) / rate:
                    found[number] = _small(picture_of_frame(frame), height)
                    break
    return found


def stamped(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture (`h w 3`, 8 bit) with the word DRAFT in its corner."""
    canvas = Canvas(rgb.shape[1], rgb.shape[0], _INK)
    canvas.pixels[:] = rgb
    letters = max(9, rgb.shape[0] // 12)
    room = letters // 2
    wide = width_of("DRAFT", letters, 700)
    canvas.box((0, 0), (wide + 2 * room, letters + 2 * room), _LABEL)
    canvas.text((room, room + round(0.86 * letters)), "DRAFT", letters, _INK, 700)
    return canvas.pixels


def _small(picture: Picture, height: int) -> NDArray[np.uint8]:
    size = picture.size
    if size.height > height:
        width = max(1, round(size.width * height / size.height))
        picture = picture.fitted(Size(width=width, height=height))
    return np.rint(picture.rgb() * 255).astype(np.uint8)


def save(rgb: NDArray[np.uint8], target: Path) -> None:
    """Write `h w 3` 8-bit RGB as a PNG, whole or not at all. Raises DeliveryError or StoreFull."""
    try:
        codec = VideoCodecContext.create("png", "w")
        codec.height, codec.width = rgb.shape[:2]
        codec.pix_fmt, codec.time_base = "rgb24", Fraction(1, 25)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
        packets = [*codec.encode(frame), *codec.encode(None)]
        with replacing(target) as temporary:
            temporary.write_bytes(b"".join(bytes(packet) for packet in packets))
    except (av.error.FFmpegError, OSError, ValueError) as exc:
        raise unwritten(f"{target.name} cannot be written", exc) from exc
