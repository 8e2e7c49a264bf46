"""Any other video pipeline of diffusers: words, a first picture where it takes one, a composite.

Nothing is known of its latents, so nothing is held while it works: its pictures themselves are the
grid, and what is pinned is put into them at the end. It can be stopped where it tells of its steps,
and not gone on from: it then begins again.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
import transformers
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from PIL import Image

from secondunit.engine.diffusion import legal, parts
from secondunit.engine.diffusion.family import Cells, Pass
from secondunit.errors import EngineFailed

LENGTHS = ("num_frames", "video_length", "num_video_frames")
"""What pipelines call the count of frames."""
RATES = ("frame_rate", "fps")
SEEN = "callback_on_step_end"
TOLD = {
    *LENGTHS, *RATES, "prompt", "negative_prompt", "image", "height", "width", "guidance_scale",
    "num_inference_steps", "generator", "output_type",
}  # fmt: skip
"""Arguments that can be given to a pipeline nobody has read."""


class _Count:
    """Stands for the schedule: its steps are even, since nothing is known of the real one."""

    first = 0
    steps = 1

    @property
    def levels(self) -> Sequence[float]:
        return [1 - n / self.steps for n in range(self.steps + 1)]


class Plain:
    """A pipeline of diffusers, called and watched as the runner calls and watches a family's."""

    def __init__(self, inner: Any) -> None:
        """Wrap `inner`. Raises EngineFailed where its call cannot be told what is needed."""
        self.inner = inner
        self.takes = inspect.signature(type(inner).__call__).parameters
        self.scheduler = _Count()
        self.wanted: Pass | None = None
        name = type(inner).__name__
        needs = [
            p.name
            for p in list(self.takes.values())[1:]
            if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
        ]
        strange = sorted(set(needs) - TOLD)
        if strange:
            raise EngineFailed(
                f"{name} cannot be called without {', '.join(strange)}: only pipelines that make "
                "video from words, or from a first picture, can be used without a family of theirs."
            )
        if not set(LENGTHS) & self.takes.keys() or "output_type" not in self.takes:
            raise EngineFailed(f"{name} takes no count of frames: it is no video pipeline.")

    @property
    def components(self) -> Mapping[str, Any]:
        """Networks, tokenizers and the rest, by name."""
        return self.inner.components

    @property
    def _execution_device(self) -> torch.device:
        return self.inner._execution_device

    def to(self, device: str) -> Plain:
        """Move the networks."""
        self.inner.to(device)
        return self

    def enable_model_cpu_offload(self, **given: Any) -> None:
        """As diffusers'."""
        self.inner.enable_model_cpu_offload(**given)

    def maybe_free_model_hooks(self) -> None:
        """As diffusers'."""
        self.inner.maybe_free_model_hooks()

    def __call__(
        self,
        *,
        arguments: Mapping[str, Any],
        clean: torch.Tensor,
        num_inference_steps: int,
        callback_on_step_end: Callable[..., dict[str, Any]],
        **rest: Any,
    ) -> None:
        """Run it; the pictures reach the callback as the latents of the last step.

        Until then it is shown `clean` for them, and may raise.
        """
        first, steps, wanted = self.scheduler.first, num_inference_steps, self.wanted
        assert wanted is not None

        def seen(_: Any, index: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            if index < steps - 1:  # the last is told once its pictures are there
                callback_on_step_end(self, index - first, timestep, {"latents": clean})
            return tensors

        given = {**arguments, "num_inference_steps": steps, "output_type": "np"}
        if SEEN in self.takes:
            given[SEEN] = seen
        made = self.inner(**{k: v for k, v in given.items() if k in self.takes})
        pictures = _pictures(made, wanted, type(self.inner).__name__)
        grid = torch.from_numpy(pictures).permute(3, 0, 1, 2)[None] * 2 - 1
        callback_on_step_end(self, steps - 1 - first, 0, {"latents": grid})


def _pictures(made: Any, wanted: Pass, name: str) -> np.ndarray:
    found = made.frames if hasattr(made, "frames") else made[0]
    pictures = np.asarray(found[0], np.float32)
    if pictures.ndim == 4 and pictures.shape[-1] != 3:
        pictures = pictures.transpose(0, 2, 3, 1)
    size = wanted.size
    if pictures.shape[1:] != (size.height, size.width, 3) or len(pictures) < wanted.frames:
        raise EngineFailed(
            f"{name} made pictures of shape {pictures.shape} where {wanted.frames} frames of "
            f"{size.width}x{size.height} were asked."
        )
    return pictures[: wanted.frames]


class Generic:
    """Pictures are the grid; there is no noise to mix them with."""

    def open(self, folder: Path, *, dtype: torch.dtype, device: str, loras: Sequence[Path]) -> Any:
        """See `Family`. Raises EngineFailed for a folder whose index names code of its own."""
        index = parts.index(folder)
        kind = _class(folder, "diffusers", index["_class_name"])
        if not issubclass(kind, DiffusionPipeline):
            raise EngineFailed(f"{folder} is a {kind.__name__}, which is no pipeline.")
        if loras:
            raise EngineFailed(f"LoRAs of a {kind.__name__} are laid over by no family.")
        names = list(inspect.signature(kind.__init__).parameters)[1:]
        given = {}
        for name, entry in index.items():
            if name.startswith("_") or name not in names:
                continue
            if isinstance(entry, list):
                given[name] = _part(folder, name, entry, dtype)
            else:
                given[name] = entry
        optional = set(kind._optional_components)
        lacks = [name for name in names if name not in optional and given.get(name, "") is None]
        if lacks:
            raise EngineFailed(f"{folder} lacks {', '.join(lacks)} of a {kind.__name__}.")
        try:
            inner = kind(**given)
        except (TypeError, ValueError, AttributeError) as exc:
            raise EngineFailed(f"The parts of {folder} make no {kind.__name__}: {exc}") from exc
        inner.set_progress_bar_config(disable=True)
        pipe: Any = Plain(inner)
        return pipe.to(device)

    def cells(self, pipe: Any, wanted: Pass) -> Cells:
        """See `Family`."""
        plain: Any = pipe
        legal.check(plain.inner, wanted, step=1, base=1)
        return Cells(
            frames=tuple(range(n, n + 1) for n in range(wanted.frames)),
            height=wanted.size.height,
            width=wanted.size.width,
        )

    def words(self, pipe: Any, wanted: Pass) -> Mapping[str, torch.Tensor | None]:
        """See `Family`. Its call reads them itself."""
        return {}

    def encode(self, pipe: Any, video: torch.Tensor) -> torch.Tensor:
        """See `Family`."""
        return video

    def noise(self, pipe: Any, like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """See `Family`."""
        return torch.zeros_like(like)

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
        """See `Family`."""
        plain: Any = pipe
        plain.wanted, plain.scheduler.steps = wanted, wanted.steps
        if (guider := getattr(plain.inner, "guider", None)) is not None:
            guider.guidance_scale = wanted.guidance
        first = np.rint(wanted.reference[0] * 255).clip(0, 255).astype(np.uint8)
        told = {
            "prompt": wanted.prompt,
            "negative_prompt": wanted.negative,
            "image": Image.fromarray(first),
            "height": wanted.size.height,
            "width": wanted.size.width,
            "guidance_scale": wanted.guidance,
            "generator": torch.Generator().manual_seed(wanted.seed),
        }
        told |= dict.fromkeys(LENGTHS, wanted.frames)
        told |= dict.fromkeys(RATES, round(float(wanted.rate)))
        return {"arguments": told, "clean": clean}

    def beside(self, pipe: Any, wanted: Pass, loop: torch.Tensor) -> Mapping[str, torch.Tensor]:
        """See `Family`."""
        return {}

    def levels(self, pipe: Any) -> Sequence[float]:
        """See `Family`."""
        return pipe.scheduler.levels

    def mixed(self, pipe: Any, clean: torch.Tensor, noise: torch.Tensor, step: int) -> torch.Tensor:
        """See `Family`."""
        return clean

    def onto_grid(self, pipe: Any, wanted: Pass, loop: torch.Tensor) -> torch.Tensor:
        """See `Family`."""
        return loop

    def into_loop(
        self, pipe: Any, wanted: Pass, grid: torch.Tensor, loop: torch.Tensor
    ) -> torch.Tensor:
        """See `Family`."""
        return grid

    def decode(self, pipe: Any, grid: torch.Tensor) -> torch.Tensor:
        """See `Family`."""
        return (grid[0].float() / 2 + 0.5).clamp(0, 1).permute(1, 2, 3, 0).cpu()


def _part(folder: Path, name: str, entry: list[Any], dtype: torch.dtype) -> Any:
    if entry[:1] == [None]:
        return None
    kind = _class(folder, *entry[:2])
    if issubclass(kind, torch.nn.Module):
        return parts.module(kind, folder, name, dtype)
    return parts.settings(kind, folder, name)


def _class(folder: Path, library: Any, name: Any) -> Any:
    """A class of diffusers, of a pipeline of its, or of transformers: no others are looked up."""
    homes = {"diffusers": diffusers, "transformers": transformers}
    home = homes.get(library) or getattr(diffusers.pipelines, str(library), None)
    found = getattr(home, name, None) if isinstance(name, str) else None
    if home is None or not inspect.isclass(found):
        raise EngineFailed(
            f"{folder} asks for {name} of {library}, which is none of the classes of diffusers or "
            "transformers: code that a checkpoint brings is not run."
        )
    return found


FAMILY = Generic()
