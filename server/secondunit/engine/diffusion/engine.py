"""CheckpointEngine: an engine whose weights are a checkpoint on disk, from a plan to its frames."""

from __future__ import annotations

import gc
import importlib
import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from secondunit.catalog.engines import Engine
from secondunit.engine.diffusion import fast, ladder
from secondunit.engine.diffusion.drift import Drift
from secondunit.engine.diffusion.family import Family
from secondunit.engine.diffusion.passes import Given
from secondunit.engine.diffusion.record import Record
from secondunit.engine.diffusion.run import Runner
from secondunit.engine.diffusion.windows import Window, rule_of, windows
from secondunit.engine.diffusion.words import unread
from secondunit.engine.engine import (
    RGB,
    UNKEPT,
    Keep,
    LoadedEngine,
    Part,
    Progress,
    Show,
    Sources,
    unseen,
)
from secondunit.engine.memory import out_of_memory
from secondunit.engine.reference import Reference
from secondunit.errors import EngineFailed, EngineMemory, EngineMissing, SecondUnitError
from secondunit.plan.shot_plan import ShotPlan

FAMILIES = "secondunit.engine.diffusion.families"
_TOP = np.float32(65535)


def load(
    row: Engine, *, threads: int | None = None, device: str = "cpu", memory_plan: int = 0
) -> LoadedEngine:
    """Return an engine with its weights in memory.

    Args:
        row: of the catalogue, with the folder of the checkpoint.
        threads: of torch; None leaves torch as it is.
        device: `cpu` or `cuda`.
        memory_plan: rung of `ladder.RUNGS`, from the fastest down.

    Raises EngineMissing where the folder or a package is not there, EngineFailed where the weights
    cannot be read.
    """
    from secondunit.engine.motion.engine import load as load_motion

    for package in row.packages:
        if importlib.util.find_spec(package) is None:
            raise EngineMissing(f"The engine '{row.name}' needs the package '{package}'.")
    if row.folder is None or not (row.folder / "model_index.json").is_file():
        raise EngineMissing(f"The checkpoint of the engine '{row.name}' is not in {row.folder}.")
    if threads is not None:
        torch.set_num_threads(threads)
    draft = load_motion(threads=threads, device=device, later=True)
    engine = CheckpointEngine(
        row, family_of(row), draft, device=device, rung=ladder.rung_of(memory_plan)
    )
    engine.open(row.tiers[-1].loras if row.tiers else ())
    return engine


def family_of(row: Engine) -> Family:
    """Who tells a row's weights what to make. Raises EngineMissing for a family nobody knows."""
    name = f"{FAMILIES}.{row.family}"
    # The name comes from the catalogue, yet a stray dot in it shall reach no other module.
    if not row.family.isidentifier() or importlib.util.find_spec(name) is None:
        raise EngineMissing(f"The engine '{row.name}' is of the unknown family '{row.family}'.")
    return importlib.import_module(name).FAMILY


class CheckpointEngine:
    """Implements `engine.LoadedEngine`: one pipeline, one shot at a time."""

    def __init__(
        self,
        row: Engine,
        family: Family,
        draft: LoadedEngine,
        *,
        device: str = "cpu",
        rung: ladder.Rung = ladder.RUNGS[0],
    ) -> None:
        """`draft` is the motion engine, which makes the reference animation of every shot."""
        self._row, self._family, self._draft = row, family, draft
        self._device, self._rung = device, rung
        self._loras: tuple[Path, ...] | None = None
        self._pipe: Any = None
        self._runner: Runner | None = None
        self._record: Record | None = None
        self._fast: dict[str, Any] = {}

    @property
    def ran(self) -> Mapping[str, Any]:
        """What really ran in the last run, as plain values; empty before the first."""
        return {} if self._record is None else self._record.said()

    def open(self, loras: tuple[Path, ...]) -> None:
        """Have the pipeline in memory with these weights laid over it. Raises EngineFailed."""
        row = self._row
        assert row.folder is not None
        self._pipe = self._runner = None
        gc.collect()
        dtype = torch.bfloat16 if self._device == "cuda" else torch.float32
        try:
            self._pipe = self._family.open(row.folder, dtype=dtype, device="cpu", loras=loras)
            ladder.settled(self._pipe, self._rung, self._device)
            self._fast = fast.settled(self._pipe, self._device, self._rung)
        except SecondUnitError:
            raise
        except Exception as exc:
            raise _translated(exc, f"The checkpoint of the engine '{row.name}' in {row.folder} "
                              "cannot be loaded") from exc  # fmt: skip
        self._runner = Runner(
            self._pipe, self._family, multiple=row.size_multiple,
            fewest=max(1, row.frame_offset), narrow=self._rung.eighth,
        )  # fmt: skip
        self._loras = loras

    def run(
        self,
        plan: ShotPlan,
        sources: Sources,
        progress: Progress,
        show: Show = unseen,
        keep: Keep = UNKEPT,
    ) -> Iterator[tuple[int, RGB]]:
        """Yield (frame of the shot, `h w 3` at `plan.work`) for every frame of `plan.generate`.

        Windows in turn, frames of one together. The same plan gives the same bits on one machine,
        interrupted or not. Raises EngineFailed, EngineMemory, or whatever `progress` raised.
        """
        tier = next((t for t in self._row.tiers if t.name == plan.tier), None)
        loras = () if tier is None else tier.loras
        if self._runner is None or loras != self._loras:
            progress("load the weights", 0, 1)
            self.open(loras)
        self._record = Record(
            family=self._row.family, pipeline=type(self._pipe).__name__, device=self._device,
            precision=str(ladder.networks(self._pipe)[0].dtype).removeprefix("torch."),
            rung=self._rung.name, tier=plan.tier, fast=dict(self._fast),
            words_unread=unread(self._pipe, plan.prompt, self._row.words),
        )  # fmt: skip
        assert self._runner is not None
        self._runner.reuse = self._device == "cuda" and plan.tier == "fast"
        try:
            yield from self._frames(plan, sources, progress, show, keep)
        except SecondUnitError:
            raise
        except (RuntimeError, MemoryError, ValueError, TypeError, KeyError, IndexError) as exc:
            what = f"The engine '{self._row.name}' failed on shot {plan.shot}"
            raise _translated(exc, what) from exc

    def _frames(
        self, plan: ShotPlan, sources: Sources, progress: Progress, show: Show, keep: Keep
    ) -> Iterator[tuple[int, RGB]]:
        record = self._record
        assert record is not None
        made = [n for one in plan.generate for n in range(one.start, one.end)]
        there = set(made).intersection(keep.frames)
        reference = Reference(plan, sources, self._draft, progress, keep)
        given = Given(plan=plan, sources=sources, reference=reference, row=self._row)
        todo = windows(made, reference.own, rule_of(self._row, self._rung.window))
        left: dict[int, RGB] = {}
        waiting: list[Window] = []
        for window in todo:
            kept = _kept_pictures(window, keep)
            if there.issuperset(window.made) and kept is not None:
                left |= kept
                record.resumed += 1
            else:
                waiting.append(window)
        reference.only({n for window in waiting for n in window.frames})
        for number, window in enumerate(waiting):
            pictures = self._made(
                given, window, left, _of_all(progress, number, len(waiting)), show, keep
            )
            left |= {n: _coded(pictures[n]) for n in window.left}
            for frame in window.made:
                if frame not in there:
                    yield frame, pictures[frame]
            needed = {n for later in waiting[number + 1 :] for n in later.given}
            left = {n: picture for n, picture in left.items() if n in needed}

    def _made(
        self,
        given: Given,
        window: Window,
        left: Mapping[int, RGB],
        progress: Progress,
        show: Show,
        keep: Keep,
    ) -> dict[int, RGB]:
        """The pictures that a window gives, by frame; those that others need are kept."""
        record, runner = self._record, self._runner
        assert record is not None and runner is not None
        if show is not unseen and window.made:
            middle = window.made[len(window.made) // 2]
            show(middle, given.reference.picture(middle), rough=True)
        progress("tell the model", 0, 1)
        wanted = given.told(window, left)
        record.steps_asked += wanted.steps
        decoded = runner.run(
            wanted, shown=window.frames, visible=given.plan.work, progress=progress, show=show,
            keep=Part(keep, window.name), record=record,
        )  # fmt: skip
        drift = given.drift(window, wanted, decoded)
        record.windows.append(_said(window, wanted.seed, drift))
        pictures = dict(given.pictures(window, decoded, drift))
        if window.left:
            codes = np.stack([_codes(pictures[n]) for n in window.left])
            keep.save(f"{window.name}-left", {"pictures": codes})
        return pictures


def _codes(rgb: RGB) -> NDArray[np.uint16]:
    return np.rint(np.clip(rgb, 0, 1) * _TOP).astype(np.uint16)


def _coded(rgb: RGB) -> RGB:
    # As it is kept, it is told on: an interrupted run must tell no other.
    return _codes(rgb).astype(np.float32) / _TOP


def _kept_pictures(window: Window, keep: Keep) -> dict[int, RGB] | None:
    """What an earlier run left of a window for others; None where it has to be made again."""
    if not window.left:
        return {}
    kept = keep.load(f"{window.name}-left")
    if kept is None:
        return None
    codes: NDArray[np.uint16] = kept["pictures"]
    return {n: code.astype(np.float32) / _TOP for n, code in zip(window.left, codes, strict=True)}


def _of_all(progress: Progress, number: int, count: int) -> Progress:
    """Progress of one window as that of all."""

    def told(doing: str, step: int, steps: int) -> None:
        if count > 1:
            progress(doing, number * steps + step, count * steps)
        else:
            progress(doing, step, steps)

    return told


def _said(window: Window, seed: int, drift: Drift) -> dict[str, Any]:
    said: dict[str, Any] = {
        "from": window.frames[0], "frames": len(window.frames), "stride": window.stride,
        "seed": seed,
    }  # fmt: skip
    if not np.isnan(drift.before):
        said["kept_off_by"] = [round(drift.before, 5), round(drift.after, 5)]
    return said


def _translated(exc: Exception, what: str) -> SecondUnitError:
    if out_of_memory(exc):
        return EngineMemory(f"{what}: there is not enough memory.")
    return EngineFailed(f"{what}: {exc}")
