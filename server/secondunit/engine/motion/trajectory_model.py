"""TrajectoryModel: the network that weighs what flow measured, and says how far it doubts."""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional

from secondunit.engine.motion import trajectory
from secondunit.engine.motion.conditions import FRAMES
from secondunit.engine.motion.trajectory import ALONE, CANDIDATES, CHANNELS, Seen, Trajectory

ANSWERS = CANDIDATES + 1
"""For each time: a weight a candidate, the logarithm of the doubt."""
WIDEST = 640.0
"""The doubt is learned in pixels of a picture this wide."""
LEAST_DOUBT, MOST_DOUBT = -2.0, 3.5
"""Natural logarithms of pixels."""
CARRIED = 4.0
"""Found on twelve starts of one real clip, where 2 to 10 are within 0.1 dB of each other."""
UNLIKE = 8 / WIDEST
"""An answer that is further off than this is no more wrong, in fractions of width."""


class _Block(nn.Module):
    def __init__(self, width: int, reach: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, width)
        self.wide = nn.Conv2d(
            width, width, 3, padding=reach, dilation=reach, padding_mode="replicate"
        )
        self.near = nn.Conv2d(width, width, 3, padding=1, padding_mode="replicate")
        nn.init.zeros_(self.near.weight)
        nn.init.zeros_(cast(Tensor, self.near.bias))

    def forward(self, x: Tensor) -> Tensor:
        """Add what was seen around each cell (b c gh gw)."""
        return x + self.near(functional.gelu(self.wide(functional.gelu(self.norm(x)))))


class TrajectoryModel(ModelMixin, ConfigMixin):
    """A small convolutional network on a grid of cells.

    In: `trajectory.features`, b `CHANNELS` gh gw. Out: weights before the softmax (b T n gh gw),
    and the logarithm of the doubt, in pixels at 640 wide, over the square root of the scale in the
    same pixels (b T gh gw). Untrained it gives the classical path.
    """

    @register_to_config
    def __init__(self, width: int = 48, reaches: tuple[int, ...] = (1, 2, 4, 2)) -> None:
        super().__init__()
        self.take = nn.Conv2d(CHANNELS, width, 3, padding=1, padding_mode="replicate")
        self.blocks = nn.ModuleList(_Block(width, reach) for reach in reaches)
        self.whole = nn.Linear(width, width)
        self.norm = nn.GroupNorm(1, width)
        self.give = nn.Conv2d(width, FRAMES * ANSWERS, 1)
        nn.init.normal_(self.give.weight, std=0.002)
        bias = torch.zeros(FRAMES, ANSWERS)
        bias[:, trajectory.PAST], bias[:, trajectory.PATH] = 3.0, 3.5
        self.give.bias = nn.Parameter(bias.flatten())

    def forward(self, told: Tensor) -> tuple[Tensor, Tensor]:
        """Return weights and doubts as the class says."""
        x = self.take(told)
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number == 1:  # how the picture as a whole moves
                x = x + self.whole(x.mean((2, 3)))[:, :, None, None]
        b, _, h, w = x.shape
        x = self.give(self.norm(x)).float().reshape(b, FRAMES, ANSWERS, h, w)
        return x[:, :, :CANDIDATES], x[:, :, CANDIDATES]


def doubts(raw: Tensor, scale: Tensor) -> Tensor:
    """Return the logarithm of the doubt in pixels at 640 wide (b T gh gw).

    `scale` is b gh gw, fractions of width.
    """
    return (raw + torch.log(scale * WIDEST)[:, None] / 2).clamp(LEAST_DOUBT, MOST_DOUBT)


def shares(raw: Tensor, bridge: Tensor) -> Tensor:
    """Return the candidates' weights (b T n gh gw), 0 for an end that there is not.

    `bridge` is b, true where another pin holds the span's end.
    """
    barred = raw[:, :, ALONE:] - 1e4 * (~bridge)[:, None, None, None, None].float()
    return torch.cat([raw[:, :, :ALONE], barred], 2).softmax(2)


def steadied(raw: Tensor) -> Tensor:
    """Return weights before the softmax (b T n gh gw) as they count where nothing holds the end.

    The scenes of the training are flatter than footage, where perspective carries points along a
    field of velocities: the two candidates that say so get `CARRIED` more.
    """
    raised = raw.clone()
    raised[:, :, [trajectory.STREAM, trajectory.QUICK_STREAM]] += CARRIED
    return raised


def length(motion: Tensor, metric: Tensor) -> Tensor:
    """Return the length of motions (b ... gh gw 2) by `trajectory.metric` (b gh gw 3)."""
    between = (1,) * (motion.dim() - 4)
    xx, xy, yy = metric.reshape(metric.shape[0], *between, *metric.shape[1:]).unbind(-1)
    x, y = motion.unbind(-1)
    return (xx * x * x + 2 * xy * x * y + yy * y * y).clamp(min=1e-12).sqrt()


@torch.no_grad()
def found(model: TrajectoryModel, seen: Seen) -> Trajectory:
    """Return the path of every place of an anchor.

    The weights are a mixture of Laplace distributions about the candidates, as wide as the doubt;
    the path is its mean, and the expected error counts how far the candidates are from it.
    """
    rough, sure = trajectory.coarse(seen)
    steps = np.stack([rough.candidates(step + 1) for step in range(FRAMES)])
    told, scale = trajectory.features(rough, sure, steps[-1])
    asked = torch.from_numpy(told)[None].to(next(model.parameters()).device)
    raw, doubt = (answer.cpu() for answer in model(asked))
    if seen.reach is None:
        raw = steadied(raw)
    weights = shares(raw, torch.tensor([seen.reach is not None]))
    path = trajectory.weighed(trajectory.fine(seen, rough), weights[0].numpy())
    ways = torch.from_numpy(steps)[None]
    mean = (weights[..., None] * ways).sum(2, keepdim=True)
    measure = torch.from_numpy(trajectory.metric(sure.structure))[None]
    apart = length(ways - mean, measure).clamp(max=UNLIKE)
    expected = doubts(doubt, torch.from_numpy(scale)[None]).exp() / WIDEST
    whole = expected + (weights * apart).sum(2)
    return Trajectory(displacement=path, doubt=whole[0].numpy().astype(np.float32))
