"""Controls E and G: do made frames have the light and the grain of the source beside them?"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondunit.engine.engine import RGB
from secondunit.engine.raster import Field
from secondunit.engine.sources import PlanSources
from secondunit.finish.match import PAIRS, colour_is_judged, footage_grains, grains, spread
from secondunit.finish.noise import Grain, Likeness, grey, likeness, measured
from secondunit.finish.seams import Seam, Small, colour_step, jumps, seams_of
from secondunit.finish.thresholds import LIMITS
from secondunit.plan.shot_plan import ShotPlan


class Matched:
    """Keeps of the file what a comparison with its source needs: few frames, small or grey."""

    def __init__(self, plan: ShotPlan, sources: PlanSources) -> None:
        self._plan, self._sources = plan, sources
        self._seams: list[Seam] = []
        if colour_is_judged(plan):
            self._seams = [s for made in plan.generate for s in seams_of(plan, made) if s]
        self._beside = {n for seam in self._seams for n in seam.frames}
        self._small: dict[int, Small] = {}
        self._made: list[tuple[int, int]] = []
        self._own: list[tuple[int, int]] = []
        if plan.grain == "match" and not plan.from_one_picture:
            self._made, self._own = _pairs(plan)
        self._grey = {n for pair in (*self._made, *self._own) for n in pair}
        self._luma: dict[int, Field] = {}

    def add(self, frame: int, rgb: RGB) -> None:
        """Account for a frame of the shot, `h w 3`."""
        if frame in self._beside:
            self._small[frame] = Small.of(rgb)
        if frame in self._grey:
            self._luma[frame] = grey(rgb)

    def entries(self, before: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """E and G, each only where it has a meaning; `before` is what was found before the match.

        E is the largest CIEDE2000 by which what both frames of a seam show changes across it, and
        `beside` the largest step next to that seam. G is the grain of made frames beside the
        source's. Both are compared within the file where enough of the source stands in it: what
        a codec does to either is the business of K.
        """
        found = {"E": self._colour(), "G": self._grain()}
        entries = {control: entry for control, entry in found.items() if entry is not None}
        for control, entry in entries.items():
            if control in before:
                entry["measured"]["before"] = before[control]
        return entries

    def _colour(self) -> dict[str, Any] | None:
        worst: tuple[float, float] | None = None
        passed = True
        for seam in self._seams:
            if seam.made not in self._small:
                continue
            small = {n: self._small[n] for n in seam.frames if n in self._small}
            for own in (seam.own, seam.beyond):
                if own is not None and own not in small:  # there is no handle
                    small[own] = Small.of(self._sources.picture(own).rgb())

            def step(one: int, other: int | None, of: dict[int, Small] = small) -> float | None:
                if other not in of:
                    return None
                plan = self._plan
                found = colour_step(
                    of[one], of[other], plan.colour, plan.curve, self._inside(one)
                )  # fmt: skip
                return None if found is None else found.delta_e

            across = step(seam.made, seam.own)
            if across is None:
                continue
            around = (step(seam.made, seam.inner), step(seam.own, seam.beyond))
            beside = [one for one in around if one is not None]
            passed = passed and not jumps(across, beside)
            if worst is None or across > worst[0]:
                worst = across, max(beside, default=0.0)
        if worst is None:
            return None
        return {
            "asked": {"delta_e": LIMITS["E"]["delta_e"].asked},
            "measured": {"delta_e": round(worst[0], 2), "beside": round(worst[1], 2)},
            "pass": passed,
        }

    def _grain(self) -> dict[str, Any] | None:
        grain = self._source_grain() if self._made else None
        if grain is None:
            return None
        found: list[Likeness] = []
        for one, other in self._made:
            if one in self._luma and other in self._luma:
                inside = self._inside(other)
                where = None if inside is None else inside > 0
                like = likeness(self._luma[one], self._luma[other], grain, where)
                found += [like] if like is not None else []
        if not found:
            return None
        limits = LIMITS["G"]
        energy = statistics.median(like.energy for like in found)
        alive = statistics.median(like.alive for like in found)
        return {
            "asked": {name: limit.asked for name, limit in limits.items()},
            "measured": {
                "energy": round(energy, 3), "alive": round(alive, 3),
                "source": round(grain.deviation, 5),
            },
            "pass": limits["energy"].holds(energy) and limits["alive"].holds(alive),
        }  # fmt: skip

    def _source_grain(self) -> Grain | None:
        """None where the source has no grain, whatever the file's frames look like."""
        plan, sources = self._plan, self._sources
        if plan.footage is not None:
            found = footage_grains(plan, sources)
        else:
            found = [g for made in plan.generate[:1] for g in grains(plan, sources, made)]
        if not found:
            return None
        own = [pair for pair in self._own if set(pair) <= self._luma.keys()]
        inside = measured([(self._luma[a][None], self._luma[b][None]) for a, b in own])
        return inside or (found[0] if not own else None)

    def _inside(self, frame: int) -> NDArray[np.floating] | None:
        if self._plan.mask is None:
            return None
        return self._sources.delivered_mask(self._plan.home(frame))


def _pairs(plan: ShotPlan) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Frames that follow each other in the file: some that were made, some of the source's."""
    pinned = {pin.frame for pin in plan.pins}
    span = plan.file_range
    made = [n for r in plan.generate for n in range(r.start, r.end) if n > span.start]
    own = [n for n in sorted(pinned) if n + 1 in pinned and span.start <= n < span.end - 1]
    if not made:
        return [], []
    if own:
        own = [own[0], own[-1]] if len(own) > 1 else own
    return [(n - 1, n) for n in spread(made, PAIRS)], [(n, n + 1) for n in own]
