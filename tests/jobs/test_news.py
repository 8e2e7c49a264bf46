"""What the log and the measures are told of jobs: what was committed, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from secondunit import measures
from secondunit.jobs.desk import Desk
from secondunit.jobs.job import Priority
from secondunit.jobs.store import Store

from tests.jobs.conftest import ended, until, wish

SERIES = {"engine": "motion", "operation": "bridge"}


def count(made: measures.Measures, name: str, **labels: str) -> float:
    return made.registry.get_sample_value(name, labels) or 0.0


def lines(caplog: pytest.LogCaptureFixture, job: str) -> list[Any]:
    mine: list[Any] = [r for r in caplog.records if r.name == "secondunit.jobs.news"]
    return [r for r in mine if r.job == job]


def test_a_job_is_counted_and_logged_through_its_states_and_stages(
    open_desk: Callable[..., Desk], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with measures.measuring() as made:
        desk = open_desk()
        job = desk.create(wish(), request_id="a", timeline="t", user="ann")
        ended(desk, job.id)
        again = desk.create(wish(), request_id="b", timeline="t")
        ended(desk, again.id)
    for state, times in (("queued", 2), ("running", 1), ("succeeded", 2), ("failed", 0)):
        name = "secondunit_job_transitions_total"
        assert count(made, name, state=state, **SERIES) == times, state
    assert count(made, "secondunit_jobs_reused_total") == 1
    assert count(made, "secondunit_job_queue_seconds_count", priority="normal") == 1
    assert count(made, "secondunit_stage_seconds_count", stage="engine", engine="motion") == 1
    told = [r.getMessage() for r in lines(caplog, job.id)]
    assert told == ["job queued", "job running", *["stage done"] * 6, "job succeeded"]
    assert {r.user for r in lines(caplog, job.id)} == {"ann"}


def test_workers_that_die_are_counted_and_the_log_holds_no_prompt(
    open_desk: Callable[..., Desk], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with measures.measuring() as made:
        desk = open_desk(max_attempts=2)
        job = desk.create(
            wish(die=[1, 2], fail="canary-prompt"), request_id="a", timeline="/canary/path.otio"
        )
        assert ended(desk, job.id).error
        until(lambda: lines(caplog, job.id)[-1].getMessage() == "job failed")  # after its commit
    assert count(made, "secondunit_workers_lost_total") == 2
    assert count(made, "secondunit_job_transitions_total", state="failed", **SERIES) == 1
    assert lines(caplog, job.id)[-1].code == "WORKER_LOST"
    assert "canary" not in caplog.text
    assert not any("canary" in str(vars(r)) for r in caplog.records)


def test_what_was_rolled_back_is_not_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with measures.measuring() as made, closing(Store(tmp_path / "data")) as store:
        job = store.create(wish(), request_id="a", timeline="t", priority=Priority.NORMAL)
        with pytest.raises(ZeroDivisionError), store._transaction("test"):
            store._end_cancelled(store._row(job.id))
            raise ZeroDivisionError
        name = "secondunit_job_transitions_total"
        assert count(made, name, state="queued", **SERIES) == 1
        assert count(made, name, state="cancelled", **SERIES) == 0
        store.cancel(job.id)
        assert count(made, name, state="cancelled", **SERIES) == 1
    assert [r.getMessage() for r in lines(caplog, job.id)] == ["job queued", "job cancelled"]
