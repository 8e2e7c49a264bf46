"""Opening the store's file: upgrades, and damage that is refused and left as it is."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from secondunit.errors import StoreDamaged
from secondunit.jobs.job import Held, Priority, State
from secondunit.jobs.migrate import migrations
from secondunit.jobs.store import Store
from secondunit.plan.shot_plan import canonical

from tests.jobs.test_store import create, lease, numbers, result
from tests.plans import shot_plan

OLD_JOB = """INSERT INTO job (id, user, request_id, request, project, timeline, shot, name,
    operation, engine, take, draft, plan, digest, priority, state, waits_for, attempt, sequence,
    created, finished)
  VALUES (:id, 'ada', :id, 'x', 'film', 'cut.otio', 's', 'LAD', 'bridge', 'motion', 1, 0, :plan,
    :digest, :priority, :state, :waits_for, :attempt, 1, :created, :finished)"""


def version_one(data: Path) -> None:
    """A store as the first version left it after a crash; the jobs are named by their states."""
    data.mkdir()
    db = sqlite3.connect(data / "jobs.db")
    db.executescript(
        "PRAGMA journal_mode = WAL;"
        "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied REAL);"
        + migrations()[0][1]
        + "INSERT INTO schema_version VALUES (1, 0);"
    )
    jobs = {
        "succeeded": (1, None),
        "running": (2, None),
        "waiting": (2, "running"),
        "queued": (3, None),
    }
    for n, (state, (seed, leader)) in enumerate(jobs.items()):
        plan = shot_plan(seed=seed)
        db.execute(OLD_JOB, {
            "id": state, "plan": json.dumps(canonical(plan)), "digest": plan.digest,
            "priority": n % 3, "state": state, "waits_for": leader, "created": 1000.0 + n,
            "attempt": int(state == "running"), "finished": 2000.0 if n == 0 else None,
        })  # fmt: skip
        db.execute(
            "INSERT INTO event VALUES (?, 1, 1000, 'state', '{\"state\":\"queued\"}')", (state,)
        )
    digest = shot_plan(seed=1).digest
    record = {
        "digest": digest, "folder": f"takes/{digest}", "file": f"takes/{digest}/clip.mov",
        "sidecar": f"takes/{digest}/clip.json", "thumbnails": [], "frames": 10,
        "rate": {"num": 24, "den": 1}, "start_timecode": "01:00:00:00", "handles": [2, 2],
        "size": {"width": 64, "height": 48}, "report": {}, "timings": {},
    }  # fmt: skip
    db.execute("INSERT INTO result VALUES (?, 'succeeded', ?, 0)", (digest, json.dumps(record)))
    db.execute("INSERT INTO checkpoint VALUES ('running', 'timeline', 1, 0.5, '{}')")
    db.commit()
    db.close()
    for name in ("clip.mov", "clip.json"):
        (data / "takes" / digest).mkdir(parents=True, exist_ok=True)
        (data / "takes" / digest / name).write_text("x")


def test_a_store_of_the_first_version_is_brought_up_with_all_that_is_in_it(tmp_path: Path) -> None:
    version_one(tmp_path / "data")
    store = Store(tmp_path / "data")
    jobs = {job.id: job for job in store.page().jobs}
    assert [j.id for j in store.page().jobs] == ["queued", "waiting", "running", "succeeded"]
    assert jobs["running"].state is State.QUEUED and jobs["running"].attempt == 1
    assert [str(c.stage) for c in store.checkpoints("running")] == ["timeline"]
    assert (jobs["waiting"].waits_for, jobs["waiting"].waiting_for) == ("running", Held.TAKE)
    assert {j.tenant for j in jobs.values()} == {""} and {j.user for j in jobs.values()} == {"ada"}
    assert numbers(store, "running") == [1, 2]
    # The hash of a request was made in another way: the earlier job is handed out all the same.
    again = store.create(
        shot_plan(seed=3), request_id="queued", timeline="t", priority=Priority.NORMAL, user="ada"
    )
    assert again.id == "queued"
    # The take had no digests: it is hashed when it is asked again.
    reused = create(store, shot_plan(seed=1), "new")
    take = store.result(reused.id)
    assert reused.reused and take and take.clip
    assert take.clip.sha256 == hashlib.sha256(b"x").hexdigest() and take.clip.bytes == 1
    store.close()
    Store(tmp_path / "data").close()  # once is enough


def test_an_upgrade_that_is_killed_is_done_again(tmp_path: Path) -> None:
    version_one(tmp_path / "data")
    code = (
        "import os, sqlite3, sys; from pathlib import Path; from secondunit.jobs import migrate;"
        "db = sqlite3.connect(Path(sys.argv[1]), isolation_level=None);"
        "DROP = sqlite3.SQLITE_DROP_TABLE;"
        "db.set_authorizer(lambda what, *_: os._exit(9) if what == DROP else 0);"
        "migrate._apply(db, *migrate.migrations()[1])"
    )
    file = tmp_path / "data" / "jobs.db"
    died = subprocess.run([sys.executable, "-c", code, str(file)], timeout=60)
    assert died.returncode == 9
    store = Store(tmp_path / "data")
    assert len(store.page().jobs) == 4
    store.close()


def full_store(data: Path) -> bytes:
    store = Store(data)
    for seed in range(40):
        create(store, shot_plan(seed=seed), str(seed))
    store.finish(lease(store.claim()), result(store, shot_plan(seed=0)))
    store.close()
    return (data / "jobs.db").read_bytes()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda b: b[: len(b) // 2],
        lambda b: b[:100],
        lambda b: b"",
        lambda b: b"\0" * len(b),
        lambda b: b[:4096] + bytes(x ^ 0xFF for x in b[4096:8192]) + b[8192:],
        lambda b: b[: len(b) // 2] + b"\xa5" * 4096 + b[len(b) // 2 + 4096 :],
    ],
    ids=["half", "header", "empty", "zeros", "page-flipped", "page-overwritten"],
)
def test_a_damaged_file_is_refused_and_left_as_it_is(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    data = tmp_path / "data"
    good = full_store(data)
    (data / "jobs.db").write_bytes(bad := spoil(good))
    with pytest.raises(StoreDamaged) as caught:
        Store(data)
    assert "Put a copy of jobs.db back" in caught.value.remedy
    assert (data / "jobs.db").read_bytes() == bad
    (data / "jobs.db").write_bytes(good)  # which is what the remedy says
    store = Store(data)
    assert len(store.page().jobs) == 40
    store.close()


@pytest.mark.parametrize("part", [0.1, 0.5, 0.97])
def test_a_log_that_was_torn_gives_what_was_whole_in_it(tmp_path: Path, part: float) -> None:
    data = tmp_path / "data"
    code = (
        "import os, sys; from pathlib import Path; from secondunit.jobs.store import Store;"
        "from tests.jobs.test_store import create; from tests.plans import shot_plan;"
        "s = Store(Path(sys.argv[1])); create(s, shot_plan(seed=0), '0');"
        "s._writer.execute('PRAGMA wal_checkpoint(TRUNCATE)');"
        "[create(s, shot_plan(seed=n), str(n)) for n in range(1, 30)]; os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(data)], timeout=60)
    log = data / "jobs.db-wal"
    whole = log.read_bytes()
    assert len(whole) > 100_000
    log.write_bytes(whole[: int(len(whole) * part)])
    store = Store(data)
    jobs = store.page().jobs
    assert [j.request_id for j in jobs] == [str(n) for n in reversed(range(len(jobs)))]
    assert 1 <= len(jobs) < 30
    assert all(numbers(store, j.id) == [1] for j in jobs)
    store.close()
