"""A timeline with tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.resolve.item import FakeItem
from tests.fakes.resolve.world import Handle, World

PLAYHEAD = ("cut", "edit", "color", "fairlight", "deliver")


@dataclass(slots=True, kw_only=True)
class Track:
    """A video track."""

    name: str = ""
    locked: bool = False
    enabled: bool = True
    items: list[FakeItem] = field(default_factory=list)


class FakeTimeline(Handle):
    """An hour in, at 24 frames a second."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.id, self.name = world.id("timeline"), "Reel 1"
        self.first, self.timecode = 86400, "01:00:00:00"
        self.now = "01:00:00:00"
        self.settings: dict[str, Any] = {
            "timelineFrameRate": 24.0, "timelineDropFrameTimecode": "0",
            "timelineResolutionWidth": "1920", "timelineResolutionHeight": "1080",
            "colorSpaceTimeline": "Rec.709 Gamma 2.4",
        }  # fmt: skip
        self.tracks: list[Track] = [Track()]
        self.marks: dict[str, dict[str, int]] = {}
        self.markers: dict[float, dict[str, Any]] = {}
        self.selected: list[FakeItem] = []

    def add(self, item: FakeItem, track: int = 1) -> FakeItem:
        """Put a clip there, whatever the rules are."""
        self.tracks[track - 1].items.append(item)
        self.tracks[track - 1].items.sort(key=lambda one: one.start)
        return item

    def GetName(self) -> str:
        return self.name

    def GetUniqueId(self) -> str:
        return self.id

    def GetStartFrame(self) -> int:
        return self.first

    def GetEndFrame(self) -> float:
        ends = [i.start + i.frames for t in self.tracks for i in t.items if i.start is not None]
        return max([self.first, *ends])

    def GetStartTimecode(self) -> str:
        return self.timecode

    def GetSetting(self, name: str = "") -> Any:
        return self.settings.get(name, "")

    def GetTrackCount(self, kind: str) -> int:
        return len(self.tracks)

    def GetTrackName(self, kind: str, index: int) -> str:
        return self.tracks[index - 1].name or f"Video {index}"

    def SetTrackName(self, kind: str, index: int, name: str) -> bool:
        self.tracks[index - 1].name = name
        return True

    def GetIsTrackLocked(self, kind: str, index: int) -> bool:
        return self.tracks[index - 1].locked

    def GetIsTrackEnabled(self, kind: str, index: int) -> bool:
        return self.tracks[index - 1].enabled

    def AddTrack(self, kind: str, options: Any = None) -> bool:
        if options is None or self.world.tracks_on_top_only:
            self.tracks.append(Track())
            return True
        if not 1 <= options["index"] <= len(self.tracks):
            return False
        self.tracks.insert(options["index"] - 1, Track())
        return True

    def DeleteTrack(self, kind: str, index: int) -> bool:
        del self.tracks[index - 1]
        return True

    def GetItemListInTrack(self, kind: str, index: int) -> list[FakeItem]:
        return list(self.tracks[index - 1].items)

    def GetSelectedClips(self) -> list[FakeItem]:
        return list(self.selected)

    def GetCurrentVideoItem(self) -> FakeItem | None:
        return None

    def GetCurrentTimecode(self) -> str | None:
        return self.now if self.world.page in PLAYHEAD else None

    def SetCurrentTimecode(self, timecode: str) -> bool:
        if self.world.page not in PLAYHEAD:
            return False
        self.now = timecode
        return True

    def GetMarkInOut(self) -> dict[str, dict[str, int]]:
        return {kind: dict(span) for kind, span in self.marks.items()}

    def SetMarkInOut(self, mark_in: int, mark_out: int, kind: str = "all") -> bool:
        for one in ("video", "audio") if kind == "all" else (kind,):
            self.marks[one] = {"in": mark_in, "out": mark_out}
        return True

    def ClearMarkInOut(self, kind: str = "all") -> bool:
        self.marks.clear()
        return True

    def GetMarkers(self) -> dict[float, dict[str, Any]]:
        return dict(self.markers)

    def AddMarker(
        self, frame: float, colour: str, name: str, note: str, duration: float, custom: str
    ) -> bool:
        if frame in self.markers or not 0 <= frame <= self.GetEndFrame() - self.first:
            return False
        self.markers[frame] = {
            "color": colour, "name": name, "note": note, "duration": duration, "customData": custom,
        }  # fmt: skip
        return True

    def DeleteClips(self, items: Sequence[FakeItem], ripple: bool = False) -> bool:
        if self.world.page != "edit":
            return False
        done = False
        for track in self.tracks:
            for item in items:
                if item in track.items and not track.locked:
                    track.items.remove(item)
                    done = True
        return done

    def Export(self, path: str, kind: Any, subtype: Any = None) -> bool:
        if isinstance(kind, str):  # constants come from the live handle, words are not taken
            return False
        Path(path).write_text("{}")
        return True
