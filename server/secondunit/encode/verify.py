"""Read a delivered file back, every frame, and say in which way it is not what was asked."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.container
import av.error

from secondunit.catalog.deliveries import DELIVERIES
from secondunit.engine.engine import Progress
from secondunit.errors import DeliveryError
from secondunit.finish.fingerprint import Fingerprint
from secondunit.timeline.picture import FORMATS, Picture, colour_numbers, picture_of_frame
from secondunit.units import ColourTags, Rate, Size, frame_of_timecode

_CONTENT_TOLERANCE = 0.02
"""Of full scale: a codec that loses detail still keeps each frame's mean within far less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a delivered file must be."""

    delivery: str
    """A row of `catalog.deliveries`."""
    frames: int
    rate: Rate
    size: Size
    format: str
    """Layout that decoding gives, as a Picture (a key of `picture.FORMATS`)."""
    colour: ColourTags
    timecode: str
    """Of the first frame, SMPTE, wrapped at 24 hours."""
    reel: str | None
    """None: no reel was asked, or the container keeps none."""
    samples: str | None
    """SHA-256 of every sample in file order; None where the codec loses some."""
    pixel_aspect: tuple[int, int] = (1, 1)
    """Width to height of one pixel."""


class Content:
    """A running account of pictures: a hash of the samples, and the mean of each plane."""

    def __init__(self) -> None:
        self._fingerprint = Fingerprint()
        self.means: list[tuple[float, ...]] = []

    @property
    def digest(self) -> str:
        """SHA-256 of every sample so far, hexadecimal."""
        return self._fingerprint.digest

    def add(self, picture: Picture) -> None:
        """Account for the next picture."""
        top = 2 ** FORMATS[picture.format].bits
        self._fingerprint.add(picture)
        self.means.append(tuple(float(plane.mean()) / top for plane in picture.planes))


def verify(
    path: Path,
    facts: Facts,
    *,
    content: Content | None = None,
    seen: Content | None = None,
    progress: Progress | None = None,
) -> list[str]:
    """Every way in which the file is not as `facts` say, in words; empty: it is.

    Every frame is decoded, and accounted for in `seen` where that is given. `content` is the
    account of the pictures that went in. Raises DeliveryError where the file cannot be read.
    """
    try:
        return _Reading(path, facts, content, seen or Content(), progress).differences()
    except (av.error.FFmpegError, OSError, ValueError) as exc:
        raise DeliveryError(f"{path.name} cannot be read back: {exc}") from exc


class _Reading:
    def __init__(
        self,
        path: Path,
        facts: Facts,
        content: Content | None,
        seen: Content,
        progress: Progress | None,
    ) -> None:
        self.path, self.facts = path, facts
        self.content, self.seen, self.progress = content, seen, progress
        self.wrong: list[str] = []

    def differences(self) -> list[str]:
        row = DELIVERIES[self.facts.delivery]
        with av.open(
            str(self.path),
            container_options={"format_whitelist": "mov,matroska", "protocol_whitelist": "file"},
        ) as container:
            self._streams(container, reel_kept=row.reel)
            self._frames(container)
        return self.wrong

    def _differ(self, what: str, seen: object, wanted: object) -> None:
        if seen != wanted:
            self.wrong.append(f"{what} is {seen}, not {wanted}")

    def _streams(self, container: av.container.InputContainer, *, reel_kept: bool) -> None:
        facts, video = self.facts, container.streams.video[0]
        context = video.codec_context
        self._differ("the size", f"{context.width}x{context.height}", str(facts.size))
        seen = tuple(
            int(n or 0)
            for n in (
                context.color_primaries, context.color_trc,
                context.colorspace, context.color_range,
            )
        )  # fmt: skip
        self._differ("the colour tags (primaries, transfer, matrix, range)", seen,
                     colour_numbers(facts.colour))  # fmt: skip
        seen_aspect = Fraction(video.sample_aspect_ratio or 1)
        wanted_aspect = Fraction(*facts.pixel_aspect)
        self._differ("the width of a pixel", str(seen_aspect), str(wanted_aspect))
        self._differ("the start", video.start_time, 0)
        tick = Fraction(video.time_base or 0)
        if video.duration is not None:
            seconds, slack = video.duration * tick, Fraction(0)
        else:  # matroska counts whole milliseconds
            seconds, slack = Fraction(container.duration or 0, 1_000_000), Fraction(3, 2000)
        wanted = facts.frames / facts.rate.fraction
        if abs(seconds - wanted) > slack:
            self.wrong.append(f"the duration is {seconds} s, not {wanted} s")
        tags = dict(container.metadata)
        for stream in container.streams:
            tags |= stream.metadata
        tags = {key.lower(): value for key, value in tags.items()}
        self._timecode(tags.get("timecode"))
        if facts.reel is not None and reel_kept:
            self._differ("the reel", tags.get("reel_name"), facts.reel)

    def _timecode(self, seen: str | None) -> None:
        wanted = self.facts.timecode
        try:
            same = (
                seen is not None
                and (";" in seen) == (";" in wanted)
                and frame_of_timecode(seen, self.facts.rate)
                == frame_of_timecode(wanted, self.facts.rate)
            )
        except ValueError:
            same = False
        if not same:
            self.wrong.append(f"the timecode is {seen}, not {wanted}")

    def _frames(self, container: av.container.InputContainer) -> None:
        facts, video = self.facts, container.streams.video[0]
        video.thread_type = "AUTO"
        tick = Fraction(video.time_base or 0)
        content, off_time, interlaced = self.seen, 0, 0
        formats: set[str] = set()
        for number, frame in enumerate(container.decode(video)):
            if self.progress:
                self.progress("verify", number + 1, max(facts.frames, number + 1))
            picture = picture_of_frame(frame)
            formats.add(picture.format)
            content.add(picture)
            seconds = (frame.pts or 0) * tick
            off_time += abs(seconds - number / facts.rate.fraction) > tick / 2
            interlaced += frame.interlaced_frame
        self._differ("the number of frames that decode", len(content.means), facts.frames)
        self._differ("the layout", ", ".join(sorted(formats)), facts.format)
        if off_time:
            self.wrong.append(f"{off_time} frames are not at their time")
        if interlaced:
            self.wrong.append(f"{interlaced} frames are marked interlaced")
        if facts.samples is not None:
            if content.digest != facts.samples:
                self.wrong.append("the decoded samples are not those that went in")
        elif self.content is not None and formats == {facts.format}:
            pairs = zip(content.means, self.content.means, strict=False)
            worst = max(
                (abs(a - b) for p, q in pairs for a, b in zip(p, q, strict=True)), default=0
            )
            if worst > _CONTENT_TOLERANCE:
                self.wrong.append("the decoded pictures are not those that went in")
