"""The editor's own words for a shot, found again in the edit: they go back on the new clip."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import opentimelineio as otio

from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.cut import plain
from secondunit.timeline.levels import Way, path_of
from secondunit.timeline.notes import Note, note_of_mapping, note_of_marker, note_of_text

_STEP = re.compile(r"(\w+)(?:\[(\d+)\])?")
_OPENING = re.compile(r"\s*(gen\s*:\s*\w+\s*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A request as it was written."""

    text: str
    """A note that asks for the same shot again, with its `id:`."""
    request: dict[str, Any] | str
    """As it stands in the edit: a note, or the record in an item's metadata."""
    marker: otio.schema.Marker | None
    """The marker that carries it, if one does."""
    place: str | None
    """`over`, `replace` or `new-track`, where the editor said so."""


def words_of(timeline: otio.schema.Timeline, plan: ShotPlan, way: Way = ()) -> Words:
    """What the edit says at `plan.place`; the least request that means the same if it is silent.

    `way`: which of the places is meant, where the request stands in a sequence that is used again.
    """
    path = plan.place.path
    if way:
        path = path_of(way) + path.removeprefix(path_of(plan.place.ways[0]))
    found = _at(timeline, path)
    if isinstance(found, otio.schema.Marker):
        note = note_of_marker(found.name, found.comment, plain(found.metadata), path)
        if note is not None:
            text = _text_of(found)
            again = _with_id(text, plan) if text else _spelt_out(note, plan)
            return Words(text=again, request=text or again, marker=found, place=note.place)
    record = plain(getattr(found, "metadata", {})).get("secondunit")
    request = record.get("request") if isinstance(record, dict) else None
    if isinstance(request, dict):
        body = {k: v for k, v in request.items() if k not in ("gen", "operation")}
        text = f"gen: {plan.operation}\n{_json(body | {'id': plan.shot})}"
        place = note_of_mapping(request, path).place
        return Words(text=text, request=request, marker=None, place=place)
    if isinstance(request, str) and (note := note_of_text(request, path)):
        text = _with_id(request, plan)
        return Words(text=text, request=request, marker=None, place=note.place)
    least = f"gen: {plan.operation}\nid: {plan.shot}"
    return Words(text=least, request=least, marker=None, place=None)


def _at(timeline: otio.schema.Timeline, path: str) -> Any:
    """The object at a path such as `tracks[0].children[1].markers[0]`; None if there is none."""
    found: Any = timeline
    for step in path.split("."):
        match = _STEP.fullmatch(step)
        if not match or match[1] in ("metadata", "name"):
            return found
        name, index = match[1], match[2]
        if name != "children":
            found = getattr(found, name, None)
        if index is not None:
            if found is None or int(index) >= len(found):
                return None
            found = found[int(index)]
    return found


def _text_of(marker: otio.schema.Marker) -> str:
    """The text of a marker that asks; empty where only its name does."""
    metadata = plain(marker.metadata)
    texts = [marker.comment]
    for key, name in (("Resolve_OTIO", "Note"), ("fcp_xml", "comment"), ("AAF", "comment")):
        part = metadata.get(key)
        texts.append(part.get(name) if isinstance(part, dict) else None)
    for text in (*texts, marker.name):
        if isinstance(text, str) and note_of_text(text, "") is not None:
            return text.strip()
    return ""


def _with_id(text: str, plan: ShotPlan) -> str:
    note = note_of_text(text, "")
    if note is not None and note.id is not None:
        return text
    head, brace, body = text.partition("{")
    if brace and _OPENING.fullmatch(head):
        try:
            return f"{head}{_json(json.loads(brace + body) | {'id': plan.shot})}"
        except (TypeError, ValueError):
            pass
    return f"{text}\nid: {plan.shot}"


def _spelt_out(note: Note, plan: ShotPlan) -> str:
    """`GEN bridge 24f slow push`, a marker's name, as the note that means the same."""
    lines = [f"gen: {note.operation}"]
    for key in ("edge", "frames", "prompt"):
        if (value := getattr(note, key)) is not None:
            lines.append(f"{key}: {value}")
    return "\n".join([*lines, f"id: {plan.shot}"])


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
