"""A keeper in memory, and runs that die at a chosen moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from secondunit.engine.engine import RGB, Arrays, LoadedEngine, same_arrays

from tests.engine.pictures import silent


class PowerCut(Exception):
    """The end of a run that was not its own."""


@dataclass(kw_only=True)
class Shelf:
    """Implements `engine.Keep`; keeps what a file would keep, and cuts the power when told."""

    cut_after: int
    """Things that are kept before the power goes."""
    pictures: dict[int, RGB] = field(default_factory=dict)
    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    kept: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def frames(self) -> Sequence[int]:
        return list(self.pictures)

    def load(self, name: str) -> Arrays | None:
        self.asked.append(name)
        return self.things.get(name)

    def save(self, name: str, arrays: Arrays) -> None:
        before = self.things.get(name)
        if before is None or not same_arrays(before, arrays):
            self.things[name] = {key: np.array(value) for key, value in arrays.items()}
            self._count()

    def keep(self, frame: int, picture: RGB) -> None:
        """A frame that came out."""
        assert frame not in self.pictures, f"frame {frame} was made twice"
        self.pictures[frame] = picture.copy()
        self._count()

    def _count(self) -> None:
        self.kept += 1
        if self.kept == self.cut_after:
            raise PowerCut


def interrupted(
    engine: LoadedEngine, plan: Any, sources: Any, every: int
) -> tuple[dict[int, RGB], int]:
    """The frames of a shot whose power is cut after every so many kept things, and the cuts."""
    shelf = Shelf(cut_after=every)
    cuts = 0
    while True:
        try:
            for frame, picture in _run(engine, plan, sources, shelf):
                shelf.keep(frame, picture)
        except PowerCut:
            cuts += 1
            shelf.kept = 0
        else:
            return shelf.pictures, cuts


def _run(engine: LoadedEngine, plan: Any, sources: Any, shelf: Shelf) -> Iterator[tuple[int, RGB]]:
    return engine.run(plan, sources, silent, keep=shelf)
