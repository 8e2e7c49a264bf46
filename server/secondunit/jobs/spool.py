"""Frames between two stages: one file each, whole and on disk before the next is made."""

from __future__ import annotations

import json
import os
import shutil
import threading
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np

from secondunit.encode.durable import disk_full, link_or_copy, sync_folder, temporary_beside
from secondunit.engine.engine import RGB, Arrays, same_arrays
from secondunit.errors import StoreError, StoreFull
from secondunit.failpoints import failpoint
from secondunit.timeline.layouts import Plane
from secondunit.timeline.picture import Picture
from secondunit.units import ColourTags

T = TypeVar("T")

_TOP = np.float32(65535)
_ALONE = threading.Lock()
_STATE = "state-"
STAMP = "made-by.json"
"""What must be the same for one attempt to go on with what another left."""


def save_rgb(folder: Path, frame: int, rgb: RGB) -> None:
    """`h w 3`, 0..1, as 16-bit code values: finer than any delivery."""
    codes = np.rint(np.clip(rgb, 0, 1) * _TOP).astype(np.uint16)
    _save(folder / _name(frame, ".npy"), lambda file: np.save(file, codes))


def load_rgb(folder: Path, frame: int) -> RGB:
    """What `save_rgb` kept, `h w 3`, float32, 0..1."""
    path = folder / _name(frame, ".npy")
    return _parsed(lambda: np.load(path, allow_pickle=False)).astype(np.float32) / _TOP


def save_picture(folder: Path, number: int, picture: Picture) -> None:
    """The planes, sample for sample."""
    _save(folder / _name(number, ".npz"), lambda file: np.savez(file, *picture.planes))


def load_picture(folder: Path, number: int, format: str, colour: ColourTags) -> Picture:
    """What `save_picture` kept; layout and tags are the caller's to remember."""
    path = folder / _name(number, ".npz")

    def planes() -> tuple[Plane, ...]:
        with np.load(path, allow_pickle=False) as kept:
            return tuple(kept[f"arr_{i}"] for i in range(len(kept.files)))

    return Picture(format=format, colour=colour, planes=_parsed(planes))


def _parsed(read: Callable[[], T]) -> T:
    # Headers are Python literals, and CPython's parser may lose count of itself when threads parse
    # side by side (python/cpython#106905): then it says SystemError of a file that is whole.
    try:
        return read()
    except SystemError:
        with _ALONE:
            return read()


def _archive(path: Path) -> Arrays:
    # Opened here: numpy forgets to close what turns out to be no archive.
    with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
        return {key: kept[key] for key in kept.files}


def numbers(folder: Path, suffix: str) -> set[int]:
    """Of the frames (".npy") or pictures (".npz") that a folder has."""
    return {int(path.stem) for path in folder.glob(f"[+-]*{suffix}") if path.is_file()}


class Kept:
    """What the engine keeps of a run, in its stage's folder; implements `engine.Keep`."""

    def __init__(self, folder: Path, told: Callable[[], None]) -> None:
        """`told` is called after each thing that was kept: the run has come further."""
        self._folder, self._told = folder, told
        self._frames = numbers(folder, ".npy")
        self._old = {path.stem for path in folder.glob(f"{_STATE}*.npz")}
        self.taken_over = len(self._frames)
        """Frames that an earlier attempt made."""
        self.resumed: dict[str, int] = {}
        """Calls of the denoiser that went on with an earlier attempt's latents, at which step."""

    @property
    def frames(self) -> Collection[int]:
        """Frames of the shot that are there."""
        return self._frames

    def load(self, name: str) -> Arrays | None:
        """What was saved last under a name; None where it is not whole."""
        found = self._read(self._folder / f"{_STATE}{name}.npz")
        if found is not None and "done" in found:
            self.resumed[name] = int(found["done"])
        return found

    def _read(self, path: Path) -> Arrays | None:
        try:
            return _parsed(lambda: _archive(path))
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            return None  # never saved, or damaged since: it is made again

    def save(self, name: str, arrays: Arrays) -> None:
        """Keep arrays under a name, on disk when this returns."""
        target = self._folder / f"{_STATE}{name}.npz"
        if target.stem in self._old:
            # Who arrives where the last attempt was has come no further: it may die here again.
            before = self._read(target)
            if before is not None and same_arrays(before, arrays):
                return
            self._old.discard(target.stem)
        with kept_in(self._folder):
            _save(target, lambda file: np.savez(file, allow_pickle=False, **dict(arrays)))
        self._told()

    def add(self, frame: int, rgb: RGB) -> None:
        """Keep a frame that came out of the engine."""
        with kept_in(self._folder):
            save_rgb(self._folder, frame, rgb)
        self._frames.add(frame)
        self._told()


def begin(folder: Path, earlier: Collection[Path], stamp: Mapping[str, Any]) -> None:
    """Make a stage's folder and put into it whatever earlier attempts left whole; theirs go.

    A stray worker of an earlier attempt changes nothing here: what it writes, it writes in its own
    folder, and under another name first.
    Folders of attempts with another `stamp` (version, threads) would not give the same bits.
    """
    text = json.dumps(stamp, sort_keys=True)
    with kept_in(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _save(folder / STAMP, lambda file: file.write(text.encode()))
        for other in earlier:
            for path in other.iterdir() if _has_stamp(other, text) else ():
                # A name that begins with a dot is a file that nobody finished.
                if path.suffix in (".npy", ".npz") and not path.name.startswith("."):
                    with suppress(FileExistsError, FileNotFoundError):
                        link_or_copy(path, folder / path.name)
        sync_folder(folder)
    for other in earlier:
        shutil.rmtree(other, ignore_errors=True)


@contextmanager
def kept_in(folder: Path) -> Iterator[None]:
    """Say of what cannot be written which folder it is, and whether its disk is full."""
    # Frames between two stages fill a disk sooner than anything else does.
    try:
        yield
    except OSError as exc:
        kind = StoreFull if disk_full(exc) else StoreError
        raise kind(f"{folder} cannot be written: {exc}") from exc


def _has_stamp(folder: Path, text: str) -> bool:
    try:
        return (folder / STAMP).read_text() == text
    except (OSError, UnicodeDecodeError):
        return False


def _name(frame: int, suffix: str) -> str:
    return f"{frame:+07d}{suffix}"  # frames of the head handle are negative


def _save(path: Path, write: Callable[[BinaryIO], Any]) -> None:
    temporary = temporary_beside(path)
    try:
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            failpoint("spool.fsync.before")
            os.fsync(file.fileno())  # a checkpoint will say that it is there
            failpoint("spool.fsync.after")
        failpoint("spool.rename.before")
        temporary.replace(path)
        failpoint("spool.rename.after")
    finally:
        temporary.unlink(missing_ok=True)
