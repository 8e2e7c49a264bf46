"""The process that reads what callers send: timelines and footage, confined, one after the other.

Started as `python -m secondunit.jobs.reading MEMORY_MIB SECONDS`; talks over its standard streams,
ends when nobody listens, and answers every order with records as JSON or with the error.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from secondunit import logs
from secondunit.errors import Refused, SecondUnitError
from secondunit.failpoints import failpoint
from secondunit.jobs.pipe import Pipe
from secondunit.jobs.sandbox import allow_cpu, confine

FILES = 256
"""Open at once: footage is read one file after the other."""
SELDOM = (20_000, 20, 20)
"""New objects, and rounds, after which Python looks for garbage: plans have none in circles."""
THREADS = 16
"""That FFmpeg decodes with at most: the time of each counts."""

log = logging.getLogger(__name__)


class Reading:
    """Answers orders until the pipe ends."""

    def __init__(self, pipe: Pipe, memory_mib: int, seconds: float) -> None:
        # Here, not above: what is imported is confined too, and the server names no footage.
        from secondunit.timeline.signs import listen

        self._pipe = pipe
        self._most = memory_mib * 2**20
        self._seconds = seconds
        listen(self._sign)

    def serve(self) -> None:
        """Until the server is gone, or what was read has left too little memory for more."""
        while (order := self._pipe.receive()) is not None:
            self._live_on()
            self._pipe.send({"is": "begun"})
            failpoint("reader.order.before")
            answer = self._answer(order)
            spent = answer.pop("spent", False) or _resident() > self._most // 2
            if not self._pipe.send({**answer, "spent": spent}) or spent:
                return

    def _sign(self, path: Path) -> None:
        self._live_on()
        self._pipe.send({"is": "reads", "path": str(path)})
        failpoint("reader.file.before")

    def _live_on(self) -> None:
        # Who decodes for ever after the server died is ended by this and by nothing else.
        allow_cpu(self._seconds * THREADS)

    def _answer(self, order: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return {"is": "done", "value": _do(order)}
        except SecondUnitError as exc:
            faults = exc.faults if isinstance(exc, Refused) else ()
            return {
                "is": "refused", "code": exc.code, "text": str(exc),
                "faults": [[fault.what, fault.path] for fault in faults],
            }  # fmt: skip
        except MemoryError:
            return {"is": "large", "spent": True}
        except Exception:
            log.exception("reading failed")
            return {"is": "broken"}


def _do(order: Mapping[str, Any]) -> Any:
    from secondunit.config import Config
    from secondunit.plan.build import plan_shots
    from secondunit.plan.planned import Options
    from secondunit.plan.shot_plan import canonical, record_of_json
    from secondunit.timeline.read import read
    from secondunit.timeline.select import find_shots
    from secondunit.units import Rate

    path = Path(order["timeline"])
    meant: dict[str, Any] = {}
    if order["do"] in ("check", "inspect"):
        rate = order["rate"]
        meant["rate"] = None if rate is None else Rate(num=rate[0], den=rate[1])
        meant["sequence"] = order["sequence"]
    if order["do"] == "check":
        read(path, **meant)
        return None
    config = record_of_json(Config, order["config"], "config")
    if order["do"] == "view":
        from secondunit.jobs.view import view

        return view(path, order["frame"], order["longest"], config)
    if order["do"] == "inspect":
        drops = order["drop_frame"]
        return canonical(find_shots(path, config=config, drop_frame=drops, **meant))
    options = record_of_json(Options, order["options"], "options")
    return canonical(plan_shots(path, options, config))


def _resident() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):  # no Linux: the process lives as long as it lives
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """The process: standard streams become the pipe, everything printed goes to the log."""
    memory_mib, seconds = int(sys.argv[1]), float(sys.argv[2])
    pipe = Pipe(os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server decides what Ctrl-C means
    logs.configure("text")  # its server takes the lines into its own log
    achieved = confine(
        memory_mib=memory_mib, files=FILES, network=False, writing=False, programs=False
    )
    gc.set_threshold(*SELDOM)
    began = time.monotonic()
    import secondunit.plan.build  # noqa: F401  (most of the time that a first order would take)

    reading = Reading(pipe, memory_mib, seconds)
    pipe.send(
        {"is": "ready", "confined": str(achieved), "seconds": round(time.monotonic() - began, 3)}
    )
    reading.serve()
    logging.shutdown()
    os._exit(0)  # decoders leave threads behind


if __name__ == "__main__":
    main()
