"""The matrix: every control on every family, through the whole engine, on tiny checkpoints.

A case is a plan and its pictures. What is looked at is the same for all: which frames come, at
which size, that kept pixels are the source's, and that held latents are the reference's at every
step, in what the network really sees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from secondunit.catalog.checkpoint import read
from secondunit.catalog.engines import Engine
from secondunit.engine.diffusion.engine import CheckpointEngine, family_of
from secondunit.engine.diffusion.family import Family, Pass
from secondunit.engine.engine import RGB
from secondunit.engine.motion.generate import MotionEngine, classical
from secondunit.finish.composite import composite
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.picture import picture_from_rgb
from secondunit.timeline.shot import Ambient
from secondunit.units import FrameRange, Operation

from bench.drawn import texture
from tests.engine.pictures import Pictures, animation, bridge, extension, move, plan_of, stroke
from tests.plans import SRGB

WIDTH, HEIGHT = 64, 32
STEPS = 3

Case = Callable[[], tuple[ShotPlan, Pictures]]


def clip(frames: int) -> list[RGB]:
    """A pan over a still, two pixels a frame."""
    whole = texture(HEIGHT, WIDTH + 2 * frames)
    return [np.ascontiguousarray(whole[:, 2 * k : 2 * k + WIDTH]) for k in range(frames)]


def _plane() -> np.ndarray:
    plane = np.zeros((HEIGHT, WIDTH), np.float32)
    plane[8:24, 16:40] = 1
    return plane


def _first() -> tuple[ShotPlan, Pictures]:
    return animation(clip(1)[0], 9)


def _last() -> tuple[ShotPlan, Pictures]:
    sources = Pictures(pins={8: clip(3)[2]}, behind=clip(6)[3:])
    return plan_of(Operation.EXTEND, sources, 8, FrameRange(start=0, frames=8)), sources


def _middle() -> tuple[ShotPlan, Pictures]:
    pictures = clip(3)
    sources = Pictures(pins={-1: pictures[0], 4: pictures[1], 8: pictures[2]})
    parts = (FrameRange(start=0, frames=4), FrameRange(start=5, frames=3))
    return plan_of(Operation.BRIDGE, sources, 8, *parts), sources


def _bridge() -> tuple[ShotPlan, Pictures]:
    return bridge(clip(20), 5, 7)


def _extend() -> tuple[ShotPlan, Pictures]:
    return extension(clip(8), 6, 8)


def _mask() -> tuple[ShotPlan, Pictures]:
    plan, sources = animation(clip(1)[0], 9, plane=_plane())
    return replace(plan, mask=plan.pins[0].media), sources


def _stroke() -> tuple[ShotPlan, Pictures]:
    way = (stroke((0.4, 0.5), (0.6, 0.5)),)
    return animation(clip(1)[0], 9, plane=_plane(), strokes=way)


def _ambient() -> tuple[ShotPlan, Pictures]:
    still = (Ambient(region=None, strength=0.5),)
    return animation(clip(1)[0], 9, plane=_plane(), ambients=still)


def _camera() -> tuple[ShotPlan, Pictures]:
    return animation(clip(1)[0], 9, cameras=(move(pan=4.0),))


def _long() -> tuple[ShotPlan, Pictures]:
    return extension(clip(8), 6, 50)


CASES: dict[str, Case] = {
    "first": _first,
    "last": _last,
    "middle": _middle,
    "bridge": _bridge,
    "extend": _extend,
    "mask": _mask,
    "stroke": _stroke,
    "ambient": _ambient,
    "camera": _camera,
    "long": _long,
}
"""By name of the control."""


@dataclass
class Watched:
    """A family that is looked at while it works; implements `Family` by handing on."""

    family: Any
    passes: list[Pass] = field(default_factory=list)
    clean: list[torch.Tensor] = field(default_factory=list)
    drawn: list[torch.Tensor] = field(default_factory=list)
    free: list[torch.Tensor | None] = field(default_factory=list)
    """Where the network sees R itself, at a level of its own."""
    final: list[torch.Tensor] = field(default_factory=list)
    pipe: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.family, name)

    def open(self, *args: Any, **named: Any) -> Any:
        """The pipeline, which is kept to be looked at."""
        self.pipe = self.family.open(*args, **named)
        return self.pipe

    def arguments(
        self, pipe: Any, wanted: Pass, clean: Any, noise: Any, *rest: Any
    ) -> Mapping[str, Any]:
        """What the call takes."""
        self.passes.append(wanted)
        self.clean.append(clean.clone())
        self.drawn.append(noise.clone())
        told = self.family.arguments(pipe, wanted, clean, noise, *rest)
        self.free.append(getattr(pipe, "free", None))
        return told

    def decode(self, pipe: Any, grid: torch.Tensor) -> torch.Tensor:
        """Pictures."""
        self.final.append(grid.clone())
        return self.family.decode(pipe, grid)


def engine(
    folder: Path, *, loras: tuple[Path, ...] = (), **changes: Any
) -> tuple[CheckpointEngine, Watched]:
    """The engine of a checkpoint, whose row is read from its own files and then changed."""
    row: Engine = replace(read(folder, folder.name), **changes)
    watched = Watched(family_of(row))
    loaded = CheckpointEngine(row, cast(Family, watched), MotionEngine(classical))
    loaded.open(loras)
    return loaded, watched


def asked(plan: ShotPlan, **changes: Any) -> ShotPlan:
    """A plan for a tiny checkpoint: few steps, no guidance."""
    fields: dict[str, Any] = {"engine": "tiny", "steps": STEPS, "guidance": 1.0, "prompt": "a boat"}
    return replace(plan, **fields | changes)


def to_make(plan: ShotPlan) -> list[int]:
    """The frames that a plan wants."""
    return [n for one in plan.generate for n in range(one.start, one.end)]


def kept_exactly(sources: Pictures, frames: dict[int, RGB]) -> bool:
    """Whether what the mask keeps leaves the engine to half a code of 16 bits, and finishing to the
    bit."""
    keep = sources.mask() == 0
    still = picture_from_rgb(sources.pins[0], "gbrp16le", SRGB)
    return all(
        np.abs(frame - sources.pins[0])[keep].max() < 0.6 / 65535
        and np.array_equal(composite(frame, still, sources.mask()).rgb()[keep], still.rgb()[keep])
        for frame in frames.values()
    )
