"""A mountain lake at first light: the still that a camera moves over."""

from __future__ import annotations

import cv2
import numpy as np

from scenery import plants, sky, water
from scenery.film import Camera, Light, Stock, over, rgb
from scenery.noise import Grid, cloud, cones, ridged, sample, smoothstep
from scenery.terrain import Land, Lens, Seen, land, look, on_map, spaced

EYE = 5.0  # metres above the water
CELL = 6.0  # metres per map cell
FOREST_CELL = 1.1


def paint(width: int) -> Light:
    """The picture, display-referred RGB `h w 3`, 0..1, 16:9."""
    lens = _lens(width)
    country, crowns = _country(), cones(11, 512, 5200, 6.0)
    heavens = _heavens(lens)
    above = _view(lens, heavens, country, crowns, eye=EYE, fine=2)
    below = _view(lens, heavens, country, crowns, eye=-EYE, fine=1)
    light = _with_water(lens, above, below)
    light = _shore(light, lens)
    stock = Stock(exposure=1.0, bloom=0.07, shadows=(0.004, 0.006, 0.010), grain=0.011)
    return Camera(stock, lens.width, lens.height).develop(light, 0)


def _lens(width: int) -> Lens:
    height = round(width * 9 / 32) * 2
    return Lens(
        width=width, height=height, focal=width * 1.08, horizon=height * 0.615, centre=width / 2
    )


def _country() -> Land:
    side = 1536
    z, x = np.mgrid[0:side, 0:side].astype(np.float32) * CELL
    x -= np.where(x > side * CELL / 2, side * CELL, 0)
    crests = ridged(100, (side, side), octaves=8, first=4)
    gullies = ridged(77, (side, side), octaves=6, first=14)
    rough = cloud(5, (side, side), slope=1.9, low=3)
    # A cirque: flanks left and right, a head wall at the back, the lake in the middle.
    valley = np.abs(x + 120) / 1150
    wall = smoothstep(1500, 4300, z)
    flank = smoothstep(0.3, 2.4, valley + 0.18 * rough) * smoothstep(250, 1300, z)
    massif = np.exp(-(((x - 420) / 1500) ** 2))
    massif *= smoothstep(2300, 4700, z) * (1 - smoothstep(5200, 7200, z))
    second = np.exp(-(((x + 1500) / 700) ** 2) - ((z - 3600) / 900) ** 2)
    heights = flank * (150 + 620 * crests) + wall * 120 * (1 + rough * 0.3)
    heights += massif * (260 + 1150 * crests) + second * (150 + 560 * crests)
    heights += (gullies - 0.5) * 90 * (flank + massif + second).clip(0, 1)
    worn = cv2.GaussianBlur(heights, (0, 0), 2.2)  # scree fills the sharpest notches
    heights = worn + (heights - worn) * 0.7 + rough * 14 * smoothstep(20, 200, heights) - 9
    basin = smoothstep(1.15, 0.7, valley + 0.12 * rough) * smoothstep(1750, 1250, z + 150 * rough)
    heights = heights * (1 - basin) - 20 * basin
    return land(heights.astype(np.float32), cell=CELL, sun=(-0.86, 0.36, -0.36))


def _view(
    lens: Lens, heavens: Light, country: Land, crowns: Grid, *, eye: float, fine: int
) -> Light:
    """The land before the sky, `fine` rays a pixel each way; a negative eye sees the mirror."""

    def height_at(x: Grid, z: Grid) -> Grid:
        ground = on_map(country.heights, x, z, CELL)
        trees = 17 * _wooded(country, x, z, ground) * on_map(crowns, x, z, FOREST_CELL)
        return np.where(ground > 0, ground + trees, -1e6 if eye < 0 else 0)

    seen = look(lens.scaled(fine), height_at, spaced(260, 7600, 900), eye=eye)
    surface = _surface(country, crowns, seen) * seen.cover[..., None]
    size = (lens.width, lens.height)
    surface = cv2.resize(surface, size, interpolation=cv2.INTER_AREA)
    cover = cv2.resize(seen.cover, size, interpolation=cv2.INTER_AREA)
    return heavens * (1 - cover[..., None]) + surface


def _wooded(country: Land, x: Grid, z: Grid, ground: Grid) -> Grid:
    flat = on_map(country.upward, x, z, CELL)
    line = 190 + 60 * np.sin(x / 310) + 45 * np.sin(z / 170 + x / 230)
    return smoothstep(130, -90, ground - line) * smoothstep(0.55, 0.72, flat)


def _surface(country: Land, crowns: Grid, seen: Seen) -> Light:
    x, z = seen.x, seen.z
    ground = on_map(country.heights, x, z, CELL)
    flat = on_map(country.upward, x, z, CELL)
    sun = on_map(country.light, x, z, CELL)
    fleck = sample(cloud(61, (1024, 1024), slope=0.9, low=4), x * 1.3, (z + ground * 2) * 1.3)
    strata = sample(
        cloud(62, (512, 512), slope=1.1, stretch=4), x * 0.3, ground * 1.9 + 0.35 * x + z * 0.3
    )
    wood = _wooded(country, x, z, ground)
    crown = on_map(crowns, x, z, FOREST_CELL)
    snow = smoothstep(230, 470, ground + 60 * fleck + 15 * strata) * smoothstep(
        0.44, 0.66, flat + 0.05 * fleck
    )
    rock = rgb(0.21, 0.18, 0.16) * (1 + 0.24 * fleck + 0.10 * strata).clip(0.3, 1.9)[..., None]
    grass = rgb(0.11, 0.105, 0.05) * (1 + 0.25 * fleck).clip(0.4, 1.6)[..., None]
    spruce = rgb(0.030, 0.048, 0.030) * (0.45 + 1.5 * crown + 0.12 * fleck).clip(0.2, 2)[..., None]
    albedo = over(
        rock.astype(np.float32), grass, smoothstep(0.68, 0.84, flat) * smoothstep(420, 240, ground)
    )
    albedo = over(albedo, spruce, wood)
    albedo = over(albedo, np.broadcast_to(rgb(0.82, 0.84, 0.88), albedo.shape), snow * (1 - wood))
    # The sun is still behind the eastern ridge for the valley: light comes in from above a line.
    lit = smoothstep(60, 260, ground + 0.06 * x) * sun * (0.8 + 0.35 * crown * wood)
    key = lit[..., None] * rgb(4.1, 2.05, 0.92)
    fill = (0.45 + 0.55 * flat)[..., None] * rgb(0.17, 0.25, 0.40)
    light = albedo * (key + fill)
    # Haze: blue by distance, and a bank of mist that lies on the water.
    thick = 1 - cv2.exp(-z / 15000 * (0.55 + 1.0 * cv2.exp(-ground / 320)))
    light = over(light, np.broadcast_to(rgb(0.40, 0.49, 0.64), light.shape), thick.clip(0, 1))
    return light


def _heavens(lens: Lens) -> Light:
    base = sky.gradient(
        lens,
        [
            (0.0, (0.86, 0.66, 0.50)),
            (0.056, (0.72, 0.64, 0.60)),
            (0.158, (0.36, 0.46, 0.60)),
            (0.366, (0.13, 0.22, 0.38)),
        ],
    )
    warm = sky.around(lens, 0.12, 0.065, 0.38)[..., None] * rgb(0.55, 0.28, 0.08)
    base = base + warm
    for seed, size, amount, shade in ((402, 26, 0.34, 1.0), (410, 12, 0.2, 0.8)):
        cover = sky.deck(lens, seed, size=size, amount=amount, soft=1.6, stretch=2.2)
        tint = rgb(1.05, 0.78, 0.62) * shade
        base = over(base, np.broadcast_to(tint, base.shape), cover * 0.55)
    return base


def _with_water(lens: Lens, above: Light, mirror: Light) -> Light:
    waves = water.Waves(21, reach=90, choppy=1.25)
    slope = waves.slope(lens, eye=EYE)
    breeze = _breeze(lens)
    mirror = water.mirrored(mirror, lens, slope * (0.25 + 1.6 * breeze), strength=0.10, smear=0.006)
    rows = np.arange(lens.height, dtype=np.float32)[:, None]
    depth = ((rows - lens.horizon) / (lens.height - lens.horizon)).clip(0, 1)
    fresnel = 0.90 - 0.5 * depth**0.8
    deep = rgb(0.012, 0.030, 0.036)
    surface = mirror * fresnel[..., None] + deep
    ruffled = np.broadcast_to(rgb(0.27, 0.33, 0.42), surface.shape)
    surface = over(surface, ruffled, breeze * 0.42 * (1 - 0.5 * depth))
    wet = smoothstep(-0.6, 0.9, np.broadcast_to(rows - lens.horizon, above.shape[:2]))
    light = over(above, surface, wet)
    veil = sample(
        cloud(71, (512, 1024), slope=1.7, stretch=7),
        *np.meshgrid(
            np.arange(lens.width, dtype=np.float32) * 900 / lens.width,
            rows[:, 0] * 500 / lens.height,
        ),
    )
    band = cv2.exp(-(((rows - lens.horizon + lens.height * 0.012) / (lens.height * 0.028)) ** 2))
    mist = (band * (0.30 + 0.34 * veil)).clip(0, 0.75).astype(np.float32)
    return over(light, np.broadcast_to(rgb(0.62, 0.62, 0.66), light.shape), mist)


def _breeze(lens: Lens) -> Grid:
    tile = cloud(23, (512, 512), slope=1.5, stretch=5, low=3)
    rows, columns = np.mgrid[0 : lens.height, 0 : lens.width].astype(np.float32)
    z = EYE * lens.focal / np.maximum(rows - lens.horizon, 0.4)
    side = (columns - lens.centre) / lens.focal * z
    streak = sample(tile, side * 0.6, z * 1.4)
    return smoothstep(0.2, 2.2, streak) * smoothstep(18, 60, z) * smoothstep(330, 120, z)


def _shore(light: Light, lens: Lens) -> Light:
    rng = np.random.default_rng(8)
    h, w = lens.height, lens.width
    for x, foot, tall in ((-0.01, 1.06, 1.02), (0.075, 1.02, 0.60), (0.135, 1.0, 0.40),
                          (1.0, 1.05, 0.86), (0.925, 1.0, 0.48), (0.035, 1.0, 0.5)):  # fmt: skip
        cover, shade = plants.conifer(rng, int(h * tall))
        th, tw = cover.shape
        left, top = int(x * w - tw / 2), int(foot * h - th)
        y0, y1, x0, x1 = max(top, 0), min(top + th, h), max(left, 0), min(left + tw, w)
        cut = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
        tone = shade[cut][..., None]
        colour = rgb(0.007, 0.012, 0.010) + tone * rgb(0.060, 0.066, 0.046)
        place = (slice(y0, y1), slice(x0, x1))
        light[place] = over(light[place], colour, cover[cut].clip(0, 1))
    return light
