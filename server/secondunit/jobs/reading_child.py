"""One process that reads: started when needed, ended when it takes too long, never trusted."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from secondunit import errors
from secondunit.errors import Draining, Fault, MediaUnreadable, Refused, SecondUnitError
from secondunit.jobs.pipe import Pipe

LONGEST_ANSWER = 256 * 2**20
"""Bytes: more than the plans of any edit; another length is no answer."""
TRIES = 2
"""Processes that an order is given to, where the first one ended through no fault of the order."""
_FROM_OUTSIDE = tuple(f"signal {number}" for number in (1, 9, 15))
"""SIGHUP, SIGKILL, SIGTERM: an operator, or a system that ran short of memory. Who breaks down, or
breaks a limit of its own, ends otherwise: by an answer, SIGABRT, SIGSEGV or SIGXCPU."""
_LONGEST_LINE = 2000
_SECRET = ("SECONDUNIT_TOKEN",)
SINGLE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Its matrices are small: threads that wait for each other cost it twice the processor."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Heard:
    """What a process said before its answer."""

    begun: bool = False
    """It has the order: if it breaks down now, then over that."""
    file: Path | None = None
    """Of the footage it read last."""


class ReadingChild:
    """A process and the order that it has; used by one thread at a time, but for `close`."""

    def __init__(self, *, seconds: float, memory_mib: int) -> None:
        """`seconds`: from one sign of life to the next; then the process is ended."""
        self._seconds, self._memory_mib = seconds, memory_mib
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Pipe | None = None
        self._use = threading.Lock()
        self._closed = False
        self._alive_at = 0.0
        self._overdue = False
        self.confined = ""
        """What the process gave up, as it said when it was started last."""

    def start(self) -> None:
        """Start the process if it does not run, and wait until it can be asked."""
        with self._use:
            self._started()

    def close(self) -> None:
        """End the process, whatever it does, for good."""
        self._closed = True
        if (process := self._process) is not None:
            process.kill()
        with self._use:  # whoever waits for it hears that it is gone
            self._end()

    def ask(self, order: Mapping[str, Any], timeline: Path) -> Any:
        """The answer to an order about a timeline.

        An order whose process was ended from outside is given to another one, once. Raises the
        error that the process found, and Refused or MediaUnreadable where it died of the order or
        took too long.
        """
        with self._use:
            for attempt in range(1, TRIES + 1):
                pipe = self._started()
                heard = _Heard()
                answer = self._answer(pipe, heard) if pipe.send(order) else None
                if answer is not None:
                    return self._told(answer, heard.file or timeline)
                how = self._end()
                if self._closed:
                    raise Draining("the server is about to stop")
                outside = how in _FROM_OUTSIDE and attempt < TRIES
                if self._overdue or (heard.begun and not outside):
                    raise self._fatal(how, heard.file, timeline)
                log.warning("a reading process had ended (%s); try %d", how, attempt)
        raise SecondUnitError("The process that reads timelines does not stay alive.")

    def _started(self) -> Pipe:
        if self._closed:
            raise Draining("the server is about to stop")
        if self._pipe is not None and self._process is not None and self._process.poll() is None:
            return self._pipe
        environment = {
            **SINGLE, **{k: v for k, v in os.environ.items() if k not in _SECRET}
        }  # fmt: skip
        # -P: a file called `av.py` in the folder the user stands in is not ours to run.
        # A session of its own: Ctrl-C in the terminal reaches the server alone.
        self._process = process = subprocess.Popen(
            [
                sys.executable, "-P", "-m", "secondunit.jobs.reading",
                str(self._memory_mib), str(self._seconds),
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True, env=environment,
        )  # fmt: skip
        if self._closed:  # between the first look and the start
            process.kill()
        # Through us, since the process itself cannot write into a file.
        threading.Thread(target=_log_lines, args=(process,), daemon=True, name="reader-log").start()
        reader, writer = cast(BinaryIO, process.stdout), cast(BinaryIO, process.stdin)
        self._pipe = pipe = Pipe(reader, writer, longest=LONGEST_ANSWER)
        answer = self._answer(pipe, _Heard())
        if answer is None or answer.get("is") != "ready":
            raise SecondUnitError(f"The process that reads timelines does not start: {self._end()}")
        self.confined = str(answer["confined"])
        log.info("timelines are read in process %d; taken from it: %s", process.pid, self.confined)
        return pipe

    def _answer(self, pipe: Pipe, heard: _Heard) -> dict[str, Any] | None:
        """The answer, in the time that there is, and what was heard before it; None if none."""
        self._alive_at, self._overdue = time.monotonic(), False
        done = threading.Event()
        threading.Thread(target=self._watch, args=(done,), daemon=True, name="reader-watch").start()
        try:
            while (message := pipe.receive()) is not None:
                match message.get("is"):
                    case "begun":
                        heard.begun = True
                    case "reads":
                        heard.file = Path(message["path"])
                    case _:
                        return message
                self._alive_at = time.monotonic()
            return None
        finally:
            done.set()

    def _watch(self, done: threading.Event) -> None:
        process = self._process
        while not done.wait(max(0.0, self._alive_at + self._seconds - time.monotonic())):
            if time.monotonic() - self._alive_at >= self._seconds and process is not None:
                self._overdue = True
                process.kill()
                return

    def _told(self, answer: Mapping[str, Any], file: Path) -> Any:
        if answer.get("spent"):
            self._end()
        match answer["is"]:
            case "done":
                return answer["value"]
            case "refused":
                raise _error(answer)
            case "large":
                raise self._too_large(file)
            case _:
                raise SecondUnitError("Reading failed in a way nobody foresaw.")

    def _too_large(self, file: Path) -> SecondUnitError:
        return MediaUnreadable(
            f"'{file}' needs more than the {self._memory_mib} MiB of memory that reading may take"
        )

    def _fatal(self, how: str, file: Path | None, timeline: Path) -> SecondUnitError:
        if self._overdue:
            what = f"took longer than {self._seconds:g} s to read"
        else:
            log.error("what was read ended its process: %s", how)
            what = "cannot be read: it ended the process that did"
        if file is not None:
            return MediaUnreadable(f"'{file}' {what}")
        return Refused.single(f"'{timeline.name}' {what}", "timeline")

    def _end(self) -> str:
        """Let go of the process; says how it ended."""
        process, pipe = self._process, self._pipe
        self._process = self._pipe = None
        if process is None or pipe is None:
            return "it was not started"
        process.kill()
        code = process.wait()
        pipe.hang_up()
        pipe.close_reader()
        return f"signal {-code}" if code < 0 else f"exit code {code}"


def _error(answer: Mapping[str, Any]) -> SecondUnitError:
    kind = _KINDS.get(answer["code"], SecondUnitError)
    if issubclass(kind, Refused):
        return kind(Fault(what=what, path=path) for what, path in answer["faults"])
    return kind(answer["text"])


def _kinds(kind: type[SecondUnitError]) -> dict[str, type[SecondUnitError]]:
    found = {kind.code: kind}
    for below in kind.__subclasses__():
        found |= _kinds(below)
    return found


_KINDS = {
    code: kind
    for code, kind in _kinds(SecondUnitError).items()
    if issubclass(kind, (Refused, errors.MediaError, errors.EngineError, errors.DeliveryError))
}
"""What planning raises."""


def _log_lines(process: subprocess.Popen[bytes]) -> None:
    stream = cast(BinaryIO, process.stderr)
    with stream:
        while line := stream.readline(_LONGEST_LINE):
            log.warning(
                "reading process %d: %s", process.pid, line.decode(errors="replace").rstrip()
            )
