"""The worker: a process that holds the engine and does one stage at a time for the server.

Started as `python -m secondunit.jobs.worker MODULE:CALLABLE`; the callable takes the Config and
returns the `Stages`. It talks over its standard streams and dies with its server.
"""

from __future__ import annotations

import base64
import importlib
import json
import logging
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from secondunit import logs
from secondunit.config import Config
from secondunit.engine import parallel
from secondunit.engine.engine import RGB, Show
from secondunit.engine.memory import device_broken, out_of_memory
from secondunit.errors import Cancelled, EngineMemory, SecondUnitError
from secondunit.failpoints import failpoint
from secondunit.jobs.job import Checkpoint, Stage, stage_folder
from secondunit.jobs.pipe import Pipe
from secondunit.jobs.sandbox import confine
from secondunit.jobs.work import Stages, Work
from secondunit.plan.shot_plan import canonical, plan_of_json, record_of_json

BEAT_SECONDS = 1.0
"""How often the worker says that it is alive."""
SAID_SECONDS = 0.5
"""Least time between two words on how far a step is: the server writes no more down, and each that
it hears costs it a little."""

log = logging.getLogger(__name__)


class Worker:
    """One process, one engine, one stage at a time."""

    def __init__(self, pipe: Pipe, factory: str, confined: str) -> None:
        self._pipe = pipe
        self._factory, self._confined = factory, confined
        self._stages: Stages | None = None
        self._previewer: Show | None = None
        self._orders: list[dict[str, Any]] = []
        self._arrived = threading.Condition()
        self._halt = threading.Event()
        self._said = ("", 0.0)

    def serve(self) -> None:
        """Do what the server orders, until it says `exit`. Returns only then."""
        threading.Thread(target=self._listen, daemon=True, name="orders").start()
        threading.Thread(target=self._beat, daemon=True, name="heartbeat").start()
        while True:
            with self._arrived:
                self._arrived.wait_for(lambda: self._orders)
                order = self._orders.pop(0)
            if order["do"] == "exit":
                return
            answer = {"ref": order["ref"], **self._answer(order), "engines": self._engines()}
            failpoint("worker.answer.before")
            self._pipe.send(answer)
            failpoint("worker.answer.after")

    def _listen(self) -> None:
        while (order := self._pipe.receive()) is not None:
            if order["do"] == "halt":
                self._halt.set()
                continue
            if order["do"] == "run":
                self._halt.clear()  # here, not when the stage starts: a halt may come in between
            with self._arrived:
                self._orders.append(order)
                self._arrived.notify()
        os._exit(0)  # the server is gone: whatever runs here has no owner any more

    def _beat(self) -> None:
        while self._pipe.send({
            "is": "beat", "engines": self._engines(), "memory": peak_memory()
        }):  # fmt: skip
            time.sleep(BEAT_SECONDS)

    def _engines(self) -> list[str]:
        return list(self._stages.engines) if self._stages else []

    def _answer(self, order: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return {"is": "done", "payload": self._done(order)}
        except Exception as exc:
            if self._halt.is_set():  # whatever was made of our Cancelled on its way up
                return {"is": "halted"}
            what = f"Stage '{order['stage']}'" if order["do"] == "run" else "Loading"
            if isinstance(exc, SecondUnitError):
                log.warning("the stage failed", extra={"code": exc.code})
                error = exc
            elif out_of_memory(exc):
                log.exception("%s ran out of memory", what)
                error = EngineMemory(f"{what} ran out of memory.")
            else:
                log.exception("%s failed in a way nobody foresaw", what)
                error = SecondUnitError(
                    f"{what} failed in a way nobody foresaw: {type(exc).__name__}."
                )
            return {
                "is": "failed",
                # The process is not trusted with anything else: memory in pieces, a dead context.
                "spent": isinstance(error, EngineMemory) or device_broken(exc),
                "error": {
                    "code": error.code, "message": str(error), "retryable": error.retryable,
                    "remedy": error.remedy,
                },
            }  # fmt: skip

    def _done(self, order: Mapping[str, Any]) -> Any:
        match order["do"]:
            case "load":
                self._loaded(order["config"]).load(order["engine"], order["device"])
                return None
            case "unload":
                if self._stages is not None:
                    self._stages.unload(order["engine"])
                return None
            case _:
                return self._run(order)

    def _run(self, order: Mapping[str, Any]) -> Any:
        stage, data = Stage(order["stage"]), Path(order["data"])
        job = Path(order["job"])
        logs.bind(job=job.name, stage=str(stage))
        stages = self._loaded(order["config"])
        attempt = order["attempt"]
        folder = stage_folder(job, stage, attempt)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        # Every order says anew what holds in the process: the job before may have asked otherwise.
        parallel.at_most(1 if order["memory_plan"] else None)
        before = (stage_folder(job, stage, n) for n in range(attempt - 1, 0, -1))
        done = [record_of_json(Checkpoint, c, "checkpoint") for c in order["done"]]
        work = Work(
            plan=plan_of_json(order["plan"]), data=data, job=job, folder=folder,
            done={c.stage: c for c in done}, progress=self._progress, show=self._show,
            kept=self._kept, earlier=tuple(f for f in before if f.is_dir()), attempt=attempt,
            device=order["device"], memory_plan=order["memory_plan"],
        )  # fmt: skip
        self._progress(stage, 0, 0)
        # Through text, so that what is no JSON fails here and not while it is being sent.
        return json.loads(json.dumps(canonical(_do(stages, stage, work))))

    def _loaded(self, config: Any) -> Stages:
        stages = self._stages
        if stages is None:
            module, name = self._factory.split(":")
            make: Callable[[Config], Stages] = getattr(importlib.import_module(module), name)
            settings = record_of_json(Config, config, "config")
            logs.configure(settings.log)
            log.info("taken from this process: %s", self._confined)
            stages = self._stages = make(settings)
        return stages

    def _kept(self) -> None:
        failpoint("worker.kept.before")
        self._pipe.send({"is": "kept"})
        failpoint("worker.kept.after")

    def _show(self, frame: int, rgb: RGB, rough: bool = False) -> None:
        if self._previewer is None:
            # Here, not above: it needs OpenCV, which a worker loads with its engine only.
            from secondunit.engine.preview import Previewer

            self._previewer = Previewer(self._send_preview)
        self._previewer(frame, rgb, rough)

    def _send_preview(self, frame: int, jpeg: bytes, rough: bool) -> None:
        data = base64.b64encode(jpeg).decode()
        self._pipe.send({"is": "preview", "frame": frame, "rough": rough, "jpeg": data})

    def _progress(self, doing: str, step: int, steps: int) -> None:
        if self._halt.is_set():
            raise Cancelled("The job was stopped.")
        now = time.monotonic()
        if doing == self._said[0] and 0 < step < steps and now - self._said[1] < SAID_SECONDS:
            return
        self._said = (doing, now)
        self._pipe.send({"is": "progress", "doing": doing, "step": step, "steps": steps})


def peak_memory() -> int:
    """Bytes that this process had in memory at its peak; 0 where the system does not say."""
    try:
        import resource  # not on every system
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _do(stages: Stages, stage: Stage, work: Work) -> Any:
    match stage:
        case Stage.TIMELINE:
            return stages.timeline(work)
        case Stage.PLAN:
            return stages.plan(work)
        case Stage.ENGINE:
            return stages.engine(work)
        case Stage.FINISH:
            return stages.finish(work)
        case Stage.ENCODE:
            return stages.encode(work)
        case Stage.PLACE:
            return stages.place(work)


def main() -> None:
    """The process: standard streams become the pipe, everything printed goes to the log."""
    pipe = Pipe(os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server decides what Ctrl-C means
    logs.configure("text")  # until the settings come with the first order
    # Footage is decoded here: whatever breaks out of it shall reach nobody.
    Worker(pipe, sys.argv[1], str(confine(network=False))).serve()
    logging.shutdown()
    os._exit(0)  # engines leave threads behind that would keep the process for seconds


if __name__ == "__main__":
    main()
