"""A real server process on one address, which can be killed, stopped and started again."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from secondunit import failpoints

from tests.conftest import REPOSITORY

COUNTING = "tests.faults.stages:Wished"
QUICK = "tests.faults.stages:quick"
REAL = "secondunit.jobs.stages:stages"
PATIENCE = 60.0
"""Seconds in which anything must have happened, on a busy machine too."""


def until(condition: Callable[[], object], seconds: float = PATIENCE, what: str = "it") -> None:
    """Wait for something to become true; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.01)


def free_port() -> int:
    """A port below those that the system gives to callers, so that nobody takes it meanwhile."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port


class Service:
    """The server's process and its folder; the address stays the same over every life."""

    def __init__(
        self, folder: Path, *, stages: str = COUNTING, roots: Sequence[Path] = (),
        settings: str = "",
    ) -> None:  # fmt: skip
        """`settings`: further lines of the operator's file, sections last."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.data, self.seen = folder, folder / "data", folder / "seen"
        self.address = f"127.0.0.1:{free_port()}"
        self.lives = 0
        self._stages = stages
        self._process: subprocess.Popen[bytes] | None = None
        self._strays: set[int] = set()
        self._file = folder / "secondunit.toml"
        self.seen.mkdir(exist_ok=True)
        listed = ", ".join(json.dumps(str(root)) for root in roots)
        self._file.write_text(f'data = "{self.data}"\nroots = [{listed}]\n{settings}\n')

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.kill()
        for pid in self._strays:  # stopped workers do not hear that their server is gone
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def start(self, mishaps: str = "", *, wait: bool = True) -> None:
        """Start, and return once it answers; or at once, or when it died of its mishaps."""
        assert not self.alive, "the server runs"
        path = [REPOSITORY / "server", REPOSITORY / "plugins" / "client", REPOSITORY]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([*map(str, path), os.environ.get("PYTHONPATH", "")]),
            "OMP_NUM_THREADS": "1",
            failpoints.VARIABLE: mishaps,
            failpoints.SEEN: str(self.seen),
        }
        self.lives += 1
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable, "-m", "tests.faults.server", self._stages,
                    "--config", str(self._file), "--listen", self.address,
                ],
                stdout=log, stderr=log, cwd=self.folder, env=environment,
            )  # fmt: skip
        if wait:
            assert self.wait_ready() or mishaps, self.log()

    def wait_ready(self) -> bool:
        """It answers; False if it has died."""
        host, _, port = self.address.rpartition(":")
        end = time.monotonic() + PATIENCE
        while self.alive:
            with suppress(OSError), socket.create_connection((host, int(port)), 1):
                return True
            assert time.monotonic() < end, self.log()
            time.sleep(0.02)
        return False

    @property
    def alive(self) -> bool:
        """The process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def struck(self) -> bool:
        """It was killed, and did not end by itself."""
        return self._process is not None and self._process.poll() == -signal.SIGKILL

    @property
    def pid(self) -> int:
        """Of the server."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End it as a power cut would, if it runs; its workers hear that it is gone."""
        if self._process is not None:
            with suppress(OSError):
                self._strays |= set(self.workers())
            self._process.kill()
            self._process.wait()

    def stop(self) -> int:
        """End it as the operator does; returns its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(PATIENCE)

    def ended(self) -> int:
        """The exit code of a server that dies by itself."""
        assert self._process is not None
        return self._process.wait(PATIENCE)

    def workers(self) -> list[int]:
        """The processes that hold an engine, as they are now."""
        return [pid for pid in _children(self.pid) if b"secondunit.jobs.worker" in _line(pid)]

    def worker(self) -> int:
        """The one there is, once it is there."""
        until(self.workers, what="the start of a worker")
        return self.workers()[0]

    def kill_worker(self) -> bool:
        """End a worker, if there is one."""
        found = self.workers()
        for pid in found[:1]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(found)

    def log(self) -> str:
        """What it has said, for the words of a failed test."""
        return (self.folder / "server.log").read_text()[-4000:]

    @contextmanager
    def kept_up(self, mishaps: str = "") -> Iterator[None]:
        """While the block runs, start it again whenever it has died."""
        over = threading.Event()

        def keep() -> None:
            while not over.is_set():
                if not self.alive and not over.is_set():
                    self.start(mishaps, wait=False)
                    # A storm may strike before it answers; by itself it may not end.
                    assert self.wait_ready() or mishaps or self.struck, self.log()
                over.wait(0.02)

        keeper = threading.Thread(target=keep, name="keeper")
        keeper.start()
        try:
            yield
        finally:
            over.set()
            keeper.join()


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def _line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
