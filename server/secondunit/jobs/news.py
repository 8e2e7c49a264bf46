"""What a transaction did to jobs, for the log and the measures, once it is committed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from secondunit import measures
from secondunit.errors import WorkerLost
from secondunit.jobs.job import Priority, State

log = logging.getLogger(__name__)

Row = Mapping[str, Any]
"""A row of `job`, at the moment of what is told."""


class News:
    """Gathers while a transaction runs; whoever rolls it back drops what was gathered."""

    def __init__(self) -> None:
        self._told: list[tuple[str, dict[str, Any]]] = []

    def moved(self, row: Row, told: Mapping[str, Any], now: float) -> None:
        """The job has another state; `now`: seconds since 1970."""
        state = State(row["state"])
        begun = row["started"] if state.final else row["queued"] or row["created"]
        self._told.append(("moved", {
            **_about(row),
            "state": str(state), "attempt": row["attempt"], "device": row["device"],
            "reason": told.get("reason") if state is State.QUEUED and row["attempt"] else None,
            "code": (told.get("error") or {}).get("code"),
            "seconds": round(now - begun, 3) if begun and state is not State.QUEUED else None,
            "priority": Priority(row["priority"]).name.lower(), "reused": bool(row["reused"]),
        }))  # fmt: skip

    def stage_done(self, row: Row, told: Mapping[str, Any]) -> None:
        """A stage of the job is done."""
        about = {**_about(row), "stage": str(told["stage"]), "seconds": told["seconds"]}
        self._told.append(("stage", about))

    def worker_lost(self, row: Row) -> None:
        """The job's worker died or went silent."""
        self._told.append(("lost", {**_about(row), "device": row["device"]}))

    def device_held(self, row: Row, seconds: float) -> None:
        """An attempt ended that kept a device busy."""
        self._told.append(("held", {"device": row["device"], "seconds": seconds}))

    def tell(self) -> None:
        """Log it and count it. Called once the transaction is committed."""
        for kind, about in self._told:
            if made := measures.current():
                _count(made, kind, about)
            match kind:
                case "moved":
                    log.info("job %s", about["state"], extra=about)
                case "stage":
                    log.info("stage done", extra=about)
                case "lost":
                    log.warning("worker lost", extra=about)


def _about(row: Row) -> dict[str, Any]:
    names = ("shot", "engine", "operation", "user")
    return {"job": row["id"], **{name: str(row[name]) for name in names}}


def _count(made: measures.Measures, kind: str, about: Mapping[str, Any]) -> None:
    match kind:
        case "moved":
            state = about["state"]
            made.transitions.labels(state, about["engine"], about["operation"]).inc()
            if state == State.RUNNING:
                made.waits.labels(about["priority"]).observe(max(about["seconds"] or 0.0, 0.0))
            if state == State.SUCCEEDED and about["reused"]:
                made.reused.inc()
            if about["code"] == WorkerLost.code:
                made.lost.inc()
        case "stage":
            made.stages.labels(about["stage"], about["engine"]).observe(about["seconds"])
        case "lost":
            made.lost.inc()
        case _:
            made.busy.labels(about["device"] or "none").inc(about["seconds"])
