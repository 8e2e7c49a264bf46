"""MotionEngine: the built-in engine, from a plan and its pictures to generated frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit.engine.conditioning import Guide, Span, guides, spans
from secondunit.engine.engine import RGB, UNKEPT, Keep, Part, Progress, Show, Sources, unseen
from secondunit.engine.memory import out_of_memory
from secondunit.engine.motion import morph, pull, render, replacement, retime
from secondunit.engine.motion.balance import balance
from secondunit.engine.motion.conditions import AnchorConditions, Field, prior
from secondunit.engine.motion.sketch import sketch
from secondunit.engine.motion.trajectory import Seen, Trajectory
from secondunit.errors import EngineFailed, EngineMemory
from secondunit.plan.shot_plan import ShotPlan
from secondunit.units import FrameRange, Operation

TREMBLE = 0.0015
"""Largest correction at any time of the span, in fractions of width, that counts as tremble."""
STANDING = 0.0015
"""Way over the whole span, in fractions of width, that counts as standing still."""


PIXELS_AT_ONCE = 3 * 1920 * 1080
"""Of frames that are rendered side by side, so that large ones do not fill the memory."""
LINGER = 0.6
"""How much slower than on average a loop of a picture goes where it comes round, 0..1."""
MOST_GAIN = 4.0
"""Times that motion may be made larger so that a loop of it is seen as well."""


class Denoiser(Protocol):
    """What turns conditions into motion."""

    def __call__(
        self,
        conditions: Sequence[AnchorConditions],
        steps: int,
        seed: int,
        progress: Progress,
        keep: Keep,
        /,
    ) -> Sequence[Field]:
        """Return T gh gw 2 for each anchor, in fractions of width; calls `progress` each step.

        Where `keep` has what an interrupted call with the same questions left, it goes on.
        """
        ...


class Navigator(Protocol):
    """What finds where the footage's own motion goes."""

    def __call__(self, seen: Seen, /) -> Trajectory | None:
        """Return the path of every place of an anchor; None leaves it to the prior."""
        ...


def classical(
    conditions: Sequence[AnchorConditions],
    steps: int,
    seed: int,
    progress: Progress,
    keep: Keep = UNKEPT,
) -> Sequence[Field]:
    """The motion without any network, which it is measured against; implements `Denoiser`."""
    progress("denoise", steps, steps)
    return [prior(anchor) for anchor in conditions]


def settled(conditions: AnchorConditions, motion: Field) -> Field:
    """Return a denoised motion (T gh gw 2) without the tremble that no evidence asks for.

    A network's small corrections are within its own error, and on a locked-off shot an eye sees a
    tenth of a pixel: corrections below `TREMBLE` are cored out, and what was measured as standing
    still, and has not been asked to move, stands still.
    """
    answer = prior(conditions)
    change = motion - answer
    size = np.linalg.norm(change, axis=-1).max(axis=0)
    gain = size**2 / (size**2 + TREMBLE**2)
    measured = conditions.end_confidence if conditions.other is not None else None
    sure = conditions.past_confidence if measured is None else measured
    moved = np.linalg.norm(answer - conditions.camera, axis=-1).max(axis=0)
    still = sure * np.exp(-((moved / STANDING) ** 2)) * (conditions.ambient == 0)
    return (answer + change * (gain * (1 - still))[None, ..., None]).astype(np.float32)


def coming_round(conditions: AnchorConditions, motion: Field) -> Field:
    """Return a motion (T gh gw 2) from a picture as one that is back at it when its time is up.

    The motion forwards from the picture at time 0 and the same motion backwards from the picture
    at time 1 are blended, as displacements, over the period: so it ends in place, and with the
    speed that it starts with. What was drawn comes round by itself and is left as it is.
    """
    drawn = prior(conditions)
    free = np.concatenate([np.zeros_like(motion[:1]), motion - drawn])
    time = np.linspace(0, 1, len(free))
    # It would be at its fastest as it comes through the picture; there it takes its time.
    phase = time - LINGER * np.sin(2 * np.pi * time) / (2 * np.pi)
    late = (phase * phase * (3 - 2 * phase)).astype(np.float32)[:, None, None, None]
    turning = (1 - late) * _when(free, phase) - late * _when(free, 1 - phase)
    # It has half the time to go anywhere, and shall be seen as much as one that does not return.
    far, near = (float((way**2).mean(axis=(1, 2, 3)).max()) for way in (free, turning))
    gain = (far / max(near, 1e-12)) ** 0.5
    return (drawn + np.float32(min(gain, MOST_GAIN)) * turning[1:]).astype(np.float32)


def _when(samples: Field, times: NDArray[np.floating]) -> Field:
    at = np.clip(times, 0, 1) * (len(samples) - 1)
    k = np.minimum(at.astype(int), len(samples) - 2)
    share = (at - k).astype(np.float32)[:, None, None, None]
    return np.asarray(samples[k] + share * (samples[k + 1] - samples[k]), np.float32)


class MotionEngine:
    """Makes frames by moving the pixels of the pins; implements `engine.LoadedEngine`."""

    def __init__(
        self, denoise: Denoiser, navigate: Navigator | None = None, threads: int = 1
    ) -> None:
        """Without `navigate` the footage's own motion is the classical prior's.

        `threads`: frames that are rendered side by side, fewer where they are large.
        """
        self._denoise = denoise
        self._navigate = navigate
        self._threads = threads

    def run(
        self,
        plan: ShotPlan,
        sources: Sources,
        progress: Progress,
        show: Show = unseen,
        keep: Keep = UNKEPT,
    ) -> Iterator[tuple[int, RGB]]:
        """Yield (frame of the shot, `h w 3` at `plan.work`) for every frame of `plan.generate`.

        A few frames are in memory at a time. The same plan gives the same bits on one machine.
        `show` gets a rough picture of each range before the network is asked. Raises EngineFailed,
        or whatever `progress` raised.
        """
        wanted = {n for made in plan.generate for n in range(made.start, made.end)}
        there = wanted.intersection(keep.frames)
        try:
            for frame, picture in self._frames(plan, sources, progress, show, keep):
                known = frame in there
                there.add(frame)
                progress("render", len(there), len(wanted))
                if not known:
                    yield frame, picture
        except (cv2.error, MemoryError) as exc:
            if out_of_memory(exc):
                raise EngineMemory(
                    f"there is not enough memory to render shot {plan.shot}"
                ) from exc
            raise EngineFailed(f"rendering shot {plan.shot} failed: {exc}") from exc

    def _frames(
        self, plan: ShotPlan, sources: Sources, progress: Progress, show: Show, keep: Keep
    ) -> Iterator[tuple[int, RGB]]:
        """What is left to make; some that `keep` has may be among it."""
        if plan.operation is Operation.TRANSITION:
            return morph.frames(plan, sources, progress, keep)
        if plan.operation is Operation.RETIME:
            return retime.frames(plan, sources, keep.frames)
        if plan.operation is Operation.REPLACE:
            return replacement.frames(plan, sources, progress, keep.frames)
        return chain.from_iterable(
            self._drawn(plan, sources, *one, progress, show, keep) for one in spans(plan)
        )

    def _drawn(
        self,
        plan: ShotPlan,
        sources: Sources,
        made: FrameRange,
        forth: Span | None,
        back: Span | None,
        progress: Progress,
        show: Show,
        keep: Keep,
    ) -> Iterator[tuple[int, RGB]]:
        part = Part(keep, f"from{made.start:+d}")
        left = [frame for frame in range(made.start, made.end) if frame not in keep.frames]
        exact = pull.through(plan, made)
        if exact is None:
            yield from self._range(plan, sources, made, forth, back, progress, show, left, part)
            return
        between, left = pull.taken_up(made, left, part)
        without = self._range(plan, sources, made, forth, back, progress, show, left, part)
        parts = chain.from_iterable(
            self._range(
                exact, sources, one, ahead, behind, progress, unseen,
                [frame for frame in left if frame in one], Part(part, f"through{one.start:+d}"),
            )
            for one, ahead, behind in spans(exact)
        )  # fmt: skip
        for frame, picture in without:
            pinned = any(pin.frame == frame for pin in exact.pins)
            other = sources.pin(frame) if pinned else next(parts)[1]
            drawn = between.between(picture, other, pull.strength(plan, made, frame))
            between.leave(frame, part)
            yield frame, drawn

    def _range(
        self,
        plan: ShotPlan,
        sources: Sources,
        made: FrameRange,
        forth: Span | None,
        back: Span | None,
        progress: Progress,
        show: Show,
        left: Sequence[int],
        keep: Keep,
    ) -> Iterator[tuple[int, RGB]]:
        """Yield the frames of a range that are left to make; nothing is looked at for none."""
        if not left:
            return
        progress("look at the sources", 0, 1)
        anchors = guides(plan, sources, forth, back)
        if show is not unseen:
            show(*sketch(made, anchors), rough=True)
        # Each range draws noise of its own, whatever the others are.
        asked = [guide for guide in anchors if guide is not None]
        told, seed = [guide.conditions for guide in asked], plan.seed + made.start
        motions = iter(self._denoise(told, plan.steps, seed, progress, Part(keep, "all")))
        waves = [guide.wave.conditions for guide in asked if guide.wave is not None]
        waving = iter(
            self._denoise(waves, plan.steps, seed, progress, Part(keep, "waves")) if waves else ()
        )
        movers = [
            None if guide is None else self._mover(guide, next(motions), waving)
            for guide in anchors
        ]
        pixels = plan.work.width * plan.work.height
        at_once = max(1, min(self._threads, PIXELS_AT_ONCE // pixels))
        forward, backward = anchors
        light = None if forward is None or backward is None else balance(forward, backward)
        yield from render.frames(left, movers[0], movers[1], at_once, light)

    def _mover(self, guide: Guide, motion: Field, waving: Iterator[Field]) -> render.Mover:
        settled_motion = settled(guide.conditions, motion)
        if guide.plan.operation is Operation.LOOP and guide.plan.from_one_picture:
            settled_motion = coming_round(guide.conditions, settled_motion)
        calm = guide.through_camera(settled_motion)
        wave = None
        if guide.wave is not None:
            wave = guide.through_camera(settled(guide.wave.conditions, next(waving)))
        trajectory = None
        if self._navigate is not None and guide.seen is not None:
            trajectory = self._navigate(guide.seen)
        return render.Mover(guide, calm, wave, trajectory)
