"""Finished jobs go into a copy of the edit: published as versions, then cut in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from secondunit.config import Config
from secondunit.errors import Fault, Refused
from secondunit.jobs.desk import Desk
from secondunit.jobs.job import Result
from secondunit.place.links import Profile
from secondunit.place.relink import Finished, PlacedEdit, Placement, check_target, place
from secondunit.place.takes import Take, find, publish
from secondunit.plan.shot_plan import ShotPlan

__all__ = ["PlacedEdit", "Placement", "Profile", "Take", "place_jobs"]


def place_jobs(
    desk: Desk,
    config: Config,
    *,
    timeline: Path,
    jobs: Sequence[str],
    out: Path | None = None,
    media: Path | None = None,
    profile: Profile = "otio",
) -> PlacedEdit:
    """Write the timeline with the takes of these jobs in place; the last take of a shot is shown.

    `out` defaults to `<name>.gen.otio` beside the original, `media` to a folder of the same name
    beside `out`. Raises JobUnknown, Refused (a job without a take, a target that is not ours) and
    DeliveryError; the original is never touched.
    """
    out = out or timeline.with_name(f"{timeline.stem}.gen.otio")
    media = media or out.with_suffix("")
    check_target(timeline, out)
    made = _results(desk, jobs)
    finished: list[Finished] = []
    for plans in _by_shot(made).values():
        takes = [publish(r.file, r.sidecar, media, sheet=r.sheet) for _, r in plans]
        plan, chosen = plans[-1][0], takes[-1]
        others = tuple(
            take
            for take in find(media, plan.shot, plan.operation)
            if take.version != chosen.version
        )
        finished.append(Finished(plan=plan, chosen=chosen, others=others))
    allowed = replace(config, roots=(*config.roots, *_folders(made)))
    return place(timeline, out, finished, profile, config=allowed)


def _results(desk: Desk, jobs: Sequence[str]) -> list[tuple[ShotPlan, Result]]:
    made: list[tuple[ShotPlan, Result]] = []
    faults: list[Fault] = []
    for i, job in enumerate(jobs):
        result = desk.result(job)
        if result is None:
            state = desk.get(job).state
            faults.append(Fault(what=f"job {job} has no take: it is {state}", path=f"jobs[{i}]"))
        else:
            made.append((desk.plan(job), result))
    if not jobs:
        faults.append(Fault(what="no job to place", path="jobs"))
    if faults:
        raise Refused(faults)
    return made


def _by_shot(
    made: Sequence[tuple[ShotPlan, Result]],
) -> dict[str, list[tuple[ShotPlan, Result]]]:
    shots: dict[str, list[tuple[ShotPlan, Result]]] = {}
    for plan, result in made:
        shots.setdefault(plan.shot, []).append((plan, result))
    return shots


def _folders(made: Sequence[tuple[ShotPlan, Result]]) -> set[Path]:
    """Where the sources were when the shots were planned: their own planning allowed them."""
    return {pin.media.path.parent for plan, _ in made for pin in plan.pins}
