"""A movie for every row of docs/media.md; every frame carries its number as bars in its luma."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray
from secondunit.timeline.layouts import FORMATS
from secondunit.timeline.picture import Picture

BITS, WIDE, HIGH, FRAMES = 7, 32, 128, 40
SIZE = (BITS + 1) * WIDE, HIGH  # the smallest that every encoder takes


@dataclass(frozen=True, kw_only=True)
class Row:
    """A kind of file."""

    name: str
    """As in the table."""
    file: str
    codec: str
    pixels: str
    kept: str | None = None
    """Layout that frames are read in, where it is not `pixels`."""
    options: dict[str, str] = field(default_factory=dict)
    rate: Fraction = Fraction(25)
    steps: tuple[int, ...] = ()
    """Milliseconds from frame to frame, over and over, where the clock is not constant."""
    tags: tuple[int, int, int, int] | None = None
    """Primaries, transfer, matrix, range."""


def _x264(more: str = "") -> dict[str, str]:
    words = "keyint=12:min-keyint=12:scenecut=0:bframes=3:log-level=none"
    return {"preset": "ultrafast", "x264-params": f"{words}{more}"}


def _x265(more: str = "") -> dict[str, str]:
    words = "keyint=12:min-keyint=12:scenecut=0:bframes=3:log-level=none:pools=none"
    return {"preset": "ultrafast", "x265-params": f"{words}{more}"}


NTSC = Fraction(24000, 1001)
PQ, HLG = (9, 16, 9, 1), (9, 18, 9, 1)

ROWS = (
    Row(name="H.264 4:2:0 8 bit, closed GOP", file="a.mp4", codec="libx264", pixels="yuv420p",
        options=_x264(), rate=NTSC),
    Row(name="H.264 open GOP", file="a.mov", codec="libx264", pixels="yuv420p",
        options=_x264(":open-gop=1"), rate=Fraction(30000, 1001)),
    Row(name="H.264 4:2:2 10 bit", file="a.mov", codec="libx264", pixels="yuv422p10le",
        options=_x264(":open-gop=1")),
    Row(name="H.264 4:4:4", file="a.mkv", codec="libx264", pixels="yuv444p", options=_x264()),
    Row(name="H.264 full range", file="a.mp4", codec="libx264", pixels="yuv420p",
        options=_x264(), tags=(1, 1, 1, 2)),
    Row(name="H.264 with a varying rate", file="a.mp4", codec="libx264", pixels="yuv420p",
        options=_x264(), steps=(20, 33, 40, 100, 40)),
    Row(name="H.264 in an MPEG transport stream", file="a.ts", codec="libx264", pixels="yuv420p",
        options=_x264(":open-gop=1")),
    Row(name="MPEG-2 in an MPEG transport stream", file="a.m2ts", codec="mpeg2video",
        pixels="yuv420p", options={"g": "12", "bf": "2", "mpegts_m2ts_mode": "1"}),
    Row(name="HEVC Main, open GOP", file="a.mp4", codec="libx265", pixels="yuv420p",
        options=_x265(":open-gop=1")),
    Row(name="HEVC Main 10", file="a.mov", codec="libx265", pixels="yuv420p10le",
        options=_x265(":open-gop=1"), rate=NTSC),
    Row(name="HEVC 4:2:2 10 bit", file="a.mkv", codec="libx265", pixels="yuv422p10le",
        options=_x265()),
    Row(name="HEVC 4:4:4 12 bit", file="a.mkv", codec="libx265", pixels="yuv444p12le",
        options=_x265()),
    Row(name="HEVC PQ", file="a.mp4", codec="libx265", pixels="yuv420p10le", options=_x265(),
        tags=PQ),
    Row(name="HEVC HLG", file="a.mp4", codec="libx265", pixels="yuv420p10le", options=_x265(),
        tags=HLG),
    Row(name="AV1 8 bit", file="a.mp4", codec="libsvtav1", pixels="yuv420p",
        options={"preset": "8", "crf": "12", "g": "12"}),
    Row(name="AV1 10 bit", file="a.mkv", codec="libsvtav1", pixels="yuv420p10le",
        options={"preset": "8", "crf": "12", "g": "12"}),
    Row(name="VP9", file="a.webm", codec="libvpx-vp9", pixels="yuv420p",
        options={"deadline": "realtime", "cpu-used": "8", "g": "12"}),
    Row(name="ProRes 422", file="a.mov", codec="prores_ks", pixels="yuv422p10le",
        options={"profile": "hq"}, rate=NTSC),
    Row(name="ProRes 4444", file="a.mov", codec="prores_ks", pixels="yuv444p10le",
        kept="yuv444p12le", options={"profile": "4444"}),
    Row(name="ProRes 4444 with alpha", file="a.mov", codec="prores_ks", pixels="yuva444p10le",
        kept="yuv444p12le", options={"profile": "4444", "alpha_bits": "16"}),
    Row(name="DNxHR HQX in mov", file="a.mov", codec="dnxhd", pixels="yuv422p10le",
        options={"profile": "dnxhr_hqx"}),
    Row(name="DNxHR HQX in MXF", file="a.mxf", codec="dnxhd", pixels="yuv422p10le",
        options={"profile": "dnxhr_hqx"}),
    Row(name="DNxHR SQ", file="a.mov", codec="dnxhd", pixels="yuv422p",
        options={"profile": "dnxhr_sq"}),
    Row(name="CineForm", file="a.mov", codec="cfhd", pixels="yuv422p10le"),
    Row(name="FFV1 10 bit", file="a.mkv", codec="ffv1", pixels="yuv422p10le"),
    Row(name="FFV1 RGB 16 bit", file="a.mkv", codec="ffv1", pixels="gbrp16le"),
    Row(name="MPEG-2 4:2:2 in MXF", file="a.mxf", codec="mpeg2video", pixels="yuv422p",
        options={"g": "12", "bf": "2"}),
    Row(name="MPEG-4 in avi", file="a.avi", codec="mpeg4", pixels="yuv420p",
        options={"g": "12", "bf": "2"}),
    Row(name="Motion JPEG", file="a.mov", codec="mjpeg", pixels="yuvj422p", kept="yuv422p"),
    Row(name="JPEG 2000", file="a.mov", codec="jpeg2000", pixels="yuv422p"),
    Row(name="Uncompressed v210", file="a.mov", codec="v210", pixels="yuv422p10le"),
    Row(name="QuickTime Animation", file="a.mov", codec="qtrle", pixels="rgb24", kept="gbrp"),
)  # fmt: skip


def made(folder: Path, row: Row) -> Path:
    """The row's movie of `FRAMES` frames."""
    path = folder / row.file
    tick = Fraction(1, 1000) if row.steps else 1 / row.rate
    muxing = {key: row.options[key] for key in ("mpegts_m2ts_mode",) if key in row.options}
    options = {key: value for key, value in row.options.items() if key not in muxing}
    with av.open(str(path), "w", options=muxing) as container:
        stream = container.add_stream(row.codec, rate=row.rate, options=options)
        assert isinstance(stream, VideoStream)
        (stream.width, stream.height), stream.pix_fmt = SIZE, row.pixels
        stream.codec_context.time_base = tick
        if row.tags is not None:
            context = stream.codec_context
            context.color_primaries, context.color_trc = row.tags[:2]
            context.colorspace, context.color_range = row.tags[2:]
        at = 0
        for number in range(FRAMES):
            full = 2 if row.tags is not None and row.tags[3] == 2 else 1
            frame = av.VideoFrame.from_ndarray(numbered_bars(number), "rgb24")
            frame = frame.reformat(format=row.pixels, dst_color_range=full)
            if row.tags is not None:
                frame.color_primaries, frame.color_trc = row.tags[:2]
                frame.colorspace, frame.color_range = row.tags[2:]
            frame.pts, frame.time_base = at, tick
            at += row.steps[number % len(row.steps)] if row.steps else 1
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def numbered_bars(number: int) -> NDArray[np.uint8]:
    """`h w 3`: a white bar for every one in the number, the highest first, and a grey one."""
    lit = [number >> bit & 1 for bit in reversed(range(BITS))]
    row = np.repeat(np.array([*(220 * b + 18 for b in lit), 128], np.uint8), WIDE)
    return np.broadcast_to(row[None, :, None], (HIGH, len(row), 3)).copy()


def number_in(picture: Picture) -> int:
    """The number that a picture carries, of whatever depth and layout."""
    layout = FORMATS[picture.format]
    row = picture.planes[0][HIGH // 2].astype(np.float64) / 2**layout.bits
    middles = row[WIDE // 2 :: WIDE]
    return sum(int(middles[n] > middles[-1]) << (BITS - 1 - n) for n in range(BITS))
