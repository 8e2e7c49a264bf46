"""Values that cannot be wrong: operations, rates, frame ranges, sizes, colour tags, timecode."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

# The rates an NLE can mean. A float in a file stands for one of these when it lies within
# 0.1 %: 23.976, 23.97602397602398 (Avid) and 23.976024627685547 (Hiero) are all 24000/1001.
_NTSC = tuple(Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120))
_WHOLE = tuple(Fraction(n) for n in (6, 7, 8, 10, 12, 15, 16, 18, 20, 24, 25, 30, 48, 50, 60, 90,
                                     100, 120))  # fmt: skip
_TIMECODE = re.compile(r"(\d{2}):([0-5]\d):([0-5]\d)([:;])(\d{2,3})")


class Operation(StrEnum):
    """What is asked at a place on the timeline."""

    BRIDGE = "bridge"
    EXTEND = "extend"
    ANIMATE = "animate"
    REPLACE = "replace"
    TRANSITION = "transition"
    LOOP = "loop"
    GENERATE = "generate"
    RETIME = "retime"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Rate:
    """Frames per second as two integers: 24000/1001, never 23.976."""

    num: int
    den: int = 1

    def __post_init__(self) -> None:
        if self.num <= 0 or self.den <= 0:
            raise ValueError(f"a rate is positive, not {self.num}/{self.den}")
        f = Fraction(self.num, self.den)
        object.__setattr__(self, "num", f.numerator)
        object.__setattr__(self, "den", f.denominator)

    @classmethod
    @lru_cache(maxsize=256)  # asked for every item of an edit, and an edit has few rates
    def snap(cls, value: float) -> Rate:
        """The rational rate a float stands for: NTSC within 0.05 %, else the nearest fraction.

        Raises ValueError for NaN, infinities, zero and negative values.
        """
        if not value > 0 or value > 1e6:  # NaN fails the first comparison
            raise ValueError(f"a rate is positive and finite, not {value}")
        for known in (*_WHOLE, *_NTSC):
            if abs(value - known) < 1e-6 * known:
                return cls(num=known.numerator, den=known.denominator)
        for known in (*_NTSC, *_WHOLE):
            if abs(value - known) < 5e-4 * known:
                return cls(num=known.numerator, den=known.denominator)
        f = Fraction(value).limit_denominator(1001)
        return cls(num=f.numerator, den=f.denominator)

    @property
    def fraction(self) -> Fraction:
        """Frames per second, exact."""
        return Fraction(self.num, self.den)

    @property
    def nominal(self) -> int:
        """Frames a timecode second counts: 24 at 24000/1001."""
        return round(self.fraction)

    def __float__(self) -> float:
        return self.num / self.den

    def __str__(self) -> str:
        return str(self.num) if self.den == 1 else f"{self.num}/{self.den}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class FrameRange:
    """Whole frames: start and count, the end is exclusive. Frame numbers may be negative."""

    start: int
    frames: int

    def __post_init__(self) -> None:
        if self.frames < 0:
            raise ValueError(f"a range has no negative length ({self.frames})")

    @property
    def end(self) -> int:
        """First frame after the range."""
        return self.start + self.frames

    def __contains__(self, frame: int) -> bool:
        return self.start <= frame < self.end

    def __str__(self) -> str:
        return f"{self.start}-{self.end}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Picture size in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourTags:
    """How code values mean colour, in FFmpeg's (ISO/IEC 23091-2) words; they travel with frames."""

    primaries: str = "bt709"
    transfer: str = "bt709"
    matrix: str = "bt709"  # "gbr" for RGB pictures
    full_range: bool = False


def timecode(frame: int, rate: Rate, *, drop_frame: bool = False) -> str:
    """SMPTE timecode of an absolute frame number; wraps at 24 hours (SMPTE ST 12-1).

    Drop frame exists at 30000/1001 and 60000/1001 only; ValueError elsewhere.
    """
    fps = rate.nominal
    if drop_frame:
        if rate.den != 1001 or fps % 30:
            raise ValueError(f"drop frame does not exist at {rate} frames per second")
        dropped = fps // 15
        per_minute, per_ten = fps * 60 - dropped, fps * 600 - dropped * 9
        frame %= per_ten * 144
        tens, rest = divmod(frame, per_ten)
        frame += dropped * 9 * tens
        if rest >= dropped:
            frame += dropped * ((rest - dropped) // per_minute)
    else:
        frame %= fps * 86400
    seconds, ff = divmod(frame, fps)
    mark = ";" if drop_frame else ":"
    minutes, ss = divmod(seconds, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{ss:02d}{mark}{ff:02d}"


def frame_of_timecode(text: str, rate: Rate) -> int:
    """Absolute frame number of a SMPTE timecode; `;` before the frames means drop frame.

    Raises ValueError for a malformed timecode or one that the rate does not have.
    """
    match = _TIMECODE.fullmatch(text)
    if not match:
        raise ValueError(f"'{text}' is no timecode HH:MM:SS:FF")
    hh, mm, ss, ff = (int(match[i]) for i in (1, 2, 3, 5))
    fps = rate.nominal
    if ff >= fps or hh > 23:
        raise ValueError(f"'{text}' does not exist at {rate} frames per second")
    frame = ((hh * 60 + mm) * 60 + ss) * fps + ff
    if match[4] == ";":
        if rate.den != 1001 or fps % 30:
            raise ValueError(f"drop frame does not exist at {rate} frames per second")
        minutes, dropped = hh * 60 + mm, fps // 15
        if ss == 0 and ff < dropped and minutes % 10:
            raise ValueError(f"'{text}' does not exist: drop frame leaves it out")
        frame -= dropped * (minutes - minutes // 10)
    return frame
