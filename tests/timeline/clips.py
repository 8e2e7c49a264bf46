"""Small footage made in the test: every frame another, in the codecs and clocks of real files."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray


def frame_pixels(number: int, width: int = 96, height: int = 64) -> NDArray[np.uint8]:
    """`h w 3`: a picture that no other frame number has."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = number * 4 % 256
    pixels[..., 1] = (np.arange(width)[None] * 2 + number * 3) % 256
    left = number * 2 % (width - 10)
    pixels[10:20, left : left + 10] = 255
    return pixels


def movie(
    path: Path, codec: str = "libx264", pixels: str = "yuv420p", *, frames: int = 48,
    rate: Fraction = Fraction(25), pts: Sequence[int] | None = None,
    time_base: Fraction | None = None, options: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None, size: tuple[int, int] = (96, 64),
    aspect: Fraction | None = None,
) -> Path:  # fmt: skip
    """A movie of `frame_pixels`; `pts` in `time_base` where the clock is not constant."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        stream.metadata.update(metadata or {})
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if time_base is not None:
            stream.codec_context.time_base = time_base
        for number in range(frames):
            picture = av.VideoFrame.from_ndarray(frame_pixels(number, *size), "rgb24")
            picture = picture.reformat(format=pixels)
            picture.pts = number if pts is None else pts[number]
            picture.time_base = time_base or 1 / rate
            for packet in stream.encode(picture):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path


def trimmed(source: Path, path: Path, first: int, rate: Fraction) -> Path:
    """The same packets with an edit list that hides the first frames, as hosts trim."""
    with (
        av.open(str(source)) as old,
        av.open(str(path), "w", options={"avoid_negative_ts": "disabled"}) as new,
    ):
        origin = old.streams.video[0]
        stream = new.add_stream_from_template(origin)
        shift = int(first / rate / (origin.time_base or Fraction(1)))
        for packet in old.demux(origin):
            if packet.dts is None or packet.pts is None:
                continue
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            packet.stream = stream
            new.mux(packet)
    return path
