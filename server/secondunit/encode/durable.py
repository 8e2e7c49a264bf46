"""Files that appear whole or not at all: a temporary name beside the target, then one rename."""

from __future__ import annotations

import errno
import os
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


def settle(temporary: Path, target: Path) -> None:
    """Give a finished temporary file its name, replacing what had it."""
    sync(temporary)
    temporary.replace(target)
    sync_folder(target.parent)


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
    """Give a finished temporary file a name that nothing has. Raises FileExistsError."""
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

    Raises FileExistsError where the target is there.
    """
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
