"""What all handles of one fake Resolve share: its version, its moods, and who called it."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What a fake Resolve would read in a file."""

    frames: int = 100
    fps: str = "24.0"
    start: int = 0
    """Number of its first frame: 0 for a movie, the first picture's for numbered pictures."""


@dataclass(slots=True, kw_only=True)
class World:
    """The documented oddities are switches here."""

    version: tuple[int, int, int] = (21, 0, 4)
    studio: bool = True
    inclusive: bool | None = None
    """What `endFrame` means; None: as that version does."""
    overlap: Literal["drop", "slide", "dead"] = "drop"
    """What becomes of a clip that is appended over another."""
    tracks_on_top_only: bool = False
    viewer_lags: int = 0
    """Stills that show where the playhead was before."""
    modal: bool = False
    """A dialogue is open: every call answers None."""
    ended: bool = False
    """The program has gone: every call answers None for good."""
    forgets_on_save: bool = False
    """The clips of the last call go when the project is saved."""
    refuses_save: bool = False
    absent: frozenset[str] = frozenset()
    """Calls that this version has not, beyond those that its number says."""
    page: str = "edit"
    files: dict[str, File] = field(default_factory=dict)
    hang: threading.Event | None = None
    """Calls wait for it."""
    threads: set[int] = field(default_factory=set)
    called: list[str] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def exclusive(self) -> bool:
        """`endFrame` is the frame after the last."""
        return self.version >= (19, 0, 0) if self.inclusive is None else not self.inclusive

    def lacks(self, name: str) -> bool:
        """The live program has no such call."""
        since = {"GetSelectedClips": (21, 0, 4), "GetType": (21, 1, 0)}
        return name in self.absent or self.version < since.get(name, (0, 0, 0))

    def id(self, kind: str) -> str:
        """A name that nothing else has."""
        return f"{kind}-{next(self.numbers)}"


class Handle:
    """Something of the scripting interface: any name can be called, and `dir` alone says what is.

    A call that is not there answers None, as does every call while a dialogue is open.
    """

    def __init__(self, world: World) -> None:
        self.world = world

    def __getattribute__(self, name: str) -> Any:
        if not name[0].isupper():
            return object.__getattribute__(self, name)
        world: World = object.__getattribute__(self, "world")
        world.threads.add(threading.get_ident())
        world.called.append(name)
        if world.hang is not None:
            world.hang.wait(20)
        if world.modal or world.ended or world.lacks(name):
            return _nothing
        try:
            return object.__getattribute__(self, name)
        except AttributeError:
            return _nothing  # which makes hasattr true of any name

    def __dir__(self) -> list[str]:
        return [name for name in object.__dir__(self) if not self.world.lacks(name)]


def _nothing(*_: object) -> None:
    return None
