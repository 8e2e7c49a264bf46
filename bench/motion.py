"""The built-in engine against what editors do today, on footage it has never seen.

    python -m bench.motion CLIP [--starts 12] [--first 400] [--weights DIR] [--json]

Bridge: frames s and s+8 are pinned, the 7 between are made. Extend: frames up to s are known, 8
more are made. Mean PSNR in dB (RGB, 8 bit) over the starts, every method on the same frames.
`classical` is the same renderer fed with the engine's conditions alone, without its network.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from secondunit.config import Config
from secondunit.engine.engine import RGB
from secondunit.engine.motion.engine import load
from secondunit.engine.motion.generate import MotionEngine, classical
from secondunit.engine.sources import PlanSources
from secondunit.plan.build import Options, plan_shot
from secondunit.timeline.frames import decode
from secondunit.timeline.media import probe
from secondunit.timeline.shot import Media, Neighbour, Place, Request, Shot, SourceFrames
from secondunit.units import FrameRange, Operation, Rate

SPAN = 8
CONTEXT = 24
Frames = Sequence[RGB]
Method = Callable[[int], Frames]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One method on one task."""

    task: str
    method: str
    psnr: float
    """Mean over starts and frames, dB."""
    worst: float
    """Mean of the worst start, dB."""
    sharpness: float
    """Gradient energy over that of the true frames; 1 is as sharp."""
    seconds: float
    """Per start."""


class Footage:
    """A clip's frames as RGB, decoded once."""

    def __init__(self, path: Path, frames: int, config: Config) -> None:
        self.media: Media = probe(path, config)
        count = min(frames, self.media.frames)
        pictures = decode(self.media, range(count))
        if count < SPAN + 6:
            raise SystemExit(f"{path.name} has {count} frames; {SPAN + 6} are needed")
        self.rgb = [pictures[i].rgb().astype(np.float32) for i in range(count)]

    def starts(self, count: int) -> list[int]:
        """Evenly spread, each with its context and its frames inside the clip."""
        last = len(self.rgb) - SPAN - 5
        first = min(4, max(0, last))
        return [int(s) for s in np.linspace(first, last, count)]


def engine_method(engine: MotionEngine, footage: Footage, operation: Operation) -> Method:
    """The product's own path: a shot, its plan, its sources, the engine."""
    config = Config(data=Path("unused"))

    def run(start: int) -> Frames:
        plans = plan_shot(_shot(footage, start, operation), Options(), config)
        assert not plans.faults, plans.faults
        plan = plans.plans[0]
        made = dict(engine.run(plan, PlanSources(plan), lambda *_: None))
        return [made[i] for i in sorted(made)]

    return run


def _shot(footage: Footage, start: int, operation: Operation) -> Shot:
    media = footage.media
    bridge = operation is Operation.BRIDGE
    before = tuple(range(max(0, start - CONTEXT), start + 1))
    after = tuple(range(start + SPAN, min(len(footage.rgb), start + SPAN + CONTEXT)))

    def side(indexes: tuple[int, ...]) -> Neighbour:
        return Neighbour(
            name="clip",
            shown=SourceFrames(media=media, indexes=indexes),
            beyond=SourceFrames(media=media, indexes=()),
        )

    return Shot(
        id="benchaaa", name="bench", request=Request(operation=operation, handles=0),
        rate=media.rate or Rate(num=30), size=media.size,
        record=FrameRange(start=100, frames=SPAN - 1 if bridge else SPAN),
        timecode_start=0, drop_frame=False, before=side(before),
        after=side(after) if bridge else None, still=None,
        place=Place(track=0, item=1, path="bench"),
    )  # fmt: skip


def dissolve(footage: Footage) -> Method:
    """A cross-fade between the pins."""

    def run(start: int) -> Frames:
        a, b = footage.rgb[start], footage.rgb[start + SPAN]
        return [a + (b - a) * (k / SPAN) for k in range(1, SPAN)]

    return run


def freeze(footage: Footage) -> Method:
    """The last frame held."""
    return lambda start: [footage.rgb[start]] * SPAN


def _grey(rgb: RGB) -> cv2.typing.MatLike:
    return cv2.cvtColor(np.rint(rgb * 255).astype(np.uint8), cv2.COLOR_RGB2GRAY)


def _dis(a: RGB, b: RGB) -> NDArray[np.floating]:
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return flow.calc(_grey(a), _grey(b), np.zeros((*a.shape[:2], 2), np.float32)).astype(np.float32)


def _pulled(picture: RGB, flow: NDArray[np.floating]) -> RGB:
    h, w = picture.shape[:2]
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    source = np.asarray(picture, np.float32)
    at_x, at_y = (x + flow[..., 0]).astype(np.float32), (y + flow[..., 1]).astype(np.float32)
    pulled = cv2.remap(source, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return pulled.astype(np.float32)


def flow_blend(footage: Footage) -> Method:
    """DIS flow both ways and the Super-SloMo blend (Jiang et al. 2018, equation 4)."""

    def run(start: int) -> Frames:
        a, b = footage.rgb[start], footage.rgb[start + SPAN]
        ab, ba = _dis(a, b), _dis(b, a)
        out = []
        for k in range(1, SPAN):
            t = k / SPAN
            to_a = -(1 - t) * t * ab + t * t * ba
            to_b = (1 - t) ** 2 * ab - t * (1 - t) * ba
            out.append((1 - t) * _pulled(a, to_a) + t * _pulled(b, to_b))
        return out

    return run


def linear_flow(footage: Footage) -> Method:
    """The last DIS flow carried on in a straight line."""

    def run(start: int) -> Frames:
        now, last = footage.rgb[start], footage.rgb[start - 1]
        back = _dis(now, last)
        return [_pulled(now, back * k) for k in range(1, SPAN + 1)]

    return run


def measure(task: str, method: str, run: Method, footage: Footage, starts: list[int]) -> Row:
    """One row: every start, every made frame against the true one."""
    found: list[float] = []
    sharp: list[float] = []
    began = time.perf_counter()
    for start in starts:
        made = run(start)
        true = footage.rgb[start + 1 : start + 1 + len(made)]
        found.append(float(np.mean([_psnr(m, t) for m, t in zip(made, true, strict=True)])))
        sharp.append(float(np.mean([_gradient(m) / _gradient(t) for m, t in
                                    zip(made, true, strict=True)])))  # fmt: skip
    seconds = (time.perf_counter() - began) / len(starts)
    return Row(task=task, method=method, psnr=float(np.mean(found)), worst=min(found),
               sharpness=float(np.mean(sharp)), seconds=seconds)  # fmt: skip


def _psnr(made: RGB, true: RGB) -> float:
    difference = np.rint(np.clip(made, 0, 1) * 255) - np.rint(true * 255)
    return float(10 * np.log10(255**2 / max(1e-9, float(np.mean(np.square(difference))))))


def _gradient(rgb: RGB) -> float:
    y = np.asarray(rgb).mean(axis=-1)
    return float(np.mean(np.square(np.diff(y, axis=0)))) + float(
        np.mean(np.square(np.diff(y, axis=1)))
    )


def table(footage: Footage, starts: list[int], weights: Path | None) -> Iterator[Row]:
    """Every method on both tasks."""
    engine = load(threads=1, weights=weights)
    assert isinstance(engine, MotionEngine)
    alone = MotionEngine(classical)
    for operation, methods in (
        (Operation.BRIDGE, {"dissolve": dissolve, "flow blend": flow_blend}),
        (Operation.EXTEND, {"freeze": freeze, "linear flow": linear_flow}),
    ):
        for name, make in methods.items():
            yield measure(operation, name, make(footage), footage, starts)
        for name, one in (("classical", alone), ("motion", engine)):
            run = engine_method(one, footage, operation)
            yield measure(operation, name, run, footage, starts)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--starts", type=int, default=12)
    parser.add_argument("--first", type=int, default=400, help="use only this many frames")
    parser.add_argument("--weights", type=Path, help="others than the package's")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    path = options.clip.absolute()
    footage = Footage(path, options.first, Config(data=Path("unused"), roots=(path.parent,)))
    rows = list(table(footage, footage.starts(options.starts), options.weights))
    if options.json:
        print(json.dumps([_record(row) for row in rows], indent=2))
        return
    print(f"{'task':8}{'method':14}{'PSNR dB':>9}{'worst':>8}{'sharp':>8}{'s/start':>9}")
    for row in rows:
        print(f"{row.task:8}{row.method:14}{row.psnr:9.2f}{row.worst:8.2f}{row.sharpness:8.2f}"
              f"{row.seconds:9.2f}")  # fmt: skip


def _record(row: Row) -> dict[str, object]:
    return {name: getattr(row, name) for name in Row.__slots__}


if __name__ == "__main__":
    main()
