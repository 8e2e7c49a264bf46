"""One denoising: the pipeline's own loop, held to the reference, seen, kept and stopped outside it.

After each step the cells whose level the noise has not yet passed are the reference under the noise
of the moment, with the one noise that the pass began with. That is right only where the sampler's
state is the latents and the step alone, which every family sees to.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from numpy.typing import NDArray

from secondunit.engine.diffusion.family import Family, Pass
from secondunit.engine.engine import Arrays, Keep, Progress
from secondunit.errors import EngineFailed

KEPT_EVERY = 4
"""Steps after which the latents are put on disk."""
_BESIDE = "beside-"

Seen = Callable[[torch.Tensor, int], None]
"""Takes an estimate of the clean latents on the grid, and the step it is from."""


class NotFinite(Exception):
    """The model gave numbers that are none."""

    def __init__(self, step: int) -> None:
        super().__init__(step)
        self.step = step


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a denoising starts from."""

    wanted: Pass
    words: Mapping[str, torch.Tensor | None]
    clean: torch.Tensor
    """The reference on the grid, `b c f h w`."""
    noise: torch.Tensor
    levels: NDArray[np.float32]
    """The hold map on the grid, `f h w`."""


@dataclass(kw_only=True)
class _Loop:
    """Stands at the end of each step; what diffusers calls `callback_on_step_end`."""

    family: Family
    told: Told
    first: int
    """Steps that an earlier run did."""
    progress: Progress
    keep: Keep
    seen: Seen | None
    state: torch.Tensor
    """The latents on the grid, as the next step takes them."""
    schedule: Sequence[float] = ()
    whole: Any = None
    """The schedule's time steps where the loop was given only those that are left of it."""
    hold: torch.Tensor = field(init=False)
    done: int = 0

    def __post_init__(self) -> None:
        self.hold = torch.from_numpy(self.told.levels).to(self.state.device)[None, None]
        self.done = self.first

    def __call__(
        self, pipe: DiffusionPipeline, index: int, timestep: Any, tensors: dict[str, Any]
    ) -> dict[str, Any]:
        """Hold what is held, show, keep, and let whoever wants to stop do it."""
        family, told = self.family, self.told
        scheduler: Any = pipe.scheduler  # pyright: ignore[reportAttributeAccessIssue]
        if self.whole is not None:
            scheduler.timesteps = self.whole
        if not self.schedule:
            self.schedule = family.levels(pipe)
        step = self.done = self.first + index + 1
        loop: torch.Tensor = tensors["latents"]
        grid = family.onto_grid(pipe, told.wanted, loop)
        if not bool(torch.isfinite(grid).all()):
            raise NotFinite(step)
        if self.seen is not None:
            self.seen(self._expected(pipe, grid, step), step)
        last = step == told.wanted.steps
        held = self.hold <= (0.0 if last else self.schedule[step])
        if bool(held.any()):
            target = told.clean if last else family.mixed(pipe, told.clean, told.noise, step)
            grid = torch.where(held, target.to(grid), grid)
            loop = family.into_loop(pipe, told.wanted, grid, loop)
            grid = family.onto_grid(pipe, told.wanted, loop)
        self.state = grid
        if step % KEPT_EVERY == 0 or last:
            self.keep.save("latents", self._arrays(pipe, loop))
        self.progress("denoise", step, told.wanted.steps)
        return {"latents": loop}

    def _expected(self, pipe: DiffusionPipeline, grid: torch.Tensor, step: int) -> torch.Tensor:
        # Where the straight line through the last two states meets noise level 0, in units in which
        # signal and noise add up to 1.
        one = torch.ones_like(grid[:1, :1, :1, :1, :1])
        here, there = (self.family.mixed(pipe, one, one, n).flatten()[0] for n in (step - 1, step))
        before, after = self.state / here, grid / there
        high, low = self.schedule[step - 1], self.schedule[step]
        return after - low * (after - before) / min(low - high, -1e-6)

    def _arrays(self, pipe: DiffusionPipeline, loop: torch.Tensor) -> Arrays:
        beside = self.family.beside(pipe, self.told.wanted, loop)
        tensors = {"latents": self.state} | {_BESIDE + name: t for name, t in beside.items()}
        # numpy has no bfloat16; float32 holds all of it.
        arrays = {name: tensor.float().cpu().numpy() for name, tensor in tensors.items()}
        return {**arrays, "done": np.array(self.done)}


def denoised(
    pipe: DiffusionPipeline,
    family: Family,
    told: Told,
    *,
    generator: torch.Generator,
    progress: Progress,
    keep: Keep,
    seen: Seen | None = None,
) -> tuple[torch.Tensor, int]:
    """Return the clean latents of a pass on the grid, and the steps that were executed for them.

    `keep` has what an interrupted call left: the result is bit for bit that of one call. Raises
    NotFinite, whatever `progress` raises, and what the pipeline raises, with nothing left behind.
    """
    start, beside, first = told.noise, None, 0
    if (kept := keep.load("latents")) is not None:
        first = int(kept["done"])
        start = _tensor(kept["latents"], told.noise)
        beside = {
            name.removeprefix(_BESIDE): _tensor(array, told.noise)
            for name, array in kept.items()
            if name.startswith(_BESIDE)
        }
        if first >= told.wanted.steps:
            return start, 0
    given = family.arguments(pipe, told.wanted, told.clean, told.noise, start, beside, generator)
    loop = _Loop(
        family=family, told=told, first=first, progress=progress, keep=keep, seen=seen, state=start
    )
    with _from_step(pipe, first, loop, family), torch.no_grad():
        pipe(  # pyright: ignore[reportCallIssue]
            **told.words, **given,
            num_inference_steps=told.wanted.steps, output_type="latent",
            callback_on_step_end=loop, callback_on_step_end_tensor_inputs=["latents"],
        )  # fmt: skip
    if loop.done != told.wanted.steps:
        raise EngineFailed(
            f"the model ended after {loop.done} of {told.wanted.steps} steps without saying why"
        )
    return loop.state, told.wanted.steps - first


def _tensor(array: NDArray[Any], like: torch.Tensor) -> torch.Tensor:
    # A copy: kernels round otherwise where memory lies at odd addresses.
    return torch.from_numpy(array).clone().to(like)


@contextmanager
def _from_step(pipe: DiffusionPipeline, first: int, loop: _Loop, family: Family) -> Iterator[None]:
    """Have the pipeline's loop begin after `first` steps of its schedule, and leave it as it was.

    A scheduler that has a `first` of its own is told; another is of a late class meanwhile, and not
    another object: pipelines look at its signature and copy it (one for the sound), and a copy must
    begin late too.
    """
    scheduler: Any = pipe.scheduler  # pyright: ignore[reportAttributeAccessIssue]
    plain, knows = type(scheduler), hasattr(scheduler, "first")

    def known() -> None:
        loop.schedule, loop.whole = family.levels(pipe), scheduler.timesteps

    if knows:
        scheduler.first = first
    elif first:
        scheduler.__class__ = _late(scheduler, first, known)
    try:
        yield
    finally:
        scheduler.__class__ = plain
        if knows:
            scheduler.first = 0
        for part in pipe.components.values():
            if hasattr(part, "_reset_stateful_cache"):
                part._reset_stateful_cache()
        pipe.maybe_free_model_hooks()


def _late(scheduler: Any, first: int, known: Callable[[], None]) -> Any:
    """A class as the scheduler's own whose schedules begin after `first` steps.

    `known` is called when the scheduler itself has its whole schedule, before it is cut.
    """
    plain: Any = type(scheduler)

    class Late(plain):
        @functools.wraps(plain.set_timesteps)
        def set_timesteps(self, *args: Any, **settings: Any) -> None:
            plain.set_timesteps(self, *args, **settings)
            if self is scheduler:
                known()
            self.timesteps = self.timesteps[first:]
            self.set_begin_index(0)

        def set_begin_index(self, begin_index: int = 0) -> None:
            if hasattr(plain, "set_begin_index"):
                plain.set_begin_index(self, begin_index + first)

    return Late
