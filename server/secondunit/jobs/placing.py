"""Finished jobs go into a copy of the edit: published as versions, then cut in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from secondunit.config import Config
from secondunit.errors import Fault, Refused
from secondunit.jobs.desk import Desk
from secondunit.jobs.job import Result
from secondunit.jobs.standing import Shelves, media_of
from secondunit.place.bundle import Kind as Bundle
from secondunit.place.links import Profile
from secondunit.place.relink import Finished, PlacedEdit, Placement, check_target, place
from secondunit.place.takes import Take, publish
from secondunit.plan.shot_plan import ShotPlan

__all__ = ["Bundle", "PlacedEdit", "Placement", "Profile", "Take", "place_jobs"]


def place_jobs(
    desk: Desk,
    config: Config,
    *,
    timeline: Path,
    jobs: Sequence[str],
    kept: Sequence[ShotPlan] = (),
    out: Path | None = None,
    media: Path | None = None,
    profile: Profile = "otio",
    bundled: Bundle | None = None,
    within: Sequence[Path] | None = None,
) -> PlacedEdit:
    """Write the timeline with the takes of these jobs in place; the last take of a shot is shown.

    `kept`: plans whose takes are in the media folder already, and are placed too. `out` defaults
    to `<name>.gen.otio` beside the original, `media` to a folder of the same name beside `out`.
    `within`: see `standing`. Raises JobUnknown, Refused (a job without a take, a target that is
    not ours) and DeliveryError; the original is never touched.
    """
    out = out or timeline.with_name(f"{timeline.stem}.gen.otio")
    media = media_of(timeline, out, media)
    check_target(timeline, out)
    shelves = Shelves(media, within)
    there = [(plan, _kept(plan, shelves, number)) for number, plan in enumerate(kept)]
    made = _results(desk, jobs, bare=not kept)
    newly = {plan.shot for plan, _ in made}
    there += [
        (
            plan,
            publish(
                result.file, result.sidecar, media, sheet=result.sheet, proxy=result.proxy,
                shelf=shelves.main, earlier=shelves.earlier(plan),
            ),
        )
        for plan, result in made
    ]  # fmt: skip
    if kept:  # of several takes the last is shown
        there.sort(key=lambda pair: pair[0].take)
    finished: list[Finished] = []
    for plans in _by_shot(there).values():
        plan, chosen = plans[-1]
        others = {
            take.file: take
            for shelf in reversed(shelves.of(plan))
            for take in shelf.find(plan.shot, plan.operation)
            if take.file != chosen.file
        }
        finished.append(
            Finished(
                plan=plan, chosen=chosen, others=tuple(others.values()), new=plan.shot in newly
            )
        )
    allowed = replace(config, roots=(*config.roots, *_folders(finished)))
    return place(timeline, out, finished, profile, config=allowed, bundled=bundled)


def _kept(plan: ShotPlan, shelves: Shelves, number: int) -> Take:
    take = shelves.whole(plan)
    if take is None:
        raise Refused.single(
            f"there is no take of this plan of '{plan.name}' in {shelves.main.folder}",
            f"kept[{number}]",
        )
    return take


def _results(desk: Desk, jobs: Sequence[str], *, bare: bool) -> list[tuple[ShotPlan, Result]]:
    made: list[tuple[ShotPlan, Result]] = []
    faults: list[Fault] = []
    for i, job in enumerate(jobs):
        result = desk.result(job)
        if result is None:
            state = desk.get(job).state
            faults.append(Fault(what=f"job {job} has no take: it is {state}", path=f"jobs[{i}]"))
        else:
            made.append((desk.plan(job), result))
    if not jobs and bare:
        faults.append(Fault(what="no job to place", path="jobs"))
    if faults:
        raise Refused(faults)
    return made


def _by_shot(
    made: Sequence[tuple[ShotPlan, Take]],
) -> dict[str, list[tuple[ShotPlan, Take]]]:
    shots: dict[str, list[tuple[ShotPlan, Take]]] = {}
    for plan, take in made:
        shots.setdefault(plan.shot, []).append((plan, take))
    return shots


def _folders(finished: Sequence[Finished]) -> set[Path]:
    """Where the sources were when the shots were planned: their own planning allowed them."""
    sources = {pin.media.path.parent for one in finished for pin in one.plan.pins}
    return sources | {one.chosen.file.parent for one in finished}
