"""Random kills over real jobs: `python -m tests.faults.soak --jobs 40 --kills 200 [--seed N]`.

The same shots are made twice with the built-in engine: once in peace, once by a server that is
killed, or whose workers are, at random moments. Every promise is checked by the model of histories
(history.py), and every frame of every take is compared. Then every method and every reader of files
is fed rubbish for longer than in the suite (`--fuzz N` examples of each kind). All that was counted
is said in one table at the end. Every run begins anew, in a folder of its own. Exits with 1 if
anything was lost or fell over, or if kills were left.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import av
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from secondunit.v1 import jobs_pb2 as pb
from secondunit.v1 import units_pb2 as units
from secondunit.v1.shots_pb2 import ShotRequest
from secondunit_client import state_name

from tests.conftest import REPOSITORY
from tests.faults.history import FINAL, History, Watched, check
from tests.faults.service import REAL, Service
from tests.faults.shots import asked, footage
from tests.faults.witness import Witness

OPERATIONS = (
    units.OPERATION_ANIMATE, units.OPERATION_BRIDGE, units.OPERATION_EXTEND,
    units.OPERATION_TRANSITION,
)  # fmt: skip
IN_HAND = 6
"""Jobs that have not ended at once: the rest is asked for while the kills go on."""
SETTINGS = "max_attempts = 1000\nthreads = 1"
"""A storm of kills is no poison job."""


@dataclass(kw_only=True)
class Outcome:
    """What came of it."""

    jobs: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    """By victim."""
    lives: int = 0
    """Of the server."""
    attempts: int = 0
    streams: int = 0
    """Watches, those that were taken up again included."""
    events: int = 0
    peace: float = 0.0
    """Seconds of the undisturbed run."""
    storm: float = 0.0
    """Seconds of the other."""
    fuzzed: int = 0
    """Kinds of rubbish that were thrown."""
    examples: int = 0
    """Of each."""
    fuzzing: float = 0.0
    """Seconds."""
    losses: list[str] = field(default_factory=list)


def frames_of(clip: Path) -> str:
    """A digest of every decoded frame of a clip."""
    digest = hashlib.sha256()
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            digest.update(frame.to_ndarray().tobytes())
    return digest.hexdigest()


def soak(folder: Path, *, jobs: int, kills: int, seed: int, minutes: float, quiet: bool) -> Outcome:
    """Make the shots in peace and in the storm; what was found."""
    outcome = Outcome(jobs=jobs)
    movie = footage(folder / "media")
    shots = [
        asked(movie, operation, seed * 1000 + n, frames=12 + 2 * (n % 3))
        for n, operation in zip(range(jobs), itertools.cycle(OPERATIONS), strict=False)
    ]
    bars = Progress(
        TextColumn("{task.description:8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), disable=quiet,
    )  # fmt: skip
    with bars:
        began = time.monotonic()
        with Service(folder / "peace", stages=REAL, roots=[movie.parent]) as service:
            service.start()
            bar = bars.add_task("in peace", total=jobs)
            with Witness(service.address, History(), patience=600).there() as witness:
                ids = [witness.create(f"r{n}", shot) for n, shot in enumerate(shots)]
                wanted = {}
                for n, id in enumerate(ids):
                    wanted[f"r{n}"] = frames_of(Path(witness.wait(id).result.take.file))
                    bars.advance(bar)
        outcome.peace = time.monotonic() - began
        storm = _Storm(folder / "storm", movie, shots, kills, seed, minutes, outcome, bars)
        made = storm.run()
    outcome.losses += check(storm.history.records)
    for request, frames in wanted.items():
        if made.get(request) != frames:
            outcome.losses.append(f"{request}: the take is not the one made in peace")
    return outcome


class _Storm:
    """One run with kills."""

    def __init__(
        self, folder: Path, movie: Path, shots: list[ShotRequest], kills: int,
        seed: int, minutes: float, outcome: Outcome, bars: Progress,
    ) -> None:  # fmt: skip
        self.history = History()
        self._shots, self._kills, self._outcome, self._bars = shots, kills, outcome, bars
        self._draw = random.Random(seed)
        self._service = Service(folder, stages=REAL, roots=[movie.parent], settings=SETTINGS)
        self._end = time.monotonic() + 60 * minutes
        self._ended = 0
        self._say_at = 0.0
        self._trouble: list[BaseException] = []

    def run(self) -> dict[str, str]:
        """Frames of each take by the name of its request."""
        began = time.monotonic()
        with self._service as service:
            service.start()
            self._witness = witness = Witness(service.address, self.history, patience=600)
            with witness.there():
                with service.kept_up():
                    asking = threading.Thread(target=self._ask, args=(witness,), name="asking")
                    asking.start()
                    self._kill()
                    asking.join()
                    jobs = witness.settle()
                    if self._trouble:
                        raise self._trouble[0]
                    # Who asks again is told of the same job, even now.
                    for n, shot in enumerate(self._shots):
                        witness.create(f"r{n}", shot)
                self._outcome.lives = service.lives
        self._outcome.storm = time.monotonic() - began
        self._outcome.attempts = sum(job.attempt for job in jobs.values())
        watches = [r for r in self.history.records if isinstance(r, Watched)]
        self._outcome.streams = len(watches)
        self._outcome.events = sum(len(watch.events) for watch in watches)
        for job in jobs.values():
            if job.state != pb.JOB_STATE_SUCCEEDED:
                why = f"{state_name(job.state)}: {job.error.what}"
                self._outcome.losses.append(f"{job.request_id} ended {why}")
        return {
            job.request_id: frames_of(Path(job.result.take.file))
            for job in jobs.values()
            if job.result.take.file
        }

    def _ask(self, witness: Witness) -> None:
        """Ask for one job after the other, never for many more than have ended."""
        try:
            bar = self._bars.add_task("jobs", total=len(self._shots))
            open_jobs: list[str] = []
            for n, shot in enumerate(self._shots):
                id = witness.create(f"r{n}", shot)
                witness.watch(id)
                open_jobs.append(id)
                while len(open_jobs) >= IN_HAND:
                    open_jobs = self._still_open(witness, open_jobs, bar)
            while open_jobs:
                open_jobs = self._still_open(witness, open_jobs, bar)
        except BaseException as exc:
            self._trouble.append(exc)

    def _still_open(self, witness: Witness, ids: list[str], bar: TaskID) -> list[str]:
        time.sleep(0.1)
        left = [id for id in ids if state_name(witness.look(id).state) not in FINAL]
        self._ended += len(ids) - len(left)
        self._bars.update(bar, completed=self._ended)
        return left

    def _kill(self) -> None:
        """Spread the kills over the jobs: some as soon as something lives, some at work."""
        bar = self._bars.add_task("kills", total=self._kills)
        killed = 0
        while killed < self._kills and not self._over():
            # Behind the jobs, so that no kill is left when the last job ends; ahead of them the
            # work must go on first.
            due = self._kills * (self._ended + 1) / len(self._shots)
            if killed > due:
                ended = self._ended
                self._wait(lambda: self._ended > ended)  # noqa: B023 - it is over when this returns
            elif self._draw.random() < 0.5:
                time.sleep(self._draw.random())
            else:
                wanted = self._told() + self._draw.randint(1, 12)
                self._wait(lambda: self._told() >= wanted)  # noqa: B023
                time.sleep(self._draw.random() * 0.3)
            if victim := self._strike():
                killed += 1
                self._said(killed)
                self._outcome.kills[victim] = self._outcome.kills.get(victim, 0) + 1
                self._bars.update(bar, completed=killed)

    def _said(self, killed: int) -> None:
        """How far it is, once a minute, where no bar can be drawn."""
        bars, now = self._bars, time.monotonic()
        if bars.disable or bars.console.is_terminal or now < self._say_at:
            return
        self._say_at = now + 60
        done = f"{killed} of {self._kills} kills, {self._ended} of {len(self._shots)} jobs"
        print(done, file=sys.stderr, flush=True)

    def _strike(self) -> str:
        if not self._service.alive:
            return ""
        if self._draw.random() < 0.5:
            return "worker" if self._service.kill_worker() else ""
        self._service.kill()
        return "server"

    def _told(self) -> int:
        return sum(list(self._witness.newest.values()))

    def _wait(self, condition: Callable[[], bool]) -> None:
        end = min(self._end, time.monotonic() + 20)
        while not condition() and not self._over() and time.monotonic() < end:
            time.sleep(0.02)

    def _over(self) -> bool:
        all_ended = self._ended >= len(self._shots)
        return all_ended or bool(self._trouble) or time.monotonic() > self._end


def table(outcome: Outcome) -> Table:
    """What was done and what came of it."""
    rows = Table("what", "how much", box=None, pad_edge=False)
    by = ", ".join(f"{count} of the {who}" for who, count in sorted(outcome.kills.items()))
    rows.add_row("jobs", str(outcome.jobs))
    rows.add_row("kills", f"{sum(outcome.kills.values())} ({by})")
    rows.add_row("lives of the server", str(outcome.lives))
    rows.add_row("attempts", str(outcome.attempts))
    rows.add_row("watches taken up, events told", f"{outcome.streams}, {outcome.events}")
    rows.add_row("seconds in peace, in the storm", f"{outcome.peace:.0f}, {outcome.storm:.0f}")
    if outcome.examples:
        rubbish = f"{outcome.fuzzed}, {outcome.examples} of each, in {outcome.fuzzing:.0f} s"
        rows.add_row("kinds of rubbish", rubbish)
    rows.add_row("lost, doubled, different, or fallen over", str(len(outcome.losses)))
    return rows


def fuzz(folder: Path, examples: int, outcome: Outcome) -> None:
    """Rubbish at every method and in every file, new each time; what fell over is a loss."""
    report, began = folder / "fuzz.xml", time.monotonic()
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "--timeout=0", f"--junitxml={report}",
            str(REPOSITORY / "tests" / "fuzz"),
        ],
        cwd=REPOSITORY, env={**os.environ, "SECONDUNIT_FUZZ": str(examples)},
    )  # fmt: skip
    outcome.examples, outcome.fuzzing = examples, time.monotonic() - began
    cases = list(ElementTree.parse(report).iter("testcase")) if report.exists() else []
    outcome.fuzzed = len(cases)
    fallen = [c for c in cases if c.find("failure") is not None or c.find("error") is not None]
    outcome.losses += [f"fuzz: {c.get('classname')}::{c.get('name')}" for c in fallen]
    if not fallen and (done.returncode or not cases):
        outcome.losses.append(f"fuzz: it ended with exit code {done.returncode}")


def main() -> int:
    """Run, print, and say by the exit code whether anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=40)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=60.0, help="kill no longer than this")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fuzz", type=int, default=0, help="examples of each kind; 0: none")
    parser.add_argument("--quiet", action="store_true", help="no bars")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="secondunit-soak-") as folder:
        outcome = soak(
            Path(folder), jobs=given.jobs, kills=given.kills, seed=given.seed,
            minutes=given.minutes, quiet=given.quiet,
        )  # fmt: skip
        if given.fuzz:
            fuzz(Path(folder), given.fuzz, outcome)
    Console().print(table(outcome))
    for loss in outcome.losses:
        print(f"LOST  {loss}")
    if short := given.kills - sum(outcome.kills.values()):
        print(f"{short} kills were left when the last job ended or the time was over")
    return 0 if not outcome.losses and not short else 1


if __name__ == "__main__":
    sys.exit(main())
