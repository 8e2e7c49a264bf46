"""How a file counts a clip that is played at another speed: as the cut sees it, or as its file.

OpenTimelineIO's words allow both, and both are written: Resolve gives the frames of the record,
Premiere those of the media, so that a clip at 200 % covers half of what its range says.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Literal

import opentimelineio as otio

from secondunit.timeline.bound import holds, members

Convention = Literal["record", "media"]
_CLOSE = Fraction(1, 20)
"""Seconds by which tracks that end together may differ."""


def convention_of(timeline: otio.schema.Timeline, notices: list[str]) -> Convention:
    """By who wrote the file; checked against where tracks without a retime end, which decide
    where nobody says who wrote it."""
    retimed = [track for track in _tracks(timeline) if any(True for _ in _warps(track))]
    if not retimed:
        return "record"
    written: Convention | None = None
    if "secondunit" in timeline.metadata and "retimes" in timeline.metadata["secondunit"]:
        return "record"  # one of our own readers made it
    if _names(timeline, "PremierePro_OTIO"):
        written = "media"
    elif _names(timeline, "Resolve_OTIO"):
        written = "record"
    ends = [
        _length(track, "record") for track in _tracks(timeline)
        if track not in retimed and len(track)
    ]  # fmt: skip
    fits: set[Convention] = set()
    for convention in ("record", "media"):
        own = [_length(track, convention) for track in retimed]
        if ends and any(abs(a - b) <= _CLOSE for a in own for b in ends):
            fits.add(convention)
    if written is None:
        if fits == {"media"}:
            notices.append(
                "clips with a speed are measured by their media: only so do the tracks end together"
            )
            return "media"
        if fits != {"record"}:
            notices.append(
                "the file does not say whether the length of a clip with a speed is that of its "
                "media or of the cut; it is taken as that of the cut, as Resolve writes it"
            )
        return "record"
    other: Convention = "media" if written == "record" else "record"
    if fits == {other}:
        what = "media" if written == "media" else "cut"
        notices.append(
            f"clips with a speed are measured by their {what}, as the program that wrote the file "
            "does, but then no track ends where another does: look at the places of what was made"
        )
    return written


def speed_of(item: otio.core.Composable) -> Fraction:
    """The product of an item's constant speeds; 1 where it has none."""
    speed = Fraction(1)
    for effect in members(item.effects) if isinstance(item, otio.core.Item) else ():
        if isinstance(effect, otio.schema.LinearTimeWarp) and getattr(effect, "enabled", True):
            speed *= Fraction(effect.time_scalar).limit_denominator(1_000_000)
    return speed


def _tracks(timeline: otio.schema.Timeline) -> list[otio.schema.Track]:
    return [track for track in timeline.tracks if isinstance(track, otio.schema.Track)]


def _warps(track: otio.schema.Track) -> Iterator[otio.core.Composable]:
    return (item for item in track if speed_of(item) not in (0, 1, -1))


def _names(timeline: otio.schema.Timeline, namespace: str) -> bool:
    carriers = [timeline, timeline.tracks, *timeline.tracks]
    carriers += [item for track in _tracks(timeline) for item in track[:3]]
    return any(holds(carrier.metadata, namespace) for carrier in carriers)


def _length(track: otio.schema.Track, convention: Convention) -> Fraction:
    """Seconds, trailing gaps left out: editors pad with those."""
    end = at = Fraction(0)
    for item in track:
        if not isinstance(item, otio.core.Item):
            continue
        try:
            whole = item.trimmed_range().duration
        except otio.exceptions.OTIOError:  # how long it is only its file can tell
            continue
        seconds = Fraction(whole.value) / Fraction(whole.rate)
        speed = abs(speed_of(item))
        at += seconds / speed if convention == "media" and speed else seconds
        if not isinstance(item, otio.schema.Gap):
            end = at
    return end
