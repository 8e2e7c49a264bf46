"""What a checkpoint makes of each control: exact, rounded, emulated or dropped, said beforehand.

The built-in engine has no part in this: what it does with a control is its operations' own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from secondunit.catalog.engines import Engine, Tier
from secondunit.errors import Fault
from secondunit.plan.grid import keyframe_frame, legal_frames, work_size
from secondunit.plan.layout import Layout
from secondunit.plan.shot_plan import Adaptation, Level
from secondunit.timeline.shot import Shot
from secondunit.units import Operation

MOST_FRAMES = 14_400
"""Of one shot in several passes: ten minutes at 24; a longer one is a mistake."""
_ALL = "all"
_LETTERS = 4
"""Bytes of a token, about, in every tokenizer of the catalogue; Latin text has more."""


def tier_of(engine: Engine, preset: str | None, *, draft: bool) -> Tier | None:
    """The tier that a request means; None where the engine has none of that name, or none."""
    if not engine.tiers:
        return None
    if preset is None:
        return engine.tiers[0] if draft else engine.tiers[-1]
    return next((tier for tier in engine.tiers if tier.name == preset), None)


def goes_on(engine: Engine) -> bool:
    """Whether a shot may be made in several passes: the next one has to know where the last was."""
    return bool(engine.tiers) and (engine.held or "first" in engine.native)


def passes(engine: Engine, frames: int) -> int:
    """About how many passes a stretch of so many frames takes."""
    if frames <= engine.longest:
        return 1
    return 1 + -(-frames // max(engine.longest - 1 - 2 * engine.frame_step, 1))


def preset_faults(shot: Shot, engine: Engine) -> Iterator[Fault]:
    """A preset that the engine does not have."""
    preset = shot.request.preset
    if engine.tiers and preset is not None and tier_of(engine, preset, draft=False) is None:
        names = ", ".join(tier.name for tier in engine.tiers)
        yield Fault(
            what=f"engine '{engine.name}' has no preset '{preset}'; here are {names}",
            path=f"{shot.place.path}.preset",
        )


def checkpoint_adaptations(
    shot: Shot, engine: Engine, layout: Layout, *, draft: bool
) -> Iterator[Adaptation]:
    """What an engine of a checkpoint does with everything that was asked."""
    yield from _shape(shot, engine, layout, draft=draft)
    yield from _ends(shot, engine, layout)
    yield from _keyframes(shot, engine)
    yield from _regions(shot, engine)
    yield from _motion(shot, engine)
    yield from _words(shot, engine, draft=draft)


def _said(level: Level, what: str, path: str) -> Adaptation:
    return Adaptation(level=level, what=what, path=path)


def _shape(shot: Shot, engine: Engine, layout: Layout, *, draft: bool) -> Iterator[Adaptation]:
    """Frames, sizes and rates that the model has its own rules for."""
    path, spans = shot.place.path, [r.frames for r in layout.generate]
    longest = max(spans, default=0)
    if longest > engine.longest:
        yield _said(
            Level.EMULATED, f"{longest} frames are made in about {passes(engine, longest)} passes "
            f"of at most {engine.longest} frames, each pinned to what is known around it",
            f"{path}.frames",
        )  # fmt: skip
    elif longest and (legal := legal_frames(engine, longest)) != longest:
        yield _said(
            Level.ROUNDED, f"passes have {_rule(engine)} frames: {longest} are made as {legal} or "
            "more, and what is too much is trimmed",
            f"{path}.frames",
        )  # fmt: skip
    work = work_size(engine, shot.size, draft=draft)
    if work != shot.size and not draft:
        yield _said(
            Level.ROUNDED, f"the model was trained on pictures of up to "
            f"{engine.most_pixels / 1e6:.1f} megapixels: what is made is made at {work} and scaled "
            f"to {shot.size}; what is kept stays as it is",
            f"{path}.size",
        )  # fmt: skip
    rate = engine.native_rate
    if rate is not None and abs(shot.rate.num / shot.rate.den / rate - 1) > 0.05:
        yield _said(
            Level.ROUNDED, f"the model was trained at {rate:g} frames per second: its frames are "
            f"taken one for one at {shot.rate}, so motion that it makes up goes at another speed",
            f"{path}.rate",
        )  # fmt: skip


def _rule(engine: Engine) -> str:
    step, offset = engine.frame_step, engine.frame_offset
    return f"{step}k+{offset}" if offset else f"{step}k"


def _known(engine: Engine, kind: str, exact: str) -> tuple[Level, str]:
    """(level, words) of something that is pinned: the picture is its own in any case."""
    if kind in engine.native:
        return Level.EXACT, f"{exact}; the model is told"
    if engine.held:
        return Level.EMULATED, (
            f"{exact}; the model knows no {kind} picture, so its frames are held to a draft that "
            "leads there"
        )
    return Level.EMULATED, (
        f"{exact}; the model is not told, and nothing that it makes leads there"
    )


def _ends(shot: Shot, engine: Engine, layout: Layout) -> Iterator[Adaptation]:
    """The frames of the source at both ends of what is made."""
    pinned = {pin.frame for pin in layout.pins}
    for kind, there in (
        ("first", any(r.start - 1 in pinned for r in layout.generate)),
        ("last", any(r.end in pinned for r in layout.generate)),
    ):
        if there and kind not in engine.native:
            level, what = _known(engine, kind, f"the {kind} frame is the source's own")
            yield _said(level, what, shot.place.path)


def _keyframes(shot: Shot, engine: Engine) -> Iterator[Adaptation]:
    frames = shot.record.frames
    for i, keyframe in enumerate(shot.request.keyframes):
        path = f"{shot.place.path}.keyframe[{i}]"
        at = keyframe_frame(keyframe.frame, frames)
        kind = "first" if at == 0 else "last" if at == frames - 1 else "middle"
        if keyframe.strength == 1:
            yield _said(*_known(engine, kind, f"frame {at} is the picture itself"), path)
        elif keyframe.strength > 0 and not engine.held and "strength" not in engine.native:
            yield _said(
                Level.DROPPED, f"engine '{engine.name}' cannot be drawn towards a picture; with "
                "strength 1 the frame is the picture", path,
            )  # fmt: skip


def _regions(shot: Shot, engine: Engine) -> Iterator[Adaptation]:
    if shot.request.mask is None:
        return
    how = (
        "the model is told where" if "mask" in engine.native
        else "inside, the model is held at the edges" if engine.held
        else "the model is not told where"
    )  # fmt: skip
    level = Level.EXACT if "mask" in engine.native or engine.held else Level.EMULATED
    yield _said(
        level, f"pixels outside the mask are the source's own; {how}", f"{shot.place.path}.mask"
    )


def _motion(shot: Shot, engine: Engine) -> Iterator[Adaptation]:
    """Strokes, ambient motion and camera moves: drawn by the built-in engine, and held to."""
    request, path = shot.request, shot.place.path
    for key, words, controls in (
        ("stroke", "the stroke", request.strokes),
        ("ambient", "the ambient motion", request.ambients),
        ("camera", "the camera move", request.cameras),
    ):
        for i in range(len(controls)):
            if engine.held:
                yield _said(
                    Level.EMULATED, f"{words} is drawn by the built-in engine, and the model is "
                    "held to it while the large shapes form", f"{path}.{key}[{i}]",
                )  # fmt: skip
            else:
                yield _said(
                    Level.DROPPED, f"engine '{engine.name}' cannot be held to {words}",
                    f"{path}.{key}[{i}]",
                )  # fmt: skip
    if request.motion is not None and engine.held:
        yield _said(
            Level.EMULATED, f"'{request.motion}' is done by the built-in engine, and the model is "
            "held to it", f"{path}.motion",
        )  # fmt: skip


def _words(shot: Shot, engine: Engine, *, draft: bool) -> Iterator[Adaptation]:
    request, path = shot.request, shot.place.path
    for key, text in (("prompt", request.prompt), ("negative", request.negative)):
        tokens = -(-len(text.encode()) // _LETTERS)
        if engine.words and tokens > engine.words:
            yield _said(
                Level.ROUNDED, f"some {tokens} tokens, of which the model reads the first "
                f"{engine.words}", f"{path}.{key}",
            )  # fmt: skip
    tier = tier_of(engine, request.preset, draft=draft)
    if request.negative and engine.words and tier is not None and tier.guidance <= 1:
        yield _said(
            Level.DROPPED, f"'{tier.name}' of engine '{engine.name}' runs without guidance, so "
            "nothing is kept away", f"{path}.negative",
        )  # fmt: skip


def reference_adaptations(shot: Shot, engine: Engine) -> Iterator[Adaptation]:
    """Pictures of who or what shall be seen, of any engine."""
    for i in range(engine.references, len(shot.request.references)):
        what = (
            f"engine '{engine.name}' takes {engine.references} reference pictures"
            if engine.references
            else f"engine '{engine.name}' takes no reference pictures"
        )
        yield _said(Level.DROPPED, what, f"{shot.place.path}.reference[{i}]")


def is_required(shot: Shot, said: Adaptation) -> bool:
    """Whether the editor does not want the shot without what is dropped here."""
    key = key_of(shot, said)
    return said.level is Level.DROPPED and (
        key in shot.request.required or (_ALL in shot.request.required and bool(key))
    )


def key_of(shot: Shot, said: Adaptation) -> str:
    """The request's key that an adaptation is about; empty for the shot as a whole."""
    path = said.path.removeprefix(shot.place.path).lstrip(".")
    return path.partition("[")[0].partition(".")[0]


def able(
    shot: Shot, key: str, others: Mapping[str, tuple[Engine, tuple[Adaptation, ...]]]
) -> list[str]:
    """Engines that would not drop a key: those that do the operation at all."""
    return [
        name
        for name, (row, said) in others.items()
        if shot.request.operation in row.operations
        and not any(key_of(shot, a) == key and a.level is Level.DROPPED for a in said)
    ]


def generate_faults(shot: Shot) -> Iterator[Fault]:
    """A shot that is made from nothing has to be told what to be."""
    request, path = shot.request, shot.place.path
    if request.operation is not Operation.GENERATE:
        return
    if not (request.prompt or request.references or request.keyframes):
        yield Fault(
            what="nothing says what to generate: give it a `prompt:`, a `reference:` or a "
            "`keyframe:`", path=path,
        )  # fmt: skip
