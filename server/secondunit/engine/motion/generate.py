"""MotionEngine: the built-in engine, from a plan and its pictures to generated frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from secondunit.engine.conditioning import Span, guides, spans
from secondunit.engine.engine import RGB, Progress, Sources
from secondunit.engine.motion import render
from secondunit.engine.motion.conditions import AnchorConditions, Field, prior
from secondunit.plan.shot_plan import ShotPlan
from secondunit.units import FrameRange


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
        for made, forth, back in spans(plan):
            for frame, picture in self._range(plan, sources, made, forth, back, progress):
                done += 1
                progress("render", done, total)
                yield frame, picture

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
        motions = iter(
            self._denoise(
                [guide.conditions for guide in asked], plan.steps, plan.seed + made.start, progress
            )
        )
        movers = [None if g is None else render.Mover(g, next(motions)) for g in anchors]
        clock = forth or back
        share = clock.share if clock else float
        wanted = range(made.start, made.end)
        yield from render.frames(wanted, movers[0], movers[1], share)
