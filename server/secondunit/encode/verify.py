"""Read a delivered file back, every frame, and say in which way it is not what was asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.container
import av.error
import numpy as np
from numpy.typing import NDArray

from secondunit.catalog.deliveries import DELIVERIES
from secondunit.encode.levels import Levels, said
from secondunit.encode.sequence import clock_of, header_differences, numbered, pictures_in
from secondunit.encode.sound import digest_of_sound, span
from secondunit.engine.engine import Progress
from secondunit.errors import DeliveryError
from secondunit.finish.fingerprint import Fingerprint
from secondunit.timeline.layouts import FORMATS
from secondunit.timeline.picture import Picture, colour_numbers, picture_of_frame, planes_of
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
    sound: tuple[int, ...] = ()
    """Channels of each stream of PCM, 24 bit at 48 kHz, as long as the pictures."""
    sound_samples: str | None = None
    """SHA-256 of their samples, as `sound.digest_of_sound` has it; None without sound."""
    levels: Levels | None = None
    """How light the pictures get, as every group of frames says it; None: it says nothing."""


class Content:
    """A running account of pictures: a hash of the samples, and the mean of each plane."""

    def __init__(self, *, hashed: bool = True) -> None:
        """Without `hashed` the samples of a codec that loses some are not hashed in vain."""
        self._fingerprint = Fingerprint()
        self._hashed = hashed
        self.means: list[tuple[float, ...]] = []
        self.opaque: list[float] = []
        """Mean of each picture's alpha, 0..1, where there is any."""

    @property
    def digest(self) -> str:
        """SHA-256 of every sample so far, hexadecimal; of none where they are not hashed."""
        return self._fingerprint.digest

    def add(self, picture: Picture) -> None:
        """Account for the next picture."""
        top = 2 ** FORMATS[picture.format].bits
        if self._hashed:
            self._fingerprint.add(picture)
        self.means.append(tuple(float(plane.mean()) / top for plane in picture.planes))

    def add_alpha(self, alpha: NDArray[np.floating] | None) -> None:
        """Account for the alpha (`h w`, 0..1) of the last picture; None: all of it is opaque."""
        self.opaque.append(1.0 if alpha is None else float(np.mean(alpha)))


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
        self.path, self.facts, self.row = path, facts, DELIVERIES[facts.delivery]
        self.content, self.seen, self.progress = content, seen, progress
        self.wrong: list[str] = []

    def differences(self) -> list[str]:
        row = self.row
        if row.sequence:
            self._sequence()
            return self.wrong
        with av.open(
            str(self.path),
            container_options={"format_whitelist": row.demuxer, "protocol_whitelist": "file"},
        ) as container:
            self._streams(container)
            self._frames(container)
        self._sound((self.path,))
        return self.wrong

    def _sequence(self) -> None:
        """Every file of a folder: its header, then its picture."""
        facts, row = self.facts, self.row
        files = numbered(self.path, row.suffix)
        start = frame_of_timecode(facts.timecode, facts.rate)
        for number, path in enumerate(files):
            clock = clock_of(start + number, facts.rate, drop_frame=";" in facts.timecode)
            self.wrong += header_differences(path, row, facts, clock)
        opaque: list[float] = []
        self._pictures(pictures_in(files, row, facts.colour, facts.format, opaque))
        self._alpha(opaque)
        self._sound(sorted(self.path.glob("*.wav")))

    def _sound(self, paths: Iterable[Path]) -> None:
        """The streams of PCM in one file, or in several, one after the other."""
        channels: list[int] = []
        tracks: list[NDArray[np.int32]] = []
        for path in paths:
            with av.open(
                str(path), container_options={
                    "format_whitelist": f"{self.row.demuxer},wav", "protocol_whitelist": "file",
                },
            ) as container:  # fmt: skip
                for n in range(len(container.streams.audio)):
                    container.seek(0)
                    stream = container.streams.audio[n]
                    channels.append(stream.codec_context.channels)
                    parts = [
                        frame.to_ndarray().reshape(-1, channels[-1]).astype(np.int32)
                        for frame in container.decode(stream)
                    ]
                    tracks.append(np.concatenate(parts) if parts else np.zeros((0, 1), np.int32))
        self._differ("the channels of the sound", tuple(channels), self.facts.sound)
        if self.facts.sound_samples is not None and channels:
            end = span(self.facts.frames - 1, self.facts.rate)[1]
            for track in tracks:
                self._differ("the length of the sound, in samples,", len(track), end)
            if digest_of_sound(tracks) != self.facts.sound_samples:
                self.wrong.append("the samples of the sound are not those that went in")

    def _differ(self, what: str, seen: object, wanted: object) -> None:
        if seen != wanted:
            self.wrong.append(f"{what} is {seen}, not {wanted}")

    def _streams(self, container: av.container.InputContainer) -> None:
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
        wanted_tags = colour_numbers(facts.colour)
        if self.row.container == "mxf" and seen[3] == 0:  # of RGB, FFmpeg does not say
            seen = (*seen[:3], wanted_tags[3])
        self._differ("the colour tags (primaries, transfer, matrix, range)", seen, wanted_tags)
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
        if facts.reel is not None and self.row.reel:
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
        video = container.streams.video[0]
        video.thread_type = "AUTO"
        tick = Fraction(video.time_base or 0)
        off_time = interlaced = 0
        opaque: list[float] = []
        light: set[tuple[Levels | None, int | None]] = set()

        def pictures() -> Iterator[Picture]:
            nonlocal off_time, interlaced
            for number, frame in enumerate(container.decode(video)):
                if self.row.mastered:
                    light.add(said(frame))
                seconds = (frame.pts or 0) * tick
                off_time += abs(seconds - number / self.facts.rate.fraction) > tick / 2
                interlaced += frame.interlaced_frame
                if self.row.alpha and len(frame.planes) == 4:
                    layout = FORMATS[self.facts.format]
                    top = 2**layout.bits - 1
                    opaque.append(float(planes_of(frame, layout)[3].mean()) / top)
                yield picture_of_frame(frame)

        self._pictures(pictures())
        if off_time:
            self.wrong.append(f"{off_time} frames are not at their time")
        if interlaced:
            self.wrong.append(f"{interlaced} frames are marked interlaced")
        if self.facts.levels is not None:
            wanted = self.facts.levels
            self._differ("the light that is said", light, {(wanted, wanted.peak)})
        self._alpha(opaque)

    def _alpha(self, opaque: list[float]) -> None:
        """`opaque`: the mean of the alpha of each frame that has one."""
        self._differ(
            "the number of frames with alpha", len(opaque),
            self.facts.frames if self.row.alpha else 0,
        )  # fmt: skip
        went_in = self.content.opaque if self.content is not None else opaque
        pairs = zip(opaque, went_in, strict=False)
        if max((abs(a - b) for a, b in pairs), default=0) > _CONTENT_TOLERANCE:
            self.wrong.append("the decoded alpha is not the one that went in")

    def _pictures(self, pictures: Iterable[Picture]) -> None:
        facts, content = self.facts, self.seen
        formats: set[str] = set()
        sizes: set[str] = set()
        for number, picture in enumerate(pictures):
            if self.progress:
                self.progress("verify", number + 1, max(facts.frames, number + 1))
            formats.add(picture.format)
            sizes.add(str(picture.size))
            content.add(picture)
        self._differ("the number of frames that decode", len(content.means), facts.frames)
        self._differ("the layout", ", ".join(sorted(formats)), facts.format)
        self._differ("the size of the pictures", ", ".join(sorted(sizes)), str(facts.size))
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
