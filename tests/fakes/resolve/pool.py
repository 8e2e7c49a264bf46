"""The media pool, whose AppendToTimeline says that all is well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import av

from tests.fakes.resolve.item import FakeItem
from tests.fakes.resolve.media import FakeFolder, FakeMedia
from tests.fakes.resolve.timeline import FakeTimeline
from tests.fakes.resolve.world import File, Handle, World


class FakePool(Handle):
    """Bins, and the one way onto a timeline."""

    def __init__(self, world: World, timeline: FakeTimeline) -> None:
        super().__init__(world)
        self.timeline = timeline
        self.root = FakeFolder(world, "Master")
        self.current = self.root
        self.fresh: list[FakeItem] = []
        """Of the last call."""

    def GetRootFolder(self) -> FakeFolder:
        return self.root

    def GetCurrentFolder(self) -> FakeFolder:
        return self.current

    def SetCurrentFolder(self, folder: FakeFolder) -> bool:
        self.current = folder
        return True

    def AddSubFolder(self, parent: FakeFolder, name: str) -> FakeFolder:
        folder = FakeFolder(self.world, name)
        parent.folders.append(folder)
        self.current = folder  # as adding one does
        return folder

    def ImportMedia(self, items: Sequence[Any]) -> list[FakeMedia] | None:
        found = []
        for wanted in items:
            path = wanted["FilePath"] if isinstance(wanted, dict) else wanted
            file = self.world.files.get(path) or _read(path)
            if file is None:
                return None
            if isinstance(wanted, dict):
                first, last = wanted["StartIndex"], wanted["EndIndex"]
                path = path.replace("%04d", f"[{first:04}-{last:04}]")
                file = File(frames=last - first + 1, fps=file.fps, start=first)
            media = FakeMedia(self.world, path, file)
            self.current.clips.append(media)
            found.append(media)
        return found

    def AppendToTimeline(self, clips: Sequence[Mapping[str, Any]]) -> list[FakeItem] | None:
        numbers = ("startFrame", "endFrame", "recordFrame", "trackIndex", "mediaType")
        if any(not isinstance(clip[name], int) for clip in clips for name in numbers):
            return None
        self.fresh = []
        return [self._append(clip) for clip in clips]

    def _append(self, clip: Mapping[str, Any]) -> FakeItem:
        media: FakeMedia = clip["mediaPoolItem"]
        frames = clip["endFrame"] - clip["startFrame"] + (0 if self.world.exclusive else 1)
        ours, its = float(self.timeline.settings["timelineFrameRate"]), float(media.file.fps)
        if abs(ours - its) > 0.01:  # the same rate is written in many ways
            frames = int(frames * ours / its)
        left = clip["startFrame"] - media.file.start
        # A frame before the first is a blank one, and the clip is where it was asked to.
        item = FakeItem(self.world, media, clip["recordFrame"], frames, max(0, left))
        track = self.timeline.tracks[clip["trackIndex"] - 1]
        over = [i for i in track.items if _over(i, item)]
        if track.locked:
            return _dead(item)
        if over and self.world.overlap != "slide":
            return _dead(item) if self.world.overlap == "dead" else item
        while over:
            item.start = max(i.start + i.frames for i in over)
            over = [i for i in track.items if _over(i, item)]
        self.timeline.add(item, clip["trackIndex"])
        self.fresh.append(item)
        return item


def _over(one: FakeItem, other: FakeItem) -> bool:
    return one.start < other.start + other.frames and other.start < one.start + one.frames


def _dead(item: FakeItem) -> FakeItem:
    dead = FakeItem(item.world, None, 0, 0)
    dead.GetStart = dead.GetDuration = dead.GetUniqueId = lambda: None  # type: ignore[method-assign]
    return dead


def _read(path: str) -> File | None:
    if not Path(path).is_file():
        return None
    with av.open(path) as container:
        stream = container.streams.video[0]
        frames = sum(1 for packet in container.demux(stream) if packet.size)
        return File(frames=frames, fps=f"{float(stream.average_rate or 24):.3f}")
