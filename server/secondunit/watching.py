"""A watched folder: which of the exports in it are whole, new and not of our own making.

An export is a file, or a folder that is one document (.otiod, .fcpxmld): of that all that lies in
it counts, for its timeline is of no use before its media are there.
"""

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
MOST_FILES = 1_000_000
"""In a folder that is one document; with more it is none."""
PATIENCE = 3
"""Times that a file which cannot be read is tried before it is called broken: it may be a copy
that has stalled."""
_VERSION = 1


@dataclass(frozen=True, slots=True)
class _Stamp:
    """An export at one moment. Who replaces it by a rename changes the inode."""

    inode: int
    bytes: int
    """Of a folder: of all files in it."""
    mtime_ns: int
    """Of a folder: the newest in it, its own and those of folders in it among them."""
    files: int = 1

    @property
    def kept(self) -> list[int]:
        """What is remembered: inodes are not the same after a restart on every disk."""
        return [self.bytes, self.mtime_ns, *([self.files] if self.files != 1 else [])]


class Watched:
    """Looks into a folder again and again. An export is taken when two looks find it unchanged.

    watched = Watched(folder, {".otio", ".otiod"})
    while True:
        for timeline in watched.ready():
            watched.settled(timeline)
        sleep(2)
    """

    def __init__(
        self, folder: Path, suffixes: Collection[str], folders: Collection[str] = ()
    ) -> None:
        """`suffixes` of all exports, `folders` those of exports that are folders.

        Raises Refused for a folder that is none, or that nothing can be written to."""
        if not folder.is_dir():
            raise Refused.single(f"there is no folder '{folder}' to watch", "--watch")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise Refused.single(f"nothing can be written to '{folder}'", "--watch")
        self.folder = folder
        self._suffixes = {suffix.lower() for suffix in suffixes}
        self._folders = {suffix.lower() for suffix in folders}
        self._done = _remembered(folder / MEMORY)
        self._seen: dict[str, _Stamp] = {}
        self._tries: dict[str, int] = {}

    def ready(self) -> list[Path]:
        """Exports to render now, in the order of their names. Raises OSError like the folder."""
        now: dict[str, _Stamp] = {}
        for entry in os.scandir(self.folder):
            if self._is_export(entry.name) and (found := self._stamp(entry)) is not None:
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

    def _stamp(self, entry: os.DirEntry[str]) -> _Stamp | None:
        try:
            # A link may lead anywhere, and a pipe would be waited for.
            status = entry.stat(follow_symlinks=False)
        except OSError:  # it went away
            return None
        if stat.S_ISDIR(status.st_mode):
            known = Path(entry.name).suffix.lower() in self._folders
            return _stamp_of_folder(entry) if known else None
        if not stat.S_ISREG(status.st_mode):
            return None
        return _Stamp(status.st_ino, status.st_size, status.st_mtime_ns)

    def _is_export(self, name: str) -> bool:
        path = Path(name)
        return (
            path.suffix.lower() in self._suffixes
            and not path.stem.endswith(".gen")
            and not name.startswith((".", "~"))
        )


def _stamp_of_folder(entry: os.DirEntry[str]) -> _Stamp | None:
    """All that lies in a folder; links in it are not followed, wherever they lead."""
    try:
        own = entry.stat(follow_symlinks=False)
        newest, size, files, pending = own.st_mtime_ns, 0, 0, [entry.path]
        while pending:
            with os.scandir(pending.pop()) as inside:
                for one in inside:
                    status = one.stat(follow_symlinks=False)
                    newest = max(newest, status.st_mtime_ns)
                    files += 1
                    if stat.S_ISDIR(status.st_mode):
                        pending.append(one.path)
                    else:
                        size += status.st_size
                    if files > MOST_FILES:
                        return None
    except OSError:  # something went away while it was looked at: it is still being written
        return None
    return _Stamp(own.st_ino, size, newest, files)


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
