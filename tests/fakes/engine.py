"""Stages without pictures: a worker's work that counts itself and does what the prompt says.

The prompt of the plan is JSON: {"steps": 4, "pause": 0.02, "die": [attempts], "deaf": true,
"fail": "sentence", "hang": [attempts], "boast": true, "show": true, "keep": true, "large": n,
"slow": stage};
all keys may be left out. Only the first attempt pauses, so that tests see it at work and need not
wait for the second, unless it keeps its steps: then each attempt does one more and dies, and the
last does what is left. `large`: memory plans below n do not fit. `slow`: that stage takes seconds
at the first attempt, and leaves a file.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from secondunit.config import Config
from secondunit.errors import EngineFailed
from secondunit.jobs.job import Result, Stage
from secondunit.jobs.work import Work


class CountingStages:
    """Every stage leaves one file and one line in `calls.log`: stage, seed, pid."""

    def __init__(self, config: Config) -> None:
        self._calls = config.data / "calls.log"
        self._engines: set[str] = set()

    @property
    def engines(self) -> tuple[str, ...]:
        """What was loaded."""
        return tuple(self._engines)

    def load(self, engine: str, device: str) -> None:
        """Nothing to load."""
        self._engines.add(engine)

    def unload(self, engine: str) -> None:
        """Nothing to free."""
        self._engines.discard(engine)

    def timeline(self, work: Work) -> Mapping[str, Any]:
        """Nothing to check."""
        return self._leave(Stage.TIMELINE, work)

    def plan(self, work: Work) -> Mapping[str, Any]:
        """Nothing to write."""
        return self._leave(Stage.PLAN, work)

    def engine(self, work: Work) -> Mapping[str, Any]:
        """Steps with pauses, and whatever the prompt wants to go wrong."""
        wish = json.loads(work.plan.prompt or "{}")
        attempt = int(work.folder.name.rpartition("-")[2])
        self.load(work.plan.engine, work.device)
        left = self._leave(Stage.ENGINE, work)
        if work.memory_plan < wish.get("large", 0):
            raise MemoryError("too large")
        steps = wish.get("steps", 2)
        for step in range(self._kept(work) if wish.get("keep") else 0, steps):
            if not wish.get("deaf"):
                work.progress("denoise", step, steps)
            if wish.get("show"):
                work.show(step, np.zeros((36, 64, 3), np.float32), step == 0)
            time.sleep(wish.get("pause", 0.0) if attempt == 1 else 0.0)
            if wish.get("keep"):
                (work.folder / f"step{step}").touch()
                work.kept()
            if wish.get("keep") and attempt in wish.get("die", ()):
                time.sleep(0.2)  # until what was said has been heard
                os.kill(os.getpid(), signal.SIGKILL)
            if step == steps // 2 and attempt in wish.get("die", ()):
                os.kill(os.getpid(), signal.SIGKILL)
            if step == steps // 2 and attempt in wish.get("hang", ()):
                os.kill(os.getpid(), signal.SIGSTOP)
        if "fail" in wish:
            raise EngineFailed(wish["fail"])
        if wish.get("boast"):
            raise RuntimeError("secret of the house")
        return left

    def finish(self, work: Work) -> Mapping[str, Any]:
        """Needs what the engine left."""
        assert (work.left_by(Stage.ENGINE) / "file").is_file()
        return self._leave(Stage.FINISH, work)

    def encode(self, work: Work) -> Mapping[str, Any]:
        """Needs what finish left."""
        assert (work.left_by(Stage.FINISH) / "file").is_file()
        return self._leave(Stage.ENCODE, work)

    def place(self, work: Work) -> Result:
        """A take of three files."""
        self._leave(Stage.PLACE, work)
        folder = work.data / "takes" / work.plan.digest
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("clip.mov", "clip.json", "clip.png"):
            (folder / name).write_text(work.plan.digest)
        plan = work.plan
        return Result(
            digest=plan.digest, folder=folder, file=folder / "clip.mov",
            sidecar=folder / "clip.json", thumbnails=(folder / "clip.png",),
            frames=plan.file_range.frames, rate=plan.rate, start_timecode="01:00:00:00",
            handles=plan.handles, size=plan.size, report={"K0": {"pass": True}}, timings={},
        )  # fmt: skip

    def _kept(self, work: Work) -> int:
        """Steps that earlier attempts did, taken over."""
        steps = {path.name for folder in work.earlier for path in folder.glob("step*")}
        for name in steps:
            (work.folder / name).touch()
        return len(steps)

    def _leave(self, stage: Stage, work: Work) -> Mapping[str, Any]:
        with self._calls.open("a") as calls:
            calls.write(f"{stage} {work.plan.seed} {os.getpid()}\n")
        (work.folder / "file").write_text(str(stage))
        wish = json.loads(work.plan.prompt or "{}")
        if wish.get("slow") == stage and work.attempt == 1:
            for step in range(500):
                work.progress("dawdle", step, 500)
                time.sleep(0.01)
        return {"file": "file"}


def calls(data: Path) -> list[tuple[str, int, int]]:
    """(stage, seed, pid) in order."""
    path = data / "calls.log"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(s, int(seed), int(pid)) for s, seed, pid in (line.split() for line in lines)]
