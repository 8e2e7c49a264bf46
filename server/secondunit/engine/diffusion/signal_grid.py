"""Steps of models that were not taught a flow: a picture times a signal, plus noise times a level.

Both kinds are written alike: variance-preserving ones (CogVideoX), where the squares of the two add
up to 1, and Karras' (SVD), where the signal stays 1 and the noise reaches 700.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import torch

from secondunit.errors import EngineFailed

if TYPE_CHECKING:
    from collections.abc import Sequence


class SignalGrid:
    """A scheduler of first order on the grid that another one gives; pipelines take it for one.

    The step is DDIM's without noise of its own (Song et al. 2021), which is Euler's on the levels:
    the state is the latents and the step, so a run can be held to a reference and taken up in the
    middle. Solvers of higher order remember what a callback then changed, or draw noise.
    """

    order = 1
    """Evaluations of the model a step."""

    def __init__(self, own: Any) -> None:
        """Wrap `own`, the scheduler that the checkpoint brings.

        Raises EngineFailed for one of another kind.
        """
        self._karras = hasattr(own, "sigmas")
        told = own.config.get("prediction_type")
        if told not in {"v_prediction", "epsilon", "sample"} or not (
            self._karras or hasattr(own, "alphas_cumprod")
        ):
            raise EngineFailed(
                f"The checkpoint's scheduler is {type(own).__name__} (prediction type '{told}'), "
                "which steps by a rule that is not known here."
            )
        self._own, self._kind = own, told
        self.first = 0
        """The step that the next schedule begins at: those before it were done earlier."""
        self.timesteps = torch.zeros(0)
        """What the model is told, of the steps that are still to be done."""
        self.init_noise_sigma = 1.0
        """Factor of the noise that a whole schedule begins with."""
        self._signal, self._noise = [1.0], [0.0]
        self._at = 0

    @property
    def config(self) -> Any:
        """Of the checkpoint's own scheduler."""
        return self._own.config

    @property
    def levels(self) -> Sequence[float]:
        """Noise / (noise + signal) before each step of the whole schedule, and at its end: 0."""
        return [n / (n + s) for s, n in zip(self._signal, self._noise, strict=True)]

    def set_timesteps(
        self,
        num_inference_steps: int,
        device: str | torch.device | None = None,
    ) -> None:
        """Set the schedule; arguments as those of diffusers' schedulers."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it hands tensors to numpy in a way that is to end
            self._own.set_timesteps(num_inference_steps, device=device)
        told = self._own.timesteps
        if self._karras:
            self.init_noise_sigma = float(self._own.init_noise_sigma)
            self._noise = self._own.sigmas.tolist()
            self._signal = [1.0] * len(self._noise)
        else:
            kept = [self._own.alphas_cumprod[int(t)].item() for t in told]
            self._signal = [k**0.5 for k in kept] + [1.0]
            self._noise = [(1 - k) ** 0.5 for k in kept] + [0.0]
        if not 0 <= self.first < len(told):
            raise ValueError(f"step {self.first} of a schedule of {len(told)}")
        self.timesteps = told[self.first :]
        self._at = self.first

    def mixed(self, clean: torch.Tensor, noise: torch.Tensor, step: int) -> torch.Tensor:
        """Latents at the level before a step."""
        return self._signal[step] * clean + self._noise[step] * noise

    def scale_model_input(self, sample: torch.Tensor, timestep: Any = None) -> torch.Tensor:
        """What the model sees: the sample at a variance of 1."""
        signal, noise = self._signal[self._at], self._noise[self._at]
        return sample / (signal**2 + noise**2) ** 0.5 if self._karras else sample

    def step(
        self, model_output: torch.Tensor, timestep: Any, sample: torch.Tensor, **given: Any
    ) -> Stepped:
        """Go on by one level. Nothing is drawn; `timestep` is not looked at, the step is counted.

        Args:
            model_output: velocity, noise or picture, as the checkpoint says.
            timestep: see above.
            sample: latents at the level before the step.
            given: `return_dict` and others of diffusers': the result serves as both.
        """
        x, out = sample.float(), model_output.float()
        signal, noise = self._signal[self._at], self._noise[self._at]
        size = (signal**2 + noise**2) ** 0.5
        if self._kind == "v_prediction":
            clean = (signal * x / size - noise * out) / size
            drawn = (noise * x / size + signal * out) / size
        elif self._kind == "sample":
            clean, drawn = out, (x - signal * out) / noise
        else:
            clean, drawn = (x - noise * out) / signal, out
        result = self._signal[self._at + 1] * clean + self._noise[self._at + 1] * drawn
        self._at += 1
        return Stepped((result.to(sample.dtype),))


class Stepped(tuple[torch.Tensor]):
    """The latents after a step, as a tuple of one and by diffusers' name."""

    @property
    def prev_sample(self) -> torch.Tensor:
        """The latents."""
        return self[0]
