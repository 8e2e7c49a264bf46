"""Finished frames become a file: exact in rate, count, timecode and tags, whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import av.container
import av.error
from av.video.stream import VideoStream

from secondunit.catalog.deliveries import DELIVERIES, Delivery
from secondunit.encode.durable import settle, temporary_beside, unwritten
from secondunit.encode.verify import Content, Facts, verify
from secondunit.engine.engine import Progress
from secondunit.errors import DeliveryError
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.picture import FORMATS, Picture, colour_numbers
from secondunit.units import ColourTags, timecode

_PROGRESSIVE = 1  # AV_FIELD_PROGRESSIVE: without it mov has no `fiel` atom and hosts guess
_PACKED = {"gbrp": "bgr0"}
"""Layouts that FFV1 keeps, sample for sample, under another name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A file that was written, read back and found to be what was asked."""

    path: Path
    facts: Facts
    digest: str
    """SHA-256 of the file's bytes."""
    bytes: int


def write(
    pictures: Iterable[Picture], plan: ShotPlan, target: Path, *, progress: Progress
) -> Encoded:
    """Encode `plan.file_range.frames` pictures, in file order, to `target`; verify; then rename.

    Pictures are taken one at a time and not kept. The file is decoded whole before it gets its
    name, and an exact delivery must give back the very samples that went in. Whatever goes
    wrong, or is raised by `progress` or by `pictures`, leaves nothing behind. Raises
    DeliveryError for a wrong number, size or layout of pictures, for what the codec refuses,
    and for a file that reads back as something else; StoreFull where the disk is full.
    """
    facts = facts_of(plan)
    row = DELIVERIES[plan.delivery]
    temporary = temporary_beside(target.absolute())
    try:
        content = _encode(pictures, plan, temporary, progress)
        if row.exact:
            facts = replace(facts, samples=content.digest)
        wrong = verify(temporary, facts, content=content, progress=progress)
        if wrong:
            raise DeliveryError(f"{target.name} is not as asked: {'; '.join(wrong)}")
        with _translated(target):
            with temporary.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = temporary.stat().st_size
            settle(temporary, target)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return Encoded(path=target, facts=facts, digest=digest, bytes=size)


def facts_of(plan: ShotPlan) -> Facts:
    """What the file of a plan must be. Raises DeliveryError for what no file can be."""
    row = DELIVERIES.get(plan.delivery)
    if row is None:
        raise DeliveryError(f"there is no delivery '{plan.delivery}'")
    format, colour = layout_of(plan, row)
    try:
        start = timecode(plan.timecode, plan.rate, drop_frame=plan.drop_frame)
    except ValueError as exc:
        raise DeliveryError(f"{plan.name} cannot carry timecode: {exc}") from exc
    return Facts(
        delivery=row.name,
        frames=plan.file_range.frames,
        rate=plan.rate,
        size=plan.size,
        format=row.decoded or format,
        colour=colour,
        timecode=start,
        reel=plan.reel if row.reel else None,
        samples=None,
        pixel_aspect=plan.pixel_aspect,
    )


def layout_of(plan: ShotPlan, row: Delivery) -> tuple[str, ColourTags]:
    """Layout and tags of the pictures that are handed to the encoder.

    An exact delivery keeps the plan's own. Elsewhere YUV is limited range, since mov has no flag
    for full range; RGB becomes BT.709 (BT.2020 where its primaries are), and pictures in sRGB
    keep their code values under the BT.709 transfer, as hosts show stills in a video timeline.
    """
    if row.format is None or FORMATS[row.format].rgb:
        return row.format or plan.format, plan.colour
    colour = replace(plan.colour, full_range=False)
    if colour.matrix == "gbr":
        colour = replace(colour, matrix="bt2020nc" if colour.primaries == "bt2020" else "bt709")
    if FORMATS[plan.format].rgb and colour.transfer == "iec61966-2-1":
        colour = replace(colour, transfer="bt709")
    return row.format, colour


def _encode(
    pictures: Iterable[Picture], plan: ShotPlan, temporary: Path, progress: Progress
) -> Content:
    row = DELIVERIES[plan.delivery]
    total = plan.file_range.frames
    content, count = Content(), 0
    mux = _Mux(temporary, plan, row)
    try:
        for picture in pictures:
            if count == total:
                raise DeliveryError(f"{plan.name}: more pictures came than the {total} planned")
            mux.add(_fitting(picture, plan, row, content), count)
            count += 1
            progress("encode", count, total)
        if count != total:
            raise DeliveryError(f"{plan.name}: {count} pictures came, {total} were planned")
        mux.finish()
    finally:
        mux.close()
    return content


def _fitting(picture: Picture, plan: ShotPlan, row: Delivery, content: Content) -> Picture:
    """The picture as the encoder takes it, accounted for."""
    if picture.size != plan.size:
        raise DeliveryError(f"{plan.name}: a picture is {picture.size}, planned is {plan.size}")
    format, colour = layout_of(plan, row)
    if row.exact and (picture.format, picture.colour) != (format, colour):
        raise DeliveryError(
            f"{plan.name}: a picture is {picture.format} ({picture.colour}), planned is "
            f"{format} ({colour}), and '{row.name}' must not convert"
        )
    # Names for the same code values: see layout_of.
    named = replace(
        picture.colour, primaries=colour.primaries, transfer=colour.transfer
    )  # fmt: skip
    fitting = replace(picture, colour=named).converted(format, colour)
    content.add(fitting)
    return fitting


class _Mux:
    """One file being written; every call translates FFmpeg's errors."""

    def __init__(self, path: Path, plan: ShotPlan, row: Delivery) -> None:
        self._path = path
        format, colour = layout_of(plan, row)
        self._format = _PACKED.get(format, format) if row.codec == "ffv1" else format
        self._tick = 1 / plan.rate.fraction
        options: dict[str, str] = {}
        if row.container in ("mov", "mp4"):
            # The default movie timescale of 1000 would cut the edit list to milliseconds.
            options = {"movie_timescale": str(plan.rate.num), "movflags": "+faststart"}
        with _translated(path):
            self._container = av.open(str(path), "w", format=row.container, options=options)
        try:
            with _translated(path):
                self._stream = cast(
                    VideoStream,
                    self._container.add_stream(
                        row.codec, rate=plan.rate.fraction, options=dict(row.options)
                    ),
                )
                self._configure(plan, row, colour)
        except BaseException:
            self.close()
            raise

    def _configure(self, plan: ShotPlan, row: Delivery, colour: ColourTags) -> None:
        self._container.flags |= av.container.Flags.bitexact.value  # the same plan, the same bytes
        stream, context = self._stream, self._stream.codec_context
        context.width, context.height = plan.size.width, plan.size.height
        context.pix_fmt = self._format
        context.time_base = self._tick
        if row.tag:
            context.codec_tag = row.tag
        # On the context too: tags on frames alone never reach the container's colour atom.
        numbers = colour_numbers(colour)
        context.color_primaries, context.color_trc = numbers[:2]
        context.colorspace, context.color_range = numbers[2:]
        context.field_order = _PROGRESSIVE
        context.sample_aspect_ratio = Fraction(*plan.pixel_aspect)
        stream.metadata["timecode"] = timecode(plan.timecode, plan.rate, drop_frame=plan.drop_frame)
        if plan.reel:
            stream.metadata["reel_name"] = plan.reel

    def add(self, picture: Picture, number: int) -> None:
        """Write picture `number`, counted from 0."""
        with _translated(self._path):
            frame = picture.frame()
            if frame.format.name != self._format:
                frame = frame.reformat(format=self._format)
            # encode() would silently convert any other layout, through swscale and BT.601.
            if frame.format.name != self._stream.codec_context.pix_fmt:
                raise DeliveryError(f"'{frame.format.name}' is not what the encoder takes")
            frame.pts, frame.time_base = number, self._tick
            self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Write what the encoder still holds, and the index."""
        with _translated(self._path):
            self._container.mux(self._stream.encode(None))
            self._container.close()

    def close(self) -> None:
        """Let go of the file; after `finish` there is nothing left to do."""
        with suppress(av.error.FFmpegError, OSError, ValueError):
            self._container.close()


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (av.error.FFmpegError, OSError, ValueError) as exc:
        raise unwritten(f"the file cannot be written in {path.parent}", exc) from exc
