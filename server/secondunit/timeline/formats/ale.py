"""An Avid Log Exchange file in; its clips out, each on a track of its own: a bin, no edit."""

from __future__ import annotations

from fractions import Fraction

import opentimelineio as otio

from secondunit.errors import Fault, TimelineUnreadable
from secondunit.timeline.formats import laying
from secondunit.timeline.formats.edl import text_of
from secondunit.units import Rate, frame_of_timecode

_FILES = ("Source File Path", "Filepath", "UNC Path", "UNC", "Source File", "Filename")
_FOLDERS = ("Source Path", "Path")
_NOTES = ("Comments", "Comment", "Notes", "Note", "Description")
_MOST = 2000
"""Clips of a bin: each becomes a track."""


def timeline_of(
    data: bytes, name: str, rate: Rate | None, notices: list[str]
) -> otio.schema.Timeline:
    """The clips of an .ale file called `name`; a request stands in the Comments of a clip.

    Raises TimelineUnreadable.
    """
    headings, columns, rows = _parts(text_of(data, name, notices), name)
    try:
        rate = Rate.snap(float(Fraction(headings["FPS"]))) if "FPS" in headings else rate
    except (ValueError, ZeroDivisionError) as exc:
        raise TimelineUnreadable.single(f"an FPS of '{headings['FPS']}'", "Heading") from exc
    if rate is None:
        raise TimelineUnreadable.single(
            f"'{name}' does not say its FPS: give it, as in --rate 24", "rate"
        )
    if "Name" not in columns:
        raise TimelineUnreadable.single(f"'{name}' has no column Name", "Column")
    faults: list[Fault] = []
    clips: list[otio.schema.Clip] = []
    for number, row in rows:
        try:
            clips.append(_clip(dict(zip(columns, row, strict=False)), rate))
        except ValueError as exc:
            faults.append(Fault(what=str(exc), path=f"line {number}"))
    if faults:
        raise TimelineUnreadable(faults[:20])
    made = laying.bin_of(clips, name)
    made.global_start_time = laying.time(0, rate)
    return made


def _parts(text: str, name: str) -> tuple[dict[str, str], list[str], list[tuple[int, list[str]]]]:
    headings: dict[str, str] = {}
    columns: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    part = ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() in ("Heading", "Column", "Data"):
            part = line.strip()
        elif not line.strip():
            continue
        elif part == "Heading":
            key, _, value = line.partition("\t")
            headings[key.strip()] = value.strip()
        elif part == "Column":
            columns = [one.strip() for one in line.split("\t")]
        elif part == "Data":
            if len(rows) == _MOST:
                raise TimelineUnreadable.single(
                    f"'{name}' lists more than {_MOST} clips, which is all that is read", "Data"
                )
            rows.append((number, [one.strip() for one in line.split("\t")]))
    if not columns or not rows:
        raise TimelineUnreadable.single(
            f"'{name}' lists no clip: it is no Avid Log Exchange file", "file"
        )
    return headings, columns, rows


def _clip(row: dict[str, str], rate: Rate) -> otio.schema.Clip:
    own = rate
    if row.get("FPS"):
        own = Rate.snap(float(Fraction(row["FPS"])))
    missing = [key for key in ("Start", "End") if not row.get(key)]
    if missing:
        raise ValueError(f"'{row.get('Name')}' has no {' and no '.join(missing)}")
    start, end = (frame_of_timecode(row[key], own) for key in ("Start", "End"))
    if end <= start:
        raise ValueError(f"'{row['Name']}' ends at {row['End']}, before it begins")
    names = [
        f"{row[folder].rstrip('/')}/{row[file]}"
        for folder in _FOLDERS for file in ("Source File", "Filename")
        if row.get(folder) and row.get(file)
    ]  # fmt: skip
    names += [row[key] for key in _FILES if row.get(key) and not row[key].endswith(("/", "\\"))]
    names += [one for one in (row["Name"], row.get("Tape", "")) if one and one not in names]
    whole = laying.span(start, end - start, own)
    clip = otio.schema.Clip(
        name=row["Name"],
        media_reference=otio.schema.ExternalReference(
            target_url=names[0], available_range=whole,
            metadata={"secondunit": {"version": 1, "names": names, "reel": row.get("Tape", "")}},
        ),
        source_range=whole,
        metadata={"ale": {key: value for key, value in row.items() if key and value}},
    )  # fmt: skip
    for key in _NOTES:
        if row.get(key):
            clip.markers.append(
                laying.marker(name="", comment=row[key], start=start, frames=1, rate=own)
            )
    return clip
