"""What an editor asked for, drawn on the picture it starts from: mask, strokes, camera."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from secondunit.engine import camera
from secondunit.engine.conditioning import relative_camera
from secondunit.engine.raster import scaled
from secondunit.engine.sources import PlanSources
from secondunit.engine.strokes import path
from secondunit.finish.drawing import Colour, Image, arrow, line, outline, resized
from secondunit.finish.tracks import runs
from secondunit.plan.shot_plan import Pin, ShotPlan

MASK: Colour = (80, 200, 230)
CAMERA: Colour = (240, 214, 90)
AMBIENT: Colour = (150, 220, 140)
STROKES: tuple[Colour, ...] = ((240, 120, 180), (250, 150, 70), (170, 140, 250), (240, 240, 240))
_AROUND = 0.06  # of the picture's width: room to see a view that leaves the frame

Key = list[tuple[Colour, str]]


def asked_picture(
    plan: ShotPlan, sources: PlanSources, width: int, height: int
) -> tuple[Pin, Image, Key]:
    """The anchor, its picture with the controls on it inside a box, and what the colours mean.

    Pixels that stay are darkened. A camera is drawn as what it sees at the end of its move: a
    frame within the frame, and the way of its middle.
    """
    run = next(runs(plan))
    factor = min(width / plan.size.width, height / plan.size.height)
    wide, tall = round(plan.size.width * factor), round(plan.size.height * factor)
    source = np.rint(sources.picture(run.anchor).rgb() * 255).astype(np.uint8)
    image = resized(source, wide, tall)
    key: Key = []

    def plane(region: NDArray[np.floating]) -> NDArray[np.bool_]:
        return scaled(region, (wide, tall), "area") > 0.5

    regioned = [plane(sources.region(n, "stroke")) for n in range(len(plan.strokes))]
    drifting = [plane(sources.region(n, "ambient")) for n in range(len(plan.ambients))]
    allowed = plane(sources.mask())
    image[~allowed] = (image[~allowed] * 0.45).astype(np.uint8)
    if plan.mask is not None:
        outline(image, allowed, MASK)
        key.append((MASK, "mask: may change"))
    for number, region in enumerate(drifting):
        if plan.ambients[number].region is not None:
            outline(image, region, AMBIENT)
        key.append((AMBIENT, f"ambient {plan.ambients[number].strength:g}"))
    for number, stroke in enumerate(plan.strokes):
        ink = STROKES[number % len(STROKES)]
        if stroke.region is not None:
            outline(image, regioned[number], ink)
        points = np.array([path(stroke.points, s) for s in np.linspace(0, 1, 64)])
        points = points[0] + (points - points[0]) * stroke.strength * plan.strength
        arrow(image, points * (wide, tall), ink)
        name = f"stroke {number + 1}" if len(plan.strokes) > 1 else "stroke"
        over = f", frames {stroke.over}" if stroke.over else ""
        strength = f", strength {stroke.strength:g}" if stroke.strength != 1 else ""
        key.append((ink, f"{name}{over}{strength}"))
    if plan.cameras:
        image = _with_camera(plan, image, run.anchor)
        key.append((CAMERA, "camera: what it sees at the end"))
    pin = next(pin for pin in plan.pins if pin.frame == run.anchor)
    return pin, image, key


def _with_camera(plan: ShotPlan, image: Image, anchor: int) -> Image:
    height, width = image.shape[:2]
    ratio = height / width
    last = plan.frames - 1 if anchor < plan.frames else 0
    ways = [
        relative_camera(plan.cameras, anchor, f, frames=plan.frames, ratio=ratio)
        for f in np.linspace(anchor, last, 48)
    ]
    corners = np.array([[-0.5, -ratio / 2], [0.5, -ratio / 2], [0.5, ratio / 2], [-0.5, ratio / 2]])
    middle = np.array([0.5, ratio / 2])
    view = (camera.carry(ways[-1], corners) + middle) * width
    way = np.array([camera.carry(w, np.zeros(2)) + middle for w in ways]) * width
    # A view that leaves the picture is shown on a margin around it.
    beyond = max(0.0, -view.min(), float((view - (width, height)).max()))
    if beyond > 0.5:
        margin = min(round(beyond) + 6, round(_AROUND * width) * 4)
        framed = np.full((height + 2 * margin, width + 2 * margin, 3), 12, np.uint8)
        framed[margin : margin + height, margin : margin + width] = image
        image, view, way = framed, view + margin, way + margin
    line(image, view, CAMERA, closed=True, thick=2)
    if np.hypot(*(way[-1] - way[0])) > 6:
        arrow(image, way, CAMERA)
    return image if image.shape[:2] == (height, width) else resized(image, width, height)
