"""Final Cut Pro 7's speeds in: constant ones, and the graph of those that change. See `fcp7`."""

from __future__ import annotations

from fractions import Fraction

import opentimelineio as otio

from secondunit.errors import TimelineUnreadable
from secondunit.timeline.formats import laying
from secondunit.timeline.formats.xml_tree import Element, text
from secondunit.timeline.ramps import Points, Ramp, rising
from secondunit.units import Rate


def speed_of(item: Element) -> tuple[Fraction, bool]:
    """(speed, whether it changes)."""
    for effect in item.findall("filter/effect"):
        if text(effect, "effectid").lower() != "timeremap":
            continue
        said = {
            text(parameter, "parameterid"): text(parameter, "value")
            for parameter in effect.findall("parameter")
        }
        try:
            speed = Fraction(said.get("speed") or 100) / 100
        except (ValueError, ZeroDivisionError) as exc:
            raise TimelineUnreadable.single(
                f"a speed of '{said.get('speed', '')[:20]}'", f"{text(item, 'name')}.timeremap"
            ) from exc
        if said.get("reverse", "").upper() == "TRUE" and speed > 0:
            speed = -speed
        return speed, said.get("variablespeed", "0") not in ("0", "FALSE")
    return Fraction(1), False


def graph_of(item: Element) -> Points:
    """(frame of the clip as it is played, frame of the file) of a speed that changes, at the
    clip's own rate; empty where none is given, or one that goes backwards as a whole."""
    for effect in item.findall("filter/effect"):
        if text(effect, "effectid").lower() != "timeremap":
            continue
        for parameter in effect.findall("parameter"):
            if text(parameter, "parameterid") == "reverse" and (
                text(parameter, "value").upper() == "TRUE"
            ):
                return ()
        found = effect.findall("parameter[parameterid='graphdict']/keyframe")
        # Keys that only mark the clip's own edges may hold anything.
        real = [key for key in found if not _is_edge(key)]
        keys = real if len(real) > 1 else found
        try:
            points = [(Fraction(text(k, "when")), Fraction(text(k, "value"))) for k in keys]
        except (ValueError, ZeroDivisionError) as exc:
            raise TimelineUnreadable.single(
                f"a key of the speed of '{text(item, 'name')}' is no number", "timeremap.graphdict"
            ) from exc
        if any(abs(number) > 10**9 for point in points for number in point):
            return ()
        return rising(points)
    return ()


def _is_edge(key: Element) -> bool:
    marks = {child.tag for child in key if (child.text or "").strip().upper() == "TRUE"}
    return "speedvirtualkf" in marks and bool(marks & {"speedkfin", "speedkfout"})


def put_ramp(
    made: otio.core.Item, graph: Points, at: Fraction, own: Rate, item: Element
) -> None:  # fmt: skip
    """Put a speed that changes on an item that begins at frame `at` of itself as it is played."""
    there = Ramp(points=graph).at(at) if graph else None
    points = [
        ((when - at) / own.fraction, (value - there) / own.fraction)
        for when, value in graph if there is not None
    ]  # fmt: skip
    eased = any(
        element.tag in ("inbez", "outbez", "pproRampStart", "pproRampEnd")
        for key in item.iterfind("filter/effect/parameter/keyframe") for element in key
    )  # fmt: skip
    laying.ramped(made, points, eased, "timeremap")
