"""ShotPlan: everything a result depends on, and nothing else; its digest is its identity."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import math
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, TypeVar

from secondunit.catalog.colour_spaces import COLOUR_SPACES
from secondunit.errors import Fault, Refused
from secondunit.timeline.shot import (
    Ambient,
    CameraMove,
    Footage,
    Mask,
    Media,
    Place,
    SourceFrames,
    Stroke,
)
from secondunit.units import ColourTags, FrameRange, Operation, Rate, Size

T = TypeVar("T")
_FRACTION = re.compile(r"-?\d{1,30}(/[1-9]\d{0,29})?")

VERSION = 4
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
    """1: the frame is the picture. Below: how far the frame is drawn towards it."""


@dataclass(frozen=True, kw_only=True)  # without slots: its digest is worked out once
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
    pulls: tuple[Pin, ...] = ()
    """Frames that are made, each drawn towards a picture as far as its strength says (above 0,
    below 1), in order of frame; none of them has a pin."""
    past: SourceFrames | None
    """Context that ends right before the anchor of the motion, for the motion already there."""
    future: SourceFrames | None
    """Context that starts right after the closing pin."""
    mask: Mask | None
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
    pixel_aspect: tuple[int, int] = (1, 1)
    """Width to height of one pixel, the source's own; the file says it too."""
    working: str = "source"
    """The space that pictures are moved in; results are in the source's own again."""
    audio: Literal["none", "keep"] = "none"
    """Whether the sound of the frames that a source shows comes with them."""
    draft: bool
    adaptations: tuple[Adaptation, ...]
    place: Place
    """Not part of the identity: a shot that moved along the timeline is still the same shot."""
    outgoing: SourceFrames | None = None
    """Of a transition: the first clip's frame at each shown frame of the shot, past its cut too."""
    incoming: SourceFrames | None = None
    """The same of the second clip, from before its cut on."""
    footage: Footage | None = None
    """The clip's own frames under the shot, one for each frame of the file."""
    motion: Literal["freeze", "steady"] | None = None
    """What becomes of the motion inside the mask of a `replace`; None: the strokes."""
    grain: Literal["match", "none"] = "match"
    """Whether made frames get the grain and the sharpness of the source beside them."""
    proxy: str = ""
    """A row of `catalog.proxies`, which is written beside the take; empty: none."""
    tier: str = ""
    """Of the engine's tiers; empty where it has none."""
    guidance: float = 1.0
    """Of the words, classifier-free; 1: without."""
    references: tuple[Media, ...] = ()
    """Pictures of who or what shall be seen, which are no frame of the shot."""

    @property
    def file_range(self) -> FrameRange:
        """Frames of the file, counted from the first shown frame: handles included."""
        head, tail = self.handles
        return FrameRange(start=-head, frames=head + self.frames + tail)

    @property
    def curve(self) -> str:
        """By what code values of the pictures are light: a log space's name, else a transfer."""
        row = COLOUR_SPACES.get(self.working)
        return self.colour.transfer if row is None or not row.log else row.name

    @property
    def from_one_picture(self) -> bool:
        """All frames come from one picture, which a mask may keep: a still, or a held frame."""
        if self.operation is Operation.LOOP:
            return bool(self.strokes or self.ambients)
        return self.operation is Operation.ANIMATE

    def home(self, frame: int) -> int:
        """The shown frame that a frame of the file repeats: a loop goes round, others do not."""
        return frame % self.frames if self.operation is Operation.LOOP else frame

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of everything but the place, the words of adaptations and where files lie."""
        return identity(canonical(self))

    @functools.cached_property
    def pictures(self) -> str:
        """The same without the clock: two plans of one value give the same pictures."""
        return identity(canonical(self), but=_CLOCK)


_NOT_IDENTITY = ("place", "adaptations")
_CLOCK = ("timecode",)
"""What of a plan is written on its pictures, and not seen in them."""


def identity(record: Mapping[str, Any], but: tuple[str, ...] = ()) -> str:
    """SHA-256 of a plan, as `canonical` wrote it, without its place and the fields of `but`."""
    return _hashed(_bare(record), but)


def _bare(record: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _without_paths(v) for k, v in record.items() if k not in _NOT_IDENTITY}


def _hashed(bare: Mapping[str, Any], but: tuple[str, ...]) -> str:
    left = {key: value for key, value in bare.items() if key not in but}
    text = json.dumps(left, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def pictures_of(record: Any, digest: str) -> str | None:
    """`ShotPlan.pictures` of a plan in a take's record; None where that is not what `digest` says.

    Nothing in it is relied on: it may be of another version of the program, or edited by hand.
    """
    try:
        if not isinstance(record, Mapping):
            return None
        bare = _bare(record)
        return _hashed(bare, _CLOCK) if _hashed(bare, ()) == digest else None
    except (TypeError, ValueError, RecursionError):
        return None


def media_uses(value: object) -> Iterator[tuple[Media, tuple[int, ...]]]:
    """Every source file in a plan, wherever it stands, with the frames that are used of it."""
    if isinstance(value, Media):
        yield value, tuple(range(value.frames)) if value.still else ()
    elif isinstance(value, SourceFrames):
        yield value.media, value.indexes
    elif isinstance(value, Footage):
        between = (
            i + 1 for i, (share, _) in zip(value.indexes, value.shares, strict=False) if share
        )
        yield value.media, (*value.indexes, *between)
    elif isinstance(value, Pin):
        yield value.media, (value.index,)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from media_uses(part)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from media_uses(getattr(value, field.name))


_LEAVES = frozenset({int, str, float, bool, type(None)})


@functools.cache
def _names(kind: type) -> tuple[str, ...]:
    """Of a record's fields; none for what is no record."""
    return tuple(f.name for f in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else ()


def canonical(value: Any) -> Any:
    """A frozen record as plain JSON values: dataclasses to dicts, tuples to lists."""
    kind = type(value)
    if kind in _LEAVES:  # nearly all values: a plan names every frame it reads
        return value
    if kind is tuple or kind is list:
        return [v if type(v) in _LEAVES else canonical(v) for v in value]
    if names := _names(kind):
        return {name: canonical(getattr(value, name)) for name in names}
    if isinstance(value, (list, tuple)):
        return [canonical(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): canonical(v) for k, v in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (Path, Fraction)):
        return str(value)
    return value


def _without_paths(value: Any) -> Any:
    # A file is its bytes: moved or relinked footage gives the same picture.
    if isinstance(value, dict):
        return {k: _without_paths(v) for k, v in value.items() if k != "path"}
    if isinstance(value, list):
        return [v if type(v) in _LEAVES else _without_paths(v) for v in value]
    return value


def plan_of_json(value: Any) -> ShotPlan:
    """The ShotPlan that `canonical` wrote: equal to the first, digest and all.

    Raises Refused with every fault at once where the value is no plan of this version.
    """
    return record_of_json(ShotPlan, value, "plan")


def record_of_json(cls: type[T], value: Any, path: str) -> T:
    """A frozen record of the JSON values that `canonical` made of one.

    Numbers stay what they are (1 does not become 1.0: the digest would change). Raises Refused
    with every fault; `path` is what the record is called in them.
    """
    faults: list[Fault] = []
    record = _hydrated(cls, value, (None, path), faults)
    if faults:
        raise Refused(faults)
    return record


_Way = tuple[Any, str]
"""(the way to what holds a value, the value's own step): spelt out only for faults."""


@functools.cache
def _shape(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """(what a type is made with, of what): asked for every value, and slow to find out."""
    origin, arms = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union or origin is types.UnionType:
        return types.UnionType, arms
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return Mapping, arms
    if origin is None and dataclasses.is_dataclass(kind):
        return dataclass, ()
    if origin is None and kind is not Any and issubclass(kind, Enum):
        return Enum, ({member.value: member for member in kind},)
    return origin or kind, arms


def _hydrated(kind: Any, value: Any, way: _Way, faults: list[Fault]) -> Any:
    origin, arms = _shape(kind)
    if origin is Any:
        return value
    if origin is types.UnionType:
        return _one_of(arms, value, way, faults)
    if origin is Literal:
        return value if value in arms else _fault(f"is none of {arms}", value, way, faults)
    if origin is tuple:
        return _tuple(arms, value, way, faults)
    if origin is Mapping:
        if not isinstance(value, Mapping):
            return _fault("is no object", value, way, faults)
        return {k: _hydrated(arms[1], v, (way, f".{k}"), faults) for k, v in value.items()}
    if origin is dataclass:
        return _record(kind, value, way, faults)
    if origin is Enum:
        if not isinstance(value, str) or value not in arms[0]:
            return _fault(f"is none of {', '.join(arms[0])}", value, way, faults)
        return arms[0][value]
    if kind is Path:
        return Path(value) if isinstance(value, str) else _fault("is no path", value, way, faults)
    if kind is Fraction:
        if isinstance(value, str) and _FRACTION.fullmatch(value):
            return Fraction(value)
        return _fault("is no fraction", value, way, faults)
    return _plain(kind, value, way, faults)


def _record(kind: Any, value: Any, way: _Way, faults: list[Fault]) -> Any:
    if not isinstance(value, Mapping):
        return _fault("is no object", value, way, faults)
    before, given, known = len(faults), {}, _fields(kind)
    for name, (hint, needed) in known.items():
        if name in value:
            given[name] = _hydrated(hint, value[name], (way, f".{name}"), faults)
        elif needed:
            faults.append(Fault(what="is missing", path=f"{_spelt(way)}.{name}"))
    for key in value.keys() - known.keys():
        faults.append(Fault(what="is no field of this version", path=f"{_spelt(way)}.{key}"))
    if len(faults) > before:
        return None
    try:
        return kind(**given)
    except ValueError as exc:
        faults.append(Fault(what=str(exc), path=_spelt(way)))
        return None


def _one_of(arms: tuple[Any, ...], value: Any, way: _Way, faults: list[Fault]) -> Any:
    if value is None and type(None) in arms:
        return None
    named = [arm for arm in arms if arm is not type(None)]
    for arm in named:
        found: list[Fault] = []
        result = _hydrated(arm, value, way, found)
        if not found:
            return result
        if len(named) == 1:
            faults.extend(found)
            return None
    return _fault("fits none of the kinds allowed here", value, way, faults)


def _tuple(arms: tuple[Any, ...], value: Any, way: _Way, faults: list[Fault]) -> Any:
    if not isinstance(value, (list, tuple)):
        return _fault("is no list", value, way, faults)
    if len(arms) == 2 and arms[1] is Ellipsis:
        if arms[0] is int and all(type(item) is int for item in value):  # numbers of frames
            return tuple(value)
        arms = (arms[0],) * len(value)
    if len(arms) != len(value):
        return _fault(f"has not {len(arms)} values", value, way, faults)
    return tuple(
        _hydrated(arm, item, (way, f"[{i}]"), faults)
        for i, (arm, item) in enumerate(zip(arms, value, strict=True))
    )


def _plain(kind: Any, value: Any, way: _Way, faults: list[Fault]) -> Any:
    allowed = (int, float) if kind is float else kind
    if not isinstance(value, allowed) or (kind is not bool and isinstance(value, bool)):
        return _fault(f"is no {kind.__name__}", value, way, faults)
    if isinstance(value, float) and not math.isfinite(value):
        return _fault("is not finite", value, way, faults)
    return value


def _fault(what: str, value: Any, way: _Way, faults: list[Fault]) -> None:
    faults.append(Fault(what=f"{str(value)[:60]!r} {what}", path=_spelt(way)))


def _spelt(way: _Way) -> str:
    """`plan.pins[0].media.path` of the way to a value."""
    steps: list[str] = []
    while way:
        way, step = way
        steps.append(step)
    return "".join(reversed(steps))


@functools.cache
def _fields(kind: type) -> dict[str, tuple[Any, bool]]:
    """(type, whether it must be there) of each field."""
    hints = typing.get_type_hints(kind)
    missing = dataclasses.MISSING
    return {
        f.name: (hints[f.name], f.default is missing and f.default_factory is missing)
        for f in dataclasses.fields(kind)
    }
