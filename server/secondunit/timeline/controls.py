"""The words of strokes, ambients, camera moves and keyframes in; checked values out.

Text (`0.2,0.5 > 0.4,0.5 in boat.png over 0-24`) is taken apart into the same mapping that JSON
gives, so there is one set of checks. A value that is wrong becomes a Fault, never an exception.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from typing import Any, Literal, cast

from secondunit.errors import Fault
from secondunit.timeline.shot import CameraMove, Ease
from secondunit.units import FrameRange

_TOKEN = re.compile(r'"[^"]*"|\S+')
_RANGE = re.compile(r"(\d{1,9})\s*-\s*(\d{1,9})")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_FOLLOWED = re.compile(r"(.*\S)\s+follow\s*", re.IGNORECASE | re.DOTALL)
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
EASES: tuple[Ease, ...] = ("linear", "in", "out", "in-out")
SLOWEST, FASTEST = Fraction(1, 20), Fraction(10)
"""Speeds of a retime: slower, the in-betweens are all invention; faster, all is dropped."""
LAST_FRAME = 100_000
"""More frames than any one shot has; an hour at 24 is 86400."""

# Each number of a camera move: its range, ends included.
_CAMERA = {
    "pan": (-170.0, 170.0), "tilt": (-170.0, 170.0), "roll": (-3600.0, 3600.0),
    "truck": (-1000.0, 1000.0), "pedestal": (-1000.0, 1000.0), "dolly": (-99.0, 10_000.0),
    "zoom": (0.01, 100.0), "fov": (1.0, 170.0),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyframeWords:
    """A keyframe whose file has not been looked for."""

    frame: int | Literal["first", "last"]
    file: str
    strength: float = 1.0
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskWords:
    """A mask whose file has not been looked for."""

    file: str
    follow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StrokeWords:
    """A stroke whose region has not been looked for."""

    points: tuple[tuple[float, float], ...]
    region: MaskWords | None
    over: FrameRange | None
    strength: float = 1.0
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AmbientWords:
    """Ambient motion whose region has not been looked for."""

    region: MaskWords | None
    strength: float = 0.5
    path: str


class Faults(list[Fault]):
    """The faults found so far; each reader below adds to it and goes on."""

    def add(self, what: str, path: str) -> None:
        """Note one fault."""
        self.append(Fault(what=what, path=path))

    def number(self, value: Any, low: float, high: float, path: str) -> float | None:
        """A finite number from `low` to `high`, from JSON or from text; per cent signs are fine."""
        if isinstance(value, str):
            text = value.strip().removesuffix("%").strip()
            value = float(text) if _NUMBER.fullmatch(text) else value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.add(f"{_name(path)} is {_shown(value)}, which is no number", path)
        elif isinstance(value, float) and not math.isfinite(value):
            self.add(f"{_name(path)} is {value}; it must be finite", path)
        elif not low <= value <= high:
            self.add(f"{_name(path)} is {_shown(value)}; it goes from {low:g} to {high:g}", path)
        else:
            return float(value)
        return None

    def whole(self, value: Any, low: int, high: int, path: str) -> int | None:
        """A whole number from `low` to `high`."""
        if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d{1,20}\s*", value):
            value = int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self.add(f"{_name(path)} is {_shown(value)}, which is no whole number", path)
        elif not low <= value <= high:
            self.add(f"{_name(path)} is {_shown(value)}; it goes from {low} to {high}", path)
        else:
            return value
        return None

    def choice(self, value: Any, choices: Sequence[str], path: str) -> str | None:
        """One of a few words."""
        word = value.strip().lower() if isinstance(value, str) else value
        if word in choices:
            return cast(str, word)
        self.add(f"{_name(path)} is {_shown(value)}; it is one of {', '.join(choices)}", path)
        return None

    def speed(self, value: Any, path: str) -> Fraction | None:
        """A speed, exact: `50%`, `0.5x`, `0.5`; 1 is the file's own."""
        word = value.strip().lower() if isinstance(value, str) else value
        number: Fraction | None = None
        if isinstance(word, str):
            bare = word.removesuffix("%").removesuffix("x").strip()
            if len(bare) <= 24 and _DECIMAL.fullmatch(bare):
                number = Fraction(bare) / (100 if word.endswith("%") else 1)
        elif isinstance(word, int) and not isinstance(word, bool):
            number = Fraction(word)
        elif isinstance(word, float) and math.isfinite(word):
            number = Fraction(str(word))  # 0.4 is two fifths, as it was written
        if number is None:
            self.add(f"{_name(path)} is {_shown(value)}; write 50%, or 0.5 for the same", path)
        elif number == 0:
            self.add(f"{_name(path)} is 0: that is a freeze frame, which every editor has", path)
        elif number < 0:
            self.add(
                f"{_name(path)} is {_shown(value)}; reversed clips are not retimed here: reverse "
                "the clip in the edit after it came back",
                path,
            )
        elif not SLOWEST <= number <= FASTEST:
            hint = f"; did you mean {float(number):g}%?" if 5 <= number <= 1000 else ""
            self.add(f"{_name(path)} is {_shown(value)}; it goes from 5% to 1000%{hint}", path)
        else:
            return number
        return None

    def text(self, value: Any, path: str, longest: int = 4096) -> str | None:
        """Words, or the name of a file."""
        if not isinstance(value, str):
            self.add(f"{_name(path)} is {_shown(value)}, which is no text", path)
        elif len(value) > longest:
            self.add(f"{_name(path)} has {len(value)} letters; {longest} at most", path)
        elif any(ord(c) < 32 and c not in "\n\t" for c in value):
            self.add(f"{_name(path)} holds control characters", path)
        else:
            return value.strip()
        return None

    def file(self, value: Any, path: str) -> str | None:
        """The name of a file, given as text or as {"file": ...}."""
        if isinstance(value, Mapping):
            self.unknown(value, ("file",), path)
            value = value.get("file")
        name = self.text(value, path)
        if name is not None:
            name = name.strip('"')
            if not name:
                self.add(f"{_name(path)} names no file", path)
        return name or None

    def range(self, value: Any, path: str) -> FrameRange | None:
        """Frames of the shot: "0-24" or [0, 24], the end left out; or start and frames."""
        start: Any = None
        end: Any = None
        if isinstance(value, str) and (match := _RANGE.fullmatch(value.strip())):
            start, end = int(match[1]), int(match[2])
        elif isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
            start, end = value
        elif isinstance(value, Mapping) and set(value) == {"start", "frames"}:
            frames = self.whole(value["frames"], 1, LAST_FRAME, f"{path}.frames")
            start = self.whole(value["start"], 0, LAST_FRAME, f"{path}.start")
            if frames is None or start is None:
                return None
            return FrameRange(start=start, frames=frames)
        else:
            self.add(f"{_name(path)} is {_shown(value)}; write 0-24, frames of the shot", path)
            return None
        start = self.whole(start, 0, LAST_FRAME, path)
        end = self.whole(end, 1, LAST_FRAME, path)
        if start is None or end is None:
            return None
        if end <= start:
            self.add(f"{_name(path)} is {start}-{end}, which holds no frame", path)
            return None
        return FrameRange(start=start, frames=end - start)

    def unknown(self, value: Mapping[str, Any], known: Collection[str], path: str) -> None:
        """Faults for the keys of a mapping that nobody knows; `x-` keys are other people's."""
        for key in value:
            if key not in known and not key.startswith("x-"):
                self.add(unknown_key(key, known), f"{path}.{key}")


def unknown_key(key: str, known: Collection[str]) -> str:
    """What to say of a key that nobody knows."""
    near = get_close_matches(key, known, n=1, cutoff=0.6)
    choices = f"did you mean '{near[0]}'?" if near else f"the keys are {', '.join(sorted(known))}"
    return f"unknown key '{key}': {choices}"


def mask(value: Any, path: str, faults: Faults) -> MaskWords | None:
    """`FILE [follow]`."""
    follow = False
    if isinstance(value, str) and (match := _FOLLOWED.fullmatch(value)):
        value, follow = match[1], True
    elif isinstance(value, Mapping):
        follow = _follow(value, path, faults)
        value = {key: said for key, said in value.items() if key != "follow"}
    file = faults.file(value, path)
    return None if file is None else MaskWords(file=file, follow=follow)


def stroke(value: Any, path: str, faults: Faults) -> StrokeWords | None:
    """`0.20,0.55 > 0.35,0.50 > 0.60,0.52 [in FILE [follow]] [over 0-24] [strength 0.8]`."""
    before = len(faults)
    if isinstance(value, str):
        head, rest = _words(value, ("in", "follow", "over", "strength"), path, faults)
        value = {"points": [[n.strip() for n in p.split(",")] for p in head.split(">")], **rest}
    if not isinstance(value, Mapping):
        faults.add(f"a stroke is {_shown(value)}; write 0.2,0.5 > 0.4,0.5", path)
        return None
    faults.unknown(value, ("points", "in", "follow", "over", "strength"), path)
    points = _points(value.get("points"), f"{path}.points", faults)
    region = _region(value, path, faults)
    over = _optional(value, "over", faults.range, path)
    strength = _strength(value, 1.0, path, faults)
    if len(faults) > before:
        return None
    return StrokeWords(points=points, region=region, over=over, strength=strength, path=path)


def ambient(value: Any, path: str, faults: Faults) -> AmbientWords | None:
    """`[in FILE [follow]] [strength 0.5]`."""
    before = len(faults)
    if isinstance(value, str):
        head, rest = _words(value, ("in", "follow", "strength"), path, faults)
        if head:
            faults.add(f"ambient does not know '{head}'; write: in FILE strength 0.5", path)
        value = rest
    if not isinstance(value, Mapping):
        faults.add(f"ambient is {_shown(value)}; write: in FILE strength 0.5", path)
        return None
    faults.unknown(value, ("in", "follow", "strength"), path)
    region = _region(value, path, faults)
    strength = _strength(value, 0.5, path, faults)
    if len(faults) > before:
        return None
    return AmbientWords(region=region, strength=strength, path=path)


def camera(value: Any, path: str, faults: Faults) -> CameraMove | None:
    """`pan 6 tilt -2 roll 0 truck 5% pedestal 0% dolly 10% zoom 1.2 [fov] [ease] [over 0-48]`."""
    before = len(faults)
    known = (*_CAMERA, "ease", "over")
    if isinstance(value, str):
        tokens = _TOKEN.findall(value)
        pairs: dict[str, Any] = {}
        keys = [token.lower() for token in tokens[::2]]
        for key, word in zip(keys, [*tokens[1::2], None], strict=False):
            if word is None:
                faults.add(f"camera has '{key}' without a number", path)
            elif key in pairs:
                faults.add(f"camera has '{key}' twice", path)
            else:
                pairs[key] = word
        value = pairs
    if not isinstance(value, Mapping):
        faults.add(f"camera is {_shown(value)}; write: pan 6 zoom 1.2 ease in-out", path)
        return None
    faults.unknown(value, known, path)
    numbers: dict[str, float] = {}
    for key, (low, high) in _CAMERA.items():
        if key in value:
            number = faults.number(value[key], low, high, f"{path}.{key}")
            if number is not None:
                numbers[key] = number
    ease = "linear"
    if "ease" in value:
        ease = faults.choice(value["ease"], EASES, f"{path}.ease")
    over = _optional(value, "over", faults.range, path)
    if not any(k in value for k in _CAMERA if k != "fov") and len(faults) == before:
        faults.add(f"camera names no move; the moves are {', '.join(list(_CAMERA)[:-1])}", path)
    if len(faults) > before:
        return None
    return CameraMove(**numbers, ease=cast(Ease, ease), over=over)


def keyframe(value: Any, path: str, faults: Faults) -> KeyframeWords | None:
    """`FRAME|first|last FILE [strength 1.0]`."""
    before = len(faults)
    if isinstance(value, str):
        head, rest = _words(value, ("strength",), path, faults)
        frame, _, file = head.partition(" ")
        value = {"frame": frame, "file": file, **rest}
    if not isinstance(value, Mapping):
        faults.add(f"a keyframe is {_shown(value)}; write: first FILE", path)
        return None
    faults.unknown(value, ("frame", "file", "strength"), path)
    frame: Any = value.get("frame")
    if isinstance(frame, str) and frame.lower() in ("first", "last"):
        frame = frame.lower()
    else:
        frame = faults.whole(frame, 0, LAST_FRAME, f"{path}.frame")
    file = faults.file(value.get("file"), f"{path}.file")
    strength = _strength(value, 1.0, path, faults)
    if len(faults) > before or file is None:
        return None
    return KeyframeWords(frame=frame, file=file, strength=strength, path=path)


REQUIRABLE = (
    "mask", "keyframe", "stroke", "ambient", "camera", "prompt", "negative", "reference", "preset",
)  # fmt: skip
"""Keys that an engine may have no way to obey."""
ALL = "all"


def reference(value: Any, path: str, faults: Faults) -> tuple[str, str] | None:
    """`FILE`: (file, path)."""
    file = faults.file(value, path)
    return None if file is None else (file, path)


def required(value: Any, path: str, faults: Faults) -> tuple[str, ...] | None:
    """`mask, camera`, or `yes` for every control that is given."""
    if value is True:
        return (ALL,)
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, Sequence):
        faults.add(f"required is {_shown(value)}; write: mask, camera; or: yes", path)
        return None
    found: list[str] = []
    for word in words:
        word = word.strip().lower() if isinstance(word, str) else word
        if word in ("yes", "true", ALL):
            found.append(ALL)
        elif word in ("no", "false", "none"):
            continue
        elif (key := faults.choice(word, (*REQUIRABLE, "yes"), path)) is not None:
            found.append(key)
    return tuple(dict.fromkeys(found)) or None


def _points(value: Any, path: str, faults: Faults) -> tuple[tuple[float, float], ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) < 2:
        faults.add(
            "a stroke has at least two points: 0.2,0.5 > 0.4,0.5; for motion without a direction "
            "write `ambient`",
            path,
        )
        return ()
    if len(value) > 1000:
        faults.add(f"a stroke of {len(value)} points; 1000 at most", path)
        return ()
    points: list[tuple[float, float]] = []
    for n, pair in enumerate(value):
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            faults.add(f"point {n} is {_shown(pair)}; write x,y", f"{path}[{n}]")
            continue
        # A path may leave the picture, but pixels instead of 0..1 are a mistake.
        x = faults.number(pair[0], -2, 3, f"{path}[{n}].x")
        y = faults.number(pair[1], -2, 3, f"{path}[{n}].y")
        if x is not None and y is not None:
            points.append((x, y))
    return tuple(points)


def _strength(value: Mapping[str, Any], default: float, path: str, faults: Faults) -> float:
    if "strength" not in value:
        return default
    number = faults.number(value["strength"], 0, 1, f"{path}.strength")
    return default if number is None else number


def _region(value: Mapping[str, Any], path: str, faults: Faults) -> MaskWords | None:
    file = _optional(value, "in", faults.file, path)
    follow = _follow(value, path, faults)
    if file is None and follow:
        faults.add("only a region of its own can follow: in FILE follow", f"{path}.follow")
    return None if file is None else MaskWords(file=file, follow=follow)


def _follow(value: Mapping[str, Any], path: str, faults: Faults) -> bool:
    said = value.get("follow", False)
    if said == "":  # the word alone, in text
        return True
    if not isinstance(said, bool):
        faults.add(f"nothing comes after 'follow', but {_shown(said)} does", f"{path}.follow")
        return False
    return said


def _optional(value: Mapping[str, Any], key: str, read: Any, path: str) -> Any:
    return read(value[key], f"{path}.{key}") if value.get(key) is not None else None


def _words(
    text: str, keys: Collection[str], path: str, faults: Faults
) -> tuple[str, dict[str, str]]:
    """(what comes before the first key, what follows each key)."""
    parts: dict[str, list[str]] = {"": []}
    key = ""
    for token in _TOKEN.findall(text):
        if token.lower() in keys:
            key = token.lower()
            if key in parts:
                faults.add(f"'{key}' stands twice", path)
            parts[key] = []
        else:
            parts[key].append(token)
    joined = {k: " ".join(v) for k, v in parts.items()}
    return joined.pop(""), joined


def _name(path: str) -> str:
    return path.rpartition(".")[2]


def _shown(value: Any) -> str:
    if isinstance(value, str):
        text = f"'{value}'"
    elif isinstance(value, float):
        text = f"{value:g}"
    else:
        text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def each(value: Any) -> Iterable[Any]:
    """One control or a list of them, as a list."""
    return value if isinstance(value, list) else [value]
