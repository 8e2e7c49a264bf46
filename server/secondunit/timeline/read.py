"""A file in; a timeline of OpenTimelineIO out, or everything that is wrong with the file."""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import opentimelineio as otio

from secondunit.errors import TimelineUnreadable
from secondunit.timeline.formats import aaf, ale, bundle, edl, fcp7, fcpxml, marker_edl, otio_json
from secondunit.units import Rate

_LARGEST = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A timeline as it was read from its file."""

    timeline: otio.schema.Timeline
    """Held by whoever looks into it: OTIO's members die with their root."""
    folder: Path
    """Where relative media references start from."""
    notices: tuple[str, ...] = ()
    """What an editor should know of the reading."""


def _otio(data: bytes, name: str, rate: Rate | None, notices: list[str]) -> otio.schema.Timeline:
    return otio_json.timeline_of(data, name)


def _xml(data: bytes, name: str, rate: Rate | None, notices: list[str]) -> otio.schema.Timeline:
    # Both are called .xml: Final Cut Pro X's own suffix came later.
    of = fcpxml if b"<fcpxml" in data[:4096] else fcp7
    return of.timeline_of(data, name, notices)


Reader = Callable[[bytes, str, Rate | None, list[str]], otio.schema.Timeline]
_READERS: Mapping[str, Reader] = {
    ".otio": _otio, ".edl": edl.timeline_of, ".xml": _xml, ".fcpxml": _xml,
    ".ale": ale.timeline_of,
}  # fmt: skip
_FOLDERS = {".otiod": "content.otio", ".fcpxmld": "Info.fcpxml"}
"""Folders that are one document, by suffix: the timeline in them. Their media stay in place."""

SUFFIXES = (*_READERS, ".aaf", ".otioz", *_FOLDERS)
"""What `read` takes."""
FOLDERS = tuple(_FOLDERS)
"""Those of them that may be folders."""


def file_of(timeline: Path) -> Path:
    """The file that says what a timeline is: itself, or one in a folder that is a document."""
    inside = _FOLDERS.get(timeline.suffix.lower())
    return timeline / inside if inside is not None and timeline.is_dir() else timeline


def read(path: Path, *, rate: Rate | None = None) -> otio.schema.Timeline:
    """The timeline in a file, the file untouched; `rate` for a format that does not say its own.

    Raises TimelineUnreadable.
    """
    return reading(path, rate=rate).timeline


def reading(path: Path, *, rate: Rate | None = None, data: Path | None = None) -> Reading:
    """The timeline in a file, and the folder of its media.

    What a bundle holds is unpacked below `data`, the data folder; without one, its media are not
    there. Raises TimelineUnreadable, and StoreFull where a bundle has no room.
    """
    notices: list[str] = []
    suffix = path.suffix.lower()
    if suffix == ".otioz":
        _check_file(path, None)
        folder = path.parent if data is None else bundle.unpacked(path, data)
        text, inside = bundle.content_of(path), "content.otio"
        return Reading(timeline=otio_json.timeline_of(text, inside), folder=folder)
    if suffix in _FOLDERS and path.is_dir():
        file = path / _FOLDERS[suffix]
        found = _READERS[file.suffix](_bytes_of(file), file.name, rate, notices)
        return Reading(timeline=found, folder=path, notices=tuple(notices))
    if suffix == ".aaf":
        found = aaf.timeline_of(path, _bytes_of(path), notices)
        return Reading(timeline=found, folder=path.parent, notices=tuple(notices))
    reader = _READERS.get(suffix)
    if reader is None:
        raise TimelineUnreadable.single(
            f"'{path.name}' is no kind of timeline that we read; we read {', '.join(SUFFIXES)}",
            "file",
        )
    content = _bytes_of(path)
    if suffix == ".edl" and marker_edl.is_markers(content):
        return _with_markers(path, content, rate)
    found = reader(content, path.name, rate, notices)
    return Reading(timeline=found, folder=path.parent, notices=tuple(notices))


def _with_markers(path: Path, content: bytes, rate: Rate | None) -> Reading:
    """The cut that a list of markers belongs to, with the markers on it."""
    stem = marker_edl.stem_of_cut(path.stem)
    beside = [path.with_name(f"{stem}{suffix}") for suffix in SUFFIXES] if stem else []
    cut = next((one for one in beside if one.exists()), None)
    if cut is None:
        raise TimelineUnreadable.single(
            f"'{path.name}' lists the markers of a timeline, not its cuts: export the cut beside "
            "it, and call the two CUT.otio (or .edl, .xml, .fcpxml, .aaf) and CUT_markers.edl",
            "file",
        )
    found = reading(cut, rate=rate)
    marker_edl.put(found.timeline, content, path.name)
    return Reading(
        timeline=found.timeline, folder=found.folder,
        notices=(*found.notices, f"the cut is '{cut.name}'; '{path.name}' are its markers"),
    )  # fmt: skip


def _check_file(path: Path, largest: int | None) -> None:
    try:
        status = path.stat()
    except OSError as exc:
        raise TimelineUnreadable.single(f"'{path}' cannot be read: {exc.strerror}", "file") from exc
    if not stat.S_ISREG(status.st_mode):  # reading a pipe would wait for ever
        raise TimelineUnreadable.single(f"'{path}' is no file", "file")
    if largest is not None and status.st_size > largest:
        raise TimelineUnreadable.single(
            f"'{path.name}' has {status.st_size} bytes; {largest} at most", "file"
        )


def _bytes_of(path: Path) -> bytes:
    _check_file(path, _LARGEST)
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise TimelineUnreadable.single(f"'{path}' cannot be read: {exc.strerror}", "file") from exc
    if not data.strip():
        raise TimelineUnreadable.single(f"'{path.name}' is empty", "file")
    return data
