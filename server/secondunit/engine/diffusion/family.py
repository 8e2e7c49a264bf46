"""Family: how one kind of checkpoint is told what a pass shall show, and read while it works.

The runner (`run`) owns the order of a pass; a family owns its pipeline's ways. Latents that pass
between them lie on the *grid*, `b c f h w` as the denoising loop scales them: a family unpacks
tokens, and leaves out reference frames and appended keyframes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from secondunit.engine.engine import RGB
from secondunit.units import Rate, Size

if TYPE_CHECKING:
    import torch
    from diffusers.pipelines.pipeline_utils import DiffusionPipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One run of a model, in frames and at a size that are legal for it: frame 0 is its first."""

    frames: int
    size: Size
    rate: Rate
    """The shot's own: told to models that take one."""
    reference: NDArray[np.float32]
    """R, `f h w 3`, 0..1 display-referred: pinned frames and kept pixels are the source's own, the
    rest is a crude video of what was asked. Holes are filled from their surroundings."""
    hold: NDArray[np.float32]
    """h, `f h w`: 0 pinned to the end, 1 free from the start, between: follows R while the noise
    level (sigma, 0..1) is at least h. Already dilated as the family's row says."""
    pinned: frozenset[int]
    """Frames that are pinned whole: `hold` is 0 all over them."""
    strengths: Mapping[int, float]
    """Frames that R shows a picture at, which is to be drawn near only: 0 < strength < 1."""
    references: tuple[RGB, ...]
    """Pictures of who or what shall be seen, which are no frame."""
    prompt: str
    negative: str
    seed: int
    steps: int
    guidance: float
    """1: without classifier-free guidance, one evaluation a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """The latent grid of a pass: which frames and pixels a cell covers."""

    frames: tuple[range, ...]
    """Frames of the pass that each latent frame stands for, in order; together all of them."""
    height: int
    width: int
    """Cells a column and a row; each covers an equal part of the picture."""


class Family(Protocol):
    """Stateless: everything that belongs to a checkpoint is on its pipeline."""

    def open(
        self, folder: Path, *, dtype: torch.dtype, device: str, loras: Sequence[Path]
    ) -> DiffusionPipeline:
        """Return the pipeline of a local folder, ready to be called, progress bars off.

        Its scheduler is one whose state is the latents and the step alone (first order), on the
        very grid that the checkpoint's own gives; `scheduler.first` is the step that the next
        schedule begins at, 0 unless it is set. Nothing is fetched, no code of the folder is run.
        Raises EngineFailed for files that do not fit the classes.
        """
        ...

    def cells(self, pipe: DiffusionPipeline, wanted: Pass) -> Cells:
        """The grid of a pass."""
        ...

    def words(self, pipe: DiffusionPipeline, wanted: Pass) -> Mapping[str, torch.Tensor | None]:
        """The embeddings as arguments of the call; the runner keeps them by their text."""
        ...

    def encode(self, pipe: DiffusionPipeline, video: torch.Tensor) -> torch.Tensor:
        """Clean latents on the grid of pictures `b c f h w` in -1..1: no sample, the mode."""
        ...

    def noise(
        self, pipe: DiffusionPipeline, like: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        """The one noise of the pass, on the grid."""
        ...

    def arguments(
        self,
        pipe: DiffusionPipeline,
        wanted: Pass,
        clean: torch.Tensor,
        noise: torch.Tensor,
        start: torch.Tensor,
        kept: Mapping[str, torch.Tensor] | None,
        generator: torch.Generator,
    ) -> Mapping[str, Any]:
        """What the call takes besides words, step callback, steps and output type.

        `clean` is R on the grid, `noise` the noise of the pass; `start` the latents to begin with,
        on the grid. `kept` is what `beside` gave at the step to go on from; None for a fresh pass.
        Native controls (masks, keyframe tokens, references, first and last picture) are told here.
        """
        ...

    def beside(
        self, pipe: DiffusionPipeline, wanted: Pass, loop: torch.Tensor
    ) -> Mapping[str, torch.Tensor]:
        """What the loop carries outside the grid after a step, without which it cannot go on from
        there: tokens that are denoised too, sound. Empty for most."""
        ...

    def levels(self, pipe: DiffusionPipeline) -> Sequence[float]:
        """The noise level 0..1 (sigma of a flow; noise / (noise + signal) of others) before each
        step of the schedule that is set, and at its end: one more than there are steps."""
        ...

    def mixed(
        self, pipe: DiffusionPipeline, clean: torch.Tensor, noise: torch.Tensor, step: int
    ) -> torch.Tensor:
        """Latents on the grid at the noise level before a step: `(1 - s) clean + s noise` of a
        flow."""
        ...

    def onto_grid(self, pipe: DiffusionPipeline, wanted: Pass, loop: torch.Tensor) -> torch.Tensor:
        """The grid's part of what the loop calls `latents`."""
        ...

    def into_loop(
        self, pipe: DiffusionPipeline, wanted: Pass, grid: torch.Tensor, loop: torch.Tensor
    ) -> torch.Tensor:
        """The loop's latents with the grid's part replaced; the rest stays as it is.

        So do cells that the loop itself holds (a time step of their own, per token): there the
        loop's value is right, which is less noisy than the step.
        """
        ...

    def decode(self, pipe: DiffusionPipeline, grid: torch.Tensor) -> torch.Tensor:
        """Pictures `f h w 3` in 0..1, float32, on the processor, of latents on the grid."""
        ...
