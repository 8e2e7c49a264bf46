"""How the timecode of a timeline is counted, which OpenTimelineIO itself does not store."""

from __future__ import annotations

from typing import Any

import opentimelineio as otio

from secondunit.timeline.cut import ours, plain

_KEYS = ("dropframe", "isdropframe", "timecodedropframe", "timelinedropframetimecode")
_FORMATS = ("displayformat", "tcformat", "timecodeformat")
_DEEPEST = 3


def drops_frames(timeline: otio.schema.Timeline) -> bool | None:
    """Whether timecode drops frames, as our metadata says it, or that of the program that wrote the
    file (`drop_frame`, `dropFrame`, `displayformat: DF`, ...); None where nobody says."""
    record = ours(timeline)
    base = record.get("timebase", record)
    if isinstance(base, dict) and isinstance(base.get("drop_frame"), bool):
        return base["drop_frame"]
    for carrier in (timeline, timeline.tracks):
        for host, part in plain(carrier.metadata).items():
            if host != "secondunit" and (said := _said(part, 0)) is not None:
                return said
    return None


def _said(value: Any, depth: int) -> bool | None:
    if not isinstance(value, dict) or depth > _DEEPEST:
        return None
    for key, one in value.items():
        word = "".join(letter for letter in key.lower() if letter.isalpha())
        text = str(one).strip().lower()
        if word in _KEYS and text in ("true", "1", "1.0", "df", "false", "0", "0.0", "ndf"):
            return text in ("true", "1", "1.0", "df")
        if word in _FORMATS and text in ("df", "ndf"):
            return text == "df"
    for one in value.values():
        if (found := _said(one, depth + 1)) is not None:
            return found
    return None
