"""How edits scale: `python -m bench.timeline [--clips N ...]` prints seconds and memory by size.

Every size is measured in a process of its own: a timeline of four tracks is read, its requests are
found and planned, and takes for all of them (stand-ins, made beforehand) are placed. Beside it
stands OpenTimelineIO's own flatten, at sizes where it ends. Last, a timeline of a thousand shots
that are all there is rendered again through a whole server, which must not start an engine.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import opentimelineio as otio
from av.video.stream import VideoStream
from secondunit.app import SELDOM, running
from secondunit.catalog.deliveries import DELIVERIES
from secondunit.config import Config
from secondunit.encode import sidecar
from secondunit.encode.writer import Encoded, facts_of
from secondunit.jobs.reading_child import SINGLE
from secondunit.place.relink import Finished, place
from secondunit.place.takes import Shelf, Take, publish
from secondunit.plan.build import plan_timeline
from secondunit.plan.planned import Options
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.read import read
from secondunit.timeline.select import find_shots
from secondunit_client import Connection

RATE, FILM, ZERO = 24, 400, 86400
"""Frames a second, frames of the footage, frame number of 01:00:00:00."""
TRACKS, SHOWN, HOLE = 4, 24, 12
"""Tracks; frames of a clip and of a gap that asks."""
SIZES = (1_000, 10_000, 100_000)
FLATTENED = (250, 500, 1_000)
SHOTS = 1_000
BARS = {"10,000 clips, seconds": 4.0, "10,000 clips, MB": 600.0, "1,000 shots again, seconds": 3.0}


def footage(folder: Path) -> None:
    """A small movie that all clips are of."""
    with av.open(str(folder / "film.mov"), "w") as container:
        stream = cast(VideoStream, container.add_stream("libx264", rate=RATE))
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.time_base = Fraction(1, RATE)
        for n in range(FILM):
            picture = np.full((96, 160, 3), n * 255 // FILM, np.uint8)
            picture[:, n % 160] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def span(start: float, frames: float) -> otio.opentime.TimeRange:
    """Frames from `start`."""
    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(start, RATE), otio.opentime.RationalTime(frames, RATE)
    )


def timeline(folder: Path, clips: int, shots: int, *, later: int = 0) -> Path:
    """A timeline of `clips` clips on four tracks, every tenth with a marker, `shots` of them asked.

    The gaps that ask lie on the lowest track; all of that begins so many frames `later`.
    """
    made = otio.schema.Timeline("Reel", global_start_time=otio.opentime.RationalTime(ZERO, RATE))
    each = clips // TRACKS
    for number in range(TRACKS):
        track = otio.schema.Track(f"V{number + 1}", kind="Video")
        items: list[otio.core.Item] = []
        if later and number == 0:
            items.append(otio.schema.Gap(source_range=span(0, later)))
        for n in range(each):
            reference = otio.schema.ExternalReference("film.mov", span(0, FILM))
            start = 48 + (n * 7 + number) % 280
            clip = otio.schema.Clip(
                f"{number}-{n}", reference, span(start, SHOWN),
                {"Resolve_OTIO": {"Link Group ID": n}},
            )  # fmt: skip
            if n % 10 == 0:
                clip.markers.append(otio.schema.Marker("look", span(start + 3, 1), comment="ok"))
            items.append(clip)
            if number and n % 2:  # holes to look through
                items.append(otio.schema.Gap(source_range=span(0, SHOWN)))
            if number == 0 and n < shots:
                gap = otio.schema.Gap(source_range=span(0, HOLE))
                note = note_of(f"{n:08d}")
                gap.markers.append(otio.schema.Marker("ask", span(0, 1), comment=note))
                items.append(gap)
        track.extend(items)
        made.tracks.append(track)
    path = folder / "cut.otio"
    path.write_text(made.to_json_string(indent=-1))
    return path


def note_of(shot: str) -> str:
    """What the editor wrote for a shot."""
    return f"gen: bridge\ncontext: 8\nid: {shot}"


def stand_in(
    plan: ShotPlan, folder: Path, store: Path, shelf: Shelf, *, placed: bool = False
) -> Take:
    """A published take without pictures; `placed`: as it lies there after an earlier render."""
    store.mkdir(parents=True, exist_ok=True)
    clip = store / f"{plan.digest[:16]}{DELIVERIES[plan.delivery].suffix}"
    content = plan.digest.encode()
    clip.write_bytes(content)
    encoded = Encoded(
        path=clip, facts=facts_of(plan), digest=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
    )  # fmt: skip
    record = sidecar.compose(plan, encoded, request={}, report={}, timings={}, versions={})
    if placed:
        record["request"] = note_of(plan.shot)
    sidecar.write(record, clip.with_suffix(".json"))
    return publish(clip, clip.with_suffix(".json"), folder, shelf=shelf)


@contextmanager
def timed(found: dict[str, float], name: str) -> Iterator[None]:
    """Adds the seconds of a block to `found`: those that this process worked, and by the clock."""
    worked, began = time.process_time(), time.monotonic()
    yield
    found[name] = time.process_time() - worked
    found[f"{name}, by the clock"] = time.monotonic() - began


def peak() -> float:
    """MB resident at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def passage(clips: int, shots: int) -> dict[str, float]:
    """Seconds of each stage for one timeline, and the memory they took."""
    found: dict[str, float] = {}
    gc.set_threshold(*SELDOM)  # as the processes that read and place
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        footage(folder)
        path = timeline(folder, clips, shots)
        config = Config(data=folder / "data")
        with timed(found, "read"):
            edit = read(path)
        del edit
        with timed(found, "read+find"):
            asked = find_shots(path, config=config)
        assert len(asked.shots) == shots, asked.faults[:3]
        with timed(found, "read+find+plan"):
            plan = plan_timeline(path, Options(), config)
        assert not plan.faults, plan.faults[:3]
        shelf = Shelf(folder / "cut.gen")
        finished = [
            Finished(plan=one, chosen=stand_in(one, shelf.folder, folder / "store", shelf))
            for one in plan.shots
        ]
        with timed(found, "place"):
            result = place(path, folder / "cut.gen.otio", finished, "otio", config=config)
        assert len(result.placements) == shots
        found["all"] = found["read+find+plan"] + found["place"]
        found["MB"] = peak()
    return found


def flattened(clips: int) -> dict[str, float]:
    """Seconds of OpenTimelineIO's flatten_stack for the same timeline, and of our layout of it."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        footage(folder)
        path = timeline(folder, clips, 0)
        edit = read(path)
        with timed(found, "flatten"):
            otio.algorithms.flatten_stack(edit.tracks)
        with timed(found, "read+find"):
            find_shots(path, config=Config(data=folder / "data"))
    return found


def again(shots: int) -> dict[str, float]:
    """Seconds to render a timeline whose shots are all there, by a server that runs already."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        footage(folder)
        path = timeline(folder, (shots + 1) * TRACKS, shots)
        config = Config(data=folder / "data")
        shelf = Shelf(folder / "cut.gen")
        for one in plan_timeline(path, Options(), config).shots:
            stand_in(one, shelf.folder, folder / "store", shelf, placed=True)
        with running(config) as address, Connection(address) as unit:
            unit.status()
            unit.plans.timeline(timeline_of_one(folder))  # a server has read something before
            for turn in ("first", "again"):
                with timed(found, turn):
                    made = unit.render(path)
                assert all(job.result.reused for job in made.jobs) and len(made.jobs) == shots
            path = timeline(folder, (shots + 1) * TRACKS, shots, later=RATE)
            with timed(found, "moved"):
                made = unit.render(path)
            assert all(job.result.reused for job in made.jobs) and len(made.jobs) == shots
            found["jobs"] = len(list(unit.jobs.list()))
        found["engine"] = (config.data / "worker.log").exists()
    return found


def timeline_of_one(folder: Path) -> Path:
    """Another timeline of the same footage."""
    other = folder / "other"
    other.mkdir()
    (other / "film.mov").write_bytes((folder / "film.mov").read_bytes())
    return timeline(other, 8, 1)


def apart(*arguments: object) -> dict[str, Any]:
    """One measurement in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.timeline", "--child", *map(str, arguments)],
        stdout=subprocess.PIPE, text=True, check=True,
        env={**SINGLE, **os.environ},  # as the process that reads for a server
    )  # fmt: skip
    return json.loads(done.stdout)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--clips", type=int, nargs="*", default=SIZES)
    parser.add_argument("--shots", type=int, default=100, help="requests in each timeline")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        what, *numbers = options.child
        measure: dict[str, Any] = {"passage": passage, "flattened": flattened, "again": again}
        print(json.dumps(measure[what](*map(int, numbers))))
        return
    print("clips     read  +find  +plan  place    all     MB")
    for clips in options.clips:
        found = apart("passage", clips, min(options.shots, clips // TRACKS - 1))
        keys = ("read", "read+find", "read+find+plan", "place", "all", "MB")
        print(f"{clips:7}" + "".join(f"{found[key]:7.2f}" for key in keys), flush=True)
    print("\nclips  OpenTimelineIO's flatten  read and find here")
    for clips in FLATTENED:
        found = apart("flattened", clips)
        print(f"{clips:5}  {found['flatten']:24.2f}  {found['read+find']:18.2f}", flush=True)
    found = apart("again", SHOTS)
    print(f"\n{SHOTS} shots, all there  seconds  by the clock")
    for turn, words in (
        ("first", "a server that just began"), ("again", "again"),
        ("moved", "all moved by a second"),
    ):  # fmt: skip
        print(f"{words:24} {found[turn]:8.2f} {found[f'{turn}, by the clock']:13.2f}")
    print(f"{found['jobs']} jobs, engine called: {bool(found['engine'])}")


if __name__ == "__main__":
    main()
