"""Backup from the command line, while a server has the folder; and the way back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from secondunit.cli import main

from tests.jobs.conftest import ended, wish
from tests.rpc.conftest import Unit


def test_a_backup_is_taken_from_a_running_server_and_serves_again(
    unit: Unit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = unit.desk.create(wish(), request_id="a", timeline="t")
    ended(unit.desk, job.id)
    data, copy = str(unit.config.data), tmp_path / "monday"
    assert main(["backup", str(copy), "--data", data, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["jobs"], record["takes"], record["damaged"]) == (1, 1, [])
    shutil.copytree(copy, tmp_path / "restored")
    assert main(["jobs", "--data", str(tmp_path / "restored"), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["jobs"]
    assert found["id"] == job.id and Path(found["file"]).is_relative_to(tmp_path / "restored")
    assert main(["backup", str(copy), "--data", data]) == 2
    assert "is there already" in capsys.readouterr().err


def test_a_take_that_is_damaged_is_named(
    unit: Unit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = unit.desk.create(wish(), request_id="a", timeline="t")
    ended(unit.desk, job.id)
    result = unit.desk.result(job.id)
    assert result
    result.file.write_bytes(b"x" * result.file.stat().st_size)
    assert main(["backup", str(tmp_path / "b"), "--data", str(unit.config.data)]) == 1
    assert result.digest in capsys.readouterr().err
