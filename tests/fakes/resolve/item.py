"""Clips on tracks."""

from __future__ import annotations

from typing import Any

from tests.fakes.resolve.media import FakeMedia
from tests.fakes.resolve.world import Handle, World


class FakeItem(Handle):
    """A clip, title or transition on a track."""

    def __init__(
        self, world: World, media: FakeMedia | None, start: float, frames: float, left: int = 0,
        *, kind: str = "video", name: str = "",
    ) -> None:  # fmt: skip
        super().__init__(world)
        self.id, self.media, self.kind, self.name = world.id("item"), media, kind, name
        self.start, self.frames, self.left = start, frames, left
        self.shown: int | None = None
        """Source frames, where they are not as many as it stands for."""
        self.colour, self.enabled = "", True
        self.markers: dict[float, dict[str, Any]] = {}
        self.takes: list[tuple[FakeMedia, int, int]] = []
        self.take = 0

    def GetName(self) -> str:
        return self.name or (self.media.GetName() if self.media is not None else "")

    def GetUniqueId(self) -> str:
        return self.id

    def GetStart(self) -> float:
        return self.start

    def GetEnd(self) -> float:
        return self.start + self.frames

    def GetDuration(self) -> float:
        return self.frames

    def GetLeftOffset(self) -> float:
        return self.left

    def GetSourceStartFrame(self) -> int:
        return self.left + 1  # sometimes one off, which is why nobody may trust it

    def GetSourceEndFrame(self) -> int:
        return self.left + 1 + round(self.frames if self.shown is None else self.shown)

    def GetMediaPoolItem(self) -> FakeMedia | None:
        return self.takes[self.take - 1][0] if self.takes else self.media

    def GetClipEnabled(self) -> bool:
        return self.enabled

    def GetClipColor(self) -> str:
        return self.colour

    def GetProperty(self, name: str = "") -> Any:
        return {} if self.kind == "transition" else {"Pan": 0.0, "ZoomX": 1.0}

    def GetType(self) -> str:
        return self.kind

    def AddMarker(
        self, frame: float, colour: str, name: str, note: str, duration: float, custom: str
    ) -> bool:
        if frame in self.markers:
            return False
        self.markers[frame] = {
            "color": colour, "name": name, "note": note, "duration": duration, "customData": custom,
        }  # fmt: skip
        return True

    def GetMarkers(self) -> dict[float, dict[str, Any]]:
        return dict(self.markers)

    def AddTake(self, media: FakeMedia, start: int, end: int) -> bool:
        if isinstance(start, float) or isinstance(end, float):
            return False
        if not self.takes:
            assert self.media is not None
            first = self.media.file.start + self.left
            self.takes = [(self.media, first, first + round(self.frames))]
        self.takes.append((media, start, end))
        self._show(len(self.takes))
        return True

    def GetTakesCount(self) -> int:
        return len(self.takes)

    def GetSelectedTakeIndex(self) -> int:
        return self.take

    def GetTakeByIndex(self, index: int) -> dict[str, Any]:
        if not 1 <= index <= len(self.takes):
            return {}
        media, start, end = self.takes[index - 1]
        return {"mediaPoolItem": media, "startFrame": start, "endFrame": end}

    def SelectTakeByIndex(self, index: int) -> bool:
        if not 1 <= index <= len(self.takes):
            return False
        self._show(index)
        return True

    def FinalizeTake(self) -> bool:
        raise AssertionError("the other takes would be lost")

    def _show(self, index: int) -> None:
        # A take of another length moves the cut.
        media, start, end = self.takes[index - 1]
        self.take, self.frames, self.left = index, end - start, start - media.file.start
