"""What every part of the bench works with: clips, stills, the engine, and how long it may take."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from secondunit.engine.engine import LoadedEngine
from secondunit.engine.motion.engine import load
from secondunit.engine.motion.generate import MotionEngine, classical

from bench.motion.footage import MOVIES, STILLS, Footage


@dataclass(kw_only=True)
class Setting:
    """One run's choices."""

    paths: list[Path]
    """Movies and stills, absolute; `NAME_mask.EXT` beside a still is its mask."""
    folder: Path
    """For what the bench draws."""
    starts: int = 12
    """Places in each clip at which a bridge and an extension are made."""
    first: int = 400
    """Only this many frames of a clip are used."""
    quick: bool = False
    """Fewer of everything, to see that all parts run; the figures are rough."""
    weights: Path | None = None
    """Others than the package's."""

    @cached_property
    def clips(self) -> list[Footage]:
        """Every movie, decoded."""
        movies = [path for path in self.paths if path.suffix.lower() in MOVIES]
        return [Footage(path, self.first) for path in movies]

    @cached_property
    def stills(self) -> list[Path]:
        """Every picture that is no mask."""
        pictures = [path for path in self.paths if path.suffix.lower() in STILLS]
        return [path for path in pictures if not path.stem.endswith("_mask")]

    @cached_property
    def engine(self) -> LoadedEngine:
        """The engine as it is delivered."""
        return load(threads=1, weights=self.weights)

    @cached_property
    def alone(self) -> LoadedEngine:
        """Its renderer, fed with the classical conditions alone."""
        return MotionEngine(classical)

    def mask_of(self, still: Path) -> Path | None:
        """The mask that belongs to a still, if there is one."""
        return next((p for p in self.paths if p.stem == f"{still.stem}_mask"), None)
