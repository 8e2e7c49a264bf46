"""The real rooms around an engine that needs no torch: everything on disk is as in earnest."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from secondunit.config import Config
from secondunit.engine.engine import RGB, Progress, Show, Sources, unseen
from secondunit.jobs.stages import Rooms
from secondunit.plan.shot_plan import ShotPlan


class Noise:
    """Frames of noise that the seed decides; implements `LoadedEngine`."""

    def run(
        self, plan: ShotPlan, sources: Sources, progress: Progress, show: Show = unseen
    ) -> Iterator[tuple[int, RGB]]:
        """Every frame, one after the other."""
        for wanted in plan.generate:
            for frame in range(wanted.start, wanted.end):
                progress("denoise", frame - wanted.start, wanted.frames)
                draw = np.random.default_rng([plan.seed % 2**32, frame + 1000])
                yield frame, draw.random((plan.work.height, plan.work.width, 3), np.float32)


def quick(config: Config) -> Rooms:
    """What a worker is started with."""
    return Rooms(config, lambda name, config: Noise())
