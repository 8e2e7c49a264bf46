"""The job store alone: transitions a second, and what 10,000 queued jobs do to a claim."""

from __future__ import annotations

import os
import sqlite3
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from secondunit.config import Config, Limits
from secondunit.jobs.job import Checkpoint, Job, Lease, Priority, Result, Stage
from secondunit.jobs.store import Store
from secondunit.jobs.turns import HEADS
from secondunit.plan.shot_plan import ShotPlan

from bench.service.row import Row

WRITERS = 8
"""Runners and callers that change jobs at once."""


def rows(folder: Path, plan: ShotPlan, *, jobs: int, many: int) -> list[Row]:
    """`plan`: any; `jobs` are driven to their end, `many` wait while others are claimed."""
    return [
        _transitions(folder / "one-writer", plan, jobs, writers=1),
        _transitions(folder / "writers", plan, jobs, writers=WRITERS),
        *_claims(folder, plan, many),
    ]


@contextmanager
def _opened(data: Path) -> Iterator[Store]:
    limits = Limits(open_jobs=10**6, queue=10**6, reserve_bytes=0)
    store = Store(data, config=Config(data=data, limits=limits))
    try:
        yield store
    finally:
        store.close()


def _fill(store: Store, plan: ShotPlan, first: int, count: int) -> None:
    for seed in range(first, first + count):
        store.create(
            replace(plan, seed=seed), request_id=str(seed), timeline="", priority=Priority.NORMAL
        )


def _transitions(data: Path, plan: ShotPlan, jobs: int, *, writers: int) -> Row:
    with _opened(data) as store:
        _fill(store, plan, 0, jobs)

        def write(name: str) -> int:
            made = 0
            while job := store.claim(name, "cpu"):
                made += 1 + _driven(store, job, data, plan)
            return made

        began, before = time.monotonic(), time.process_time()
        with ThreadPoolExecutor(writers) as threads:
            made = sum(threads.map(write, [f"bench-{n}" for n in range(writers)]))
        seconds, processor = time.monotonic() - began, time.process_time() - before
    who = "one writer" if writers == 1 else f"{writers} writers at once"
    return Row(
        what=f"durable transitions a second, {who}", figure=made / seconds, unit="/s", must=">=",
        bar=2000, beside=f"{made} of {jobs} jobs, each on disk before it is acknowledged; "
        f"{1000 * processor / made:.2f} ms of processor each; "
        f"{_synced(data.parent):.0f} synced writes a second to a bare file",
    )  # fmt: skip


def _synced(folder: Path) -> float:
    """Appends of a page to a file a second, each on disk before the next: what the disk allows."""
    with (folder / "bare").open("wb") as file:
        began = time.monotonic()
        for _ in range(200):
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
        return 200 / (time.monotonic() - began)


def _driven(store: Store, job: Job, data: Path, plan: ShotPlan) -> int:
    """Every stage of a job; how many transactions it took."""
    lease, made = Lease(job=job.id, attempt=job.attempt), 0
    for stage in Stage:
        made += store.progress(lease, stage, "step", 1, 2)
        point = Checkpoint(stage=stage, attempt=job.attempt, seconds=0.5, payload={"frames": 24})
        made += store.checkpoint(lease, point)
    folder = data / "takes" / job.digest
    folder.mkdir(parents=True)
    files = [folder / name for name in ("clip.mov", "clip.json", "sheet.png")]
    for file in files:
        file.write_bytes(b"x")
    result = Result(
        digest=job.digest, folder=folder, file=files[0], sidecar=files[1], thumbnails=(files[2],),
        frames=plan.file_range.frames, rate=plan.rate, start_timecode="01:00:00:00",
        handles=plan.handles, size=plan.size, report={}, timings={},
    )  # fmt: skip
    return made + store.finish(lease, result)


def _claims(folder: Path, plan: ShotPlan, many: int) -> list[Row]:
    """A claim with ten jobs in the queue, and with many."""
    seconds = {}
    for count in (10, many):
        with _opened(folder / f"queue-{count}") as store:
            _fill(store, plan, 0, count)
            spans = []
            for _ in range(60):
                began = time.perf_counter()
                job = store.claim("bench", "cpu")
                spans.append(time.perf_counter() - began)
                if job is None:
                    raise SystemExit("the queue is empty, though nothing was finished")
                store.requeue(Lease(job=job.id, attempt=job.attempt), "The bench gives it back.")
            seconds[count] = statistics.median(spans)
    file = folder / f"queue-{many}" / "jobs.db"
    with sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True) as db:
        found = db.execute(f"EXPLAIN QUERY PLAN {HEADS}", {"class": 1}).fetchall()
    db.close()
    steps = [str(step[3]) for step in found]
    scans = [
        s for s in steps if s.startswith("SCAN") and s not in ("SCAN head", "SCAN CONSTANT ROW")
    ]
    return [
        Row(
            what=f"claim among {many} queued jobs, against 10", figure=seconds[many] / seconds[10],
            unit="x", must="<=", bar=2.0,
            beside=f"{seconds[10] * 1000:.2f} and {seconds[many] * 1000:.2f} ms",
        ),
        Row(
            what="scans in the query plan of a claim", figure=len(scans), unit="", must="<=",
            bar=0, beside="; ".join(scans) or next(s for s in steps if "INDEX" in s),
        ),
    ]  # fmt: skip
