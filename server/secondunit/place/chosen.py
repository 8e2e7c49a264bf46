"""Which take a shot shows when an edit comes back: the one that the editor chose."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import opentimelineio as otio

from secondunit.place.takes import Take, unspoilt
from secondunit.place.words import Words
from secondunit.timeline.bound import members
from secondunit.timeline.cut import ours
from secondunit.timeline.notes import Note, note_of_mapping, note_of_text

_LABEL = re.compile(r"(?:GEN [a-z]+ )?v(\d{3,})")
"""`v003` in our metadata, `GEN bridge v003` as a marker's name."""


def editors_choice(old: otio.schema.Clip, takes: Sequence[Take], words: Words) -> Take | None:
    """The take that `old` shows, where it shall go on showing it; None: the request decides.

    It shall where the editor put another take in the place of ours, and, once that was so, as long
    as the request is the one that the take was placed for. Only for a shot of which nothing new
    was made.
    """
    take = next((take for take in takes if _shows(old, take)), None)
    if take is None or not unspoilt(take):
        return None
    placed = _placed(old)
    if placed is not None and placed != take.version:
        return take
    return take if _meaning(take.record.get("request")) == _meaning(words.request) else None


def _shows(clip: otio.schema.Clip, take: Take) -> bool:
    """By its file, which a host changes; by its own name where the file has another."""
    reference = clip.media_reference
    names = [
        getattr(reference, field, None) or "" for field in ("name", "target_url", "target_url_base")
    ]
    mine = re.compile(rf"_{take.operation}_{take.shot}_v(\d{{3,}})")
    found = (match for name in (*names, clip.name) if (match := mine.search(name)))
    match = next(found, None)
    return match is not None and int(match[1]) == take.version


def _placed(clip: otio.schema.Clip) -> int | None:
    """The version that we put there, as our metadata says or, where a host dropped it, our mark."""
    labels = [str(ours(clip).get("take", "")), *(marker.name for marker in members(clip.markers))]
    found = (match for label in labels if (match := _LABEL.fullmatch(label)))
    match = next(found, None)
    return None if match is None else int(match[1])


def _meaning(request: Any) -> Note | Any:
    """A request without its id, which we add to what the editor wrote."""
    note = None
    if isinstance(request, str):
        note = note_of_text(request, "")
    elif isinstance(request, Mapping):
        note = note_of_mapping(request, "")
    return request if note is None else replace(note, id=None)
