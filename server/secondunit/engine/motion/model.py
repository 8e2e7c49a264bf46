"""The network: a spacetime-patch diffusion transformer that denoises motion instead of pixels."""

from __future__ import annotations

import math

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional

from secondunit.errors import EngineFailed

LEAST_NOISE = 0.05
"""Below this noise level the velocity is not divided by the level: error would be amplified."""


def sinusoid(values: Tensor, width: int) -> Tensor:
    """Return the sinusoidal features (b, width) of scalars (b,) of about 0..1."""
    half = width // 2
    rates = torch.exp(-math.log(1000.0) * torch.arange(half, device=values.device) / half)
    angles = values.float()[:, None] * 1000.0 * rates[None] / math.pi
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def rotary_angles(shape: tuple[int, int, int], head_width: int, device: torch.device) -> Tensor:
    """Return the 3D rotary angles (tokens, head_width / 2) of a token grid t h w.

    A quarter of each head turns with time, the rest half and half with rows and columns, each axis
    with its own geometric ladder of rates (RoFormer, Su et al. 2021, in its axial form).
    """
    pairs = head_width // 2
    share = (pairs // 4, (pairs - pairs // 4) // 2, pairs - pairs // 4 - (pairs - pairs // 4) // 2)
    t, h, w = shape
    places = torch.meshgrid(
        torch.arange(t, device=device, dtype=torch.float32),
        torch.arange(h, device=device, dtype=torch.float32),
        torch.arange(w, device=device, dtype=torch.float32),
        indexing="ij",
    )
    angles = []
    for place, count in zip(places, share, strict=True):
        rates = math.pi / 2 * 0.02 ** (torch.arange(count, device=device) / max(count - 1, 1))
        angles.append(place.reshape(-1, 1) * rates[None])
    return torch.cat(angles, dim=-1)


def turn(heads: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotate the pairs of heads (b n tokens d) by angles given as cosine and sine (tokens, d/2)."""
    first, second = heads.chunk(2, dim=-1)
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], dim=-1)


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Return softmax attention of heads (b n tokens d).

    Written out on a CPU: with a few hundred tokens in bfloat16 two matrix products are twice as
    fast there as the fused kernel.
    """
    if query.is_cuda:
        return functional.scaled_dot_product_attention(query, key, value)
    scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
    return scores.softmax(-1).to(value.dtype) @ value


def even(heads: Tensor) -> Tensor:
    """Bring every head vector (..., d) to a root mean square of one."""
    return heads * torch.rsqrt(heads.square().mean(-1, keepdim=True) + 1e-6)


class Block(nn.Module):
    """One transformer block, modulated by time and span (adaLN-zero, Peebles and Xie 2022)."""

    def __init__(self, width: int, heads: int, expansion: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_in = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.query_scale = nn.Parameter(torch.ones(width // heads))
        self.key_scale = nn.Parameter(torch.ones(width // heads))
        self.feed_in = nn.Linear(width, expansion * width)
        self.feed_out = nn.Linear(expansion * width, width)
        self.modulation = nn.Parameter(torch.zeros(6, width))

    def forward(self, tokens: Tensor, modulation: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """Return tokens (b n width) after attention and feed-forward; modulation is (b 6 width)."""
        b, n, width = tokens.shape
        scale1, shift1, gate1, scale2, shift2, gate2 = (
            (modulation + self.modulation)[:, :, None].to(tokens.dtype).unbind(1)
        )
        inner = functional.layer_norm(tokens, (width,)) * (1 + scale1) + shift1
        query, key, value = (
            self.attention_in(inner).view(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        )
        query = turn(even(query) * self.query_scale.to(query.dtype), cosine, sine)
        key = turn(even(key) * self.key_scale.to(key.dtype), cosine, sine)
        mixed = attend(query, key, value)
        tokens = tokens + gate1 * self.attention_out(mixed.transpose(1, 2).reshape(b, n, width))
        inner = functional.layer_norm(tokens, (width,)) * (1 + scale2) + shift2
        inner = functional.gelu(self.feed_in(inner), approximate="tanh")
        return tokens + gate2 * self.feed_out(inner)


class Surroundings(nn.Module):
    """Looks at each cell's surroundings before cells are folded into tokens: edges and outliers.

    Three convolutions with growing reach (15 cells in all) over what is known at the span's end.
    """

    def __init__(self, channels: int, features: int) -> None:
        super().__init__()
        self.steps = nn.ModuleList(
            nn.Conv2d(known, features, 3, padding=reach, dilation=reach)
            for known, reach in ((channels, 1), (features, 2), (features, 4))
        )

    def forward(self, conditions: Tensor) -> Tensor:
        """Return features (b h w features) of the conditions (b t h w c)."""
        cells = conditions[:, -1].permute(0, 3, 1, 2)
        cells = functional.gelu(self.steps[0](cells), approximate="tanh")
        for step in self.steps[1:]:
            cells = cells + functional.gelu(step(cells), approximate="tanh")
        return cells.permute(0, 2, 3, 1)


class MotionTransformer(ModelMixin, ConfigMixin):
    """Predicts the rectified-flow velocity of a normalised motion residual.

    Inside, the network estimates the clean residual and the velocity is derived from it
    (v = (x - x0) / level): an untrained network therefore answers with a zero residual, that is
    with the classical prior, and no noise of the sampler survives its last step.

    Args:
        frames: motion samples per span, T.
        channels: condition channels per cell and time.
        scalars: scalar conditions per sample.
        patch: cells per token over (t, y, x).
        width, depth, heads, expansion: the size of the transformer.
        features: width of the convolutions before and after it, which see single cells.
    """

    @register_to_config
    def __init__(
        self,
        frames: int = 8,
        channels: int = 34,
        scalars: int = 1,
        patch: tuple[int, int, int] = (4, 2, 2),
        width: int = 192,
        depth: int = 6,
        heads: int = 4,
        expansion: int = 4,
        features: int = 64,
    ) -> None:
        super().__init__()
        volume = patch[0] * patch[1] * patch[2]
        self.patch = tuple(patch)
        self.surroundings = Surroundings(channels, features)
        self.embed = nn.Linear(volume * (2 + channels + features), width)
        self.embed_deep = nn.Linear(width, width)
        self.level_in = nn.Linear(width, width)
        self.scalar_in = nn.Linear(scalars, width)
        self.modulate = nn.Linear(width, 6 * width)
        self.blocks = nn.ModuleList([Block(width, heads, expansion) for _ in range(depth)])
        self.modulate_last = nn.Linear(width, 2 * width)
        self.project = nn.Linear(width, volume * 8)
        self.mend = nn.Conv2d(frames * 8 + features, features, 3, padding=1)
        self.finish = nn.Conv2d(features, frames * 2, 3, padding=1)
        for zeroed in (self.modulate, self.modulate_last, self.finish):
            for weight in zeroed.parameters():
                nn.init.zeros_(weight)

    def _split(self, cells: Tensor) -> Tensor:
        """Fold cells (b t h w c) into tokens (b n volume*c)."""
        b, t, h, w, c = cells.shape
        pt, py, px = self.patch
        cells = cells.view(b, t // pt, pt, h // py, py, w // px, px, c)
        return cells.permute(0, 1, 3, 5, 2, 4, 6, 7).reshape(b, -1, pt * py * px * c)

    def clean(
        self, sample: Tensor, timestep: Tensor, conditions: Tensor, scalars: Tensor
    ) -> Tensor:
        """Estimate the clean residual (b t h w 2); arguments as in `forward`."""
        b, t, h, w, _ = sample.shape
        pt, py, px = self.patch
        if t % pt or h % py or w % px:
            raise EngineFailed(
                f"a grid of {t}x{h}x{w} does not divide into patches of {self.patch}"
            )
        grid = (t // pt, h // py, w // px)
        near = self.surroundings(conditions)
        # Pure noise says nothing: what is seen of the sample grows with what it can tell.
        seen = sample * (1 - timestep.to(sample.dtype))[:, None, None, None, None]
        near_all = near[:, None].expand(-1, t, -1, -1, -1)
        tokens = self.embed(self._split(torch.cat([seen, conditions, near_all], dim=-1)))
        tokens = tokens + self.embed_deep(functional.gelu(tokens, approximate="tanh"))
        width = tokens.shape[-1]
        state = self.level_in(sinusoid(timestep, width).to(tokens.dtype))
        state = functional.silu(state + self.scalar_in(scalars.to(tokens.dtype)))
        modulation = self.modulate(state).view(b, 6, width)
        head_width = width // self.config["heads"]
        angles = rotary_angles(grid, head_width, sample.device)
        cosine, sine = angles.cos().to(tokens.dtype), angles.sin().to(tokens.dtype)
        for block in self.blocks:
            tokens = block(tokens, modulation, cosine, sine)
        scale, shift = self.modulate_last(state)[:, None].chunk(2, dim=-1)
        tokens = functional.layer_norm(tokens, (width,)) * (1 + scale) + shift
        cells = self.project(tokens).view(b, *grid, pt, py, px, 8)
        planes = cells.permute(0, 1, 4, 7, 2, 5, 3, 6).reshape(b, t * 8, h, w)
        planes = self.mend(torch.cat([planes, near.permute(0, 3, 1, 2)], dim=1))
        planes = self.finish(functional.gelu(planes, approximate="tanh"))
        return planes.view(b, t, 2, h, w).permute(0, 1, 3, 4, 2)

    def forward(
        self, sample: Tensor, timestep: Tensor, conditions: Tensor, scalars: Tensor
    ) -> Tensor:
        """Return the velocity noise - residual, float32 (b t h w 2).

        Args:
            sample: noisy residual (b t h w 2) in units of its expected size (`conditions.spread`).
            timestep: noise level (b,), 1 = pure noise, 0 = clean.
            conditions: channels per cell (b t h w c), see `conditions.channels`.
            scalars: (b k), see `conditions.scalars`.
        """
        estimate = self.clean(sample, timestep, conditions, scalars).float()
        level = timestep.float().clamp(min=LEAST_NOISE)[:, None, None, None, None]
        return (sample.float() - estimate) / level
