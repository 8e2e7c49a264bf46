"""Which controls an engine and an operation honour: faults and adaptations, before any work."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

from secondunit.catalog.engines import ENGINES, Engine
from secondunit.errors import Fault
from secondunit.plan.footage import footage_faults
from secondunit.plan.shot_plan import Adaptation, Level
from secondunit.timeline.shot import Request, Shot
from secondunit.units import FrameRange, Operation

FARTHEST_RAY = 80.0
"""Degrees off the camera's axis that a corner of the still may end up at; 90 is at infinity."""


def control_faults(shot: Shot, engine: Engine) -> Iterator[Fault]:
    """Everything in the request that this engine cannot honour for this operation."""
    request, path = shot.request, shot.place.path
    if request.operation not in engine.operations:
        able = [row.name for row in ENGINES.values() if request.operation in row.operations]
        choice = f"engines that do: {', '.join(able)}" if able else "no engine here does"
        yield Fault(
            what=f"engine '{engine.name}' does not do '{request.operation}'; {choice}",
            path=f"{path}.engine",
        )
    if shot.footage is not None:
        yield from footage_faults(request, path)
    elif request.operation is not Operation.ANIMATE:
        yield from _fixed_by_pins(request, path)
    elif request.mask is not None and request.cameras:
        yield Fault(
            what="a camera move changes every pixel, but the mask keeps some: give the mask to "
            "the strokes as their region (`in FILE`) or leave the camera out",
            path=f"{path}.camera",
        )
    for kind, asked, able in (
        ("stroke", bool(request.strokes), engine.strokes),
        ("ambient", bool(request.ambients), engine.ambient),
        ("camera", bool(request.cameras), engine.camera),
        ("mask", request.mask is not None, engine.mask != "none"),
    ):
        if asked and not able:
            yield Fault(what=f"engine '{engine.name}' obeys no {kind}", path=f"{path}.{kind}")
    for i, control in enumerate((*request.strokes, *request.ambients)):
        article, kind = ("a", "stroke") if i < len(request.strokes) else ("an", "ambient")
        if control.region is None and request.mask is None:
            yield Fault(
                what=f"{article} {kind} needs a region: add `in FILE` to it, or a `mask:`",
                path=f"{path}.{kind}",
            )
    for at, kind, over in _ranges(request):
        if over.start >= shot.record.frames:
            yield Fault(
                what=f"the {kind} begins at frame {over.start}; the shot has frames "
                f"0-{shot.record.frames}",
                path=f"{path}.{at}.over",
            )
    yield from _past_the_picture(shot, path)
    yield from _keyframes(shot, path)


def _past_the_picture(shot: Shot, path: str) -> Iterator[Fault]:
    """Turns after which hardly a ray of the one picture is left in front of the camera."""
    for i, move in enumerate(shot.request.cameras):
        across = move.fov / 2
        slope = math.tan(math.radians(across)) * shot.size.height / shot.size.width
        for word, turn, half in (
            ("pan", move.pan, across), ("tilt", move.tilt, math.degrees(math.atan(slope))),
        ):  # fmt: skip
            most = FARTHEST_RAY - half
            if abs(turn) > most:
                yield Fault(
                    what=f"{word} {turn:g} turns away from the picture: at fov {move.fov:g} it may "
                    f"be at most {most:.0f} degrees",
                    path=f"{path}.camera[{i}].{word}",
                )


def _ranges(request: Request) -> Iterator[tuple[str, str, FrameRange]]:
    """(key and number, what it is, range) of the controls that say when they are at work."""
    for kind, controls in (("stroke", request.strokes), ("camera", request.cameras)):
        for i, control in enumerate(controls):
            if control.over is not None:
                yield f"{kind}[{i}]", "stroke" if kind == "stroke" else "camera move", control.over


def _fixed_by_pins(request: Request, path: str) -> Iterator[Fault]:
    if request.mask is not None:
        yield Fault(
            what=f"a mask keeps pixels of one picture, which '{request.operation}' does not have; "
            "use animate",
            path=f"{path}.mask",
        )
    held = (
        "a bridge is held by the frames at both ends; pin what it should pass through with "
        "`keyframe:`"
        if request.operation is Operation.BRIDGE
        else "an extension goes on as its clip moves; animate one of its frames instead"
    )
    for kind, controls in (
        ("stroke", request.strokes), ("ambient", request.ambients), ("camera", request.cameras),
    ):  # fmt: skip
        if controls:
            yield Fault(what=f"no place for a {kind}: {held}", path=f"{path}.{kind}")


def _keyframes(shot: Shot, path: str) -> Iterator[Fault]:
    seen: set[int] = set()
    frames = shot.record.frames
    for i, keyframe in enumerate(shot.request.keyframes):
        at = keyframe_frame(keyframe.frame, frames)
        where = f"{path}.keyframe[{i}]"
        if not 0 <= at < frames:
            yield Fault(what=f"keyframe {at} is outside the shot's frames 0-{frames}", path=where)
        if at in seen:
            yield Fault(what=f"two keyframes at frame {at}", path=where)
        if keyframe.image.size != shot.size:
            yield Fault(
                what=f"the keyframe is {keyframe.image.size}, the shot {shot.size}", path=where
            )
        seen.add(at)


def keyframe_frame(frame: int | Literal["first", "last"], frames: int) -> int:
    """Frame of the shot that a keyframe names."""
    if frame == "first":
        return 0
    return frames - 1 if frame == "last" else frame


def control_adaptations(shot: Shot, engine: Engine) -> Iterator[Adaptation]:
    """What the engine does differently from what was asked, without refusing."""
    request, path = shot.request, shot.place.path
    for key, text in (("prompt", request.prompt), ("negative", request.negative)):
        if text and not engine.prompt:
            yield Adaptation(
                level=Level.DROPPED, what=f"engine '{engine.name}' reads no words",
                path=f"{path}.{key}",
            )  # fmt: skip
    for i, keyframe in enumerate(request.keyframes):
        if keyframe.strength < 1:
            yield Adaptation(
                level=Level.ROUNDED, what=f"keyframe strength {keyframe.strength:g} is held as 1",
                path=f"{path}.keyframe[{i}]",
            )  # fmt: skip
    for at, kind, over in _ranges(request):
        if over.end > shot.record.frames:
            yield Adaptation(
                level=Level.ROUNDED, what=f"the {kind} goes on to frame {over.end}, the shot ends "
                f"at {shot.record.frames}: the rest is cut off", path=f"{path}.{at}.over",
            )  # fmt: skip
    if request.preset is not None:
        yield Adaptation(
            level=Level.DROPPED, what=f"engine '{engine.name}' has no presets",
            path=f"{path}.preset",
        )  # fmt: skip
    if request.audio == "keep":
        yield Adaptation(
            level=Level.DROPPED, what="the clip comes without audio; the edit's own audio stays",
            path=f"{path}.audio",
        )  # fmt: skip
