"""MotionEngine: the built-in engine, from a plan and its pictures to generated frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Protocol

import cv2
import numpy as np

from secondunit.engine.conditioning import Span, guides, spans
from secondunit.engine.engine import RGB, Progress, Sources
from secondunit.engine.motion import render, replacement, retime
from secondunit.engine.motion.conditions import AnchorConditions, Field, prior
from secondunit.errors import EngineFailed
from secondunit.plan.shot_plan import ShotPlan
from secondunit.units import FrameRange, Operation

TREMBLE = 0.0015
"""Largest correction at any time of the span, in fractions of width, that counts as tremble."""
STANDING = 0.0015
"""Way over the whole span, in fractions of width, that counts as standing still."""


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
            for frame, picture in self._frames(plan, sources, progress):
                done += 1
                progress("render", done, total)
                yield frame, picture
        except (cv2.error, MemoryError) as exc:
            raise EngineFailed(f"rendering shot {plan.shot} failed: {exc}") from exc

    def _frames(
        self, plan: ShotPlan, sources: Sources, progress: Progress
    ) -> Iterator[tuple[int, RGB]]:
        if plan.operation is Operation.RETIME:
            return retime.frames(plan, sources)
        if plan.operation is Operation.REPLACE:
            return replacement.frames(plan, sources, progress)
        ranges = spans(plan)
        return chain.from_iterable(self._range(plan, sources, *one, progress) for one in ranges)

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
        # Each range draws noise of its own, whatever the others are.
        asked = [guide for guide in anchors if guide is not None]
        told, seed = [guide.conditions for guide in asked], plan.seed + made.start
        motions = iter(self._denoise(told, plan.steps, seed, progress))
        movers = [
            None if guide is None else render.Mover(guide, settled(guide.conditions, next(motions)))
            for guide in anchors
        ]
        clock = forth or back
        share = clock.share if clock else float
        wanted = range(made.start, made.end)
        yield from render.frames(wanted, movers[0], movers[1], share)
