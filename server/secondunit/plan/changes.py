"""Why a shot would be made again: its plan beside the one that its newest take was made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from secondunit import units
from secondunit.plan.shot_plan import ShotPlan, canonical
from secondunit.units import Rate

_SIDES = {
    "past": "the context before the cut",
    "future": "the context after the cut",
    "outgoing": "the first clip under the transition",
    "incoming": "the second clip under the transition",
    "footage": "the footage under the shot",
}
_WORDS = {
    "mask": "the mask", "strokes": "the strokes", "ambients": "the ambient motion",
    "cameras": "the camera move", "prompt": "the prompt", "negative": "the negative prompt",
    "colour": "the colour tags of the source", "pulls": "the soft keyframes",
    "generate": "which frames are made", "references": "the reference pictures",
}  # fmt: skip
_VALUES = {
    "engine": "the engine", "steps": "the number of steps", "seed": "the seed",
    "frames": "the number of frames", "delivery": "the delivery", "strength": "the strength",
    "motion": "the motion asked for", "format": "the pixel layout of the source",
    "reel": "the reel", "name": "the name of the shot", "operation": "the operation",
    "drop_frame": "drop-frame counting", "take": "the number of the take",
    "tier": "the tier of the engine", "guidance": "the guidance of the words",
    "proxy": "the proxy",
}  # fmt: skip
_NOT_IDENTITY = ("place", "adaptations")


def changes(before: Mapping[str, Any], plan: ShotPlan) -> tuple[str, ...]:
    """What of a plan is not as it was, in words; empty where the digest is the same.

    `before` is the plan in a take's record, as `canonical` wrote it, perhaps by another version
    of the program: nothing in it is relied on. Where files lie does not count, their bytes do.
    """
    now = canonical(plan)
    before = {"proxy": "", **before}  # of a version that knew none
    said: list[str] = []
    if before.get("version") != now["version"]:
        said.append("this version of the program makes pictures in another way")
    spoken = {"version"}
    swapped = dict(_swapped(before, now))
    said += [f"'{name}' is another file than it was" for name in dict.fromkeys(swapped.values())]
    follows = set(_follows(before, now))
    for key, speak in _SPEAKERS.items():
        spoken.add(key)
        if key not in follows and _differ(before.get(key), now.get(key), swapped):
            said += speak(key, before.get(key), now[key], plan.rate)
    said += [
        f"'{key}' changed"
        for key in now.keys() - spoken - set(_NOT_IDENTITY)
        if _differ(before.get(key), now[key], swapped)
    ]
    return tuple(dict.fromkeys(said))


def _follows(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Fields whose change is but the consequence of another one."""
    old, new = before.get("handles"), now["handles"]
    if isinstance(old, list) and old and old != new:
        head = new[0] - old[0] if isinstance(old[0], int) else 0
        if before.get("timecode") == now["timecode"] + head:
            yield "timecode"
    if old != new or before.get("frames") != now["frames"]:
        yield from ("generate", "pins")


def _differ(old: Any, new: Any, swapped: Mapping[str, str]) -> bool:
    return _bare(old, swapped) != _bare(new, swapped)


def _bare(value: Any, swapped: Mapping[str, str]) -> Any:
    """Without paths, and with files that were replaced, which is said once, left out."""
    if isinstance(value, Mapping):
        if value.get("digest") in swapped:
            return None
        return {k: _bare(v, swapped) for k, v in value.items() if k != "path"}
    if isinstance(value, (list, tuple)):
        return [_bare(v, swapped) for v in value]
    return value


def _swapped(before: Any, now: Any) -> Iterator[tuple[str, str]]:
    """(digest, name) of files that have another content now: those before, and those after."""
    old, new = dict(_files(before)), dict(_files(now))
    gone = {name: digest for digest, name in old.items() if digest not in new}
    for digest, name in new.items():
        if digest not in old and name in gone:
            yield digest, name
            yield gone[name], name


def _files(value: Any) -> Iterator[tuple[str, str]]:
    """(digest, file name) of every source in a plan."""
    if isinstance(value, Mapping):
        digest, path = value.get("digest"), value.get("path")
        if isinstance(digest, str) and isinstance(path, str):
            kind = PureWindowsPath if "\\" in path else PurePosixPath
            yield digest, kind(path).name
        for part in value.values():
            yield from _files(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _files(part)


def _value(key: str, old: Any, new: Any, rate: Rate) -> list[str]:
    return [f"{_VALUES[key]} is {_shown(new)}, was {_shown(old)}"]


def _word(key: str, old: Any, new: Any, rate: Rate) -> list[str]:
    if not old:
        return [f"{_WORDS[key]} is new"]
    return [f"{_WORDS[key]} {'changed' if new else 'is gone'}"]


def _weights(key: str, old: Any, new: Any, rate: Rate) -> list[str]:
    return ["the engine has other weights"]


def _draft(key: str, old: Any, new: Any, rate: Rate) -> list[str]:
    return ["it is a draft now" if new else "it is no draft any more"]


def _rate(key: str, old: Any, new: Any, rate: Rate) -> list[str]:
    return [f"the timeline runs at {rate}, was {_fraction(old)}"]


def _size(key: str, old: Any, new: Any, rate: Rate) -> list[str]:
    what = "the picture" if key == "size" else "the picture that the engine works on"
    return [f"{what} is {_pixels(new)}, was {_pixels(old)}"]


def _pair(key: str, old: Any, new: Any, rate: Rate) -> list[str]:
    what = "the handles are" if key == "handles" else "the shape of a pixel is"
    return [f"{what} {_shown(new)}, was {_shown(old)}"]


def _timecode(key: str, old: Any, new: Any, rate: Rate) -> list[str]:
    def said(frame: Any) -> str:
        return units.timecode(frame, rate) if isinstance(frame, int) else "elsewhere"

    return [f"its file starts at {said(new)}, was {said(old)}: the shot stands elsewhere"]


def _side(key: str, old: Any, new: Any, rate: Rate) -> list[str]:
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return [f"{_SIDES[key]} is {'gone' if new is None else 'new'}"]
    return [f"{_SIDES[key]} is {_frames(new)}, was {_frames(old)}"]


def _pins(key: str, old: Any, new: Any, rate: Rate) -> list[str]:
    def by_frame(pins: Any) -> dict[Any, Mapping[str, Any]]:
        found = pins if isinstance(pins, list) else []
        return {pin.get("frame"): pin for pin in found if isinstance(pin, Mapping)}

    was, is_ = by_frame(old), by_frame(new)
    both = [
        frame for frame in is_ if frame in was and _bare(is_[frame], {}) != _bare(was[frame], {})
    ]
    for side, frames in (
        ("before", [f for f in both if isinstance(f, int) and f < 0]),
        ("after", [f for f in both if isinstance(f, int) and f >= 0]),
    ):
        if frames:
            at = max(frames) if side == "before" else min(frames)
            one, other = _pin(is_[at]), _pin(was[at])
            if one != other:
                return [f"the frame {side} the cut is {one}, was {other}"]
    return ["which frames are fixed changed"]


def _pin(pin: Mapping[str, Any]) -> str:
    return f"frame {pin.get('index')} of {_name(pin)}"


def _frames(source: Mapping[str, Any]) -> str:
    indexes = source.get("indexes")
    if not isinstance(indexes, list) or not indexes:
        return f"no frame of {_name(source)}"
    return f"frames {indexes[0]} to {indexes[-1]} of {_name(source)}"


def _name(source: Mapping[str, Any]) -> str:
    return next((f"'{name}'" for _, name in _files(source.get("media"))), "a file")


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "none"
    return "+".join(map(str, value)) if isinstance(value, list) else f"{value}"[:80]


def _fraction(rate: Any) -> str:
    if not isinstance(rate, Mapping):
        return "another"
    return f"{rate.get('num')}" if rate.get("den") == 1 else f"{rate.get('num')}/{rate.get('den')}"


def _pixels(size: Any) -> str:
    return f"{size.get('width')}x{size.get('height')}" if isinstance(size, Mapping) else "another"


Speaker = Callable[[str, Any, Any, Rate], list[str]]
_SPEAKERS: dict[str, Speaker] = {
    "operation": _value, "engine": _value, "weights": _weights, "draft": _draft,
    **dict.fromkeys(("past", "pins", "future", "outgoing", "incoming", "footage"), _side),
    **dict.fromkeys(_WORDS, _word), **dict.fromkeys(_VALUES, _value),
    "pins": _pins, "timecode": _timecode, "handles": _pair, "pixel_aspect": _pair,
    "size": _size, "work": _size, "rate": _rate,
}  # fmt: skip
"""In the order in which they are said. What follows from something else is said last."""
