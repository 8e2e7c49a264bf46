"""Numbered pictures in a folder: which are there, which are missing, and what they are made of.

A sequence is named like a file, with the printf word for its numbers: `plate.%04d.exr`. Its frame 0
is the lowest number that is there; a number without a file is a frame that nobody has.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from secondunit.errors import MediaForbidden, MediaMissing, MediaUnreadable
from secondunit.timeline import exr
from secondunit.timeline.containers import container_of, digest, opened, pixel_limit, video_stream
from secondunit.timeline.headers import Header, header_of
from secondunit.timeline.stills import Still, still_of
from secondunit.units import FrameRange

MOST = 200_000
"""Names that are looked through in one folder, and numbers between the first and the last."""
_WORD = re.compile(r"%0?(\d?\d?)d")
# As hosts write it: printf, Nuke and Resolve (`####`), OpenImageIO and RV (`@@@@`), Houdini
# (`$F4`), and Resolve's exchange files (`[1001-1100]`).
_SPELLINGS = (
    _WORD, re.compile(r"(#+)"), re.compile(r"(@+)"), re.compile(r"\$F(\d?)"),
    re.compile(r"\[(\d{1,9})-(\d{1,9})\]"),
)  # fmt: skip
_NUMBER = re.compile(r"(.*?)(\d+)(\.[A-Za-z0-9]{2,5})", re.DOTALL)
_PICTURES = (".exr", ".dpx", ".png", ".tif", ".tiff", ".jpg", ".jpeg", ".webp", ".bmp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The names of numbered files."""

    prefix: str
    width: int
    """Digits at least; shorter numbers have zeros before them."""
    suffix: str
    first: int | None = None
    """The lowest number, where the name says it."""

    @property
    def pattern(self) -> str:
        """The name with the printf word, percent signs of its own as they are."""
        word = f"%0{self.width}d" if self.width > 1 else "%d"
        return f"{self.prefix}{word}{self.suffix}"

    def name(self, number: int) -> str:
        """Of one file."""
        return f"{self.prefix}{number:0{self.width}d}{self.suffix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The files of a sequence as the folder has them now."""

    first: int
    """Number of frame 0."""
    files: tuple[Path | None, ...]
    """One for each number from the first to the last; None: there is none."""
    state: tuple[tuple[int, int], ...]
    """(bytes, time of change in ns) of each that is there."""

    @property
    def gaps(self) -> tuple[FrameRange, ...]:
        """Frames, from 0, that have no file."""
        there = [n for n, file in enumerate(self.files) if file is not None]
        return tuple(
            FrameRange(start=a + 1, frames=b - a - 1) for a, b in pairwise(there) if b - a > 1
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Numbered:
    """A sequence, read: what a demux pass is for a movie."""

    listing: Listing
    digest: str
    """SHA-256 over the frames' places and the bytes of their files, not over their names."""
    container: str
    """FFmpeg's demuxer of the first file; the others must be of its kind."""
    first: Still
    header: Header
    """Of the first file."""


def spread_of(name: str) -> Spread | None:
    """How a file's name stands for many; None for a name that does not."""
    for spelling in _SPELLINGS:
        found = list(spelling.finditer(name))
        if not found:
            continue
        match = found[-1]
        prefix, suffix = name[: match.start()], name[match.end() :]
        if spelling is _SPELLINGS[-1]:
            return Spread(
                prefix=prefix, width=len(match[1]), suffix=suffix, first=int(match[1])
            )  # fmt: skip
        word = match[1]
        width = int(word or 1) if not word or word.isdigit() else len(word)
        return Spread(prefix=prefix, width=width, suffix=suffix)
    return None


def spread_of_one(name: str) -> Spread | None:
    """The names that one numbered picture, `plate.1001.exr`, is one of; `first` is its number."""
    match = _NUMBER.fullmatch(name)
    if match is None or match[3].lower() not in _PICTURES or len(match[2]) > 9:
        return None
    return Spread(prefix=match[1], width=len(match[2]), suffix=match[3], first=int(match[2]))


def is_pattern(path: Path) -> bool:
    """Whether a path names a sequence; a file that really has such a name is a file."""
    return _WORD.search(path.name) is not None and not path.exists()


def listed(pattern: Path) -> Listing:
    """The files of a sequence. Raises MediaMissing, MediaUnreadable, MediaForbidden.

    Links are followed: whoever located the sequence has seen that they lead nowhere else.
    """
    spread = spread_of(pattern.name)
    if spread is None:
        raise MediaMissing(f"'{pattern}' names no sequence of pictures")
    found: dict[int, Path] = {}
    stats: dict[int, tuple[int, int]] = {}
    looked = 0
    try:
        with os.scandir(pattern.parent) as entries:
            for entry in entries:
                looked += 1
                if looked > MOST:
                    raise MediaUnreadable(
                        f"'{pattern.parent}' holds more than {MOST} names; a sequence has a "
                        "folder of its own"
                    )
                number = _number(entry.name, spread)
                if number is None:
                    continue
                if not entry.is_file():
                    raise MediaForbidden(f"'{entry.path}' is no file, though it is named like one")
                status = entry.stat()
                found[number] = Path(entry.path)
                stats[number] = status.st_size, status.st_mtime_ns
    except OSError as exc:
        raise MediaMissing(f"'{pattern.parent}' cannot be looked into: {exc.strerror}") from exc
    if not found:
        raise MediaMissing(f"'{pattern}' has no picture: no file of such a name is there")
    first, last = min(found), max(found)
    if last - first >= MOST:
        raise MediaUnreadable(
            f"'{pattern}' has numbers from {first} to {last}; {MOST} frames at most are read"
        )
    return Listing(
        first=first,
        files=tuple(found.get(number) for number in range(first, last + 1)),
        state=tuple(stats[number] for number in sorted(stats)),
    )


def read(pattern: Path, listing: Listing, max_pixels: int) -> Numbered:
    """What the files of a sequence are. Decodes the first, hashes all. Raises MediaUnreadable."""
    there = [(k, file) for k, file in enumerate(listing.files) if file is not None]
    file = there[0][1]
    container, one_picture = container_of(file)
    if not one_picture:
        raise MediaUnreadable(f"'{file}' is a movie; the sequence '{pattern.name}' is of pictures")
    still = picture(file, container, max_pixels)
    whole = hashlib.sha256()
    for k, one in there:
        whole.update(f"{k} {digest(one)}\n".encode())
    return Numbered(
        listing=listing, digest=whole.hexdigest(), container=container, first=still,
        header=header_of(file, container),
    )  # fmt: skip


def picture(file: Path, container: str, max_pixels: int) -> Still:
    """One picture file, decoded. Raises MediaUnreadable."""
    header = header_of(file, container)  # says in words what FFmpeg has only a number for
    if header.apart is not None:
        return still_of(exr.frame_of(file, header.apart, max_pixels), file, container)
    with opened(file, container, max_pixels) as source:
        stream = video_stream(source, file)
        context = stream.codec_context
        if context.width * context.height > max_pixels:
            raise MediaUnreadable(
                f"'{file}' is {context.width}x{context.height} pixels; {max_pixels} pixels at most "
                "are allowed"
            )
        context.options = pixel_limit(max_pixels)
        frame = next(iter(source.decode(stream)), None)
        if frame is None:
            raise MediaUnreadable(f"'{file}' holds no picture")
        return still_of(frame, file, container)


def numbers_in_words(gaps: Sequence[FrameRange], first: int, most: int = 8) -> str:
    """Missing numbers for people: `1004, 1010-1012`."""
    runs = [
        str(first + gap.start) if gap.frames == 1 else f"{first + gap.start}-{first + gap.end - 1}"
        for gap in gaps[:most]
    ]
    more = f" and {len(gaps) - most} more runs" if len(gaps) > most else ""
    return f"{', '.join(runs)}{more}"


def _number(name: str, spread: Spread) -> int | None:
    if not name.startswith(spread.prefix) or not name.endswith(spread.suffix):
        return None
    word = name[len(spread.prefix) : len(name) - len(spread.suffix)]
    if not (word.isascii() and word.isdigit()) or len(word) > 9:
        return None
    number = int(word)
    return number if f"{number:0{spread.width}d}" == word else None
