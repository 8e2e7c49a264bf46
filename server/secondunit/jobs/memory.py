"""How much memory a shot needs, known before an engine is loaded, and the smaller ways to make it.

A memory plan is a number: 0 works on as many pictures side by side as there are cores for, 1 on one
at a time with few source pictures in memory. Every plan of the built-in engine gives the same bits;
those of a checkpoint are the rungs of its ladder, which a take's record names.
"""

from __future__ import annotations

from collections.abc import Mapping

from secondunit.catalog.engines import ENGINES, Engine
from secondunit.catalog.installed import known
from secondunit.config import Config
from secondunit.engine.diffusion.ladder import RUNGS, rung_of
from secondunit.engine.parallel import MOST, cores
from secondunit.errors import EngineMemory
from secondunit.jobs.devices import CPU, CUDA, kind_of, memory_bytes
from secondunit.plan.shot_plan import ShotPlan

SMALLEST = 1
"""The last plan of the built-in engine."""
PICTURE = 12
"""Bytes of a pixel of a picture that is worked on: three numbers of four bytes."""
STANDING = 22
"""Pictures that are there however few are made at a time: sources, plates, maps of motion. A bridge
of 1280x720 was measured at 17 with its sources."""
SIDE_BY_SIDE = 12
"""Pictures in the making of one frame; measured: 11."""


def smallest(engine: str, config: Config) -> int:
    """The last memory plan there is for an engine."""
    row = known(config).get(engine)
    return SMALLEST if row is None or row.folder is None else len(RUNGS) - 1


def needed(plan: ShotPlan, memory_plan: int = 0, engines: Mapping[str, Engine] = ENGINES) -> int:
    """Bytes that a shot needs at its peak, from the engine's row and the size it works at."""
    row = engines.get(plan.engine)
    network = _network(row, memory_plan, alone=True)
    at_once = 1 if memory_plan else min(MOST, max(1, cores()))
    picture = plan.work.width * plan.work.height * PICTURE
    return network + picture * (STANDING + SIDE_BY_SIDE * at_once)


def fitting(plan: ShotPlan, config: Config, device: str, memory_plan: int = 0) -> int:
    """The largest memory plan, from the one given on, that the device has memory for.

    Raises EngineMemory, with the figures, where even the smallest is too large.
    """
    short = ""
    for level in range(memory_plan, smallest(plan.engine, config) + 1):
        short = _lacking(plan, config, device, level)
        if not short:
            return level
    raise EngineMemory(
        f"The engine '{plan.engine}' needs {short}, even for one picture of "
        f"{plan.work.width}x{plan.work.height} at a time."
    )


def _lacking(plan: ShotPlan, config: Config, device: str, level: int) -> str:
    """What there is too little of; empty if there is enough. Memory nobody knows of is enough."""
    engines = known(config)
    whole = needed(plan, level, engines)
    parts = {device: whole}
    if kind_of(device) == CUDA:  # the network is on the card, the pictures are with the processor
        row = engines.get(plan.engine)
        pictures = whole - _network(row, level, alone=True)
        parts = {device: _network(row, level, alone=False), CPU: pictures}
        if row is not None and row.folder is not None and rung_of(level).offload:
            parts[CPU] += row.memory_mib * 2**20
    for where, wanted in parts.items():
        there = memory_bytes(config, where)
        if there and wanted > there:
            return f"{_mib(wanted)} MiB on {where}, which has {there // 2**20} MiB"
    return ""


def _network(row: Engine | None, level: int, *, alone: bool) -> int:
    """Bytes that a network needs on its device; `alone`: that is the processor."""
    if row is None:  # one that was removed is missed when it is loaded
        return 0
    rung = rung_of(level)
    share = 1.0 if row.folder is None else rung.alone if alone else rung.memory
    return round(row.memory_mib * 2**20 * share)


def _mib(size: int) -> int:
    return -(-size // 2**20)
