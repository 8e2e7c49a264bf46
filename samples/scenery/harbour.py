"""A small harbour in the morning mist: the still in which the water and one boat shall move."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from scenery import boats, sky, water
from scenery.film import Camera, Light, Stock, over, rgb
from scenery.noise import Grid, cloud, ridged, sample, smoothstep
from scenery.solids import Air, Model, render
from scenery.terrain import Land, Lens, land, look, on_map, spaced

EYE = 2.3
CELL = 3.0
AIR = Air(
    sun=np.asarray([0.75, 0.42, 0.15], np.float32), key=rgb(2.7, 1.75, 0.92),
    sky=rgb(0.34, 0.44, 0.58), ground=rgb(0.085, 0.10, 0.11),
    haze=rgb(0.64, 0.575, 0.50), clear=230.0,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Harbour:
    """The still and where things are in it."""

    picture: Light
    """Display-referred RGB `h w 3`, 0..1."""
    water: Grid
    """`h w`, 1 on open water, 0 on land, jetty and the moored boats."""
    boat: Grid
    """`h w`, 1 on the rowing boat and its mirror image: what the stroke takes along."""
    frame: Grid
    """`h w`, 1 where anything may change: water and the rowing boat."""


def paint(width: int) -> Light:
    """The picture alone."""
    return harbour(width).picture


def harbour(width: int) -> Harbour:
    """Paint the still and its mattes, 16:9."""
    height = round(width * 9 / 32) * 2
    lens = Lens(
        width=width, height=height, focal=width * 1.05, horizon=height * 0.43, centre=width / 2
    )
    # The near water mirrors what stands above the frame: the mirror view has rows to spare.
    head = round(height * 0.16)
    tall = replace(lens, height=height + head, horizon=lens.horizon + head)
    heavens = _heavens(tall)
    rower, moored, jetty, quay = _fleet()
    above, mirror = _shores(lens, heavens[head:], EYE), _shores(tall, heavens, -EYE)
    render(quay, lens, AIR, eye=EYE, fine=2, wear=0.35).onto(above)
    render(quay, tall, AIR, eye=-EYE, fine=1).onto(mirror)
    stay = np.zeros((height, width), np.float32)
    for model in (*moored, jetty):
        render(model, tall, AIR, eye=-EYE, fine=1).onto(mirror)
    boat_mirror = render(rower, tall, AIR, eye=-EYE, fine=2)
    boat_mirror.onto(mirror)
    light = _with_water(lens, above, mirror, head)
    boat_cut = render(rower, lens, AIR, eye=EYE, wear=0.7)
    ordered = sorted([*((m, False) for m in moored), (jetty, False), (rower, True)],
                     key=lambda pair: -_distance(pair[0]))  # fmt: skip
    for model, own in ordered:
        cut = boat_cut if own else render(model, lens, AIR, eye=EYE, wear=0.8)
        cut.onto(light)
        if not own:
            _lay(stay, cut.cover, cut.left, cut.top)
    stock = Stock(
        exposure=0.84,
        bloom=0.07,
        warmth=(1.03, 1.0, 0.96),
        shadows=(0.010, 0.011, 0.013),
        grain=0.011,
    )
    picture = Camera(stock, width, height).develop(light, 0)

    rows = np.arange(height, dtype=np.float32)[:, None]
    shore = lens.horizon + lens.focal * EYE / 96
    open_water = np.broadcast_to(smoothstep(shore, shore + 4 * width / 1280, rows), (height, width))
    open_water = open_water * (1 - stay)
    body, image = np.zeros_like(stay), np.zeros((tall.height, width), np.float32)
    _lay(body, boat_cut.cover, boat_cut.left, boat_cut.top)
    _lay(image, boat_mirror.cover, boat_mirror.left, boat_mirror.top)
    image = cv2.warpAffine(  # the mirror view stands upright above the horizon: fold it down
        image,
        np.asarray([[1, 0, 0], [0, -1, lens.horizon + tall.horizon - 1]], np.float32),
        (width, height),
    )
    image = cv2.dilate(image, np.ones((max(1, width // 210), max(1, width // 320)), np.uint8))
    boat = cv2.GaussianBlur(np.maximum(body, image * 0.999), (0, 0), width / 1280)
    frame = np.maximum(open_water, body).clip(0, 1)
    return Harbour(picture=picture, water=(open_water * (1 - body)).clip(0, 1),
                   boat=boat.clip(0, 1), frame=frame)  # fmt: skip


def _lay(canvas: Grid, cover: Grid, left: int, top: int) -> None:
    h, w = cover.shape
    y0, y1, x0, x1 = (
        max(top, 0),
        min(top + h, canvas.shape[0]),
        max(left, 0),
        min(left + w, canvas.shape[1]),
    )
    if y0 < y1 and x0 < x1:
        part = canvas[y0:y1, x0:x1]
        np.maximum(part, cover[y0 - top : y1 - top, x0 - left : x1 - left], out=part)


def _distance(model: Model) -> float:
    return float(np.mean([face.corners[:, 2].mean() for face in model.faces]))


def _fleet() -> tuple[Model, list[Model], Model, Model]:
    rng = np.random.default_rng(3)
    rower = boats.rowing_boat(rng, paint=rgb(0.060, 0.165, 0.185), inside=rgb(0.30, 0.20, 0.12))
    rower = rower.placed(-0.35, 10.2, turn=-28)
    trawler = boats.fishing_boat(rng, paint=rgb(0.055, 0.10, 0.22)).placed(6.6, 23, turn=158)
    moored = [trawler]
    for x, z, turn, paint in (
        (-7.5, 38, 20, rgb(0.50, 0.49, 0.46)),
        (-2.5, 52, 165, rgb(0.10, 0.16, 0.24)),
        (-15.5, 47, 12, rgb(0.42, 0.40, 0.36)),
        (3.5, 64, 20, rgb(0.45, 0.12, 0.09)),
    ):
        moored.append(boats.yacht(rng, paint=paint).placed(x, z, turn=turn))
    small = boats.rowing_boat(rng, paint=rgb(0.40, 0.38, 0.33), inside=rgb(0.2, 0.15, 0.1))
    moored.append(small.placed(-5.6, 19.5, turn=200))
    return rower, moored, _jetty(rng), _village(rng)


def _jetty(rng: np.random.Generator) -> Model:
    model = Model()
    grey = rgb(0.16, 0.145, 0.125)
    for z in np.arange(4.2, 17.0, 0.19):
        tone = grey * float(rng.uniform(0.75, 1.25))
        model.box(
            (-5.6 + rng.normal(0, 0.015), 0.78, z),
            (-3.85 + rng.normal(0, 0.02), 0.84, z + 0.175),
            tone,
        )
    for x in (-5.5, -3.95):
        model.box((x - 0.05, 0.60, 4.2), (x + 0.05, 0.78, 17.0), grey * 0.6)
        for z in (5.2, 8.3, 11.4, 14.5, 16.9):
            top = 1.55 if x > -5 else 1.25
            model.box((x - 0.12, 0.0, z - 0.12), (x + 0.12, top, z + 0.12), grey * 0.75)
            model.box(
                (x - 0.125, 0.0, z - 0.125), (x + 0.125, 0.35, z + 0.125), rgb(0.045, 0.055, 0.035)
            )
    return model


def _village(rng: np.random.Generator) -> Model:
    wall = Model()
    stone = rgb(0.15, 0.14, 0.125)
    for x in np.arange(-66.0, 66.0, 3.3):
        for y in (0.0, 0.75):
            wall.box(
                (x, y, 96 + rng.uniform(0, 0.1)),
                (x + 3.22, y + 0.72, 99),
                stone * float(rng.uniform(0.7, 1.2)),
            )
    x = -62.0
    tints = (
        rgb(0.50, 0.42, 0.34),
        rgb(0.52, 0.50, 0.46),
        rgb(0.42, 0.24, 0.17),
        rgb(0.46, 0.40, 0.24),
        rgb(0.34, 0.40, 0.42),
    )
    while x < 60:
        wide, tall = rng.uniform(6.5, 10.0), rng.uniform(5.2, 8.2)
        wall.faces += (
            _house(rng, wide, tall, tints[int(rng.integers(5))])
            .placed(x, 103 + rng.uniform(0, 3), y=1.4)
            .faces
        )
        x += wide + (rng.uniform(0, 1.0) if rng.random() < 0.7 else rng.uniform(4, 13))
    return wall


def _house(rng: np.random.Generator, wide: float, tall: float, tint: Light) -> Model:
    model = Model()
    deep, ridge = 8.0, tall + wide * 0.30
    model.box((0, 0, 0), (wide, tall, deep), tint)
    roof = rgb(0.10, 0.075, 0.065) * float(rng.uniform(0.8, 1.5))
    if rng.random() < 0.55:  # gable to the water
        model.face([(0, tall, 0), (wide, tall, 0), (wide / 2, ridge, 0)], tint)
        for a in (0.0, wide):
            model.face(
                [
                    (a, tall, -0.3),
                    (wide / 2, ridge, -0.3),
                    (wide / 2, ridge, deep),
                    (a, tall, deep),
                ],
                roof,
            )
    else:
        model.face(
            [
                (-0.3, tall, -0.3),
                (wide + 0.3, tall, -0.3),
                (wide, ridge, deep / 2),
                (0, ridge, deep / 2),
            ],
            roof,
        )
    model.box(
        (wide * 0.7, ridge - 1, deep / 2 - 0.4),
        (wide * 0.7 + 0.8, ridge + 0.9, deep / 2 + 0.4),
        roof * 1.2,
    )
    dark = rgb(0.03, 0.034, 0.04)
    columns = int(wide // 2.3)
    for floor in range(int(tall // 2.6)):
        for i in range(columns):
            x, y = (i + 0.5) * wide / columns - 0.45, 0.9 + floor * 2.6
            lamp = rng.random() < 0.07
            model.face(
                [
                    (x - 0.1, y - 0.1, -0.02),
                    (x + 1.0, y - 0.1, -0.02),
                    (x + 1.0, y + 1.4, -0.02),
                    (x - 0.1, y + 1.4, -0.02),
                ],
                rgb(0.6, 0.58, 0.54),
            )
            pane = rgb(1.6, 1.0, 0.45) if lamp else dark
            model.face(
                [
                    (x, y, -0.04),
                    (x + 0.9, y, -0.04),
                    (x + 0.9, y + 1.3, -0.04),
                    (x, y + 1.3, -0.04),
                ],
                pane,
                glows=lamp,
            )
    return model


def _country() -> Land:
    side = 768
    z, x = np.mgrid[0:side, 0:side].astype(np.float32) * CELL
    x -= np.where(x > side * CELL / 2, side * CELL, 0)
    rough = cloud(187, (side, side), slope=1.9, low=3)
    crests = ridged(193, (side, side), octaves=6, first=3)
    rise = smoothstep(115, 700, z + 0.15 * np.abs(x)) * (1 - smoothstep(1500, 2000, z))
    heights = (
        rise * (38 + 120 * crests + 22 * rough) * (1.15 - 0.5 * np.exp(-(((x + 90) / 260) ** 2)))
    )
    return land(heights.astype(np.float32), cell=CELL, sun=(0.75, 0.4, 0.15))


def _shores(lens: Lens, heavens: Light, eye: float) -> Light:
    country = _country()
    crowns = cloud(195, (512, 512), slope=0.6, low=30)

    def height_at(x: Grid, z: Grid) -> Grid:
        ground = on_map(country.heights, x, z, CELL)
        trees = 5.0 * (1 + 0.6 * on_map(crowns, x, z, 0.9)) * smoothstep(4, 12, ground)
        return np.where(ground > 0.5, ground + trees, -1e5 if eye < 0 else 0)

    fine = 2 if eye > 0 else 1
    seen = look(lens.scaled(fine), height_at, spaced(100, 1700, 420), eye=eye)
    ground = on_map(country.heights, seen.x, seen.z, CELL)
    sun = on_map(country.light, seen.x, seen.z, CELL)
    leaf = on_map(crowns, seen.x, seen.z, 0.9)
    tint = rgb(0.050, 0.062, 0.034) * (1 + 0.5 * leaf).clip(0.15, 2)[..., None]
    light = tint * (AIR.key * sun[..., None] * 1.3 + AIR.sky)
    thick = 1 - np.exp(-seen.z / 420 * (0.75 + 0.6 * np.exp(-ground / 30)))
    light = over(
        light.astype(np.float32),
        np.broadcast_to(AIR.haze * 1.02, light.shape),
        thick.astype(np.float32),
    )
    size = (lens.width, lens.height)
    cover = seen.cover * smoothstep(0.2, 1.5, ground)
    light = cv2.resize(light * cover[..., None], size, interpolation=cv2.INTER_AREA)
    cover = cv2.resize(cover, size, interpolation=cv2.INTER_AREA)
    return (heavens * (1 - cover[..., None]) + light).astype(np.float32)


def _heavens(lens: Lens) -> Light:
    base = sky.gradient(
        lens,
        [
            (0.0, (0.78, 0.66, 0.54)),
            (0.079, (0.70, 0.67, 0.64)),
            (0.169, (0.42, 0.52, 0.62)),
            (0.253, (0.26, 0.38, 0.54)),
        ],
    )
    base = base + sky.around(lens, 0.86, 0.15, 0.30)[..., None] * rgb(1.0, 0.62, 0.28)
    cover = sky.deck(lens, 431, size=14, amount=0.45, soft=2.2, stretch=1.8)
    return over(base, np.broadcast_to(rgb(0.86, 0.76, 0.68), base.shape), cover * 0.45)


def _with_water(lens: Lens, above: Light, mirror: Light, head: int) -> Light:
    waves = water.Waves(121, reach=22, choppy=1.25)
    slope = waves.slope(lens, eye=EYE)
    image = water.mirrored(mirror, lens, slope, strength=0.030, smear=0.002, head=head)
    rows = np.arange(lens.height, dtype=np.float32)[:, None]
    depth = ((rows - lens.horizon) / (lens.height - lens.horizon)).clip(0, 1)
    shine = 0.86 - 0.52 * depth**0.75 + 0.06 * slope
    surface = (
        image * shine.clip(0, 1)[..., None]
        + rgb(0.016, 0.034, 0.034) * (1 + 0.25 * slope)[..., None]
    )
    glint = np.exp((slope - 2.1) * 2.2) * smoothstep(0.05, 0.3, depth)
    surface = surface + glint.clip(0, 2)[..., None] * rgb(0.30, 0.26, 0.20)
    line = lens.horizon + lens.focal * EYE / 96
    wet = smoothstep(
        line - 1.6, line - 0.6, np.broadcast_to(rows, above.shape[:2]).astype(np.float32)
    )
    light = over(above, surface.astype(np.float32), wet)
    mist = np.exp(-(((rows - line) / (lens.height * 0.030)) ** 2)) * 0.42
    wisp = sample(
        cloud(171, (256, 512), slope=1.6, stretch=5),
        *np.meshgrid(np.arange(lens.width, dtype=np.float32) * 512 / lens.width, rows[:, 0] * 0.35),
    )
    return over(light, np.broadcast_to(AIR.haze * 1.05, light.shape),
                (mist * (1 + 0.4 * wisp)).clip(0, 0.8).astype(np.float32))  # fmt: skip
