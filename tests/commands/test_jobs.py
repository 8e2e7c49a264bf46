"""The commands for jobs, against a real server whose worker only counts its stages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from secondunit.cli import main
from secondunit.jobs.job import State

from tests.jobs.conftest import ended, until, wish
from tests.rpc.conftest import Unit


def run(unit: Unit, *arguments: str) -> int:
    return main([*arguments, "--server", unit.address])


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_jobs_are_listed_by_state_project_and_user(
    unit: Unit,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = unit.desk.create(wish(1), request_id="1", timeline="t", project="harbour", user="ann")
    other = unit.desk.create(wish(2, fail="no"), request_id="2", timeline="t", user="bo")
    ended(unit.desk, first.id), ended(unit.desk, other.id)
    for flags, ids in (
        ((), [other.id, first.id]),
        (("--state", "failed"), [other.id]),
        (("--state", "failed", "--state", "succeeded"), [other.id, first.id]),
        (("--project", "harbour"), [first.id]),
        (("--user", "bo"), [other.id]),
        (("--user", "nobody"), []),
    ):
        assert run(unit, "jobs", "--json", *flags) == 0
        answer = printed(capsys)
        assert [job["id"] for job in answer["jobs"]] == ids, flags
        assert answer["more"] is False
    assert run(unit, "jobs", "--user", "nobody") == 0
    assert capsys.readouterr().out == "No such jobs.\n"


def test_the_newest_are_listed_and_all_of_them_where_asked(
    unit: Unit,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for n in range(60):
        unit.desk.create(wish(3), request_id=str(n), timeline="t")  # one take, and its followers
    assert run(unit, "jobs", "--json") == 0
    answer = printed(capsys)
    assert len(answer["jobs"]) == 50 and answer["more"]
    assert run(unit, "jobs", "--json", "--all") == 0
    answer = printed(capsys)
    assert len(answer["jobs"]) == 60 and not answer["more"]
    assert run(unit, "jobs") == 0
    assert "--all" in capsys.readouterr().out


def test_one_job_is_shown_with_its_error_and_remedy(
    unit: Unit,
    capsys: pytest.CaptureFixture[str],
) -> None:
    job = unit.desk.create(wish(fail="the lamp broke"), request_id="a", timeline="t")
    ended(unit.desk, job.id)
    assert run(unit, "jobs", job.id) == 0
    text = capsys.readouterr().out
    assert "ENGINE_FAILED: the lamp broke" in text and "what to do" in text
    assert run(unit, "jobs", job.id, "--json") == 0
    record = printed(capsys)
    assert (record["code"], record["error"]) == ("ENGINE_FAILED", "the lamp broke")
    assert set(record["timings"]) == {"timeline", "plan"}
    assert run(unit, "jobs", "nobody") == 2
    assert "JOB_UNKNOWN" not in (said := capsys.readouterr().err) and "What to do" in said


def test_a_watched_job_ends_with_where_its_time_went(
    unit: Unit,
    capsys: pytest.CaptureFixture[str],
) -> None:
    job = unit.desk.create(wish(steps=4, pause=0.02), request_id="a", timeline="t")
    assert run(unit, "watch", job.id) == 0
    out, said = capsys.readouterr()
    assert out.startswith(f"{job.id}  succeeded  ")
    assert "in all" in said and "engine" in said


def test_a_failed_job_is_tried_again_as_a_new_one_and_forgotten_when_asked(
    unit: Unit,
    capsys: pytest.CaptureFixture[str],
) -> None:
    job = unit.desk.create(wish(fail="no"), request_id="a", timeline="t")
    ended(unit.desk, job.id)
    assert run(unit, "retry", job.id, "--json") == 0
    again = printed(capsys)
    assert again["id"] != job.id
    ended(unit.desk, again["id"])
    assert run(unit, "delete", job.id) == 0
    assert run(unit, "jobs", "--json") == 0
    capsys.readouterr()
    assert run(unit, "jobs", job.id) == 2


def test_a_job_that_runs_is_not_forgotten_but_stopped(
    unit: Unit,
    capsys: pytest.CaptureFixture[str],
) -> None:
    job = unit.desk.create(wish(steps=200, pause=0.05), request_id="a", timeline="t")
    until(lambda: unit.desk.get(job.id).state is State.RUNNING)
    assert run(unit, "delete", job.id) == 2
    assert "secondunit cancel" in capsys.readouterr().err
    assert run(unit, "cancel", job.id) == 0
    assert "cancelled" in capsys.readouterr().out


def test_a_refreshed_list_ends_by_itself_where_nobody_looks(
    unit: Unit,
    capsys: pytest.CaptureFixture[str],
) -> None:
    job = unit.desk.create(wish(), request_id="a", timeline="t")
    ended(unit.desk, job.id)
    assert run(unit, "jobs", "--watch") == 0
    text = capsys.readouterr().out
    assert job.id in text and "GiB free" in text
    assert run(unit, "jobs", "--watch", "--json") == 2


def test_the_doctor_asks_a_server_how_it_is(
    unit: Unit,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(unit, "doctor", "--json")
    findings = {f["subject"]: f for f in printed(capsys)["findings"]}
    assert findings["version"]["ok"] and findings["takes jobs"]["ok"]
    assert "free" in findings["disk"]["found"]


def test_the_doctor_says_that_no_server_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--server", "127.0.0.1:1", "--json"]) == 2
    assert printed(capsys)["error"]["code"] == "SERVER_UNREACHABLE"
