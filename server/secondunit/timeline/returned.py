"""A clip of an edit in; out, whether it is a take of ours that came back, and of which shot."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import opentimelineio as otio

from secondunit.timeline.bound import holds, members
from secondunit.timeline.cut import ours, plain
from secondunit.timeline.notes import ID, note_of_name
from secondunit.units import Operation

# Facilities number their own clips too: `sh010_comp_approved_v012` is none of ours.
_GENERATED = re.compile(rf"_({'|'.join(Operation)})_({ID.pattern})_v\d{{3,}}(\.\w+)?$")
_SIGNED = re.compile(rf"GEN ({'|'.join(Operation)}) v\d{{3,}}")
_ID_LINE = re.compile(rf"\bid\b[\"']?\s*:\s*[\"']?({ID.pattern})\b")
"""What `place` writes on a take: the name of its marker, and the id in its text."""


def asks_by_name(item: otio.core.Composable) -> bool:
    """A title, a solid or a colour matte that is called `GEN bridge ...`: it holds a place."""
    return (
        isinstance(item, otio.schema.Clip)
        and not isinstance(
            item.media_reference,
            (otio.schema.ExternalReference, otio.schema.ImageSequenceReference),
        )
        and generated(item) is None
        and note_of_name(item.name or "", "") is not None
    )


def generated(
    clip: otio.core.Composable, record: dict[str, Any] | None = None
) -> tuple[str, str] | None:
    """(operation, shot id) of a clip that is a take of ours.

    By its metadata, which hosts drop; by its own name or its file's; or by the marker that was
    put on it, where somebody renamed both. `record`: what `ours` says of it, where that is known.
    """
    if not isinstance(clip, otio.schema.Clip):
        return None
    record = ours(clip) if record is None else record
    operation, id = str(record.get("operation", "")), str(record.get("id", ""))
    if record.get("take") and operation in set(Operation) and ID.fullmatch(id):
        return operation, id
    reference = clip.media_reference
    url = getattr(reference, "target_url", None) or ""
    for name in (clip.name, reference.name if reference is not None else "", url):
        if match := _GENERATED.search(name or ""):
            return match[1], match[2]
    for marker in members(clip.markers):
        if signed := _SIGNED.fullmatch(marker.name):
            texts = (marker.comment, *_notes(marker))
            found = next((m for t in texts if (m := _ID_LINE.search(t))), None)
            if found is not None:
                return signed[1], found[1]
    return None


def shelf_of(file: Path) -> Path:
    """The folder in which takes lie, of a file of one; a sequence is a folder among them."""
    folder = file.parent
    return folder.parent if _GENERATED.search(folder.name) else folder


def _notes(marker: otio.schema.Marker) -> list[str]:
    metadata = marker.metadata
    carriers = (("Resolve_OTIO", "Note"), ("fcp_xml", "comment"))
    parts = [(plain(metadata[key]), name) for key, name in carriers if holds(metadata, key)]
    return [str(part.get(name) or "") for part, name in parts if isinstance(part, dict)]
