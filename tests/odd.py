"""Odd footage drawn in the test, and a whole edit rendered without a server or a child process."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import opentimelineio as otio
from av.filter import Graph
from av.video.stream import VideoStream
from numpy.typing import NDArray
from secondunit.config import Config
from secondunit.jobs.job import Checkpoint, Result, Stage, stage_folder
from secondunit.jobs.stages import Rooms
from secondunit.jobs.work import Work
from secondunit.plan.build import Options, TimelinePlan, plan_timeline
from secondunit.plan.shot_plan import ShotPlan, canonical

from tests.plans import silent

RATE = Fraction(25)
Draw = Callable[[float], NDArray[np.uint8]]


def scene(seed: int = 1, *, size: tuple[int, int] = (64, 48), speed: float = 1.0) -> Draw:
    """`h w 3` at a time in frames: soft blots of every size that go right, and grey ones down."""
    rng = np.random.default_rng(seed)
    width, height = size
    across, down, grain = rng.random((3, 28)), rng.random((3, 28)), rng.random((28, 3))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)

    def draw(time: float) -> NDArray[np.uint8]:
        picture = np.full((height, width, 3), 96, np.float32)
        for k in range(28):
            radius = 2 + 7 * across[2, k]
            cx = (across[0, k] * 1.6 * width + speed * time) % (1.6 * width) - 0.3 * width
            cy = down[0, k] * height
            blot = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * radius**2))
            picture += blot[..., None] * (grain[k] - 0.5) * 260
        return np.clip(picture, 0, 255).astype(np.uint8)

    return draw


def film(
    path: Path, draw: Draw, codec: str = "ffv1", pixels: str = "yuv420p", *, frames: int = 12,
    rate: Fraction = RATE, aspect: Fraction | None = None, options: Mapping[str, str] | None = None,
    full: bool = False, prepare: Callable[[av.VideoFrame], av.VideoFrame] | None = None,
) -> Path:  # fmt: skip
    """A movie of `draw(0)`, `draw(1)`, ..."""
    height, width = draw(0).shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=dict(options or {}))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if full:
            stream.codec_context.color_range = 2
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(draw(number), "rgb24")
            frame = frame.reformat(format=pixels, dst_color_range=2 if full else 1)
            if prepare is not None:
                frame = prepare(frame)
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def woven(draw: Draw, *, top_first: bool = True) -> Draw:
    """Interlaced: even and odd lines of moments half a frame apart."""

    def weave(time: float) -> NDArray[np.uint8]:
        first, second = draw(time), draw(time + 0.5)
        picture = first.copy()
        start = 1 if top_first else 0
        picture[start::2] = second[start::2]
        return picture

    return weave


def flagged(*, top_first: bool = True) -> Callable[[av.VideoFrame], av.VideoFrame]:
    """Marks a frame as interlaced; no sample changes."""

    def mark(frame: av.VideoFrame) -> av.VideoFrame:
        graph = Graph()
        frame.pts, frame.time_base = 0, 1 / RATE
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=1 / RATE
        )
        marking = graph.add("setfield", "tff" if top_first else "bff")
        sink = graph.add("buffersink")
        source.link_to(marking)
        marking.link_to(sink)
        graph.configure()
        graph.push(frame)
        marked = graph.pull()
        assert isinstance(marked, av.VideoFrame)
        return marked

    return mark


def laid_down(path: Path) -> Path:
    """A mov whose header asks for a quarter turn clockwise, as a phone held upright writes it."""
    data = path.read_bytes()
    identity = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    turned = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 64 << 16, 0, 0x40000000)
    track = data.index(identity, data.index(b"tkhd"))
    path.write_bytes(data[:track] + turned + data[track + 36 :])
    return path


def cut(path: Path, start: int, frames: int) -> otio.schema.Clip:
    """Frames of a file."""
    return otio.schema.Clip(
        name=path.stem,
        media_reference=otio.schema.ExternalReference(target_url=path.name),
        source_range=_span(start, frames),
    )


def edit(folder: Path, *items: otio.core.Item, note: str, on: int, name: str = "cut") -> Path:
    """A timeline of one track; the note stands in a marker on one of its items."""
    items[on].markers.append(otio.schema.Marker(name="", marked_range=_span(0, 1), comment=note))
    track = otio.schema.Track(name="V1", kind=otio.schema.TrackKind.Video)
    track.extend(items)
    timeline = otio.schema.Timeline(name=name)
    timeline.global_start_time = otio.opentime.RationalTime(0, 25)
    timeline.tracks.append(track)
    otio.adapters.write_to_file(timeline, str(folder / f"{name}.otio"))
    return folder / f"{name}.otio"


def bridge(first: Path, second: Path, *, gap: int = 2, after: int = 6, note: str = "") -> Path:
    """Six frames of a file, a gap that asks, frames of a file from `after` on; lossless."""
    hole = otio.schema.Gap(source_range=_span(0, gap))
    note = f"gen: bridge\nhandles: 2\ndelivery: ffv1\n{note}"
    return edit(first.parent, cut(first, 0, 4), hole, cut(second, after, 4), note=note, on=1)


def animate(picture: Path, note: str, *, frames: int = 3) -> Path:
    """A still for some frames; lossless."""
    note = f"gen: animate\nhandles: 0\ndelivery: ffv1\n{note}"
    return edit(picture.parent, cut(picture, 0, frames), note=note, on=0)


def planned(timeline: Path) -> TimelinePlan:
    """What would be done."""
    return plan_timeline(timeline, Options(), Config(data=timeline.parent / "data"))


def said(plan: TimelinePlan) -> str:
    """Everything that the editor is told beside faults."""
    lines = [a.what for shot in plan.shots for a in shot.adaptations]
    return "\n".join([*lines, *plan.notices])


def faults(timeline: Path) -> list[str]:
    """The faults of a timeline that cannot be done."""
    found = planned(timeline)
    assert not found.shots or found.faults
    return [str(fault) for fault in found.faults]


def rendered(timeline: Path, rooms: Rooms) -> tuple[ShotPlan, Result]:
    """The one shot of a timeline through the six stages."""
    found = planned(timeline)
    assert not found.faults, found.faults
    (plan,) = found.shots
    data = timeline.parent / "data"
    done: dict[Stage, Checkpoint] = {}
    for stage in list(Stage):
        folder = stage_folder(data / "job", stage, 1)
        folder.mkdir(parents=True)
        work = Work(
            plan=plan, data=data, job=data / "job", folder=folder, done=done, progress=silent
        )
        payload: Any = getattr(rooms, stage)(work)
        if isinstance(payload, Result):
            return plan, payload
        kept = json.loads(json.dumps(canonical(payload)))
        done[stage] = Checkpoint(stage=stage, attempt=1, seconds=0.1, payload=kept)
    raise AssertionError("the last stage gives the result")


def frames_of(path: Path) -> list[av.VideoFrame]:
    """Every frame as FFmpeg decodes it."""
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def planes(frame: av.VideoFrame) -> Sequence[NDArray[np.uint8]]:
    """Bytes of each plane without padding."""
    deep = 1 if frame.format.components[0].bits <= 8 else 2
    found = []
    for plane in frame.planes:
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        found.append(rows[: plane.height, : plane.width * deep].copy())
    return found


def _span(start: int, frames: int) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(start, 25), otio.opentime.RationalTime(frames, 25)
    )
