"""MotionEngine: the built-in engine, from a plan and its pictures to generated frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit.engine.conditioning import Span, guides, spans
from secondunit.engine.engine import RGB, Progress, Sources
from secondunit.engine.motion import morph, render
from secondunit.engine.motion.conditions import AnchorConditions, Field, prior
from secondunit.errors import EngineFailed
from secondunit.plan.shot_plan import ShotPlan
from secondunit.units import FrameRange, Operation

TREMBLE = 0.0015
"""Largest correction at any time of the span, in fractions of width, that counts as tremble."""
STANDING = 0.0015
"""Way over the whole span, in fractions of width, that counts as standing still."""


LINGER = 0.6
"""How much slower than on average a loop of a picture goes where it comes round, 0..1."""
MOST_GAIN = 4.0
"""Times that motion may be made larger so that a loop of it is seen as well."""


class Denoiser(Protocol):
    """What turns conditions into motion."""

    def __call__(
        self, conditions: Sequence[AnchorConditions], steps: int, seed: int, progress: Progress
    ) -> Sequence[Field]:
        """Return T gh gw 2 for each anchor, in fractions of width; calls `progress` each step."""
        ...


def classical(
    conditions: Sequence[AnchorConditions], steps: int, seed: int, progress: Progress
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
    return samples[k] + share * (samples[k + 1] - samples[k])


class MotionEngine:
    """Makes frames by moving the pixels of the pins; implements `engine.LoadedEngine`."""

    def __init__(self, denoise: Denoiser) -> None:
        self._denoise = denoise

    def run(
        self, plan: ShotPlan, sources: Sources, progress: Progress
    ) -> Iterator[tuple[int, RGB]]:
        """Yield (frame of the shot, `h w 3` at `plan.work`) for every frame of `plan.generate`.

        One frame is in memory at a time. The same plan gives the same bits on one machine. Raises
        EngineFailed, or whatever `progress` raised.
        """
        total, done = sum(made.frames for made in plan.generate), 0
        try:
            if plan.operation is Operation.TRANSITION:
                for frame, picture in morph.frames(plan, sources, progress):
                    progress("render", frame + 1, total)
                    yield frame, picture
                return
            for made, forth, back in spans(plan):
                for frame, picture in self._range(plan, sources, made, forth, back, progress):
                    done += 1
                    progress("render", done, total)
                    yield frame, picture
        except (cv2.error, MemoryError) as exc:
            raise EngineFailed(f"rendering shot {plan.shot} failed: {exc}") from exc

    def _range(
        self,
        plan: ShotPlan,
        sources: Sources,
        made: FrameRange,
        forth: Span | None,
        back: Span | None,
        progress: Progress,
    ) -> Iterator[tuple[int, RGB]]:
        anchors = guides(plan, sources, forth, back)
        asked = [guide for guide in anchors if guide is not None]
        # Each range draws noise of its own, whatever the others are.
        told, seed = [guide.conditions for guide in asked], plan.seed + made.start
        answers = self._denoise(told, plan.steps, seed, progress)
        found = [settled(c, motion) for c, motion in zip(told, answers, strict=True)]
        if plan.operation is Operation.LOOP and plan.from_one_picture:
            found = [coming_round(c, motion) for c, motion in zip(told, found, strict=True)]
        motions = iter(found)
        movers = [
            None if guide is None else render.Mover(guide, next(motions)) for guide in anchors
        ]
        clock = forth or back
        share = clock.share if clock else float
        wanted = range(made.start, made.end)
        yield from render.frames(wanted, movers[0], movers[1], share)
