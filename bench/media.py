"""Media in and out, beside the ffmpeg program and a plain loop: `python -m bench.media [FILE]`.

    python -m bench.media [FILE] [--ffmpeg PROGRAM] [--only decode|encode|transcode ...]
                          [--delivery NAME ...] [--frames N] [--rounds N] [--json]

The same frames at 1920x1080, the same codec with the same settings, one after the other in turns;
of each the best round counts, so that what else the machine does falls out. `loop` is the shortest
loop over the very libraries that we use, which shows what our own code costs; `ffmpeg` is the
program, with libraries of its own, where there is one. `ratio` is how many times as fast as it we
are; below 0.95 there is something to mend. `work` is the same of the processor time, which tells
more on a machine that does other things. Neither reads its file back, so `transcode` is timed
without that too, and what it costs on top stands beside it.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from secondunit.catalog.deliveries import DELIVERIES, Delivery
from secondunit.config import Config
from secondunit.encode.movie import Movie
from secondunit.encode.verify import verify
from secondunit.encode.writer import facts_of, layout_of
from secondunit.engine.parallel import in_order
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.frames import decoded
from secondunit.timeline.media import probe
from secondunit.timeline.picture import Picture, picture_from_rgb
from secondunit.timeline.shot import Media, Place
from secondunit.units import ColourTags, FrameRange, Operation, Rate, Size

from bench import MEDIA
from bench.drawn import grained

SIZE = Size(width=1920, height=1080)
RATE = Rate(num=24000, den=1001)
LEAST = 0.95
DEFAULT = ("prores_422_hq", "prores_4444", "dnxhr_hqx", "dnxhr_sq_mxf", "h264", "hevc_main10")
SOURCES = ("prores_422_hq", "dnxhr_hqx", "h264", "hevc_main10")


@dataclass(frozen=True, kw_only=True)
class Beside:
    """Another way to do the same."""

    name: str
    fps: float
    ratio: float
    """Above 1: we are faster."""
    work: float
    """Its processor time to ours."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One comparison."""

    what: str
    fps: float
    beside: tuple[Beside, ...]
    note: str = ""

    @property
    def ratio(self) -> float:
        """Of time or of work, whichever the machine's other users spoilt less; to the last way."""
        return max(self.beside[-1].ratio, self.beside[-1].work)


class Bench:
    """The frames, the program beside us, if any, and the number of rounds."""

    def __init__(
        self, ffmpeg: str | None, frames: Sequence[np.ndarray], rounds: int, folder: Path
    ) -> None:
        self.ffmpeg, self.frames, self.rounds, self.folder = ffmpeg, frames, rounds, folder
        self.count = len(frames)

    def decode(self, name: str) -> Figure:
        """Every frame of a delivered movie, as Pictures; the others throw theirs away."""
        media = self._movie(name)

        def ours() -> None:
            assert sum(1 for _ in decoded(media, range(media.frames))) == self.count

        def loop() -> None:
            with av.open(str(media.path)) as source:
                stream = source.streams.video[0]
                stream.thread_type = "AUTO"
                assert sum(1 for _ in source.decode(stream)) == self.count

        return self._compared(
            f"decode {name}", ours, loop, ["-i", str(media.path), "-f", "null", "-"]
        )

    def encode(self, name: str) -> Figure:
        """Frames that are in the encoder's own layout already, into a file."""
        row, plan = DELIVERIES[name], self._plan(name)
        format, colour = layout_of(plan, row)
        pictures = [picture_from_rgb(rgb, format, colour) for rgb in self.frames]
        raw = self.folder / "raw.yuv"
        with raw.open("wb") as file:
            for picture in pictures:
                for plane in picture.planes:
                    file.write(plane.tobytes())
        program = [
            "-f", "rawvideo", "-pix_fmt", format, "-s", str(SIZE), "-r", str(RATE), "-i", str(raw),
            *settings(row, format), str(self.folder / f"theirs{row.suffix}"),
        ]  # fmt: skip
        figure = self._compared(
            f"encode {name}", lambda: self._written(row, plan, pictures),
            lambda: self._looped(row, format, (picture.frame() for picture in pictures)), program,
        )  # fmt: skip
        raw.unlink()
        return figure

    def transcode(self, name: str) -> Figure:
        """From a movie of H.264 to a delivery: decoded, brought to its layout, encoded."""
        row, media = DELIVERIES[name], self._movie("h264")
        plan = self._plan(name)
        format, colour = layout_of(plan, row)

        def ours() -> None:
            pictures = (picture for _, picture in decoded(media, range(media.frames)))
            self._written(row, plan, in_order(lambda p: p.converted(format, colour), pictures))

        def loop() -> None:
            with av.open(str(media.path)) as source:
                stream = source.streams.video[0]
                stream.thread_type = "AUTO"
                frames = (frame.reformat(format=format) for frame in source.decode(stream))
                self._looped(row, format, frames)

        target = self.folder / f"theirs{row.suffix}"
        program = ["-i", str(media.path), *settings(row, format), str(target)]
        figure = self._compared(f"transcode {name}", ours, loop, program)
        start = time.perf_counter()
        verify(self.folder / f"ours{row.suffix}", facts_of(plan))
        back = time.perf_counter() - start
        return replace(figure, note=f"read back whole at {self.count / back:.1f} fps")

    def _looped(self, row: Delivery, format: str, frames: Iterable[av.VideoFrame]) -> None:
        """Frames into a file, by nothing but the library."""
        target = self.folder / f"loop{row.suffix}"
        movie = {"movflags": "+faststart"} if row.container in ("mov", "mp4") else {}
        with av.open(str(target), "w", format=row.container, options=movie) as container:
            stream = container.add_stream(
                row.codec, rate=RATE.fraction, options=dict(row.options)
            )  # fmt: skip
            assert isinstance(stream, VideoStream)
            stream.width, stream.height, stream.pix_fmt = SIZE.width, SIZE.height, format
            stream.thread_type = "AUTO"
            for number, frame in enumerate(frames):
                frame.pts, frame.time_base = number, 1 / RATE.fraction
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))

    def _written(self, row: Delivery, plan: ShotPlan, pictures: Iterable[Picture]) -> None:
        file = Movie(self.folder / f"ours{row.suffix}", plan, row, layout_of(plan, row), None)
        try:
            for number, picture in enumerate(pictures):
                file.add(picture, number, None)
            file.finish()
        finally:
            file.close()

    def _movie(self, name: str) -> Media:
        row, plan = DELIVERIES[name], self._plan(name)
        path = self.folder / f"source-{name}{row.suffix}"
        if not path.exists():
            format, colour = layout_of(plan, row)
            self._written(row, plan, [picture_from_rgb(rgb, format, colour) for rgb in self.frames])
            (self.folder / f"ours{row.suffix}").rename(path)
        return probe(path, Config(data=self.folder / "data", roots=(self.folder,)))

    def _plan(self, name: str) -> ShotPlan:
        return ShotPlan(
            shot="benchaaa", name="bench", operation=Operation.BRIDGE, engine="motion", weights="",
            steps=0, seed=0, take=1, rate=RATE, size=SIZE, work=SIZE, frames=self.count,
            handles=(0, 0), generate=(FrameRange(start=0, frames=self.count),), pins=(), past=None,
            future=None, mask=None, strokes=(), ambients=(), cameras=(), strength=1.0, prompt="",
            negative="", format="yuv420p", colour=ColourTags(), timecode=86400, drop_frame=False,
            reel=None, delivery=name, draft=False, adaptations=(),
            place=Place(track=0, item=0, path="bench"),
        )  # fmt: skip

    def _compared(
        self, what: str, ours: Callable[[], None], loop: Callable[[], None], program: Sequence[str]
    ) -> Figure:
        ways: dict[str, Callable[[], object]] = {"": ours, "loop": loop}
        if self.ffmpeg is not None:
            whole = [self.ffmpeg, "-y", "-v", "error", *program]
            ways["ffmpeg"] = lambda: subprocess.run(whole, check=True, stdin=subprocess.DEVNULL)
        best = dict.fromkeys(ways, (float("inf"), float("inf")))
        for _ in range(self.rounds):
            for name, way in ways.items():
                start, worked = time.perf_counter(), _processor()
                way()
                took = time.perf_counter() - start, _processor() - worked
                best[name] = (min(best[name][0], took[0]), min(best[name][1], took[1]))
        own = best.pop("")
        return Figure(
            what=what, fps=self.count / own[0],
            beside=tuple(
                Beside(name=name, fps=self.count / wall, ratio=wall / own[0], work=work / own[1])
                for name, (wall, work) in best.items()
            ),
        )  # fmt: skip


def _processor() -> float:
    """Seconds so far, our own and those of programs that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def settings(row: Delivery, format: str) -> list[str]:
    """A row's encoder and muxer, as the command line is told them."""
    options = [word for key, value in row.options.items() for word in (f"-{key}:v", value)]
    tag = ["-tag:v", row.tag] if row.tag else []
    movie = ["-movflags", "+faststart"] if row.container in ("mov", "mp4") else []
    return ["-c:v", row.codec, "-pix_fmt", format, *options, *tag, *movie, "-f", row.container]


def real(path: Path, count: int) -> list[np.ndarray]:
    """Frames of a file at full size, under a little grain, so that they are no easy prey."""
    with av.open(str(path)) as source:
        stream = source.streams.video[0]
        assert isinstance(stream, VideoStream)
        found: list[np.ndarray] = []
        for frame in source.decode(stream):
            rgb = frame.reformat(width=SIZE.width, height=SIZE.height, format="rgb24").to_ndarray()
            rgb = rgb.astype(np.float32) / 255
            found.append(grained(rgb, 0.02, seed=len(found), coloured=False))
            if len(found) == count:
                break
    return found


def main() -> int:
    """Print the table; 1 where something is slower than it may be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=MEDIA / "train.m4v")
    parser.add_argument(
        "--ffmpeg", default=shutil.which("ffmpeg"), help="the program beside us, if any"
    )
    parser.add_argument("--only", action="append", choices=("decode", "encode", "transcode"))
    parser.add_argument("--delivery", action="append", choices=sorted(DELIVERIES), metavar="NAME")
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    kinds = options.only or ["decode", "encode", "transcode"]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(
            options.ffmpeg, real(options.file, options.frames), options.rounds, Path(folder)
        )
        figures: list[Figure] = []
        for kind in kinds:
            names = options.delivery or (SOURCES if kind == "decode" else DEFAULT)
            for name in names:
                figures.append(getattr(bench, kind)(name))
                if not options.json:
                    said = figures[-1]
                    others = "".join(
                        f"   {one.name} {one.fps:7.1f} ratio {one.ratio:5.2f} work {one.work:5.2f}"
                        for one in said.beside
                    )
                    print(f"{said.what:28} {said.fps:7.1f} fps{others}   {said.note}", flush=True)
    if options.json:
        print(json.dumps([asdict(figure) for figure in figures], indent=1))
    return int(any(figure.ratio < LEAST for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
