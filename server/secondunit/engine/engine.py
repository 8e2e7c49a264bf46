"""Engine: what every model looks like from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from secondunit.plan.shot_plan import ShotPlan

RGB = NDArray[np.floating]
"""`h w 3`, 0..1, in the source's own transfer."""

Progress = Callable[[str, int, int], None]
"""(step in words, done, of): called at least once a denoise step. It raises to cancel."""


REACH = 48
"""Frames of the footage beside those under a shot that an engine may look at."""


class Sources(Protocol):
    """Decoded pictures of a plan, at the size the engine works at, each decoded once."""

    def pin(self, frame: int) -> RGB:
        """The pinned picture at a frame of the shot."""
        ...

    def past(self, most: int) -> list[RGB]:
        """Context that ends right before the anchor, oldest first: its last `most` frames."""
        ...

    def future(self, most: int) -> list[RGB]:
        """Context that starts right after the closing pin: its first `most` frames."""
        ...

    def footage(self, index: int) -> RGB:
        """A frame of the file that the shot stands on, by its number in the file.

        Those under the shot, and as many beside it as `REACH` says where the file has them.
        """
        ...

    def mask(self) -> NDArray[np.floating]:
        """`h w`, 0..1, 1 may change; all ones where the plan has no mask."""
        ...

    def region(self, control: int, kind: str) -> NDArray[np.floating]:
        """`h w`, 0..1: the region of stroke (`kind` "stroke") or ambient ("ambient") number n."""
        ...


class LoadedEngine(Protocol):
    """An engine with its weights in memory."""

    def run(
        self, plan: ShotPlan, sources: Sources, progress: Progress
    ) -> Iterator[tuple[int, RGB]]:
        """Yield every frame of `plan.generate` with its number in the shot, at `plan.work`.

        Frames come one at a time, so that a long shot does not fill the memory. Deterministic for
        a plan on one machine. Raises EngineFailed, or whatever `progress` raised, with nothing
        left behind.
        """
        ...
