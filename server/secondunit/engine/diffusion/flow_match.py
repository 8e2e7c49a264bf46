"""The steps of a flow checkpoint: its own noise levels, walked straight from one to the next."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch

from secondunit.errors import EngineFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

DISTILLED_STEPS = 8
"""Up to so many steps, weights that were distilled take the levels that they were taught."""
DISTILLED_SHIFT = 5.0
"""Of Wan's few-step weights: four steps are then 1000, 937.5, 833.3 and 625 (lightx2v)."""


class FlowGrid:
    """A scheduler of first order on the grid that another one gives; pipelines take it for one.

    Flow checkpoints ship multistep solvers (UniPC), whose corrector goes back to a sample of its
    own: whatever a callback wrote into the latents is then lost. Here the state is the latents and
    the step, nothing else, so a run can be held to a reference and taken up in the middle. The
    levels are asked of the checkpoint's own scheduler, because no other class gives the same ones
    for a number of steps.
    """

    order = 1
    """Evaluations of the model a step."""

    def __init__(self, own: Any, *, distilled: bool = False) -> None:
        """Wrap `own`, the scheduler that the checkpoint brings.

        Args:
            own: of diffusers, set up for flow matching.
            distilled: the weights were taught to do with few steps: up to `DISTILLED_STEPS` of
                them, the levels are `(n - i) / n` at a shift of 5.

        Raises EngineFailed for a scheduler of another kind of diffusion.
        """
        if not _is_flow(own):
            raise EngineFailed(
                f"The checkpoint's scheduler is {type(own).__name__}, set up for another kind of "
                "diffusion than flow matching."
            )
        self._own = own
        self._distilled = distilled
        self.first = 0
        """The step that the next schedule begins at: those before it were done earlier."""
        self.sigmas = torch.zeros(1)
        """Noise levels of the whole schedule, and 0 at its end."""
        self.timesteps = torch.zeros(0)
        """What the model is told, of the steps that are still to be done."""
        self._at = 0

    @property
    def config(self) -> Any:
        """Of the checkpoint's own scheduler."""
        return self._own.config

    @property
    def levels(self) -> Sequence[float]:
        """The noise level before each step of the whole schedule, and at its end."""
        return self.sigmas.tolist()

    @property
    def step_index(self) -> int:
        """The step that comes next, counted from the beginning of the schedule."""
        return self._at

    def set_timesteps(
        self,
        num_inference_steps: int | None = None,
        device: str | torch.device | None = None,
        sigmas: Any = None,
        mu: float | None = None,
        timesteps: Any = None,
    ) -> None:
        """Set the schedule; arguments as those of diffusers' schedulers."""
        count = num_inference_steps or (0 if sigmas is None else len(sigmas))
        if self._distilled and 0 < count <= DISTILLED_STEPS:
            levels = self.taught(count)
            told = (levels * self.config.num_train_timesteps).to(device)
            self.sigmas = torch.cat([levels, torch.zeros(1)])
        else:
            given = {"sigmas": sigmas, "mu": mu, "timesteps": timesteps}
            self._own.set_timesteps(
                num_inference_steps,
                device=device,
                **{name: value for name, value in given.items() if value is not None},
            )
            told = self._own.timesteps
            self.sigmas = self._own.sigmas.to("cpu", torch.float32)
        if not 0 <= self.first < len(told):
            raise ValueError(f"step {self.first} of a schedule of {len(told)}")
        self.timesteps = told[self.first :]
        self._at = self.first

    def taught(self, steps: int) -> torch.Tensor:
        """The levels before each of a few steps, of weights that were distilled to them."""
        even = torch.arange(steps, 0, -1) / steps
        return DISTILLED_SHIFT * even / (1 + (DISTILLED_SHIFT - 1) * even)

    def set_begin_index(self, begin_index: int = 0) -> None:
        """Where in `timesteps` a pipeline says that it begins."""
        self._at = self.first + begin_index

    def scale_model_input(self, sample: torch.Tensor, timestep: Any = None) -> torch.Tensor:
        """The model sees the sample as it is."""
        return sample

    def step(
        self,
        model_output: torch.Tensor,
        timestep: Any,
        sample: torch.Tensor,
        generator: torch.Generator | None = None,
        per_token_timesteps: torch.Tensor | None = None,
        return_dict: bool = True,
    ) -> tuple[torch.Tensor]:
        """Go on by one level along the velocity, in the sample's own precision.

        Args:
            model_output: velocity, noise minus picture; with `per_token_timesteps` its negative,
                which is how diffusers' pipelines hand it over then.
            timestep: not looked at, the step is counted.
            sample: latents at the level before the step.
            generator: not used, nothing is drawn.
            per_token_timesteps: `b s`: each token goes from its own level to the next of the grid.
            return_dict: a tuple comes either way.
        """
        if per_token_timesteps is None:
            here, there = self.sigmas[self._at : self._at + 2].tolist()
            result = sample + (there - here) * model_output.to(sample.dtype)
        else:
            own = per_token_timesteps / self.config.num_train_timesteps
            grid = self.sigmas.to(own.device)[:, None, None]
            below = torch.where(grid < own[None] - 1e-6, grid, 0.0).amax(dim=0)
            result = sample + (own - below)[..., None] * model_output.to(sample.dtype)
        self._at += 1
        return (result,)

    def __deepcopy__(self, memo: dict[int, Any]) -> FlowGrid:
        """One with a place of its own in the same schedule, for a second stream of latents."""
        twin = FlowGrid(copy.deepcopy(self._own, memo), distilled=self._distilled)
        twin.first, twin._at = self.first, self._at
        twin.sigmas, twin.timesteps = self.sigmas.clone(), self.timesteps.clone()
        return twin


def mixed(clean: torch.Tensor, noise: torch.Tensor, level: float) -> torch.Tensor:
    """Latents of a flow at a noise level 0..1: clean at 0, noise at 1."""
    return (1 - level) * clean + level * noise


def _is_flow(own: Any) -> bool:
    config = own.config
    if type(own).__name__ == "FlowMatchEulerDiscreteScheduler":
        return not config.get("invert_sigmas", False)
    return bool(config.get("use_flow_sigmas")) and config.get("prediction_type") in {
        "flow_prediction",
        None,
    }
