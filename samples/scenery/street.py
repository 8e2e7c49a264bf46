"""A wet street at night: the camera walks forwards past lit shops that mirror in the road."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np

from scenery import facades, figures
from scenery.facades import CLEAR, FINE, HAZE, LAMP_HEIGHT, LAMP_LIGHT, LAMP_OUT, TALL, Front
from scenery.film import Camera, Light, Stock, rgb
from scenery.noise import Grid, cloud, smoothstep
from scenery.terrain import Lens

EYE = 1.75
WALK = 1.05 / 24  # metres a frame
HALF = 6.6  # metres from the middle to the house fronts
KERB = 4.1
NEAR, FAR = 9.0, 137.0  # metres of houses, from the first frame's standpoint
LAMPS = (17.0, 34.0, 51.0, 68.0, 85.0, 102.0)
GARLANDS = (20.0, 30.5, 43.0, 59.0)
CELLS = 12  # cells a metre of the map of the ground


class Street:
    """The whole take, frame by frame."""

    def __init__(self, width: int) -> None:
        height = round(width * 9 / 32) * 2
        self.k = width / 1280
        self.lens = Lens(
            width=width,
            height=height,
            focal=width * 0.92,
            horizon=height * 0.50,
            centre=width * 0.48,
        )
        self.camera = Camera(
            Stock(exposure=1.5, bloom=0.13, warmth=(1.02, 1.0, 1.02),
                  shadows=(0.006, 0.008, 0.014), grain=0.014), width, height,
        )  # fmt: skip
        places = tuple(lamp - NEAR for lamp in LAMPS)
        sides = (facades.front(71, FAR - NEAR, places), facades.front(90, FAR - NEAR, places))
        self.panels = [
            panel
            for sign, side in zip((-1, 1), sides, strict=True)
            for panel in _panels(side, sign, self.lens)
        ]
        self.ground = _ground(sides)
        self.walker, self.taxi, self.post = (
            figures.walker(self.lens),
            figures.taxi(self.lens),
            figures.post(self.lens),
        )
        self.bulbs = _bulbs()
        self.air = _air(self.lens)

    def frame(self, index: int) -> Light:
        """Display-referred RGB of one frame, `h w 3`, 0..1."""
        went = index * WALK
        right = 2.2 * self.k * math.sin(index / 23)
        down = (1.2 * math.sin(index / 17) + 0.5 * math.sin(index / 6.1)) * self.k
        sway = replace(self.lens, centre=self.lens.centre + right, horizon=self.lens.horizon + down)
        size = (self.lens.width, self.lens.height)
        light = cv2.warpAffine(
            self.air,
            np.asarray([[1, 0, right], [0, 1, down]], np.float32),
            size,
            borderMode=cv2.BORDER_REPLICATE,
        )
        half = sway.scaled(0.5)
        mirror = cv2.resize(light, (half.width, half.height), interpolation=cv2.INTER_AREA)
        self._stage(light, sway, went, index, EYE)
        self._stage(mirror, half, went, index, -EYE)
        self._road(light, mirror, sway, went)
        self._actors(light, sway, went, index, EYE)
        return self.camera.develop(light, index)

    def _stage(self, light: Light, lens: Lens, went: float, index: int, eye: float) -> None:
        for panel in self.panels:
            panel.onto(light, lens, went, eye)
        self._lights(light, lens, went, eye)
        if eye < 0:
            self._actors(light, lens, went, index, eye)

    def _lights(self, light: Light, lens: Lens, went: float, eye: float) -> None:
        scale = lens.width / 1280
        for z, x, y, power, colour in self.bulbs:
            depth = z - went
            if depth < 2:
                continue
            u = lens.centre + lens.focal * x / depth
            v = lens.horizon - lens.focal * (y - eye) / depth
            r = max(lens.focal * 0.045 / depth, 0.55 * max(scale, 0.5))
            _spot(light, u, v, r, colour * power * np.exp(-depth / CLEAR))

    def _actors(self, light: Light, lens: Lens, went: float, index: int, eye: float) -> None:
        actors: list[tuple[float, float, float, figures.Sprite]] = []
        for lamp in LAMPS:
            for sign in (-1, 1):
                actors.append((lamp - went, sign * (HALF - LAMP_OUT), 0.0, self.post))
        actors.append((33.0 + index * 0.11 - went, 1.9, 0.0, self.taxi))
        bob = 0.02 * abs(np.sin(index * 0.26))
        actors.append((15.5 + index * 0.052 - went, -5.0 + 0.004 * index, bob, self.walker))
        for depth, x, y, sprite in sorted(actors, key=lambda a: -a[0]):
            sprite.onto(light, lens, depth, x, y, eye)

    def _road(self, light: Light, mirror: Light, lens: Lens, went: float) -> None:
        """Everything below the house fronts: wet asphalt, pavements, kerbs, rails."""
        top = int(lens.horizon) + 2
        rows = np.arange(top, lens.height, dtype=np.float32)[:, None]
        columns = np.arange(lens.width, dtype=np.float32)[None, :]
        z = lens.focal * EYE / (rows - np.float32(lens.horizon))
        x = (columns - np.float32(lens.centre)) / np.float32(lens.focal) * z
        z = np.broadcast_to(z, x.shape)
        u, v = (x + HALF) * CELLS, (z + went - 2) * CELLS
        here = cv2.remap(
            self.ground,
            u.astype(np.float32),
            v.astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        lit, wet = here[..., :3], here[..., 3]
        k = self.k
        calm, blurred = _smeared(mirror, k)
        down = rows - lens.horizon
        grain = self._grain(x, z + went)
        shake = grain * (2.0 + 0.055 * down / k) * k
        source = (lens.horizon - down + shake).clip(0, None) / 2
        across = (columns + shake * 0.35) / 2
        sharp = cv2.remap(calm, across, source, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        soft = cv2.remap(blurred, across, source, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        steep = EYE / np.sqrt(EYE**2 + z * z)
        fresnel = 0.06 + 0.94 * (1 - steep) ** 4
        pool = wet[..., None]
        shine = (soft * (1 - pool) * 0.55 + sharp * pool * 0.95) * fresnel[..., None]
        shine *= (1 + 0.22 * grain * (1 - wet))[..., None]
        asphalt = lit * (1 - 0.75 * pool) * (1 + 0.20 * grain)[..., None]
        road = asphalt + shine
        kerb = np.exp(-(((np.abs(x) - KERB) / 0.10) ** 2))
        road = road * (1 - 0.55 * kerb[..., None]) + (kerb * 0.35)[..., None] * lit * 2.2
        thick = (1 - np.exp(-z / CLEAR))[..., None]
        road = road * (1 - thick) + HAZE * thick
        inside = smoothstep(HALF + 0.02, HALF - 0.02, np.abs(x))[..., None]
        part = light[top:]
        part *= 1 - inside
        part += road * inside

    def _grain(self, x: Grid, z: Grid) -> Grid:
        tile = cloud(811, (1024, 1024), slope=0.8, low=24)
        fine = cv2.remap(
            tile, np.mod(x * 90, 1023).astype(np.float32), np.mod(z * 45, 1023).astype(np.float32),
            cv2.INTER_LINEAR,
        )  # fmt: skip
        return fine / (1 + (z / 14) ** 2)


def _air(lens: Lens) -> Light:
    """Night sky, the mist where the street ends, and a church that closes it."""
    rows, columns = np.mgrid[0 : lens.height, 0 : lens.width].astype(np.float32)
    up = ((lens.horizon - rows) / lens.height).clip(0, 1)
    light = rgb(0.018, 0.028, 0.058) * (1.15 - 0.9 * up)[..., None]
    d = np.hypot(columns - lens.centre, (rows - lens.horizon) * 1.1) / lens.width
    light = light + HAZE * (1.7 * np.exp(-((d / 0.085) ** 1.2)))[..., None]
    m = lens.focal / 150.0  # pixels a metre at the church
    outline = [
        (-14, 0), (-14, 9), (-7.2, 9), (-7.2, 11), (-2.6, 17), (-2.6, 29), (-2.9, 29), (0, 43),
        (2.9, 29), (2.6, 29), (2.6, 17), (7.2, 11), (7.2, 8), (15, 8), (15, 0),
    ]  # fmt: skip
    place = np.asarray(
        [[lens.centre + (x - 1.5) * m, lens.horizon - (y - EYE) * m] for x, y in outline]
    )
    mask = np.zeros((lens.height, lens.width), np.uint8)
    cv2.fillPoly(mask, [(place * 16).round().astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    soft = (cv2.GaussianBlur(mask, (0, 0), 0.9 * lens.width / 1280).astype(np.float32) / 255)[
        ..., None
    ]
    light = light * (1 - soft) + (light * 0.42 + HAZE * 0.12) * soft
    for x, y, r, power in (
        (-1.5, 25.5, 0.55, 1.1),
        (-1.5, 13.2, 1.0, 0.5),
        (-8, 4.5, 0.4, 0.6),
        (9, 4.2, 0.4, 0.5),
    ):
        _spot(
            light,
            lens.centre + x * m,
            lens.horizon - (y - EYE) * m,
            r * m,
            rgb(1.0, 0.66, 0.32) * power,
        )
    return light.astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """A length of house front, already as coarse as it will be seen."""

    both: Light
    """`h w 4`: light premultiplied, cover."""
    x: float
    near: float
    far: float

    def onto(self, picture: Light, lens: Lens, went: float, eye: float) -> None:
        """Lay the front over a picture in perspective."""
        a, b = self.near - went, self.far - went
        h, w = self.both.shape[:2]
        corners = []
        for z, y in ((a, TALL), (b, TALL), (b, 0.0), (a, 0.0)):
            corners.append(
                (lens.centre + lens.focal * self.x / z, lens.horizon - lens.focal * (y - eye) / z)
            )
        target = np.asarray(corners, np.float32)
        low = np.maximum(np.floor(target.min(0)).astype(int) - 1, 0)
        high = np.minimum(np.ceil(target.max(0)).astype(int) + 1, [lens.width, lens.height])
        if (high <= low).any():
            return
        source = np.asarray([[0, 0], [w, 0], [w, h], [0, h]], np.float32) - 0.5
        matrix = cv2.getPerspectiveTransform(source, (target - low - 0.5).astype(np.float32))
        seen = cv2.warpPerspective(
            self.both, matrix, tuple(int(n) for n in high - low), flags=cv2.INTER_LINEAR
        )
        part = picture[low[1] : high[1], low[0] : high[0]]
        part *= 1 - seen[..., 3:]
        part += seen[..., :3]


def _panels(side: Front, sign: int, lens: Lens) -> list[_Panel]:
    edges = [NEAR, 12.5, 15.0, 18.0, 22.0, 27.0, 34.0, 44.0, 60.0, 85.0, FAR]
    panels = []
    for near, far in pairwise(edges):
        lap = 0.0 if near == NEAR else 0.15  # so that no seam opens between two panels
        cut = slice(round((near - lap - NEAR) * FINE), round((far - NEAR) * FINE))
        closest = max(near - 3.2, 7.0)
        across = min(1.0, lens.focal * HALF / closest**2 * 1.15 / FINE)
        upright = min(1.0, lens.focal / closest * 1.15 / FINE)
        both = np.dstack([side.light[:, cut] * side.cover[:, cut, None], side.cover[:, cut]])
        size = (max(round(both.shape[1] * across), 2), max(round(both.shape[0] * upright), 2))
        both = cv2.resize(both, size, interpolation=cv2.INTER_AREA)
        z = np.linspace(near - lap, far, size[0], dtype=np.float32)
        thick = (1 - np.exp(-z / CLEAR))[None, :, None]
        both[..., :3] = both[..., :3] * (1 - thick) + HAZE * thick * both[..., 3:]
        panels.append(_Panel(both=both, x=sign * HALF, near=near - lap, far=far))
    return sorted(panels, key=lambda p: -p.near)


def _ground(sides: tuple[Front, Front]) -> Light:
    """Map of the ground, `z x 4`: diffuse light and wetness, CELLS a metre, from 2 m on."""
    h, w = round((FAR - 2) * CELLS), round(2 * HALF * CELLS)
    z, x = np.mgrid[0:h, 0:w].astype(np.float32) / CELLS
    z, x = z + 2, x - HALF
    stone = np.where(np.abs(x) > KERB, 0.085, 0.040)
    joints = np.where(
        np.abs(x) > KERB, 1 - 0.3 * np.maximum((np.mod(z, 0.9) < 0.09), (np.mod(x, 0.8) < 0.09)), 1
    )
    albedo = (stone * joints)[..., None] * rgb(1.0, 0.97, 0.92)
    fall = np.zeros((h, w, 3), np.float32)
    for lamp in LAMPS:
        for sign in (-1, 1):
            d2 = (z - lamp) ** 2 + (x - sign * (HALF - LAMP_OUT)) ** 2 + LAMP_HEIGHT**2
            fall += (LAMP_HEIGHT * 9.0 / d2**1.5)[..., None] * LAMP_LIGHT
    for sign, side in zip((-1, 1), sides, strict=True):
        for along, wide, colour in side.shops:
            d = np.hypot((z - NEAR - along) / (wide * 0.45), (x - sign * HALF) / 2.0)
            fall += np.exp(-(d**1.6))[..., None] * colour * 0.55
    fall += rgb(0.010, 0.016, 0.030)
    puddle = cv2.resize(cloud(821, (1024, 128), slope=1.5, stretch=0.35, low=6), (w, h))
    gutter = np.exp(-(((np.abs(x) - KERB + 0.35) / 0.45) ** 2))
    wet = smoothstep(0.25, 0.75, puddle + 0.9 * gutter - 0.35 * (np.abs(x) > KERB))
    rails = np.zeros_like(x)
    for rail in (-2.75, -1.3):
        rails = np.maximum(rails, np.exp(-(((x - rail) / 0.05) ** 2)))
    return np.dstack(
        [albedo * fall * (1 - 0.7 * rails[..., None]), np.maximum(wet * 0.9, 0.85 * rails)]
    ).astype(np.float32)


def _smeared(mirror: Light, k: float) -> tuple[Light, Light]:
    """The mirror view for puddles, and for rough wet ground that drags lights into streaks."""
    calm = cv2.GaussianBlur(mirror, (0, 0), sigmaX=max(0.5 * k, 0.3), sigmaY=max(1.4 * k, 0.3))
    h = mirror.shape[0]
    low = cv2.resize(mirror, (mirror.shape[1] // 2, max(h // 4, 2)), interpolation=cv2.INTER_AREA)
    low = cv2.GaussianBlur(low, (0, 0), sigmaX=max(1.3 * k, 0.3), sigmaY=max(6.0 * k, 0.3))
    return calm, cv2.resize(low, (mirror.shape[1], h), interpolation=cv2.INTER_LINEAR)


def _spot(light: Light, u: float, v: float, r: float, colour: Light) -> None:
    reach = int(np.ceil(r * 3)) + 1
    x0, y0 = int(u) - reach, int(v) - reach
    x1, y1 = x0 + 2 * reach + 1, y0 + 2 * reach + 1
    if x0 < 0 or y0 < 0 or x1 > light.shape[1] or y1 > light.shape[0]:
        return
    y, x = np.mgrid[y0:y1, x0:x1].astype(np.float32)
    light[y0:y1, x0:x1] += np.exp(-((x - u) ** 2 + (y - v) ** 2) / (r * r))[..., None] * colour


def _bulbs() -> list[tuple[float, float, float, float, Light]]:
    """Every small light: (z, x, y, power, colour): lamp heads and garlands over the street."""
    found = [
        (lamp, sign * (HALF - LAMP_OUT), LAMP_HEIGHT, 26.0, LAMP_LIGHT)
        for lamp in LAMPS for sign in (-1, 1)
    ]  # fmt: skip
    for z in GARLANDS:
        for t in np.linspace(0, 1, 23)[1:-1]:
            sag = 1.35 * 4 * t * (1 - t)
            found.append((z + 0.5 * t, (2 * t - 1) * HALF, 7.1 - sag, 7.5, rgb(1.0, 0.64, 0.30)))
    return sorted(found, key=lambda bulb: -bulb[0])
