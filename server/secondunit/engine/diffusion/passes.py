"""From a window of a shot to what a model is told, and from its pictures back to the shot's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondunit.catalog.engines import Engine
from secondunit.engine import hold
from secondunit.engine.diffusion.display import display_of
from secondunit.engine.diffusion.drift import Drift, measured
from secondunit.engine.diffusion.family import Pass
from secondunit.engine.diffusion.windows import Window
from secondunit.engine.engine import RGB, Sources
from secondunit.engine.motion.matte import feathered
from secondunit.engine.reference import Reference
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.frames import decode
from secondunit.units import Rate, Size


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What windows have in common: a shot and an engine."""

    plan: ShotPlan
    sources: Sources
    reference: Reference
    row: Engine

    @property
    def size(self) -> Size:
        """Legal for the engine: the shot's work size with a rim, so that nothing is stretched."""
        if all(self.row.only_size):
            width, height = self.row.only_size
            return Size(width=width, height=height)
        step, work = self.row.size_multiple, self.plan.work
        return Size(width=-(-work.width // step) * step, height=-(-work.height // step) * step)

    def told(self, window: Window, left: Mapping[int, RGB]) -> Pass:
        """What the model is told of a window; `left`: pictures of earlier windows by frame."""
        plan, reference, size = self.plan, self.reference, self.size
        reference.begin()
        display = display_of(plan)
        pulls = {pull.frame: pull.strength for pull in plan.pulls}
        shape = (len(window.frames), size.height, size.width)
        video = np.empty((*shape, 3), np.float32)
        levels = np.ones(shape, np.float32)
        pinned = set()
        to_make = {n for made in plan.generate for n in range(made.start, made.end)}
        for place, frame in enumerate(window.frames):
            known = frame in window.given or reference.own(frame)
            shown = left[frame] if frame in window.given else reference.picture(frame)
            video[place] = _rimmed(display.shown(shown), size)
            if known:
                pinned.add(place)
                levels[place] = 0
            elif frame in to_make:
                asked = hold.asked(plan, self.sources, reference, frame)
                levels[place] = _rimmed(asked, size)
        return Pass(
            frames=len(window.frames),
            size=size,
            rate=Rate(num=plan.rate.num, den=plan.rate.den * window.stride),
            reference=video,
            hold=hold.dilated(levels, self.row.dilate, pinned),
            pinned=frozenset(pinned),
            strengths={
                place: pulls[frame]
                for place, frame in enumerate(window.frames)
                if frame in pulls and place not in pinned
            },
            references=tuple(
                decode(media, [0])[0].rgb().astype(np.float32) for media in plan.references
            ),
            prompt=plan.prompt,
            negative=plan.negative,
            seed=(plan.seed + max(0, window.frames[0])) % 2**63,
            steps=plan.steps,
            guidance=plan.guidance,
        )

    def drift(self, window: Window, wanted: Pass, decoded: NDArray[np.float32]) -> Drift:
        """How the colours of a decoded pass differ from those of what it was to keep."""
        work = self.plan.work
        kept = np.zeros((len(window.frames), work.height, work.width), np.bool_)
        for place, frame in enumerate(window.frames):
            if place in wanted.pinned:
                kept[place] = True
            elif self.plan.mask is not None and (under := self.reference.kept(frame)) is not None:
                kept[place] = under[1] <= 0
        return measured(
            decoded[:, : work.height, : work.width],
            wanted.reference[:, : work.height, : work.width],
            kept,
        )

    def pictures(
        self, window: Window, decoded: NDArray[np.float32], drift: Drift
    ) -> Iterator[tuple[int, RGB]]:
        """Yield what is taken of a pass, `h w 3` in the shot's own numbers, kept pixels exact."""
        work, display = self.plan.work, display_of(self.plan)
        wanted = set(window.made) | set(window.left)
        for place, frame in enumerate(window.frames):
            if frame not in wanted:
                continue
            wanted.discard(frame)
            shown = drift.undone(decoded[place, : work.height, : work.width])
            rgb = np.clip(display.back(shown), 0, 1)
            if (under := self.reference.kept(frame)) is not None:
                own, mask = under
                blend = feathered((mask > 0).astype(np.float32))[..., None]
                rgb = np.where(blend > 0, own + blend * (rgb - own), own)
            yield frame, rgb.astype(np.float32)


def _rimmed(plane: NDArray[np.floating], size: Size) -> NDArray[np.floating]:
    """A plane (`h w ...`) continued to the right and downwards, its last pixels going on."""
    rest = (size.height - plane.shape[0], size.width - plane.shape[1])
    if rest == (0, 0):
        return plane
    return np.pad(plane, ((0, rest[0]), (0, rest[1]), *((0, 0),) * (plane.ndim - 2)), mode="edge")
