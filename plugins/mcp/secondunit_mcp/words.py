"""What the server says, as short plain records that a model reads well."""

from __future__ import annotations

from typing import Any

from secondunit.v1 import jobs_pb2, ledger_pb2, plans_pb2, units_pb2
from secondunit_client import state_name


def estimate(found: plans_pb2.Estimate) -> dict[str, Any]:
    """Time and price before any work."""
    record: dict[str, Any] = {"measured_on_this_machine": found.measured}
    if found.HasField("render_time"):
        record["seconds"] = round(found.render_time.ToNanoseconds() / 1e9, 1)
    if found.HasField("latest"):
        record["seconds_at_most"] = round(found.latest.ToNanoseconds() / 1e9, 1)
    if found.HasField("cost"):
        record["cost"] = money(found.cost)
    if found.reused:
        record["reused"] = True
    return record


def money(amount: units_pb2.Money) -> str:
    """`2.50 EUR`."""
    return f"{amount.micros / 1e6:.2f} {amount.currency}"


def shot(plan: plans_pb2.ShotPlan) -> dict[str, Any]:
    """One take that would be made."""
    return {
        "shot": plan.shot_id,
        "name": plan.name,
        "operation": units_pb2.Operation.Name(plan.operation).removeprefix("OPERATION_").lower(),
        "engine": plan.engine,
        "take": plan.take,
        "frames": plan.frames,
        "rate": f"{plan.rate.num}/{plan.rate.den}",
        "there_already": plan.HasField("made"),
        "why": list(plan.reasons),
        "adaptations": [
            f"{plans_pb2.AdaptationLevel.Name(a.level).removeprefix('ADAPTATION_LEVEL_').lower()}: "
            f"{a.what} @ {a.path}"
            for a in plan.adaptations
        ],
        "estimate": estimate(plan.estimate),
    }


def plan(found: plans_pb2.PlanTimelineResponse) -> dict[str, Any]:
    """Everything that a timeline asks for, and everything that is wrong with it."""
    return {
        "timeline": found.timeline,
        "rate": f"{found.rate.num}/{found.rate.den}",
        "shots": [shot(one) for one in found.plans],
        "faults": [f"{fault.what} @ {fault.path}" for fault in found.faults],
        "notices": list(found.notices),
        "estimate": estimate(found.estimate),
    }


def doing(progress: jobs_pb2.Progress) -> str:
    """`engine: denoise 3 of 6`, or `engine`."""
    stage = jobs_pb2.Stage.Name(progress.stage).removeprefix("STAGE_").lower()
    steps = f"{progress.step} of {progress.steps}" if progress.steps else ""
    doing = " ".join(filter(None, (progress.doing if progress.doing != stage else "", steps)))
    return f"{stage}: {doing}" if doing else stage


def budget(found: ledger_pb2.BudgetState) -> dict[str, Any]:
    """A budget that the operator set, and what went of it."""
    record: dict[str, Any] = {
        "project": found.budget.project, "user": found.budget.user, "waiting": found.waiting,
    }  # fmt: skip
    if found.budget.HasField("cost"):
        record["cost"] = f"{money(found.spent)} of {money(found.budget.cost)}"
    if found.budget.HasField("device_time"):
        spent, whole = found.spent_time.seconds, found.budget.device_time.seconds
        record["device_seconds"] = f"{spent} of {whole}"
    return record


def job(found: jobs_pb2.Job) -> dict[str, Any]:
    """One piece of work as it stands."""
    record: dict[str, Any] = {
        "job": found.id,
        "shot": found.shot_id,
        "name": found.name,
        "state": state_name(found.state),
        "timeline": found.timeline,
    }
    if found.state == jobs_pb2.JOB_STATE_RUNNING:
        record["doing"] = doing(found.progress)
    if found.waiting_for:
        record["waiting_for"] = found.waiting_for
    if found.HasField("error"):
        record["error"] = {"what": found.error.what, "remedy": found.error.remedy}
    if found.result.take.file:
        record["file"] = found.result.take.file
    return record
