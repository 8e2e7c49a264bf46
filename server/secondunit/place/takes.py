"""Takes: results as numbered versions in the edit's own media folder, never overwritten."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from secondunit.catalog.deliveries import DELIVERIES, stem_of
from secondunit.catalog.proxies import SUFFIX
from secondunit.encode import sidecar
from secondunit.encode.durable import (
    claim,
    digest_of,
    discard,
    files_of,
    renamed,
    sync_folder,
    temporary_beside,
    unwritten,
)
from secondunit.encode.sidecar import Record
from secondunit.errors import DeliveryError, PlacementError
from secondunit.units import FrameRange, Operation, Rate

_LONGEST_NAME = 64
_NAME = re.compile(r".*_([a-z]+)_([a-z0-9]{8})_v(\d{3,})\.\w+")
_MEDIA = re.compile(r"\.(mov|mp4|m4v|mkv|mxf|avi|jpe?g|png|tiff?|exr|dpx|webp)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One version of a shot in the media folder of an edit."""

    shot: str
    """The shot's id."""
    operation: Operation
    version: int
    """1 is `v001`."""
    file: Path
    """Of a sequence: its folder."""
    sidecar: Path
    record: Record
    """The sidecar's content."""

    @property
    def proxy(self) -> Path | None:
        """The small copy beside the file, where one was asked and is still there."""
        said = self.record.get("proxy")
        name = str(said.get("file")) if isinstance(said, dict) else ""
        if name != f"{stem_of(self.file)}{SUFFIX}{Path(name).suffix}":
            return None  # a record is a file that anyone may have edited
        path = self.file.with_name(name)
        return path if path.is_file() else None

    @property
    def sound(self) -> tuple[Path, ...]:
        """Of a sequence that keeps the sound: its .wav files; a movie has it inside."""
        channels = self.record["clip"].get("sound")
        return tuple(sorted(self.file.glob("*.wav"))) if channels and self.file.is_dir() else ()

    @property
    def label(self) -> str:
        """`v003`."""
        return f"v{self.version:03d}"

    @property
    def digest(self) -> str:
        """Of the plan that the take was made from."""
        return self.record["digest"]

    @property
    def rate(self) -> Rate:
        """Of the file."""
        return Rate(**self.record["clip"]["rate"])

    @property
    def range(self) -> FrameRange:
        """Every frame of the file, on the clock of its own timecode."""
        clip = self.record["clip"]
        return FrameRange(start=clip["start_frame"], frames=clip["frames"])

    @property
    def shown(self) -> FrameRange:
        """The frames that the cut shows, on the same clock: the range without the handles."""
        head, tail = self.record["clip"]["handles"]
        return FrameRange(start=self.range.start + head, frames=self.range.frames - head - tail)


class Shelf:
    """The takes of one media folder. It is listed once: an edit may have a thousand shots.

    What others write into the folder meanwhile is not seen, but never overwritten either.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names: dict[tuple[str, str], list[str]] | None = None
        self._takes: dict[tuple[str, str], tuple[Take, ...]] = {}

    def find(self, shot: str, operation: Operation) -> tuple[Take, ...]:
        """The takes of a shot, oldest first; files without a record are no takes."""
        key = operation.value, shot
        if key not in self._takes:
            paths = [self.folder / name for name in self._listed().get(key, ())]
            found = [_take(path, operation, shot) for path in paths if path.suffix == ".json"]
            takes = [take for take in found if take is not None]
            self._takes[key] = tuple(sorted(takes, key=lambda take: take.version))
        return self._takes[key]

    def whole(self, shot: str, operation: Operation, digest: str) -> Take | None:
        """The newest take of a plan whose file is still as it was written."""
        same = [take for take in self.find(shot, operation) if take.digest == digest]
        return next((take for take in reversed(same) if unspoilt(take)), None)

    def newest(self, shot: str, operation: Operation) -> int:
        """The highest version that any file of a shot has, be it a take or not; 0 for none."""
        names = self._listed().get((operation.value, shot), ())
        return max((_version(Path(name)) for name in names), default=0)

    def add(self, take: Take) -> None:
        """Know a take that was put there just now."""
        key = take.operation.value, take.shot
        before = self.find(take.shot, take.operation)
        self._takes[key] = (*(t for t in before if t.version != take.version), take)
        self._listed().setdefault(key, []).append(take.file.name)

    def _listed(self) -> dict[tuple[str, str], list[str]]:
        if self._names is None:
            self._names = {}
            names = sorted(p.name for p in self.folder.iterdir()) if self.folder.is_dir() else []
            for name in names:
                if match := _NAME.fullmatch(name):
                    self._names.setdefault((match[1], match[2]), []).append(name)
        return self._names


def publish(
    clip: Path,
    record: Path,
    folder: Path,
    *,
    sheet: Path | None = None,
    proxy: Path | None = None,
    shelf: Shelf | None = None,
    earlier: Shelf | None = None,
) -> Take:
    """Bring a finished clip and its sidecar into the media folder as the shot's next version.

    A take of the same plan whose file is still as it was written is found again instead, be it in
    the folder of an `earlier` round of the edit. The clip gets a second name (hard link) where
    that is possible, else it is copied; of a sequence each picture is, under the name of its new
    folder. The contact sheet lies beside it as `<name>.png`, its proxy as
    `<name>_proxy.mov`. `shelf` is that of `folder`, if
    somebody has it. Raises PlacementError, with nothing left in the folder, also for a clip whose
    bytes are not those of its record; StoreFull where the disk is full.
    """
    content = sidecar.read(record)
    shelf = Shelf(folder) if shelf is None else shelf
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shot, operation = content["id"], Operation(content["operation"])
        shelves = [shelf] if earlier is None else [shelf, earlier]
        for each in shelves:
            if (take := each.whole(shot, operation, content["digest"])) is not None:
                return take
        if not _holds(clip, content):  # its second name was edited in place, for one
            raise PlacementError(
                f"{clip} is no longer what was made; remove the folder {clip.parent} and render "
                "again"
            )
        stem = f"{_clean(content['name'])}_{operation.value}_{shot}"
        version = max(each.newest(shot, operation) for each in shelves) + 1
        while True:
            try:
                take = _place(clip, content, (sheet, proxy), folder, stem, version)
            except FileExistsError:  # another process was faster
                version += 1
            else:
                shelf.add(take)
                return take
    except (OSError, KeyError, ValueError) as exc:
        what = f"{clip.name} cannot be published in {folder}"
        raise unwritten(what, exc, PlacementError) from exc


def find(folder: Path, shot: str, operation: Operation) -> tuple[Take, ...]:
    """The takes of a shot in a media folder, oldest first; files without a record are no takes."""
    return Shelf(folder).find(shot, operation)


def unspoilt(take: Take) -> bool:
    """Whether a take's file is still as it was written.

    Its bytes are read where its size or its times leave room for doubt: a clip is older than the
    record that was written beside it.
    """
    try:
        record, clip = take.sidecar.stat(), [path.stat() for path in files_of(take.file)]
        size, newest = sum(one.st_size for one in clip), max(one.st_mtime_ns for one in clip)
        if size != take.record["clip"].get("bytes", size):
            return False
        return newest < record.st_mtime_ns or _holds(take.file, take.record)
    except (OSError, ValueError):  # it is gone, or it is a folder without pictures
        return False


def _take(path: Path, operation: Operation, shot: str) -> Take | None:
    """The take of a sidecar; None for a file that is none, or that has no clip."""
    try:
        content = sidecar.read(path)
        sidecar.facts_of_record(content)
    except DeliveryError:
        return None
    file = path.parent / content["clip"]["file"]
    if file.parent != path.parent or not file.exists():
        return None
    return Take(
        shot=shot, operation=operation, version=_version(path), file=file, sidecar=path,
        record=content,
    )  # fmt: skip


def keep_request(take: Take, request: Mapping[str, Any] | str) -> None:
    """Keep the editor's own words in the take's record: a plan knows only what they mean.

    Raises DeliveryError.
    """
    if take.record.get("request") != request:
        sidecar.write(take.record | {"request": request}, take.sidecar)


def _place(
    clip: Path,
    content: Record,
    beside: tuple[Path | None, Path | None],
    folder: Path,
    stem: str,
    version: int,
) -> Take:
    name = f"{stem}_v{version:03d}"
    row = DELIVERIES[content["clip"]["delivery"]]
    file, record = folder / row.name_of(name), folder / f"{name}.json"
    content = content | {
        "take": f"v{version:03d}", "clip": content["clip"] | {"file": file.name}
    }  # fmt: skip
    sheet, proxy = beside
    _second_name(clip, file)
    done = [file]
    try:
        if sheet is not None:
            _second_name(sheet, picture := folder / f"{name}.png")
            done.append(picture)
        if proxy is not None:
            _second_name(proxy, small := folder / f"{name}{SUFFIX}{proxy.suffix}")
            done.append(small)
            content = content | {"proxy": content["proxy"] | {"file": small.name}}
        # The record decides who owns the version: it has one name whatever the clip's suffix.
        temporary = temporary_beside(record)
        try:
            temporary.write_text(sidecar.text_of(content), encoding="utf-8")
            claim(temporary, record)
        finally:
            temporary.unlink(missing_ok=True)
    except BaseException:
        for path in done:
            discard(path)
        raise
    sync_folder(folder)
    return Take(
        shot=content["id"], operation=Operation(content["operation"]), version=version,
        file=file, sidecar=record, record=content,
    )  # fmt: skip


def _second_name(clip: Path, file: Path) -> None:
    if clip.is_dir():
        file.mkdir()  # the one call that fails where the name is taken
        try:
            for path in files_of(clip):
                _second_name(path, file / renamed(path.name, clip.name, file.name))
            sync_folder(file)
        except BaseException:
            discard(file)
            raise
        return
    try:
        os.link(clip, file)
    except FileExistsError:
        raise
    except OSError:  # another disk, or one without hard links
        temporary = temporary_beside(file)
        try:
            shutil.copyfile(clip, temporary)
            claim(temporary, file)
        finally:
            temporary.unlink(missing_ok=True)


def _version(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    return int(match[3]) if match else 0


def _holds(clip: Path, record: Record) -> bool:
    """Whether a clip still has the bytes that were recorded."""
    return digest_of(clip)[0] == record["clip"]["sha256"]


def _clean(name: str) -> str:
    """A name in [A-Za-z0-9._-], as facilities ask; a media suffix is no part of a shot's name."""
    plain = unicodedata.normalize("NFKD", _MEDIA.sub("", name.strip()))
    plain = plain.encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", plain).strip("._-")
    return plain[:_LONGEST_NAME].rstrip("._-") or "shot"
