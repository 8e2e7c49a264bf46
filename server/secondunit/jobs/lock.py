"""The lock on a data folder: one server owns it, and says who it is."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from secondunit.errors import StoreBusy, StoreError

_FAR = 1 << 20  # Windows locks bytes, and keeps others from reading them: lock one that is no text


class FolderLock:
    """Held from creation until `release`, or until the process ends, however it ends."""

    def __init__(self, folder: Path, address: str = "") -> None:
        """Raises StoreBusy, naming the owner, if another process or object holds the folder.

        Raises StoreError if there is no writing in it.
        """
        self._path = folder / "lock"
        try:
            # What callers asked for lies in it, and whom it lets in: its owner's business alone.
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Never truncated on opening: until the lock is ours, the words in it are the owner's.
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as exc:
            raise StoreError(f"the data folder {folder} cannot be used: {exc.strerror}") from exc
        try:
            _lock(self._fd)
        except OSError as exc:
            owner = _owner(self._path)
            os.close(self._fd)
            raise StoreBusy(f"the data folder {folder} is in use by {owner}") from exc
        self.announce(address)

    def announce(self, address: str) -> None:
        """Write where this process can be reached, for whoever finds the folder busy."""
        text = json.dumps({"pid": os.getpid(), "address": address}).encode()
        os.ftruncate(self._fd, 0)
        os.lseek(self._fd, 0, os.SEEK_SET)
        os.write(self._fd, text)

    def release(self) -> None:
        """Give the folder back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _owner(path: Path) -> str:
    try:
        owner = json.loads(path.read_text())
        address = f" at {owner['address']}" if owner["address"] else ""
        return f"process {owner['pid']}{address}"
    except (OSError, ValueError, KeyError, TypeError):  # it is being written just now
        return "another process"


if sys.platform == "win32":
    import msvcrt

    def _lock(fd: int) -> None:
        os.lseek(fd, _FAR, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(fd: int) -> None:
        # flock, not lockf: the latter is lost as soon as the process closes any other descriptor
        # of the file, and does not keep two stores of one process apart.
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
