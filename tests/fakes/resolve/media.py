"""Clips in bins, and bins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes.resolve.world import File, Handle, World


class FakeMedia(Handle):
    """A clip in a bin."""

    def __init__(self, world: World, path: str, file: File) -> None:
        super().__init__(world)
        self.id, self.file, self.path = world.id("media"), file, path
        self.hidden: dict[str, str] = {}
        self.proxy = ""
        self.properties: dict[str, str] = {
            "File Path": path, "FPS": file.fps, "Start": str(file.start),
            "End": str(file.start + file.frames - 1), "Frames": str(file.frames),
            "Input Color Space": "", "IDT": "",
        }  # fmt: skip

    def GetName(self) -> str:
        return self.path.rpartition("/")[2]

    def GetMediaId(self) -> str:
        return self.id

    def GetClipProperty(self, name: str = "") -> Any:
        return self.properties.get(name, "") if name else dict(self.properties)

    def SetClipProperty(self, name: str, value: str) -> bool:
        self.properties[name] = value
        return True

    def SetThirdPartyMetadata(self, metadata: Mapping[str, str]) -> bool:
        self.hidden.update(metadata)
        return True

    def GetThirdPartyMetadata(self, name: str = "") -> Any:
        return self.hidden.get(name, "") if name else dict(self.hidden)

    def LinkProxyMedia(self, path: str) -> bool:
        self.proxy = path
        return True


class FakeFolder(Handle):
    """A bin."""

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world)
        self.name = name
        self.folders: list[FakeFolder] = []
        self.clips: list[FakeMedia] = []

    def GetName(self) -> str:
        return self.name

    def GetSubFolderList(self) -> list[FakeFolder]:
        return list(self.folders)

    def GetClipList(self) -> list[FakeMedia]:
        return list(self.clips)
