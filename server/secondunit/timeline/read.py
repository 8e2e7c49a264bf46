"""A file in; a timeline of OpenTimelineIO out, or everything that is wrong with the file."""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import opentimelineio as otio

from secondunit.errors import TimelineUnreadable
from secondunit.timeline.choosing import Candidate, chosen
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
    sequence: str | None = None
    """What it is called among the sequences of its file; None where there is no other."""


def _otio(data: bytes, name: str, rate: Rate | None, notices: list[str]) -> list[Candidate]:
    return otio_json.sequences_of(data, name)


def _xml(data: bytes, name: str, rate: Rate | None, notices: list[str]) -> list[Candidate]:
    # Both are called .xml: Final Cut Pro X's own suffix came later.
    of = fcpxml if b"<fcpxml" in data[:4096] else fcp7
    return of.sequences_of(data, name, notices)


def _edl(data: bytes, name: str, rate: Rate | None, notices: list[str]) -> list[Candidate]:
    return _only(edl.timeline_of(data, name, rate, notices))


def _ale(data: bytes, name: str, rate: Rate | None, notices: list[str]) -> list[Candidate]:
    return _only(ale.timeline_of(data, name, rate, notices))


def _only(timeline: otio.schema.Timeline) -> list[Candidate]:
    return [Candidate(name=timeline.name, timeline=lambda: timeline)]


Reader = Callable[[bytes, str, Rate | None, list[str]], list[Candidate]]
_READERS: Mapping[str, Reader] = {
    ".otio": _otio, ".edl": _edl, ".xml": _xml, ".fcpxml": _xml, ".ale": _ale,
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


def read(
    path: Path, *, rate: Rate | None = None, sequence: str | None = None
) -> otio.schema.Timeline:
    """The timeline in a file, the file untouched. See `reading`, also for what it raises."""
    return reading(path, rate=rate, sequence=sequence).timeline


def reading(
    path: Path, *, rate: Rate | None = None, sequence: str | None = None, data: Path | None = None
) -> Reading:
    """The timeline in a file, and the folder of its media.

    `sequence`: the name of the one that is meant, of a file that holds several. What a bundle holds
    is unpacked below `data`, the data folder; without one, its media are not there. Raises
    TimelineUnreadable, Refused where none or several sequences are meant, and StoreFull where a
    bundle has no room.
    """
    notices: list[str] = []
    suffix, folder = path.suffix.lower(), path.parent
    if suffix == ".otioz":
        _check_file(path, None)
        folder = path.parent if data is None else bundle.unpacked(path, data)
        found = otio_json.sequences_of(bundle.content_of(path), "content.otio")
    elif suffix in _FOLDERS and path.is_dir():
        file, folder = path / _FOLDERS[suffix], path
        found = _READERS[file.suffix](_bytes_of(file), file.name, rate, notices)
    elif suffix == ".aaf":
        found = aaf.sequences_of(path, _bytes_of(path), notices)
    elif (reader := _READERS.get(suffix)) is not None:
        content = _bytes_of(path)
        if suffix == ".edl" and marker_edl.is_markers(content):
            return _with_markers(path, content, rate, sequence)
        found = reader(content, path.name, rate, notices)
    else:
        raise TimelineUnreadable.single(
            f"'{path.name}' is no kind of timeline that we read; we read {', '.join(SUFFIXES)}",
            "file",
        )
    one = chosen(found, sequence, notices, path.name)
    return Reading(
        timeline=one.timeline, folder=folder, notices=tuple(notices), sequence=one.name
    )  # fmt: skip


def _with_markers(path: Path, content: bytes, rate: Rate | None, sequence: str | None) -> Reading:
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
    found = reading(cut, rate=rate, sequence=sequence)
    marker_edl.put(found.timeline, content, path.name)
    said = f"the cut is '{cut.name}'; '{path.name}' are its markers"
    return replace(found, notices=(*found.notices, said))


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
