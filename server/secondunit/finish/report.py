"""The control report: what was asked and what the delivered file holds, measured from the file."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondunit.catalog.deliveries import DELIVERIES
from secondunit.engine.sources import PlanSources
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.picture import Picture
from secondunit.units import Operation

KEYFRAME_PSNR = 32.0
"""dB that a pinned frame keeps through a lossy delivery."""
LEAKAGE_PSNR = 38.0
"""dB that pixels outside the mask keep through a lossy delivery."""
SEAM_RATIO = 1.5
"""A step across a cut may be this much larger than the steps beside it."""

Report = dict[str, dict[str, Any]]
"""Control id (K, M, X, T) to `asked`, `measured`, `pass`; plain JSON values."""


def control_report(plan: ShotPlan, pictures: Iterable[Picture], sources: PlanSources) -> Report:
    """Measure decoded pictures of the finished file (in order) against the plan.

    K: every pinned frame, as the least PSNR in dB, at offset 0. M: pixels outside the mask, the
    same. X: luma step at each seam over the median step of the source frames beside it.
    T: the number of frames. Exact deliveries must give back the very samples.
    """
    exact = DELIVERIES[plan.delivery].exact
    pinned = {pin.frame for pin in plan.pins}
    outside = sources.delivered_mask() == 0 if plan.mask is not None else None
    still = sources.picture(0) if plan.operation is Operation.ANIMATE else None
    pins: list[float] = []
    leaks: list[float] = []
    luma: dict[int, NDArray[np.floating]] = {}
    frame = plan.file_range.start
    for picture in pictures:
        rgb = picture.rgb()
        luma[frame] = _small_luma(rgb)
        if frame in pinned:
            pins.append(_fidelity(picture, sources.picture(frame), None, exact))
        elif outside is not None and still is not None and outside.any():
            leaks.append(_fidelity(picture, still, outside, exact))
        frame += 1
    count = frame - plan.file_range.start
    report: Report = {
        "T": _entry(
            asked={"frames": plan.file_range.frames, "rate": [plan.rate.num, plan.rate.den]},
            measured={"frames": count},
            passed=count == plan.file_range.frames,
        )
    }
    if pins:
        report["K"] = _psnr_entry(pins, exact, KEYFRAME_PSNR, "pinned frames")
    if leaks:
        report["M"] = _psnr_entry(leaks, exact, LEAKAGE_PSNR, "frames outside the mask")
    if seam := _seam(plan, luma):
        report["X"] = seam
    return report


def _entry(*, asked: Any, measured: Any, passed: bool) -> dict[str, Any]:
    return {"asked": asked, "measured": measured, "pass": bool(passed)}


def _psnr_entry(found: list[float], exact: bool, least: float, what: str) -> dict[str, Any]:
    worst = min(found)
    identical = math.isinf(worst)
    return _entry(
        asked={"psnr": "identical" if exact else least, "of": what},
        measured={"psnr": "identical" if identical else round(worst, 2), "frames": len(found)},
        passed=identical if exact else worst >= least,
    )


def _fidelity(
    found: Picture, asked: Picture, where: NDArray[np.bool_] | None, exact: bool
) -> float:
    """PSNR in dB of RGB, over `where` (`h w`) if given; infinity means the very same samples."""
    if exact and where is None:
        return float("inf") if found.same_as(asked) else _psnr(found.rgb() - asked.rgb())
    if exact and where is not None:
        pairs = zip(found.planes, asked.planes, strict=True)
        if all(np.array_equal(a[where], b[where]) for a, b in pairs if a.shape == where.shape):
            return float("inf")
    difference = found.rgb() - asked.rgb()
    return _psnr(difference if where is None else difference[where])


def _psnr(difference: NDArray[np.floating]) -> float:
    error = float(np.mean(np.square(difference, dtype=np.float64)))
    return math.inf if error == 0 else -10 * math.log10(error)


def _small_luma(rgb: NDArray[np.floating]) -> NDArray[np.floating]:
    """Luma averaged over blocks, so that grain does not count as motion."""
    y = rgb @ np.asarray([0.2126, 0.7152, 0.0722], np.float32)
    block = max(1, min(y.shape) // 90)
    h, w = y.shape[0] // block * block, y.shape[1] // block * block
    return y[:h, :w].reshape(h // block, block, w // block, block).mean(axis=(1, 3))


def _seam(plan: ShotPlan, luma: dict[int, NDArray[np.floating]]) -> dict[str, Any] | None:
    def step(a: int) -> float:
        return float(np.abs(luma[a + 1] - luma[a]).mean())

    pinned = {pin.frame for pin in plan.pins}
    frames = sorted(luma)
    seams = [a for a in frames[:-1] if (a in pinned) != (a + 1 in pinned)]
    beside: list[float] = [step(a) for a in frames[:-1] if a in pinned and a + 1 in pinned]
    moving = [s for s in beside if s > 0]
    if plan.operation is Operation.ANIMATE or not seams or not moving:
        return None
    median = statistics.median(moving)
    worst = max(step(a) for a in seams) / median
    return _entry(
        asked={"seam_ratio": SEAM_RATIO},
        measured={"seam_ratio": round(worst, 3)},
        passed=worst <= SEAM_RATIO,
    )
