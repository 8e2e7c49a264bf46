"""Shot: the one thing later stages know about an edit."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from secondunit.errors import Fault
from secondunit.units import ColourTags, FrameRange, Operation, Rate, Size

Ease = Literal["linear", "in", "out", "in-out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The colours of a shot, for a picture that comes from another space."""

    source: str
    """OpenColorIO's name of the space that it comes from."""
    space: str
    """OpenColorIO's name of the shot's."""
    format: str
    colour: ColourTags


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A source file on this machine, probed: nothing here needs a second look at the file."""

    path: Path
    digest: str
    """SHA-256 of the file's bytes, hexadecimal: a changed file is another source."""
    still: bool
    """One picture that stands for any frame."""
    rate: Rate | None
    """Of the file; None for a still."""
    frames: int
    """Frames in the file that decode; 1 for a still."""
    start: int
    """Frame number, at `rate`, that the edit calls the file's first frame (its timecode)."""
    size: Size
    format: str
    """FFmpeg's name of the layout that decoding gives (a key of `picture.FORMATS`)."""
    colour: ColourTags
    reel: str | None
    pixel_aspect: tuple[int, int] = (1, 1)
    """Width to height of one pixel; anamorphic footage has wide ones."""
    space: str | None = None
    """OpenColorIO's name of its colour space, where somebody said so; None: `colour` says it."""
    home: Home | None = None
    """What its pictures are brought to as they are decoded; None: they stay as they are."""
    sequence: bool = False
    """Numbered pictures: `path` is their name with `%04d` in it."""
    first: int = 0
    """Number of the first file of a sequence."""
    gaps: tuple[FrameRange, ...] = ()
    """Frames, from 0, for which a sequence has no file and nothing in the place of one."""
    step: int = 1
    """Frames for which one picture of a sequence stands; only every such number is looked at."""
    phase: int = 0
    """The first frame, below `step`, that a picture is for."""
    missing: Literal["error", "hold", "black"] = "error"
    """What a sequence shows where it has no file; `error`: it has no frame there, see `gaps`."""

    def has(self, index: int) -> bool:
        """Whether the file has a frame."""
        return 0 <= index < self.frames and not any(index in gap for gap in self.gaps)

    def run(self, index: int) -> range:
        """Frames around one, next to each other, that are all there."""
        start = max((gap.end for gap in self.gaps if gap.end <= index), default=0)
        end = min((gap.start for gap in self.gaps if gap.start > index), default=self.frames)
        return range(start, end)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFrames:
    """Frames of one file in the order the shot sees them, one index for each timeline frame."""

    media: Media
    indexes: tuple[int, ...]
    """Frame numbers in the file, from 0, already retimed to the timeline's rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """The moving clip that a shot stands on: where in its file each frame of the shot is."""

    media: Media
    lead: int
    """Frames listed before the shot's first shown one: its head handle, or what there is of it."""
    indexes: tuple[int, ...]
    """Frame numbers in the file, from 0, one for each frame of the shot, handles included."""
    shares: tuple[tuple[int, int], ...] = ()
    """How far each is on its way to the file's next frame: (numerator, denominator), in 0..1
    without 1. Empty: every frame is one of the file's own."""

    @property
    def range(self) -> FrameRange:
        """Frames of the shot that are listed; 0 is the first shown."""
        return FrameRange(start=-self.lead, frames=len(self.indexes))

    def index(self, frame: int) -> int:
        """The file's frame at a frame of the shot, or the last one before it."""
        return self.indexes[frame + self.lead]

    def share(self, frame: int) -> Fraction:
        """How far a frame of the shot is on its way to the file's next frame, 0..1 without 1."""
        return Fraction(*self.shares[frame + self.lead]) if self.shares else Fraction(0)

    def within(self, head: int, frames: int, tail: int) -> Footage:
        """The same for fewer handles, which must be there."""
        part = slice(self.lead - head, self.lead + frames + tail)
        return Footage(
            media=self.media, lead=head, indexes=self.indexes[part], shares=self.shares[part]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A clip beside the place, or the clip the request is about."""

    name: str
    shown: SourceFrames
    """What the cut shows of it."""
    beyond: SourceFrames
    """Frames the file has past the cut on the shot's side, in time order (its handles)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskTrack:
    """A mask of numbered pictures, or one that follows what it was drawn on."""

    files: tuple[Media, ...]
    """One picture or movie; or pictures, the k-th for frame k of the shot."""
    follow: bool = False
    """Drawn on the frame of the context furthest from the cut, and carried to the cut from there
    by the motion of the footage under it."""


Mask = Media | MaskTrack
"""White may change. A movie's frame k, too, is for frame k of the shot."""


def mask_frames(mask: Mask) -> int | None:
    """How many frames of the shot a mask has a picture for; None: one for all of them."""
    files = mask.files if isinstance(mask, MaskTrack) else (mask,)
    count = max(len(files), *(0 if file.still else file.frames for file in files[:1]))
    return count if count > 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyframe:
    """An image pinned at a frame of the shot."""

    frame: int | Literal["first", "last"]
    """Frame of the shot, 0 is the first shown."""
    image: Media
    strength: float = 1.0
    """0..1; 1 is exact, below it the frame is drawn towards the image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """A region and the way it goes."""

    points: tuple[tuple[float, float], ...]
    """(x, y), 0..1 of width and height, equally spaced in time over the range."""
    region: Mask | None
    """White may move, as drawn on the picture that the shot starts from; None: the shot's mask."""
    over: FrameRange | None
    """Frames of the shot in which it moves; None: the whole shot."""
    strength: float = 1.0
    """0..1; 1 follows the path exactly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambient:
    """Motion without direction (water, leaves) inside a region."""

    region: Mask | None
    """White may move; None: the shot's mask."""
    strength: float = 0.5
    """0..1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraMove:
    """A move from 0 on the first frame of `over` to these numbers on its last."""

    pan: float = 0.0
    """Degrees, + turns right (the picture goes left)."""
    tilt: float = 0.0
    """Degrees, + turns up."""
    roll: float = 0.0
    """Degrees, + turns the picture clockwise."""
    truck: float = 0.0
    """Per cent of frame width, + goes right."""
    pedestal: float = 0.0
    """Per cent of frame height, + goes up."""
    dolly: float = 0.0
    """Per cent, + goes forward and enlarges about the centre."""
    zoom: float = 1.0
    """Focal ratio, above 1 enlarges about the centre."""
    fov: float = 50.0
    """Horizontal field of view in degrees that pan and tilt are meant at."""
    ease: Ease = "linear"
    over: FrameRange | None = None
    """Frames of the shot; None: the whole shot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the editor wrote, parsed; every key that the words know, with the defaults filled in."""

    operation: Operation
    edge: Literal["head", "tail"] = "tail"
    frames: int | None = None
    context: int = 24
    """Frames of each neighbour that the engine may look at."""
    handles: int = 8
    takes: int = 1
    seed: int | None = None
    """None: derived from the shot, so that the same request gives the same clip."""
    prompt: str = ""
    negative: str = ""
    engine: str | None = None
    delivery: str | None = None
    proxy: str | None = None
    """A row of `catalog.proxies`, or `none`; None: as the settings say."""
    preset: str | None = None
    colour: str | None = None
    """The colour space that the clips are in, in the words of the request; None: as files say."""
    place: Literal["replace", "over", "new-track"] | None = None
    audio: Literal["none", "keep"] = "none"
    alpha: Literal["none", "made"] = "none"
    """`made`: the file must say which pixels were made."""
    strength: float = 1.0
    grain: Literal["match", "none"] = "match"
    """Whether made frames get the grain and the sharpness of their source."""
    motion: Literal["freeze", "steady"] | None = None
    """What becomes of the motion inside the mask of a `replace`."""
    speed: Fraction | None = None
    """Of a `retime`, against the file's own; None: as the edit plays the clip."""
    references: tuple[Media, ...] = ()
    """Pictures of who or what shall be seen, which are no frame of the shot."""
    required: tuple[str, ...] = ()
    """Keys of controls without which the shot is not wanted; `all` for every one."""
    mask: Mask | None = None
    keyframes: tuple[Keyframe, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    ambients: tuple[Ambient, ...] = ()
    cameras: tuple[CameraMove, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    """Keys we do not know, kept for the way back. An unknown key is reported, never obeyed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the .otio the request stands, so that the result finds the way back."""

    track: int
    """Index of the track in the top stack."""
    item: int
    """Index of the gap or clip in its track."""
    path: str
    """The same in words, for messages: `tracks[0].children[1].markers[0]`."""
    takes: Path | None = None
    """Folder of the take that stands there, in an edit that came back; None if none does."""
    sequence: str | None = None
    """Which of the sequences of its file it is; None where there is no other."""
    ways: tuple[tuple[int, ...], ...] = ()
    """Of a request in a nested sequence: the way to it, (track, child, track, child, ...) from the
    timeline down, once for each time that the sequence is used; `path` goes the first of them.
    None: it stands on the timeline itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One place on a timeline to be made."""

    id: str
    """Eight lower-case letters and digits; stands in file names and marker notes."""
    name: str
    """For people and file names: the request's `shot:`, else the clip before the cut."""
    request: Request
    rate: Rate
    """The timeline's."""
    size: Size
    """Of the pictures to make: the source's own."""
    record: FrameRange
    """Frames the cut will show, counted from the timeline's frame 0."""
    timecode_start: int
    """Timecode, as a frame number, of the timeline's frame 0."""
    drop_frame: bool
    before: Neighbour | None
    """Frames that lead into the place (a bridge, a tail extension); all of a loop of footage."""
    after: Neighbour | None
    """Frames that lead out of it (a bridge, a head extension)."""
    still: SourceFrames | None
    """The one picture to be animated or looped."""
    place: Place
    cut: int = 0
    """Of a transition: how many frames of the record lie before the cut."""
    footage: Footage | None = None
    """The clip whose own frames lie under the shot (a replacement, a retime)."""
    like: Media | None = None
    """Of a shot that is made from nothing (generate): whose size, layout and colour it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A timeline file, read for its requests: see `select.find_shots`."""

    name: str
    rate: Rate
    timecode_start: int
    """Timecode, as a frame number, of the timeline's frame 0."""
    drop_frame: bool
    shots: tuple[Shot, ...]
    """In the order of the timeline; those without a fault."""
    faults: tuple[Fault, ...]
    """All that is wrong with all the requests. Nothing may be made while there is one."""
    notices: tuple[str, ...]
    """What an editor should know, though it stops nothing."""
