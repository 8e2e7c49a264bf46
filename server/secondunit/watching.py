"""A watched folder: which of the exports in it are whole, new and not of our own making."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from secondunit.encode.durable import replacing
from secondunit.errors import Refused

MEMORY = ".secondunit-watch.json"
"""In the watched folder: what was done with each file, so that a restart does not do it again."""
PATIENCE = 3
"""Times that a file which cannot be read is tried before it is called broken: it may be a copy
that has stalled."""
_VERSION = 1


@dataclass(frozen=True, slots=True)
class _Stamp:
    """A file at one moment. Who replaces it by a rename changes the inode."""

    inode: int
    bytes: int
    mtime_ns: int

    @property
    def kept(self) -> list[int]:
        """What is remembered: inodes are not the same after a restart on every disk."""
        return [self.bytes, self.mtime_ns]


class Watched:
    """Looks into a folder again and again. A file is taken when two looks find it unchanged.

    watched = Watched(folder, {".otio"})
    while True:
        for timeline in watched.ready():
            watched.settled(timeline)
        sleep(2)
    """

    def __init__(self, folder: Path, suffixes: Collection[str]) -> None:
        """Raises Refused for a folder that is none, or that nothing can be written to."""
        if not folder.is_dir():
            raise Refused.single(f"there is no folder '{folder}' to watch", "--watch")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise Refused.single(f"nothing can be written to '{folder}'", "--watch")
        self.folder = folder
        self._suffixes = {suffix.lower() for suffix in suffixes}
        self._done = _remembered(folder / MEMORY)
        self._seen: dict[str, _Stamp] = {}
        self._tries: dict[str, int] = {}

    def ready(self) -> list[Path]:
        """Exports to render now, in the order of their names. Raises OSError like the folder."""
        now: dict[str, _Stamp] = {}
        for entry in os.scandir(self.folder):
            if self._is_export(entry.name) and (found := _stamp(entry)) is not None:
                now[entry.name] = found
        whole = [
            name
            for name, found in sorted(now.items())
            if found.bytes and self._seen.get(name) == found and self._done.get(name) != found.kept
        ]
        self._seen = now
        self._tries = {name: n for name, n in self._tries.items() if name in now}
        for name in self._done.keys() - now.keys():  # so that the same name can come again
            del self._done[name]
        return [self.folder / name for name in whole]

    def target(self, timeline: Path) -> Path:
        """Where the new timeline of an export goes: beside it, apart from that of a namesake."""
        namesakes = {Path(name).suffix for name in self._seen if Path(name).stem == timeline.stem}
        stem = timeline.stem
        if len(namesakes) > 1 and timeline.suffix.lower() != ".otio":
            stem = f"{stem}_{timeline.suffix[1:].lower()}"
        return self.folder / f"{stem}.gen.otio"

    def unreadable(self, timeline: Path) -> bool:
        """A file that looked whole could not be read; whether it is time to call it broken."""
        tries = self._tries[timeline.name] = self._tries.get(timeline.name, 0) + 1
        if tries < PATIENCE:
            return False
        self.settled(timeline)
        return True

    def settled(self, timeline: Path) -> None:
        """An export was dealt with, as it was when `ready` gave it: not again until it changes."""
        self._tries.pop(timeline.name, None)
        stamp = self._seen.get(timeline.name)
        if stamp is None:
            return
        self._done[timeline.name] = stamp.kept
        record = {"version": _VERSION, "files": self._done}
        with replacing(self.folder / MEMORY) as temporary:
            temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")

    def _is_export(self, name: str) -> bool:
        path = Path(name)
        return (
            path.suffix.lower() in self._suffixes
            and not path.stem.endswith(".gen")
            and not name.startswith((".", "~"))
        )


def _stamp(entry: os.DirEntry[str]) -> _Stamp | None:
    try:
        # A link may lead anywhere, and a pipe would be waited for.
        status = entry.stat(follow_symlinks=False)
    except OSError:  # it went away
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return _Stamp(status.st_ino, status.st_size, status.st_mtime_ns)


def _remembered(file: Path) -> dict[str, list[int]]:
    try:
        record: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # the worst is to render what costs nothing
        return {}
    if not isinstance(record, dict) or record.get("version") != _VERSION:
        return {}
    files = record.get("files")
    return {
        str(name): list(stamp)
        for name, stamp in (files.items() if isinstance(files, dict) else ())
        if isinstance(stamp, list)
    }
