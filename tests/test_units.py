"""Rates, ranges and timecode: the values everything else trusts."""

from __future__ import annotations

import math

import pytest
from secondunit.units import FrameRange, Rate, frame_of_timecode, timecode

NTSC24 = Rate(num=24000, den=1001)
NTSC30 = Rate(num=30000, den=1001)


@pytest.mark.parametrize("spelling", [23.976, 23.97602397602398, 23.976024627685547, 24000 / 1001])
def test_every_spelling_of_23_976_is_one_rate(spelling: float) -> None:
    assert Rate.snap(spelling) == NTSC24


@pytest.mark.parametrize(
    ("value", "num", "den"),
    [(24.0, 24, 1), (25.0, 25, 1), (29.97, 30000, 1001), (59.94, 60000, 1001), (30.0, 30, 1),
     (15.0, 15, 1), (120.0, 120, 1), (12.5, 25, 2)],
)  # fmt: skip
def test_known_rates_snap_and_others_stay(value: float, num: int, den: int) -> None:
    assert Rate.snap(value) == Rate(num=num, den=den)


@pytest.mark.parametrize("value", [0.0, -24.0, math.nan, math.inf])
def test_a_rate_that_is_none_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        Rate.snap(value)


@pytest.mark.parametrize(
    ("frame", "rate", "drop", "text"),
    [
        (86400, Rate(num=24), False, "01:00:00:00"),
        (86400, NTSC24, False, "01:00:00:00"),
        (107892, NTSC30, True, "01:00:00;00"),
        (108000, NTSC30, False, "01:00:00:00"),
        (1800, NTSC30, True, "00:01:00;02"),
        (17982, NTSC30, True, "00:10:00;00"),
        (1001, Rate(num=24), False, "00:00:41:17"),
        (90000, Rate(num=25), False, "01:00:00:00"),
    ],
)
def test_timecode_and_frames_are_each_others_inverse(
    frame: int, rate: Rate, drop: bool, text: str
) -> None:
    assert timecode(frame, rate, drop_frame=drop) == text
    assert frame_of_timecode(text, rate) == frame


def test_timecode_before_midnight_wraps() -> None:
    assert timecode(-8, Rate(num=24)) == "23:59:59:16"


@pytest.mark.parametrize("text", ["1:00:00:00", "01:00:60:00", "01:00:00:24", "24:00:00:00", ""])
def test_a_timecode_the_rate_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"timecode|does not exist"):
        frame_of_timecode(text, Rate(num=24))


def test_drop_frame_exists_only_at_ntsc_30_and_60() -> None:
    with pytest.raises(ValueError, match="drop frame"):
        timecode(0, Rate(num=25), drop_frame=True)
    with pytest.raises(ValueError, match="drop frame"):
        frame_of_timecode("01:00:00;00", NTSC24)


@pytest.mark.parametrize("text", ["00:01:00;00", "01:09:00;01"])
def test_a_timecode_that_drop_frame_leaves_out_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="leaves it out"):
        frame_of_timecode(text, NTSC30)


def test_the_end_of_a_range_is_outside_it() -> None:
    span = FrameRange(start=-8, frames=24)
    assert span.end == 16 and -8 in span and 15 in span and 16 not in span
