"""How jobs look on a terminal: words first, colours beside them, no column without a use."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console, RenderableType
from secondunit import looks, prices
from secondunit.v1 import errors_pb2, jobs_pb2, plans_pb2, units_pb2

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)


def shown(what: RenderableType, *, width: int = 120) -> str:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False, markup=False, emoji=False).print(what)
    return out.getvalue()


def job(state: jobs_pb2.JobState, *, ago: float = 90, **fields: object) -> jobs_pb2.Job:
    made = jobs_pb2.Job(id="3f2a", name="A014", state=state, operation=units_pb2.OPERATION_BRIDGE)
    made.timings.created.FromDatetime(NOW - timedelta(seconds=ago))
    made.MergeFrom(jobs_pb2.Job(**fields))  # pyright: ignore[reportArgumentType]
    return made


def running(*, began: float = 20, step: int = 12) -> jobs_pb2.Job:
    estimate = plans_pb2.Estimate(runs=4)
    estimate.render_time.FromSeconds(50)
    estimate.latest.FromSeconds(70)
    at = jobs_pb2.Progress(stage=jobs_pb2.STAGE_ENGINE, doing="denoise", step=step, steps=48)
    made = job(jobs_pb2.JOB_STATE_RUNNING, progress=at, estimate=estimate, device="cuda:0")
    made.timings.started.FromDatetime(NOW - timedelta(seconds=began))
    return made


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.004, "4 ms"),
        (0.4, "0.4 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (185, "3 min 05 s"),
        (7800, "2 h 10 min"),
        (432000, "5 d"),
        (-1, "0 ms"),
    ],
)
def test_spans_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert looks.span(seconds) == words


def test_a_running_job_says_where_it_is_how_far_and_how_long_it_takes() -> None:
    line = shown(looks.table([running()], NOW, 120)).splitlines()[1]
    for word in ("running", "1 min 30 s", "cuda:0", "engine denoise", "25% of 48"):
        assert word in line
    assert "about 30 s left" in line


@pytest.mark.parametrize(
    ("began", "words"), [(20, "about 30 s left"), (60, "soon"), (71, "longer than expected")]
)
def test_what_remains_comes_from_the_estimate(began: float, words: str) -> None:
    assert looks.remaining(running(began=began), NOW) == words


def test_nothing_is_promised_without_an_estimate() -> None:
    assert looks.remaining(job(jobs_pb2.JOB_STATE_RUNNING), NOW) == ""


def test_columns_that_no_job_has_anything_for_are_left_out() -> None:
    plain = shown(looks.table([job(jobs_pb2.JOB_STATE_QUEUED)], NOW, 120)).splitlines()[0]
    assert plain.split() == ["job", "state", "age", "operation", "shot"]
    cost = units_pb2.Money(currency="EUR", micros=2_500_000)
    paid = job(jobs_pb2.JOB_STATE_SUCCEEDED, project="harbour", cost=cost)
    full = shown(looks.table([job(jobs_pb2.JOB_STATE_QUEUED), paid], NOW, 120))
    assert "project" in full.splitlines()[0] and "2.50 EUR" in full


def test_a_held_back_job_says_by_what_and_a_stopped_one_that_it_stops() -> None:
    waits = job(jobs_pb2.JOB_STATE_WAITING, waiting_for="budget")
    stops = job(jobs_pb2.JOB_STATE_RUNNING, cancelling=True)
    text = shown(looks.table([waits, stops], NOW, 120))
    assert "waiting: budget" in text and "running, stops" in text


def test_a_failed_job_says_why_and_what_to_do_and_where_the_time_went() -> None:
    error = errors_pb2.ErrorDetail(code="WORKER_LOST", what="It died 3 times.", remedy="Try less.")
    failed = job(jobs_pb2.JOB_STATE_FAILED, error=error, attempt=3)
    for stage, seconds in ((jobs_pb2.STAGE_TIMELINE, 1), (jobs_pb2.STAGE_ENGINE, 3)):
        failed.timings.stages.add(stage=stage).time.FromSeconds(seconds)
    text = shown(looks.details(failed, plans_pb2.ShotPlan(frames=24), NOW))
    for words in ("WORKER_LOST: It died 3 times.", "Try less.", "attempts", "in all", "4.0 s"):
        assert words in text
    bars = {line.split()[0]: line.count("█") for line in text.splitlines() if "█" in line}
    assert bars == {"timeline": 6, "engine": 18}


def test_a_narrow_terminal_folds_the_words_and_keeps_the_ids() -> None:
    error = errors_pb2.ErrorDetail(code="MEDIA_MISSING", what="long " * 30)
    lines = shown(looks.table([job(jobs_pb2.JOB_STATE_FAILED, error=error)], NOW, 70), width=70)
    assert all(len(line) <= 70 for line in lines.splitlines())
    assert "3f2a" in lines and "failed" in lines and "…" not in lines


@pytest.mark.parametrize("width", [120, 84, 70])
def test_a_list_does_without_columns_rather_than_crush_its_words(width: int) -> None:
    cost = units_pb2.Money(currency="EUR", micros=3_600)
    busy = running()
    busy.MergeFrom(jobs_pb2.Job(id="96dae415f5f3", project="harbour", user="ann", cost=cost))
    text = shown(looks.table([busy], NOW, width), width=width)
    head, *lines = text.splitlines()
    assert all(len(line) <= width for line in (head, *lines))
    assert "96dae415f5f3" in text and "running" in text and "A014" in lines[0]
    assert "engine denoise" in text and len(lines) <= 2
    assert ("device" in head) == (width >= 120)
    assert ("cost" in head) == (width >= 84)


def test_small_amounts_are_not_rounded_to_nothing() -> None:
    assert prices.money(units_pb2.Money(currency="EUR", micros=2_400)) == "0.0024 EUR"
    assert prices.money(units_pb2.Money(currency="EUR", micros=0)) == "0.00 EUR"


def test_a_state_newer_than_this_program_is_shown_all_the_same() -> None:
    text = shown(looks.table([job(99)], NOW, 120))  # pyright: ignore[reportArgumentType]
    assert "unknown" in text
