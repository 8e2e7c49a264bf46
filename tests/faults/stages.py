"""What the workers do here: counting as they are told, or the real rooms around a quick engine."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from secondunit.config import Config
from secondunit.engine.engine import RGB, UNKEPT, Keep, Progress, Show, Sources, unseen
from secondunit.errors import EngineFailed
from secondunit.jobs.stages import Rooms
from secondunit.jobs.work import Work
from secondunit.plan.shot_plan import ShotPlan

from tests.fakes.engine import CountingStages


def wish_file(data: Path, seed: int) -> Path:
    """Where a test says how the work of the shot with this seed goes.

    Not in the shot itself: the engine that plans are made for takes no words.
    """
    return data.with_name("wishes") / f"{seed}.json"


def made_file(data: Path, seed: int) -> Path:
    """The numbers of the frames that `Noise` made of a shot, over every attempt."""
    return wish_file(data, seed).with_suffix(".made")


def _wishes(data: Path, seed: int) -> str:
    file = wish_file(data, seed)
    return file.read_text() if file.exists() else "{}"


class Wished(CountingStages):
    """Counting stages over the wire; {"pictures": N} encodes for as many steps."""

    def engine(self, work: Work) -> Mapping[str, Any]:
        """As the file says."""
        wished = _wishes(work.data, work.plan.seed)
        return super().engine(replace(work, plan=replace(work.plan, prompt=wished)))

    def encode(self, work: Work) -> Mapping[str, Any]:
        """Steps with pauses, as an encoder of a long shot has them."""
        pictures = json.loads(_wishes(work.data, work.plan.seed)).get("pictures", 0)
        for step in range(pictures):
            work.progress("encode", step, pictures)
            time.sleep(0.02)
        return super().encode(work)


class Noise:
    """Frames of noise that the seed decides; implements `LoadedEngine`.

    Every frame that it makes is a line of a file beside the wishes: {"pause": seconds before each
    frame, "fail": why, "hang": true: stop as by SIGSTOP, the first time}.
    """

    def __init__(self, data: Path) -> None:
        self._data = data

    def run(
        self,
        plan: ShotPlan,
        sources: Sources,
        progress: Progress,
        show: Show = unseen,
        keep: Keep = UNKEPT,
    ) -> Iterator[tuple[int, RGB]]:
        """Every frame that is not there yet, one after the other."""
        wish = json.loads(_wishes(self._data, plan.seed))
        if "fail" in wish:
            raise EngineFailed(wish["fail"])
        if wish.get("hang") and self._first(plan.seed):
            os.kill(os.getpid(), signal.SIGSTOP)
        for wanted in plan.generate:
            for frame in range(wanted.start, wanted.end):
                if frame in keep.frames:
                    continue
                time.sleep(wish.get("pause", 0.0))
                progress("denoise", frame - wanted.start, wanted.frames)
                draw = np.random.default_rng([plan.seed % 2**32, frame + 1000])
                with made_file(self._data, plan.seed).open("a") as made:
                    made.write(f"{frame}\n")
                keep.save("state", {"frame": np.asarray(frame)})
                yield frame, draw.random((plan.work.height, plan.work.width, 3), np.float32)

    def _first(self, seed: int) -> bool:
        hung = wish_file(self._data, seed).with_suffix(".hung")
        if hung.exists():
            return False
        hung.touch()
        return True


def noise(name: str, config: Config, *, device: str, later: bool, memory_plan: int = 0) -> Noise:
    """Every engine is this one; implements `Loader`."""
    return Noise(config.data)


def quick(config: Config) -> Rooms:
    """What a worker is started with, for everything on disk to be as in earnest."""
    return Rooms(config, noise)
