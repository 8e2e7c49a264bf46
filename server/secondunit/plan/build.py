"""Shots and the catalogue in; ShotPlans, adaptations and refusals out, all before any work."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from secondunit.catalog.deliveries import DELIVERIES, Wanted, delivery_faults
from secondunit.catalog.engines import Engine
from secondunit.catalog.installed import known, lacking, no_engine, weights_of
from secondunit.catalog.proxies import proxy_faults
from secondunit.config import Config
from secondunit.errors import Fault
from secondunit.plan.colour import (
    colour_adaptations,
    colour_faults,
    coloured,
    shown_adaptations,
    working_of,
)
from secondunit.plan.controls import control_adaptations, control_faults
from secondunit.plan.eyes import seen_adaptations
from secondunit.plan.footage import footage_adaptations, footage_pins
from secondunit.plan.grid import keyframe_frame, legal_frames, work_size
from secondunit.plan.layout import Layout
from secondunit.plan.loop import loop_adaptations, loop_faults, loop_layout, there_and_back
from secondunit.plan.negotiation import (
    MOST_FRAMES,
    able,
    checkpoint_adaptations,
    generate_faults,
    goes_on,
    is_required,
    key_of,
    preset_faults,
    reference_adaptations,
    tier_of,
)
from secondunit.plan.planned import Options, PlannedShot, PlannedShots, TimelinePlan
from secondunit.plan.shot_plan import Adaptation, Level, Pin, ShotPlan
from secondunit.plan.transition import (
    transition_adaptations,
    transition_faults,
    transition_layout,
)
from secondunit.timeline.layouts import FORMATS
from secondunit.timeline.select import find_shots
from secondunit.timeline.shot import Media, Neighbour, Shot, SourceFrames
from secondunit.units import FrameRange, Operation, Size

_LAST_SEED = 2**63 - 1
"""Messages carry 64 bits, and each take's seed is one higher."""


def plan_timeline(path: Path, options: Options, config: Config) -> TimelinePlan:
    """Read a timeline and plan every shot it asks for. Computes no picture.

    Raises TimelineUnreadable when the file cannot be read at all; every other fault is listed.
    """
    return plan_shots(path, options, config).chosen(options.shots)


def plan_shots(path: Path, options: Options, config: Config) -> PlannedShots:
    """The same shot by shot: those that the options name, or all. Raises TimelineUnreadable."""
    config = replace(config, roots=(*config.roots, *options.roots))
    edit = find_shots(
        path, config=config, rate=options.rate, sequence=options.sequence,
        drop_frame=options.drop_frame,
    )  # fmt: skip
    return PlannedShots(
        timeline=path, name=edit.name, rate=edit.rate, faults=edit.faults, notices=edit.notices,
        known=tuple(shot.id for shot in edit.shots),
        shots={
            shot.id: plan_shot(shot, options, config)
            for shot in edit.shots
            if not options.shots or shot.id in options.shots
        },
        compared={
            name: {
                shot.id: plan_shot(shot, replace(options, engine=name), config)
                for shot in edit.shots
                if not options.shots or shot.id in options.shots
            }
            for name in (known(config) if options.compare else ())
        },
    )  # fmt: skip


def plan_shot(shot: Shot, options: Options, config: Config) -> PlannedShot:
    """Resolve one shot against the catalogue: one plan for each take, or all its faults."""
    shot = coloured(shot, next(iter(_sources_of(shot)), None))
    request, path = shot.request, shot.place.path
    faults: list[Fault] = []
    engine_name = options.engine or request.engine or config.engine
    engines = known(config)
    engine = engines.get(engine_name)
    if engine is None:
        faults.append(Fault(what=no_engine(engine_name, config), path=f"{path}.engine"))
    delivery = options.delivery or request.delivery or config.delivery
    if delivery not in DELIVERIES:
        faults.append(
            Fault(what=f"no delivery '{delivery}'; deliveries: {', '.join(DELIVERIES)}",
                  path=f"{path}.delivery")
        )  # fmt: skip
    else:
        wanted = _wanted(shot)
        faults += delivery_faults(DELIVERIES[delivery], wanted, path=f"{path}.delivery")
        for first in _sources_of(shot)[:1]:
            faults += colour_faults(DELIVERIES[delivery], first, f"{path}.delivery")
    if proxy := _proxy(shot, config):
        sources = _sources_of(shot)[:1]
        light = any(FORMATS[first.format].light for first in sources)
        faults += proxy_faults(proxy, _wanted(shot), light=light, path=f"{path}.proxy")
    if shot.drop_frame and (shot.rate.den != 1001 or shot.rate.nominal % 30):
        faults.append(
            Fault(what=f"drop-frame timecode does not exist at {shot.rate} frames per second",
                  path="metadata.secondunit.drop_frame")
        )  # fmt: skip
    seed = _seed(shot, options)
    if seed is not None and not 0 <= seed <= _LAST_SEED + 1 - request.takes:
        faults.append(
            Fault(what=f"seed {seed} for {request.takes} takes; seeds go from 0 to {_LAST_SEED}",
                  path=f"{path}.seed")
        )  # fmt: skip
    if not _sources_of(shot):
        faults.append(Fault(what="there is no frame at the cut to start from", path=path))
    if engine is not None:
        if not weights_of(engine):
            faults.append(
                Fault(what=f"engine '{engine.name}' has no weights here; see `secondunit doctor`",
                      path=f"{path}.engine")
            )  # fmt: skip
        elif engine.folder is not None and (why := lacking(engine, config)):
            faults.append(
                Fault(what=f"engine '{engine.name}' cannot be loaded: {why}",
                      path=f"{path}.engine")
            )  # fmt: skip
        if min(shot.size.width, shot.size.height) < engine.smallest:
            faults.append(
                Fault(what=f"the picture is {shot.size}; engine '{engine.name}' works from "
                      f"{engine.smallest} pixels a side on", path=path)
            )  # fmt: skip
        faults += control_faults(shot, engine, engines)
        faults += preset_faults(shot, engine)
        faults += generate_faults(shot)
        faults += _length_faults(shot, engine)
        if not faults:
            faults += _required(shot, engine, engines, options)
    if faults or engine is None:
        return PlannedShot(plans=(), faults=tuple(faults))
    takes = range(1, request.takes + 1)
    plans = tuple(_plan(shot, engine, delivery, options, take, config) for take in takes)
    return PlannedShot(plans=plans, faults=())


def _proxy(shot: Shot, config: Config) -> str:
    """The name of the proxy that is written beside the take; empty for none."""
    said = config.proxy if shot.request.proxy is None else shot.request.proxy
    return "" if said == "none" else said


def _wanted(shot: Shot) -> Wanted:
    """What the shot's file must hold."""
    first = next(iter(_sources_of(shot)), None)
    return Wanted(
        size=shot.size, rate=shot.rate, sound=shot.request.audio == "keep",
        alpha=shot.request.alpha == "made",
        pixel_aspect=(1, 1) if first is None else first.pixel_aspect,
        colour=None if first is None else first.colour,
    )  # fmt: skip


def _sources_of(shot: Shot) -> tuple[Media, ...]:
    sides = [n.shown for n in (shot.before, shot.after) if n is not None]
    if shot.still is not None:
        sides.append(shot.still)
    if shot.footage is not None:
        return (shot.footage.media,)
    if shot.like is not None:
        return (shot.like,)
    return tuple(s.media for s in sides if s.indexes)


def _length_faults(shot: Shot, engine: Engine) -> Iterator[Fault]:
    frames, path = shot.record.frames, shot.place.path
    if frames < 1:
        yield Fault(what="the place to fill has no frames", path=path)
    spans = [r.frames for r in _layout(shot).generate]
    longest = max((legal_frames(engine, n) for n in spans), default=0)
    most = max(engine.longest, MOST_FRAMES if goes_on(engine) else 0)
    # The in-betweens of a retime are made each for itself, in no common pass.
    if longest > most and shot.request.operation is not Operation.RETIME:
        or_else = "" if shot.footage is not None else " or pin a frame inside it with `keyframe:`"
        yield Fault(
            what=f"{longest} frames in one pass; engine '{engine.name}' makes at most "
            f"{most}: shorten the shot{or_else}",
            path=path,
        )
    if shot.request.operation is Operation.TRANSITION:
        yield from transition_faults(shot)
    if shot.request.operation is Operation.LOOP:
        yield from loop_faults(shot)
    if shot.record.start < 0:
        yield Fault(
            what=f"a head extension of {frames} frames needs room before the clip; the timeline "
            f"has {max(0, frames + shot.record.start)}",
            path=f"{path}.frames",
        )


def _layout(shot: Shot) -> Layout:
    """What of the shot's file is made of which frames."""
    if shot.request.operation is Operation.TRANSITION:
        return transition_layout(shot)
    if shot.request.operation is Operation.LOOP:
        return loop_layout(shot)
    handles = _handles(shot)
    pins = _pins(shot, handles)
    return Layout(
        handles=handles,
        pins=pins,
        generate=_ranges(shot, handles, pins),
        past=_context(shot.before, shot.request.context, before=True),
        future=_context(shot.after, shot.request.context, before=False),
    )


def _handles(shot: Shot) -> tuple[int, int]:
    """Head and tail handles; a neighbour that is shorter than its handle shortens it."""
    head = tail = shot.request.handles
    if shot.before is not None:
        head = min(head, len(shot.before.shown.indexes))
    if shot.after is not None:
        tail = min(tail, len(shot.after.shown.indexes))
    if shot.footage is not None:
        head = min(head, shot.footage.lead)
        tail = min(tail, shot.footage.range.end - shot.record.frames)
    return head, tail


def _pins(shot: Shot, handles: tuple[int, int]) -> tuple[Pin, ...]:
    """Fixed frames by frame of the shot. The frame beside the cut is a pin even without handles."""
    if shot.footage is not None:
        return tuple(footage_pins(shot, shot.footage, handles))
    pins: dict[int, Pin] = {}

    def pin(frame: int, source: SourceFrames, index: int) -> None:
        pins[frame] = Pin(frame=frame, media=source.media, index=index)

    head, tail = handles
    frames = shot.record.frames
    if shot.before is not None:
        shown = shot.before.shown.indexes[-max(1, head) :]
        for i, index in enumerate(shown):
            pin(i - len(shown), shot.before.shown, index)
    if shot.after is not None:
        for i, index in enumerate(shot.after.shown.indexes[: max(1, tail)]):
            pin(frames + i, shot.after.shown, index)
    if shot.still is not None:
        for frame in range(-head, 1):
            pin(frame, shot.still, shot.still.indexes[0])
    for keyframe in shot.request.keyframes:
        if keyframe.strength < 1:
            continue
        image = SourceFrames(media=keyframe.image, indexes=(0,))
        at = keyframe_frame(keyframe.frame, frames)
        for frame in range(-head, 1) if at == 0 and shot.still is not None else (at,):
            pin(frame, image, 0)
    return tuple(pins[frame] for frame in sorted(pins))


def _pulls(shot: Shot) -> tuple[Pin, ...]:
    """Keyframes that draw a made frame towards them, by frame of the shot."""
    pulls = [
        Pin(
            frame=keyframe_frame(keyframe.frame, shot.record.frames), media=keyframe.image,
            index=0, strength=keyframe.strength,
        )
        for keyframe in shot.request.keyframes
        if 0 < keyframe.strength < 1
    ]  # fmt: skip
    return tuple(sorted(pulls, key=lambda pull: pull.frame))


def _ranges(shot: Shot, handles: tuple[int, int], pins: tuple[Pin, ...]) -> tuple[FrameRange, ...]:
    """Runs of frames of the file that no pin fixes."""
    # From pin to pin and not frame by frame: a gap may be a mistake of a billion frames.
    first, end = -handles[0], shot.record.frames + handles[1]
    fixed = sorted(p.frame for p in pins if first <= p.frame < end)
    bounds = zip((first - 1, *fixed), (*fixed, end), strict=True)
    return tuple(FrameRange(start=a + 1, frames=b - a - 1) for a, b in bounds if b - a > 1)


def _context(side: Neighbour | None, count: int, *, before: bool) -> SourceFrames | None:
    """The neighbour's frames next to its pin at the cut, at most `count`, in time order."""
    if side is None:
        return None
    shown = side.shown.indexes
    indexes = shown[:-1][-count:] if before else shown[1:][:count]
    return SourceFrames(media=side.shown.media, indexes=indexes) if count and indexes else None


def _plan(
    shot: Shot, engine: Engine, delivery: str, options: Options, take: int, config: Config
) -> ShotPlan:
    request = shot.request
    layout = _layout(shot)
    handles = layout.handles
    strokes = request.strokes
    if request.operation is Operation.LOOP:
        strokes = tuple(there_and_back(stroke, shot.record.frames) for stroke in strokes)
    sources = _sources_of(shot)
    first = sources[0]
    seed = _seed(shot, options)
    tier = tier_of(engine, request.preset, draft=options.draft)
    return ShotPlan(
        shot=shot.id,
        name=shot.name,
        operation=request.operation,
        engine=engine.name,
        weights=weights_of(engine),
        steps=engine.steps if tier is None else tier.steps,
        seed=_own_seed(shot.id, take) if seed is None else seed + take - 1,
        take=take,
        rate=shot.rate,
        size=shot.size,
        work=work_size(engine, shot.size, draft=options.draft),
        frames=shot.record.frames,
        handles=handles,
        generate=layout.generate,
        pins=layout.pins,
        pulls=_pulls(shot),
        past=layout.past,
        future=layout.future,
        outgoing=layout.outgoing,
        incoming=layout.incoming,
        mask=request.mask,
        strokes=strokes,
        ambients=request.ambients,
        cameras=request.cameras,
        strength=request.strength,
        prompt=request.prompt if engine.prompt else "",
        negative=request.negative if engine.prompt else "",
        format=first.format,
        colour=first.colour,
        timecode=shot.timecode_start + shot.record.start - handles[0],
        drop_frame=shot.drop_frame,
        footage=shot.footage and shot.footage.within(handles[0], shot.record.frames, handles[1]),
        motion=request.motion,
        grain=request.grain,
        proxy=_proxy(shot, config),
        reel=first.reel,
        delivery=delivery,
        pixel_aspect=first.pixel_aspect,
        working=working_of(first),
        audio=request.audio,
        draft=options.draft,
        adaptations=tuple(_adaptations(shot, engine, layout, options, sources)),
        place=shot.place,
        tier="" if tier is None else tier.name,
        guidance=1.0 if tier is None else tier.guidance,
        references=request.references[: engine.references],
    )


def _wide(media: Media) -> str:
    return f"{media.pixel_aspect[0]}:{media.pixel_aspect[1]}"


def _stretch(other: Media, first: Media, size: Size) -> str:
    """Words for a picture whose shape is lost when it is scaled to another's."""
    wanted = size.width * first.pixel_aspect[0] / (size.height * first.pixel_aspect[1])
    has = other.size.width * other.pixel_aspect[0] / (other.size.height * other.pixel_aspect[1])
    return "" if abs(has / wanted - 1) < 0.02 else ", which stretches it"


def _seed(shot: Shot, options: Options) -> int | None:
    """Of the first take, as somebody said it."""
    return options.seed if options.seed is not None else shot.request.seed


def _own_seed(shot_id: str, take: int) -> int:
    """The same request gives the same clip: without a seed of its own, the shot's name is it."""
    return int.from_bytes(hashlib.sha256(f"{shot_id}/{take}".encode()).digest()[:4], "big")


def _negotiated(
    shot: Shot, engine: Engine, layout: Layout, options: Options
) -> Iterator[Adaptation]:
    """What this engine does with the controls."""
    yield from control_adaptations(shot, engine)
    yield from reference_adaptations(shot, engine)
    if engine.tiers:
        yield from checkpoint_adaptations(shot, engine, layout, draft=options.draft)


def _required(
    shot: Shot, engine: Engine, engines: Mapping[str, Engine], options: Options
) -> Iterator[Fault]:
    """Controls that would be dropped though the editor does not want the shot without them."""
    layout = _layout(shot)
    dropped = [a for a in _negotiated(shot, engine, layout, options) if is_required(shot, a)]
    if not dropped:
        return
    others = {
        name: (row, tuple(_negotiated(shot, row, layout, options)))
        for name, row in engines.items()
        if name != engine.name
    }
    for one in dropped:
        names = able(shot, key_of(shot, one), others)
        can = f"these engines could: {', '.join(names)}" if names else "no engine here could"
        yield Fault(what=f"{one.what}, and it is required; {can}", path=one.path)


def _adaptations(
    shot: Shot, engine: Engine, layout: Layout, options: Options, sources: tuple[Media, ...]
) -> Iterator[Adaptation]:
    path, handles = shot.place.path, layout.handles
    yield from _negotiated(shot, engine, layout, options)
    if shot.request.operation is Operation.TRANSITION:
        yield from transition_adaptations(shot)
    if shot.request.operation is Operation.LOOP:
        yield from loop_adaptations(shot)
    yield from seen_adaptations(shot)
    yield from colour_adaptations(shot, sources, path)
    if engine.folder is not None and sources:
        yield from shown_adaptations(sources[0], path)
    if shot.footage is not None:
        yield from footage_adaptations(shot, shot.footage)
    asked = shot.request.handles
    for side, got in zip(("head", "tail"), handles, strict=True):
        if got < asked:
            yield Adaptation(
                level=Level.ROUNDED, what=f"{side} handle is {got} of {asked} frames: the clip "
                "beside the cut is no longer", path=f"{path}.handles",
            )  # fmt: skip
    for other in sources[1:]:
        if other.size != shot.size:
            yield Adaptation(
                level=Level.ROUNDED, what=f"{other.path.name} is {other.size} and is scaled to "
                f"{shot.size}{_stretch(other, sources[0], shot.size)}", path=path,
            )  # fmt: skip
        elif _stretch(other, sources[0], shot.size):
            yield Adaptation(
                level=Level.ROUNDED, what=f"the pixels of {other.path.name} are "
                f"{_wide(other)} wide and are shown {_wide(sources[0])} wide, which stretches it",
                path=path,
            )  # fmt: skip
        brought = other.home is not None
        if not brought and (other.format, other.colour) != (sources[0].format, sources[0].colour):
            yield Adaptation(
                level=Level.ROUNDED, what=f"{other.path.name} is converted to the layout and "
                f"colour of {sources[0].path.name}", path=path,
            )  # fmt: skip
    edge = shot.before if shot.request.edge == "tail" else shot.after
    if shot.request.operation is Operation.EXTEND and edge is not None and edge.beyond.indexes:
        yield Adaptation(
            level=Level.EXACT, what=f"{edge.beyond.media.path.name} itself holds "
            f"{len(edge.beyond.indexes)} or more frames past the cut, if trimming would do",
            path=path,
        )  # fmt: skip
