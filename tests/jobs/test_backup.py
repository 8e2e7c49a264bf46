"""Backups taken while the server works, from another process, and put back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from secondunit.errors import Refused, StoreError
from secondunit.jobs.backup import backup
from secondunit.jobs.job import State
from secondunit.jobs.kept import with_digests
from secondunit.jobs.store import Store

from tests.jobs.test_store import create, lease, result
from tests.plans import shot_plan


def worked(data: Path) -> Store:
    """A store with a take, a blob, a job in work and one that is queued."""
    store = Store(data)
    for seed in (1, 2, 3):
        create(store, shot_plan(seed=seed), str(seed))
    store.finish(lease(store.claim()), result(store, shot_plan(seed=1)))
    store.claim()
    (data / "blobs" / "ab").mkdir(parents=True)
    (data / "blobs" / "ab" / "blob").write_bytes(b"bytes")
    (data / "takes" / ".half.new").mkdir()
    (data / "engines" / "weights").mkdir(parents=True)
    (data / "engines" / "vace.json").write_text("{}")
    (data / "engines" / "weights" / "model.safetensors").write_bytes(b"large")
    return store


def test_a_backup_made_by_another_process_while_the_server_works_is_a_data_folder(
    tmp_path: Path,
) -> None:
    store = worked(tmp_path / "data")
    code = (
        "import sys; from pathlib import Path; from secondunit.jobs.backup import backup;"
        "b = backup(Path(sys.argv[1]), Path(sys.argv[2])); print(b.jobs, b.takes, b.damaged)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(store.data), str(tmp_path / "copy")],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "3 1 ()"
    # Which engines were added is kept; their weights are large, and come from where they came.
    assert [p.name for p in (tmp_path / "copy" / "engines").iterdir()] == ["vace.json"]
    create(store, shot_plan(seed=4), "after")  # the store goes on
    store.close()

    restored = Store(tmp_path / "copy")
    jobs = restored.page().jobs
    assert [(j.request_id, j.state) for j in jobs] == [
        ("3", State.QUEUED), ("2", State.QUEUED), ("1", State.SUCCEEDED)
    ]  # fmt: skip
    assert restored.result(jobs[-1].id) == with_digests(
        result(restored, shot_plan(seed=1), keep=True)
    )
    assert create(restored, shot_plan(seed=1), "again").reused
    assert (tmp_path / "copy" / "blobs" / "ab" / "blob").read_bytes() == b"bytes"
    assert not (tmp_path / "copy" / "takes" / ".half.new").exists()
    restored.close()


def test_a_backup_says_which_takes_are_no_longer_what_they_were(tmp_path: Path) -> None:
    store = worked(tmp_path / "data")
    digest = shot_plan(seed=1).digest
    (store.data / "takes" / digest / "clip.mov").write_text("y")
    found = backup(store.data, tmp_path / "copy")
    assert found.takes == 0 and found.damaged[0].startswith(f"{digest}: clip.mov")
    store.close()


def test_a_backup_goes_over_nothing(tmp_path: Path) -> None:
    store = worked(tmp_path / "data")
    (tmp_path / "there").mkdir()
    for target in (tmp_path / "there", store.data / "inside"):
        with pytest.raises(Refused):
            backup(store.data, target)
    with pytest.raises(Refused, match="no data folder"):
        backup(tmp_path / "there", tmp_path / "copy")
    assert list((tmp_path / "there").iterdir()) == []
    store.close()


def test_a_backup_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "jobs.db").write_bytes(b"no database at all" * 300)
    with pytest.raises(StoreError):
        backup(tmp_path / "data", tmp_path / "copy")
    assert [p.name for p in tmp_path.iterdir()] == ["data"]
