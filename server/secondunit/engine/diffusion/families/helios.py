"""Helios: chunk after chunk of 33 frames, each denoised in sight of what came before it.

The stock pipeline draws its noise inside, decodes every chunk as it goes, and shows a callback one
chunk at a time. Here the chunks of a pass lie on one grid and are walked one after the other, each
held to its part of the reference, so that what is pinned in a chunk is already history for the
next. A first picture is the anchor of all chunks, and chunks that are pinned whole are history from
the start: both as the stock pipeline gives them, under a little noise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.transformers.transformer_helios import HeliosTransformer3DModel
from diffusers.pipelines.helios.pipeline_helios import HeliosPipeline, calculate_shift
from diffusers.schedulers.scheduling_helios import HeliosScheduler

from secondunit.engine import hold
from secondunit.engine.diffusion import flow_match, parts, wan
from secondunit.engine.diffusion.family import Cells, Pass
from secondunit.engine.diffusion.steps import KEPT_EVERY
from secondunit.errors import EngineFailed

CHUNK = 33
"""Frames that are made at a time; each chunk has latents of its own, as a clip for itself."""
LATENTS = 9
"""Latent frames of a chunk."""
HISTORY = (16, 2, 1)
"""Latent frames before a chunk that it sees, from the coarsest to the finest."""
BLUR = (0.111, 0.135)
"""Noise level that given pictures and clips are put under, as in training."""
HIGHEST = 0.999
"""Noise level that the schedule begins at, before it is shifted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """What a pass brings along; all `1 c f h w`."""

    start: torch.Tensor
    clean: torch.Tensor
    noise: torch.Tensor
    levels: torch.Tensor
    """The hold map on the grid."""
    anchor: torch.Tensor | None
    """The latent frame that every chunk sees first; None: the first that is made."""
    before: torch.Tensor | None
    """A latent frame that stands for what was before a first picture."""
    walked: int
    """Steps, of all chunks together, that an earlier run did."""
    seed: int


class _Chunks(HeliosPipeline):
    """The stock pipeline's parts, with a walk over chunks that can be held and taken up again."""

    given: _Given
    """Put here before the call."""
    walked: int = 0
    """Steps that were done, of all chunks together."""

    @torch.no_grad()
    def __call__(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        *,
        prompt_embeds: torch.Tensor,
        negative_prompt_embeds: torch.Tensor | None,
        guidance_scale: float,
        num_inference_steps: int,
        callback_on_step_end: Callable[..., Mapping[str, Any]],
        **_: Any,
    ) -> tuple[torch.Tensor]:
        """Return the latents of all chunks.

        The callback counts as many steps as one chunk has, and is called after each step of each
        chunk, with how far of that count the whole has come.
        """
        given, steps = self.given, num_inference_steps
        begun, state = self.scheduler.first, given.start.clone()
        todo = [n for n in range(state.shape[2] // LATENTS) if not self._pinned(n)]
        self.walked = given.walked
        words = (prompt_embeds, negative_prompt_embeds if guidance_scale > 1 else None)
        for n in range(state.shape[2] // LATENTS):
            part = slice(n * LATENTS, (n + 1) * LATENTS)
            if n not in todo:
                state[:, :, part] = given.clean[:, :, part]
                continue
            done = self.walked - todo.index(n) * steps
            if done >= steps:
                continue
            told = self._told(state, n)
            self._schedule(steps, done, state)
            for t in self.scheduler.timesteps:
                velocity = self._velocity(state[:, :, part], t, words, told, guidance_scale)
                after = self.scheduler.step(velocity, t, state[:, :, part])[0]
                state[:, :, part] = self._held(after, part)
                self.walked += 1
                index = _come(self.walked, len(todo), steps) - begun - 1
                callback_on_step_end(self, index, t, {"latents": state.clone()})
        self.maybe_free_model_hooks()
        return (state,)

    def _pinned(self, n: int) -> bool:
        return bool((self.given.levels[:, :, n * LATENTS : (n + 1) * LATENTS] <= 0).all())

    def _held(self, after: torch.Tensor, part: slice) -> torch.Tensor:
        given, level = self.given, self.scheduler.levels[self.scheduler.step_index]
        clean, noise = given.clean[:, :, part], given.noise[:, :, part]
        followed = clean if level == 0 else flow_match.mixed(clean, noise, level)
        return torch.where(given.levels[:, :, part] <= level, followed, after)

    def _schedule(self, steps: int, done: int, state: torch.Tensor) -> None:
        patch = np.prod(self.transformer.config.patch_size)
        config = self.scheduler.config
        mu = calculate_shift(
            LATENTS * state.shape[3] * state.shape[4] // patch,
            config.get("base_image_seq_len", 256),
            config.get("max_image_seq_len", 4096),
            config.get("base_shift", 0.5),
            config.get("max_shift", 1.15),
        )
        even = np.linspace(HIGHEST, 0.0, steps + 1, dtype=np.float32)[:-1]
        self.scheduler.first = done
        self.scheduler.set_timesteps(steps, device=state.device, sigmas=even, mu=mu)

    def _told(self, state: torch.Tensor, n: int) -> dict[str, torch.Tensor]:
        """The anchor and the history of a chunk, as the network takes them."""
        given, dtype = self.given, self.transformer.dtype
        made = [self._past(state, k) for k in range(n)]
        if given.before is not None:
            made.insert(0, given.before)
        blank = torch.zeros_like(state[:, :, :1])
        past = torch.cat([blank.expand(-1, -1, sum(HISTORY), -1, -1), *made], dim=2)
        long, middle, short = past[:, :, -sum(HISTORY) :].split(HISTORY, dim=2)
        anchor = given.anchor
        if anchor is None:
            anchor = state[:, :, :1] if n else blank
        places = torch.arange(1 + sum(HISTORY) + LATENTS, device=state.device)[None]
        first, for_long, for_middle, for_short, own = places.split((1, *HISTORY, LATENTS), dim=1)
        return {
            "indices_hidden_states": own,
            "indices_latents_history_short": torch.cat([first, for_short], dim=1),
            "indices_latents_history_mid": for_middle,
            "indices_latents_history_long": for_long,
            "latents_history_short": torch.cat([anchor, short], dim=2).to(dtype),
            "latents_history_mid": middle.to(dtype),
            "latents_history_long": long.to(dtype),
        }

    def _past(self, state: torch.Tensor, n: int) -> torch.Tensor:
        """A chunk as those after it see it: what was given is under noise, what was made is not."""
        made = state[:, :, n * LATENTS : (n + 1) * LATENTS]
        return blurred(made, self.given.seed, 2 + n) if self._pinned(n) else made

    def _velocity(
        self,
        latents: torch.Tensor,
        t: torch.Tensor,
        words: tuple[torch.Tensor, torch.Tensor | None],
        told: Mapping[str, torch.Tensor],
        guidance: float,
    ) -> torch.Tensor:
        network = self.transformer
        answers = []
        for name, text in zip(("cond", "uncond"), words, strict=True):
            if text is None:
                continue
            with network.cache_context(name):
                answers += network(
                    hidden_states=latents.to(network.dtype),
                    timestep=t.expand(1),
                    encoder_hidden_states=text.to(network.dtype),
                    return_dict=False,
                    **told,
                )[:1]
        if len(answers) == 1:
            return answers[0]
        positive, negative = answers
        return negative + guidance * (positive - negative)


class Helios:
    """`HeliosPipeline`, one stage; implements `Family`. It holds its chunks itself."""

    words = staticmethod(wan.words)
    noise = staticmethod(wan.noise)
    levels = staticmethod(wan.levels)
    mixed = staticmethod(wan.mixed)

    def open(self, folder: Path, *, dtype: torch.dtype, device: str, loras: Sequence[Path]) -> Any:
        """The pipeline of a folder; that of a pyramid of sizes is another one, and refused."""
        named = parts.index(folder)["_class_name"]
        if named != "HeliosPipeline":
            raise EngineFailed(f"{folder} is a {named}; the family knows HeliosPipeline only.")
        given = wan.common(folder, dtype=dtype, distilled=False, schedulers=(HeliosScheduler,))
        if given["scheduler"].config.stages != 1:
            raise EngineFailed(f"{folder} denoises in stages of growing size, which is not known.")
        network = parts.module(HeliosTransformer3DModel, folder, "transformer", dtype)
        return wan.finished(_Chunks(**given, transformer=network), loras, device)

    def cells(self, pipe: Any, wanted: Pass) -> Cells:
        """Each chunk is a clip for itself: one latent frame for its first picture, then by four."""
        across = pipe.vae_scale_factor_spatial
        base = across * pipe.transformer.config.patch_size[1]
        height, width = wanted.size.height, wanted.size.width
        if wanted.frames % CHUNK or height % base or width % base:
            raise EngineFailed(
                f"Helios makes chunks of {CHUNK} frames with sides that are multiples of {base}, "
                f"not {wanted.frames} of {width}x{height}."
            )
        groups = []
        for chunk in range(0, wanted.frames, CHUNK):
            groups.append(range(chunk, chunk + 1))
            rest = range(chunk + 1, chunk + CHUNK, wan.TEMPORAL)
            groups += [range(f, f + wan.TEMPORAL) for f in rest]
        return Cells(frames=tuple(groups), height=height // across, width=width // across)

    def encode(self, pipe: Any, video: torch.Tensor) -> torch.Tensor:
        """Clean latents of pictures, chunk by chunk."""
        return torch.cat([wan.encode(pipe, chunk) for chunk in video.split(CHUNK, dim=2)], dim=2)

    def decode(self, pipe: Any, grid: torch.Tensor) -> torch.Tensor:
        """Pictures of latents on the grid, chunk by chunk."""
        return torch.cat([wan.decode(pipe, chunk) for chunk in grid.split(LATENTS, dim=2)])

    def arguments(
        self,
        pipe: Any,
        wanted: Pass,
        clean: torch.Tensor,
        noise: torch.Tensor,
        start: torch.Tensor,
        kept: Mapping[str, torch.Tensor] | None,
        generator: torch.Generator,
    ) -> Mapping[str, Any]:
        """What the walk over chunks needs is put on the pipeline."""
        levels = torch.from_numpy(hold.on_cells(wanted, self.cells(pipe, wanted)))
        anchor = before = None
        if 0 in wanted.pinned:
            still = clean.new_tensor(wanted.reference[0]).permute(2, 0, 1)[None, :, None] * 2 - 1
            full = wan.encode(pipe, still.expand(-1, -1, CHUNK, -1, -1))
            anchor = blurred(clean[:, :, :1], wanted.seed, 0)
            before = blurred(full[:, :, -1:].to(clean), wanted.seed, 1)
        pipe.given = _Given(
            start=start,
            clean=clean,
            noise=noise,
            levels=levels.to(clean.device)[None, None],
            anchor=anchor,
            before=before,
            walked=0 if kept is None else int(kept["walked"]),
            seed=wanted.seed,
        )
        return {"guidance_scale": wanted.guidance}

    def beside(self, pipe: Any, wanted: Pass, loop: torch.Tensor) -> Mapping[str, torch.Tensor]:
        """How many steps of all chunks were done."""
        return {"walked": torch.tensor([float(pipe.walked)])}

    def onto_grid(self, pipe: Any, wanted: Pass, loop: torch.Tensor) -> torch.Tensor:
        """The loop's latents are the grid."""
        return loop

    def into_loop(
        self, pipe: Any, wanted: Pass, grid: torch.Tensor, loop: torch.Tensor
    ) -> torch.Tensor:
        """The walk holds its cells itself: chunks stand at levels of their own."""
        return loop


def _come(walked: int, chunks: int, steps: int) -> int:
    """How far of one chunk's steps all of them together have come, from 1; the last comes last.

    A step after which the runner keeps the latents is named once, when it is all but over: a long
    shot's are large, and would be written after every step of every chunk.
    """
    come = max(1, walked // chunks)
    if come % KEPT_EVERY == 0 and come < steps and (walked + 1) // chunks == come:
        return come - 1
    return come


def blurred(latents: torch.Tensor, seed: int, number: int) -> torch.Tensor:
    """Given latents under a little noise of their own, each frame under its own level."""
    random = torch.Generator().manual_seed((seed + 7919 * (number + 1)) % 2**63)
    low, high = BLUR
    level = low + (high - low) * torch.rand(latents.shape[2], generator=random)
    noise = torch.randn(latents.shape, generator=random)
    level = level.view(1, 1, -1, 1, 1).to(latents)
    return (1 - level) * latents + level * noise.to(latents)


FAMILY = Helios()
