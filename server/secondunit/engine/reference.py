"""R, the reference animation: what every frame around a shot shows before a large model is asked.

Pinned frames, context and kept pixels are the source's own. What is to be made is what the motion
engine makes of the same plan with the same seed: the draft that was approved is what the final
follows. Where it had to make things up, nothing is known, and the large model is free.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from secondunit.catalog.engines import MOTION
from secondunit.engine import flow
from secondunit.engine.engine import REACH, RGB, Arrays, Keep, LoadedEngine, Part, Progress, Sources
from secondunit.engine.raster import Field, blurred, scaled
from secondunit.engine.strokes import drawn_at
from secondunit.plan.shot_plan import ShotPlan
from secondunit.units import FrameRange, Operation

CONTEXT = 16
"""Frames of the footage beside a shot that are looked at, at most."""
GREY = 0.5
"""Where nothing at all is known."""
KNOWN = 0.3
"""Confidence of the flow to a pinned picture below which a place of the draft was made up."""
EVERY = 4
"""Frames that share one map of holes: finding it costs more than a frame of the draft."""
_TOP = np.float32(65535)
_Shown = Callable[[], RGB]


@dataclass(frozen=True, slots=True)
class _Apart:
    """A keeper for the draft, whose frames are not those of the shot; implements `Keep`."""

    part: Part
    frames: Collection[int]
    """Frames of the draft that nobody needs."""

    def load(self, name: str) -> Arrays | None:
        return self.part.load(name)

    def save(self, name: str, arrays: Arrays) -> None:
        self.part.save(name, arrays)


class Reference:
    """Frames of one shot by number, 0 the first shown; those beside it too, as far as they are
    known."""

    def __init__(
        self,
        plan: ShotPlan,
        sources: Sources,
        draft: LoadedEngine,
        progress: Progress,
        keep: Keep,
    ) -> None:
        """`draft` makes what is to be made, from the first time that such a frame is asked for.

        `keep` is the whole run's: the draft has a part of its own there.
        """
        self._plan, self._sources = plan, sources
        self._draft, self._progress, self._keep = draft, progress, keep
        self._made = {n for made in plan.generate for n in range(made.start, made.end)}
        self._needed = frozenset(self._made)
        self._pins = {pin.frame for pin in plan.pins} - self._made
        self._pulls = {pull.frame for pull in plan.pulls}
        self._beside = self._context()
        self._footage_only = plan.operation is Operation.REPLACE and not (
            plan.strokes or plan.motion
        )
        self._unknown = not plan.pins and plan.footage is None
        self._drafted: Iterator[tuple[int, RGB]] | None = None
        self._kept: _OnDisk | None = None
        self._holes: dict[int, Field] = {}
        self._ways: dict[int | str, tuple[int, tuple[Field, Field]]] = {}

    def only(self, frames: Collection[int]) -> None:
        """Of what is to be made, no other frames will be asked for; said before the first is."""
        reach = EVERY  # holes are looked for at a frame nearby
        self._needed = frozenset(
            n for n in self._made if any(n + k in frames for k in range(-reach, reach + 1))
        )

    def begin(self) -> None:
        """Forget what was found out about holes on the way: what comes does not depend on it.

        Frames from here on give the same bits whether or not others were asked for before.
        """
        self._holes.clear()
        self._ways.clear()

    @property
    def range(self) -> FrameRange:
        """Frames of which something is known, from the first context to the last."""
        frames = self._made | self._pins | self._beside.keys()
        return FrameRange(start=min(frames), frames=max(frames) - min(frames) + 1)

    def own(self, frame: int) -> bool:
        """Whether a frame is the source's own, all of it."""
        return frame not in self._made and (frame in self._pins or frame in self._beside)

    def picture(self, frame: int) -> RGB:
        """`h w 3` in the shot's own numbers; beyond what is known, the nearest that is."""
        if frame in self._pins:
            return self._sources.pin(frame)
        if frame in self._beside:
            return self._beside[frame]()
        if frame in self._pulls:
            return self._sources.pin(frame)
        if frame in self._made:
            return self._to_make(frame)
        whole = self.range
        near = min(max(frame, whole.start), whole.end - 1)
        while not (self.own(near) or near in self._made):
            near += 1 if near < frame else -1
        return self.picture(near)

    def holes(self, frame: int) -> Field:
        """`h w`, 0..1: 1 where the reference at a frame that is to be made knows nothing."""
        plan = self._plan
        shape = (plan.work.height, plan.work.width)
        if self._unknown or self._footage_only:
            return np.ones(shape, np.float32)
        if frame in self._pulls:
            return np.zeros(shape, np.float32)
        made = next(r for r in plan.generate if frame in r)
        middle = min(frame - (frame - made.start) % EVERY + EVERY // 2, made.end - 1)
        if middle not in self._holes:
            self._holes[middle] = self._unknown_at(middle)
        return scaled(self._holes[middle], (shape[1], shape[0]))

    def kept(self, frame: int) -> tuple[RGB, Field] | None:
        """What lies under the mask at a frame that is to be made, and the mask (`h w`, above 0 may
        change); None where the shot has no mask."""
        plan = self._plan
        if plan.mask is None:
            return None
        mask = np.asarray(self._sources.mask(frame), np.float32)
        if plan.footage is not None:
            return self._sources.footage(plan.footage.index(frame)), mask
        return self._sources.pin(drawn_at(plan)), mask

    def _context(self) -> dict[int, _Shown]:
        plan, sources = self._plan, self._sources
        found: dict[int, _Shown] = {}
        if not self._made:
            return found
        first, last = min(self._made), max(self._made)
        before = max((n for n in self._pins if n < first), default=None)
        after = min((n for n in self._pins if n > last), default=None)
        if before is not None and plan.past is not None:
            past = lru_cache(maxsize=1)(lambda: sources.past(CONTEXT))
            for back in range(1, min(CONTEXT, len(plan.past.indexes)) + 1):
                found[before - back] = lambda back=back: past()[-back]
        if after is not None and plan.future is not None:
            future = lru_cache(maxsize=1)(lambda: sources.future(CONTEXT))
            for on in range(1, min(CONTEXT, len(plan.future.indexes)) + 1):
                found[after + on] = lambda on=on: future()[on - 1]
        if plan.footage is not None:
            found |= self._around(plan)
        return {n: shown for n, shown in found.items() if n not in self._pins}

    def _around(self, plan: ShotPlan) -> dict[int, _Shown]:
        footage = plan.footage
        assert footage is not None
        listed = footage.range
        indexes = {n: footage.index(n) for n in range(listed.start, listed.end)}
        steps = {b - a for a, b in zip(footage.indexes, footage.indexes[1:], strict=False)}
        if steps <= {1} and not footage.shares:  # as fast as its file: it goes on beyond the shot
            there = footage.media.run(footage.indexes[0])
            for on in range(1, min(CONTEXT, REACH) + 1):
                for frame, index in (
                    (listed.start - on, footage.indexes[0] - on),
                    (listed.end - 1 + on, footage.indexes[-1] + on),
                ):
                    if index in there:
                        indexes[frame] = index
        return {
            n: lambda index=index: self._sources.footage(index)
            for n, index in indexes.items()
            if n not in self._made
        }

    def _to_make(self, frame: int) -> RGB:
        plan = self._plan
        if self._unknown:
            return np.full((plan.work.height, plan.work.width, 3), GREY, np.float32)
        if self._footage_only:
            assert plan.footage is not None
            return self._sources.footage(plan.footage.index(frame))
        if self._kept is None or self._drafted is None:
            self._kept = _OnDisk(len(self._needed), plan)
            self._drafted = self._begun()
        while frame not in self._kept:
            number, rgb = next(self._drafted)
            self._kept.add(number, rgb)
        return self._kept.picture(frame)

    def _begun(self) -> Iterator[tuple[int, RGB]]:
        plan = replace(
            self._plan, engine=MOTION.name, steps=MOTION.steps, tier="", guidance=1.0, references=()
        )
        apart = _Apart(Part(self._keep, "draft"), self._made - self._needed)

        def told(doing: str, step: int, steps: int) -> None:
            self._progress(f"draft: {doing}", step, steps)

        return iter(self._draft.run(plan, self._sources, told, keep=apart))

    def _unknown_at(self, frame: int) -> Field:
        """At the size at which pictures are compared."""
        here = flow.grey(self.picture(frame))
        known = np.zeros(here.shape, np.float32)
        for name, other in self._witnesses(frame):
            # From frame to frame the way to a pin grows little by little.
            last = self._ways.get(name)
            near = last is not None and abs(last[0] - frame) <= 2 * EVERY
            guesses = [last[1]] if last is not None and near else []
            close = isinstance(name, int) and abs(name - frame) <= EVERY
            forth, back = flow.between(here, flow.grey(other), guesses, far=not (guesses or close))
            self._ways[name] = frame, (forth.displacement, back.displacement)
            known = np.maximum(known, forth.confidence)
        hole = (known < KNOWN).astype(np.float32)
        # A place or two that the flow lost is no hole; a hole has no ragged rim.
        return np.clip(2 * blurred(hole, 3.0) - 0.5, 0, 1)

    def _witnesses(self, frame: int) -> Iterator[tuple[int | str, RGB]]:
        """Source pictures that may show what the draft shows at a frame, by a name for each."""
        plan = self._plan
        if plan.operation is Operation.TRANSITION:
            yield "outgoing", self._sources.stream("outgoing", frame)
            yield "incoming", self._sources.stream("incoming", frame)
            return
        if plan.footage is not None:
            yield "footage", self._sources.footage(plan.footage.index(frame))
        before = max((n for n in self._pins if n < frame), default=None)
        after = min((n for n in self._pins if n > frame), default=None)
        for pin in (before, after):
            if pin is not None:
                yield pin, self._sources.pin(pin)


class _OnDisk:
    """Pictures by number in a file of their own, so that a long shot does not fill the memory."""

    def __init__(self, count: int, plan: ShotPlan) -> None:
        shape = (max(count, 1), plan.work.height, plan.work.width, 3)
        with tempfile.TemporaryFile(prefix="secondunit-draft-") as file:  # the map keeps it
            self._codes: NDArray[np.uint16] = np.memmap(
                file, dtype=np.uint16, mode="w+", shape=shape
            )
        self._places: dict[int, int] = {}

    def __contains__(self, frame: int) -> bool:
        return frame in self._places

    def add(self, frame: int, rgb: RGB) -> None:
        place = self._places.setdefault(frame, len(self._places))
        self._codes[place] = np.rint(np.clip(rgb, 0, 1) * _TOP)

    def picture(self, frame: int) -> RGB:
        return self._codes[self._places[frame]].astype(np.float32) / _TOP
