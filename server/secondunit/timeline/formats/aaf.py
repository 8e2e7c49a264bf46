"""An Advanced Authoring Format file in; a timeline out, by OpenTimelineIO's own adapter."""

from __future__ import annotations

import gc
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import opentimelineio as otio

from secondunit.errors import TimelineUnreadable
from secondunit.timeline.choosing import Candidate
from secondunit.timeline.formats.laying import MOST_ITEMS, sequences_in, too_many
from secondunit.units import Rate

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DEEPEST = 100


def sequences_of(path: Path, data: bytes, notices: list[str]) -> list[Candidate]:
    """The timelines in an .aaf file of these bytes.

    Raises TimelineUnreadable, also where the adapter is not installed.
    """
    if not data.startswith(_MAGIC):
        raise TimelineUnreadable.single(f"'{path.name}' is no AAF, whatever its name says", "file")
    try:
        import aaf2
        from otio_aaf_adapter.adapters import advanced_authoring_format as adapter
    except ImportError as exc:
        raise TimelineUnreadable.single(
            f"'{path.name}' needs the package otio-aaf-adapter, which is not installed: "
            "pip install 'secondunit[aaf]', or export the edit as .otio or .xml",
            "file",
        ) from exc
    try:
        found: Any = adapter.read_from_file(str(path))
    except Exception as first:  # the adapter throws whatever it meets
        _let_go(first)
        try:
            found = adapter.read_from_file(str(path), attach_markers=False)
        except Exception as exc:
            _let_go(exc)
            raise TimelineUnreadable.single(
                f"'{path.name}' cannot be read ({type(first).__name__}: {first}); export the edit "
                "as .otio, .xml or .fcpxml instead",
                "file",
            ) from exc
        notices.append(
            f"the markers of '{path.name}' could not be put on its clips and stay on the timeline"
        )
    candidates = sequences_in(found, path.name)
    drops = _drop_frame(aaf2, path)
    count = sum(1 for one in candidates for _ in _items(one.timeline(), 0))
    if count > MOST_ITEMS:
        raise too_many(count)
    return [
        Candidate(name=one.name, timeline=lambda one=one: _counted(one.timeline(), drops))
        for one in candidates
    ]


def _counted(timeline: otio.schema.Timeline, drops: bool) -> otio.schema.Timeline:
    """The timeline, with what the adapter does not say of how its timecode counts."""
    start = timeline.global_start_time
    # The adapter trusts the length that the edit says, whatever the speed.
    record: dict[str, Any] = {"version": 1, "retimes": "record"}
    if start is not None:
        rate = Rate.snap(start.rate)
        record["timebase"] = {"num": rate.num, "den": rate.den, "drop_frame": drops}
    timeline.metadata["secondunit"] = record
    return timeline


def _let_go(exc: Exception) -> None:
    """Close the file, which pyaaf2 leaves open where it gives up on it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        traceback.clear_frames(exc.__traceback__)
        gc.collect()


def _items(timeline: otio.schema.Timeline, depth: int) -> Iterator[otio.core.Composable]:
    pending: list[tuple[Any, int]] = [(timeline.tracks, depth)]
    while pending:
        item, depth = pending.pop()
        if depth > _DEEPEST:
            raise TimelineUnreadable.single(f"nested deeper than {_DEEPEST} levels", "file")
        yield item
        if isinstance(item, otio.core.Composition):
            pending.extend((child, depth + 1) for child in item)


def _drop_frame(aaf2: Any, path: Path) -> bool:
    """Whether the edit's timecode drops frames, which the adapter does not say."""
    try:
        with aaf2.open(str(path)) as file:
            for mob in file.content.toplevel():
                for slot in mob.slots:
                    segment = slot.segment
                    parts = getattr(segment, "components", None) or [segment]
                    for part in parts:
                        if type(part).__name__ == "Timecode":
                            return bool(part.get("Drop") and part["Drop"].value)
    except Exception as exc:  # pyaaf2 throws whatever it meets
        raise TimelineUnreadable.single(
            f"the timecode of '{path.name}' cannot be read: {exc}", "file"
        ) from exc
    return False
