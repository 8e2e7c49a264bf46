"""Small edits over real footage, as an NLE would export them."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio

RATE = 30.0


def span(start: int, frames: int, rate: float = RATE) -> otio.opentime.TimeRange:
    """A range in whole frames."""
    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(frames, rate)
    )


def clip(file: Path, start: int, frames: int, of: int = 704) -> otio.schema.Clip:
    """`frames` frames of a file from `start`."""
    reference = otio.schema.ExternalReference(str(file), span(0, of))
    return otio.schema.Clip(file.stem, reference, span(start, frames))


def marker(note: str, at: int = 0, frames: int = 1) -> otio.schema.Marker:
    """A request as an editor writes it."""
    return otio.schema.Marker("GEN", span(at, frames), comment=note)


def save(folder: Path, name: str, items: list[otio.core.Composable]) -> Path:
    """A timeline of one video track and an empty audio track, written to a folder."""
    timeline = otio.schema.Timeline(name)
    timeline.global_start_time = otio.opentime.RationalTime(108000, RATE)
    video = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    video.extend(items)
    timeline.tracks.append(video)
    timeline.tracks.append(otio.schema.Track("A1", kind=otio.schema.TrackKind.Audio))
    timeline.metadata["studio"] = {"reel": 4, "keep": ["me"]}
    path = folder / f"{name}.otio"
    otio.adapters.write_to_file(timeline, str(path))
    return path


def bridge(folder: Path, footage: Path, note: str = "gen: bridge", gap: int = 24) -> Path:
    """Two cuts of one shot around a gap that asks to be filled."""
    hole = otio.schema.Gap(source_range=span(0, gap))
    hole.markers.append(marker(note))
    cuts = [clip(footage, 100, 60), hole, clip(footage, 200, 60)]
    return save(folder, "bridge", cuts)


def extend(folder: Path, footage: Path, note: str) -> Path:
    """A clip that is too short, with a second clip after a pause."""
    short = clip(footage, 100, 60)
    short.markers.append(marker(note, at=159))
    return save(
        folder,
        "extend",
        [short, otio.schema.Gap(source_range=span(0, 90)), clip(footage, 300, 30)],
    )


def animate(folder: Path, picture: Path, note: str, frames: int = 24) -> Path:
    """A still that should move."""
    still = clip(picture, 0, frames, of=frames)
    still.markers.append(marker(note))
    return save(folder, "animate", [otio.schema.Gap(source_range=span(0, 12)), still])
