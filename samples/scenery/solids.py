"""Things built of flat faces: projected, sorted, shaded under a soft sky, cut out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scenery.film import Light, rgb
from scenery.noise import Grid, cloud, sample
from scenery.terrain import Lens

Points = NDArray[Any]
"""`n 3`: metres right, up and away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """A flat polygon of one colour."""

    corners: Points
    colour: Light
    """Albedo, or light given off where `glows`."""
    glows: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Air:
    """The light that falls on solids, and the haze between them and the lens."""

    sun: Points
    """Towards the sun, any length, `3`."""
    key: Light
    sky: Light
    ground: Light
    """Light from below."""
    haze: Light
    clear: float
    """Metres after which the haze has taken 63 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A picture of an object: light premultiplied by cover, standing at (left, top)."""

    light: Light
    cover: Grid
    left: int
    top: int

    def onto(self, picture: Light) -> None:
        """Lay the object over a picture, in place."""
        h, w = self.cover.shape
        y0, y1 = max(self.top, 0), min(self.top + h, picture.shape[0])
        x0, x1 = max(self.left, 0), min(self.left + w, picture.shape[1])
        if y0 >= y1 or x0 >= x1:
            return
        cut = (slice(y0 - self.top, y1 - self.top), slice(x0 - self.left, x1 - self.left))
        part = picture[y0:y1, x0:x1]
        part *= 1 - self.cover[cut][..., None]
        part += self.light[cut]


@dataclass(slots=True)
class Model:
    """Faces gathered in an object's own metres, then placed in the world."""

    faces: list[Face] = field(default_factory=list)

    def face(
        self,
        corners: list[tuple[float, float, float]] | Points,
        colour: Light,
        *,
        glows: bool = False,
    ) -> None:
        """Add a polygon."""
        self.faces.append(Face(corners=np.asarray(corners, np.float32), colour=colour, glows=glows))

    def box(
        self, low: tuple[float, float, float], high: tuple[float, float, float], colour: Light
    ) -> None:
        """Add an upright box between two corners."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        for corners in (
            [(x0, y0, z0), (x1, y0, z0), (x1, y1, z0), (x0, y1, z0)],
            [(x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1)],
            [(x0, y0, z0), (x0, y0, z1), (x0, y1, z1), (x0, y1, z0)],
            [(x1, y0, z0), (x1, y0, z1), (x1, y1, z1), (x1, y1, z0)],
            [(x0, y1, z0), (x1, y1, z0), (x1, y1, z1), (x0, y1, z1)],
        ):
            self.face(corners, colour)

    def stick(
        self,
        a: tuple[float, float, float],
        b: tuple[float, float, float],
        width: float,
        colour: Light,
    ) -> None:
        """Add a thin round thing as two crossed blades."""
        p, q = np.asarray(a, np.float32), np.asarray(b, np.float32)
        along = (q - p) / max(float(np.linalg.norm(q - p)), 1e-6)
        aside = np.cross(along, [0.0, 0.0, 1.0] if abs(along[2]) < 0.9 else [0.0, 1.0, 0.0])
        aside = (aside / np.linalg.norm(aside) * width / 2).astype(np.float32)
        other = np.cross(along, aside).astype(np.float32)
        for blade in (aside, other):
            self.face(np.stack([p - blade, p + blade, q + blade, q - blade]), colour)

    def placed(
        self, x: float, z: float, *, turn: float = 0.0, y: float = 0.0, size: float = 1.0
    ) -> Model:
        """The same object standing elsewhere, turned (degrees, from above, counter-clockwise)."""
        c, s = np.cos(np.radians(turn)) * size, np.sin(np.radians(turn)) * size
        matrix = np.asarray([[c, 0, -s], [0, size, 0], [s, 0, c]], np.float32)
        move = np.asarray([x, y, z], np.float32)
        return Model([
            Face(corners=f.corners @ matrix.T + move, colour=f.colour, glows=f.glows)
            for f in self.faces
        ])  # fmt: skip


def render(
    model: Model, lens: Lens, air: Air, *, eye: float, fine: int = 3, wear: float = 0.0
) -> Cut:
    """Cut a placed model out as the lens sees it; `eye` below zero is the mirror view.

    A depth buffer settles what hides what, on a grid `fine` times the shown one. `wear` 0..1
    lays grime and rain streaks over the paint.
    """
    points, counts = _flattened(model)
    z = np.maximum(points[:, 2], 0.3)
    flat = np.stack(
        [
            lens.centre + lens.focal * points[:, 0] / z,
            lens.horizon - lens.focal * (points[:, 1] - eye) / z,
        ],
        -1,
    )
    low = np.maximum(np.floor(flat.min(0)).astype(int) - 3, [-lens.width // 3, -lens.height // 3])
    high = np.minimum(
        np.ceil(flat.max(0)).astype(int) + 3, [lens.width * 4 // 3, lens.height * 4 // 3]
    )
    w, h = (max(int(n), 1) for n in high - low)
    light = np.zeros((h * fine, w * fine, 3), np.float32)
    nearest = np.zeros((h * fine, w * fine), np.float32)  # 1/z; 0 is nothing
    place = (flat - low) * fine
    colours = _lit(model, points, counts, air, eye)
    first = 0
    for count, colour in zip(counts, colours, strict=True):
        _fill(light, nearest, place[first : first + count], 1 / z[first : first + count], colour)
        first += count
    cover = (nearest > 0).astype(np.float32)
    if wear:
        light *= _worn(light.shape[0], light.shape[1], fine, wear)
    size = (w, h)
    return Cut(
        light=cv2.resize(light, size, interpolation=cv2.INTER_AREA),
        cover=cv2.resize(cover, size, interpolation=cv2.INTER_AREA),
        left=int(low[0]), top=int(low[1]),
    )  # fmt: skip


def _flattened(model: Model) -> tuple[Points, list[int]]:
    return (
        np.concatenate([face.corners for face in model.faces]),
        [len(face.corners) for face in model.faces],
    )


def _fill(light: Light, nearest: Grid, corners: Points, depth: Grid, colour: Light) -> None:
    """Paint one polygon where nothing nearer stands; 1/z is linear over the screen."""
    h, w = nearest.shape
    x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    x1, y1 = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, [w, h])
    if x0 >= x1 or y0 >= y1:
        return
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    cv2.fillPoly(mask, [((corners - [x0, y0]) * 16).round().astype(np.int32)], 1, shift=4)
    a, b, c = corners[0], corners[1], corners[2]
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    if abs(area) > 1e-3:
        p, q = depth[1] - depth[0], depth[2] - depth[0]
        gx = (p * (c[1] - a[1]) - q * (b[1] - a[1])) / area
        gy = (q * (b[0] - a[0]) - p * (c[0] - a[0])) / area
        xs = np.arange(x0, x1, dtype=np.float32) + 0.5 - a[0]
        ys = np.arange(y0, y1, dtype=np.float32) + 0.5 - a[1]
        plane = depth[0] + gx * xs[None, :] + gy * ys[:, None]
        plane = plane.clip(depth.min(), depth.max())
    else:
        plane = np.full(mask.shape, depth.mean(), np.float32)
    there = nearest[y0:y1, x0:x1]
    wins = (mask > 0) & (plane >= there)
    there[wins] = plane[wins]
    light[y0:y1, x0:x1][wins] = colour


def _lit(model: Model, points: Points, counts: list[int], air: Air, eye: float) -> Light:
    """Light that leaves each face towards the camera, haze included: `faces 3`."""
    first = np.cumsum([0, *counts[:-1]])
    middle = np.add.reduceat(points, first, axis=0) / np.asarray(counts)[:, None]
    a, b, c = points[first], points[first + 1], points[first + 2]
    normal = np.cross(b - a, c - a)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    towards = np.asarray([0, abs(eye), 0], np.float32) - middle
    normal *= np.where((normal * towards).sum(1, keepdims=True) < 0, -1, 1)
    facing = (normal @ (air.sun / np.linalg.norm(air.sun))).clip(0, None)[:, None]
    up = (0.5 + 0.5 * normal[:, 1])[:, None]
    albedo = np.stack([face.colour for face in model.faces])
    glows = np.asarray([face.glows for face in model.faces])[:, None]
    light = albedo * (air.key * facing + air.sky * up + air.ground * (1 - up))
    light = np.where(glows, albedo, light)
    thick = 1 - np.exp(-middle[:, 2:].clip(0, None) / air.clear)
    return (light * (1 - thick) + air.haze * thick).astype(np.float32)


def _worn(h: int, w: int, fine: int, wear: float) -> Light:
    """Gains of dirt: specks, and streaks that rain has drawn downwards; warm, as rust is."""
    speck = cloud(701, (512, 512), slope=0.8, low=20)
    streak = cloud(702, (512, 512), slope=1.2, stretch=0.08, low=6)
    y, x = np.mgrid[0 : h // fine, 0 : w // fine].astype(np.float32)
    grime = 0.14 * sample(speck, x * 1.5, y * 1.5) + 0.13 * sample(streak, x * 0.9, y * 0.8)
    grime = (grime * wear)[..., None]
    gains = (1 + grime * rgb(0.75, 1.0, 1.2)).clip(0.25, 1.6).astype(np.float32)
    return cv2.resize(gains, (w, h), interpolation=cv2.INTER_LINEAR)


WOOD = rgb(0.20, 0.125, 0.07)
