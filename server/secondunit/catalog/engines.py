"""The table of engines: what each can do, as data, so that a plan is made without loading one."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from secondunit.units import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """How much work one engine spends on a picture."""

    name: str
    """`draft`, `fast` or `full`: what a request's `preset` names."""
    steps: int
    """Denoise steps."""
    guidance: float = 1.0
    """Of classifier-free guidance; 1: without, which halves the work."""
    loras: tuple[Path, ...] = ()
    """Weights that are laid over the model's own for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One row: the abilities that planning negotiates with."""

    name: str
    title: str
    licence: str
    packages: tuple[str, ...]
    """Modules that must be importable for it to run."""
    operations: frozenset[Operation]
    frame_step: int
    """Legal frame counts are `frame_step * k + frame_offset`."""
    frame_offset: int
    longest: int
    """Frames of the longest single pass."""
    size_multiple: int
    smallest: int
    """Shortest legal side in pixels."""
    native_rate: float | None
    """None: any rate."""
    keyframes: Literal["any", "first", "first_last", "none"]
    """At which frames its own weights take pictures; others are held (`held`)."""
    mask: Literal["none", "binary", "soft"]
    strokes: bool
    ambient: bool
    camera: bool
    prompt: bool
    steps: int
    """Denoise steps unless the request says otherwise."""
    memory_mib: int
    """Peak memory beside the frames themselves."""
    pace: tuple[float, float, float, float]
    """Seconds on the machine it was measured on: of every shot, of a megapixel that is made, of a
    megapixel of the file, and of loading it. Estimates take the proportions, never the figures."""
    family: str = "motion"
    """Who tells its weights what to make: a module of `engine.diffusion.families`, or `motion`."""
    folder: Path | None = None
    """Of its weights; None: they are in the package."""
    held: bool = True
    """It is held to the reference animation step by step (hold map), so that what its weights do
    not know is emulated: keyframes anywhere, masks, strokes, camera moves."""
    native: frozenset[str] = frozenset()
    """Controls that its own weights obey: `first`, `last`, `middle`, `strength`, `prefix`, `mask`,
    `reference`."""
    dilate: tuple[int, int] = (0, 0)
    """Pixels and frames by which what may change is widened before the model is asked."""
    most_pixels: int = 0
    """Width times height of the largest picture it is asked for; 0: any."""
    only_size: tuple[int, int] = (0, 0)
    """Width and height of the one size that its weights know; (0, 0): any legal one."""
    words: int = 0
    """Tokens of the longest prompt that it reads whole."""
    references: int = 0
    """Pictures of who or what shall be seen that it takes."""
    tiers: tuple[Tier, ...] = ()
    """From the cheapest to the best; the last is taken where a request names none."""
    limits: str = ""
    """What its licence forbids or asks for, in plain words; empty: nothing beyond its text."""
    weights: str = ""
    """Identity of the weights (SHA-256), as they were when the engine was added; empty for those
    of the package, which tell it themselves (`catalog.weights`)."""


MOTION = Engine(
    name="motion",
    title="Built in: moves the editor's own pixels, invents no content",
    licence="Apache-2.0",
    packages=("torch", "diffusers", "cv2"),
    operations=frozenset(
        {
            Operation.BRIDGE,
            Operation.EXTEND,
            Operation.ANIMATE,
            Operation.TRANSITION,
            Operation.LOOP,
            Operation.REPLACE,
            Operation.RETIME,
        }
    ),
    frame_step=1,
    frame_offset=0,
    longest=240,
    size_multiple=1,
    smallest=32,
    native_rate=None,
    keyframes="any",  # a pin inside a shot splits it, and each part has a first and a last
    mask="soft",
    strokes=True,
    ambient=True,
    camera=True,
    prompt=False,
    steps=6,
    memory_mib=1024,
    pace=(1.5, 0.16, 0.09, 5.0),  # docs/motion-engine.md, "How fast"
)

ENGINES: dict[str, Engine] = {row.name: row for row in (MOTION,)}
"""Every engine by name; the first is the default."""

DEFAULT = "motion"


def missing_packages(engine: Engine) -> list[str]:
    """Packages that the engine needs and this machine lacks; nothing is imported."""
    return [p for p in engine.packages if importlib.util.find_spec(p) is None]


def _validate() -> None:
    for name, row in ENGINES.items():
        if not row.operations or row.longest < 1 or row.size_multiple < 1 or row.frame_step < 1:
            raise ValueError(f"engine row '{name}' is incomplete")
    if DEFAULT not in ENGINES:
        raise ValueError(f"the default engine '{DEFAULT}' has no row")


_validate()
