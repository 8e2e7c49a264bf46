"""Writes a take as a camera would: exact rate, timecode, reel, colour tags."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Shown = NDArray[np.float32]
"""`h w 3` RGB, 0..1, BT.709 code."""

_KR, _KB = 0.2126, 0.0722
_KG = 1 - _KR - _KB


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """How a camera was set."""

    file: str
    rate: Fraction
    timecode: str
    reel: str
    codec: Literal["prores", "h264"]


def write(roll: Roll, folder: Path, frames: Iterable[Shown], width: int, height: int) -> None:
    """Encode frames under a temporary name; the file appears under its own when it is whole."""
    target = folder / roll.file
    partial = target.with_name(f"{target.stem}.part{target.suffix}")
    deep = roll.codec == "prores"
    options = {"movie_timescale": str(roll.rate.numerator), "movflags": "+faststart"}
    with av.open(str(partial), "w", options=options) as container:
        if deep:
            fixed = {"flags": "+qscale", "global_quality": str(5 * 118)}  # 118 is FFmpeg's QP unit
            stream = container.add_stream(
                "prores_ks", rate=roll.rate, options={"profile": "hq", "vendor": "apl0", **fixed}
            )
            stream.pix_fmt = "yuv422p10le"
        else:
            stream = container.add_stream(
                "libx264", rate=roll.rate, options={"crf": "15", "preset": "veryfast", "bf": "0"}
            )
            stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        stream.width, stream.height = width, height
        context.time_base = 1 / roll.rate
        context.color_primaries = context.color_trc = context.colorspace = context.color_range = 1
        context.sample_aspect_ratio = Fraction(1)
        stream.metadata["timecode"] = roll.timecode
        stream.metadata["reel_name"] = roll.reel
        for number, shown in enumerate(frames):
            frame = coded(shown, deep=deep)
            frame.pts, frame.time_base = number, 1 / roll.rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    partial.replace(target)


def coded(shown: Shown, *, deep: bool) -> av.VideoFrame:
    """BT.709 limited range: 4:2:2 in ten bits, or 4:2:0 in eight. Chroma sits on the left."""
    scale = 4.0 if deep else 1.0
    luma, chroma = 219 * scale, 224 * scale
    matrix = np.asarray(
        [
            [_KR * luma, _KG * luma, _KB * luma, 16 * scale],
            [-_KR / (2 - 2 * _KB) * chroma, -_KG / (2 - 2 * _KB) * chroma, chroma / 2, 128 * scale],
            [chroma / 2, -_KG / (2 - 2 * _KR) * chroma, -_KB / (2 - 2 * _KR) * chroma, 128 * scale],
        ],
        np.float32,
    )
    ycc = cv2.transform(np.ascontiguousarray(shown, np.float32), matrix)
    planes = [ycc[..., 0]]
    sited = np.asarray([[0.25, 0.5, 0.25]], np.float32)
    for index in (1, 2):
        plane = cv2.filter2D(ycc[..., index], -1, sited)[:, ::2]
        planes.append(plane if deep else (plane[::2] + plane[1::2]) / 2)
    h, w = shown.shape[:2]
    frame = av.VideoFrame(w, h, "yuv422p10le" if deep else "yuv420p")
    for target, plane in zip(frame.planes, planes, strict=True):
        samples = np.rint(plane).astype(np.uint16 if deep else np.uint8)
        row = samples.shape[1] * samples.itemsize
        padded = np.zeros((samples.shape[0], target.line_size), np.uint8)
        padded[:, :row] = np.ascontiguousarray(samples).view(np.uint8)
        target.update(padded.tobytes())
    frame.color_primaries = frame.color_trc = frame.colorspace = frame.color_range = 1
    return frame
