"""Messages between the server and its worker: JSON, each behind four bytes of length."""

from __future__ import annotations

import contextlib
import json
import struct
import threading
from collections.abc import Mapping
from typing import Any, BinaryIO

_LENGTH = struct.Struct(">I")


class Pipe:
    """One end of a pair of streams; sending is safe from any thread, receiving from one."""

    def __init__(self, reader: BinaryIO, writer: BinaryIO, *, longest: int = 2**32) -> None:
        """`longest`: bytes of a message; whoever sends more is taken for gone."""
        self._reader, self._writer, self._longest = reader, writer, longest
        self._lock = threading.Lock()

    def send(self, message: Mapping[str, Any]) -> bool:
        """False if nobody is there any more."""
        body = json.dumps(message).encode()
        try:
            with self._lock:
                self._writer.write(_LENGTH.pack(len(body)) + body)
                self._writer.flush()
        except (OSError, ValueError):  # a broken pipe, or one that was closed
            return False
        return True

    def receive(self) -> dict[str, Any] | None:
        """The next message; None when the other end is gone, even in the middle of one."""
        try:
            head = self._reader.read(_LENGTH.size)
            if len(head) < _LENGTH.size:
                return None
            (length,) = _LENGTH.unpack(head)
            if length > self._longest:
                return None
            body = self._reader.read(length)
        except (OSError, ValueError):
            return None
        return json.loads(body) if len(body) == length else None

    def hang_up(self) -> None:
        """Send no more; the other end hears that."""
        with contextlib.suppress(OSError):  # what was not sent has nobody to read it
            self._writer.close()

    def close_reader(self) -> None:
        """Hear no more; only for the thread that receives."""
        self._reader.close()
