"""The worker's process and its log, which never grows beyond what an operator can open."""

from __future__ import annotations

import json
import queue
from pathlib import Path
from typing import Any

from secondunit.config import Config
from secondunit.jobs.child import LOG_BYTES, Child
from secondunit.jobs.desk import Desk

from tests.jobs.conftest import STAGES, ended, until, wish


def test_a_long_log_is_put_aside_when_a_worker_starts_and_while_it_runs(tmp_path: Path) -> None:
    log, aside = tmp_path / "worker.log", tmp_path / "worker.log.1"
    log.write_bytes(b"a" * (LOG_BYTES + 1))
    inbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    child = Child(STAGES, tmp_path, inbox)
    try:
        assert aside.read_bytes()[:1] == b"a" and log.stat().st_size < LOG_BYTES
        with log.open("ab") as more:  # as a library in the worker would
            more.write(b"b" * (LOG_BYTES + 1))
        until(lambda: log.stat().st_size < LOG_BYTES)
        assert aside.read_bytes()[:1] == b"b"
    finally:
        child.kill()


def test_a_short_log_goes_on_where_it_was(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_text("before\n")
    child = Child(STAGES, tmp_path, queue.SimpleQueue())
    child.kill()
    assert log.read_text().startswith("before\n")
    assert not (tmp_path / "worker.log.1").exists()


def test_the_workers_log_is_as_the_settings_say_and_names_no_words_of_users(
    tmp_path: Path,
) -> None:
    desk = Desk(Config(data=tmp_path / "data", log="json"), stages=STAGES)
    desk.start()
    try:
        for n, wrong in enumerate(({"fail": "canary-7f3a"}, {"boast": True})):
            job = desk.create(wish(n, **wrong), request_id=str(n), timeline="/canary-7f3a.otio")
            assert ended(desk, job.id).error
    finally:
        desk.stop(0.5)
    text = (tmp_path / "data" / "worker.log").read_text()
    first, *lines = [json.loads(line) for line in text.splitlines()]
    assert first["message"].startswith("taken from this process")
    assert [line["level"] for line in lines] == ["warning", "error"]
    assert lines[0]["code"] == "ENGINE_FAILED" and lines[0]["stage"] == "engine"
    assert lines[1]["trace"].endswith("RuntimeError") and lines[1]["job"] != lines[0]["job"]
    assert "canary" not in text
