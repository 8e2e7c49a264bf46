"""One movie file being written through FFmpeg: tags, timecode, sound; every error translated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import av.container
import av.error
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from secondunit.catalog.deliveries import Delivery
from secondunit.encode.durable import unwritten
from secondunit.encode.levels import Levels
from secondunit.encode.sound import Sound, add_sound
from secondunit.errors import DeliveryError
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.layouts import FORMATS
from secondunit.timeline.picture import Picture, colour_numbers, fill_planes, tag_frame
from secondunit.units import ColourTags, timecode

_PROGRESSIVE = 1  # AV_FIELD_PROGRESSIVE: without it mov has no `fiel` atom and hosts guess
_PACKED = {"gbrp": "bgr0"}
"""Layouts that FFV1 keeps, sample for sample, under another name."""

Alpha = NDArray[np.floating]
"""`h w`, 0..1."""


class Movie:
    """One file being written."""

    def __init__(
        self,
        path: Path,
        plan: ShotPlan,
        row: Delivery,
        layout: tuple[str, ColourTags],
        sound: Sound | None,
        levels: Levels | None = None,
    ) -> None:
        """`layout` of the pictures that come, `levels` of a row that says them (None: unknown).

        Raises DeliveryError, StoreFull.
        """
        self._path, self._sound, self._row = path, sound, row
        format, self._colour = layout
        self._format = _PACKED.get(format, format) if row.codec == "ffv1" else format
        if row.alpha:
            self._format = format.replace("yuv", "yuva")
        self._tick = 1 / plan.rate.fraction
        options: dict[str, str] = {}
        if row.container in ("mov", "mp4"):
            # The default movie timescale of 1000 would cut the edit list to milliseconds.
            options = {"movie_timescale": str(plan.rate.num), "movflags": "+faststart"}
        settings = dict(row.options)
        if row.mastered:
            settings["x265-params"] += f":{(levels or Levels()).parameters()}"
        with translated(path):
            self._container = av.open(str(path), "w", format=row.container, options=options)
        try:
            with translated(path):
                self._stream = cast(
                    VideoStream,
                    self._container.add_stream(
                        row.codec, rate=plan.rate.fraction, options=settings
                    ),
                )
                self._configure(plan)
                self._tracks = add_sound(self._container, sound) if sound is not None else ()
        except BaseException:
            self.close()
            raise

    def _configure(self, plan: ShotPlan) -> None:
        self._container.flags |= av.container.Flags.bitexact.value  # the same plan, the same bytes
        stream, context = self._stream, self._stream.codec_context
        # PyAV's own choice, threads by slices, leaves ProRes one thread and cuts x264's pictures.
        stream.thread_type = "AUTO"
        context.width, context.height = plan.size.width, plan.size.height
        context.pix_fmt = self._format
        context.time_base = self._tick
        if self._row.tag:
            context.codec_tag = self._row.tag
        # On the context too: tags on frames alone never reach the container's colour atom.
        numbers = colour_numbers(self._colour)
        context.color_primaries, context.color_trc = numbers[:2]
        context.colorspace, context.color_range = numbers[2:]
        context.field_order = _PROGRESSIVE
        context.sample_aspect_ratio = Fraction(*plan.pixel_aspect)
        stream.metadata["timecode"] = timecode(plan.timecode, plan.rate, drop_frame=plan.drop_frame)
        if plan.reel:
            stream.metadata["reel_name"] = plan.reel
            if self._row.container == "mxf":  # the name of the tape that the file stands for
                self._container.metadata["reel_name"] = plan.reel

    def add(self, picture: Picture, number: int, alpha: Alpha | None) -> None:
        """Write picture `number`, counted from 0, and the sound under it."""
        with translated(self._path):
            frame = self._frame(picture, alpha)
            # encode() would silently convert any other layout, through swscale and BT.601.
            if frame.format.name != self._stream.codec_context.pix_fmt:
                raise DeliveryError(f"'{frame.format.name}' is not what the encoder takes")
            frame.pts, frame.time_base = number, self._tick
            self._container.mux(self._stream.encode(frame))
            if self._sound is not None:
                for track, stream in zip(self._sound.tracks, self._tracks, strict=True):
                    sounding = self._sound.frame(track, number)
                    self._container.mux(stream.encode(sounding))

    def _frame(self, picture: Picture, alpha: Alpha | None) -> av.VideoFrame:
        if self._row.alpha:
            return with_alpha(picture, alpha, self._format)
        frame = picture.frame()
        return frame if frame.format.name == self._format else frame.reformat(format=self._format)

    def finish(self) -> None:
        """Write what the encoders still hold, and the index."""
        with translated(self._path):
            for stream in (self._stream, *self._tracks):
                self._container.mux(stream.encode(None))
            self._container.close()

    def close(self) -> None:
        """Let go of the file; after `finish` there is nothing left to do."""
        with suppress(av.error.FFmpegError, OSError, ValueError):
            self._container.close()


def with_alpha(picture: Picture, alpha: Alpha | None, format: str) -> av.VideoFrame:
    """A picture and its alpha (None: opaque) in the layout that is its own with alpha, tagged."""
    layout, size = FORMATS[picture.format], picture.size
    if alpha is None:
        alpha = np.ones((size.height, size.width), np.float32)
    opaque = np.rint(np.clip(alpha, 0, 1) * (2**layout.bits - 1)).astype(layout.dtype)
    frame = av.VideoFrame(size.width, size.height, format)
    fill_planes(frame, (*picture.planes, opaque))
    tag_frame(frame, picture.colour)
    return frame


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """FFmpeg's and the system's errors about a file become DeliveryError or StoreFull."""
    try:
        yield
    except (av.error.FFmpegError, OSError, ValueError) as exc:
        raise unwritten(f"the file cannot be written in {path.parent}", exc) from exc
