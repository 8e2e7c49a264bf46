"""The program, its projects, and one that is open."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.resolve.pool import FakePool
from tests.fakes.resolve.timeline import FakeTimeline
from tests.fakes.resolve.world import Handle, World


class FakeProject(Handle):
    """A project with one timeline open, or none."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.timeline: FakeTimeline | None = FakeTimeline(world)
        self.pool = FakePool(world, self.timeline)
        self.shown = self.timeline.now
        """What the viewer shows."""

    def GetName(self) -> str:
        return "The Film"

    def GetSetting(self, name: str = "") -> str:
        return ""

    def GetMediaPool(self) -> FakePool:
        return self.pool

    def GetCurrentTimeline(self) -> FakeTimeline | None:
        return self.timeline

    def ExportCurrentFrameAsStill(self, path: str) -> bool:
        assert self.timeline is not None
        if self.world.viewer_lags > 0:
            self.world.viewer_lags -= 1
        else:
            self.shown = self.timeline.now
        Path(path).write_text(self.shown)
        return True


class FakeManager(Handle):
    """The projects."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.project = FakeProject(world)

    def GetCurrentProject(self) -> FakeProject:
        return self.project

    def SaveProject(self) -> bool:
        if self.world.refuses_save:
            return False
        timeline = self.project.timeline
        if self.world.forgets_on_save and timeline is not None:
            for track in timeline.tracks:
                track.items = [i for i in track.items if i not in self.project.pool.fresh]
        return True


class FakeResolve(Handle):
    """The program."""

    EXPORT_OTIO = 7.0
    EXPORT_EDL = 3.0
    EXPORT_NONE = -1.0

    def __init__(self, world: World | None = None) -> None:
        super().__init__(world or World())
        self.manager = FakeManager(self.world)

    @property
    def timeline(self) -> FakeTimeline:
        """The one that is open."""
        assert self.manager.project.timeline is not None
        return self.manager.project.timeline

    @property
    def pool(self) -> FakePool:
        """The project's."""
        return self.manager.project.pool

    def GetProductName(self) -> str:
        return f"DaVinci Resolve{' Studio' if self.world.studio else ''}"

    def GetVersionString(self) -> str:
        return ".".join(map(str, self.world.version)) + ".10"

    def GetCurrentPage(self) -> str:
        return self.world.page

    def OpenPage(self, page: str) -> bool:
        self.world.page = page
        return True

    def GetProjectManager(self) -> FakeManager:
        return self.manager
