"""Rendered: what came of a timeline, as objects and as the record that scripts read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from secondunit.v1 import deliveries_pb2, errors_pb2, jobs_pb2, plans_pb2, timeline_pb2, units_pb2

from secondunit_client.jobs import report_of, state_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A timeline's shots, made or failed, and the new timeline."""

    plan: plans_pb2.PlanTimelineResponse
    jobs: tuple[jobs_pb2.Job, ...]
    """One for each plan of `plan`, in its order, all ended; without an id where the take lay there
    already."""
    placed: timeline_pb2.PlaceTimelineResponse | None
    """The new timeline; None where no shot succeeded."""

    @property
    def timeline(self) -> Path | None:
        """The new timeline; None where no shot succeeded."""
        return Path(self.placed.timeline) if self.placed is not None else None

    @property
    def failed(self) -> tuple[jobs_pb2.Job, ...]:
        """Jobs without a take: failed or cancelled."""
        return tuple(job for job in self.jobs if job.state != jobs_pb2.JOB_STATE_SUCCEEDED)

    def record(self) -> dict[str, Any]:
        """Plain values for JSON: one entry per shot, its newest take on top, all in `takes`."""
        shots: dict[str, list[tuple[plans_pb2.ShotPlan, jobs_pb2.Job]]] = {}
        for plan, job in zip(self.plan.plans, self.jobs, strict=True):
            shots.setdefault(plan.shot_id, []).append((plan, job))
        return {
            "timeline": str(self.timeline) if self.timeline else None,
            "files": list(self.placed.files) if self.placed is not None else [],
            "shots": [self._shot(made) for made in shots.values()],
        }

    def _shot(self, made: list[tuple[plans_pb2.ShotPlan, jobs_pb2.Job]]) -> dict[str, Any]:
        good = [(p, j) for p, j in made if j.state == jobs_pb2.JOB_STATE_SUCCEEDED]
        plan, job = (good or made)[-1]
        bad = next((j for _, j in made if j.state != jobs_pb2.JOB_STATE_SUCCEEDED), None)
        placement = self._placement(plan.shot_id)
        chosen = placement.take if placement is not None else job.result.take
        report = report_of(job.result.take)
        takes = [*placement.alternatives, placement.take] if placement is not None else []
        return {
            "id": plan.shot_id,
            "name": plan.name,
            "operation": operation_name(plan.operation),
            "track": placement.track if placement is not None else plan.track,
            "state": state_name((bad or job).state),
            "engine": plan.engine,
            "reused": job.result.reused,
            **_file(chosen),
            "report": report,
            "missed": [control for control, entry in report.items() if not entry["pass"]],
            "takes": [_file(take) | {"version": take.version} for take in takes],
            "error": _error(bad.error) if bad is not None else None,
        }

    def _placement(self, shot: str) -> deliveries_pb2.Placement | None:
        placements = self.placed.placements if self.placed is not None else ()
        return next((p for p in placements if p.shot_id == shot), None)


def operation_name(operation: units_pb2.Operation) -> str:
    """`bridge` of OPERATION_BRIDGE."""
    return units_pb2.Operation.Name(operation).removeprefix("OPERATION_").lower()


def _file(take: deliveries_pb2.Take) -> dict[str, Any]:
    return {
        "take": take.take,
        "file": take.file or None,
        "proxy": take.proxy or None,
        "frames": take.frames,
        "rate": [take.rate.num, take.rate.den],
        "start_timecode": take.start_timecode or None,
        "handles": [take.handles.head, take.handles.tail],
        "width": take.size.width,
        "height": take.size.height,
    }


def _error(error: errors_pb2.ErrorDetail) -> dict[str, Any]:
    return {
        "code": error.code or "CANCELLED",
        "what": error.what or "the job was cancelled",
        "path": error.path,
        "remedy": error.remedy or "Render again; what is finished is kept.",
        "retryable": error.retryable,
    }
