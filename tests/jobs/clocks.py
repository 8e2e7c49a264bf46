"""A clock that tests turn, and stores that run by it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from secondunit.config import Config, Limits, Price
from secondunit.jobs.job import Checkpoint, Estimate, Job, Lease, Priority, Result, Stage
from secondunit.jobs.store import Store
from secondunit.plan.shot_plan import ShotPlan

EURO = Price(device_hour=3.6, currency="EUR")
"""A thousandth of a euro for a second."""
MILLI = 1000
"""Micros of that."""


class Clock:
    """Seconds that pass when told to; once it is told to, it fails."""

    def __init__(self, at: float = 1_800_000_000.0) -> None:
        self.at = at
        self.fails = False

    def __call__(self) -> float:
        if self.fails:
            self.fails = False
            raise OSError("no time")
        return self.at

    def passes(self, seconds: float) -> None:
        """So many go by."""
        self.at += seconds


def open_store(data: Path, clock: Clock, price: Price = EURO) -> Store:
    """A store of a folder, on that clock."""
    config = Config(data=data, price=price, limits=Limits(reserve_bytes=0))
    return Store(data, config=config, clock=clock, now=clock)


def expected(seconds: float | None, price: Price = EURO) -> Estimate:
    """An estimate of so many seconds; None: not known."""
    cost = None if seconds is None else round(seconds * price.device_hour * 1e6 / 3600)
    return Estimate(
        seconds=seconds, low=seconds, high=seconds, device_seconds=seconds, cost_micros=cost,
        currency=price.currency, memory_bytes=0, runs=1, measured=True, file_bytes=0, frames=6,
    )  # fmt: skip


def create(
    store: Store, plan: ShotPlan, request: str, *, seconds: float | None = None,
    project: str = "", user: str = "", tenant: str = "", known: bool = True,
) -> Job:  # fmt: skip
    """A job with an estimate; without `known` it has none at all."""
    return store.create(
        plan, request_id=request, timeline="cut.otio", priority=Priority.NORMAL, project=project,
        user=user, tenant=tenant, estimate=expected(seconds) if known else None,
    )  # fmt: skip


def lease(job: Job | None) -> Lease:
    assert job is not None
    return Lease(job=job.id, attempt=job.attempt)


def work(store: Store, held: Lease, clock: Clock, stages: Sequence[tuple[Stage, float]]) -> None:
    """Stages that take so many seconds each."""
    for stage, seconds in stages:
        clock.passes(seconds)
        done = Checkpoint(stage=stage, attempt=held.attempt, seconds=seconds, payload={})
        assert store.checkpoint(held, done)


def take(store: Store, plan: ShotPlan) -> Result:
    """A published take of a plan."""
    folder = store.data / "takes" / plan.digest
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("clip.mov", "clip.json", "clip.png"):
        (folder / name).write_text("x" * 1000)
    return Result(
        digest=plan.digest, folder=folder, file=folder / "clip.mov", sidecar=folder / "clip.json",
        thumbnails=(folder / "clip.png",), frames=10, rate=plan.rate, start_timecode="01:00:00:00",
        handles=plan.handles, size=plan.size, report={}, timings={},
    )  # fmt: skip


def lines(store: Store) -> list[dict[str, Any]]:
    """The ledger."""
    return [dict(row) for row in store.read("SELECT * FROM ledger ORDER BY number")]
