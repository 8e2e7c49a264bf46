"""LedgerService and estimates on the wire: known before, reported after, and seen by whom."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from secondunit.config import Config, Price
from secondunit.errors import Forbidden
from secondunit.jobs.desk import Desk
from secondunit.jobs.reader import Reader
from secondunit.jobs.runner import Patience
from secondunit.rpc.ledger import Ledgers
from secondunit.rpc.principal import Principal, Scope
from secondunit.rpc.serve import serving
from secondunit.v1 import jobs_pb2, ledger_pb2
from secondunit_client import Connection
from secondunit_client.errors import Refused

from tests import edits
from tests.rpc.acting import acting
from tests.rpc.conftest import STAGES


@pytest.fixture
def desk(tmp_path: Path, footage: Path) -> Iterator[Desk]:
    config = Config(
        data=tmp_path / "data", roots=(footage.parent,),
        price=Price(device_hour=3600.0, currency="EUR"),
    )  # fmt: skip
    desk = Desk(config, stages=STAGES, patience=Patience(confirm=1.0))
    desk.start()
    yield desk
    desk.stop(grace=0.5)


@pytest.fixture
def unit(desk: Desk, tmp_path: Path, footage: Path, reader: Reader) -> Iterator[Connection]:
    config = Config(data=tmp_path / "data", roots=(footage.parent,))
    with serving(desk, config, reader=reader) as address, Connection(address) as client:
        yield client


@pytest.fixture
def timeline(tmp_path: Path, footage: Path) -> Path:
    return edits.bridge(tmp_path, footage, "gen: bridge\ntakes: 3")


def made(unit: Connection, timeline: Path, take: int, **whose: str) -> jobs_pb2.Job:
    shot = unit.plans.timeline(timeline).plans[0].shot_id
    job = unit.jobs.create(timeline, shot, take=take, **whose)  # type: ignore[arg-type]
    return unit.jobs.wait(job.id)


def seconds(value: object) -> float:
    return value.seconds + value.nanos / 1e9  # type: ignore[attr-defined]


def test_a_plan_knows_its_price_once_something_like_it_was_run(
    unit: Connection, timeline: Path
) -> None:
    before = unit.plans.timeline(timeline)
    assert not before.estimate.HasField("render_time") and not before.estimate.measured
    assert before.estimate.memory_bytes and before.estimate.frames == 72
    first = made(unit, timeline, 1)
    after = unit.plans.timeline(timeline)
    assert [p.estimate.reused for p in after.plans] == [True, False, False]
    second = after.plans[1].estimate
    assert second.measured and second.runs == 1 and second.frames == 24
    low, likely, high = map(seconds, (second.earliest, second.render_time, second.latest))
    assert 0 < low < likely < high
    assert second.cost.currency == "EUR"
    assert second.cost.micros == pytest.approx(likely * 1e6, rel=1e-6)
    both = after.plans[1].estimate.cost.micros + after.plans[2].estimate.cost.micros
    assert after.estimate.cost.micros == both
    job = made(unit, timeline, 2)
    assert not first.estimate.HasField("render_time")
    assert job.estimate.measured and job.estimate.runs == 1
    assert job.cost.micros == pytest.approx(seconds(job.device_time) * 1e6, rel=1e-3)


def test_the_report_says_what_a_project_cost(unit: Connection, timeline: Path) -> None:
    began = datetime.now(UTC)
    jobs = [made(unit, timeline, n, project="Coast", user="ana") for n in (1, 2)]
    made(unit, timeline, 1, project="Coast", user="ben")
    found = unit.ledger.report(project="Coast")
    (line,) = found.lines
    assert (line.takes, line.reused, line.unfinished, line.frames) == (2, 1, 0, 24)
    assert (line.project, line.timeline, line.user) == ("Coast", str(timeline), "ana,ben")
    assert line.cost.micros == sum(job.cost.micros for job in jobs) == found.total.cost.micros
    assert seconds(line.finished_time) == pytest.approx(0.8)
    assert unit.ledger.report(user="ben").lines[0].reused == 1
    assert not unit.ledger.report(project="Lake").lines
    assert not unit.ledger.report(before=began).lines
    assert unit.ledger.report(after=began, before=datetime.now(UTC)).lines
    with pytest.raises(Refused, match="not before"):
        unit.ledger.report(after=began, before=began - timedelta(days=1))


def test_a_job_waits_for_its_budget_until_that_is_raised(unit: Connection, timeline: Path) -> None:
    state = unit.ledger.set_budget(project="Coast", cost_micros=0)
    assert state.budget.cost.currency == "EUR" and state.waiting == 0
    shot = unit.plans.timeline(timeline).plans[0].shot_id
    job = unit.jobs.create(timeline, shot, project="Coast")
    assert job.state == jobs_pb2.JOB_STATE_WAITING and job.waiting_for == "budget"
    time.sleep(0.3)
    assert unit.jobs.get(job.id).state == jobs_pb2.JOB_STATE_WAITING
    assert unit.ledger.budgets()[0].waiting == 1
    unit.ledger.set_budget(project="Coast", cost_micros=10**9, device_seconds=3600)
    ended = unit.jobs.wait(job.id)
    assert ended.state == jobs_pb2.JOB_STATE_SUCCEEDED
    (state,) = unit.ledger.budgets()
    assert state.spent.micros == ended.cost.micros and not state.reserved.micros
    assert seconds(state.budget.device_time) == 3600
    unit.ledger.remove_budget(project="Coast")
    unit.ledger.remove_budget(project="Coast")
    assert not unit.ledger.budgets()


def test_a_budget_that_cannot_be_kept_is_refused_with_all_its_faults(unit: Connection) -> None:
    with pytest.raises(Refused) as refused:
        unit.ledger.set_budget(cost_micros=-1, currency="USD")
    assert [f.path for f in refused.value.faults] == [
        "budget.project", "budget.cost.micros", "budget.cost.currency"
    ]  # fmt: skip


def test_without_the_scope_admin_one_sees_ones_own_spending_and_sets_no_budget(
    unit: Connection, desk: Desk, timeline: Path
) -> None:
    for n, user in ((1, "ana"), (2, "ben")):
        made(unit, timeline, n, project="Coast", user=user)
    for user in ("", "ana", "ben"):
        unit.ledger.set_budget(project="Coast", user=user, device_seconds=1e6)
    ledgers = Ledgers(desk.accounts)
    context = None

    async def asked(name: str, request: object, caller: Principal) -> object:
        with acting(caller):
            return await getattr(ledgers, name)(request, context)

    def answer(name: str, request: object, caller: Principal) -> object:
        return asyncio.run(asked(name, request, caller))

    ana = Principal(user="ana", tenant="", scope=Scope.RENDER)
    stranger = Principal(user="ana", tenant="another", scope=Scope.ADMIN)
    report = answer("GetReport", ledger_pb2.GetReportRequest(), ana)
    assert isinstance(report, ledger_pb2.GetReportResponse)
    assert [line.user for line in report.lines] == ["ana"] and report.total.takes == 1
    hers = answer("GetReport", ledger_pb2.GetReportRequest(user="ben"), ana)
    assert isinstance(hers, ledger_pb2.GetReportResponse) and not hers.lines
    theirs = answer("GetReport", ledger_pb2.GetReportRequest(), stranger)
    assert isinstance(theirs, ledger_pb2.GetReportResponse) and not theirs.lines
    listed = answer("ListBudgets", ledger_pb2.ListBudgetsRequest(), ana)
    assert isinstance(listed, ledger_pb2.ListBudgetsResponse)
    assert [s.budget.user for s in listed.budgets] == ["", "ana"]
    for name, request in (
        ("SetBudget", ledger_pb2.SetBudgetRequest()),
        ("DeleteBudget", ledger_pb2.DeleteBudgetRequest(project="Coast")),
    ):
        with pytest.raises(Forbidden, match="admin"):
            answer(name, request, ana)
    assert len(unit.ledger.budgets()) == 3


def test_the_engine_itself_takes_what_was_foreseen_from_its_last_shot(
    tmp_path: Path, timeline: Path, footage: Path, reader: Reader
) -> None:
    pytest.importorskip("torch")
    config = Config(data=tmp_path / "real", roots=(footage.parent,))
    desk = Desk(config)
    desk.start()
    try:
        with serving(desk, config, reader=reader) as address, Connection(address) as client:
            took = [seconds(made(client, timeline, n).device_time) for n in (1, 2)]
            third = client.plans.timeline(timeline).plans[2].estimate
            said = seconds(third.render_time)
            last = made(client, timeline, 3)
            assert last.estimate.runs == third.runs == 2
            assert 0.5 < seconds(last.device_time) / said < 2, (took, said, last.device_time)
            assert third.file_bytes == pytest.approx(
                Path(last.result.take.file).stat().st_size, rel=0.3
            )
    finally:
        desk.stop(grace=0.5)
