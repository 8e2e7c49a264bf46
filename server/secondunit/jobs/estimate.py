"""Estimates: what a shot will take and cost, from what was measured on this machine."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from secondunit.catalog.abilities import EVALUATIONS
from secondunit.catalog.engines import ENGINES, Engine
from secondunit.config import Price
from secondunit.jobs.job import Estimate
from secondunit.jobs.memory import needed
from secondunit.plan.shot_plan import ShotPlan
from secondunit.units import Operation

RUNS = 64
"""Newest runs of an engine that are looked at: a machine that was changed is soon known again."""
STIFFNESS = 0.5
"""How firmly a fit holds to the catalogue's proportions, in runs."""
SPREAD, SPREAD_RUNS = 0.2, 2.0
"""What runs are taken to differ by (natural logarithm) until as many have been seen."""
FARTHER = (0.0, 0.3, 0.6)
"""Added spread when the runs are of the shot's own kind, of another operation, of other drafts."""
TOGETHER = 0.5
"""Correlation between the errors of the shots of one timeline."""
FOUR_OF_FIVE = 1.2816
"""Quantile of the normal distribution: 80 % lie between minus and plus this."""

Vector = NDArray[np.floating]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A job that was made in one go, as the store remembers it for the sake of estimates."""

    engine: str
    operation: Operation
    draft: bool
    device: str
    """`cpu`, `cuda:0`."""
    delivery: str
    made: float
    """Megapixels that the engine made, at the size it works at."""
    finished: float
    """Megapixels of the file, handles included."""
    cold: bool
    """The engine had to be loaded first."""
    seconds: float
    """In which the device was held."""
    file_bytes: int
    """Of the clip."""


@dataclass(frozen=True, slots=True)
class _Kin:
    """The runs that are nearest to a shot, and how near that is."""

    runs: tuple[Run, ...]
    farther: float


@dataclass(frozen=True, slots=True)
class _Fit:
    """seconds = sum of four terms, each the catalogue's times a factor that runs have shown."""

    rates: Vector
    covariance: Vector
    """Of the factors, in units of the spread."""
    scale: Vector
    spread: float
    freedom: float
    runs: int

    def seconds(self, terms: Vector) -> float:
        return float(terms @ self.rates)

    def deviation(self, terms: Vector, farther: float) -> float:
        """Natural logarithm of how far four of five runs stay within."""
        relative = terms * self.scale / max(self.seconds(terms), 1e-9)
        doubt = float(relative @ self.covariance @ relative) + 1 / self.runs
        sigma = math.hypot(self.spread * math.sqrt(1 + doubt), farther)
        return sigma * _quantile(self.freedom)


def made_of(plan: ShotPlan) -> float:
    """Megapixels that the engine makes; of one with tiers, in pictures of as many evaluations of
    its network as its `pace` is told for."""
    pictures = sum(r.frames for r in plan.generate) * plan.work.width * plan.work.height / 1e6
    if not plan.tier:
        return pictures
    return pictures * plan.steps * (2 if plan.guidance > 1 else 1) / EVALUATIONS


def finished_of(plan: ShotPlan) -> float:
    """Megapixels of the file."""
    return plan.file_range.frames * plan.size.width * plan.size.height / 1e6


def estimated(
    plans: Sequence[ShotPlan],
    runs: Callable[[str], Sequence[Run]],
    price: Price,
    *,
    there: Callable[[str], bool],
    warm: Callable[[str], bool],
    engines: Mapping[str, Engine] = ENGINES,
) -> list[Estimate]:
    """An estimate for each plan, in their order, as if one worker made one after the other.

    `runs` gives an engine's newest runs, `there` whether the take of a digest can be reused, `warm`
    whether an engine is in memory. Of a take that stands twice in the list the second is reused.
    """
    known: dict[str, Sequence[Run]] = {}
    loaded: set[str] = set()
    promised: set[str] = set()
    found: list[Estimate] = []
    for plan in plans:
        if plan.digest in promised or there(plan.digest):
            found.append(_free(plan, price))
            continue
        promised.add(plan.digest)
        if plan.engine not in known:
            known[plan.engine] = runs(plan.engine)
        cold = plan.engine not in loaded and not warm(plan.engine)
        loaded.add(plan.engine)
        found.append(estimate(plan, known[plan.engine], price, cold=cold, engines=engines))
    return found


def estimate(
    plan: ShotPlan, runs: Sequence[Run], price: Price, *, cold: bool,
    engines: Mapping[str, Engine] = ENGINES,
) -> Estimate:  # fmt: skip
    """What one shot takes, from the newest runs of its engine; no time where there are none.

    The time is that of a model with four terms: a fixed one, the pixels that the engine makes, the
    pixels of the file, and loading the engine where it is `cold`. Each is a least-squares fit that
    holds to the catalogue's proportions until there are runs enough to know better.
    """
    bare = Estimate(
        seconds=None, low=None, high=None, device_seconds=None, cost_micros=None,
        currency=price.currency if price.device_hour else "",
        memory_bytes=needed(plan, engines=engines), runs=0, measured=False,
        file_bytes=_file_bytes(plan, runs), frames=plan.frames, reused=False,
    )  # fmt: skip
    kin = _nearest(plan, runs)
    row = engines.get(plan.engine)
    if not kin.runs or row is None:
        return bare
    fit = _fitted(kin.runs, row.pace)
    terms = np.array([1.0, made_of(plan), finished_of(plan), float(cold)])
    seconds = max(fit.seconds(terms), 0.05)
    factor = math.exp(min(fit.deviation(terms, kin.farther), 4.0))
    return replace(
        bare, seconds=seconds, low=seconds / factor, high=seconds * factor,
        device_seconds=seconds, cost_micros=micros(seconds, price), runs=len(kin.runs),
        measured=True,
    )  # fmt: skip


def together(parts: Sequence[Estimate]) -> Estimate | None:
    """The estimates of a timeline's shots as one; None of none.

    Times and money are sums, and absent when one of them is; errors are neither taken for
    independent nor for one and the same.
    """
    if not parts:
        return None
    costly = [p for p in parts if not p.reused]
    currency = next((p.currency for p in parts if p.currency), "")
    whole = Estimate(
        seconds=None, low=None, high=None, device_seconds=None, cost_micros=None,
        currency=currency, memory_bytes=max(p.memory_bytes for p in parts),
        runs=max((p.runs for p in costly), default=0), measured=all(p.measured for p in parts),
        file_bytes=sum(p.file_bytes for p in parts) if all(p.file_bytes for p in parts) else 0,
        frames=sum(p.frames for p in parts), reused=not costly,
    )  # fmt: skip
    known = [
        (p.seconds, p.low, p.high)
        for p in parts
        if p.seconds is not None and p.low is not None and p.high is not None
    ]
    if len(known) < len(parts):
        return whole
    seconds = sum(s for s, _, _ in known)
    costs = [p.cost_micros for p in parts if p.cost_micros is not None]
    return replace(
        whole, seconds=seconds, device_seconds=seconds,
        low=seconds - _joined([s - low for s, low, _ in known]),
        high=seconds + _joined([high - s for s, _, high in known]),
        cost_micros=sum(costs) if len(costs) == len(parts) else None,
    )  # fmt: skip


def micros(seconds: float, price: Price) -> int | None:
    """What so much of a device's time costs; None where the operator named no price."""
    return round(seconds * price.device_hour * 1e6 / 3600) if price.device_hour else None


def _free(plan: ShotPlan, price: Price) -> Estimate:
    return Estimate(
        seconds=0.0, low=0.0, high=0.0, device_seconds=0.0, cost_micros=micros(0.0, price),
        currency=price.currency if price.device_hour else "", memory_bytes=0, runs=0,
        measured=True, file_bytes=0, frames=plan.frames, reused=True,
    )  # fmt: skip


def _nearest(plan: ShotPlan, runs: Sequence[Run]) -> _Kin:
    # A machine that got a GPU is another machine: what its processor did tells nothing any more.
    kinds = [r.device.partition(":")[0] for r in runs[:1]]
    here = [r for r in runs if r.device.partition(":")[0] in kinds]
    like = [r for r in here if r.draft == plan.draft]
    same = [r for r in like if r.operation is plan.operation]
    for found, farther in zip((same, like, here), FARTHER, strict=True):
        if found:
            return _Kin(tuple(found), farther)
    return _Kin((), 0.0)


def _fitted(runs: Sequence[Run], pace: tuple[float, float, float, float]) -> _Fit:
    terms = np.array([[1.0, r.made, r.finished, float(r.cold)] for r in runs])
    taken = np.array([max(r.seconds, 1e-3) for r in runs])
    usual = terms @ np.array(pace)
    # How much slower than the catalogue's machine this one is; the median is not for outliers.
    scale = np.array(pace) * float(np.exp(np.median(np.log(taken / usual))))
    factors = np.ones(len(pace))
    design = weight = np.empty((0, 0))
    for _ in range(4):  # relative errors, in terms of what the last round foresaw
        foreseen = np.maximum(terms @ (scale * factors), 1e-3)
        off = np.abs(np.log(taken / foreseen))
        weight = np.minimum(1.0, 2.5 * max(float(np.median(off)), 0.05) / np.maximum(off, 1e-9))
        design = terms * scale / foreseen[:, None] * np.sqrt(weight)[:, None]
        factors = _solved(design, taken / foreseen * np.sqrt(weight))
    normal = design.T @ design
    covariance = np.linalg.inv(normal + STIFFNESS * np.eye(len(pace)))
    freedom = float(weight.sum() - np.trace(covariance @ normal)) + SPREAD_RUNS
    off = np.log(taken / np.maximum(terms @ (scale * factors), 1e-3))
    spread = math.sqrt((float(off @ off) + SPREAD_RUNS * SPREAD**2) / freedom)
    return _Fit(scale * factors, covariance, scale, spread, freedom, len(runs))


def _solved(design: Vector, target: Vector) -> Vector:
    """Least squares drawn towards 1, no factor below 0: nothing takes less than no time."""
    free = list(range(design.shape[1]))
    while True:
        part = design[:, free]
        normal = part.T @ part + STIFFNESS * np.eye(len(free))
        found = np.linalg.solve(normal, part.T @ target + STIFFNESS)
        if (found >= 0).all():
            factors = np.zeros(design.shape[1])
            factors[free] = found
            return factors
        free = [place for place, value in zip(free, found, strict=True) if value >= 0]


def _quantile(freedom: float) -> float:
    """That of Student's distribution, by its expansion (Abramowitz and Stegun 26.7.5)."""
    z = FOUR_OF_FIVE
    first = (z**3 + z) / (4 * freedom)
    return z + first + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def _joined(parts: Sequence[float]) -> float:
    apart = sum(part**2 for part in parts)
    return math.sqrt(TOGETHER * sum(parts) ** 2 + (1 - TOGETHER) * apart)


def _file_bytes(plan: ShotPlan, runs: Sequence[Run]) -> int:
    """By the bytes a megapixel of clips in the same delivery; 0 where there are none."""
    per_megapixel: Mapping[bool, list[float]] = {True: [], False: []}
    for run in runs:
        if run.delivery == plan.delivery and run.file_bytes and run.finished:
            per_megapixel[run.operation is plan.operation].append(run.file_bytes / run.finished)
    found = per_megapixel[True] or per_megapixel[False]
    return round(median(found) * finished_of(plan)) if found else 0
