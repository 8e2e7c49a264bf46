"""House fronts along a street at night: plaster, cornices, shop windows, rooms behind curtains."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from scenery.film import Light, rgb
from scenery.noise import Grid, cloud, smoothstep

FINE = 40  # texture pixels a metre
TALL = 17.0  # metres of texture above the ground
LAMP_HEIGHT, LAMP_OUT = 4.6, 1.5  # metres up, and out from the wall
LAMP_LIGHT = rgb(1.0, 0.56, 0.23)
HAZE, CLEAR = rgb(0.105, 0.076, 0.060), 95.0  # wet air in the lamps' light; metres to 63 % of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """One side of a street as a texture: columns run away from the camera, row 0 is the top."""

    light: Light
    """`h w 3` light given off towards the street."""
    cover: Grid
    """`h w`, 0 above the roofs."""
    shops: tuple[tuple[float, float, Light], ...]
    """(metres along, width, colour) of each lit shop window: they spill onto the pavement."""


def front(seed: int, long: float, lamps: tuple[float, ...]) -> Front:
    """Build `long` metres of houses; `lamps` are the places (metres along) of street lamps."""
    rng = np.random.default_rng(seed)
    h, w = round(TALL * FINE), round(long * FINE)
    albedo = np.zeros((h, w, 3), np.float32)
    glow = np.zeros((h, w, 3), np.float32)
    cover = np.zeros((h, w), np.float32)
    shops: list[tuple[float, float, Light]] = []
    at = 0.0
    while at < long:
        wide = float(rng.uniform(6.5, 11.5))
        _house(_Wall(albedo, glow, cover, at, min(wide, long - at), rng), shops)
        at += wide
    grit = cv2.resize(cloud(seed + 1, (512, 2048), slope=0.9, low=8), (w, h))
    stain = cv2.resize(cloud(seed + 2, (256, 1024), slope=1.3, stretch=0.2, low=6), (w, h))
    albedo *= (1 + 0.10 * grit + 0.16 * stain).clip(0.3, 1.6)[..., None]
    albedo *= _incident(h, w, lamps, shops)
    return Front(light=albedo + glow, cover=cover, shops=tuple(shops))


def _incident(
    h: int, w: int, lamps: tuple[float, ...], shops: list[tuple[float, float, Light]]
) -> Light:
    """Light that falls on the wall, `h w 3`: lamps, night sky, what the wet road throws back."""
    coarse = 8
    up, along = np.mgrid[h / FINE : 0 : h // coarse * 1j, 0 : w / FINE : w // coarse * 1j]
    fall = np.zeros_like(up)
    for lamp in lamps:
        d2 = (along - lamp) ** 2 + (up - LAMP_HEIGHT) ** 2 + LAMP_OUT**2
        below = smoothstep(1.4, -0.8, up - LAMP_HEIGHT)  # the lamp has a roof
        fall += LAMP_OUT * 5.5 / d2**1.5 * (0.35 + 0.65 * below)
    spill = np.zeros_like(up)
    for place, wide, _ in shops:
        spill += np.exp(-(((along - place) / (wide * 0.7)) ** 2))
    bounce = 0.05 * spill * np.exp(-up / 3.0)
    sky = rgb(0.022, 0.040, 0.085) * (0.5 + up / TALL)[..., None]
    light = fall[..., None] * LAMP_LIGHT + sky + bounce[..., None] * rgb(1.0, 0.8, 0.5)
    return cv2.resize(light.astype(np.float32), (w, h), interpolation=cv2.INTER_LINEAR)


class _Wall:
    """A house's part of the texture, addressed in metres from its near lower corner."""

    def __init__(
        self,
        albedo: Light,
        glow: Light,
        cover: Grid,
        at: float,
        wide: float,
        rng: np.random.Generator,
    ) -> None:
        self.albedo, self.glow, self.cover = albedo, glow, cover
        self.at, self.wide, self.rng = at, wide, rng

    def _box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[slice, slice]:
        h = self.albedo.shape[0]
        columns = slice(max(round((self.at + x0) * FINE), 0), max(round((self.at + x1) * FINE), 0))
        return slice(max(h - round(y1 * FINE), 0), max(h - round(y0 * FINE), 0)), columns

    def paint(self, x0: float, y0: float, x1: float, y1: float, colour: Light) -> None:
        """A matt rectangle; what shone there is covered."""
        box = self._box(x0, y0, x1, y1)
        self.albedo[box] = colour
        self.glow[box] = 0

    def tone(self, x0: float, y0: float, x1: float, y1: float, gain: float) -> None:
        """Darken or lighten what is there."""
        self.albedo[self._box(x0, y0, x1, y1)] *= gain

    def shine(self, x0: float, y0: float, x1: float, y1: float, light: Light) -> None:
        """A rectangle of light: a colour, or `h w 3` stretched over it."""
        box = self._box(x0, y0, x1, y1)
        part = self.glow[box]
        if part.size == 0:
            return
        if light.ndim == 3:
            light = cv2.resize(light.astype(np.float32), (part.shape[1], part.shape[0]))
        part[:] = light
        self.albedo[box] = 0

    def raise_to(self, y: float) -> None:
        """The wall stands this high."""
        self.cover[self._box(0, 0, self.wide, y)] = 1


_PLASTER = (
    rgb(0.34, 0.28, 0.21), rgb(0.30, 0.19, 0.13), rgb(0.33, 0.31, 0.28), rgb(0.22, 0.24, 0.25),
    rgb(0.36, 0.30, 0.17), rgb(0.26, 0.13, 0.10),
)  # fmt: skip


def _house(wall: _Wall, shops: list[tuple[float, float, Light]]) -> None:
    rng = wall.rng
    colour = _PLASTER[int(rng.integers(len(_PLASTER)))] * float(rng.uniform(0.8, 1.15))
    floors = int(rng.integers(2, 4))
    storey, shop = float(rng.uniform(3.0, 3.4)), float(rng.uniform(3.7, 4.2))
    top = shop + floors * storey + 0.7
    wall.raise_to(top)
    wall.paint(0, 0, wall.wide, top, colour)
    if rng.random() < 0.4:  # courses of stone
        for y in np.arange(shop, top, 0.42):
            wall.tone(0, y, wall.wide, y + 0.035, 0.62)
    _cornice(wall, top - 0.45, 0.45, colour)
    _cornice(wall, shop + 0.05, 0.28, colour)
    wall.tone(0, 0, 0.07, top, 0.45)
    wall.paint(wall.wide - 0.25, 0.3, wall.wide - 0.14, top, colour * 0.3)  # a rain pipe
    count = max(2, int(wall.wide // 2.35))
    for floor in range(floors):
        for i in range(count):
            x = (i + 0.5) * wall.wide / count - 0.55
            _window(wall, x, shop + 0.75 + floor * storey, 1.1, storey * 0.58, colour)
    _shop(wall, shop, shops)


def _cornice(wall: _Wall, y: float, tall: float, colour: Light) -> None:
    wall.paint(0, y, wall.wide, y + tall, colour * 1.15)
    wall.tone(0, y + tall * 0.8, wall.wide, y + tall, 1.3)
    wall.tone(0, y, wall.wide, y + tall * 0.25, 0.45)
    wall.tone(0, y - 0.30, wall.wide, y, 0.6)


def _window(wall: _Wall, x: float, y: float, wide: float, tall: float, colour: Light) -> None:
    rng = wall.rng
    frame = colour * 1.2
    wall.paint(x - 0.14, y - 0.06, x + wide + 0.14, y + tall + 0.16, frame)
    wall.tone(x - 0.14, y + tall + 0.10, x + wide + 0.14, y + tall + 0.16, 0.5)
    wall.paint(x - 0.2, y - 0.14, x + wide + 0.2, y - 0.05, frame * 1.15)
    wall.tone(x - 0.2, y - 0.26, x + wide + 0.2, y - 0.14, 0.5)
    wall.paint(x, y, x + wide, y + tall, rgb(0.012, 0.013, 0.016))
    wall.shine(x, y, x + wide, y + tall, rgb(0.004, 0.0065, 0.012))
    if rng.random() < 0.42:
        wall.shine(x, y, x + wide, y + tall, _room(rng))
    sash = rgb(0.20, 0.19, 0.17)
    wall.paint(x + wide / 2 - 0.035, y, x + wide / 2 + 0.035, y + tall, sash)
    wall.paint(x, y + tall * 0.64, x + wide, y + tall * 0.64 + 0.06, sash)
    wall.paint(x, y, x + 0.12, y + tall, colour * 0.35)  # the reveal that faces us


def _room(rng: np.random.Generator) -> Light:
    """Lamp light behind a window, `32 24 3`: brightest near the lamp, curtains at the sides."""
    v, u = np.mgrid[0:1:32j, 0:1:24j].astype(np.float32)
    warm = rgb(1.0, rng.uniform(0.50, 0.68), rng.uniform(0.18, 0.36))
    if rng.random() < 0.15:
        warm = rgb(0.55, 0.68, 0.9)  # a television
    lamp = np.exp(-((u - rng.uniform(0.2, 0.8)) ** 2 + (v - rng.uniform(0.25, 0.6)) ** 2) / 0.16)
    light = 0.25 + 0.75 * lamp
    folds = 0.75 + 0.25 * np.sin(u * rng.uniform(40, 70))
    reach = float(rng.uniform(0.05, 0.42))
    curtain = np.maximum(
        smoothstep(reach, reach * 0.8, u), smoothstep(1 - reach, 1 - reach * 0.8, u)
    )
    light = light * (1 - curtain) + curtain * 0.38 * folds
    if rng.random() < 0.3:
        light = 0.42 * (0.9 + 0.1 * np.sin(u * 60)) * (1 - 0.3 * v)  # a drawn blind
    return light[..., None] * warm * float(rng.uniform(0.35, 1.25))


def _shop(wall: _Wall, tall: float, shops: list[tuple[float, float, Light]]) -> None:
    rng = wall.rng
    wood = (
        rgb(0.05, 0.09, 0.08),
        rgb(0.11, 0.05, 0.035),
        rgb(0.05, 0.055, 0.075),
        rgb(0.09, 0.08, 0.06),
    )[int(rng.integers(4))]
    wall.paint(0.25, 0, wall.wide - 0.3, tall - 0.15, wood)
    open_late = rng.random() < 0.72
    tint = rgb(1.0, rng.uniform(0.56, 0.74), rng.uniform(0.24, 0.46))
    x, right = 0.5, wall.wide - 0.55
    door = x + (right - x) * float(rng.choice((0.0, 0.42, 0.8)))
    level = float(rng.uniform(0.55, 1.15)) if open_late else 0.012
    while x < right - 0.6:
        isdoor = abs(x - door) < 0.01 or (x < door < x + 1.0)
        step = min(1.15 if isdoor else float(rng.uniform(1.5, 2.4)), right - x)
        low = 0.12 if isdoor else 0.62
        wall.shine(x, low, x + step - 0.12, tall - 1.05, _display(rng) * tint * level)
        wall.shine(x, tall - 0.98, x + step - 0.12, tall - 0.66, tint * level * 0.4)
        wall.paint(x + step / 2 - 0.02, low, x + step / 2 + 0.02, tall - 1.05, wood * 0.8)
        wall.paint(x, 0.0, x + 0.08, tall - 0.6, wood * 1.3)
        x += step
    if open_late:
        shops.append((wall.at + wall.wide / 2, wall.wide - 1.0, tint * level))
        wall.shine(
            0.6, tall - 0.52, wall.wide - 0.6, tall - 0.28, tint * 0.09
        )  # a washed sign board
    if rng.random() < 0.5:
        stripes = rgb(0.26, 0.055, 0.045) if rng.random() < 0.6 else rgb(0.06, 0.13, 0.11)
        for i, s in enumerate(np.arange(0.35, wall.wide - 0.5, 0.28)):
            wall.paint(
                s, tall - 1.15, s + 0.28, tall - 0.6, stripes if i % 2 else rgb(0.34, 0.32, 0.28)
            )
        wall.tone(0.35, tall - 1.15, wall.wide - 0.5, tall - 1.0, 0.6)


def _display(rng: np.random.Generator) -> Light:
    """What a lit shop shows through its glass, `64 64 3`, out of focus: shelves, goods, lamps."""
    v, u = np.mgrid[0:1:64j, 0:1:64j].astype(np.float32)
    pools = sum(np.exp(-((u - x) ** 2) / 0.02) for x in rng.uniform(0, 1, 3))
    back = 0.28 + 0.55 * pools * np.exp(-v * 1.6) + 0.15 * (1 - v)
    picture = (back[..., None] * rgb(1.0, 0.9, 0.8)).astype(np.float32)
    for shelf in np.arange(0.30, 1.0, float(rng.uniform(0.16, 0.30))):
        x = float(rng.uniform(-0.05, 0.1))
        while x < 1:
            wide, tall = rng.uniform(0.03, 0.12), rng.uniform(0.04, 0.17)
            tone = (
                rng.uniform(0.08, 0.75)
                * (0.75 + 0.25 * rng.uniform(-1, 1, 3))
                * rgb(1.0, 0.85, 0.7)
            )
            box = (
                slice(int((shelf - tall).clip(0) * 64), int(shelf * 64)),
                slice(int(max(x, 0) * 64), int(min(x + wide, 1) * 64)),
            )
            picture[box] = tone
            x += wide + float(rng.uniform(0, 0.14))
        picture[int(shelf * 64) : int(shelf * 64) + 2] *= 0.35
    for x in rng.uniform(0.1, 0.9, 2):
        cv2.circle(picture, (int(x * 64), int(rng.uniform(3, 12))), 2, (5.0, 4.4, 3.4), -1)
    return cv2.GaussianBlur(picture, (0, 0), 1.0)
