"""The server's side of a worker: start it, order, hear, kill it."""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

from secondunit.jobs.devices import CPU, environment
from secondunit.jobs.pipe import Pipe

LOG_BYTES = 4 * 2**20
"""A longer log is put aside as worker.log.1, in place of the one that was put there before."""


def log_name(device: str) -> str:
    """The file, in the data folder, that what a device's worker prints goes to."""
    return "worker.log" if device == CPU else f"worker-{device.replace(':', '-')}.log"


class Child:
    """A worker process; everything it says arrives in `inbox` as {"from": this child, ...}."""

    def __init__(
        self, factory: str, data: Path, inbox: queue.SimpleQueue[dict[str, Any]], device: str = CPU
    ) -> None:
        """`factory` is "module:callable"; the process sees the one device only."""
        self.log = data / log_name(device)
        self.heard = time.monotonic()
        """When it said something last, whatever it was."""
        self._refs = itertools.count(1)
        self._turn_log()
        # -P: a file called `av.py` in the folder the user stands in is not ours to run.
        # A session of its own: Ctrl-C in the terminal reaches the server alone.
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "secondunit.jobs.worker", factory],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                start_new_session=True, env=os.environ | environment(device),
            )  # fmt: skip
        self._pipe = Pipe(cast(BinaryIO, self._process.stdout), cast(BinaryIO, self._process.stdin))
        self._inbox = inbox
        threading.Thread(target=self._listen, daemon=True, name="worker-messages").start()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """The process runs."""
        return self._process.poll() is None

    def order(self, order: Mapping[str, Any]) -> int:
        """Send an order; the answer carries the number returned as `ref`."""
        ref = next(self._refs)
        self._pipe.send({"ref": ref, **order})
        return ref

    def halt(self) -> None:
        """Ask it to stop what it does at its next step."""
        self._pipe.send({"do": "halt"})

    def end(self, seconds: float) -> None:
        """Ask it to exit, and kill it if it does not in time."""
        self.order({"do": "exit"})
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._pipe.hang_up()

    def kill(self) -> str:
        """End it at once; says how it ended."""
        self._process.kill()
        code = self._process.wait()
        self._pipe.hang_up()
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def _turn_log(self) -> None:
        # Copied and cut short, not renamed: workers hold it open, and so do the libraries in them,
        # whatever they print. Every one of them appends. A full disk keeps the log long, no more.
        with contextlib.suppress(OSError):
            if self.log.stat().st_size > LOG_BYTES:
                shutil.copyfile(self.log, self.log.with_name(f"{self.log.name}.1"))
                os.truncate(self.log, 0)

    def _listen(self) -> None:
        while (message := self._pipe.receive()) is not None:
            self.heard = time.monotonic()
            if message["is"] == "beat":
                self._turn_log()
            self._inbox.put({"from": self, **message})
        self._pipe.close_reader()
        self._inbox.put({"from": self, "is": "gone"})
