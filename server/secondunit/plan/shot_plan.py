"""ShotPlan: everything a result depends on, and nothing else; its digest is its identity."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any

from secondunit.timeline.shot import (
    Ambient,
    CameraMove,
    Media,
    Place,
    SourceFrames,
    Stroke,
)
from secondunit.units import ColourTags, FrameRange, Operation, Rate, Size

VERSION = 1
"""Raised when the same plan would give another picture: old takes are then made anew."""


class Level(StrEnum):
    """How a control is honoured."""

    EXACT = "exact"
    ROUNDED = "rounded"
    EMULATED = "emulated"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adaptation:
    """What was changed to fit the engine or the source, said before any work."""

    level: Level
    what: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A frame of the shot that is fixed to one frame of a file."""

    frame: int
    """0 is the first shown frame; negative frames and frames past the end are handles."""
    media: Media
    index: int
    """Frame number in the file, from 0."""
    strength: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotPlan:
    """One result, resolved. Frames count from the first shown frame; handles lie outside 0..N."""

    version: int = VERSION
    shot: str
    """The shot's id."""
    name: str
    operation: Operation
    engine: str
    """A row of `catalog.engines`."""
    weights: str
    """Identity of the engine's weights (SHA-256), so that new weights mean a new result."""
    steps: int
    seed: int
    take: int
    """1 for the first take of a request that wants several."""
    rate: Rate
    size: Size
    """Of the delivered pictures."""
    work: Size
    """Size the engine renders at: `size`, or smaller for a draft."""
    frames: int
    """Frames that the cut shows."""
    handles: tuple[int, int]
    """Frames before and after them."""
    generate: tuple[FrameRange, ...]
    """Which frames are made; the others are pins."""
    pins: tuple[Pin, ...]
    """Frames that are the source's own, in order of frame."""
    past: SourceFrames | None
    """Context that ends right before the anchor of the motion, for the motion already there."""
    future: SourceFrames | None
    """Context that starts right after the closing pin."""
    mask: Media | None
    strokes: tuple[Stroke, ...]
    ambients: tuple[Ambient, ...]
    cameras: tuple[CameraMove, ...]
    strength: float
    prompt: str
    negative: str
    format: str
    """Layout the frames are finished in: the source's own (a key of `picture.FORMATS`)."""
    colour: ColourTags
    timecode: int
    """Frame number of the file's first frame (head handle included), before the 24 h wrap."""
    drop_frame: bool
    reel: str | None
    delivery: str
    """A row of `catalog.deliveries`."""
    draft: bool
    adaptations: tuple[Adaptation, ...]
    place: Place
    """Not part of the identity: a shot that moved along the timeline is still the same shot."""

    @property
    def file_range(self) -> FrameRange:
        """Frames of the file, counted from the first shown frame: handles included."""
        head, tail = self.handles
        return FrameRange(start=-head, frames=head + self.frames + tail)

    @property
    def digest(self) -> str:
        """SHA-256 of everything but the place, the words of adaptations and where files lie."""
        record = canonical(self)
        for key in ("place", "adaptations"):
            del record[key]
        text = json.dumps(_without_paths(record), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def canonical(value: Any) -> Any:
    """A frozen record as plain JSON values: dataclasses to dicts, tuples to lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: canonical(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [canonical(v) for v in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    return value


def _without_paths(value: Any) -> Any:
    # A file is its bytes: moved or relinked footage gives the same picture.
    if isinstance(value, dict):
        return {k: _without_paths(v) for k, v in value.items() if k != "path"}
    if isinstance(value, list):
        return [_without_paths(v) for v in value]
    return value
