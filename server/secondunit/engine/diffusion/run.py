"""One pass over a model: words, pictures to latents, steps, latents to pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from numpy.typing import NDArray

from secondunit.engine import hold
from secondunit.engine.diffusion import fast
from secondunit.engine.diffusion.family import Cells, Family, Pass
from secondunit.engine.diffusion.ladder import networks
from secondunit.engine.diffusion.previews import Colours
from secondunit.engine.diffusion.record import Record
from secondunit.engine.diffusion.steps import NotFinite, Seen, Told, denoised
from secondunit.engine.diffusion.words import Words
from secondunit.engine.engine import UNKEPT, Keep, Part, Progress, Show, unseen
from secondunit.engine.raster import scaled
from secondunit.errors import EngineFailed
from secondunit.units import Size

PREVIEW = 320
"""Longer side of a preview in pixels."""


class Runner:
    """A pipeline and what is kept between its passes; one pass at a time."""

    def __init__(
        self,
        pipe: DiffusionPipeline,
        family: Family,
        *,
        multiple: int,
        fewest: int,
        narrow: bool,
    ) -> None:
        """`multiple` and `fewest`: of legal sides and frames; `narrow`: weights that are stored in
        fewer bits than can be widened again."""
        self.reuse = False
        """Whether steps that change little are reused, which changes the picture."""
        self._pipe, self._family = pipe, family
        self._multiple, self._fewest, self._narrow = multiple, fewest, narrow
        self._words = Words()
        self._colours: Colours | None = None

    def run(
        self,
        wanted: Pass,
        *,
        shown: tuple[int, ...],
        visible: Size,
        progress: Progress,
        show: Show,
        keep: Keep,
        record: Record,
    ) -> NDArray[np.float32]:
        """Return the pictures of a pass, `f h w 3`, 0..1 display-referred.

        `shown`: the frame of the shot that each frame of the pass shows, of which `visible` from
        the top left is the picture. Where the model gives numbers that are none, the pass is made
        once more in float32. Raises EngineFailed, what `progress` raises, and torch's own.
        """
        try:
            return self._once(wanted, shown, visible, progress, show, keep, record)
        except NotFinite as exc:
            if self._narrow or self._dtype is torch.float32:
                raise EngineFailed(_none(exc.step, wanted, self._dtype)) from exc
            record.widened.append(_none(exc.step, wanted, self._dtype))
        with self._widened():
            try:
                again = Part(keep, "float32")
                return self._once(wanted, shown, visible, progress, show, again, record)
            except NotFinite as exc:
                raise EngineFailed(_none(exc.step, wanted, torch.float32)) from exc

    @property
    def _dtype(self) -> torch.dtype:
        return networks(self._pipe)[0].dtype

    @contextmanager
    def _widened(self) -> Iterator[None]:
        parts = [p for p in self._pipe.components.values() if isinstance(p, torch.nn.Module)]
        kinds = [next(iter(part.parameters())).dtype for part in parts]
        try:
            for part in parts:
                part.to(torch.float32)
            yield
        finally:
            # What was widened from fewer bits goes back to the very same numbers.
            for part, kind in zip(parts, kinds, strict=True):
                part.to(kind)

    def _once(
        self,
        wanted: Pass,
        shown: tuple[int, ...],
        visible: Size,
        progress: Progress,
        show: Show,
        keep: Keep,
        record: Record,
    ) -> NDArray[np.float32]:
        pipe, family = self._pipe, self._family
        cells = family.cells(pipe, wanted)
        _whole(cells, wanted)
        progress("read the words", 0, 1)
        found = self._words.found
        words = self._words.of(pipe, family, wanted, self._dtype)
        record.words_found += self._words.found - found
        progress("encode the pictures", 0, 1)
        video = torch.from_numpy(wanted.reference * 2 - 1).permute(3, 0, 1, 2)[None]
        with torch.no_grad():
            clean = family.encode(pipe, video)
            generator = torch.Generator("cpu").manual_seed(wanted.seed)
            noise = family.noise(pipe, clean, generator)
        told = Told(
            wanted=wanted,
            words=_on(pipe, words),
            clean=clean,
            noise=noise,
            levels=hold.on_cells(wanted, cells),
        )
        seen = None if show is unseen else self._previews(show, cells, wanted, shown, visible)
        latents, executed = self._denoised(told, generator, progress, keep, seen, record)
        record.steps += executed
        progress("decode", 0, 1)
        with torch.no_grad():
            pictures = np.asarray(family.decode(pipe, latents), np.float32)
        if not np.isfinite(pictures).all():
            raise NotFinite(wanted.steps)
        if pictures.shape != wanted.reference.shape:
            raise EngineFailed(
                f"the model made pictures of shape {pictures.shape}, not {wanted.reference.shape}"
            )
        return pictures

    def _denoised(
        self,
        told: Told,
        generator: torch.Generator,
        progress: Progress,
        keep: Keep,
        seen: Seen | None,
        record: Record,
    ) -> tuple[torch.Tensor, int]:
        pipe, family = self._pipe, self._family
        if not self.reuse:
            return denoised(
                pipe, family, told, generator=generator, progress=progress, keep=keep, seen=seen
            )
        with fast.reused(pipe, told.wanted.steps) as reuse:
            # What is reused is no part of what is kept: a pass with reuse begins again.
            kept = keep if reuse.refused else UNKEPT
            made = denoised(
                pipe, family, told, generator=generator, progress=progress, keep=kept, seen=seen
            )
        record.reused(reuse.refused, reuse.calls, reuse.computed)
        return made

    def _previews(
        self, show: Show, cells: Cells, wanted: Pass, shown: tuple[int, ...], visible: Size
    ) -> Seen:
        if self._colours is None:
            self._colours = Colours(self._pipe, self._family, self._multiple, self._fewest)
        colours = self._colours
        # The middle of what is free: what is pinned is no news.
        free = [
            n for n, group in enumerate(cells.frames) if not wanted.pinned.issuperset(group)
        ] or list(range(len(cells.frames)))
        which = free[len(free) // 2]
        frame = shown[cells.frames[which][len(cells.frames[which]) // 2]]
        part = (
            max(1, round(cells.height * visible.height / wanted.size.height)),
            max(1, round(cells.width * visible.width / wanted.size.width)),
        )
        scale = PREVIEW / max(visible.width, visible.height)
        size = (max(1, round(visible.width * scale)), max(1, round(visible.height * scale)))

        def seen(latents: torch.Tensor, step: int) -> None:
            small = colours.picture(latents[0, :, which])[: part[0], : part[1]]
            show(frame, np.clip(scaled(small, size, "cubic"), 0, 1))

        return seen


def _on(
    pipe: DiffusionPipeline, words: Mapping[str, torch.Tensor | None]
) -> dict[str, torch.Tensor | None]:
    device = pipe._execution_device
    return {name: None if t is None else t.to(device) for name, t in words.items()}


def _whole(cells: Cells, wanted: Pass) -> None:
    frames = [n for group in cells.frames for n in group]
    if frames != list(range(wanted.frames)):
        raise EngineFailed(f"the model has no whole latent frames for a pass of {wanted.frames}")


def _none(step: int, wanted: Pass, dtype: torch.dtype) -> str:
    precision = str(dtype).removeprefix("torch.")
    return (
        f"the model gave numbers that are none (NaN or infinite) at step {step} of {wanted.steps}, "
        f"in {precision}, seed {wanted.seed}"
    )
