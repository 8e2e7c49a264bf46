"""Files that appear whole or not at all: a temporary name beside the target, then one rename."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from secondunit.errors import DeliveryError, StoreFull


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A temporary path in the target's folder; renamed to it when the block ends without error.

    The bytes are on disk before the name is: whoever sees the name sees the whole file. When
    the block raises, for whatever reason, the temporary file is removed and the target is as it
    was. Raises OSError as the file system does.
    """
    temporary = temporary_beside(target)
    try:
        yield temporary
        settle(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


_OF_A_TAKE = re.compile(r"[^.].*(\.\d{4,}\.\w+|\.wav)")
"""What counts of a folder that is a take; systems leave files of their own in any folder."""


def settle(temporary: Path, target: Path) -> None:
    """Give a finished temporary file or folder its name, replacing what had it.

    A folder's files must be on disk already.
    """
    if temporary.is_dir():
        sync_folder(temporary)
        aside = temporary_beside(target)
        if target.exists():  # a folder with something in it is not replaced by a rename
            target.rename(aside)
        temporary.rename(target)
        discard(aside)
    else:
        sync(temporary)
        temporary.replace(target)
    sync_folder(target.parent)


def discard(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def files_of(take: Path) -> tuple[Path, ...]:
    """The files of a take, by name: itself, or the pictures and the sound in its folder."""
    if not take.is_dir():
        return (take,)
    return tuple(sorted(p for p in take.iterdir() if _OF_A_TAKE.fullmatch(p.name)))


def digest_of(take: Path) -> tuple[str, int]:
    """(SHA-256, bytes) of a take. Raises OSError.

    Of a file: of its bytes. Of a folder: of the digests of its files in hexadecimal, a line each,
    in the order of their names; so that a folder whose files were given another stem keeps it.
    """
    if not take.is_dir():
        with take.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
    whole, size = hashlib.sha256(), 0
    for path in files_of(take):
        digest, count = digest_of(path)
        whole.update(f"{digest}\n".encode())
        size += count
    return whole.hexdigest(), size


def renamed(name: str, old: str, new: str) -> str:
    """A file's name in a folder whose stem changes from `old` to `new`."""
    return new + name[len(old) :] if name.startswith(f"{old}.") else name


def temporary_beside(target: Path) -> Path:
    """A new hidden name in the target's folder, on the same file system therefore."""
    return target.with_name(f".{secrets.token_hex(6)}.part{target.suffix}")


def sync(path: Path) -> None:
    """Wait until a file's bytes are on disk."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until a folder's names are on disk, where the system can do that."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def claim(temporary: Path, target: Path) -> None:
    """Give a finished temporary file or folder a name that nothing has. Raises FileExistsError."""
    if temporary.is_dir():
        sync_folder(temporary)
        target.mkdir()  # the one call that fails where the name is taken
        temporary.replace(target)
        sync_folder(target.parent)
        return
    sync(temporary)
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # no second names here: an empty file takes the name, then the bytes come
        target.open("xb").close()
        temporary.replace(target)
    else:
        temporary.unlink()
    sync_folder(target.parent)


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file that nobody changes any more a second name, or a copy where there are none.

    Of a folder the same for each of its files, under the folder's new name. Raises
    FileExistsError where the target is there.
    """
    if source.is_dir():
        target.mkdir()
        for path in files_of(source):
            link_or_copy(path, target / renamed(path.name, source.name, target.name))
        sync_folder(target)
        return
    try:
        os.link(source, target)
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError:  # a file system without links
        shutil.copyfile(source, target)
        sync(target)


def unwritten(
    what: str, exc: Exception, kind: type[DeliveryError] = DeliveryError
) -> DeliveryError | StoreFull:
    """The error for `what`, which could not be written: a full disk has a remedy of its own."""
    return (StoreFull if disk_full(exc) else kind)(f"{what}: {exc}")


def disk_full(exc: Exception) -> bool:
    """Whether an error says that there is no room left, for anybody or for this user."""
    return getattr(exc, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
