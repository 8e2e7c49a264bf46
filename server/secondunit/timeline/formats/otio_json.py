"""OpenTimelineIO's own JSON in; a timeline out, or everything that is wrong with the file."""

from __future__ import annotations

import gc
import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import opentimelineio as otio

from secondunit.errors import Fault, TimelineUnreadable
from secondunit.timeline.choosing import Candidate
from secondunit.timeline.formats.laying import sequences_in

_MOST_OBJECTS = 1_000_000
"""A hundred thousand clips, or thirty thousand with all the effects an editor puts on them. Each
takes 700 to 1400 bytes while it is read (measured: 0.8 GB for a hundred thousand clips, 1.4 GB for
the densest file), of the 4 GB that reading may take."""
_MOST_VALUES = 12_000_000
"""Of any kind, by the commas and brackets before them; strings have such too, and few."""
_ESCAPED_LETTERS = (b"\\u004", b"\\u005", b"\\u006", b"\\u007")
"""Nobody writes letters so, but whoever hides how many objects there are."""
_DEEPEST = 200
_MOST_FAULTS = 100
_SCHEMA = re.compile(r"(\w+)\.(\d{1,9})")
_VALUES = {"RationalTime": 1, "TimeRange": 1, "TimeTransform": 1, "Box2d": 1, "V2d": 1, "Color": 1}
_ALIASES = {"Sequence": "Track", "Filler": "Gap"}
_ROOTS = ("Timeline", "Stack", "Track", "Clip", "SerializableCollection")
_ITEMS = ("Clip", "Gap", "Stack", "Track", "Transition")
# What may stand in a list or a field, so that an error names the place and not a C++ type.
_MEMBERS = {
    "effects": ("Effect", "TimeEffect", "LinearTimeWarp", "FreezeFrame"),
    "markers": ("Marker",),
    "children": _ITEMS,
}
_NEVER_NULL = (
    "metadata", "effects", "markers", "enabled", "children", "media_references", "in_offset",
    "out_offset", "time_scalar", "marked_range", "parameters",
)  # fmt: skip
# Fields that OpenTimelineIO 0.18 insists on; a Clip's are told apart by its version.
_NEEDED = {
    "Timeline": ("tracks",), "Stack": ("children",), "Track": ("children", "kind"),
    "Transition": ("in_offset", "out_offset", "transition_type"), "Effect": ("effect_name",),
    "TimeEffect": ("effect_name",), "LinearTimeWarp": ("effect_name", "time_scalar"),
    "FreezeFrame": ("effect_name", "time_scalar"), "Marker": ("marked_range",),
    "ExternalReference": ("target_url",), "GeneratorReference": ("generator_kind", "parameters"),
    "SerializableCollection": ("children",),
}  # fmt: skip
_CXX_TYPE = re.compile(r" \(of type '[^']*'\)")

_FOREIGN = ("metadata", "parameters")
"""Fields that may hold any JSON."""
_STRUCTURE = frozenset(
    {"tracks", "children", "effects", "markers", "media_reference", "media_references",
     "source_range", "available_range", "marked_range", "start_time", "duration", "in_offset",
     "out_offset", "global_start_time", "available_image_bounds", "min", "max", "color"}
)  # fmt: skip
"""Fields in which OpenTimelineIO insists on its own objects."""


def sequences_of(data: bytes, name: str) -> list[Candidate]:
    """The timelines in the bytes of an .otio file called `name`.

    The JSON is checked before OpenTimelineIO sees it, so that all faults come at once, each with
    its place in the file. Markers of the coming schema version are turned into today's. A lone
    clip, track or stack (Resolve exports such) gets a timeline around it, and so do the clips of
    a collection.

    Raises TimelineUnreadable.
    """
    with _uncollected():
        text = _checked(_text_of(data, name))
        try:
            # Not through an adapter: those run whatever hooks and media linkers are installed.
            found = otio.core.deserialize_json_from_string(text)
        except Exception as exc:  # OTIO's C++ core throws whatever it likes
            said = _CXX_TYPE.sub("", str(exc))
            raise TimelineUnreadable.single(f"OpenTimelineIO refuses it: {said}", "file") from exc
    return sequences_in(found, name)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looks for garbage: a million new objects, all in use, make half of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _checked(text: str) -> str:
    """The text, or one that says the same in schemas that we know. Raises TimelineUnreadable."""
    root = _json_of(text)
    faults: list[Fault] = []
    changed = False
    for fault_or_change in _examine(root):
        if isinstance(fault_or_change, Fault):
            faults.append(fault_or_change)
            if len(faults) == _MOST_FAULTS:
                faults.append(Fault(what=f"and more: only {_MOST_FAULTS} are listed", path="file"))
                break
        else:
            changed = True
    if faults:
        raise TimelineUnreadable(faults)
    return json.dumps(root) if changed else text


def _text_of(data: bytes, name: str) -> str:
    _check_count(data, name)
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise TimelineUnreadable.single(
            f"'{name}' starts with a byte order mark; save it as plain UTF-8", "file"
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise TimelineUnreadable.single(
            f"'{name}' is not UTF-8 (byte {exc.start} is 0x{data[exc.start]:02x}); "
            "it may be Latin-1: save it as UTF-8",
            "file",
        ) from exc


def _check_count(data: bytes, name: str) -> None:
    """Refuse what would take minutes and gigabytes to parse, without parsing it."""
    objects = sum(data.count(mark) for mark in (b"OTIO_SCHEMA", *_ESCAPED_LETTERS))
    values = sum(data.count(mark) for mark in (b",", b"[", b"{"))
    for count, most, word in (
        (objects, _MOST_OBJECTS, "objects"),
        (values, _MOST_VALUES, "values"),
    ):
        if count > most:
            raise TimelineUnreadable.single(
                f"'{name}' holds {count} {word}; {most} at most", "file"
            )


def _json_of(text: str) -> dict[str, Any]:
    try:
        root = json.loads(text)
    except json.JSONDecodeError as exc:
        cut = exc.pos >= len(text.rstrip()) - 1 or exc.msg.startswith("Unterminated string")
        whole = "breaks off" if cut else "is no JSON"
        raise TimelineUnreadable.single(
            f"the file {whole}: {exc.msg}", f"line {exc.lineno} column {exc.colno}"
        ) from exc
    except RecursionError as exc:
        raise TimelineUnreadable.single(
            f"the file is nested deeper than {_DEEPEST} levels", "file"
        ) from exc
    except ValueError as exc:  # an integer of thousands of digits
        raise TimelineUnreadable.single(
            "the file holds a whole number of thousands of digits, which counts nothing", "file"
        ) from exc
    # Spelt with escapes, objects were not found by counting bytes.
    if "\\u" in text and (count := _objects(root)) > _MOST_OBJECTS:
        raise TimelineUnreadable.single(f"{count} objects; {_MOST_OBJECTS} at most", "file")
    name, _ = _schema(root) if isinstance(root, dict) else (None, 0)
    if not isinstance(root, dict) or name is None:
        raise TimelineUnreadable.single(
            "this JSON is no OpenTimelineIO: it has no OTIO_SCHEMA", "file"
        )
    if _ALIASES.get(name, name) not in _ROOTS:
        raise TimelineUnreadable.single(
            f"the file holds a {name}; it must hold one of {', '.join(_ROOTS)}", "OTIO_SCHEMA"
        )
    return root


def _objects(root: Any) -> int:
    count, pending = 0, [root]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            count += "OTIO_SCHEMA" in value
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
    return count


def _schema(value: dict[str, Any]) -> tuple[str | None, int]:
    said = value.get("OTIO_SCHEMA")
    return _name_and_version(said) if isinstance(said, str) else (None, 0)


@lru_cache(maxsize=256)
def _name_and_version(said: str) -> tuple[str | None, int]:
    match = _SCHEMA.fullmatch(said)
    return (match[1], int(match[2])) if match else (None, 0)


_Step = tuple[Any, str | int]
"""(the step before, None at the root; the key or number): paths are spelt only for faults."""


class _Changed:
    """The JSON was brought to a schema that our OpenTimelineIO knows."""


def _examine(root: dict[str, Any]) -> Iterator[Fault | _Changed]:
    """Faults of the whole file; turns newer markers into ours on the way, saying so."""
    versions = {**otio.core.type_version_map(), **_VALUES}
    pending: list[tuple[Any, _Step | None, int, bool]] = [(root, None, 1, False)]
    while pending:
        value, step, depth, foreign = pending.pop()
        if depth > _DEEPEST:
            yield Fault(what=f"nested deeper than {_DEEPEST} levels", path=_spelt(step)[:200])
            return
        if isinstance(value, float):
            what = f"{value} is no number that JSON or time knows"
            yield Fault(what=what, path=_spelt(step))
        elif isinstance(value, int):
            what = f"a number of {len(str(value))} digits does not fit into 64 bits"
            yield Fault(what=what, path=_spelt(step))
        elif isinstance(value, list):
            pending += [
                (value[n], (step, n), depth + 1, foreign)
                for n in range(len(value) - 1, -1, -1)
                if not _plain(value[n])
            ]
        else:
            if not foreign:
                key = "" if step is None else str(step[1])
                found = list(_object(value, key, versions))
                yield from (one for one in found if isinstance(one, _Changed))
                if any(isinstance(one, Fault) for one in found):  # the whole path, then
                    yield from _object(value, _spelt(step), versions)
            for k, v in reversed(value.items()):
                if not _plain(v) and not (type(v) is dict and _plain_range(v)):
                    theirs = foreign or k in _FOREIGN or _unknown(k, v)
                    if v or not theirs:
                        pending.append((v, (step, k), depth + 1, theirs))


def _plain(value: Any) -> bool:
    """What need not be looked at: most of a file are words, and numbers that fit."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is list:
        return not value
    if kind is float:
        return math.isfinite(value)
    return _fits(value) if kind is int else False


def _plain_range(value: dict[str, Any]) -> bool:
    """A range without a fault, seen at one glance: half of all objects are in one."""
    if len(value) != 3 or value.get("OTIO_SCHEMA") != "TimeRange.1":
        return False
    start, duration = value.get("start_time"), value.get("duration")
    return _plain_time(start, -1e12) and _plain_time(duration, 0.0)


def _plain_time(value: Any, least: float) -> bool:
    if type(value) is not dict or len(value) != 3 or value.get("OTIO_SCHEMA") != "RationalTime.1":
        return False
    rate, count = value.get("rate"), value.get("value")
    if type(rate) is not float or type(count) is not float:
        return False
    return 0.01 <= rate <= 1e6 and least <= count <= 1e12  # and no NaN, which is in no range


def _spelt(step: _Step | None) -> str:
    """`tracks.children[0].name` of the way to a value."""
    keys: list[str | int] = []
    while step is not None:
        keys.append(step[1])
        step = step[0]
    text = "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in reversed(keys))
    return text.removeprefix(".")


def _unknown(key: str, value: Any) -> bool:
    """A field of someone else's, which OpenTimelineIO keeps without looking into it."""
    return key not in _STRUCTURE and isinstance(value, dict) and "OTIO_SCHEMA" not in value


def _object(
    value: dict[str, Any], path: str, versions: dict[str, int]
) -> Iterator[Fault | _Changed]:
    """Faults of one schema object, its own fields only."""
    name, version = _schema(value)
    if name is None:
        if not path.endswith("media_references"):
            yield Fault(what="an object without OTIO_SCHEMA", path=path or "file")
        return
    name = _ALIASES.get(name, name)
    dot = f"{path}." if path else ""
    if name == "Marker" and version == 3:  # its colour is an object; ours is a word
        value["OTIO_SCHEMA"] = "Marker.2"
        value["color"] = _colour_word(value.get("color"))
        version = 2
        yield _Changed()
    if name not in versions:
        yield Fault(
            what=f"unknown schema {name}.{version}: a plug-in wrote it; export without it, "
            "or keep its data in metadata",
            path=f"{dot}OTIO_SCHEMA",
        )
        return
    if version > versions[name]:
        yield Fault(
            what=f"{name}.{version} is newer than {name}.{versions[name]}, the newest we know; "
            f"export for an older version of OpenTimelineIO",
            path=f"{dot}OTIO_SCHEMA",
        )
        return
    for key in _NEEDED.get(name, ()):
        if key not in value:
            yield Fault(what=f"a {name} needs '{key}'", path=dot + key)
    for key in _NEVER_NULL:
        if key in value and value[key] is None:
            what = f"'{key}' of a {name} cannot be null"
            yield Fault(what=what, path=dot + key)
    if name == "RationalTime":
        yield from _time(value, dot)
    elif name == "TimeRange":
        yield from _range(value, dot)
    elif name == "Clip" and version >= 2:
        yield from _clip(value, dot)
    elif name == "Timeline" and _kind(value.get("tracks")) not in (None, "Stack"):
        yield Fault(what="the tracks of a Timeline are a Stack", path=f"{dot}tracks")
    if name != "SerializableCollection":  # which may hold anything
        for key, allowed in _MEMBERS.items():
            if value.get(key) is not None:
                yield from _list(value[key], dot + key, allowed, versions)


def _list(
    value: Any, path: str, allowed: tuple[str, ...], versions: dict[str, int]
) -> Iterator[Fault]:
    if not isinstance(value, list):
        yield Fault(what=f"'{path.rpartition('.')[2]}' is a list", path=path)
        return
    for n, one in enumerate(value):
        kind = _kind(one)
        if kind is None:
            if not isinstance(one, dict):
                what = f"expected {' or '.join(allowed)}, not {one!r:.40}"
                yield Fault(what=what, path=f"{path}[{n}]")
        elif kind in versions and kind not in allowed:  # an unknown kind is named elsewhere
            yield Fault(what=f"a {kind} cannot stand here", path=f"{path}[{n}]")


def _kind(value: Any) -> str | None:
    if not isinstance(value, dict):
        return None
    name, _ = _schema(value)
    return _ALIASES.get(name, name) if name else None


def _time(value: dict[str, Any], dot: str) -> Iterator[Fault]:
    for key in ("rate", "value"):
        number = value.get(key)
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            yield Fault(what=f"'{key}' of a time is a number, not {number!r:.40}", path=dot + key)
        elif not _fits(number):
            continue  # named by the walk
        elif key == "rate" and not 0.01 <= number <= 1e6:
            yield Fault(what=f"a rate of {number:g} frames per second", path=dot + key)
        elif key == "value" and abs(number) > 1e12:
            yield Fault(what=f"a time of {number:g} frames", path=dot + key)


def _range(value: dict[str, Any], dot: str) -> Iterator[Fault]:
    for key in ("start_time", "duration"):
        if _kind(value.get(key)) != "RationalTime":
            yield Fault(what=f"'{key}' of a range is a RationalTime", path=dot + key)
    duration = value.get("duration")
    length = duration.get("value") if isinstance(duration, dict) else None
    if isinstance(length, (int, float)) and _fits(length) and length < 0:
        yield Fault(what=f"a duration of {length:g} frames", path=f"{dot}duration.value")


def _fits(number: float) -> bool:
    """A number that arithmetic and messages can bear: JSON's may have thousands of digits."""
    return -(2**63) <= number < 2**63 if isinstance(number, int) else math.isfinite(number)


def _clip(value: dict[str, Any], dot: str) -> Iterator[Fault]:
    references = value.get("media_references")
    key = value.get("active_media_reference_key")
    if not isinstance(references, dict):
        if "media_references" not in value or references is not None:
            yield Fault(what="a Clip.2 has media_references", path=f"{dot}media_references")
        return
    if not isinstance(key, str):
        yield Fault(
            what="a Clip.2 has an active_media_reference_key",
            path=f"{dot}active_media_reference_key",
        )
    elif key not in references:
        known = ", ".join(f"'{k}'" for k in references) or "none"
        yield Fault(
            what=f"no media reference '{key}'; there are: {known}",
            path=f"{dot}active_media_reference_key",
        )
    for name, reference in references.items():
        kind = _kind(reference)
        if kind is None and not isinstance(reference, dict):
            yield Fault(what="no media reference", path=f"{dot}media_references.{name}")
        elif kind in (*_ITEMS, "Timeline", "Effect", "Marker"):
            yield Fault(
                what=f"a {kind} is no media reference", path=f"{dot}media_references.{name}"
            )


def _colour_word(colour: Any) -> str:
    """The name of a marker colour, or `#rrggbb` where it has none."""
    if isinstance(colour, str):
        return colour
    if not isinstance(colour, dict):
        return "RED"
    if isinstance(colour.get("name"), str) and colour["name"]:
        return colour["name"].upper()
    numbers = [colour.get(k) for k in "rgb"]
    if all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in numbers):
        return "#" + "".join(f"{round(max(0.0, min(1.0, n or 0)) * 255):02x}" for n in numbers)
    return "RED"
