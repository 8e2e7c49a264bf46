"""Engine: what every model looks like from outside."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from secondunit.plan.shot_plan import ShotPlan

RGB = NDArray[np.floating]
"""`h w 3`, 0..1, in the source's own transfer."""

Side = Literal["outgoing", "incoming"]
"""The clip that a transition leaves, and the one it arrives at."""

Progress = Callable[[str, int, int], None]
"""(step in words, done, of): called at least once a denoise step. It raises to cancel."""


class Show(Protocol):
    """Takes pictures of work in progress for whoever watches; it decides which are sent."""

    def __call__(self, frame: int, rgb: RGB, rough: bool = False) -> None:
        """A picture `h w 3` of a frame of the shot; `rough`: made before the model was asked."""
        ...


def unseen(frame: int, rgb: RGB, rough: bool = False) -> None:
    """Nobody watches; implements `Show`."""


Arrays = Mapping[str, NDArray[Any]]
"""Numbers by name."""


def same_arrays(one: Arrays, other: Arrays) -> bool:
    """Whether two sets of arrays are the same, bit for bit."""
    return one.keys() == other.keys() and all(
        a.dtype == b.dtype and np.array_equal(a, b)
        for a, b in ((np.asarray(one[key]), np.asarray(other[key])) for key in one)
    )


class Keep(Protocol):
    """What an interrupted run of the same plan left, and what this one leaves for the next."""

    @property
    def frames(self) -> Collection[int]:
        """Frames of the shot that are kept, bit for bit: they need not be made again."""
        ...

    def load(self, name: str) -> Arrays | None:
        """What was saved last under a name; None where nothing was, or not whole."""
        ...

    def save(self, name: str, arrays: Arrays) -> None:
        """Keep arrays under a name (letters, digits, `+`, `-`), in the place of earlier ones.

        They are on disk when it returns, so that a run that dies goes on from here.
        """
        ...


class _Forgetful:
    """Keeps nothing; implements `Keep`."""

    frames: Collection[int] = frozenset()

    def load(self, name: str) -> Arrays | None:
        return None

    def save(self, name: str, arrays: Arrays) -> None:
        pass


UNKEPT: Keep = _Forgetful()
"""For runs that nobody will take up again."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a run with names of its own; implements `Keep`."""

    whole: Keep
    name: str

    @property
    def frames(self) -> Collection[int]:
        """Those of the whole run."""
        return self.whole.frames

    def load(self, name: str) -> Arrays | None:
        """What this part saved last under a name."""
        return self.whole.load(f"{self.name}-{name}")

    def save(self, name: str, arrays: Arrays) -> None:
        """Keep arrays under a name of this part."""
        self.whole.save(f"{self.name}-{name}", arrays)


REACH = 48
"""Frames of the footage beside those under a shot that an engine may look at."""


class Sources(Protocol):
    """Decoded pictures of a plan, at the size the engine works at, each decoded once."""

    def pin(self, frame: int) -> RGB:
        """The pinned picture at a frame of the shot."""
        ...

    def past(self, most: int) -> list[RGB]:
        """Context that ends right before the anchor, oldest first: its last `most` frames."""
        ...

    def future(self, most: int) -> list[RGB]:
        """Context that starts right after the closing pin: its first `most` frames."""
        ...

    def stream(self, side: Side, frame: int) -> RGB:
        """Of a transition: what one of its two clips shows at a shown frame of the shot."""
        ...

    def footage(self, index: int) -> RGB:
        """A frame of the file that the shot stands on, by its number in the file.

        Those under the shot, and as many beside it as `REACH` says where the file has them.
        """
        ...

    def mask(self, frame: int = 0) -> NDArray[np.floating]:
        """`h w`, 0..1, 1 may change, at a frame of the shot; all ones where there is no mask."""
        ...

    def region(self, control: int, kind: str, frame: int = 0) -> NDArray[np.floating]:
        """`h w`, 0..1: the region of stroke (`kind` "stroke") or ambient ("ambient") number n, at
        a frame of the shot. A stroke carries the region as it is at the picture it starts from.
        """
        ...


class LoadedEngine(Protocol):
    """An engine with its weights in memory."""

    def run(
        self,
        plan: ShotPlan,
        sources: Sources,
        progress: Progress,
        show: Show = unseen,
        keep: Keep = UNKEPT,
    ) -> Iterator[tuple[int, RGB]]:
        """Yield every frame of `plan.generate` with its number in the shot, at `plan.work`.

        Frames come one at a time, so that a long shot does not fill the memory. Deterministic for
        a plan on one machine. `show` takes what can be seen before the first frame, if anything.
        Frames that `keep` has are left out, and what it kept of a run that was interrupted spares
        the work up to there: what comes is bit for bit what an undisturbed run gives.
        Raises EngineFailed, or whatever `progress` raised, with nothing left behind.
        """
        ...


@runtime_checkable
class Ran(Protocol):
    """An engine that can tell what really ran: a checkpoint's, of which there are many ways."""

    @property
    def ran(self) -> Mapping[str, Any]:
        """Of the last run, as plain values for the take's record; empty before the first."""
        ...
