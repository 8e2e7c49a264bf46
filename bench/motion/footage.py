"""Clips and stills as the bench needs them, and shots that ask for something on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from secondunit.config import Config
from secondunit.engine.engine import RGB
from secondunit.timeline.frames import decode
from secondunit.timeline.media import probe
from secondunit.timeline.shot import Media, Neighbour, Place, Request, Shot, SourceFrames
from secondunit.units import FrameRange, Operation, Rate

SPAN = 8
"""Frames from pin to pin of a bridge, and of an extension."""
CONTEXT = 24
STILLS = {".jpg", ".jpeg", ".png"}
MOVIES = {".m4v", ".mp4", ".mov", ".mkv"}


class Footage:
    """A clip's frames as RGB, decoded once."""

    def __init__(self, path: Path, frames: int) -> None:
        self.path, self.name = path, path.stem
        self.media: Media = probe(path, _trusting(path))
        count = min(frames, self.media.frames)
        pictures = decode(self.media, range(count))
        # At least one start with a frame of past, and every made frame inside the clip.
        if count < SPAN + 3:
            raise SystemExit(f"{path.name} has {count} frames; {SPAN + 3} are needed")
        self.rgb: list[RGB] = [pictures[i].rgb().astype(np.float32) for i in range(count)]

    def starts(self, count: int) -> list[int]:
        """Evenly spread, each with its context and its frames inside the clip; none twice."""
        last = len(self.rgb) - SPAN - 1
        first = min(4, last)
        last = max(first, last - 4)
        return sorted({int(s) for s in np.linspace(first, last, count)})


def still(path: Path) -> Media:
    """A picture to animate."""
    return probe(path, _trusting(path))


def _trusting(path: Path) -> Config:
    return Config(data=Path("unused"), roots=(path.parent,))


def between(footage: Footage, start: int) -> Shot:
    """The bridge over the frames between `start` and `start + SPAN`."""
    last = min(len(footage.rgb), start + SPAN + CONTEXT)
    return replace(
        _shot(footage.media, SPAN - 1, operation=Operation.BRIDGE),
        before=_beside(footage.media, range(max(0, start - CONTEXT), start + 1)),
        after=_beside(footage.media, range(start + SPAN, last)),
    )


def bridged(media: Media, frames: int) -> Shot:
    """So many frames between the first half of a file and the second."""
    half = media.frames // 2
    return replace(
        _shot(media, frames, operation=Operation.BRIDGE),
        before=_beside(media, range(half)),
        after=_beside(media, range(half, media.frames)),
    )


def onwards(footage: Footage, start: int, frames: int = SPAN, **asked: Any) -> Shot:
    """The extension past frame `start`."""
    return replace(
        _shot(footage.media, frames, operation=Operation.EXTEND, **asked),
        before=_beside(footage.media, range(max(0, start - CONTEXT), start + 1)),
    )


def animated(picture: Media, frames: int, **asked: Any) -> Shot:
    """A still that moves."""
    return replace(
        _shot(picture, frames, operation=Operation.ANIMATE, **asked),
        still=SourceFrames(media=picture, indexes=(0,)),
    )


def _shot(media: Media, frames: int, **asked: Any) -> Shot:
    return Shot(
        id="benchaaa", name="bench", request=Request(handles=0, **asked),
        rate=media.rate or Rate(num=24), size=media.size,
        record=FrameRange(start=100, frames=frames), timecode_start=0, drop_frame=False,
        before=None, after=None, still=None, place=Place(track=0, item=1, path="bench"),
    )  # fmt: skip


def _beside(media: Media, indexes: range) -> Neighbour:
    return Neighbour(
        name=media.path.stem,
        shown=SourceFrames(media=media, indexes=tuple(indexes)),
        beyond=SourceFrames(media=media, indexes=()),
    )
