"""A server process of its own for the bench, and what the system says of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

PAGE, TICK = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
SETTINGS = """
data = "{data}"
roots = ["{root}"]
threads = 1
[limits]
streams = 4096
calls = 4096
open_jobs = 20000
[schedule]
off_peak = ["{never}"]
"""
"""One caller of the bench is as many as it likes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A server that answers."""

    address: str
    pid: int
    seconds: float
    """From its start to its first answer."""

    def processor(self) -> float:
        """Seconds of processor that the server itself has used, its children not counted."""
        words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / TICK

    def resident(self) -> float:
        """MiB."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE / 2**20

    def libraries(self) -> str:
        """What is mapped into it, by name."""
        return Path(f"/proc/{self.pid}/maps").read_text()


@contextmanager
def serving(folder: Path, root: Path, *, arguments: Sequence[str] = ()) -> Iterator[House]:
    """`secondunit serve` in a process of its own."""
    settings = folder / "secondunit.toml"
    hour = (datetime.now(UTC).hour + 12) % 24  # for jobs that must not begin
    never = f"{hour:02d}:00-{(hour + 1) % 24:02d}:00"
    settings.write_text(SETTINGS.format(data=folder / "data", root=root, never=never))
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{tried.getsockname()[1]}"
    began = time.monotonic()
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "secondunit", "serve", "--config", str(settings),
                "--listen", address, *arguments,
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        while not _answers(address):
            if process.poll() is not None or time.monotonic() - began > 60:
                raise SystemExit((folder / "server.log").read_text())
            time.sleep(0.005)
        yield House(address=address, pid=process.pid, seconds=time.monotonic() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with suppress(OSError), socket.create_connection((host, int(port)), 1):
        return True
    return False
