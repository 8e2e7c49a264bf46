"""Resolve's numbers as whole frames on a rational rate."""

from __future__ import annotations

import re
from fractions import Fraction

from secondunit.v1 import units_pb2

from secondunit_resolve.api import Timeline

_NTSC = {24: 24000, 30: 30000, 48: 48000, 60: 60000, 120: 120000}
_TIMECODE = re.compile(r"(\d{2}):(\d{2}):(\d{2})([:;.])(\d{2,3})")


def whole(value: float | None) -> int:
    """A frame number as an integer: Resolve gives 37008.099992 for 37008. Raises ValueError."""
    if value is None:
        raise ValueError("Resolve gave no frame number")
    return round(float(value))


def rate_of(value: object) -> units_pb2.Rate:
    """`23.976`, 23.976, `29.97 DF` or 24.0 as a rate. Raises ValueError."""
    text = str(value).partition(" ")[0]
    number = float(text)
    if not 0 < number < 1000:
        raise ValueError(f"'{value}' is no rate")
    near = round(number)
    if abs(number - near) < 1e-6:
        return units_pb2.Rate(num=near, den=1)
    above = -(-number // 1)
    ntsc = _NTSC.get(int(above))
    if ntsc is not None and abs(number - ntsc / 1001) < 0.01:
        return units_pb2.Rate(num=ntsc, den=1001)
    exact = Fraction(text).limit_denominator(1001)
    return units_pb2.Rate(num=exact.numerator, den=exact.denominator)


def nominal(rate: units_pb2.Rate) -> int:
    """Frames that a second of timecode counts."""
    return -(-rate.num // rate.den)


def written(rate: units_pb2.Rate) -> str:
    """As editors write it: `23.976`, `25`."""
    return f"{rate.num / rate.den:.3f}".rstrip("0").rstrip(".")


def drops(timeline: Timeline) -> bool:
    """Whether the timeline's timecode drops numbers."""
    said = timeline.GetSetting("timelineDropFrameTimecode")
    return str(said) in ("1", "True", "true") or ";" in (timeline.GetStartTimecode() or "")


def frame_of(timecode: str, rate: units_pb2.Rate, *, drop: bool) -> int:
    """The number that a timecode counts to. Raises ValueError."""
    match = _TIMECODE.fullmatch(timecode.strip())
    if match is None:
        raise ValueError(f"'{timecode}' is no timecode")
    hours, minutes, seconds, frames = (int(match[n]) for n in (1, 2, 3, 5))
    base = nominal(rate)
    count = ((hours * 60 + minutes) * 60 + seconds) * base + frames
    if drop and rate.den == 1001 and base % 30 == 0:
        passed = hours * 60 + minutes
        count -= (base // 15) * (passed - passed // 10)
    return count


def timecode_of(frame: int, rate: units_pb2.Rate, *, drop: bool) -> str:
    """The timecode of a number."""
    base = nominal(rate)
    if drop and rate.den == 1001 and base % 30 == 0:
        per_minute = base // 15
        tens, rest = divmod(frame, base * 600 - 9 * per_minute)
        frame += 9 * per_minute * tens
        if rest >= base * 60:
            frame += per_minute * (1 + (rest - base * 60) // (base * 60 - per_minute))
    seconds, frames = divmod(frame, base)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    colon = ";" if drop else ":"
    return f"{hours % 24:02}:{minutes:02}:{seconds:02}{colon}{frames:02}"
