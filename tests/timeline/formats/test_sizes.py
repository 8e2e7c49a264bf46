"""A hundred times what any edit holds is refused in words, and soon."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import pytest
from secondunit.errors import TimelineUnreadable
from secondunit.timeline.read import read
from secondunit.units import Rate

MILLION = 1_000_000


def edl() -> str:
    """Events of one frame."""
    return "TITLE: t\n" + "1  A  V  C  01:00:00:00 01:00:00:01 01:00:00:00 01:00:00:01\n" * MILLION


def fcp7() -> str:
    """Clips of one frame."""
    return f"<xmeml><sequence>{'<clipitem/>' * (5 * MILLION)}</sequence></xmeml>"


def fcpxml() -> str:
    """The same."""
    return f"<fcpxml><spine>{'<gap/>' * (5 * MILLION)}</spine></fcpxml>"


def otio() -> str:
    """The same."""
    one = '{"OTIO_SCHEMA":"Gap.1"}'
    return '{"OTIO_SCHEMA":"Track.1","kind":"Video","children":[' + ",".join([one] * MILLION) + "]}"


@pytest.mark.parametrize(
    ("name", "make"), [("cut.edl", edl), ("cut.xml", fcp7), ("cut.fcpxml", fcpxml),
                       ("cut.otio", otio)]
)  # fmt: skip
def test_a_million_clips_are_refused(tmp_path: Path, name: str, make: Callable[[], str]) -> None:
    path = tmp_path / name
    path.write_text(make())
    began = perf_counter()
    with pytest.raises(TimelineUnreadable, match="at most"):
        read(path, rate=Rate(num=24))
    assert perf_counter() - began < 20
