"""What is open in Resolve now, looked up anew for each request, and left as it was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from secondunit.v1 import units_pb2

from secondunit_resolve import clock
from secondunit_resolve.api import MediaPool, Project, ProjectManager, Resolve, Timeline
from secondunit_resolve.faults import HostError, no_timeline, silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The project and the timeline that the editor sees."""

    resolve: Resolve
    manager: ProjectManager
    project: Project
    timeline: Timeline
    pool: MediaPool
    rate: units_pb2.Rate
    start: int
    """Absolute frame of the timeline's frame 0: 86400 for 01:00:00:00 at 24."""
    drop: bool

    @property
    def id(self) -> str:
        """Resolve's own name of the timeline."""
        return self.timeline.GetUniqueId() or ""

    def playhead(self) -> int:
        """Frame of the timeline, from 0; 0 where the page has no playhead."""
        said = self.timeline.GetCurrentTimecode()
        try:
            return clock.frame_of(said or "", self.rate, drop=self.drop) - self._first()
        except ValueError:
            return 0

    def seek(self, frame: int) -> None:
        """Move the playhead. Raises HostError."""
        timecode = clock.timecode_of(frame + self._first(), self.rate, drop=self.drop)
        if not self.timeline.SetCurrentTimecode(timecode):
            raise silent(f"move its playhead to {timecode}")

    def _first(self) -> int:
        return clock.frame_of(
            self.timeline.GetStartTimecode() or "00:00:00:00", self.rate, drop=self.drop
        )


def desk_of(resolve: Resolve, timeline_id: str = "") -> Desk:
    """What is open. Raises HostError: nothing is, or not the timeline that is meant."""
    manager = resolve.GetProjectManager()
    project = manager.GetCurrentProject() if manager is not None else None
    if manager is None or project is None:
        raise HostError(
            "NO_TIMELINE", "No project is open in Resolve.",
            "Open one, and close any dialogue that is on its screen.", retryable=True,
        )  # fmt: skip
    timeline, pool = project.GetCurrentTimeline(), project.GetMediaPool()
    if timeline is None or pool is None:
        raise no_timeline()
    if timeline_id and timeline.GetUniqueId() != timeline_id:
        raise HostError(
            "CHANGED", f"Another timeline is open: '{timeline.GetName()}'.",
            "Open the timeline that the shot was asked for on, and place it again.",
            retryable=True,
        )  # fmt: skip
    try:
        rate = clock.rate_of(timeline.GetSetting("timelineFrameRate"))
        start = clock.whole(timeline.GetStartFrame())
    except ValueError as exc:
        raise silent(f"tell the timeline's rate ({exc})") from exc
    return Desk(
        resolve=resolve, manager=manager, project=project, timeline=timeline, pool=pool,
        rate=rate, start=start, drop=clock.drops(timeline),
    )  # fmt: skip


@contextmanager
def as_it_was(desk: Desk) -> Iterator[None]:
    """Page, playhead, marks and bin are the editor's: whatever is done, they are put back."""
    page, playhead = desk.resolve.GetCurrentPage(), desk.timeline.GetCurrentTimecode()
    folder, marks = desk.pool.GetCurrentFolder(), desk.timeline.GetMarkInOut() or {}
    try:
        yield
    finally:
        if folder is not None:
            desk.pool.SetCurrentFolder(folder)
        if page and desk.resolve.GetCurrentPage() != page:
            desk.resolve.OpenPage(page)
        if playhead and desk.timeline.GetCurrentTimecode() != playhead:
            desk.timeline.SetCurrentTimecode(playhead)
        if (desk.timeline.GetMarkInOut() or {}) != marks:
            _mark(desk.timeline, marks)


def on_edit_page(desk: Desk) -> None:
    """Go where clips can be placed and deleted. Raises HostError; `as_it_was` goes back."""
    if desk.resolve.GetCurrentPage() != "edit" and not desk.resolve.OpenPage("edit"):
        raise silent("open its Edit page")


def _mark(timeline: Timeline, marks: Mapping[str, Mapping[str, int]]) -> None:
    timeline.ClearMarkInOut("all")
    for kind, span in marks.items():
        if "in" in span and "out" in span:  # one of the two alone cannot be set by a script
            timeline.SetMarkInOut(span["in"], span["out"], kind)
