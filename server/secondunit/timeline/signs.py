"""Signs of life while files are read: which file it is, for whoever waits for the reading."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Listener = Callable[[Path], None]

_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """From now on, tell this one of every file that is begun, and every part of a large one."""
    _listeners.append(listener)


def told(path: Path) -> None:
    """A file is begun, or another part of it."""
    for listener in _listeners:
        listener(path)
