"""An .otioz in; its timeline out, and its media unpacked into the data folder, once."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from secondunit.errors import Fault, StoreFull, TimelineUnreadable

CONTENT = "content.otio"
FOLDER = "bundles"
"""Below the data folder: what was unpacked, a folder each, whose time is when it was last read."""
_LARGEST_CONTENT = 128 * 2**20
_LARGEST = 256 * 2**30
"""Of all that is unpacked. Media are stored as they are, so a bundle is about as large itself."""
_MOST_ENTRIES = 200_000
"""A frame of a sequence is an entry."""
_LARGEST_DIRECTORY = 64 * 2**20
_LARGEST_RATIO = 200
"""Between what an entry says it holds and its bytes: text packs at 20, a bomb at 1000."""
_PART = 2**20
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_END = b"PK\x05\x06"


def content_of(path: Path) -> bytes:
    """The timeline in a bundle, as bytes of an .otio file. Raises TimelineUnreadable."""
    with _opened(path) as archive:
        _check(archive, path)
        try:
            entry = archive.getinfo(CONTENT)
        except KeyError as exc:
            raise TimelineUnreadable.single(
                f"'{path.name}' holds no {CONTENT}: it is no .otioz", "file"
            ) from exc
        if entry.file_size > _LARGEST_CONTENT:
            raise TimelineUnreadable.single(
                f"'{CONTENT}' in '{path.name}' has {entry.file_size} bytes; "
                f"{_LARGEST_CONTENT} at most",
                "file",
            )
        with archive.open(entry) as source:
            data = source.read(_LARGEST_CONTENT + 1)
    if not data.strip():
        raise TimelineUnreadable.single(f"'{CONTENT}' in '{path.name}' is empty", "file")
    return data


def unpacked(path: Path, data: Path) -> Path:
    """The folder below `data` that holds what the bundle holds; unpacked if it is not there yet.

    Names that lead out of the folder, links, devices and bombs are refused before a byte is
    written. Raises TimelineUnreadable, StoreFull.
    """
    try:
        status = path.stat()
    except OSError as exc:
        raise TimelineUnreadable.single(f"'{path}' cannot be read: {exc.strerror}", "file") from exc
    words = f"{path.resolve()}\n{status.st_size}\n{status.st_mtime_ns}"
    folder = data / FOLDER / hashlib.sha256(words.encode()).hexdigest()[:32]
    if _there(folder):
        return folder
    with _opened(path) as archive:
        entries = _check(archive, path)
        part = folder.with_name(f".{secrets.token_hex(8)}.part")
        try:
            part.mkdir(parents=True)
            for entry in entries:
                _extract(archive, entry, part / PurePosixPath(entry.filename))
            try:
                part.rename(folder)
            except OSError:
                if not folder.is_dir():  # else somebody was faster, with the same
                    raise
        except OSError as exc:
            what = f"'{path.name}' cannot be unpacked below {data}: {exc.strerror}"
            if exc.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StoreFull(what) from exc
            raise TimelineUnreadable.single(what, "file") from exc
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return folder


def _there(folder: Path) -> bool:
    """It is, and is kept from now on as if it were new."""
    try:
        os.utime(folder)
    except FileNotFoundError:
        return False
    except OSError:  # whoever may only read does not keep it
        return folder.is_dir()
    return True


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    _check_directory(path)
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as exc:
        raise TimelineUnreadable.single(
            f"'{path.name}' is no bundle that can be read: {exc}", "file"
        ) from exc
    except (OSError, ValueError) as exc:
        raise TimelineUnreadable.single(f"'{path}' cannot be read: {exc}", "file") from exc


def _check_directory(path: Path) -> None:
    """Refuse a directory of millions of entries before zipfile reads all of it."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 66_000))
            tail = file.read()
    except OSError as exc:
        raise TimelineUnreadable.single(f"'{path}' cannot be read: {exc.strerror}", "file") from exc
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        return  # zipfile says what is wrong
    directory = int.from_bytes(tail[at + 12 : at + 16], "little")
    if directory == 0xFFFFFFFF:  # in the 64-bit record, right before its locator
        before = tail.rfind(b"PK\x06\x06", 0, at)
        directory = int.from_bytes(tail[before + 40 : before + 48], "little") if before >= 0 else 0
    if directory > _LARGEST_DIRECTORY:
        raise TimelineUnreadable.single(
            f"the directory of '{path.name}' has {directory} bytes; {_LARGEST_DIRECTORY} at most",
            "file",
        )


def _check(archive: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    """The entries that are files. Raises TimelineUnreadable with every fault."""
    entries = archive.infolist()
    if len(entries) > _MOST_ENTRIES:
        raise TimelineUnreadable.single(
            f"'{path.name}' holds {len(entries)} files; {_MOST_ENTRIES} at most", "file"
        )
    faults = [Fault(what=what, path=repr(e.filename)[:200]) for e in entries if (what := _wrong(e))]
    names = [entry.filename.casefold() for entry in entries]
    if len(set(names)) < len(names):
        faults.append(Fault(what="two entries have one name", path="file"))
    total = sum(entry.file_size for entry in entries)
    if total > _LARGEST:
        faults.append(
            Fault(what=f"'{path.name}' unpacks to {total} bytes; {_LARGEST} at most", path="file")
        )
    if faults:
        raise TimelineUnreadable(faults[:100])
    return [entry for entry in entries if not entry.is_dir()]


def _wrong(entry: zipfile.ZipInfo) -> str:
    """What keeps an entry from being unpacked; empty if nothing does."""
    name = entry.filename
    parts = name.rstrip("/").split("/")
    if name.startswith("/") or "\\" in name or ":" in name or {"", ".", ".."} & set(parts):
        return "a name that leads out of the bundle"
    if len(name) > 1000 or len(parts) > 16 or any(len(part.encode()) > 255 for part in parts):
        return "a name too long for a file"
    if any(ord(c) < 32 for c in name) or any(_DEVICE.fullmatch(part) for part in parts):
        return "a name that no file can have"
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind and not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        return "a link or a device, not a file"
    if entry.flag_bits & 1:
        return "an encrypted entry"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"an entry packed by method {entry.compress_type}; stored and deflated are read"
    if entry.file_size > _LARGEST_RATIO * max(entry.compress_size, 4096):
        return f"{entry.compress_size} bytes that unpack to {entry.file_size}"
    return ""


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    left = entry.file_size  # zipfile itself reads no further than the directory says
    with archive.open(entry) as source, target.open("xb") as file:
        while data := source.read(min(_PART, left + 1)):
            left -= len(data)
            file.write(data)
