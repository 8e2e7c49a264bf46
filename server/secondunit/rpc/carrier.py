"""A plugin's request as a small timeline, so that the same reader makes the same Shot of it."""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
from google.protobuf.message import Message

from secondunit.config import Config
from secondunit.errors import Fault, Refused
from secondunit.plan.planned import Options, TimelinePlan
from secondunit.rpc.reach import within
from secondunit.units import Rate, frame_of_timecode
from secondunit.v1 import shots_pb2 as pb
from secondunit.v1 import units_pb2

EASES = {
    pb.EASE_LINEAR: "linear",
    pb.EASE_IN: "in",
    pb.EASE_OUT: "out",
    pb.EASE_IN_OUT: "in-out",
}
PLACES = {
    pb.PLACE_MODE_REPLACE: "replace",
    pb.PLACE_MODE_OVER: "over",
    pb.PLACE_MODE_NEW_TRACK: "new-track",
}
MOTIONS = {pb.MASKED_MOTION_FREEZE: "freeze", pb.MASKED_MOTION_STEADY: "steady"}
GRAINS = {pb.GRAIN_MODE_MATCH: "match", pb.GRAIN_MODE_NONE: "none"}
ON_FOOTAGE = (units_pb2.OPERATION_REPLACE, units_pb2.OPERATION_RETIME)
ALPHAS = {pb.ALPHA_MODE_NONE: "none", pb.ALPHA_MODE_MADE: "made"}
AUDIOS = {pb.AUDIO_MODE_NONE: "none", pb.AUDIO_MODE_KEEP: "keep"}
_LISTS = re.compile(r"^request\.(keyframe|stroke|ambient|camera|reference)\b")
"""Notes name the controls one by one, the protos name the list."""

MOVES = ("pan", "tilt", "roll", "truck", "pedestal", "dolly")


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """The timeline that stands for a request."""

    timeline: otio.schema.Timeline
    paths: dict[str, str]
    """Places in the timeline, and the fields of the request that they stand for."""


def plan_request(
    request: pb.ShotRequest, options: Options, config: Config,
    plan: Callable[[Path, Options, Config], TimelinePlan],
) -> TimelinePlan:  # fmt: skip
    """Plan one shot that carries its neighbours; faults and adaptations name fields of the request.

    `plan` plans the timeline that stands for it, as `plan_timeline` and `Reader.plan` do.
    Raises Refused for a request that has no operation, rate or range, or names a file badly;
    MediaForbidden for a file that its caller may not name.
    """
    carried = carry(request)
    for file, field in files_of(request):
        if file.path:
            within(file.path, f"request.{field}", config, also=options.roots)
    with tempfile.TemporaryDirectory(prefix="secondunit-") as folder:
        path = Path(folder) / "request.otio"
        path.write_text(carried.timeline.to_json_string(), encoding="utf-8")
        found = plan(path, options, config)
    faults = tuple(replace(f, path=_field(f.path, carried.paths)) for f in found.faults)
    shots = tuple(
        replace(
            shot,
            adaptations=tuple(
                replace(a, path=_field(a.path, carried.paths)) for a in shot.adaptations
            ),
        )
        for shot in found.shots
    )
    return replace(found, faults=faults, shots=shots)


def carry(request: pb.ShotRequest) -> Carried:
    """The neighbours around the place, and the request on the gap or the clip it is about.

    Raises Refused with every fault that the timeline could not show.
    """
    if faults := tuple(_faults(request)):
        raise Refused(faults)
    rate = Rate(num=request.rate.num, den=request.rate.den)
    record = request.record
    before, after = request.HasField("before"), request.HasField("after")
    row: list[tuple[otio.core.Item, str]] = []
    lead = record.start
    asked: otio.core.Item
    if request.operation == units_pb2.OPERATION_EXTEND:
        head = request.edge == units_pb2.EDGE_HEAD
        field = "after" if head else "before"
        asked = _clip(request.after if head else request.before, rate)
        row.append((asked, field))
        lead += record.frames if head else -_length(asked)
    elif request.operation in (units_pb2.OPERATION_ANIMATE, units_pb2.OPERATION_LOOP):
        asked = _clip(request.still, rate, shown=record.frames)
        row.append((asked, "still"))
    elif request.operation == units_pb2.OPERATION_TRANSITION:
        asked = _clip(request.before, rate)
        row += [(asked, "before"), (_clip(request.after, rate), "after")]
        lead += record.frames // 2 - _length(asked)
    elif request.operation in ON_FOOTAGE:
        asked = _clip(request.clip, rate, shown=record.frames)
        row.append((asked, "clip"))
    else:
        if before:
            clip = _clip(request.before, rate)
            row.append((clip, "before"))
            lead -= _length(clip)
        asked = otio.schema.Gap(source_range=_span(0, record.frames, rate))
        row.append((asked, "record"))
        if after:
            row.append((_clip(request.after, rate), "after"))
    asked.metadata["secondunit"] = {"version": 1, "request": _words(request)}
    if lead < 0:
        raise Refused.single(
            f"the clip before lasts {record.start - lead} frames, and the place begins at frame "
            f"{record.start}",
            "request.record",
        )
    if lead > 0:
        row.insert(0, (otio.schema.Gap(source_range=_span(0, lead, rate)), "record"))
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    track.extend([item for item, _ in row])
    start = otio.opentime.RationalTime(_timeline_start(request, rate), float(rate))
    timeline = otio.schema.Timeline(request.name or "request", global_start_time=start)
    timeline.metadata["secondunit"] = {"drop_frame": ";" in request.timeline_start}
    timeline.tracks.append(track)
    paths = {f"tracks[0].children[{n}]": f"request.{field}" for n, (_, field) in enumerate(row)}
    index = next(n for n, (item, _) in enumerate(row) if item is asked)
    paths[f"tracks[0].children[{index}].metadata.secondunit.request"] = "request"
    return Carried(timeline=timeline, paths=paths)


def _faults(request: pb.ShotRequest) -> Iterator[Fault]:
    def fault(what: str, field: str) -> Fault:
        return Fault(what=what, path=f"request.{field}")

    if request.operation not in units_pb2.Operation.values() or not request.operation:
        yield fault("no operation is given", "operation")
    if request.rate.num <= 0 or request.rate.den <= 0:
        yield fault(f"{request.rate.num}/{request.rate.den} is no rate", "rate")
    elif request.timeline_start:
        try:
            _timeline_start(request, Rate(num=request.rate.num, den=request.rate.den))
        except ValueError as exc:
            yield fault(str(exc), "timeline_start")
    if request.record.frames < 1 or request.record.start < 0:
        yield fault("the place has no frames, or lies before the timeline", "record")
    if request.operation == units_pb2.OPERATION_ANIMATE and not request.HasField("still"):
        yield fault("there is no picture to animate", "still")
    if request.operation == units_pb2.OPERATION_LOOP and not request.HasField("still"):
        yield fault("there is no clip to loop", "still")
    if request.operation == units_pb2.OPERATION_TRANSITION:
        for field in ("before", "after"):
            if not request.HasField(field):
                yield fault("a transition needs a clip on both sides of the cut", field)
    if request.operation in ON_FOOTAGE and not request.HasField("clip"):
        yield fault("there is no clip to work on", "clip")
    if request.operation == units_pb2.OPERATION_EXTEND:
        field = "after" if request.edge == units_pb2.EDGE_HEAD else "before"
        if not request.HasField(field):
            yield fault("there is no clip to extend", field)
    for field in ("before", "after", "still", "clip"):
        if request.HasField(field):
            clip: pb.Clip = getattr(request, field)
            if field != "still" and clip.source.frames < 1:
                yield fault("the cut shows no frame of it", f"{field}.source")
            if clip.HasField("rate") and (clip.rate.num <= 0 or clip.rate.den <= 0):
                yield fault(f"{clip.rate.num}/{clip.rate.den} is no rate", f"{field}.rate")
    for field in _not_finite(request, ""):
        yield fault("the number is not finite", field)
    for file, field in files_of(request):
        if file.HasField("blob"):  # every one that is there is a path by now
            yield fault(f"'{file.blob.sha256[:64]}' is the digest of no blob here", field)
        elif not Path(file.path).is_absolute():
            yield fault(f"'{file.path}' is no absolute path on the server's machine", field)


def _not_finite(message: Message, path: str) -> Iterator[str]:
    # Timelines are JSON, which has no NaN and no infinity; the wire has both.
    for field, value in message.ListFields():
        at = f"{path}.{field.name}".lstrip(".")
        if isinstance(value, float):
            if not math.isfinite(value):
                yield at
        elif isinstance(value, Message):
            yield from _not_finite(value, at)
        elif field.type == field.TYPE_MESSAGE:
            for n, part in enumerate(value):
                yield from _not_finite(part, f"{at}[{n}]")


def files_of(request: pb.ShotRequest) -> Iterator[tuple[units_pb2.File, str]]:
    """Every file that a request names, and its field."""
    for field in ("before", "after", "still", "clip"):
        if request.HasField(field):
            yield getattr(request, field).media, f"{field}.media"
    if request.HasField("mask"):
        yield request.mask.file, "mask"
    for n, keyframe in enumerate(request.keyframes):
        yield keyframe.image, f"keyframes[{n}].image"
    for n, file in enumerate(request.references):
        yield file, f"references[{n}]"
    for name in ("strokes", "ambients"):
        for n, control in enumerate(getattr(request, name)):
            if control.HasField("region"):
                yield control.region.file, f"{name}[{n}].region"


def _timeline_start(request: pb.ShotRequest, rate: Rate) -> int:
    return frame_of_timecode(request.timeline_start, rate) if request.timeline_start else 0


def _span(start: int, frames: int, rate: Rate, starts_at: Rate | None = None) -> Any:
    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(start, float(starts_at or rate)),
        otio.opentime.RationalTime(frames, float(rate)),
    )


def _length(item: otio.core.Item) -> int:
    return round(item.source_range.duration.value)


def _clip(clip: pb.Clip, rate: Rate, shown: int | None = None) -> otio.schema.Clip:
    """A clip whose range counts the frames that the cut shows, `shown` or as its speed gives."""
    own = Rate(num=clip.rate.num, den=clip.rate.den) if clip.HasField("rate") else rate
    speed = Fraction(clip.speed).limit_denominator(1_000_000) if clip.HasField("speed") else 1
    if shown is None:
        seconds = clip.source.frames / own.fraction / (abs(speed) or 1)
        shown = max(1, round(seconds * rate.fraction))
    reference = otio.schema.ExternalReference(
        clip.media.path, _span(0, clip.source.start + max(1, clip.source.frames), own)
    )
    made = otio.schema.Clip(clip.name, reference, _span(clip.source.start, shown, rate, own))
    if speed != 1:
        made.effects.append(otio.schema.LinearTimeWarp(time_scalar=float(speed)))
    return made


def _words(request: pb.ShotRequest) -> dict[str, Any]:
    """The request in the words of a note, as JSON."""
    words: dict[str, Any] = {
        "operation": units_pb2.Operation.Name(request.operation).removeprefix("OPERATION_").lower(),
        "id": request.id or None,
        "shot": request.name or None,
        "prompt": request.prompt or None,
        "negative": request.negative or None,
        "engine": request.engine or None,
        "delivery": request.delivery or None,
        "proxy": request.proxy or None,
        "preset": request.preset or None,
        "place": PLACES.get(request.place),
        "audio": AUDIOS.get(request.audio),
        "motion": MOTIONS.get(request.motion),
        "grain": GRAINS.get(request.grain),
        "alpha": ALPHAS.get(request.alpha),
        "colour": request.colour or None,
        "mask": _mask(request.mask) if request.mask.file.path else None,
        "reference": [file.path for file in request.references],
        "required": list(request.required),
        "keyframe": [
            _said(k, "strength") | {"frame": _at(k), "file": k.image.path}
            for k in request.keyframes
        ],
        "stroke": [
            _said(s, "strength")
            | _region(s)
            | _over(s)
            | {"points": [[p.x, p.y] for p in s.points]}
            for s in request.strokes
        ],
        "ambient": [_said(a, "strength") | _region(a) for a in request.ambients],
        "camera": [
            {move: value for move in MOVES if (value := getattr(c, move))}
            | _said(c, "zoom", "fov")
            | _over(c)
            | ({"ease": EASES[c.ease]} if c.ease in EASES else {})
            for c in request.cameras
        ],
        **_said(request, "context", "handles", "takes", "seed", "strength", "speed"),
    }
    if request.operation == units_pb2.OPERATION_EXTEND:
        words["edge"] = "head" if request.edge == units_pb2.EDGE_HEAD else "tail"
        words["frames"] = request.record.frames
    if request.operation == units_pb2.OPERATION_TRANSITION:
        words["frames"] = request.record.frames
    if request.operation == units_pb2.OPERATION_LOOP and request.HasField("loop_frames"):
        words["frames"] = request.loop_frames
    return {key: value for key, value in words.items() if value is not None and value != []}


def _said(message: Any, *fields: str) -> dict[str, Any]:
    return {field: getattr(message, field) for field in fields if message.HasField(field)}


def _region(message: pb.Stroke | pb.Ambient) -> dict[str, Any]:
    if not message.HasField("region"):
        return {}
    follow = {"follow": True} if message.region.follow else {}
    return {"in": message.region.file.path} | follow


def _mask(mask: pb.Mask) -> str | dict[str, Any]:
    return {"file": mask.file.path, "follow": True} if mask.follow else mask.file.path


def _over(message: pb.Stroke | pb.CameraMove) -> dict[str, Any]:
    if not message.HasField("over"):
        return {}
    return {"over": {"start": message.over.start, "frames": message.over.frames}}


def _at(keyframe: pb.Keyframe) -> int | str:
    at = keyframe.WhichOneof("at")
    return at if at in ("first", "last") else keyframe.frame


def _field(path: str, paths: dict[str, str]) -> str:
    for prefix in sorted(paths, key=len, reverse=True):
        if path == prefix or path.startswith((f"{prefix}.", f"{prefix}[")):
            return _LISTS.sub(r"request.\1s", paths[prefix] + path[len(prefix) :])
    return path
