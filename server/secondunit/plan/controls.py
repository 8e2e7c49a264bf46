"""Which controls an engine and an operation honour: faults and adaptations, before any work."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from secondunit.catalog.engines import Engine
from secondunit.errors import Fault
from secondunit.plan.footage import footage_faults
from secondunit.plan.grid import keyframe_frame
from secondunit.plan.masks import follow_faults, mask_adaptations
from secondunit.plan.shot_plan import Adaptation, Level
from secondunit.plan.strokes import stroke_adaptations, stroke_faults
from secondunit.timeline.shot import Request, Shot
from secondunit.units import FrameRange, Operation

FARTHEST_RAY = 80.0
"""Degrees off the camera's axis that a corner of the still may end up at; 90 is at infinity."""


SILENT = (Operation.RETIME, Operation.LOOP)
"""What they show goes at another speed, or round and round: there is no sound to keep."""


def control_faults(shot: Shot, engine: Engine, engines: Mapping[str, Engine]) -> Iterator[Fault]:
    """Everything in the request that this engine, of these, cannot honour for this operation."""
    request, path = shot.request, shot.place.path
    if request.operation not in engine.operations:
        able = [row.name for row in engines.values() if request.operation in row.operations]
        choice = (
            f"engines that do: {', '.join(able)}"
            if able
            else ("no engine here does; add one with `secondunit engines add`")
        )
        yield Fault(
            what=f"engine '{engine.name}' does not do '{request.operation}'; {choice}",
            path=f"{path}.engine",
        )
    picture_loop = request.operation is Operation.LOOP and shot.still is not None
    if shot.footage is not None:
        yield from footage_faults(request, path)
    elif request.operation not in (Operation.ANIMATE, Operation.EXTEND) and not picture_loop:
        yield from _fixed_by_pins(request, path)
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
    yield from _leaning_pixels(shot, path)
    yield from _keyframes(shot, path)
    yield from stroke_faults(shot)
    yield from follow_faults(shot)


def _leaning_pixels(shot: Shot, path: str) -> Iterator[Fault]:
    """Turns are geometry of square pixels; others would lean and stretch under them."""
    wide, high = shot.still.media.pixel_aspect if shot.still is not None else (1, 1)
    for i, move in enumerate(shot.request.cameras):
        turns = [word for word in ("pan", "tilt", "roll") if getattr(move, word)]
        if turns and wide != high:
            yield Fault(
                what=f"{' and '.join(turns)} would lean: the pixels are {wide}:{high} wide, not "
                "square; truck, pedestal, dolly and zoom work",
                path=f"{path}.camera[{i}]",
            )


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


_HELD = {
    Operation.BRIDGE: "a bridge is held by the frames at both ends; pin what it should pass "
    "through with `keyframe:`",
    Operation.TRANSITION: "a transition is held by the two clips that run through it",
    Operation.LOOP: "a loop of footage is held by its own frames; of a still it takes them",
    Operation.GENERATE: "there is no picture to draw on: say it in the `prompt`, or pin a picture "
    "with `keyframe:`",
}


def _fixed_by_pins(request: Request, path: str) -> Iterator[Fault]:
    if request.mask is not None:
        yield Fault(
            what=f"a mask keeps pixels of one picture, which '{request.operation}' does not have; "
            "use animate or extend",
            path=f"{path}.mask",
        )
    held = _HELD.get(
        request.operation,
        f"'{request.operation}' moves as its footage does; use extend or animate",
    )
    for kind, controls in (
        ("stroke", request.strokes), ("ambient", request.ambients), ("camera", request.cameras),
    ):  # fmt: skip
        if controls:
            yield Fault(what=f"no place for a {kind}: {held}", path=f"{path}.{kind}")


def _keyframes(shot: Shot, path: str) -> Iterator[Fault]:
    seen: set[int] = set()
    frames, handles = shot.record.frames, shot.request.handles
    operation = shot.request.operation
    if shot.request.keyframes and operation in (Operation.TRANSITION, Operation.LOOP):
        yield Fault(
            what=f"no place for a keyframe: {operation} has a frame of its own source at both "
            "ends; to pin what lies between, leave a gap and ask for a bridge",
            path=f"{path}.keyframe",
        )
        return
    for i, keyframe in enumerate(shot.request.keyframes):
        at = keyframe_frame(keyframe.frame, frames)
        where = f"{path}.keyframe[{i}]"
        if not 0 <= at < frames:
            handle = "; a handle is there, which no cut shows" if at < frames + handles else ""
            yield Fault(
                what=f"keyframe {at} is outside the shot's frames 0-{frames}{handle}", path=where
            )
        if at in seen:
            yield Fault(what=f"two keyframes at frame {at}", path=where)
        if at == 0 and keyframe.strength < 1 and shot.still is not None:
            yield Fault(
                what="frame 0 is the still itself: a keyframe there replaces it with strength 1, "
                "or not at all",
                path=where,
            )
        if keyframe.image.size != shot.size:
            yield Fault(
                what=f"the keyframe is {keyframe.image.size}, the shot {shot.size}", path=where
            )
        seen.add(at)


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
        if keyframe.strength == 0:
            yield Adaptation(
                level=Level.DROPPED, what="a keyframe of strength 0 is as if it were not there",
                path=f"{path}.keyframe[{i}]",
            )  # fmt: skip
        elif keyframe.strength < 1:
            yield Adaptation(
                level=Level.EMULATED, what=f"strength {keyframe.strength:g} draws the frame "
                "towards its keyframe; only strength 1 is the picture itself",
                path=f"{path}.keyframe[{i}]",
            )  # fmt: skip
    for at, kind, over in _ranges(request):
        if over.end > shot.record.frames:
            yield Adaptation(
                level=Level.ROUNDED, what=f"the {kind} goes on to frame {over.end}, the shot ends "
                f"at {shot.record.frames}: the rest is cut off", path=f"{path}.{at}.over",
            )  # fmt: skip
    yield from stroke_adaptations(shot)
    yield from mask_adaptations(shot)
    if request.preset is not None and not engine.tiers:
        yield Adaptation(
            level=Level.DROPPED, what=f"engine '{engine.name}' has no presets",
            path=f"{path}.preset",
        )  # fmt: skip
    if request.audio == "keep" and request.operation in SILENT:
        yield Adaptation(
            level=Level.DROPPED, what=f"a {request.operation} shows nothing in the time of its "
            "sound: the clip comes without audio; the edit's own audio stays",
            path=f"{path}.audio",
        )  # fmt: skip
