"""How fast and how large: `python -m bench.speed CLIP` prints drafts, finals, previews, memory.

The clip, of any size, is scaled to the size that is measured, and two shots of 48 frames are made
of it, a bridge over a gap and a camera move on a still: with `secondunit render` from a cold start,
and on a server that has made a shot before. Processor time is that of all processes together; wall
time counts on a machine that has nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import opentimelineio as otio
from av.video.stream import VideoStream
from secondunit.app import running
from secondunit.config import Config
from secondunit.units import Size
from secondunit_client import Connection, options

RATE, LEAD, CONTEXT = 24, 20, 40
"""Frames a second; unused frames before the first clip; frames of each clip beside the gap."""
BARS = {"draft": 20.0, "full": 90.0, "preview": 3.0, "memory": 3 * 1024.0}
"""Seconds of a shot at 1920x1080 on two cores; of the first preview on a warm server; MiB."""
PAGE, TICK = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")


@dataclass(kw_only=True)
class Cost:
    """What a render took."""

    seconds: float = 0.0
    preview: float | None = None
    """Seconds to the first picture."""
    processor: float = 0.0
    """Seconds of all processes."""
    memory: float = 0.0
    """MiB resident in all processes together, at most."""


def footage(clip: Path, folder: Path, size: Size, frames: int) -> tuple[Path, Path]:
    """The first frames of a clip as a movie, and one of them as a still, at a size."""
    movie, still = folder / "movie.mp4", folder / "still.png"
    with av.open(str(clip)) as source, av.open(str(movie), "w") as target:
        given = {"preset": "veryfast", "crf": "14", "g": "24"}
        stream = cast(VideoStream, target.add_stream("libx264", rate=RATE, options=given))
        stream.width, stream.height, stream.pix_fmt = size.width, size.height, "yuv420p"
        made = 0
        for frame in source.decode(video=0):
            if made == frames:
                break
            large = frame.reformat(size.width, size.height, "yuv420p", interpolation="BICUBIC")
            if made == 0:
                large.reformat(format="rgb24").save(str(still))
            large.pts, large.time_base = made, Fraction(1, RATE)
            target.mux(stream.encode(large))
            made += 1
        target.mux(stream.encode(None))
    if made < frames:
        raise SystemExit(f"{clip} has {made} frames; {frames} are needed")
    return movie, still


def edits(folder: Path, movie: Path, still: Path, frames: int, of: int) -> dict[str, Path]:
    """Timelines by operation."""

    def span(start: int, count: int) -> otio.opentime.TimeRange:
        time = otio.opentime.RationalTime
        return otio.opentime.TimeRange(time(start, RATE), time(count, RATE))

    def clip(file: Path, start: int, count: int, total: int) -> otio.schema.Clip:
        reference = otio.schema.ExternalReference(str(file), span(0, total))
        return otio.schema.Clip(file.stem, reference, span(start, count))

    gap = otio.schema.Gap(source_range=span(0, frames))
    picture = clip(still, 0, frames, frames)
    for item, note in ((gap, "gen: bridge"), (picture, "gen: animate\ncamera: pan 4 dolly 8%")):
        item.markers.append(otio.schema.Marker("GEN", span(0, 1), comment=note))
    rows = {
        "bridge": [
            clip(movie, LEAD, CONTEXT, of), gap, clip(movie, LEAD + CONTEXT + frames, CONTEXT, of)
        ],
        "animate": [picture],
    }  # fmt: skip
    written = {}
    for name, items in rows.items():
        timeline = otio.schema.Timeline(name)
        track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
        track.extend(items)
        timeline.tracks.append(track)
        written[name] = folder / f"{name}.otio"
        otio.adapters.write_to_file(timeline, str(written[name]))
    return written


@contextmanager
def measured(cost: Cost, root: int) -> Iterator[None]:
    """Account for a process and everything below it while the block runs."""
    ended = threading.Event()
    before = _used(root)[0]

    def watch() -> None:
        while not ended.wait(0.1):
            processor, memory = _used(root)
            cost.processor = max(cost.processor, processor - before)
            cost.memory = max(cost.memory, memory)

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.monotonic()
    try:
        yield
    finally:
        cost.seconds = time.monotonic() - began
        ended.set()
        watcher.join()


def _used(root: int) -> tuple[float, float]:
    """Seconds of processor and MiB resident of a process and those below it."""
    rows: dict[int, tuple[int, float, float]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended
            processor = (int(words[11]) + int(words[12])) / TICK
            rows[int(folder.name)] = int(words[1]), processor, int(words[21]) * PAGE / 2**20
    mine = {root}
    while more := {pid for pid, row in rows.items() if row[0] in mine} - mine:
        mine |= more
    found = [rows[pid] for pid in mine if pid in rows]
    return sum(row[1] for row in found), sum(row[2] for row in found)


def cold(timeline: Path, folder: Path, *, draft: bool) -> Cost:
    """`secondunit render` with nothing loaded and nothing made before."""
    newest, cost = folder / "newest.jpg", Cost()
    newest.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as data:
        began = time.monotonic()
        process = subprocess.Popen(
            [
                sys.executable, "-m", "secondunit", "render", str(timeline), "--json",
                "--data", data,
                "--out", str(Path(data) / "out.otio"), "--preview", str(newest),
                *(["--draft"] if draft else []),
            ],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        with measured(cost, process.pid):
            while process.poll() is None:
                if cost.preview is None and newest.exists():
                    cost.preview = time.monotonic() - began
                time.sleep(0.02)
        answer = json.loads(process.stdout.read() if process.stdout else "")
    if process.returncode:
        raise SystemExit(f"the render failed: {answer}")
    return cost


def warm(unit: Connection, timeline: Path, folder: Path, *, draft: bool, seed: int) -> Cost:
    """The same by a server that has made a shot before."""
    cost = Cost()
    shown: list[float] = []
    began = time.monotonic()
    with measured(cost, os.getpid()):
        made = unit.render(
            timeline,
            options=options(draft=draft, seed=seed),
            out=folder / "warm.otio",
            on_event=lambda job, event: (
                shown.append(time.monotonic() - began) if event.HasField("preview") else None
            ),
        )
    if any(shot["error"] for shot in made.record()["shots"]):
        raise SystemExit(f"the render failed: {made.record()}")
    cost.preview = shown[0] if shown else None
    return cost


def table(rows: list[tuple[str, str, str, Cost]], size: Size, frames: int) -> str:
    """Every render in a line, with what it is of its bar."""
    lines = [
        f"{frames} frames at {size}, {os.cpu_count()} processors",
        "| shot | start | quality | seconds | of bar | first preview | processor | peak MiB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for shot, start, quality, cost in rows:
        first = "none" if cost.preview is None else f"{cost.preview:.1f} s"
        share = cost.seconds / BARS[quality]
        lines.append(
            f"| {shot} | {start} | {quality} | {cost.seconds:.1f} | {share:.2f} | {first} "
            f"| {cost.processor:.1f} s | {cost.memory:.0f} |"
        )
    for shot in dict.fromkeys(row[0] for row in rows):
        took = {row[2]: row[3].seconds for row in rows if row[:2] == (shot, "warm")}
        if len(took) == 2:
            lines.append(f"{shot}: a warm draft takes {took['draft'] / took['full']:.2f} of a full")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--shot", choices=("bridge", "animate"), action="append")
    parser.add_argument("--start", choices=("cold", "warm"), action="append")
    parser.add_argument("--quality", choices=("draft", "full"), action="append")
    given = parser.parse_args()
    width, height = (int(side) for side in given.size.split("x"))
    size, of = Size(width=width, height=height), LEAD + 2 * CONTEXT + given.frames
    rows: list[tuple[str, str, str, Cost]] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        movie, still = footage(given.clip, folder, size, of)
        timelines = edits(folder, movie, still, given.frames, of)
        shots = given.shot or ["bridge", "animate"]
        qualities = given.quality or ["draft", "full"]

        def each(start: str, render: Callable[[Path, bool], Cost]) -> None:
            for shot in shots:
                for quality in qualities:
                    cost = render(timelines[shot], quality == "draft")
                    rows.append((shot, start, quality, cost))

        if "cold" in (given.start or ["cold", "warm"]):
            each("cold", lambda timeline, draft: cold(timeline, folder, draft=draft))
        if "warm" in (given.start or ["cold", "warm"]):
            config = Config(data=folder / "data", roots=(folder,))
            with running(config) as address, Connection(address) as unit:
                warm(unit, timelines["animate"], folder, draft=True, seed=1)
                each(
                    "warm",
                    lambda timeline, draft: warm(unit, timeline, folder, draft=draft, seed=2),
                )
    print(table(rows, size, given.frames))


if __name__ == "__main__":
    main()
