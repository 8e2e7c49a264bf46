"""One frame of a file as a small picture for screens, made where untrusted files are read."""

from __future__ import annotations

import base64
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from av.video.codeccontext import VideoCodecContext

from secondunit.catalog.colour_spaces import BY_OCIO
from secondunit.config import Config
from secondunit.errors import MediaUnreadable
from secondunit.timeline.colour import converted, space_of
from secondunit.timeline.frames import decode
from secondunit.timeline.layouts import Samples
from secondunit.timeline.media import probe
from secondunit.timeline.shot import Media
from secondunit.units import Size

LONGEST = 4096
SCREEN = "sRGB Encoded Rec.709 (sRGB)"
"""OpenColorIO's name of what a browser shows."""
_QUALITY = 3
"""Of FFmpeg's scale for JPEG, 2 is the best."""


def view(path: Path, frame: int, longest: int, config: Config) -> dict[str, Any]:
    """The frame as JPEG (base64), and what the file has. Raises MediaMissing, MediaUnreadable."""
    media = probe(path, config)
    number = 0 if media.still else frame
    if not media.has(number):
        raise MediaUnreadable(f"'{path}' has frames 0 to {media.frames - 1}, not {frame}")
    picture = decode(media, [number])[number]
    shown = _upright_size(media)
    factor = min(1.0, max(16, min(longest, LONGEST)) / max(shown.width, shown.height))
    size = Size(
        width=max(2, round(shown.width * factor)), height=max(2, round(shown.height * factor))
    )
    rgb = _for_screens(media, picture.fitted(size).rgb(clipped=False))
    rate = media.rate
    return {
        "jpeg": base64.b64encode(_jpeg(rgb)).decode(),
        "width": shown.width,
        "height": shown.height,
        "frames": media.frames,
        "rate": None if rate is None else [rate.num, rate.den],
    }


def _upright_size(media: Media) -> Size:
    """With square pixels."""
    wide, high = media.pixel_aspect
    return Size(width=max(1, round(media.size.width * wide / high)), height=media.size.height)


def _for_screens(media: Media, rgb: Samples) -> Samples:
    """Video as it is; light, logs and HDR by their definitions, without a look of anybody's."""
    space = space_of(media)
    row = None if space is None else BY_OCIO.get(space)
    if space is not None and row is not None and not row.video:
        rgb = converted(np.ascontiguousarray(rgb, np.float32), space, SCREEN)
    return np.clip(rgb, 0, 1)


def _jpeg(rgb: Samples) -> bytes:
    try:
        codec = VideoCodecContext.create("mjpeg", "w")
        codec.height, codec.width = rgb.shape[:2]
        codec.pix_fmt, codec.time_base = "yuvj444p", Fraction(1, 25)
        codec.qmin = codec.qmax = _QUALITY
        codes = np.rint(rgb * 255).astype(np.uint8)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(codes), format="rgb24")
        frame = frame.reformat(format="yuvj444p", dst_colorspace="ITU601", dst_color_range="JPEG")
        return b"".join(bytes(p) for p in [*codec.encode(frame), *codec.encode(None)])
    except (av.error.FFmpegError, OSError, ValueError) as exc:
        raise MediaUnreadable(f"the picture cannot be shown: {exc}") from exc
