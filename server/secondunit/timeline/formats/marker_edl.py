"""Resolve's "timeline markers to EDL": a list whose events are markers, put on the cut it is of."""

from __future__ import annotations

import re

import opentimelineio as otio

from secondunit.errors import Fault, TimelineUnreadable
from secondunit.timeline.formats import edl, laying
from secondunit.units import Rate, frame_of_timecode

_SIGN = b"|C:ResolveColor"
_TIME = re.compile(r"\d+\s+\S+\s+V\s+C\s+(?:\S+\s+){2}(\d\d:\d\d:\d\d[:;]\d\d)\s+\S+\s*")
_TEXT = re.compile(r"(.*?)\s*\|C:ResolveColor(\w+)\s*(?:\|M:(.*?))?\s*(?:\|D:(\d+))?\s*")
_STEM = re.compile(r"(.+?)[ ._-]markers", re.IGNORECASE)


def is_markers(data: bytes) -> bool:
    """Whether a list holds markers and not cuts."""
    return _SIGN in data or _SIGN in data.replace(b"\0", b"")  # UTF-16 has zeros between


def stem_of_cut(stem: str) -> str:
    """The name of the cut that a list of markers is called after; empty where it is none."""
    match = _STEM.fullmatch(stem)
    return match[1] if match else ""


def put(timeline: otio.schema.Timeline, data: bytes, name: str) -> None:
    """Put the markers on the timeline, by their record timecode. Raises TimelineUnreadable."""
    start = timeline.global_start_time
    if start is None:
        raise TimelineUnreadable.single(
            f"the cut has no start timecode, so the timecodes of '{name}' say nothing", "file"
        )
    rate = Rate.snap(start.rate)
    faults: list[Fault] = []
    at: int | None = None
    for number, line in enumerate(edl.text_of(data, name, []).splitlines(), 1):
        if match := _TIME.fullmatch(line.strip()):
            try:
                at = frame_of_timecode(match[1], rate)
            except ValueError as exc:
                faults.append(Fault(what=str(exc), path=f"line {number} of {name}"))
        elif at is not None and (match := _TEXT.fullmatch(line.strip())):
            timeline.tracks.markers.append(
                laying.marker(
                    name=match[3] or "",
                    comment=match[1].removeprefix("*").strip(),
                    start=at - round(start.value),
                    frames=int(match[4] or 1),
                    rate=rate,
                    colour=match[2].upper(),
                )
            )
    if faults:
        raise TimelineUnreadable(faults)
