"""Final Cut Pro's times in; seconds, rates, speeds and markers out. See `fcpxml`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from fractions import Fraction

import opentimelineio as otio

from secondunit.errors import TimelineUnreadable
from secondunit.timeline.formats import laying
from secondunit.timeline.formats.xml_tree import Element, children, text
from secondunit.timeline.ramps import Ramp, rising
from secondunit.units import Rate

_TIME = re.compile(r"(-?\d{1,18})(?:/(\d{1,18})|\.(\d{1,12}))?s?")


def seconds_of(element: Element, key: str, default: Fraction = Fraction(0)) -> Fraction:
    """The time in an attribute, exact. Raises TimelineUnreadable for one that is none."""
    said = element.get(key)
    if said is None:
        return default
    match = _TIME.fullmatch(said.strip())
    below = int(match[2]) if match and match[2] else 1
    if match is None or not below:
        raise TimelineUnreadable.single(
            f"'{said[:40]}' is no time of seconds",
            f"{element.tag} '{element.get('name', '')}'.{key}",
        )
    value = Fraction(f"{match[1]}.{match[3]}") if match[3] else Fraction(int(match[1]), below)
    if abs(value) > 10**8:
        raise TimelineUnreadable.single(f"a time of {float(value):g} s", f"{element.tag}.{key}")
    return value


def rate_of(format: Element | None, default: Rate | None) -> Rate:
    """The rate of a format. Raises TimelineUnreadable where it has none and there is no default."""
    frame = seconds_of(format, "frameDuration") if format is not None else Fraction(0)
    if frame > 0 and Fraction(1, 1000) <= frame <= 100:
        return Rate.snap(float(1 / frame))
    if default is None:
        raise TimelineUnreadable.single("the sequence's format has no frame duration", "sequence")
    return default


def retimed(
    item: Element, start: Fraction, length: Fraction
) -> tuple[Fraction | None, Fraction, list[tuple[Fraction, Fraction]]]:
    """(speed, None where it changes; where in its own time the item begins; the points of a speed
    that changes, counted from there)."""
    points = [
        (seconds_of(one, "time"), seconds_of(one, "value"))
        for one in item.iterfind("timeMap/timept")
    ]
    if len(points) < 2:
        return Fraction(1), start, []
    speeds = {
        (b[1] - a[1]) / (b[0] - a[0]) for a, b in itertools.pairwise(points)
        if b[0] != a[0]
    }  # fmt: skip
    if len(speeds) != 1:
        kept = rising(points)
        there = Ramp(points=kept).at(start) if kept else None
        if there is None:  # it says nothing of where the item begins
            return None, start, []
        return None, there, [(t - start, v - there) for t, v in kept]
    (speed,) = speeds
    at = points[0][1] + (start - points[0][0]) * speed
    if speed < 0:  # what is played last lies first in the file
        at += length * speed
    return speed, max(at, Fraction(0)), []


def eased(item: Element) -> bool:
    """Whether corners of a ramp are rounded: a point says for how long before and after it."""
    return any(
        one.get("interp", "smooth2") != "linear"
        and (seconds_of(one, "inTime") or seconds_of(one, "outTime"))
        for one in item.iterfind("timeMap/timept")
    )


def markers_of(
    item: Element, own: Fraction, at: Fraction, rate: Rate,
    played: Callable[[Fraction], Fraction],
) -> Iterator[otio.schema.Marker]:  # fmt: skip
    """Markers and the note of an item; `own` seconds of its time are frame `at`."""
    for one in children(item, "marker", "chapter-marker"):
        offset = played(seconds_of(one, "start", own) - own) * rate.fraction
        frames = round(seconds_of(one, "duration") * rate.fraction)
        yield laying.marker(
            name=one.get("value", ""), comment=one.get("note", ""), start=at + round(offset),
            frames=frames, rate=rate,
        )  # fmt: skip
    note = text(item, "note")
    if note:
        yield laying.marker(name="", comment=note, start=at, frames=1, rate=rate)
