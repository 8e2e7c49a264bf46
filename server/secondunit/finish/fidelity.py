"""Controls K and M: are pinned frames, and pixels outside the mask, the source's own?"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondunit.catalog.deliveries import DELIVERIES
from secondunit.engine.sources import PlanSources
from secondunit.engine.strokes import drawn_at
from secondunit.finish.composite import all_may_change
from secondunit.finish.thresholds import LIMITS, Limit
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.layouts import FORMATS
from secondunit.timeline.picture import Picture

_CHANGED = 20 / 255  # a larger difference is no codec's doing (AnimateAnything's evaluation)
_SOME = 5e-4  # of all pixels must have changed before their place says anything


class Fidelity:
    """Compares pictures of the file, one by one, with what they must keep of the source."""

    def __init__(self, plan: ShotPlan, sources: PlanSources, *, exact: bool) -> None:
        self._sources, self._exact = sources, exact
        self._held = Limit(low=DELIVERIES[plan.delivery].holds)
        self._pinned = {pin.frame for pin in plan.pins}
        self._pins: list[float] = []
        self._leaks: list[float] = []
        self._changed = np.zeros(2, np.int64)  # inside the mask, outside
        self._inside = self._seen = 0
        self._strengths = {pull.frame: pull.strength for pull in plan.pulls}
        self._pulled: list[dict[str, float]] = []
        self._masked = plan.mask is not None
        self._home = plan.home
        self._still: Picture | None = None
        if self._masked and plan.footage is None:
            self._still = sources.picture(drawn_at(plan))
        self._still_rgb: NDArray[np.floating] | None = None

    def add(self, frame: int, picture: Picture, rgb: NDArray[np.floating]) -> None:
        """Account for a frame of the shot; `rgb` is the picture's own."""
        if frame in self._pinned:
            asked = self._sources.picture(frame)
            if self._exact and picture.same_as(asked):
                self._pins.append(math.inf)
            else:
                self._pins.append(_psnr(rgb - laid_out(asked, picture).rgb()))
            return
        if frame in self._strengths:
            apart = _psnr(rgb - self._sources.picture(frame).rgb())
            said = {"frame": frame, "strength": self._strengths[frame], "psnr": round(apart, 2)}
            self._pulled.append(said)
        if self._masked:
            outside = self._sources.delivered_mask(self._home(frame)) == 0
            kept = self._still or self._sources.under(frame)
            difference = rgb - self._kept(kept, picture)
            if outside.any():
                same = self._exact and _same_samples(picture, kept, outside)
                self._leaks.append(math.inf if same else _psnr(difference[outside]))
            # Channel by channel: numpy's own reduction over an axis of three is far slower.
            red, green, blue = (np.abs(difference[..., c]) for c in range(3))
            changed = np.maximum(np.maximum(red, green), blue) > _CHANGED
            self._changed += (changed & ~outside).sum(), (changed & outside).sum()
            self._inside += int(np.count_nonzero(~outside))
            self._seen += outside.size

    def _kept(self, asked: Picture, picture: Picture) -> NDArray[np.floating]:
        # In the file's layout, which is the same for all its pictures.
        if self._still is None:
            return laid_out(asked, picture).rgb()
        if self._still_rgb is None:
            self._still_rgb = laid_out(asked, picture).rgb()
        return self._still_rgb

    def entries(self) -> dict[str, dict[str, Any]]:
        """K and M, each only where the plan has something to keep.

        K is the least PSNR in dB of a pinned frame, M the same of the pixels outside the mask; the
        delivery's row says what its codec holds.
        `precision` is the share of changed pixels that lie inside the mask, `recall` the share of
        the mask that changed; both are None where next to nothing did.
        """
        entries: dict[str, dict[str, Any]] = {}
        if self._pins:
            entries["K"] = self._psnr(self._pins, "pinned frames")
            if self._pulled:
                # How near strength s should come is nobody's to say: it is told, not judged.
                entries["K"]["measured"]["pulled"] = self._pulled
        if self._leaks:
            limits = LIMITS["M"]
            entry = self._psnr(self._leaks, "frames outside the mask")
            inside, total = int(self._changed[0]), int(self._changed.sum())
            judged = total > _SOME * self._seen
            precision = inside / total if judged else None
            entry["asked"]["precision"] = limits["precision"].asked
            entry["measured"] |= {
                "precision": None if precision is None else round(precision, 4),
                "recall": round(inside / self._inside, 4) if judged and self._inside else None,
            }
            entry["pass"] = entry["pass"] and (not judged or limits["precision"].holds(precision))
            entries["M"] = entry
        return entries

    def _psnr(self, found: list[float], what: str) -> dict[str, Any]:
        worst = min(found)
        identical = math.isinf(worst)
        return {
            "asked": {"psnr": "identical" if self._exact else self._held.asked, "of": what},
            "measured": {
                "psnr": "identical" if identical else round(worst, 2), "frames": len(found),
            },
            "pass": identical if self._exact else self._held.holds(worst),
        }  # fmt: skip


def laid_out(asked: Picture, found: Picture) -> Picture:
    """The asked picture in the file's layout, so that only what the codec lost is counted.

    Chroma that the delivery thins costs a coloured picture more than any codec does.
    """
    # Other names for the same code values, as the writer has them.
    named = replace(
        asked.colour, primaries=found.colour.primaries, transfer=found.colour.transfer
    )  # fmt: skip
    return replace(asked, colour=named).converted(found.format, found.colour)


def _same_samples(found: Picture, asked: Picture, where: NDArray[np.bool_]) -> bool:
    # Thinned chroma counts by the composite's own rule: what covers a pixel of `where` stays.
    layout = FORMATS[asked.format]
    thinned = ~all_may_change(~where, layout)
    return found.format == asked.format and all(
        np.array_equal(new[covers], old[covers])
        for index, (new, old) in enumerate(zip(found.planes, asked.planes, strict=True))
        for covers in [where if layout.rgb or index == 0 else thinned]
    )


def _psnr(difference: NDArray[np.floating]) -> float:
    error = float(np.mean(np.square(difference, dtype=np.float64)))
    return math.inf if error == 0 else -10 * math.log10(error)
