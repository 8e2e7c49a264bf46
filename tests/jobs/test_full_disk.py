"""A disk that fills up under the store: nothing half-written, and all well once there is room."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from secondunit.errors import StoreFull
from secondunit.jobs.job import Checkpoint, Stage, State
from secondunit.jobs.store import Store

from tests.jobs.test_store import create, lease, numbers
from tests.plans import shot_plan

ON_A_SMALL_DISK = """
import sys
from dataclasses import replace
from pathlib import Path
from secondunit.config import Config, Limits
from secondunit.errors import StoreFull
from secondunit.jobs.job import State
from secondunit.jobs.store import Store
from tests.jobs.test_store import create, lease, numbers
from tests.plans import shot_plan

disk = Path(sys.argv[1])
config = replace(Config(data=disk / "data"), limits=Limits(reserve_bytes=0))
store = Store(disk / "data", config=config)
first = create(store, shot_plan(seed=0), "0")
held = lease(store.claim())
filler = (disk / "filler").open("wb", buffering=0)
try:
    while True:
        filler.write(bytes(4096))
except OSError:
    pass
made, refused = 1, 0
for n in range(1, 40):
    try:
        create(store, shot_plan(seed=n), str(n))
        made += 1
    except StoreFull as exc:
        refused += 1
        assert exc.retryable and store.trouble
assert refused, "the disk never was full"
assert len(store.page().jobs) == made
try:
    store.requeue(held, "the worker was lost")
    raise SystemExit("written on a full disk")
except StoreFull:
    pass
assert store.get(first.id).state is State.RUNNING
filler.truncate(0)
filler.close()
store.tend()
assert not store.trouble
assert store.requeue(held, "the worker was lost")
create(store, shot_plan(seed=99), "99")
jobs = store.page().jobs
assert len(jobs) == made + 1
assert all(numbers(store, j.id) == list(range(1, j.sequence + 1)) for j in jobs)
store.close()
Store(disk / "data", config=config).close()
print("refused", refused)
"""


def test_jobs_are_refused_on_a_full_disk_and_taken_once_there_is_room(tmp_path: Path) -> None:
    """On a disk of 2 MiB of its own, in a name space that ends with the process."""
    command = 'mount -t tmpfs -o size=2m small "$0" && exec "$@"'
    work = [sys.executable, "-c", ON_A_SMALL_DISK, str(tmp_path)]
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", command, str(tmp_path), *work],
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("refused")


def test_whatever_meets_the_end_of_the_file_is_as_if_it_had_not_been_asked(tmp_path: Path) -> None:
    store = Store(tmp_path)
    job = create(store, shot_plan(seed=1), "a")
    held = lease(store.claim())
    before = store.get(job.id)
    pages = store._writer.execute("PRAGMA page_count").fetchone()[0]
    store._writer.execute(f"PRAGMA max_page_count = {pages}")
    large = {"text": "x" * 200_000}
    with pytest.raises(StoreFull):
        store.checkpoint(held, Checkpoint(stage=Stage.PLAN, attempt=1, seconds=1, payload=large))
    assert store.get(job.id) == before and store.checkpoints(job.id) == ()
    assert "Free some space" in store.trouble
    store._writer.execute("PRAGMA max_page_count = 1000000")
    store.tend()
    assert store.trouble == ""
    assert store.checkpoint(held, Checkpoint(stage=Stage.PLAN, attempt=1, seconds=1, payload=large))
    assert numbers(store, job.id) == [1, 2, 3] and store.get(job.id).state is State.RUNNING
    store.close()
