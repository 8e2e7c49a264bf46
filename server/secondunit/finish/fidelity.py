"""Controls K and M: are pinned frames, and pixels outside the mask, the source's own?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondunit.engine.sources import PlanSources
from secondunit.finish.composite import all_may_change
from secondunit.finish.thresholds import LIMITS, Limit
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.picture import FORMATS, Picture
from secondunit.units import Operation

_CHANGED = 20 / 255  # a larger difference is no codec's doing (AnimateAnything's evaluation)
_SOME = 5e-4  # of all pixels must have changed before their place says anything


class Fidelity:
    """Compares pictures of the file, one by one, with what they must keep of the source."""

    def __init__(self, plan: ShotPlan, sources: PlanSources, *, exact: bool) -> None:
        self._sources, self._exact = sources, exact
        self._pinned = {pin.frame for pin in plan.pins}
        self._pins: list[float] = []
        self._leaks: list[float] = []
        self._changed = np.zeros(2, np.int64)  # inside the mask, outside
        self._inside = self._seen = 0
        self._mask: NDArray[np.floating] | None = None
        self._still: Picture | None = None
        if plan.mask is not None and plan.footage is not None:
            self._mask = sources.delivered_mask()
        elif plan.mask is not None and plan.operation is Operation.ANIMATE:
            self._mask = sources.delivered_mask()
            self._still = sources.picture(0)

    def add(self, frame: int, picture: Picture, rgb: NDArray[np.floating]) -> None:
        """Account for a frame of the shot; `rgb` is the picture's own."""
        if frame in self._pinned:
            asked = self._sources.picture(frame)
            self._pins.append(_fidelity(picture, asked, None, self._exact))
        elif self._mask is not None:
            outside = self._mask == 0
            kept = self._still or self._sources.under(frame)
            if outside.any():
                self._leaks.append(_fidelity(picture, kept, outside, self._exact))
            changed = np.abs(rgb - kept.rgb()).max(axis=-1) > _CHANGED
            self._changed += (changed & ~outside).sum(), (changed & outside).sum()
            self._inside += int(np.count_nonzero(~outside))
            self._seen += outside.size

    def entries(self) -> dict[str, dict[str, Any]]:
        """K and M, each only where the plan has something to keep.

        K is the least PSNR in dB of a pinned frame, M the same of the pixels outside the mask.
        `precision` is the share of changed pixels that lie inside the mask, `recall` the share of
        the mask that changed; both are None where next to nothing did.
        """
        entries: dict[str, dict[str, Any]] = {}
        if self._pins:
            entries["K"] = self._psnr(self._pins, LIMITS["K"]["psnr"], "pinned frames")
        if self._leaks:
            limits = LIMITS["M"]
            entry = self._psnr(self._leaks, limits["psnr"], "frames outside the mask")
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

    def _psnr(self, found: list[float], least: Limit, what: str) -> dict[str, Any]:
        worst = min(found)
        identical = math.isinf(worst)
        return {
            "asked": {"psnr": "identical" if self._exact else least.asked, "of": what},
            "measured": {
                "psnr": "identical" if identical else round(worst, 2), "frames": len(found),
            },
            "pass": identical if self._exact else least.holds(worst),
        }  # fmt: skip


def _fidelity(
    found: Picture, asked: Picture, where: NDArray[np.bool_] | None, exact: bool
) -> float:
    """PSNR in dB of RGB, over `where` (`h w`) if given; infinity means the very same samples."""
    if exact and where is None:
        return float("inf") if found.same_as(asked) else _psnr(found.rgb() - asked.rgb())
    if exact and where is not None and _same_samples(found, asked, where):
        return float("inf")
    difference = found.rgb() - asked.rgb()
    return _psnr(difference if where is None else difference[where])


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
