"""Frame numbers of a file in; exactly those Pictures out, whatever the codec does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from secondunit.errors import MediaUnreadable
from secondunit.timeline import sequence
from secondunit.timeline.colour import brought
from secondunit.timeline.containers import container_of, opened, pixel_limit
from secondunit.timeline.fields import apart
from secondunit.timeline.layouts import FORMATS
from secondunit.timeline.media import Index, index_of
from secondunit.timeline.picture import Picture, picture_of_frame
from secondunit.timeline.shot import Media
from secondunit.timeline.upright import upright
from secondunit.units import Size


def decode(media: Media, indexes: Iterable[int]) -> dict[int, Picture]:
    """The pictures at these frame numbers of the file (from 0), and no others in memory.

    Each is decoded once, in one forward pass for frames that lie near each other. A still
    answers every number with its one picture. Raises MediaUnreadable for a number that the file
    does not have, for damage, and for a file whose bytes are not those that were probed.
    """
    return dict(decoded(media, indexes))


def decoded(media: Media, indexes: Iterable[int]) -> Iterator[tuple[int, Picture]]:
    """What `decode` gives, one picture after the other in the file's order, none kept."""
    wanted = sorted(set(indexes))
    if not wanted:
        return
    pixels = media.size.width * media.size.height
    index = index_of(media.path, pixels)
    if index.digest != media.digest:
        raise MediaUnreadable(
            f"'{media.path}' is not the file it was when the shot was planned; plan it again"
        )
    if media.still:
        (one,) = _home(media, [(0, index.first)])
        yield from dict.fromkeys(wanted, one[1]).items()
        return
    count = media.frames if media.sequence else len(index.pts)
    if wanted[0] < 0 or wanted[-1] >= count:
        raise MediaUnreadable(
            f"'{media.path}' has frames 0 to {count - 1}, "
            f"not {wanted[0] if wanted[0] < 0 else wanted[-1]}"
        )
    if index.sequence is not None:
        yield from _home(media, _numbered(media, index, wanted))
        return
    missing = set(wanted)
    with opened(media.path, index.container, pixels) as source:
        stream = source.streams[index.stream]
        assert isinstance(stream, VideoStream)
        stream.thread_type = "AUTO"
        stream.codec_context.options = pixel_limit(pixels)
        for number, frame in _whole(source, stream, index, wanted):
            picture = upright(picture_of_frame(frame, colour=media.colour), index.orientation)
            _check_same(media, picture, number)
            missing.discard(number)
            yield from _home(media, [(number, picture)])
    if missing:
        raise MediaUnreadable(f"frame {min(missing)} of '{media.path}' does not decode")


def _home(
    media: Media, pictures: Iterable[tuple[int, Picture]]
) -> Iterator[tuple[int, Picture]]:  # fmt: skip
    for number, picture in pictures:
        yield number, picture if media.home is None else brought(picture, media.home)


def _numbered(media: Media, index: Index, wanted: list[int]) -> Iterator[tuple[int, Picture]]:
    assert index.sequence is not None
    files, pixels = index.sequence.files, media.size.width * media.size.height
    last: tuple[Path, Picture] | None = None
    for number in wanted:
        file = _file_at(media, files, number)
        if file is None and media.missing == "black":
            black = tuple(np.zeros_like(plane) for plane in index.first.planes)
            yield number, replace(index.first, planes=black, colour=media.colour)
            continue
        if file is None:
            raise MediaUnreadable(f"'{media.path}' has no picture {index.start + number}")
        if last is None or last[0] != file:
            if container_of(file)[0] != index.container:
                raise MediaUnreadable(f"'{file}' is of another kind than the first of its sequence")
            picture = sequence.picture(file, index.container, pixels).picture
            _check_same(media, picture, number)
            last = file, replace(picture, colour=media.colour)
        yield number, last[1]


def _file_at(media: Media, files: Sequence[Path | None], number: int) -> Path | None:
    """The file whose picture a frame of a sequence shows; None where none does."""
    at = number - (number - media.phase) % media.step
    while media.missing == "hold" and at >= media.phase and files[at] is None:
        at -= media.step
    return files[at] if at >= media.phase else None


def _check_same(media: Media, picture: Picture, number: int) -> None:
    if (picture.format, picture.size) != (media.format, media.size):
        raise MediaUnreadable(
            f"'{media.path}' changes from {media.format} {media.size} to "
            f"{picture.format} {picture.size} at frame {number}"
        )


def load_mask(media: Media, size: Size, frame: int | None = None) -> NDArray[np.float32]:
    """A mask as `h w`, 0..1, 1 may change: the luma of the picture, scaled where `size` differs.

    Of a still that is one colour and transparent its alpha: what is opaque may change.
    Of a movie the first frame, or frame `frame`. Raises MediaUnreadable.
    """
    number = 0 if media.still or frame is None else min(frame, media.frames - 1)
    picture = decode(media, [number])[number]
    picture = index_of(media.path, media.size.width * media.size.height).cutout or picture
    return luma(picture, size)


def luma(picture: Picture, size: Size) -> NDArray[np.float32]:
    """`h w`, 0..1: how light a picture is, scaled where `size` differs."""
    light = FORMATS[picture.format].light  # a renderer's matte is coverage, and no light
    rgb = picture.fitted(size).rgb(clipped=not light)
    if light:
        rgb = np.clip(rgb, 0, 1)
    if np.array_equal(rgb[..., 0], rgb[..., 1]) and np.array_equal(rgb[..., 1], rgb[..., 2]):
        return np.ascontiguousarray(rgb[..., 1])  # grey as it is, without rounding in the sum
    weights = np.array([0.2126, 0.7152, 0.0722], np.float32)
    return np.clip(rgb @ weights, 0, 1).astype(np.float32)


def _whole(
    source: InputContainer, stream: VideoStream, index: Index, wanted: list[int]
) -> Iterator[tuple[int, av.VideoFrame]]:
    """(number, frame) of the wanted frames, one moment each, in order."""
    if index.fields == "none":
        for run in _runs(wanted, index):
            yield from _exactly(source, stream, index, run)
        return
    # A frame is taken apart by its neighbours, so that it is the same whoever asks for it.
    last = len(index.pts) - 1
    beside = sorted({min(max(n + d, 0), last) for n in wanted for d in (-1, 0, 1)})
    woven = (pair for run in _runs(beside, index) for pair in _exactly(source, stream, index, run))
    for number, frame in apart(woven, index.fields, source.name):
        if number in wanted:
            yield number, frame


def _runs(wanted: list[int], index: Index) -> Iterator[list[int]]:
    """Wanted frames that one forward pass reaches without a seek: no key frame to skip to."""
    run = [wanted[0]]
    for number in wanted[1:]:
        before = np.searchsorted(index.keys, index.pts[run[-1]], side="right")
        upto = np.searchsorted(index.keys, index.pts[number], side="right")
        if upto - before > 1 and number - run[-1] > 8:
            yield run
            run = []
        run.append(number)
    yield run


def _exactly(
    source: InputContainer, stream: VideoStream, index: Index, run: list[int]
) -> Iterator[tuple[int, av.VideoFrame]]:
    """(number, frame) of a run, by pts. Seeks further back while it lands after its goal.

    After a seek into an open GOP the leading frames are dropped, so that the first frame that
    comes may lie past the goal; and a container may seek by decoding time.
    """
    goal = int(index.pts[run[0]])
    position = int(np.searchsorted(index.keys, goal, side="right")) - 1
    back = 1
    while True:
        at = max(position, 0)
        if index.places:
            source.seek(index.places[at], unsupported_byte_offset=True)
        else:
            source.seek(int(index.keys[at]), stream=stream, backward=True)
        landed = False
        pending = list(run)
        for frame in _frames(source, stream):
            pts = frame.pts
            if pts is None:
                raise MediaUnreadable(f"a frame of '{source.name}' has no time")
            if not landed and pts > goal and at > 0:
                break
            landed = True
            while pending and pts > index.pts[pending[0]]:
                pending.pop(0)  # it did not decode; the caller names it
            if pending and pts == index.pts[pending[0]]:
                yield pending.pop(0), frame
            if not pending:
                return
        if landed or at == 0:
            return
        position, back = at - back, back * 2


def _frames(source: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    """Every frame from here on; a damaged one is left out, and the caller misses it if wanted."""
    for packet in source.demux(stream):
        try:
            yield from packet.decode()  # pyright: ignore[reportReturnType]
        except av.error.InvalidDataError:
            continue
