"""Pictures in the place of files: a small real `Sources`, plans around it, and measures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from secondunit.engine.engine import RGB, Side
from secondunit.plan.shot_plan import Pin, ShotPlan
from secondunit.timeline.shot import CameraMove, Media, Stroke
from secondunit.units import ColourTags, FrameRange, Operation, Size

from bench.drawn import texture
from tests.plans import shot_plan

Plane = NDArray[np.floating]
MEDIA = Media(
    path=Path("footage"), digest="0" * 64, still=True, rate=None, frames=1, start=0,
    size=Size(width=64, height=48), format="gbrp", colour=ColourTags(), reel=None,
)  # fmt: skip


@dataclass(kw_only=True)
class Pictures:
    """Implements `engine.Sources` from arrays."""

    pins: dict[int, RGB]
    before: Sequence[RGB] = ()
    behind: Sequence[RGB] = ()
    plane: Plane | None = None
    planes: Callable[[int], Plane] | None = None
    """The mask at a frame, where it changes."""
    reel: Sequence[RGB] = ()
    regions: dict[tuple[str, int], Plane] = field(default_factory=dict)
    streams: dict[Side, Sequence[RGB]] = field(default_factory=dict)

    def pin(self, frame: int) -> RGB:
        return self.pins[frame]

    def past(self, most: int) -> list[RGB]:
        return list(self.before[-most:])

    def future(self, most: int) -> list[RGB]:
        return list(self.behind[:most])

    def stream(self, side: Side, frame: int) -> RGB:
        return self.streams[side][frame]

    def mask(self, frame: int = 0) -> Plane:
        height, width = next(iter(self.pins.values())).shape[:2]
        if self.planes is not None:
            return self.planes(frame)
        return np.ones((height, width), np.float32) if self.plane is None else self.plane

    def footage(self, index: int) -> RGB:
        return self.reel[index]

    def region(self, control: int, kind: str, frame: int = 0) -> Plane:
        return self.regions.get((kind, control), self.mask())


def plan_of(
    operation: Operation, sources: Pictures, frames: int, *made: FrameRange, **changes: Any
) -> ShotPlan:
    """A plan without handles whose pins are the pictures of `sources`."""
    height, width = next(iter(sources.pins.values())).shape[:2]
    size = Size(width=width, height=height)
    pins = tuple(Pin(frame=frame, media=MEDIA, index=0) for frame in sorted(sources.pins))
    fields = {"handles": (0, 0), "size": size, "work": size, "pins": pins}
    return shot_plan(operation=operation, frames=frames, generate=made, **(fields | changes))


def bridge(clip: Sequence[RGB], start: int, frames: int) -> tuple[ShotPlan, Pictures]:
    """The bridge from frame `start` of a clip to `start + frames`, with 4 frames around it."""
    sources = Pictures(
        pins={-1: clip[start], frames - 1: clip[start + frames]},
        before=clip[max(0, start - 4) : start],
        behind=clip[start + frames + 1 : start + frames + 5],
    )
    made = FrameRange(start=0, frames=frames - 1)
    return plan_of(Operation.BRIDGE, sources, frames - 1, made), sources


def extension(clip: Sequence[RGB], start: int, frames: int) -> tuple[ShotPlan, Pictures]:
    """The continuation of a clip past its frame `start`."""
    sources = Pictures(pins={-1: clip[start]}, before=clip[max(0, start - 4) : start])
    made = FrameRange(start=0, frames=frames)
    return plan_of(Operation.EXTEND, sources, frames, made), sources


def animation(
    still: RGB, frames: int, *, plane: Plane | None = None, tail: int = 0, **changes: Any
) -> tuple[ShotPlan, Pictures]:
    """A still that moves for some frames, the first of which is the still itself."""
    sources = Pictures(pins={0: still}, plane=plane)
    made = FrameRange(start=1, frames=frames - 1 + tail)
    return plan_of(Operation.ANIMATE, sources, frames, made, **changes), sources


def stroke(*points: tuple[float, float], **changes: Any) -> Stroke:
    """A stroke over the whole shot in the mask's region."""
    fields: dict[str, Any] = {"points": points, "region": None, "over": None}
    return Stroke(**(fields | changes))


dots = texture
"""The picture of the benches: what is measured there is tested here."""


def footage(path: Path, frames: int) -> list[RGB]:
    """The first frames of a file as RGB."""
    with av.open(str(path)) as container:
        decoded = container.decode(video=0)
        shown = [next(decoded).to_ndarray(format="rgb24") for _ in range(frames)]
    return [picture.astype(np.float32) / 255 for picture in shown]


def picture(path: Path) -> RGB:
    """A still as RGB."""
    code = cv2.imread(str(path))
    assert code is not None
    return code[..., ::-1].astype(np.float32) / 255


def decibels(made: RGB, true: RGB) -> float:
    """Peak signal to noise ratio."""
    error = float(np.mean((made.astype(np.float64) - true) ** 2))
    return 99.0 if error == 0 else -10 * math.log10(error)


def grey(shown: RGB) -> NDArray[np.uint8]:
    """8-bit luma."""
    luma = shown.astype(np.float32) @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return np.clip(np.rint(luma * 255), 0, 255).astype(np.uint8)


def moved_by(first: RGB, second: RGB, where: NDArray[np.bool_]) -> NDArray[np.floating]:
    """Median optical flow (dx, dy) in pixels of a region of the first picture."""
    way = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(
        grey(first), grey(second), np.zeros((*where.shape, 2), np.float32)
    )
    return np.median(np.asarray(way)[where], axis=0)


def similarity(first: RGB, second: RGB) -> dict[str, float]:
    """How the picture as a whole moved: dx, dy in fractions of width and height, scale, roll.

    Measured about the centre from matched features, robustly; roll in degrees clockwise.
    """
    finder = cv2.ORB.create(3000)
    everywhere = np.full(first.shape[:2], 255, np.uint8)
    here, marks = finder.detectAndCompute(grey(first), everywhere)
    there, other_marks = finder.detectAndCompute(grey(second), everywhere)
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(marks, other_marks)
    height, width = first.shape[:2]
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    matrix, _ = cv2.estimateAffinePartial2D(
        np.array([here[m.queryIdx].pt for m in pairs]) - centre,
        np.array([there[m.trainIdx].pt for m in pairs]) - centre,
        ransacReprojThreshold=1.0,
    )
    fit = np.asarray(matrix, np.float64)
    return {
        "dx": fit[0, 2] / width,
        "dy": fit[1, 2] / height,
        "scale": math.hypot(fit[0, 0], fit[1, 0]),
        "roll": math.degrees(math.atan2(fit[1, 0], fit[0, 0])),
    }


def move(**changes: Any) -> CameraMove:
    """A camera move over the whole shot."""
    return CameraMove(**changes)


def silent(what: str, done: int, total: int) -> None:
    """Progress that nobody watches."""
