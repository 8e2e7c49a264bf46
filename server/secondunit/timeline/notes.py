"""An editor's words in; a Note out: the operation, the values of its keys, and what is wrong.

The grammar is that of DESIGN section 5: a first line `gen: <operation>`, then `key: value` lines
(or `;` between pairs on a line, or a JSON object); or a marker name such as `GEN bridge 24f`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from typing import Any, Literal, cast

from secondunit.catalog.colour_spaces import unknown_space
from secondunit.errors import Fault
from secondunit.timeline import controls
from secondunit.timeline.colour import space_named
from secondunit.timeline.controls import (
    AmbientWords,
    Faults,
    KeyframeWords,
    MaskWords,
    StrokeWords,
    each,
    unknown_key,
)
from secondunit.timeline.shot import CameraMove
from secondunit.units import Operation

KEYS = (
    "prompt", "negative", "edge", "frames", "seconds", "context", "handles", "takes", "seed",
    "mask", "keyframe", "stroke", "ambient", "camera", "strength", "engine", "preset", "delivery",
    "shot", "place", "audio", "alpha", "id", "motion", "speed", "colour", "grain", "proxy",
    "reference", "required",
)  # fmt: skip
LONGEST = 8192
"""Bytes of a note; notes of 4.7 KB are known to live through Resolve."""

_REPEATED = ("keyframe", "stroke", "ambient", "camera", "reference")
_FIRST = re.compile(r"\s*gen\s*:\s*([^\s;{#]*)\s*", re.IGNORECASE)
_PAIR = re.compile(r"\s*([A-Za-z][\w-]*)\s*:(?!//|\\)\s?(.*)", re.DOTALL)
_NEXT = re.compile(r";(?=\s*[A-Za-z][\w-]*\s*:(?!//|\\))")
_NAME = re.compile(r"GEN[ _:]+([A-Za-z]+)\b[ _]*(.*)")
ID = re.compile(r"[a-z0-9]{8}")
"""The id of a shot; it becomes a part of file names."""
_ENGINE = re.compile(r"[A-Za-z0-9][\w./:@+-]{0,199}")

Edge = Literal["head", "tail", "both"]
Pair = tuple[str, Any, str]
"""(key, value as written, path)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A request as it was written; None where the writer said nothing."""

    path: str
    operation: Operation | None
    """None only beside a fault."""
    edge: Edge | None = None
    frames: int | None = None
    seconds: Fraction | None = None
    context: int | None = None
    handles: int | None = None
    takes: int | None = None
    seed: int | None = None
    prompt: str | None = None
    negative: str | None = None
    engine: str | None = None
    preset: str | None = None
    delivery: str | None = None
    shot: str | None = None
    place: Literal["replace", "over", "new-track"] | None = None
    audio: Literal["none", "keep"] | None = None
    alpha: Literal["none", "made"] | None = None
    strength: float | None = None
    id: str | None = None
    motion: Literal["freeze", "steady"] | None = None
    speed: Fraction | None = None
    colour: str | None = None
    grain: Literal["match", "none"] | None = None
    proxy: str | None = None
    mask: MaskWords | None = None
    references: tuple[tuple[str, str], ...] = ()
    """(file, path of the key)."""
    required: tuple[str, ...] | None = None
    keyframes: tuple[KeyframeWords, ...] = ()
    strokes: tuple[StrokeWords, ...] = ()
    ambients: tuple[AmbientWords, ...] = ()
    cameras: tuple[CameraMove, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    faults: tuple[Fault, ...] = ()


def note_of_marker(name: str, comment: str, metadata: Mapping[str, Any], path: str) -> Note | None:
    """The Note of a marker, or None for a marker that asks for nothing."""
    for text in (comment, *_texts(metadata), name):
        note = note_of_text(text, path)
        if note is not None:
            return note
    return note_of_name(name, path)


def note_of_text(text: str, path: str) -> Note | None:
    """The Note in a text whose first line is `gen: ...`, or that is a JSON object with "gen"."""
    text = text.lstrip("\ufeff \t\r\n")
    match = _FIRST.match(text)
    if not match and not text.startswith("{"):
        return None
    size = len(text.encode("utf-8", "replace"))
    if match and size > LONGEST:
        fault = Fault(what=f"the note has {size} bytes; {LONGEST} at most", path=path)
        return Note(path=path, operation=None, faults=(fault,))
    if not match:
        return _note_of_json(text, path) if size <= LONGEST else None
    faults = Faults()
    body = text[match.end() :].lstrip(" \t\r\n;")
    if body.startswith("{"):
        mapping = _json(body, path, faults)
        pairs = _pairs_of_mapping(mapping, path)
    else:
        pairs = _pairs_of_text(body, path, faults)
    return _note([("gen", match[1], f"{path}.gen"), *pairs], path, faults)


def note_of_name(name: str, path: str) -> Note | None:
    """The Note of a marker's name: `GEN bridge 24f slow push`, `GEN extend tail`."""
    match = _NAME.match(name)
    if not match:
        return None
    path = f"{path}.name"
    pairs: list[Pair] = [("gen", match[1], path)]
    prompt: list[str] = []
    for word in match[2].split():
        if re.fullmatch(r"\d+f", word):
            pairs.append(("frames", word[:-1], f"{path}.frames"))
        elif word.lower() in ("head", "tail", "both") and not prompt:
            pairs.append(("edge", word, f"{path}.edge"))
        elif not re.fullmatch(r"v\d{3,}", word):  # the version of a take that came back
            prompt.append(word)
    if prompt:
        pairs.append(("prompt", " ".join(prompt), f"{path}.prompt"))
    return _note(pairs, path, Faults())


def note_of_mapping(mapping: Mapping[str, Any], path: str) -> Note:
    """The Note of a JSON object or metadata: the same keys, `operation` (or `gen`) among them."""
    faults = Faults()
    pairs = _pairs_of_mapping(mapping, path)
    if not any(key == "gen" for key, _, _ in pairs):
        faults.add(f"no operation; the operations are {', '.join(Operation)}", f"{path}.operation")
    return _note(pairs, path, faults)


def _texts(metadata: Mapping[str, Any]) -> Iterable[str]:
    """Where hosts keep the words of a marker."""
    for namespace, key in (("Resolve_OTIO", "Note"), ("fcp_xml", "comment")):
        part = metadata.get(namespace)
        if isinstance(part, Mapping) and isinstance(part.get(key), str):
            yield part[key]
    pending = [metadata.get("AAF")]
    while pending:  # Avid's comment sits at various depths of the AAF attributes
        part = pending.pop()
        if isinstance(part, Mapping):
            pending.extend(part.values())
        elif isinstance(part, list):
            pending.extend(part)
        elif isinstance(part, str):
            yield part


def _note_of_json(text: str, path: str) -> Note | None:
    # Other tools keep JSON in notes too: only an object that says "gen" speaks to us.
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or "gen" not in value:
        return None
    return note_of_mapping(value, path)


def _json(text: str, path: str, faults: Faults) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as exc:
        faults.add(f"the JSON of the note cannot be read: {exc}", path)
        return {}
    except RecursionError:
        faults.add("the JSON of the note is nested too deeply", path)
        return {}
    if not isinstance(value, dict):
        faults.add("the JSON of the note is no object", path)
        return {}
    return value


def _pairs_of_mapping(mapping: Mapping[str, Any], path: str) -> list[Pair]:
    pairs: list[Pair] = []
    for key, value in mapping.items():
        name = "gen" if key == "operation" else key
        if value is None:
            continue
        if name in _REPEATED and isinstance(value, list):
            pairs += [(name, one, f"{path}.{key}[{n}]") for n, one in enumerate(each(value))]
        else:
            pairs.append((name, value, f"{path}.{key}"))
    return pairs


def _pairs_of_text(body: str, path: str, faults: Faults) -> list[Pair]:
    pairs: list[Pair] = []
    for line in body.splitlines():
        if line.lstrip().startswith("#"):
            continue
        for piece in _NEXT.split(line):
            match = _PAIR.match(piece)
            key = match[1].lower() if match else ""
            if pairs and pairs[-1][0] in ("prompt", "negative") and not _is_key(key):
                last = pairs.pop()
                pairs.append((last[0], f"{last[1]}\n{piece.strip()}", last[2]))
            elif match:
                pairs.append((key, match[2].strip(), f"{path}.{key}"))
            elif piece.strip(" \t;"):
                shown = piece.strip()[:60]
                faults.add(f"'{shown}' is no line of the form key: value", path)
    return [
        (key, value.strip().rstrip(";").rstrip() if isinstance(value, str) else value, where)
        for key, value, where in pairs
    ]


def _is_key(word: str) -> bool:
    # In the lines of a prompt, "sed:" is a slip of the pen for "seed:", but "Title:" is prose.
    return (
        word in KEYS
        or word.startswith("x-")
        or bool(word and get_close_matches(word, KEYS, n=1, cutoff=0.75))
    )


def _note(pairs: list[Pair], path: str, faults: Faults) -> Note:
    values: dict[str, tuple[Any, str]] = {}
    repeated: dict[str, list[tuple[Any, str]]] = {key: [] for key in _REPEATED}
    unknown: list[tuple[str, str]] = []
    for key, value, where in pairs:
        if key in repeated:
            where = where if where.endswith("]") else f"{where}[{len(repeated[key])}]"
            repeated[key].append((value, where))
        elif key.startswith("x-"):
            unknown.append((key, value if isinstance(value, str) else json.dumps(value)))
        elif key != "gen" and key not in KEYS:
            unknown.append((key, str(value)))
            faults.add(unknown_key(key, KEYS), where)
        elif key in values:
            faults.add(f"'{key}' is given twice", where)
        else:
            values[key] = (value, where)
    if "frames" in values and "seconds" in values:
        faults.add("'frames' and 'seconds' are both given; give one", values["seconds"][1])

    def read(key: str, reader: Any, *limits: Any) -> Any:
        if key not in values:
            return None
        value, where = values[key]
        return reader(value, *limits, where)

    def control(key: str, reader: Any) -> tuple[Any, ...]:
        found = [reader(value, where, faults) for value, where in repeated[key]]
        return tuple(one for one in found if one is not None)

    seconds = read("seconds", faults.number, 0.001, 3600)
    return Note(
        path=path,
        operation=read("gen", _operation_of(faults)),
        edge=cast(Edge | None, read("edge", faults.choice, ("head", "tail", "both"))),
        frames=read("frames", faults.whole, 1, controls.LAST_FRAME),
        seconds=None if seconds is None else Fraction(seconds).limit_denominator(1_000_000),
        context=read("context", faults.whole, 0, 1000),
        handles=read("handles", faults.whole, 0, 1000),
        takes=read("takes", faults.whole, 1, 64),
        seed=read("seed", faults.whole, 0, 2**63 - 1),
        prompt=read("prompt", faults.text),
        negative=read("negative", faults.text),
        engine=read("engine", _word_of(faults, _ENGINE, "letters, digits and ._/:@+-")),
        preset=read("preset", _word_of(faults, _ENGINE, "letters, digits and ._/:@+-")),
        delivery=read("delivery", _word_of(faults, _ENGINE, "letters, digits and ._/:@+-")),
        shot=read("shot", lambda value, where: faults.text(value, where, 200) or None),
        place=read("place", faults.choice, ("replace", "over", "new-track")),
        audio=read("audio", faults.choice, ("none", "keep")),
        alpha=read("alpha", faults.choice, ("none", "made")),
        strength=read("strength", faults.number, 0, 1),
        id=read("id", _word_of(faults, ID, "eight lower-case letters and digits")),
        motion=read("motion", faults.choice, ("freeze", "steady")),
        speed=read("speed", faults.speed),
        colour=read("colour", _space_of(faults)),
        grain=read("grain", faults.choice, ("match", "none")),
        proxy=read("proxy", _word_of(faults, _ENGINE, "letters, digits and ._/:@+-")),
        mask=read("mask", lambda value, where: controls.mask(value, where, faults)),
        strokes=control("stroke", controls.stroke),
        ambients=control("ambient", controls.ambient),
        cameras=control("camera", controls.camera),
        references=control("reference", controls.reference),
        required=read("required", lambda value, where: controls.required(value, where, faults)),
        keyframes=control("keyframe", controls.keyframe),
        unknown=tuple(unknown),
        faults=tuple(faults),
    )


def _operation_of(faults: Faults) -> Any:
    def read(value: Any, where: str) -> Operation | None:
        word = value.strip().lower() if isinstance(value, str) else str(value)
        if word in set(Operation):
            return Operation(word)
        near = get_close_matches(word, list(Operation), n=1)
        hint = f"; did you mean '{near[0]}'?" if near else "."
        known = ", ".join(Operation)
        faults.add(f"unknown operation '{word}'{hint} The operations are {known}", where)
        return None

    return read


def _space_of(faults: Faults) -> Any:
    def read(value: Any, where: str) -> str | None:
        word = faults.text(value, where, 128)
        if word is not None and space_named(word) is None:
            faults.add(unknown_space(word), where)
        return word

    return read


def _word_of(faults: Faults, pattern: re.Pattern[str], made_of: str) -> Any:
    def read(value: Any, where: str) -> str | None:
        word = value.strip() if isinstance(value, str) else ""
        if pattern.fullmatch(word):
            return word
        faults.add(f"{where.rpartition('.')[2]} is {value!r}; it is made of {made_of}", where)
        return None

    return read
