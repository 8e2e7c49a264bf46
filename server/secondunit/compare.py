"""Engines side by side: what each would make of every control of a shot, and what it would take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from secondunit.looks import span
from secondunit.prices import estimate_record
from secondunit.v1 import plans_pb2

_LEVELS = ("exact", "rounded", "emulated", "dropped")
"""From the best down: of several things said of one control the worst counts."""
_STYLES = {"exact": "green", "rounded": "yellow", "emulated": "cyan", "dropped": "red",
           "refused": "bold red"}  # fmt: skip
_WHOLE = "the shot"
"""What is said of no key."""
Answer = plans_pb2.PlanTimelineResponse


def level_of(adaptation: plans_pb2.Adaptation) -> str:
    """`exact`, `rounded`, `emulated`, `dropped`."""
    name = plans_pb2.AdaptationLevel.Name(adaptation.level)
    return name.removeprefix("ADAPTATION_LEVEL_").lower()


def controls(answer: Answer) -> dict[str, dict[str, dict[str, str]]]:
    """The level by shot, control and engine; `refused` where an engine cannot make the shot.

    A control that an engine has nothing to say of is honoured as it was asked.
    """
    shots = {plan.shot_id: plan for one in answer.compared for plan in one.plans}
    found: dict[str, dict[str, dict[str, str]]] = {}
    for id, shot in shots.items():
        plans = {
            one.engine: plan for one in answer.compared for plan in one.plans if plan.shot_id == id
        }
        rows: dict[str, dict[str, str]] = {_WHOLE: {}}
        for engine, plan in plans.items():
            for said in plan.adaptations:
                row = rows.setdefault(_key(said.path, shot.path), {})
                row[engine] = max(row.get(engine, "exact"), level_of(said), key=_LEVELS.index)
        for row in rows.values():
            for one in answer.compared:
                row.setdefault(one.engine, "exact" if one.engine in plans else "refused")
        found[id] = rows
    return found


def _key(path: str, shot: str) -> str:
    return path.removeprefix(shot).lstrip(".") or _WHOLE


def compared_record(
    answer: Answer, planned: Callable[[plans_pb2.ShotPlan], Mapping[str, Any]]
) -> dict[str, Any]:
    """For `--json`: each engine's plans, and the table of levels."""
    return {
        "engines": [
            {
                "engine": one.engine,
                "shots": [planned(plan) for plan in one.plans],
                "faults": [{"what": f.what, "path": f.path} for f in one.faults],
                "estimate": estimate_record(one.estimate) if one.HasField("estimate") else None,
            }
            for one in answer.compared
        ],
        "controls": controls(answer),
    }


def compared_tables(answer: Answer) -> Iterable[Any]:
    """For people: a table for each shot, and below it what is meant by its words."""
    levels = controls(answer)
    for id, rows in levels.items():
        plans = {
            one.engine: plan for one in answer.compared for plan in one.plans if plan.shot_id == id
        }
        name = next(iter(plans.values())).name
        table = Table("", *(one.engine for one in answer.compared), title=f"{name} [{id}]",
                      title_justify="left", box=None, pad_edge=False)  # fmt: skip
        for key, row in rows.items():
            table.add_row(
                key, *(Text(row[one.engine], _STYLES[row[one.engine]]) for one in answer.compared)
            )
        table.add_row("passes run as", *(_run(plans.get(one.engine)) for one in answer.compared))
        table.add_row("time", *(_time(plans.get(one.engine)) for one in answer.compared))
        table.add_row("memory", *(_memory(plans.get(one.engine)) for one in answer.compared))
        yield table
        for engine, plan in plans.items():
            for said in plan.adaptations:
                if level_of(said) != "exact":
                    yield Text(f"  {engine}: {level_of(said)}: {said.what}", "bright_black")
    for one in answer.compared:
        for fault in one.faults:
            yield Text(f"  {one.engine} refuses: {fault.what} @ {fault.path}", "red")


def _run(plan: plans_pb2.ShotPlan | None) -> str:
    if plan is None:
        return "-"
    return f"{plan.tier}, {plan.steps} steps" if plan.tier else f"{plan.steps} steps"


def _time(plan: plans_pb2.ShotPlan | None) -> str:
    if plan is None or not plan.estimate.HasField("render_time"):
        return "-" if plan is None else "not known yet"
    return span(plan.estimate.render_time.ToTimedelta().total_seconds())


def _memory(plan: plans_pb2.ShotPlan | None) -> str:
    return "-" if plan is None else f"{plan.estimate.memory_bytes / 2**30:.1f} GiB"
