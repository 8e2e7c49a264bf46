"""What of a timeline is made already: takes found again in its media folder, else the reasons.

A take is that of a plan whose digest it has. Where the cut has only moved the shot, the pictures
are the same and the file stays as it is, with the timecode it was made with: the edit counts it on
the file's own clock, as it counts all footage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from secondunit.place.takes import Shelf, Take, unspoilt
from secondunit.plan.changes import changes
from secondunit.plan.shot_plan import ShotPlan, pictures_of
from secondunit.units import timecode

NEW = "it was not made before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A plan and the take of it that lies there; or why it is made."""

    take: Take | None
    reasons: tuple[str, ...] = ()
    """Why it is made, in words; with a take, what of it is not as planned: its timecode, if any."""


def media_of(timeline: Path, out: Path | None = None, media: Path | None = None) -> Path:
    """The folder of an edit's takes: `NAME.gen` beside the new timeline unless somebody says."""
    return media or (out or timeline.with_name(f"{timeline.stem}.gen.otio")).with_suffix("")


def standing(
    plans: Sequence[ShotPlan], folder: Path, within: Sequence[Path] | None = None
) -> list[Standing]:
    """For each plan what lies in the media folder, or in that of an edit that came back.

    `within`: folders that the caller may have read; None for any.
    """
    shelves = Shelves(folder, within)
    return [_standing(plan, shelves.of(plan)) for plan in plans]


class Shelves:
    """Media folders, each listed once."""

    def __init__(self, folder: Path, within: Sequence[Path] | None = None) -> None:
        self.main = Shelf(folder)
        self._known = {folder: self.main}
        self._within = within

    def earlier(self, plan: ShotPlan) -> Shelf | None:
        """That of the take which stood in the edit already, where it lies elsewhere."""
        folder = plan.place.takes
        if folder is None or folder == self.main.folder:
            return None
        if self._within is not None and not any(folder.is_relative_to(r) for r in self._within):
            return None
        return self._known.setdefault(folder, Shelf(folder))

    def of(self, plan: ShotPlan) -> list[Shelf]:
        """Every shelf that may hold takes of a plan's shot."""
        earlier = self.earlier(plan)
        return [self.main] if earlier is None else [self.main, earlier]

    def whole(self, plan: ShotPlan) -> Take | None:
        """The take of a plan, whole; that of the same pictures where the shot was moved."""
        return _standing(plan, self.of(plan)).take


def _standing(plan: ShotPlan, shelves: Sequence[Shelf]) -> Standing:
    takes = [take for shelf in shelves for take in shelf.find(plan.shot, plan.operation)]
    same = [take for take in takes if take.digest == plan.digest]
    for take in reversed(same):
        if unspoilt(take):
            return Standing(take=take)
    for take in reversed(takes):
        if take not in same and _moved(take, plan) and unspoilt(take):
            return Standing(take=take, reasons=(_kept_clock(take, plan),))
    if same:
        return Standing(take=None, reasons=(f"'{same[-1].file.name}' is not what was made",))
    newest = max(takes, key=lambda t: (_number(t) == plan.take, t.version), default=None)
    if newest is None:
        return Standing(take=None, reasons=(NEW,))
    before = newest.record.get("plan")
    said = changes(before, plan) if isinstance(before, dict) else ()
    return Standing(
        take=None, reasons=said or (f"nothing is known of how {newest.label} was made",)
    )


def _moved(take: Take, plan: ShotPlan) -> bool:
    """A take of the same pictures, which stood elsewhere when it was made."""
    return pictures_of(take.record.get("plan"), take.digest) == plan.pictures


def _kept_clock(take: Take, plan: ShotPlan) -> str:
    def said(frame: int) -> str:
        return timecode(frame, plan.rate, drop_frame=plan.drop_frame)

    return (
        f"the shot was moved, its pictures are the same: '{take.file.name}' keeps its timecode "
        f"{said(take.range.start)} (made anew, it would be {said(plan.timecode)})"
    )


def _number(take: Take) -> object:
    plan = take.record.get("plan")
    return plan.get("take") if isinstance(plan, dict) else None
