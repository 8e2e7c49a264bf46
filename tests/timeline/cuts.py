"""Small timelines in the shapes that editors make, for the tests of the timeline stage."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import opentimelineio as otio
from secondunit.config import Config
from secondunit.timeline.select import find_shots
from secondunit.timeline.shot import Shot


def time(value: float, rate: float = 30) -> otio.opentime.RationalTime:
    """So many frames."""
    return otio.opentime.RationalTime(value, rate)


def span(start: float, frames: float, rate: float = 30) -> otio.opentime.TimeRange:
    """Frames from `start`."""
    return otio.opentime.TimeRange(time(start, rate), time(frames, rate))


def clip(
    url: str, start: float, frames: float, *, rate: float = 30, name: str = "",
    available: otio.opentime.TimeRange | None = None, metadata: dict[str, Any] | None = None,
) -> otio.schema.Clip:  # fmt: skip
    """A clip of a file."""
    return otio.schema.Clip(
        name=name or Path(url).stem,
        media_reference=otio.schema.ExternalReference(target_url=url, available_range=available),
        source_range=span(start, frames, rate),
        metadata=metadata or {},
    )


def gap(frames: float, rate: float = 30) -> otio.schema.Gap:
    """An empty stretch."""
    return otio.schema.Gap(source_range=span(0, frames, rate))


def marker(
    text: str, start: float = 0, frames: float = 1, *, rate: float = 30, name: str = ""
) -> otio.schema.Marker:
    """A marker with its words in the comment."""
    return otio.schema.Marker(name=name, marked_range=span(start, frames, rate), comment=text)


def save(
    folder: Path, *tracks: Sequence[otio.core.Item], start: float | None = None,
    rate: float = 30, markers: Sequence[otio.schema.Marker] = (), name: str = "cut",
) -> Path:  # fmt: skip
    """A timeline of video tracks, the lowest first, written to `folder`."""
    timeline = otio.schema.Timeline(name=name)
    if start is not None:
        timeline.global_start_time = time(start, rate)
    for number, items in enumerate(tracks, 1):
        track = otio.schema.Track(name=f"V{number}", kind=otio.schema.TrackKind.Video)
        track.extend(items)
        timeline.tracks.append(track)
    timeline.tracks.markers.extend(markers)
    path = folder / f"{name}.otio"
    otio.adapters.write_to_file(timeline, str(path))
    return path


def bring(shared: Path, folder: Path, *names: str) -> None:
    """Put real footage beside a timeline."""
    for name in names:
        shutil.copy(shared / "media" / name, folder / name)


def config(folder: Path) -> Config:
    """Nothing allowed but the timeline's own folder."""
    return Config(data=folder / "data")


def shots(path: Path) -> tuple[Shot, ...]:
    """The shots of a timeline that has no fault."""
    edit = find_shots(path, config=config(path.parent))
    assert edit.faults == ()
    return edit.shots


def shot(path: Path) -> Shot:
    """The only one."""
    (only,) = shots(path)
    return only


def faults(path: Path) -> list[str]:
    """The faults of a timeline that has no good shot."""
    edit = find_shots(path, config=config(path.parent))
    assert edit.shots == ()
    return [str(fault) for fault in edit.faults]


def around(*middle: otio.core.Item) -> list[otio.core.Item]:
    """Two cuts of the train with something between them."""
    return [clip("train.m4v", 100, 48), *middle, clip("train.m4v", 172, 48, name="train two")]


def asking(text: str, frames: int = 24) -> otio.schema.Gap:
    """A gap whose marker asks."""
    hole = gap(frames)
    hole.markers.append(marker(text))
    return hole


def asking_at(text: str, frames: int, rate: float) -> otio.schema.Gap:
    """The same at another rate."""
    hole = gap(frames, rate)
    hole.markers.append(marker(text, rate=rate))
    return hole
